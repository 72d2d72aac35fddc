//! What was typed, and what it means.

use std::fmt;

/// Seconds between snapshots at least: each one makes all processors stop for a moment.
pub const LEAST_EVERY: u64 = if cfg!(feature = "testhooks") { 1 } else { 10 };
/// Seconds between snapshots of a run of up to [`SHORT`].
const EVERY_SHORT: u64 = 60;
/// Seconds between snapshots of a longer run.
const EVERY_LONG: u64 = 300;
/// A run of at most this many seconds is short.
const SHORT: u64 = 3_600;
/// Snapshots where nothing is said: ten minutes.
const COUNT: u64 = 11;
/// Seconds after which a run that waits for refusals ends where nothing is said.
const WAIT: u64 = 24 * 3_600;
/// Snapshots at most: their numbers and the analyzer's series end there.
const MOST_COUNT: u64 = 60_000;

/// Explains the program.
pub const HELP: &str = "\
poolsleuth-collect: collects pool snapshots, HTTPERR logs and driver images into one zip.
Uploads nothing, changes no setting, loads no driver. Run it as administrator.

  poolsleuth-collect                    as `run --every 60 --count 11`: ten minutes
  poolsleuth-collect run [SCHEDULE]     snapshots, then the zip; goes on after a kill
  poolsleuth-collect snap --work DIR    appends one snapshot (for Task Scheduler)
  poolsleuth-collect pack --work DIR    the zip now, also of a run that was killed
  poolsleuth-collect plan               lists what would be taken; writes nothing

Schedule
  --every SECONDS           between snapshots, 10 or more [60; 300 for runs beyond an hour]
  --count N | --for TIME    how many snapshots, or for how long: 90s, 30m, 24h, 2d
  --until-connections-refused
                            end early, with a last snapshot, once http.sys logs a refusal
                            [--for 24h]
Where
  --work DIR                folder of the run [poolsleuth-collect.work]
  --out FILE|DIR            the zip [poolsleuth-collect_<HOST>_<UTC>.zip, here]
What
  --max-mb N                all that is taken [1024]
  --max-httperr-mb N        HTTPERR logs, newest first [256]
  --max-drivers-mb N        driver images and catalogs [512]
  --httperr-days N          only logs written in the last N days
  --no-drivers              no driver images, no catalogs
  --no-processes            no list of processes with their handles
How
  --priority idle|background|normal   [idle]
  --require-admin           end with 5 unless run as administrator
  --quiet                   print only what went wrong, and the bundle's name
  --help, --version

Exit status: 0 complete, 1 bundle written but something failed (it says what), 2 no bundle,
3 stopped by Ctrl-C, bundle valid, 4 already running, 5 not administrator, 64 wrong usage,
130 stopped by a second Ctrl-C.
";

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Snapshots, then the zip.
    Run(Schedule),
    /// One snapshot.
    Snap,
    /// The zip.
    Pack,
    /// Nothing but a list.
    Plan,
    /// The help.
    Help,
    /// The version.
    Version,
}

/// When snapshots are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Seconds between two.
    pub every: u64,
    /// How many.
    pub count: u64,
    /// End once http.sys logs a refusal.
    pub until_refused: bool,
}

/// How much the machine may be disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Only when nothing else wants the processor.
    Idle,
    /// Also little disk and memory.
    Background,
    /// As any program.
    Normal,
}

/// Everything else that was typed, with what holds where it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder of the run.
    pub work: Option<String>,
    /// The zip, or its folder.
    pub out: Option<String>,
    /// MiB of everything.
    pub max_mb: u64,
    /// MiB of logs.
    pub max_httperr_mb: u64,
    /// MiB of images and catalogs.
    pub max_drivers_mb: u64,
    /// Age of logs.
    pub httperr_days: Option<u64>,
    /// Take images.
    pub drivers: bool,
    /// Take processes.
    pub processes: bool,
    /// Priority of the process.
    pub priority: Priority,
    /// End unless elevated.
    pub require_admin: bool,
    /// Print little.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            work: None,
            out: None,
            max_mb: 1024,
            max_httperr_mb: 256,
            max_drivers_mb: 512,
            httperr_days: None,
            drivers: true,
            processes: true,
            priority: Priority::Idle,
            require_admin: false,
            quiet: false,
        }
    }
}

