//! `batch`, `merge`, and the worker processes: words become settings, the library does the work.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use super::args::{Common, FactArgs};
use super::batch_args::{BatchArgs, CapArgs, MergeArgs, WorkerArgs};
use super::exit::{Exit, Failure};
use super::output::safe;
use super::{analyze, batch_progress, password};
use crate::batch::cache::{Cache, Pruned};
use crate::batch::crew::{Stop, WorkerCommand};
use crate::batch::images::ImageWork;
use crate::batch::inputs::{self, Between};
use crate::batch::publish::{Results, publish};
use crate::batch::run::{Settings, Summary};
use crate::batch::store::{Store, StoreError};
use crate::batch::watch::Watch;
use crate::batch::worker::Bench;
use crate::batch::{merge, run as batch_run, shelf, stream, worker as batch_worker};
use crate::bundle::{Bundle, Limits, Sha256};
use crate::case::{ImageMemory, NoMemory};
use crate::report::wording::{count, counted};

pub(super) fn run(args: &BatchArgs, common: &Common) -> Result<Exit, Failure> {
    let cache = match args.no_cache {
        true => None,
        false => args.cache.clone().or_else(user_cache),
    };
    if args.prune_cache {
        return prune(cache.as_deref());
    }
    // Options that make no sense are said before any work begins.
    let options = analyze::options(&args.facts)?;
    drop(options);
    let fingerprint = fingerprint(args)?;
    let reproduce = |paths: &[PathBuf]| reproduce(paths, args);
    let settings = Settings {
        worker: WorkerCommand {
            program: std::env::current_exe().map_err(|why| Failure::Given {
                path: "poolsleuth".into(),
                why,
            })?,
            words: worker_words(args, cache.as_deref()),
            password: password::given(common)?,
            time_limit: Duration::from_secs(args.time_limit),
        },
        jobs: common.jobs.map_or_else(processors, std::num::NonZero::get),
        max_memory: args.max_memory,
        options: fingerprint,
        shard: args.shard,
        retry_failed: args.retry_failed,
        reproduce: &reproduce,
    };
    let stop = Arc::new(Stop::default());
    let asked = Arc::clone(&stop);
    // Where no handler can be set, Ctrl-C ends the process; what is finished is kept anyway.
    let _ = ctrlc::set_handler(move || asked.ask());
    let watch = batch_progress::of(common);
    match &args.output {
        Some(folder) => to_folder(args, folder, &settings, watch.as_ref(), &stop, common),
        None => to_stdout(args, &settings, watch.as_ref(), &stop),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn between(args: &BatchArgs) -> Between {
    match args.null {
        true => Between::Nul,
        false => Between::Lines,
    }
}

fn to_folder(
    args: &BatchArgs,
    folder: &Path,
    settings: &Settings<'_>,
    watch: &dyn Watch,
    stop: &Stop,
    common: &Common,
) -> Result<Exit, Failure> {
    let store = Store::open(folder).map_err(store_failure)?;
    let fail = |why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    };
    let paths = inputs::paths(&args.paths, between(args), &mut io::stdin().lock())
        .map_err(|error| Failure::Nothing(error.to_string()))?;
    let shelf = shelf::find(&paths, args.as_given);
    if shelf.cases.is_empty() {
        return Err(Failure::Nothing(
            "no case found: a case is an archive, or a folder with HTTPERR logs, poolmon text, driver images or systeminfo output (--as-given takes each path for one)".into(),
        ));
    }
    let since = args.since.as_deref().map(earlier).transpose()?;
    let (summary, states) = batch_run::run(&shelf, &store, settings, watch, stop).map_err(fail)?;
    if !summary.interrupted {
        let results = Results {
            states: &states,
            left_out: &shelf.left_out,
            since: since.as_deref(),
        };
        publish(&store, &results).map_err(fail)?;
    }
    store.close().map_err(fail)?;
    watch.over();
    if !common.quiet {
        tell(&summary, shelf.left_out.len(), folder);
    }
    Ok(ending(summary.interrupted, summary.failed))
}

fn ending(interrupted: bool, failed: u64) -> Exit {
    match (interrupted, failed) {
        (true, _) => Exit::Interrupted,
        (false, 0) => Exit::Done,
        (false, _) => Exit::SomeFailed,
    }
}

fn store_failure(error: StoreError) -> Failure {
    match error {
        StoreError::Io { path, why } => Failure::Write {
            path: Some(path),
            why,
        },
        other => Failure::Nothing(other.to_string()),
    }
}

fn earlier(folder: &Path) -> Result<Vec<crate::batch::store::State>, Failure> {
    crate::batch::store::read_finished(folder).map_err(|why| Failure::Given {
        path: folder.to_owned(),
        why,
    })
}

/// What came of it, on stderr; and how to go on.
fn tell(summary: &Summary, left_out: usize, folder: &Path) {
    let mut err = io::stderr().lock();
    let s = summary;
    let said = |n: u64, words: String| (n > 0).then_some(words);
    let (more, out) = (s.duplicates, left_out as u64);
    let parts = [
        Some(counted(s.cases, "case")),
        said(
            s.taken_over,
            format!("{} taken over from an earlier run", count(s.taken_over)),
        ),
        said(
            s.failed,
            format!("{} failed (see index.html)", count(s.failed)),
        ),
        said(
            s.in_part,
            format!("{} read in part (see index.html)", count(s.in_part)),
        ),
        said(
            more,
            format!("{} of the same content", counted(more, "further path")),
        ),
        said(
            s.elsewhere,
            format!("{} of other shards", count(s.elsewhere)),
        ),
        said(
            out,
            format!("{} left out (see left-out.jsonl)", counted(out, "path")),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let _ = writeln!(err, "poolsleuth: {}", parts.join(", "));
    let images = s.images;
    if images != ImageWork::default() {
        let _ = writeln!(
            err,
            "poolsleuth: facts about driver images: {} known from the cache, {} found out",
            count(images.known),
            count(images.looked_into)
        );
    }
    if s.other_results > 0 {
        let (folder, one) = (folder.display(), s.other_results == 1);
        let (belong, are) = if one {
            ("belongs", "it is")
        } else {
            ("belong", "they are")
        };
        let _ = writeln!(
            err,
            "poolsleuth: {} in {folder} {belong} to other inputs, options or versions; {are} kept and not listed",
            counted(s.other_results, "result"),
        );
    }
    if s.interrupted {
        let words: Vec<String> = std::env::args_os()
            .map(|word| quoted(&word.to_string_lossy()))
            .collect();
        let _ = writeln!(
            err,
            "poolsleuth: ended early; this goes on: {}",
            words.join(" ")
        );
    }
}

fn to_stdout(
    args: &BatchArgs,
    settings: &Settings<'_>,
    watch: &dyn Watch,
    stop: &Stop,
) -> Result<Exit, Failure> {
    let between = between(args);
    let mut words = args.paths.iter();
    let mut stdin = io::BufReader::new(io::stdin());
    let mut ready: std::collections::VecDeque<PathBuf> = Default::default();
    let mut reading = false;
    let mut next = || -> io::Result<Option<PathBuf>> {
        loop {
            if let Some(path) = ready.pop_front() {
                return Ok(Some(path));
            }
            if reading {
                match inputs::next(&mut stdin, between)? {
                    Some(path) => return Ok(Some(path)),
                    None => reading = false,
                }
            }
            match words.next() {
                None => return Ok(None),
                Some(word) if word.as_os_str() == "-" => reading = true,
                Some(word) => {
                    let none: &mut &[u8] = &mut &b""[..];
                    let listed = inputs::paths(std::slice::from_ref(word), between, none)
                        .map_err(io::Error::other)?;
                    ready.extend(listed);
                }
            }
        }
    };
    let streamed = stream::run(&mut next, &mut io::stdout(), settings, watch, stop)
        .map_err(|why| Failure::Write { path: None, why })?;
    watch.over();
    Ok(ending(streamed.interrupted, streamed.failed))
}

/// Everything that shapes results, as text: the options as typed and the contents of the files
/// that they name.
fn fingerprint(args: &BatchArgs) -> Result<String, Failure> {
    let mut lines = analyze::typed(&args.facts);
    let caps = &args.caps;
    lines.push(format!("--max-bytes={}", caps.max_bytes));
    lines.push(format!("--max-entries={}", caps.max_entries));
    for path in args
        .facts
        .pooltag
        .iter()
        .chain(&args.facts.rules)
        .chain(&args.drivers)
    {
        let bundle = Bundle::open(std::slice::from_ref(path), &Limits::default())?;
        let contents = bundle.digest_contents();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push(format!("{name} {}", bundle.case_digest(&contents)));
    }
    Ok(Sha256::of(lines.join("\n").as_bytes()).to_string())
}

/// The options of an analysis as words of a command line, files with their whole paths.
fn fact_words(facts: &FactArgs, drivers: &[PathBuf]) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            let mut word = OsString::from(format!("--{name}="));
            word.push(value);
            words.push(word);
        }
    };
    add("tz", facts.tz.as_ref().map(|(_, typed)| typed.into()));
    let order = facts.date_order.and_then(|order| order.to_possible_value());
    add("date-order", order.map(|value| value.get_name().into()));
    add("os", facts.os.as_ref().map(|(_, typed)| typed.into()));
    add("arch", facts.arch.map(|arch| arch.name().into()));
    add("ram", facts.ram.map(|bytes| bytes.to_string().into()));
    add(
        "npp-limit",
        facts.npp_limit.map(|bytes| bytes.to_string().into()),
    );
    for path in &facts.pooltag {
        add("pooltag", Some(path.into()));
    }
    for path in &facts.rules {
        add("rules", Some(path.into()));
    }
    for path in drivers {
        add("drivers", Some(path.into()));
    }
    words
}

