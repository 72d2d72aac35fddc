//! `batch`, `merge`, and the worker processes: words become settings, the library does the work.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Common;
use super::batch_args::{BatchArgs, MergeArgs, WorkerArgs};
use super::batch_end::{self, End};
use super::batch_words::{fingerprint, reproduce, worker_words};
use super::exit::{Exit, Failure};
use super::output::safe;
use super::{analyze, batch_progress, password};
use crate::batch::cache::{Cache, Pruned};
use crate::batch::crew::WorkerCommand;
use crate::batch::inputs::{Between, ListError};
use crate::batch::merge::{MergeError, Parts};
use crate::batch::patience::{Feed, unless_stopped};
use crate::batch::publish::{Results, publish};
use crate::batch::run::Settings;
use crate::batch::schedule::LEAST_MEMORY;
use crate::batch::shelf::{self, Shelf};
use crate::batch::store::{Store, StoreError};
use crate::batch::stream::{self, StreamError};
use crate::batch::watch::{Stage, Watch};
use crate::batch::worker::Bench;
use crate::batch::{run as batch_run, worker as batch_worker};
use crate::bundle::{Bundle, Limits};
use crate::case::{ImageMemory, NoMemory};
use crate::report::wording::{count, size_u};

const NO_CASE: &str = "no case found: a case is an archive, or a folder with HTTPERR logs, poolmon text, driver images or systeminfo output (--as-given takes each path for one)";

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
    if args.max_memory < LEAST_MEMORY {
        return Err(Failure::Value(format!(
            "--max-memory {} is too little: a batch needs {} at least",
            size_u(args.max_memory),
            size_u(LEAST_MEMORY)
        )));
    }
    let fingerprint = fingerprint(args)?;
    let (cache, unusable) = usable(cache);
    let reproduce = |paths: &[PathBuf]| reproduce(paths, args, common);
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
    let end = End::listening(args.output.is_none(), common.quiet);
    let watch = batch_progress::of(common);
    if let Some(why) = unusable {
        watch.remark(&why);
    }
    match &args.output {
        Some(folder) => to_folder(args, folder, &settings, watch.as_ref(), &end, common),
        None => to_stdout(args, &settings, watch.as_ref(), &end),
    }
}

/// The cache if it can be used, and otherwise why not. Each worker would find out the same, and
/// nobody would hear it.
fn usable(folder: Option<PathBuf>) -> (Option<PathBuf>, Option<String>) {
    let opened = folder.as_deref().map(Cache::open);
    match (folder, opened) {
        (Some(folder), Some(Err(why))) => {
            let place = folder.display();
            let text = format!("the cache in {place} is not used, which costs time only: {why}");
            (None, Some(text))
        }
        (folder, _) => (folder, None),
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
    end: &End,
    common: &Common,
) -> Result<Exit, Failure> {
    let since = args.since.as_deref().map(earlier).transpose()?;
    let store = Store::open(folder).map_err(store_failure)?;
    let fail = |why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    };
    watch.stage(Stage::Looking, 0, 0);
    let shelf = match looked(args, folder, &store, end) {
        Ok(Some(shelf)) => shelf,
        Ok(None) => {
            store.close().map_err(fail)?;
            watch.over();
            end.tell_early(None);
            return Ok(Exit::Interrupted);
        }
        Err(failure) => {
            // Nothing was begun: a folder that is there only because of this says nothing.
            store.undo();
            watch.over();
            return Err(failure);
        }
    };
    let (summary, states) =
        batch_run::run(&shelf, &store, settings, watch, end.stop()).map_err(fail)?;
    if !summary.interrupted {
        let results = Results {
            states: &states,
            left_out: &shelf.left_out,
            since: since.as_deref(),
        };
        publish(&store, &results).map_err(fail)?;
        store.drop_list().map_err(fail)?;
    }
    store.close().map_err(fail)?;
    watch.over();
    if summary.interrupted {
        end.tell_early(Some(&summary));
    } else if !common.quiet {
        batch_end::tell(&summary, shelf.left_out.len(), folder);
    }
    Ok(ending(summary.interrupted, summary.failed))
}

