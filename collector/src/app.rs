//! What each command does, and the exit status.

use crate::args::{self, Command, Options, Schedule};
use crate::filetime::FileTime;
use crate::gather::{gather, Failure};
use crate::host::{Host, Stop};
use crate::query::Buffer;
use crate::snapshot::Taker;
use crate::work::Work;
use crate::{digest, pack, session, NAME, VERSION};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is done.
    Complete = 0,
    /// A bundle was written (or a snapshot taken), but something failed.
    SomeFailed = 1,
    /// No bundle could be written.
    NoBundle = 2,
    /// Stopped early; the bundle is valid.
    Stopped = 3,
    /// Another instance is running.
    Running = 4,
    /// Not an administrator, and `--require-admin` was given.
    NotElevated = 5,
    /// The arguments cannot be understood (BSD's EX_USAGE).
    Usage = 64,
}

/// Bytes that stay free on the volume of the bundle, whatever its size.
const LEAST_FREE: u64 = 2 << 30;
/// Percent of the volume that stay free.
const LEAST_FREE_PERCENT: u64 = 5;

/// What the manifest states of the run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was asked for.
    pub options: Options,
    /// The arguments.
    pub command_line: Vec<String>,
    /// When the program was started.
    pub started: FileTime,
    /// Seconds between snapshots; nothing where another program takes them.
    pub interval: Option<u64>,
    /// Ended by Ctrl-C.
    pub stopped: bool,
    /// Snapshots reached their limit.
    pub pool_full: bool,
    /// Digest of the program.
    pub exe_sha256: Option<[u8; 32]>,
}

/// Prints a line; who closed the output gets none.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{NAME}: {text}");
}

/// Does what the arguments say.
pub fn main(host: &dyn Host, arguments: &[String]) -> Exit {
    let (command, options) = match args::parse(arguments) {
        Ok(parsed) => parsed,
        Err(usage) => {
            complain(&usage.to_string());
            return Exit::Usage;
        }
    };
    match command {
        Command::Help => {
            say(args::HELP.trim_end());
            return Exit::Complete;
        }
        Command::Version => {
            say(&format!("{NAME} {VERSION}"));
            return Exit::Complete;
        }
        _ => {}
    }
    if host.emulated() {
        complain("this program is for 64-bit Windows");
        return Exit::NoBundle;
    }
    let elevated = host.facts().elevated;
    if !elevated {
        complain("not run as administrator: HTTPERR logs can hardly be read");
        if options.require_admin {
            return Exit::NotElevated;
        }
    }
    if command == Command::Plan {
        return plan(host, &options);
    }
    if !host.claim() {
        complain("another instance is running on this machine");
        return Exit::Running;
    }
    if !host.set_priority(options.priority) {
        complain("the priority could not be set");
    }
    let run = Run {
        command_line: arguments.to_vec(),
        started: host.now(),
        interval: None,
        stopped: false,
        pool_full: false,
        exe_sha256: exe_digest(),
        options,
    };
    let done = match command {
        Command::Run(schedule) => collect(host, run, schedule),
        Command::Snap => snap(host, &run),
        _ => pack_only(host, run),
    };
    done.unwrap_or_else(|problem| {
        complain(&problem);
        Exit::NoBundle
    })
}

fn exe_digest() -> Option<[u8; 32]> {
    let path = std::env::current_exe().ok()?;
    Some(pack::digest_of(&path).ok()?.0)
}

fn work_folder(options: &Options) -> PathBuf {
    PathBuf::from(
        options
            .work
            .clone()
            .unwrap_or_else(|| format!("{NAME}.work")),
    )
}

fn open_work(options: &Options) -> Result<Work, String> {
    let folder = work_folder(options);
    let failed = |e| {
        format!(
            "cannot use the folder {}: {e}; choose another with --work",
            folder.display()
        )
    };
    Work::open(&folder, options.quiet).map_err(failed)
}