/// What cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Default)]
struct Typed {
    every: Option<u64>,
    count: Option<u64>,
    time: Option<u64>,
    until_refused: bool,
}

/// Reads the arguments, the program's name left out.
///
/// # Errors
/// What is wrong with them, as a sentence.
pub fn parse(args: &[String]) -> Result<(Command, Options), Usage> {
    let (word, rest) = match args.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (first.as_str(), rest),
        _ => ("run", args),
    };
    if rest
        .iter()
        .any(|a| matches!(a.as_str(), "--help" | "-h" | "/?"))
        || word == "help"
        || word == "/?"
    {
        return Ok((Command::Help, Options::default()));
    }
    if rest.iter().any(|a| a == "--version") {
        return Ok((Command::Version, Options::default()));
    }
    let (mut options, mut typed) = (Options::default(), Typed::default());
    let mut words = rest.iter();
    while let Some(flag) = words.next() {
        let (flag, inline) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (flag.as_str(), None),
        };
        let mut value = || {
            let value = inline.clone().or_else(|| words.next().cloned());
            value.ok_or_else(|| Usage(format!("{flag} needs a value; see --help")))
        };
        if !schedule_flag(flag, &mut value, &mut typed)?
            && !option_flag(flag, &mut value, &mut options)?
        {
            return Err(Usage(format!("{flag} is not known; see --help")));
        }
    }
    let command = match word {
        "run" => Command::Run(schedule(&typed)?),
        "snap" => Command::Snap,
        "pack" => Command::Pack,
        "plan" => Command::Plan,
        _ => {
            return Err(Usage(format!(
                "{word} is no command: run, snap, pack or plan"
            )))
        }
    };
    check(command, &typed, &options)?;
    Ok((command, options))
}

type Next<'a> = &'a mut dyn FnMut() -> Result<String, Usage>;

fn schedule_flag(flag: &str, value: Next<'_>, typed: &mut Typed) -> Result<bool, Usage> {
    match flag {
        "--every" => typed.every = Some(number(flag, &value()?, LEAST_EVERY)?),
        "--count" => typed.count = Some(number(flag, &value()?, 1)?.min(MOST_COUNT)),
        "--for" => typed.time = Some(duration(&value()?)?),
        "--until-connections-refused" => typed.until_refused = true,
        _ => return Ok(false),
    }
    Ok(true)
}

fn option_flag(flag: &str, value: Next<'_>, options: &mut Options) -> Result<bool, Usage> {
    match flag {
        "--work" => options.work = Some(value()?),
        "--out" => options.out = Some(value()?),
        "--max-mb" => options.max_mb = number(flag, &value()?, 1)?,
        "--max-httperr-mb" => options.max_httperr_mb = number(flag, &value()?, 0)?,
        "--max-drivers-mb" => options.max_drivers_mb = number(flag, &value()?, 0)?,
        "--httperr-days" => options.httperr_days = Some(number(flag, &value()?, 1)?),
        "--no-drivers" => options.drivers = false,
        "--no-processes" => options.processes = false,
        "--require-admin" => options.require_admin = true,
        "--quiet" => options.quiet = true,
        "--priority" => {
            options.priority = match value()?.as_str() {
                "idle" => Priority::Idle,
                "background" => Priority::Background,
                "normal" => Priority::Normal,
                other => {
                    let what = format!("--priority is idle, background or normal, not {other}");
                    return Err(Usage(what));
                }
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Zip's own limit is 4 GiB; no number of MiB beyond it means anything.
const MOST_MB: u64 = 3_500;

fn number(flag: &str, text: &str, least: u64) -> Result<u64, Usage> {
    let most = if flag.ends_with("-mb") {
        MOST_MB
    } else {
        31_536_000
    };
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Usage(format!(
            "{flag} is a whole number from {least} to {most}, not {text}"
        ))),
    }
}

fn duration(text: &str) -> Result<u64, Usage> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let found = units.iter().find_map(|&(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds)
    });
    let wrong = || {
        Usage(format!(
            "--for is a time of up to a year such as 90s, 30m, 24h or 2d, not {text}"
        ))
    };
    found
        .filter(|n| (1..=31_536_000).contains(n))
        .ok_or_else(wrong)
}