fn worker_words(args: &BatchArgs, cache: Option<&Path>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["batch-worker".into()];
    words.extend(fact_words(&args.facts, &args.drivers));
    words.push(format!("--max-bytes={}", args.caps.max_bytes).into());
    words.push(format!("--max-entries={}", args.caps.max_entries).into());
    if let Some(cache) = cache {
        let mut word = OsString::from("--cache=");
        word.push(cache);
        words.push(word);
    }
    words
}

/// The command that analyses a case alone, as a shell takes it.
fn reproduce(paths: &[PathBuf], args: &BatchArgs) -> String {
    let mut words = vec!["poolsleuth".to_owned(), "analyze".to_owned()];
    words.extend(paths.iter().map(|path| quoted(&path.to_string_lossy())));
    let options = fact_words(&args.facts, &args.drivers);
    words.extend(options.iter().map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The user's cache folder, by the conventions of the XDG Base Directory Specification.
fn user_cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
    Some(base.join("poolsleuth"))
}

fn prune(cache: Option<&Path>) -> Result<Exit, Failure> {
    let Some(folder) = cache else {
        return Err(Failure::Value(
            "there is no cache: name its folder with --cache".into(),
        ));
    };
    let fail = |why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    };
    let Pruned { removed, kept } = Cache::prune(folder).map_err(fail)?;
    let _ = writeln!(
        io::stderr(),
        "poolsleuth: {}: {} removed, {} kept",
        folder.display(),
        match removed {
            1 => "1 entry".to_owned(),
            many => format!("{} entries", count(many)),
        },
        count(kept)
    );
    Ok(Exit::Done)
}

