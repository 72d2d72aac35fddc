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
    pub fn ask(&mut self, job: &Job, stop: &Stop, mut told: impl FnMut(&str, u64, u64)) -> Outcome {
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
            if began.elapsed() > self.command.time_limit {
                running.kill();
                let limit = self.command.time_limit.as_secs();
                let text = format!("not finished after {limit} s (--time-limit)");
                return Outcome::Fault(Fault::new(FaultKind::Time, text));
            }
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
            let text = format!(
                "wanted more than the {} MiB that a worker may have",
                memory >> 20
            );
            return Fault::new(FaultKind::Memory, text);
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
        if let Some(mut running) = self.running.take() {
            drop(running.input);
            let _ = running.child.wait();
        }
    }
}
