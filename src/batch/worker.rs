//! The worker's side: one case at a time, in a process of its own, so that nothing a case does
//! (a panic, an overflown stack, memory without end) ends the batch.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::case_key;
use super::failure::{Fault, FaultKind};
use super::job::{Job, Reply, Task, WireOrigin, WirePath};
use super::losses::Losses;
use super::record::{Origin, Record};
use super::{images, store};
use crate::bundle::{
    Bundle, BundleNote, ContentDigest, HashingWriter, LimitHit, Limits, OpenError, Password,
    SkipReason, Skipped, is_memory_short,
};
use crate::case::{self, ImageMemory, Options, Phase, Progress};
use crate::report::escape::Neutral;
use crate::report::{Report, folder};

/// Time between two lines of progress.
const BEAT: Duration = Duration::from_millis(150);

/// Bytes of a report that are written at once.
const BUFFER: usize = 64 << 10;

/// All that a worker needs to know for all its cases.
pub struct Bench {
    /// Caps of one case.
    pub limits: Limits,
    /// The password of encrypted archives.
    pub password: Option<Password>,
    /// Facts and tables of the command line.
    pub options: Options,
    /// Images beside the cases' own.
    pub more_images: Vec<Bundle>,
    /// What is known of images from before.
    pub memory: Box<dyn ImageMemory>,
}

/// Reads the password that comes before the jobs.
///
/// # Errors
/// When the other side is gone, or sends none.
pub fn password(input: &mut dyn BufRead) -> io::Result<Password> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    Password::new(&line).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Answers jobs from `input` until it ends.
///
/// # Errors
/// When the other side is gone, or speaks another language.
pub fn serve(
    bench: &Bench,
    input: &mut dyn BufRead,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let out = Mutex::new(out);
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let job: Job = serde_json::from_str(&line)?;
        let reply = match catch_unwind(AssertUnwindSafe(|| answer(bench, &job, &out))) {
            Ok(Ok(reply)) => reply,
            Ok(Err(fault)) => Reply::Failed { fault },
            // Who is refused memory may answer with a panic.
            Err(_) if is_memory_short() => Reply::Failed {
                fault: out_of_memory(),
            },
            Err(panic) => Reply::Failed {
                fault: Fault::new(FaultKind::Panic, words_of(panic.as_ref())),
            },
        };
        send(&out, &reply)?;
        line.clear();
    }
    Ok(())
}

fn send(out: &Mutex<&mut (dyn Write + Send)>, reply: &Reply) -> io::Result<()> {
    let mut text = serde_json::to_vec(reply)?;
    text.push(b'\n');
    let mut out = out
        .lock()
        .map_err(|_| io::Error::other("a writer panicked"))?;
    out.write_all(&text)?;
    out.flush()
}

/// What a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    words.unwrap_or_else(|| "the analysis gave up without a word".to_owned())
}

fn answer(bench: &Bench, job: &Job, out: &Mutex<&mut (dyn Write + Send)>) -> Result<Reply, Fault> {
    let paths: Option<Vec<PathBuf>> = job.paths.iter().map(WirePath::path).collect();
    let paths = paths.ok_or_else(|| Fault::new(FaultKind::Open, "a path that is none"))?;
    #[cfg(debug_assertions)]
    if job.task == Task::Analyse {
        provoked(&paths);
    }
    match job.task {
        Task::Outline => {
            let listed = Bundle::list(&paths, &bench.limits, bench.password.as_ref())
                .map_err(|error| fault_of(&error))?;
            if listed.lacked_memory {
                return Err(out_of_memory());
            }
            not_empty(listed.entries.len(), listed.skipped)?;
            Ok(Reply::Outline {
                outline: case_key::outline(&listed),
                times: case_key::times(&listed),
            })
        }
        Task::Content => {
            let bundle = opened(bench, &paths)?;
            let contents = case::content_digests(&bundle);
            with_enough_memory(&bundle)?;
            let content = content_of(&bundle, &paths, &contents);
            let input = bundle.input_sha256().ok().flatten();
            Ok(Reply::Content {
                input: input.map_or_else(|| content.clone(), |digest| digest.to_string()),
                content,
            })
        }
        Task::Analyse => analyse(bench, job, &paths, out),
    }
}

fn opened(bench: &Bench, paths: &[PathBuf]) -> Result<Bundle, Fault> {
    let bundle = Bundle::open_with(paths, &bench.limits, bench.password.as_ref())
        .map_err(|error| fault_of(&error))?;
    not_empty(bundle.artifacts().len(), bundle.skipped().len())?;
    Ok(bundle)
}

fn not_empty(files: usize, left_out: usize) -> Result<(), Fault> {
    if files > 0 {
        return Ok(());
    }
    let text = format!("holds no file ({left_out} left out); a case has logs, snapshots or images");
    Err(Fault::new(FaultKind::Open, text))
}

/// Words and share are the parent's: it knows what a worker may have.
fn out_of_memory() -> Fault {
    Fault::new(FaultKind::Memory, "wanted more memory than there is")
}

/// Whatever was found where memory was refused is no result: with more of it there is more.
fn with_enough_memory(bundle: &Bundle) -> Result<(), Fault> {
    match bundle.lacked_memory() {
        true => Err(out_of_memory()),
        false => Ok(()),
    }
}

/// What the case holds, given the digests of all its artifacts.
fn content_of(bundle: &Bundle, paths: &[PathBuf], contents: &[ContentDigest]) -> String {
    let id = bundle.case_digest(contents).to_string();
    if contents.iter().all(|content| content.is_whole()) && is_listed_whole(bundle) {
        return id;
    }
    let file = bundle.input_sha256().ok().flatten();
    case_key::of_incomplete(&id, paths, file.map(|f| f.to_string()).as_deref())
}

