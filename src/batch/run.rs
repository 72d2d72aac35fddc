//! A batch from its cases to its finished folder.
//!
//! ```text
//! cases ─outline─► groups ─content, where needed─► to do ─analyse─► state files ─► results
//!                               └─ done before, and duplicates, drop out here
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::case_key::{key, on_disk};
use super::crew::{Outcome, Stop, Worker, WorkerCommand};
use super::failure::{Fault, FaultKind};
use super::images::ImageWork;
use super::job::{Job, Reply, Task, WireOrigin, WirePath};
use super::names::{hex_of, shown};
use super::record::{Origin, Record};
use super::schedule::{self, Shares};
use super::shard::Shard;
use super::shelf::{Found, Shelf};
use super::store::{State, Store, folder_of};
use super::watch::{Stage, Turn, Watch};

/// How a batch is run.
pub struct Settings<'a> {
    /// How workers are started.
    pub worker: WorkerCommand,
    /// Threads in all.
    pub jobs: usize,
    /// Bytes of memory in all.
    pub max_memory: u64,
    /// The options that shape results, as words.
    pub options: String,
    /// The part to do.
    pub shard: Option<Shard>,
    /// Whether failed cases of an earlier run are tried again.
    pub retry_failed: bool,
    /// The command that analyses some paths alone.
    pub reproduce: &'a (dyn Fn(&[PathBuf]) -> String + Sync),
}

/// What came of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Paths taken for cases, those of other shards not counted.
    pub found: u64,
    /// Finished cases, each content once.
    pub cases: u64,
    /// Of these, analysed in this run.
    pub analysed: u64,
    /// Of these, taken over from an earlier run.
    pub taken_over: u64,
    /// Of these, failed (now or then).
    pub failed: u64,
    /// Analysed cases of which something could not be read.
    pub in_part: u64,
    /// Paths whose content is another path's too.
    pub duplicates: u64,
    /// Cases of other shards.
    pub elsewhere: u64,
    /// Results in the folder that belong to other inputs or options.
    pub other_results: u64,
    /// What the images of the analysed cost.
    pub images: ImageWork,
    /// True if the run was ended before all was done.
    pub interrupted: bool,
}

/// A case on its way.
#[derive(Clone)]
pub(super) struct Ahead {
    pub(super) found: Found,
    pub(super) origin: Origin,
    pub(super) outline: String,
    pub(super) times: String,
    pub(super) content: Option<String>,
    /// Digest of what was uploaded: of the file, where it is one.
    pub(super) input: Option<String>,
    fault: Option<Fault>,
    /// Time that went into it so far.
    spent: Duration,
}

/// What came of one case's turn.
enum Came {
    Finished(Box<Record>),
    Postponed,
    Abandoned,
}

/// A batch at work.
pub(super) struct Batch<'a> {
    pub(super) store: &'a Store,
    pub(super) settings: &'a Settings<'a>,
    watch: &'a dyn Watch,
    stop: &'a Stop,
    /// Finished cases by key.
    done: Mutex<BTreeMap<String, State>>,
    /// Paths of duplicates by the key of the case that speaks for them.
    also: Mutex<BTreeMap<String, Vec<String>>>,
    /// Those that wanted more memory than a share.
    again: Mutex<Vec<Ahead>>,
    /// What images have cost so far.
    images: Mutex<ImageWork>,
    /// The first trouble with the folder itself, which ends the batch.
    trouble: Mutex<Option<std::io::Error>>,
}