fn schedule(typed: &Typed) -> Result<Schedule, Usage> {
    if typed.count.is_some() && typed.time.is_some() {
        return Err(Usage(
            "--count and --for say the same; give one of them".into(),
        ));
    }
    let time = typed
        .time
        .or_else(|| (typed.until_refused && typed.count.is_none()).then_some(WAIT));
    let every = typed.every.unwrap_or(match time {
        Some(time) if time > SHORT => EVERY_LONG,
        _ => EVERY_SHORT,
    });
    let count = match (typed.count, time) {
        (Some(count), _) => count,
        (None, Some(time)) => (time / every + 1).min(MOST_COUNT),
        (None, None) => COUNT,
    };
    Ok(Schedule {
        every,
        count,
        until_refused: typed.until_refused,
    })
}

fn check(command: Command, typed: &Typed, options: &Options) -> Result<(), Usage> {
    let scheduled = typed.every.is_some()
        || typed.count.is_some()
        || typed.time.is_some()
        || typed.until_refused;
    if scheduled && !matches!(command, Command::Run(_)) {
        return Err(Usage("a schedule belongs to `run` only".into()));
    }
    if matches!(command, Command::Snap | Command::Pack) && options.work.is_none() {
        return Err(Usage("say where the run is: --work DIR".into()));
    }
    if options.out.is_some() && matches!(command, Command::Snap | Command::Plan) {
        return Err(Usage(
            "--out belongs to `run` and `pack`: nothing is packed here".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<(Command, Options), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words).map_err(|e| e.to_string())
    }

    fn schedule_of(line: &str) -> (u64, u64, bool) {
        match typed(line) {
            Ok((Command::Run(s), _)) => (s.every, s.count, s.until_refused),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn schedules() {
        assert_eq!(schedule_of(""), (60, 11, false));
        assert_eq!(schedule_of("run --for 24h"), (300, 289, false));
        assert_eq!(schedule_of("--for=30m"), (60, 31, false));
        assert_eq!(schedule_of("run --every 10 --for 90s"), (10, 10, false));
        assert_eq!(schedule_of("--until-connections-refused"), (300, 289, true));
        assert_eq!(
            schedule_of("run --until-connections-refused --count 5"),
            (60, 5, true)
        );
        assert_eq!(
            schedule_of("run --for 365d --every 10"),
            (10, 60_000, false)
        );
    }

    #[test]
    fn wrong_usage_says_what_and_what_is_right() {
        for (line, word) in [
            ("run --every 0", "--every is a whole number"),
            ("run --every x", "not x"),
            ("run --count", "needs a value"),
            ("run --count 3 --for 1h", "give one"),
            ("run --for 3w", "2d"),
            ("run --for 99999999999999999999h", "up to a year"),
            ("snap", "--work DIR"),
            ("snap --work d --every 20", "`run` only"),
            ("plan --out x", "nothing is packed"),
            ("fly", "no command"),
            ("run --colour", "not known"),
            ("run --max-mb 9999999", "3500"),
            ("run --priority high", "not high"),
        ] {
            let error = typed(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn options_are_kept() {
        let line = "pack --work w --out o --no-drivers --no-processes --quiet --priority normal \
                    --httperr-days 3 --max-mb 9 --max-httperr-mb 8 --max-drivers-mb 7 --require-admin";
        let expected = Options {
            work: Some("w".into()),
            out: Some("o".into()),
            max_mb: 9,
            max_httperr_mb: 8,
            max_drivers_mb: 7,
            httperr_days: Some(3),
            drivers: false,
            processes: false,
            priority: Priority::Normal,
            require_admin: true,
            quiet: true,
        };
        assert_eq!(typed(line), Ok((Command::Pack, expected)));
        assert_eq!(typed("--help").map(|t| t.0), Ok(Command::Help));
        assert_eq!(typed("snap --version").map(|t| t.0), Ok(Command::Version));
    }
}