/// Refuses to fill a volume.
fn check_room(host: &dyn Host, path: &Path) -> Result<(), String> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let space = match host.space(folder) {
        Some(space) => space,
        None => return Ok(()),
    };
    let least = LEAST_FREE.max(space.total / 100 * LEAST_FREE_PERCENT);
    if space.free >= least {
        return Ok(());
    }
    Err(format!(
        "only {} MiB are free where the bundle would go ({}), {} must be; choose another place with --out",
        space.free >> 20,
        folder.display(),
        least >> 20
    ))
}

fn destination(host: &dyn Host, options: &Options) -> Result<PathBuf, String> {
    let path = pack::destination(options.out.as_deref(), &host.facts().name, host.now());
    if path.exists() {
        return Err(format!(
            "{} exists already; choose another name with --out",
            path.display()
        ));
    }
    check_room(host, &path)?;
    Ok(path)
}

fn collect(host: &dyn Host, mut run: Run, schedule: Schedule) -> Result<Exit, String> {
    // A place for the bundle is looked for before the work, not after it.
    destination(host, &run.options)?;
    let mut work = open_work(&run.options)?;
    if work.scan.last_seq > 0 {
        let text = format!(
            "going on after snapshot {} in {}",
            work.scan.last_seq,
            work.folder().display()
        );
        work.log(host.now(), &text);
    }
    work.log(
        host.now(),
        &format!(
            "{NAME} {VERSION}: {} snapshots, one every {} s",
            schedule.count, schedule.every
        ),
    );
    let ended = session::run(host, &mut work, schedule, run.options.processes);
    let ended = ended.map_err(|e| format!("a snapshot could not be written: {e}"))?;
    if ended.stopped == Some(Stop::Shutdown) {
        let folder = work.folder().display();
        return Err(format!("Windows is shutting down: the snapshots are in {folder}; pack them later with `pack --work`"));
    }
    run.interval = Some(ended.interval);
    run.stopped = ended.stopped.is_some();
    run.pool_full = ended.pool_full;
    let exit = finish(host, &mut work, &run)?;
    work.remove();
    Ok(exit)
}

fn pack_only(host: &dyn Host, run: Run) -> Result<Exit, String> {
    let folder = work_folder(&run.options);
    if !folder.join("pool").is_dir() {
        return Err(format!(
            "{} is no folder of a run: it has no folder `pool`",
            folder.display()
        ));
    }
    let mut work = open_work(&run.options)?;
    let exit = finish(host, &mut work, &run)?;
    if !run.options.quiet {
        say(&format!(
            "The folder {} is kept; delete it when the run is over.",
            folder.display()
        ));
    }
    Ok(exit)
}

fn finish(host: &dyn Host, work: &mut Work, run: &Run) -> Result<Exit, String> {
    let kept = |problem: String, work: &Work| {
        let folder = work.folder().display();
        format!(
            "{problem}\nThe snapshots are in {folder}; pack them later with `pack --work {folder}`"
        )
    };
    let path = destination(host, &run.options).map_err(|p| kept(p, work))?;
    work.log(host.now(), "packing");
    let bundle = pack::pack(host, work, run, &path);
    let bundle = bundle.map_err(|e| kept(format!("the bundle could not be written: {e}"), work))?;
    for failure in bundle.failures.iter().filter(|_| run.options.quiet) {
        complain(&failure.sentence());
    }
    say(&format!(
        "Bundle:  {} ({} files, {} KiB)",
        bundle.path.display(),
        bundle.files,
        bundle.size >> 10
    ));
    say(&format!("SHA-256: {}", digest::hex(&bundle.sha256)));
    if !bundle.failures.is_empty() {
        say(&format!(
            "{} items failed; they are listed in manifest.json",
            bundle.failures.len()
        ));
    }
    Ok(match (run.stopped, bundle.failures.is_empty()) {
        (true, _) => Exit::Stopped,
        (false, false) => Exit::SomeFailed,
        (false, true) => Exit::Complete,
    })
}