/// Runs the batch. The finished cases come back in the order of their paths, each with all paths
/// of its content.
///
/// # Errors
/// When the batch's folder cannot be written; trouble with cases is part of their records.
pub fn run(
    shelf: &Shelf,
    store: &Store,
    settings: &Settings<'_>,
    watch: &dyn Watch,
    stop: &Stop,
) -> std::io::Result<(Summary, Vec<State>)> {
    let Some((earlier, torn)) = store.finished(stop)? else {
        let summary = Summary {
            interrupted: true,
            ..Summary::default()
        };
        return Ok((summary, Vec::new()));
    };
    store.sweep(&earlier)?;
    if torn > 0 {
        watch.remark(&format!(
            "{torn} unfinished results of an earlier run are done again"
        ));
    }
    let batch = Batch {
        store,
        settings,
        watch,
        stop,
        done: Mutex::default(),
        also: Mutex::default(),
        again: Mutex::default(),
        images: Mutex::default(),
        trouble: Mutex::default(),
    };
    let mut summary = Summary::default();
    let mut cases = batch.outlined(&shelf.cases);
    let all = cases.len();
    if let Some(shard) = settings.shard {
        cases.retain(|case| shard.holds(&case.outline));
    }
    summary.elsewhere = (all - cases.len()) as u64;
    summary.found = cases.len() as u64;
    let cases = batch.compared(cases, &earlier);
    // Cut short, the comparison knows too little to call anything outdated.
    if !stop.is_asked() {
        let to_do = batch.left_to_do(cases, earlier, &mut summary)?;
        batch.analyse(to_do, &mut summary);
    }
    if let Some(why) = batch.trouble.into_inner().ok().flatten() {
        return Err(why);
    }
    summary.interrupted = stop.is_asked();
    summary.images = batch.images.into_inner().unwrap_or_default();
    let (done, also) = (batch.done.into_inner(), batch.also.into_inner());
    let states = together(done.unwrap_or_default(), also.unwrap_or_default());
    summary.cases = states.len() as u64;
    summary.failed = states.iter().filter(|s| !s.record.is_ok()).count() as u64;
    summary.in_part = states.iter().filter(|s| s.record.has_losses()).count() as u64;
    summary.duplicates = states.iter().map(|s| s.record.paths.len() as u64 - 1).sum();
    Ok((summary, states))
}

/// Finished cases with the paths of their duplicates, in the order of paths.
fn together(done: BTreeMap<String, State>, mut also: BTreeMap<String, Vec<String>>) -> Vec<State> {
    let mut states: Vec<State> = done.into_values().collect();
    for state in &mut states {
        let more = also.remove(&state.record.key).unwrap_or_default();
        state.record.paths.extend(more);
        state.record.paths.sort();
        state.record.paths.dedup();
    }
    states.sort_by(|a, b| (&a.record.path, &a.record.key).cmp(&(&b.record.path, &b.record.key)));
    states
}