pub(super) fn merge(args: &MergeArgs, common: &Common) -> Result<Exit, Failure> {
    let since = args.since.as_deref().map(earlier).transpose()?;
    let store = Store::open(&args.output).map_err(store_failure)?;
    let merged = merge::merge(&args.folders, &store, since.as_deref())
        .map_err(|error| Failure::Nothing(error.to_string()))?;
    store.close().map_err(|why| Failure::Write {
        path: Some(args.output.clone()),
        why,
    })?;
    if !common.quiet {
        let _ = writeln!(
            io::stderr(),
            "poolsleuth: {} from {}, {} failed",
            counted(merged.cases, "case"),
            counted(args.folders.len() as u64, "folder"),
            count(merged.failed)
        );
    }
    Ok(ending(false, merged.failed))
}

/// One worker: jobs on stdin, answers on stdout.
pub(super) fn worker(args: &WorkerArgs) -> Result<Exit, Failure> {
    fence(args.worker_memory);
    let options = analyze::options_with(&args.facts, &args.drivers)?;
    let limits = limits(&args.caps);
    let password = match args.password_on_stdin {
        true => Some(
            batch_worker::password(&mut io::stdin().lock()).map_err(|why| Failure::Given {
                path: "stdin".into(),
                why,
            })?,
        ),
        false => None,
    };
    let mut more_images = Vec::new();
    for folder in &args.drivers {
        more_images.push(Bundle::open_with(
            std::slice::from_ref(folder),
            &Limits::default(),
            password.as_ref(),
        )?);
    }
    let memory: Box<dyn ImageMemory> = match &args.cache {
        // Without its cache the work takes longer and comes to the same.
        Some(folder) => match Cache::open(folder) {
            Ok(cache) => Box::new(cache),
            Err(why) => {
                let place = safe(&folder.to_string_lossy());
                let _ = writeln!(io::stderr(), "poolsleuth: cache {place} not used: {why}");
                Box::new(NoMemory)
            }
        },
        None => Box::new(NoMemory),
    };
    let bench = Bench {
        limits,
        password,
        options,
        more_images,
        memory,
    };
    // Inside the pool: from outside each step in parallel would wait for another thread to wake.
    rayon::scope(|_| batch_worker::serve(&bench, &mut io::stdin().lock(), &mut io::stdout()))
        .map_err(|why| Failure::Write { path: None, why })?;
    Ok(Exit::Done)
}

fn limits(caps: &CapArgs) -> Limits {
    Limits {
        entries: caps.max_entries,
        total_bytes: caps.max_bytes,
        ..Limits::default()
    }
}

/// A worker must not outlive its parent nor take more than its share of memory. Where the
/// system has no such fences, the time limit is what remains.
fn fence(memory: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, Signal};
        let limit = Rlimit {
            current: Some(memory),
            maximum: Some(memory),
        };
        let _ = rustix::process::setrlimit(Resource::Data, limit);
        let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}
