//! The parent's side of worker processes: started, fed, timed, ended, replaced.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::failure::{Fault, FaultKind};
use super::job::{Job, Reply};
use crate::bundle::Password;

/// How often a wait looks up.
const TICK: Duration = Duration::from_millis(50);

/// Bytes of a worker's last words that are kept.
const MAX_LAST_WORDS: usize = 2_000;

/// How to start a worker.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// This program.
    pub program: PathBuf,
    /// The words that make it a worker with the batch's options.
    pub words: Vec<OsString>,
    /// The password of encrypted archives. It goes through the worker's stdin: the words and
    /// the environment of a process can be seen by others.
    pub password: Option<Password>,
    /// The longest that one case may take.
    pub time_limit: Duration,
}

/// The wish to end early, shared with whoever hears of Ctrl-C.
#[derive(Debug, Default)]
pub struct Stop(AtomicU8);

impl Stop {
    /// Asks: the first time current cases may finish, the second time they are abandoned.
    pub fn ask(&self) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                Some(n.saturating_add(1))
            });
    }

    /// True once asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// True when current cases are to be abandoned.
    pub fn is_urgent(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// Time that current cases get to finish after the first wish to end.
pub const GRACE: Duration = Duration::from_secs(5);

/// What came of a job.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Answer(Reply),
    /// The case failed with its worker.
    Fault(Fault),
    /// Abandoned on request.
    Abandoned,
}

impl Outcome {
    /// True when the case failed for want of memory.
    pub fn is_of_memory(&self) -> bool {
        match self {
            Outcome::Fault(fault) | Outcome::Answer(Reply::Failed { fault }) => {
                fault.is_of_memory()
            }
            _ => false,
        }
    }
}

/// One worker process, started when it is first needed.
pub struct Worker<'a> {
    command: &'a WorkerCommand,
    /// Bytes of memory for this worker.
    memory: u64,
    threads: usize,
    running: Option<Running>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    replies: Receiver<String>,
    last_words: Arc<Mutex<Vec<u8>>>,
}

impl<'a> Worker<'a> {
    /// A worker that may use so much memory and so many threads.
    pub fn new(command: &'a WorkerCommand, memory: u64, threads: usize) -> Self {
        Worker {
            command,
            memory,
            threads,
            running: None,
        }
    }

    /// Has a job done; `told` hears of progress. A worker that dies is replaced at the next job.
    /// What it takes is added to `spent`, the time that went into the case before.
    pub fn ask(
        &mut self,
        job: &Job,
        spent: &mut Duration,
        stop: &Stop,
        told: impl FnMut(&str, u64, u64),
    ) -> Outcome {
        let began = Instant::now();
        let left = self.command.time_limit.saturating_sub(*spent);
        let outcome = self.ask_within(job, left, stop, told);
        *spent = spent.saturating_add(began.elapsed());
        outcome
    }

    /// The fault of a case whose time is over.
    fn too_late(&self) -> Outcome {
        let limit = self.command.time_limit.as_secs();
        let text = format!("not finished after {limit} s (--time-limit)");
        Outcome::Fault(Fault::new(FaultKind::Time, text))
    }