/// The cases below the paths that were given; `None` if the wish to end came first.
fn looked(
    args: &BatchArgs,
    folder: &Path,
    store: &Store,
    end: &End,
) -> Result<Option<Shelf>, Failure> {
    let Some(paths) = listed(args, folder, store, end)? else {
        return Ok(None);
    };
    let as_given = args.as_given;
    let Some(shelf) = unless_stopped(end.stop(), move || shelf::find(&paths, as_given)) else {
        return Ok(None);
    };
    if shelf.cases.is_empty() {
        return Err(Failure::Nothing(NO_CASE.to_owned()));
    }
    match holder_of(&shelf, folder) {
        Some(case) => Err(Failure::Value(format!(
            "the results in {} would become part of the case {}: name a folder outside of it with -o",
            folder.display(),
            case.display()
        ))),
        None => Ok(Some(shelf)),
    }
}

/// The paths that were given; what came on stdin is kept in the folder.
fn listed(
    args: &BatchArgs,
    folder: &Path,
    store: &Store,
    end: &End,
) -> Result<Option<Vec<PathBuf>>, Failure> {
    let between = between(args);
    let reads_stdin = args.paths.iter().any(|path| path.as_os_str() == "-");
    if !reads_stdin {
        end.can_go_on(&args.paths, None);
    }
    let feed = Feed::begin(args.paths.clone(), between, stdin);
    let (mut paths, mut of_stdin) = (Vec::new(), Vec::new());
    let unread = |why: ListError| Failure::Nothing(why.to_string());
    while let Some(given) = feed.next(end.stop()).map_err(unread)? {
        if given.is_from_stdin {
            of_stdin.push(given.path.clone());
        }
        paths.push(given.path);
    }
    if end.stop().is_asked() {
        return Ok(None);
    }
    if reads_stdin {
        let kept = store.keep_list(&of_stdin, between);
        let list = kept.map_err(|why| Failure::Write {
            path: Some(folder.to_owned()),
            why,
        })?;
        end.can_go_on(&args.paths, Some(&list));
    }
    Ok(Some(paths))
}

fn stdin() -> io::BufReader<io::Stdin> {
    io::BufReader::new(io::stdin())
}

/// The case in whose folder the results would lie.
fn holder_of<'a>(shelf: &'a Shelf, folder: &Path) -> Option<&'a Path> {
    let results = folder.canonicalize().ok()?;
    let holds = |path: &&PathBuf| {
        path.canonicalize()
            .is_ok_and(|case| results.starts_with(case))
    };
    let paths = shelf.cases.iter().flat_map(|case| &case.paths);
    paths.into_iter().find(holds).map(PathBuf::as_path)
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

fn to_stdout(
    args: &BatchArgs,
    settings: &Settings<'_>,
    watch: &dyn Watch,
    end: &End,
) -> Result<Exit, Failure> {
    let feed = Feed::begin(args.paths.clone(), between(args), stdin);
    let streamed = stream::run(feed, &mut io::stdout(), settings, watch, end.stop()).map_err(
        |why| match why {
            StreamError::Paths(why) => Failure::Nothing(why.to_string()),
            StreamError::Records(why) => Failure::Records(why),
        },
    )?;
    watch.over();
    Ok(ending(streamed.interrupted, streamed.failed))
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
    let Pruned { removed, kept } = Cache::prune(folder).map_err(|why| {
        let why = format!(
            "{why}; if that is no passing trouble, remove it: the next batch makes a new one"
        );
        fail(io::Error::other(why))
    })?;
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
    let failed = |error: MergeError| Failure::Nothing(error.to_string());
    let since = args.since.as_deref().map(earlier).transpose()?;
    let parts = Parts::read(&args.folders).map_err(failed)?;
    let store = Store::open(&args.output).map_err(store_failure)?;
    let merged = match parts.write(&store, since.as_deref()) {
        Ok(merged) => merged,
        Err(error) => {
            store.undo();
            return Err(failed(error));
        }
    };
    store.close().map_err(|why| Failure::Write {
        path: Some(args.output.clone()),
        why,
    })?;
    if !common.quiet {
        batch_end::tell_merged(&merged, args.folders.len() as u64);
    }
    Ok(ending(false, merged.failed))
}

/// One worker: jobs on stdin, answers on stdout.
pub(super) fn worker(args: &WorkerArgs) -> Result<Exit, Failure> {
    fence(args.worker_memory);
    let mut options = analyze::options_with(&args.facts, &args.drivers)?;
    options.typed.extend(args.caps.unusual());
    let limits = args.caps.limits();
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
