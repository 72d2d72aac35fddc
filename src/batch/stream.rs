//! Paths in, records out, a line each: the form in which any engine can drive the program.
//!
//! Every path is one case and gets exactly one record, failures included, as soon as it is known.
//! Nothing is kept and nothing is compared: an engine that hands out a path twice gets two
//! records of one key.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use super::case_key::{key, of_unopened};
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
            let (take, written) = (&take, &written);
            scope.spawn(move || {
                let mut worker = Worker::new(&settings.worker, shares.memory, shares.threads);
                while !stop.is_asked()
                    && let Some(path) = take()
                {
                    let Some(record) = one(place, path, settings, &mut worker, watch, stop) else {
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

fn one(
    place: usize,
    path: PathBuf,
    settings: &Settings<'_>,
    worker: &mut Worker<'_>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Option<Record> {
    let found = shelf::find(std::slice::from_ref(&path), true);
    let found = found.cases.into_iter().next()?;
    let paths = vec![path];
    let origin = Origin {
        path: shown(&paths),
        taken_as: found.taken_as.to_owned(),
        group: found.group,
        bytes: found.bytes,
        reproduce: (settings.reproduce)(&paths),
    };
    let job = |task| Job {
        task,
        paths: paths.iter().map(|p| WirePath::new(p)).collect(),
        into: None,
        origin: WireOrigin::from(&origin),
    };
    watch.begins(place, &origin.path, found.bytes);
    let abandoned = || watch.ends(place, &origin.path, found.bytes, Turn::Abandoned);
    let told = |phase: &str, done, total| watch.goes_on(place, phase, done, total);
    let mut record = match worker.ask(&job(Task::Analyse), stop, told) {
        Outcome::Answer(Reply::Done { record, .. }) => *record,
        Outcome::Abandoned => {
            abandoned();
            return None;
        }
        Outcome::Answer(Reply::Failed { fault }) | Outcome::Fault(fault) => {
            let content = match worker.ask(&job(Task::Content), stop, |_, _, _| {}) {
                Outcome::Answer(Reply::Content { content, .. }) => content,
                Outcome::Abandoned => {
                    abandoned();
                    return None;
                }
                _ => of_unopened(paths.first().map_or("".as_ref(), |p| p)),
            };
            Record::failed(&origin, &content, &fault)
        }
        Outcome::Answer(_) => {
            let fault = Fault::new(FaultKind::Crash, "its worker answered something else");
            Record::failed(&origin, &of_unopened("".as_ref()), &fault)
        }
    };
    record.key = key(
        env!("CARGO_PKG_VERSION"),
        &settings.options,
        &record.content,
    );
    record.path_hex = hex_of(&paths);
    watch.ends(place, &origin.path, found.bytes, Turn::Recorded(&record));
    Some(record)
}
