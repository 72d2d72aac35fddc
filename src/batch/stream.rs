//! Paths in, records out, a line each: the form in which any engine can drive the program.
//!
//! Every path is one case and gets exactly one record, failures included, as soon as it is known.
//! Nothing is kept and nothing is compared: an engine that hands out a path twice gets two
//! records of one key.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::case_key::{key, on_disk};
use super::crew::{Outcome, Stop, Worker};
use super::failure::{Fault, FaultKind};
use super::inputs::ListError;
use super::job::{Job, Reply, Task, WireOrigin, WirePath};
use super::names::{hex_of, shown};
use super::patience::Feed;
use super::record::{Origin, Record};
use super::run::Settings;
use super::schedule::Shares;
use super::shelf;
use super::watch::{Stage, Turn, Watch};

/// What came of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streamed {
    /// Records written.
    pub records: u64,
    /// Of these, failures.
    pub failed: u64,
    /// True if it was ended early.
    pub interrupted: bool,
}

/// Why not every path has its record.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Paths cannot be read.
    #[error("{0}")]
    Paths(#[from] ListError),
    /// Records cannot be written.
    #[error("cannot write to stdout: {0}")]
    Records(#[from] io::Error),
}

/// Analyses the paths of `feed` as they come, several at once, and writes each record when it
/// is there.
///
/// # Errors
/// When paths cannot be read or records not be written.
pub fn run(
    feed: Feed,
    out: &mut (dyn Write + Send),
    settings: &Settings<'_>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Result<Streamed, StreamError> {
    let shares = Shares::of(usize::MAX, settings.jobs, settings.max_memory);
    let gate = RwLock::new(());
    let turns = Turns {
        gate: &gate,
        may_again: shares.workers > 1,
    };
    watch.stage(Stage::Analysing, 0, 0);
    let feed = Mutex::new(feed);
    let written = Mutex::new((out, Streamed::default(), None::<StreamError>));
    let take = || -> Option<PathBuf> {
        match feed.lock().ok()?.next(stop) {
            Ok(given) => given.map(|given| given.path),
            Err(why) => {
                stop.ask();
                written.lock().ok()?.2.get_or_insert(why.into());
                None
            }
        }
    };
    std::thread::scope(|scope| {
        for place in 0..shares.workers {
            let (take, written, turns) = (&take, &written, &turns);
            scope.spawn(move || {
                let mut worker = Worker::new(&settings.worker, shares.memory, shares.threads);
                while !stop.is_asked()
                    && let Some(path) = take()
                {
                    let Some(record) = one(place, path, settings, turns, &mut worker, watch, stop)
                    else {
                        break;
                    };
                    let Ok(mut written) = written.lock() else {
                        break;
                    };
                    written.1.records += 1;
                    written.1.failed += u64::from(!record.is_ok());
                    if let Err(why) = write(written.0, &record) {
                        stop.ask();
                        written.2.get_or_insert(why.into());
                    }
                }
            });
        }
    });
    let (_, mut streamed, trouble) = written
        .into_inner()
        .map_err(|_| io::Error::other("a thread gave up"))?;
    streamed.interrupted = stop.is_asked();
    trouble.map_or(Ok(streamed), Err)
}

fn write(out: &mut (dyn Write + Send), record: &Record) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// One path from its job to its record; `None` when it was abandoned.
fn one(
    place: usize,
    path: PathBuf,
    settings: &Settings<'_>,
    turns: &Turns<'_>,
    worker: &mut Worker<'_>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Option<Record> {
    let found = shelf::find(std::slice::from_ref(&path), true);
    let found = found.cases.into_iter().next()?;
    let case = Case {
        origin: Origin {
            path: shown(&found.paths),
            taken_as: found.taken_as.to_owned(),
            group: found.group,
            bytes: found.bytes,
            reproduce: (settings.reproduce)(&found.paths),
        },
        paths: found.paths,
    };
    watch.begins(place, &case.origin.path, case.origin.bytes);
    let told = |phase: &str, done, total| watch.goes_on(place, phase, done, total);
    let mut spent = Duration::ZERO;
    let turn = turns.shared(worker);
    let mut record = case.asked(worker, &mut spent, stop, &told);
    drop(turn);
    if let Ok(Err(fault)) = &record
        && fault.is_of_memory()
        && turns.may_again
    {
        let _turn = turns.alone(worker);
        let alone = Shares::alone(settings.jobs, settings.max_memory);
        let mut worker = Worker::new(&settings.worker, alone.memory, alone.threads);
        record = case.asked(&mut worker, &mut spent, stop, &told);
    }
    let record = match record {
        Ok(Ok(record)) => Some(record),
        Ok(Err(fault)) => case.failed(&fault, worker, &mut spent, stop),
        Err(Abandoned) => None,
    };
    let ends = |turn| watch.ends(place, &case.origin.path, case.origin.bytes, turn);
    let Some(mut record) = record else {
        ends(Turn::Abandoned);
        return None;
    };
    record.key = key(
        env!("CARGO_PKG_VERSION"),
        &settings.options,
        &record.content,
    );
    record.path_hex = hex_of(&case.paths);
    ends(Turn::Recorded(&record));
    Some(record)
}

/// The case was given up on request.
struct Abandoned;

/// What one path is.
struct Case {
    paths: Vec<PathBuf>,
    origin: Origin,
}

impl Case {
    fn job(&self, task: Task) -> Job {
        Job {
            task,
            paths: self.paths.iter().map(|p| WirePath::new(p)).collect(),
            into: None,
            origin: WireOrigin::from(&self.origin),
        }
    }

    /// Has it analysed.
    fn asked(
        &self,
        worker: &mut Worker<'_>,
        spent: &mut Duration,
        stop: &Stop,
        told: &dyn Fn(&str, u64, u64),
    ) -> Result<Result<Record, Fault>, Abandoned> {
        match worker.ask(&self.job(Task::Analyse), spent, stop, told) {
            Outcome::Answer(Reply::Done { record, .. }) => Ok(Ok(*record)),
            Outcome::Abandoned => Err(Abandoned),
            Outcome::Answer(Reply::Failed { fault }) | Outcome::Fault(fault) => Ok(Err(fault)),
            Outcome::Answer(_) => Ok(Err(Fault::new(
                FaultKind::Crash,
                "its worker answered something else",
            ))),
        }
    }

    /// Its record when it failed; nothing when it was abandoned on the way.
    fn failed(
        &self,
        fault: &Fault,
        worker: &mut Worker<'_>,
        spent: &mut Duration,
        stop: &Stop,
    ) -> Option<Record> {
        let on_disk = || on_disk(&self.paths);
        let content = match fault.kind {
            // Its time is over, so nobody knows all that it holds.
            FaultKind::Time => on_disk(),
            _ => match worker.ask(&self.job(Task::Content), spent, stop, |_, _, _| {}) {
                Outcome::Answer(Reply::Content { content, .. }) => content,
                Outcome::Abandoned => return None,
                _ => on_disk(),
            },
        };
        Some(Record::failed(&self.origin, &content, fault))
    }
}

/// Who works: many with their shares, or one alone with all memory.
struct Turns<'a> {
    gate: &'a RwLock<()>,
    /// Whether there is more memory than a share.
    may_again: bool,
}

impl<'a> Turns<'a> {
    /// A turn beside others. Who has to wait for one that works alone gives its memory back.
    fn shared(&self, worker: &mut Worker<'_>) -> Option<RwLockReadGuard<'a, ()>> {
        match self.gate.try_read() {
            Ok(turn) => Some(turn),
            Err(_) => {
                worker.rest();
                self.gate.read().ok()
            }
        }
    }

    /// A turn without others.
    fn alone(&self, worker: &mut Worker<'_>) -> Option<RwLockWriteGuard<'a, ()>> {
        worker.rest();
        self.gate.write().ok()
    }
}