fn snap(host: &dyn Host, run: &Run) -> Result<Exit, String> {
    check_room(host, &work_folder(&run.options).join("x"))?;
    let mut work = open_work(&run.options)?;
    let failed = |e| format!("the snapshot could not be written: {e}");
    if work.pool_bytes() >= crate::gather::MOST_POOL {
        return Err(
            "the snapshots in this folder have reached their limit of size: pack them".into(),
        );
    }
    let taken = Taker::default()
        .take(host, &mut work, run.options.processes)
        .map_err(failed)?;
    let text = format!(
        "snapshot {}: {} rows, status 0x{:08X}",
        taken.seq, taken.rows, taken.status
    );
    work.log(host.now(), &text);
    Ok(if taken.status == 0 {
        Exit::Complete
    } else {
        Exit::SomeFailed
    })
}

/// Lists what would be taken.
fn plan(host: &dyn Host, options: &Options) -> Exit {
    let gathered = gather(host, options, None, &mut Buffer::default());
    let mut total = 0;
    for item in &gathered.items {
        total += item.size;
        say(&format!(
            "{:>12}  {:<14} {}",
            item.size,
            item.role.name(),
            item.source
        ));
    }
    for skipped in &gathered.skipped {
        let size = skipped
            .size
            .map_or_else(|| "?".to_owned(), |n| n.to_string());
        say(&format!(
            "{size:>12}  not taken      {} ({})",
            skipped.source, skipped.why
        ));
    }
    for failure in &gathered.failures {
        complain(&Failure::sentence(failure));
    }
    say(&format!(
        "{} files, {} KiB before packing, and the snapshots.",
        gathered.items.len(),
        total >> 10
    ));
    if options.drivers {
        say("Also catalogs that sign these drivers: they are found while packing.");
    }
    say("Registry values, lists of modules, driver services and minifilters are written to system/.");
    if gathered.failures.is_empty() {
        Exit::Complete
    } else {
        Exit::SomeFailed
    }
}

#[cfg(test)]
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