impl Batch<'_> {
    fn shares(&self, cases: usize) -> Shares {
        Shares::of(cases, self.settings.jobs, self.settings.max_memory)
    }

    fn job(task: Task, case: &Ahead, into: Option<&PathBuf>) -> Job {
        Job {
            task,
            paths: case.found.paths.iter().map(|p| WirePath::new(p)).collect(),
            into: into.map(|path| WirePath::new(path)),
            origin: WireOrigin::from(&case.origin),
        }
    }

    /// Asks one thing of every case in parallel and keeps what `keep` makes of the answers. What
    /// wants more memory than a share is asked again, alone.
    fn ask_all(
        &self,
        stage: Stage,
        task: Task,
        cases: Vec<Ahead>,
        keep: impl Fn(&mut Ahead, Outcome) + Sync,
    ) -> Vec<Ahead> {
        let shares = self.shares(usize::MAX);
        let again = Mutex::new(Vec::new());
        let mut kept = self.ask_with(shares, stage, task, cases, |mut case, answer| {
            if shares.workers > 1
                && answer.is_of_memory()
                && let Ok(mut again) = again.lock()
            {
                again.push(case);
                return None;
            }
            keep(&mut case, answer);
            Some(case)
        });
        let again = again.into_inner().unwrap_or_default();
        if !again.is_empty() && !self.stop.is_asked() {
            let alone = Shares::alone(self.settings.jobs, self.settings.max_memory);
            let asked = self.ask_with(alone, Stage::Again, task, again, |mut case, answer| {
                keep(&mut case, answer);
                Some(case)
            });
            kept.extend(asked);
        }
        kept.sort_by(|a, b| a.found.paths.cmp(&b.found.paths));
        kept
    }

    /// Asks one thing of every case and collects what `keep` returns, in no order.
    fn ask_with(
        &self,
        shares: Shares,
        stage: Stage,
        task: Task,
        cases: Vec<Ahead>,
        keep: impl Fn(Ahead, Outcome) -> Option<Ahead> + Sync,
    ) -> Vec<Ahead> {
        let bytes = cases.iter().map(|case| case.found.bytes).sum();
        self.watch.stage(stage, cases.len() as u64, bytes);
        let kept = Mutex::new(Vec::with_capacity(cases.len()));
        schedule::run(
            cases,
            shares,
            &self.settings.worker,
            self.stop,
            |case| case.found.bytes,
            |place, mut case, worker| {
                self.watch
                    .begins(place, &case.origin.path, case.found.bytes);
                let job = Batch::job(task, &case, None);
                let answer = worker.ask(&job, &mut case.spent, self.stop, |_, _, _| {});
                let turn = match answer {
                    Outcome::Abandoned => Turn::Abandoned,
                    _ => Turn::Known,
                };
                self.watch
                    .ends(place, &case.origin.path, case.found.bytes, turn);
                if let (Some(case), Ok(mut kept)) = (keep(case, answer), kept.lock()) {
                    kept.push(case);
                }
            },
        );
        kept.into_inner().unwrap_or_default()
    }

    fn outlined(&self, found: &[Found]) -> Vec<Ahead> {
        let ahead = |found: &Found| Ahead {
            origin: Origin {
                path: shown(&found.paths),
                taken_as: found.taken_as.to_owned(),
                group: found.group.clone(),
                bytes: found.bytes,
                reproduce: (self.settings.reproduce)(&found.paths),
            },
            found: found.clone(),
            outline: String::new(),
            times: String::new(),
            content: None,
            input: None,
            fault: None,
            spent: Duration::ZERO,
        };
        let cases = found.iter().map(ahead).collect();
        self.ask_all(Stage::Listing, Task::Outline, cases, |case, answer| {
            match answer {
                Outcome::Answer(Reply::Outline { outline, times }) => {
                    (case.outline, case.times) = (outline, times);
                }
                Outcome::Answer(Reply::Failed { fault }) | Outcome::Fault(fault) => {
                    let content = on_disk(&case.found.paths);
                    case.outline.clone_from(&content);
                    case.content = Some(content);
                    case.fault = Some(fault);
                }
                // Nothing more is begun in a run that ends early.
                Outcome::Answer(_) | Outcome::Abandoned => {}
            }
        })
    }

    /// Hashes those that share their outline with another, or with an earlier result.
    fn compared(&self, mut cases: Vec<Ahead>, earlier: &[State]) -> Vec<Ahead> {
        self.recognise_failed(&mut cases, earlier);
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        let known = earlier.iter().map(|state| &state.outline);
        for outline in cases.iter().map(|case| &case.outline).chain(known) {
            *count.entry(outline.clone()).or_default() += 1;
        }
        let (doubtful, mut clear): (Vec<Ahead>, Vec<Ahead>) = cases
            .into_iter()
            .partition(|case| case.content.is_none() && count.get(&case.outline) > Some(&1));
        if !doubtful.is_empty() {
            clear.extend(self.ask_all(
                Stage::Comparing,
                Task::Content,
                doubtful,
                |case, answer| match answer {
                    Outcome::Answer(Reply::Content { content, input }) => {
                        (case.content, case.input) = (Some(content), Some(input));
                    }
                    Outcome::Fault(fault) if fault.kind == FaultKind::Time => {
                        case.content = Some(on_disk(&case.found.paths));
                        case.fault = Some(fault);
                    }
                    // Whatever else there is comes up again, and is said, when it is analysed.
                    _ => {}
                },
            ));
        }
        clear.sort_by(|a, b| a.found.paths.cmp(&b.found.paths));
        clear
    }

    pub(super) fn key(&self, content: &str) -> String {
        key(env!("CARGO_PKG_VERSION"), &self.settings.options, content)
    }

    pub(super) fn is_also(&self, key: &str, path: &str) {
        if let Ok(mut also) = self.also.lock() {
            also.entry(key.to_owned())
                .or_default()
                .push(path.to_owned());
        }
    }

    pub(super) fn keep(&self, state: State) {
        if let Ok(mut done) = self.done.lock() {
            done.insert(state.record.key.clone(), state);
        }
    }

    fn analyse(&self, to_do: Vec<Ahead>, summary: &mut Summary) {
        summary.analysed = to_do.len() as u64;
        let shares = self.shares(to_do.len());
        self.analyse_all(Stage::Analysing, to_do, shares, shares.workers > 1);
        let again = self.again.lock().map(|mut a| std::mem::take(&mut *a));
        let again = again.unwrap_or_default();
        if !again.is_empty() && !self.stop.is_asked() {
            let alone = Shares::alone(self.settings.jobs, self.settings.max_memory);
            self.analyse_all(Stage::Again, again, alone, false);
        }
    }

    fn analyse_all(&self, stage: Stage, cases: Vec<Ahead>, shares: Shares, may_again: bool) {
        let bytes = cases.iter().map(|case| case.found.bytes).sum();
        self.watch.stage(stage, cases.len() as u64, bytes);
        schedule::run(
            cases,
            shares,
            &self.settings.worker,
            self.stop,
            |case| case.found.bytes,
            |place, case, worker| {
                let (path, bytes) = (case.origin.path.clone(), case.found.bytes);
                self.watch.begins(place, &path, bytes);
                let came = self.one(place, case, worker, may_again);
                let turn = match &came {
                    Came::Finished(record) => Turn::Recorded(record),
                    Came::Postponed => Turn::Postponed,
                    Came::Abandoned => Turn::Abandoned,
                };
                self.watch.ends(place, &path, bytes, turn);
            },
        );
    }

    /// One case from its job to its state file.
    fn one(&self, place: usize, mut case: Ahead, worker: &mut Worker<'_>, may_again: bool) -> Came {
        let into = self.store.scratch(&format!("case-{place}"));
        // What a fault of the case before left behind.
        let _ = std::fs::remove_dir_all(&into);
        let outcome = match &case.fault {
            Some(fault) => Outcome::Fault(fault.clone()),
            None => worker.ask(
                &Batch::job(Task::Analyse, &case, Some(&into)),
                &mut case.spent,
                self.stop,
                |phase, done, total| self.watch.goes_on(place, phase, done, total),
            ),
        };
        let may_again = may_again && case.fault.is_none();
        let (record, files) = match outcome {
            Outcome::Answer(Reply::Done {
                record,
                files,
                input,
                images,
            }) => {
                case.input = input;
                if let Ok(mut sum) = self.images.lock() {
                    *sum = sum.and(images);
                }
                (*record, files)
            }
            Outcome::Answer(Reply::Failed { fault }) | Outcome::Fault(fault) => {
                if fault.is_of_memory() && may_again {
                    if let Ok(mut again) = self.again.lock() {
                        again.push(case);
                    }
                    return Came::Postponed;
                }
                match self.content_of(&mut case, &fault, worker) {
                    Some(content) => (Record::failed(&case.origin, &content, &fault), None),
                    None => return Came::Abandoned,
                }
            }
            Outcome::Abandoned => return Came::Abandoned,
            Outcome::Answer(_) => {
                let fault = Fault::new(FaultKind::Crash, "its worker answered something else");
                match self.content_of(&mut case, &fault, worker) {
                    Some(content) => (Record::failed(&case.origin, &content, &fault), None),
                    None => return Came::Abandoned,
                }
            }
        };
        self.finish(case, record, files, &into)
            .map_or(Came::Abandoned, |record| Came::Finished(Box::new(record)))
    }

    /// The content of a case that failed, as a later run would find it.
    fn content_of(
        &self,
        case: &mut Ahead,
        fault: &Fault,
        worker: &mut Worker<'_>,
    ) -> Option<String> {
        if let Some(content) = &case.content {
            return Some(content.clone());
        }
        // Its time is over, so nobody knows all that it holds.
        if fault.kind == FaultKind::Time {
            return Some(on_disk(&case.found.paths));
        }
        let job = Batch::job(Task::Content, case, None);
        match worker.ask(&job, &mut case.spent, self.stop, |_, _, _| {}) {
            Outcome::Answer(Reply::Content { content, .. }) => Some(content),
            Outcome::Abandoned => None,
            _ => Some(on_disk(&case.found.paths)),
        }
    }

    fn finish(
        &self,
        case: Ahead,
        mut record: Record,
        files: Option<String>,
        made: &std::path::Path,
    ) -> Option<Record> {
        record.key = self.key(&record.content);
        record.report = files.as_ref().map(|_| folder_of(&record.path, &record.key));
        record.path_hex = hex_of(&case.found.paths);
        let state = State {
            options: self.settings.options.clone(),
            input: case.input.filter(|_| record.is_ok()),
            outline: case.outline,
            times: case.times,
            files,
            record,
        };
        let mut done = self.done.lock().ok()?;
        // Contents may agree although outlines do not: an archive that lies about sizes.
        if let Some(other) = done.get(&state.record.key) {
            let (mine, theirs) = (state.record.path.clone(), other.record.path.clone());
            if theirs <= mine {
                self.is_also(&state.record.key, &mine);
                return Some(state.record);
            }
            self.is_also(&state.record.key, &theirs);
            let forgotten = self.store.forget(&other.record);
            self.note_trouble(forgotten);
        }
        let finished = self.store.finish(&state, Some(made));
        let record = state.record.clone();
        done.insert(state.record.key.clone(), state);
        drop(done);
        self.note_trouble(finished);
        Some(record)
    }

    /// A folder that cannot be written ends the batch: going on would lose results.
    fn note_trouble(&self, result: std::io::Result<()>) {
        if let Err(why) = result {
            self.stop.ask();
            if let Ok(mut trouble) = self.trouble.lock() {
                trouble.get_or_insert(why);
            }
        }
    }
}