    fn ask_within(
        &mut self,
        job: &Job,
        left: Duration,
        stop: &Stop,
        mut told: impl FnMut(&str, u64, u64),
    ) -> Outcome {
        if left.is_zero() {
            return self.too_late();
        }
        let fault = |text: String| Outcome::Fault(Fault::new(FaultKind::Crash, text));
        let mut running = match self.running.take() {
            Some(running) => running,
            None => match self.start() {
                Ok(running) => running,
                Err(why) => return fault(format!("its worker did not start: {why}")),
            },
        };
        let sent = serde_json::to_vec(job)
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                running.input.write_all(&line)?;
                running.input.flush()
            });
        if let Err(why) = sent {
            let fault = running.ended(self.memory);
            return Outcome::Fault(Fault {
                text: format!("{} ({why})", fault.text),
                ..fault
            });
        }
        let began = Instant::now();
        let mut asked: Option<Instant> = None;
        loop {
            match running.replies.recv_timeout(TICK) {
                Ok(line) => match serde_json::from_str(&line) {
                    Ok(Reply::Progress { phase, done, total }) => told(&phase, done, total),
                    Ok(reply) => {
                        if let Reply::Failed { fault } = &reply
                            && fault.is_of_memory()
                        {
                            // What it still holds is not there for the next case.
                            running.kill();
                            return Outcome::Fault(out_of_memory(self.memory));
                        }
                        self.running = Some(running);
                        return Outcome::Answer(reply);
                    }
                    Err(why) => {
                        running.kill();
                        return fault(format!("its worker spoke nonsense: {why}"));
                    }
                },
                Err(RecvTimeoutError::Disconnected) => {
                    return Outcome::Fault(running.ended(self.memory));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stop.is_asked() {
                let since = *asked.get_or_insert_with(Instant::now);
                if stop.is_urgent() || since.elapsed() > GRACE {
                    running.kill();
                    return Outcome::Abandoned;
                }
            }
            if began.elapsed() > left {
                running.kill();
                return self.too_late();
            }
        }
    }

    /// Ends the process until there is a job again: what it holds is free for others.
    pub fn rest(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running.input);
            let mut child = running.child;
            let _ = child.wait();
        }
    }

    fn start(&self) -> std::io::Result<Running> {
        let mut command = Command::new(&self.command.program);
        command
            .args(&self.command.words)
            .arg(format!("--worker-memory={}", self.memory))
            .arg(format!("--jobs={}", self.threads))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.command.password.is_some() {
            command.arg("--password-on-stdin");
        }
        // Ctrl-C is for the parent, which then decides.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let gone = || std::io::Error::other("its pipes are missing");
        let mut input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let errors = child.stderr.take().ok_or_else(gone)?;
        if let Some(password) = &self.command.password {
            input.write_all(password.bytes())?;
            input.write_all(b"\n")?;
        }
        let (send, replies) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let last_words = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&last_words);
        std::thread::spawn(move || keep_last(errors, &kept));
        Ok(Running {
            child,
            input,
            replies,
            last_words,
        })
    }
}

/// The fault of a case that wanted more than a worker's share.
fn out_of_memory(share: u64) -> Fault {
    let text = format!(
        "wanted more than the {} MiB that a worker may have; --max-memory gives it more",
        share >> 20
    );
    Fault::new(FaultKind::Memory, text)
}

/// Reads to the end and keeps the last bytes.
fn keep_last(mut from: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1_024];
    while let Ok(count) = from.read(&mut chunk) {
        if count == 0 {
            break;
        }
        if let Ok(mut kept) = kept.lock() {
            kept.extend_from_slice(chunk.get(..count).unwrap_or_default());
            let beyond = kept.len().saturating_sub(MAX_LAST_WORDS);
            kept.drain(..beyond);
        }
    }
}

impl Running {
    fn kill(&mut self) {
        // It may have ended by itself meanwhile; both calls then fail without harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Why a worker that closed its pipe is gone.
    fn ended(mut self, memory: u64) -> Fault {
        drop(self.input);
        let status = self.child.wait();
        let words = self
            .last_words
            .lock()
            .map(|w| w.clone())
            .unwrap_or_default();
        let words = String::from_utf8_lossy(&words).trim().to_owned();
        let last = words.lines().last().unwrap_or_default();
        if words.contains("memory allocation of") {
            return out_of_memory(memory);
        }
        let status = status.map_or_else(|why| why.to_string(), |status| status.to_string());
        Fault::new(
            FaultKind::Crash,
            match last {
                "" => format!("its worker ended: {status}"),
                last => format!("its worker ended: {status}: {last}"),
            },
        )
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::job::{Task, WireOrigin};

    #[test]
    fn the_time_of_a_case_is_one_budget_for_all_that_is_asked() {
        let command = WorkerCommand {
            program: "/nonexistent/poolsleuth".into(),
            words: Vec::new(),
            password: None,
            time_limit: Duration::from_secs(2),
        };
        let job = Job {
            task: Task::Content,
            paths: Vec::new(),
            into: None,
            origin: WireOrigin::default(),
        };
        let mut worker = Worker::new(&command, 0, 1);
        let mut kind = |mut spent: Duration| {
            let outcome = worker.ask(&job, &mut spent, &Stop::default(), |_, _, _| {});
            match outcome {
                Outcome::Fault(fault) => fault.kind,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            kind(Duration::from_secs(1)),
            FaultKind::Crash,
            "it is begun"
        );
        assert_eq!(kind(Duration::from_secs(2)), FaultKind::Time, "it is not");
    }
}