#[cfg(test)]
impl Run {
    /// A run for tests of what comes after it.
    pub(crate) fn of_test() -> Run {
        Run {
            options: Options {
                quiet: true,
                ..Options::default()
            },
            command_line: vec!["run".into()],
            started: FileTime(134_398_262_400_000_000),
            interval: Some(60),
            stopped: false,
            pool_full: false,
            exe_sha256: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{class, Space};
    use crate::testing::{module_table, pool_table, unzip, FakeHost};
    use std::fs;

    fn host() -> FakeHost {
        let host = FakeHost::default();
        host.answer(
            class::POOL_TAGS,
            pool_table(&[(*b"Leak", (0, 0, 0), (9, 1, 4096))]),
        );
        host.answer(
            class::PROCESSES,
            crate::testing::process_chain(0, &[("a.exe", 4, 5)]),
        );
        host.answer(class::MODULES, module_table(&[]));
        host.write("C:\\Windows\\System32\\drivers\\x.txt", b"");
        host.write(
            "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log",
            b"",
        );
        host
    }

    fn call(host: &FakeHost, line: &str) -> Exit {
        let work = host.folder("").join("work");
        let out = host.folder("out");
        let words = line.split_whitespace().map(|word| match word {
            "WORK" => work.display().to_string(),
            "OUT" => format!("{}/", out.display()),
            word => word.to_owned(),
        });
        main(host, &words.collect::<Vec<_>>())
    }

    fn bundles(host: &FakeHost) -> Vec<PathBuf> {
        let entries = fs::read_dir(host.folder("out"))
            .unwrap()
            .flatten()
            .map(|e| e.path());
        entries
            .filter(|p| p.extension().map_or(false, |e| e == "zip"))
            .collect()
    }

    #[test]
    fn a_run_ends_with_one_bundle_and_nothing_else() {
        let host = host();
        assert_eq!(
            call(&host, "run --count 3 --work WORK --out OUT --quiet"),
            Exit::Complete
        );
        let found = bundles(&host);
        let entries = unzip(&fs::read(&found[0]).unwrap());
        let pool = String::from_utf8(entries["pool/poolmon.txt"].clone()).unwrap();
        assert_eq!((found.len(), pool.matches("# end seq=").count()), (1, 3));
        assert!(!host.folder("").join("work").exists());
    }

    #[test]
    fn ctrl_c_gives_a_valid_bundle_and_shutdown_none() {
        let host = host();
        host.stop_after.set(Some((1, Stop::Asked)));
        assert_eq!(
            call(&host, "run --work WORK --out OUT --quiet"),
            Exit::Stopped
        );
        let entries = unzip(&fs::read(&bundles(&host)[0]).unwrap());
        let manifest = String::from_utf8(entries["manifest.json"].clone()).unwrap();
        assert!(manifest.contains("\"stopped_early\": true"), "{manifest}");
        let host = self::host();
        host.stop_after.set(Some((1, Stop::Shutdown)));
        assert_eq!(
            call(&host, "run --work WORK --out OUT --quiet"),
            Exit::NoBundle
        );
        assert!(bundles(&host).is_empty());
        assert_eq!(
            call(&host, "pack --work WORK --out OUT --quiet"),
            Exit::Complete
        );
        assert_eq!(bundles(&host).len(), 1);
    }

    #[test]
    fn snapshots_of_a_scheduled_task_are_packed_later() {
        let host = host();
        for _ in 0..3 {
            assert_eq!(call(&host, "snap --work WORK --quiet"), Exit::Complete);
        }
        assert_eq!(
            call(&host, "pack --work WORK --out OUT --quiet"),
            Exit::Complete
        );
        assert!(host.folder("").join("work/pool/poolmon.txt").exists());
        host.fail(class::POOL_TAGS, 0xc000_009a);
        assert_eq!(call(&host, "snap --work WORK --quiet"), Exit::SomeFailed);
        host.set_now(FileTime(host.now().0 + 20_000_000));
        assert_eq!(
            call(&host, "pack --work WORK --out OUT --quiet"),
            Exit::SomeFailed
        );
        assert_eq!(bundles(&host).len(), 2);
        assert_eq!(call(&host, "pack --work nowhere"), Exit::NoBundle);
    }

    #[test]
    fn a_plan_writes_nothing() {
        let host = host();
        assert_eq!(call(&host, "plan"), Exit::Complete);
        assert!(is_empty(&host.folder("out")) && !host.folder("").join("work").exists());
    }

    #[test]
    fn what_must_not_run_does_not() {
        let host = host();
        let run = "run --count 1 --work WORK --out OUT --quiet";
        host.space.set(Some(Space {
            free: 3 << 30,
            total: 100 << 30,
        }));
        assert_eq!(
            call(&host, run),
            Exit::NoBundle,
            "5 % of the volume must stay free"
        );
        host.space.set(Some(Space {
            free: 1 << 30,
            total: 10 << 30,
        }));
        assert_eq!(call(&host, run), Exit::NoBundle, "2 GiB must stay free");
        host.space.set(None);
        host.other_instance.set(true);
        assert_eq!(call(&host, run), Exit::Running);
        host.elevated.set(false);
        assert_eq!(
            call(&host, &format!("{run} --require-admin")),
            Exit::NotElevated
        );
        host.emulated.set(true);
        assert_eq!(call(&host, run), Exit::NoBundle);
        assert_eq!(call(&host, "run --speed"), Exit::Usage);
        assert_eq!(call(&host, "--help"), Exit::Complete);
        assert!(is_empty(&host.folder("out")));
    }
}
