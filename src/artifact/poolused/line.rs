//! What one line of a debugger's log is, taken alone.

use std::borrow::Cow;

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Marks of the debugger's markup language, as some copies keep them.
const MARKUP: [&str; 10] = [
    "<exec", "</exec", "<link", "</link", "<col", "</col", "<b>", "</b>", "<u>", "</u>",
];

/// A line that is not of a table and states no size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A prompt, and the command behind it.
    Command(Command),
    /// `Loading Dump File […]`, or a banner: another target follows.
    NewTarget,
    /// `Debug session time:`, with the instant where it could be read.
    SessionTime(Option<DateTime<Utc>>, String),
    /// `System Uptime:`.
    Uptime(Duration),
    /// `Pool Used:`.
    PoolUsed,
    /// `...`: rows were cut by hand.
    Ellipsis,
}

/// A command as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    PoolUsed {
        session: bool,
        pattern: Option<String>,
    },
    Vm,
    Other,
}

/// The line without the marks of quoted mail and of markup.
pub(super) fn undressed(line: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(line);
    if MARKUP.iter().any(|mark| text.contains(mark)) {
        text = Cow::Owned(without_markup(&text));
    }
    let quoted = text.trim_start().starts_with('>');
    if quoted {
        let depth = text
            .find(|c: char| c != '>' && c != ' ')
            .unwrap_or(text.len());
        let last = text.get(..depth).and_then(|head| head.rfind('>'));
        if let Some(last) = last {
            text = Cow::Owned(text.get(last + 1..).unwrap_or_default().to_owned());
        }
    }
    text
}

fn without_markup(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        kept.push_str(before);
        let marked = MARKUP.iter().any(|mark| from.starts_with(mark));
        rest = match from.find('>').filter(|_| marked) {
            Some(end) => from.get(end + 1..).unwrap_or_default(),
            None => {
                kept.push('<');
                from.get(1..).unwrap_or_default()
            }
        };
    }
    kept.push_str(rest);
    for (entity, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ] {
        kept = kept.replace(entity, sign);
    }
    kept
}

/// Reads a line of the session; `None` for everything else.
pub(super) fn mark(line: &str) -> Option<Mark> {
    let text = line.trim();
    if let Some(command) = prompt(text) {
        return Some(Mark::Command(command_of(command)));
    }
    if text.starts_with("!poolused") || text == "!vm" || text.starts_with("!vm ") {
        return Some(Mark::Command(command_of(text)));
    }
    if text.starts_with("Loading Dump File [") || text.starts_with("Microsoft (R) Windows Debugger")
    {
        return Some(Mark::NewTarget);
    }
    if let Some(rest) = text.strip_prefix("Debug session time:") {
        let words = rest.trim().to_owned();
        return Some(Mark::SessionTime(session_time(&words), words));
    }
    if let Some(rest) = text.strip_prefix("System Uptime:") {
        return uptime(rest.trim()).map(Mark::Uptime);
    }
    match text {
        "Pool Used:" => Some(Mark::PoolUsed),
        "..." | "…" => Some(Mark::Ellipsis),
        _ => None,
    }
}

/// What stands behind `kd> `, `0: kd> `, `lkd> `.
fn prompt(text: &str) -> Option<&str> {
    let (before, command) = text.split_once("kd>")?;
    let before = before.strip_suffix('l').unwrap_or(before).trim_end();
    let processor = before.strip_suffix(':').unwrap_or(before);
    let sane = before.is_empty()
        || before.ends_with(':')
            && processor.len() <= 4
            && processor.bytes().all(|b| b.is_ascii_digit());
    sane.then(|| command.trim())
}

fn command_of(text: &str) -> Command {
    let mut words = text.split([' ', ';', '\t']).filter(|w| !w.is_empty());
    match words.next() {
        Some("!poolused" | "!kdexts.poolused") => {
            let mut session = false;
            let mut pattern = None;
            for word in words {
                match u32::from_str_radix(word.trim_start_matches("0x"), 16) {
                    // Four letters may be a number as well (`beef`): flags have one digit or two.
                    Ok(flags) if word.trim_start_matches("0x").len() <= 2 => {
                        session |= flags & 8 != 0
                    }
                    _ => pattern = Some(word.trim_matches('"').to_owned()),
                }
            }
            Command::PoolUsed { session, pattern }
        }
        Some("!vm" | "!kdexts.vm") => Command::Vm,
        _ => Command::Other,
    }
}

/// `Fri Mar 14 10:01:02.123 2014 (UTC + 1:00)`; also `(GMT-7)` of old debuggers.
fn session_time(words: &str) -> Option<DateTime<Utc>> {
    let (clock, zone) = words.split_once('(')?;
    let local = local_time(clock)?;
    let offset = offset(zone.split_once(')')?.0)?;
    Some((local.checked_sub_signed(offset)?).and_utc())
}

/// Weekday, month, day, time, year, as C's `ctime` orders them.
fn local_time(words: &str) -> Option<NaiveDateTime> {
    let mut words = words.split_whitespace();
    let (_, month, day) = (words.next()?, words.next()?, words.next()?);
    let (time, year) = (words.next()?, words.next()?);
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS
        .iter()
        .zip(1u32..)
        .find(|(name, _)| **name == month)?
        .1;
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.parse().ok()?)?;
    Some(date.and_time(clock_time(time)?))
}