/// Whether all that the case holds is in its inventory.
fn is_listed_whole(bundle: &Bundle) -> bool {
    let unlisted = |skipped: &Skipped| matches!(skipped.why, SkipReason::Unreadable(_));
    // Bytes that a limit cut off are in the digests of contents.
    let left_out = |hit: &LimitHit| !matches!(hit, LimitHit::Bytes { .. });
    !bundle.notes().iter().any(BundleNote::is_damage)
        && !bundle.skipped().iter().any(unlisted)
        && !bundle.limits_hit().iter().any(left_out)
}

fn analyse(
    bench: &Bench,
    job: &Job,
    paths: &[PathBuf],
    out: &Mutex<&mut (dyn Write + Send)>,
) -> Result<Reply, Fault> {
    let bundle = &opened(bench, paths)?;
    let told = Told::new(out);
    let memory = images::Counted::new(bench.memory.as_ref());
    let (more, options) = (&bench.more_images, &bench.options);
    let (report, contents) = case::analyse_and_digest(bundle, more, options, &told, &memory);
    with_enough_memory(bundle)?;
    let losses = Losses::of(bundle, &report);
    if let Some(fault) = losses.total(bundle, paths, &report) {
        return Err(fault);
    }
    let content = content_of(bundle, paths, &contents);
    let record = Record::of(&Origin::from(&job.origin), &content, &report, &losses);
    let files = match job.into.as_ref().and_then(WirePath::path) {
        Some(folder) => Some(
            write(&report, bundle, &memory, &folder)
                .map_err(|why| Fault::new(FaultKind::Output, format!("its report: {why}")))?,
        ),
        None => None,
    };
    Ok(Reply::Done {
        record: Box::new(record),
        files,
        input: report.case.input.sha256.clone(),
        images: memory.work(),
    })
}

/// Writes the report's files into a new folder and returns their digest.
fn write(
    report: &Report,
    bundle: &Bundle,
    memory: &dyn ImageMemory,
    into: &Path,
) -> io::Result<String> {
    std::fs::create_dir(into)?;
    let mut files = store::FileDigests::new();
    let mut put = |path: &Path, render: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let file = HashingWriter::new(std::fs::File::create(path)?);
        let mut out = io::BufWriter::with_capacity(BUFFER, file);
        render(&mut out)?;
        let (digest, _) = out.into_inner().map_err(|e| e.into_error())?.into_parts();
        files.insert(path.file_name().unwrap_or_default().to_owned(), digest);
        Ok::<(), io::Error>(())
    };
    folder::each(report, into, Neutral::Yes, |path, render| put(path, render))?;
    put(&into.join(images::FILE), &|out| {
        images::write(report, bundle, memory, out)
    })?;
    Ok(store::digest_of_files(&files))
}

fn fault_of(error: &OpenError) -> Fault {
    let kind = match error.is_refusal() {
        _ if error.kind.is_of_memory() => FaultKind::Memory,
        true => FaultKind::Refused,
        false => FaultKind::Open,
    };
    Fault::new(kind, error.kind.to_string())
}

impl From<&WireOrigin> for Origin {
    fn from(wire: &WireOrigin) -> Self {
        Origin {
            path: wire.path.clone(),
            taken_as: wire.taken_as.clone(),
            group: wire.group.clone(),
            bytes: wire.bytes,
            reproduce: wire.reproduce.clone(),
        }
    }
}

impl From<&Origin> for WireOrigin {
    fn from(origin: &Origin) -> Self {
        WireOrigin {
            path: origin.path.clone(),
            taken_as: origin.taken_as.clone(),
            group: origin.group.clone(),
            bytes: origin.bytes,
            reproduce: origin.reproduce.clone(),
        }
    }
}

/// Trouble on demand, so that tests can see the fences hold: `POOLSLEUTH_PROVOKE=panic:NAME`
/// makes the case whose path ends in NAME panic; `abort`, `hang` and `memory` likewise. Not in
/// release builds.
#[cfg(debug_assertions)]
fn provoked(paths: &[PathBuf]) {
    let Ok(wish) = std::env::var("POOLSLEUTH_PROVOKE") else {
        return;
    };
    for (kind, name) in wish.split(',').filter_map(|one| one.split_once(':')) {
        if !paths.iter().any(|p| p.ends_with(name)) {
            continue;
        }
        match kind {
            "abort" => std::process::abort(),
            "hang" => std::thread::sleep(Duration::from_secs(3_600)),
            "memory" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                for _ in 0..4_096 {
                    hoard.push(vec![1; 1 << 20]);
                }
            }
            _ => std::panic::resume_unwind(Box::new("provoked for a test".to_owned())),
        }
    }
}

/// Progress as lines to the parent.
struct Told<'a, 'w> {
    out: &'a Mutex<&'w mut (dyn Write + Send)>,
    state: Mutex<(Instant, &'static str, u64, u64)>,
}

impl<'a, 'w> Told<'a, 'w> {
    fn new(out: &'a Mutex<&'w mut (dyn Write + Send)>) -> Self {
        Told {
            out,
            state: Mutex::new((Instant::now(), "", 0, 0)),
        }
    }
}

impl Progress for Told<'_, '_> {
    fn begin(&self, phase: Phase, bytes: u64) {
        if let Ok(mut state) = self.state.lock() {
            *state = (state.0, phase.label(), 0, bytes);
        }
    }

    fn advance(&self, bytes: u64) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        state.2 += bytes;
        if state.0.elapsed() < BEAT {
            return;
        }
        state.0 = Instant::now();
        let reply = Reply::Progress {
            phase: state.1.to_owned(),
            done: state.2,
            total: state.3,
        };
        drop(state);
        // If the parent is gone, the next answer ends this process.
        let _ = send(self.out, &reply);
    }
}