/// `10:01:02.123`.
fn clock_time(text: &str) -> Option<NaiveTime> {
    let (hours, minutes, seconds, millis) = clock_fields(text)?;
    let (hours, minutes) = (u32::try_from(hours).ok()?, u32::try_from(minutes).ok()?);
    NaiveTime::from_hms_milli_opt(
        hours,
        minutes,
        u32::try_from(seconds).ok()?,
        u32::try_from(millis).ok()?,
    )
}

fn clock_fields(text: &str) -> Option<(i64, i64, i64, i64)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut fields = clock.split(':');
    let mut field = || -> Option<i64> {
        let digits = fields.next()?;
        (digits.len() <= 6 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())?
    };
    let (hours, minutes, seconds) = (field()?, field()?, field()?);
    let sane = fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
    let millis = sane.then(|| format!("{fraction:0<3}").get(..3)?.parse().ok())??;
    Some((hours, minutes, seconds, millis))
}

/// `UTC + 1:00`, `UTC - 7:00`, `UTC`, `GMT-7`: how far the clock is before UTC.
fn offset(words: &str) -> Option<Duration> {
    let rest = words.trim();
    let rest = rest
        .strip_prefix("UTC")
        .or_else(|| rest.strip_prefix("GMT"))?;
    let packed: String = rest.split_whitespace().collect();
    if packed.is_empty() {
        return Some(Duration::zero());
    }
    let (sign, digits) = match packed.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let number = |text: &str| {
        let sane = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        sane.then(|| text.parse::<i64>().ok())?
    };
    let total = number(hours)? * 60 + number(minutes)?;
    (total <= 14 * 60).then(|| Duration::minutes(sign * total))
}

/// `3 days 4:05:06.789`; days may be missing.
fn uptime(words: &str) -> Option<Duration> {
    let (days, clock) = match words.split_once(" day") {
        Some((days, rest)) => (
            days.trim().parse::<i64>().ok()?,
            rest.trim_start_matches('s').trim(),
        ),
        None => (0, words),
    };
    let (hours, minutes, seconds, millis) = clock_fields(clock)?;
    if !(0..36_500).contains(&days) {
        return None;
    }
    Some(
        Duration::days(days)
            + Duration::hours(hours)
            + Duration::minutes(minutes)
            + Duration::seconds(seconds)
            + Duration::milliseconds(millis),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_of_sessions() {
        let of = |words| session_time(words).map(|at| at.to_rfc3339());
        assert_eq!(
            of("Fri Mar 14 10:01:02.123 2014 (UTC + 1:00)").as_deref(),
            Some("2014-03-14T09:01:02.123+00:00")
        );
        assert_eq!(
            of("Mon Aug  3 23:30:00.000 2009 (UTC - 7:00)").as_deref(),
            Some("2009-08-04T06:30:00+00:00")
        );
        assert_eq!(
            of("Thu Jan 01 00:00:00 2004 (GMT+5:30)").as_deref(),
            Some("2003-12-31T18:30:00+00:00")
        );
        for words in [
            "",
            "not available",
            "Fri Mar 14 10:01:02 2014",
            "Fri Xyz 14 1:1:1 2014 (UTC)",
        ] {
            assert_eq!(of(words), None, "{words}");
        }
    }

    #[test]
    fn uptimes() {
        assert_eq!(
            uptime("0 days 0:03:02.5"),
            Some(Duration::milliseconds(182_500))
        );
        assert_eq!(uptime("1 day 1:00:00"), Some(Duration::hours(25)));
        assert_eq!(uptime("not available"), None);
    }

    #[test]
    fn commands_and_their_arguments() {
        let of = |line| match mark(line) {
            Some(Mark::Command(command)) => command,
            other => panic!("{line}: {other:?}"),
        };
        let plain = Command::PoolUsed {
            session: false,
            pattern: None,
        };
        assert_eq!(of("0: kd> !poolused"), plain);
        assert_eq!(of("    lkd> !poolused 2 "), plain);
        assert_eq!(
            of("kd> !poolused 0xa Even"),
            Command::PoolUsed {
                session: true,
                pattern: Some("Even".into())
            }
        );
        assert_eq!(of("12: kd> !vm 1"), Command::Vm);
        assert_eq!(of("kd> "), Command::Other);
        assert_eq!(mark("say kd> and see"), None);
    }

    #[test]
    fn markup_and_quotes_come_off() {
        assert_eq!(undressed("> > 0: kd> !vm"), " 0: kd> !vm");
        assert_eq!(
            undressed("<exec cmd=\"!vm\">!vm</exec> a &lt;b&gt;"),
            "!vm a <b>"
        );
        assert_eq!(undressed(" a<b  1"), " a<b  1");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(line in "\\PC{0,80}") {
            let _ = mark(&undressed(&line));
            let _ = (session_time(&line), uptime(&line));
        }
    }
}
