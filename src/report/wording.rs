//! How figures, times and the verdict's three answers are worded, the same in every rendering
//! for people. What comes out may hold text of the case: it is not escaped yet.

use super::model::{Attribution, Candidate, Driver, Refusals, Report};

/// What a field shows whose value is not known.
pub const UNKNOWN: &str = "?";

/// The steps of the confidence ladder, lowest first.
pub const CONFIDENCES: [&str; 4] = ["insufficient", "possible", "probable", "confirmed"];

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// Bytes to three digits: `13.1 MiB`. Exact figures are in the JSON.
///
/// ```
/// use poolsleuth::report::wording::size;
/// assert_eq!(size(268_435_456), "256 MiB");
/// assert_eq!(size(-1_610_612_736), "-1.50 GiB");
/// ```
pub fn size(bytes: i64) -> String {
    size_of(bytes as f64)
}

/// As [`size`], for slopes; not a number is [`UNKNOWN`].
pub fn size_of(bytes: f64) -> String {
    if !bytes.is_finite() {
        return UNKNOWN.to_owned();
    }
    let sign = if bytes <= -0.5 { "-" } else { "" };
    let mut value = bytes.abs();
    if value < 999.5 {
        return format!("{sign}{value:.0} B");
    }
    let mut unit = "B";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{sign}{value:.digits$} {unit}")
}

/// Bytes that cannot be negative.
pub fn size_u(bytes: u64) -> String {
    size_of(bytes as f64)
}

/// A count with its thousands apart: `1,204`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun in the number that goes with it; the plural adds an s.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// As [`counted`], the count as digits alone: for notes that scripts read too.
pub fn bare(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// A share as a whole percentage.
pub fn share(share: f64) -> String {
    match share.is_finite() {
        true => format!("{:.0}%", share * 100.0),
        false => UNKNOWN.to_owned(),
    }
}

/// Hours as a person says them.
pub fn hours(hours: f64) -> String {
    match hours {
        h if !h.is_finite() => UNKNOWN.to_owned(),
        h if h.abs() < 72.0 => format!("{h:.1} h"),
        h => format!("{:.0} days", h / 24.0),
    }
}

/// A stretch of hours: `36.2 to 37.6 h`.
pub fn hours_between(least: f64, most: f64) -> String {
    let (from, to) = (hours(least), hours(most));
    if from == to {
        return to;
    }
    match (from.rsplit_once(' '), to.rsplit_once(' ')) {
        (Some((value, unit)), Some((_, same))) if unit == same => format!("{value} to {to}"),
        _ => format!("{from} to {to}"),
    }
}

/// A ratio to three digits after the point, idle zeros left away: `2`, `1.333`.
pub fn ratio(ratio: f64) -> String {
    match ratio.is_finite() {
        true => {
            let digits = format!("{ratio:.3}");
            digits
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        false => UNKNOWN.to_owned(),
    }
}

/// Seconds as a person says them, without a sign.
pub fn seconds(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        s if s < 120 => format!("{s} s"),
        s if s < 2 * 3600 => format!("{} min", s / 60),
        s => hours(s as f64 / 3600.0),
    }
}

/// A time to the minute: `2026-03-01 10:05Z`. What is not RFC 3339 UTC is left as it is.
///
/// ```
/// use poolsleuth::report::wording::moment;
/// assert_eq!(moment("2026-03-01T10:05:33Z"), "2026-03-01 10:05Z");
/// ```
pub fn moment(time: &str) -> String {
    let (Some(day), Some(clock)) = (time.get(..10), time.get(11..16)) else {
        return time.to_owned();
    };
    let well_formed =
        |text: &str, sign: char| text.chars().all(|c| c.is_ascii_digit() || c == sign);
    let utc = time.ends_with('Z') && time.get(10..11) == Some("T");
    match utc && time.len() <= 30 && well_formed(day, '-') && well_formed(clock, ':') {
        true => format!("{day} {clock}Z"),
        false => time.to_owned(),
    }
}

/// A stretch of time, the day once if it is one day: `2026-03-01 10:05Z to 10:40Z`.
pub fn stretch(start: &str, end: &str) -> String {
    let (from, to) = (moment(start), moment(end));
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, _)), Some((same, clock))) if day == same && clock.len() == 6 => {
            format!("{from} to {clock}")
        }
        _ => format!("{from} to {to}"),
    }
}

/// A word of the JSON as prose: `steady_leak` as `steady leak`.
pub fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// How many connections were refused, a lower bound called one.
pub fn refused(refusals: &Refusals) -> String {
    let bound = if refusals.uncounted_rows > 0 {
        "at least "
    } else {
        ""
    };
    format!("{bound}{}", count(refusals.total))
}

/// What happened, in one clause.
pub fn what(report: &Report) -> String {
    let refusals = &report.refusals;
    let were = were(refusals.total);
    let connections = were.split(' ').next().unwrap_or(were);
    let refused = refused(refusals);
    let pool = words(report.verdict.pool.unwrap_or("nonpaged"));
    match report.verdict.outcome {
        "leak_explains_refusals" => {
            format!("A leak of {pool} pool explains {refused} refused {connections}")
        }
        "leak_without_refusals" if refusals.total > 0 => {
            format!("A leak of {pool} pool, not tied to the {refused} refused {connections}")
        }
        "leak_without_refusals" if refusals.logs <= refusals.unanalysable_logs => {
            format!("A leak of {pool} pool; no log of the case could show refused connections")
        }
        "leak_without_refusals" => {
            format!("A leak of {pool} pool; no connection was refused")
        }
        "refusals_without_pool_pressure" => {
            format!("{refused} {were} refused, but not for want of nonpaged pool")
        }
        "pool_pressure_without_leak" if report.verdict.tag.is_some() => {
            format!("The {pool} pool ran short: one tag holds most of it, not seen to leak")
        }
        "pool_pressure_without_leak" => {
            format!("The {pool} pool ran short, but no tag of it leaks")
        }
        "no_problem_found" => "No leak and no shortage of pool was found".to_owned(),
        "inconclusive" if refusals.total > 0 => {
            format!("Not known why {refused} {were} refused: the case shows too little")
        }
        "inconclusive" => "Not known: the case shows too little".to_owned(),
        other => words(other),
    }
}

fn were(n: u64) -> &'static str {
    match n {
        1 => "connection was",
        _ => "connections were",
    }
}

/// Who did it, in one clause. Names a driver only if the verdict does. `name` shapes the names
/// of tag and file, which may be of any length, so that neither hides what follows.
pub fn who(report: &Report, name: impl Fn(&str) -> String) -> String {
    let verdict = &report.verdict;
    match (&verdict.driver, &verdict.tag) {
        (driver, Some(tag)) if !verdict.also.is_empty() => {
            let driver = driver.as_ref().map(|d| d.file_name.as_str());
            let mut all = vec![allocator(driver, tag, &name)];
            let also = verdict.also.iter();
            all.extend(also.map(|a| allocator(a.driver.as_deref(), &a.tag, &name)));
            all.join(", ")
        }
        (Some(driver), tag) => {
            let tag = name(tag.as_deref().unwrap_or(UNKNOWN));
            let (file, proof) = (name(&driver.file_name), proof(report, driver));
            match origin(driver) {
                Some(origin) => format!("{file} allocates tag {tag}{proof}; {origin}"),
                None => format!("{file} allocates tag {tag}{proof}"),
            }
        }
        (None, Some(tag)) => match answer_for_verdict(report) {
            // The answer begins with the tag, which is not said twice.
            Some(found) => match found.answer.strip_prefix(&format!("`{tag}` ")) {
                Some(rest) => format!("no driver named: tag {} {rest}", name(tag)),
                None => format!("tag {}, no driver named: {}", name(tag), found.answer),
            },
            None => format!("tag {}, no driver named", name(tag)),
        },
        (None, None) => "no tag and no driver stands out".to_owned(),
    }
}

/// One of several that leak.
fn allocator(driver: Option<&str>, tag: &str, name: &impl Fn(&str) -> String) -> String {
    match driver {
        Some(driver) => format!("{} allocates tag {}", name(driver), name(tag)),
        None => format!("tag {}, no driver named", name(tag)),
    }
}

/// A driver with version and company, as far as its resource states them.
pub fn image(driver: &Driver) -> String {
    match origin(driver) {
        Some(origin) => format!("{} ({origin})", driver.file_name),
        None => driver.file_name.clone(),
    }
}

/// Version and company: `4.0.1.0, Contoso`.
pub fn origin(driver: &Driver) -> Option<String> {
    let stated = [&driver.version.file_version, &driver.version.company];
    let stated: Vec<&str> = stated.into_iter().flatten().map(String::as_str).collect();
    (!stated.is_empty()).then(|| stated.join(", "))
}

/// The attribution of the verdict's tag.
pub fn answer_for_verdict(report: &Report) -> Option<&Attribution> {
    let verdict = &report.verdict;
    let hex = verdict.tag_hex.as_deref()?;
    report
        .attribution
        .iter()
        .find(|a| a.tag_hex == hex && verdict.pool.is_none_or(|pool| pool == a.pool))
}

fn proof(report: &Report, driver: &Driver) -> String {
    let candidates = answer_for_verdict(report).map(|a| a.candidates.as_slice());
    candidates
        .unwrap_or_default()
        .iter()
        .find(|c| c.driver.sha256 == driver.sha256)
        .map(|c| format!(" ({})", grade(c)))
        .unwrap_or_default()
}

/// What shows that an image uses the tag: the grade in words.
pub fn grade(candidate: &Candidate) -> &'static str {
    match candidate.grade {
        "call_site" if candidate.role == Some("free") => "freeing call site",
        "call_site" => "call site",
        "name" => "its service's name",
        "operand" => "an operand of its code",
        "data" => "a place in its data",
        "text" => "text in it only",
        other => other,
    }
}

/// The order in which uses are counted.
const USES: [&str; 6] = [
    "used",
    "partly_used",
    "duplicate",
    "not_needed",
    "not_understood",
    "unreadable",
];

/// How many artifacts there are and what became of them.
pub fn coverage(report: &Report) -> String {
    let artifacts = &report.coverage.artifacts;
    let uses = USES.iter().filter_map(|word| {
        let n = artifacts.iter().filter(|a| a.used == *word).count();
        (n > 0).then(|| format!("{n} {}", words(word)))
    });
    let mut text = counted(artifacts.len() as u64, "artifact");
    let uses: Vec<String> = uses.collect();
    if !uses.is_empty() {
        text.push_str(&format!(": {}", uses.join(", ")));
    }
    let limits = report.coverage.limits_hit.len() as u64;
    if limits > 0 {
        text.push_str(&format!("; {} met", counted(limits, "limit")));
    }
    let notes =
        artifacts.iter().map(|a| a.notes.len()).sum::<usize>() + report.coverage.notes.len();
    if notes > 0 {
        text.push_str(&format!("; {}", counted(notes as u64, "note")));
    }
    text
}

/// How high a confidence stands on the ladder, from 1 to 4; 0 for a word that is not on it.
pub fn step(confidence: &str) -> usize {
    CONFIDENCES
        .iter()
        .position(|c| *c == confidence)
        .map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "0.98 KiB"),
            (10_240, "10.0 KiB"),
            (1_048_575, "1.00 MiB"),
            (1_022_000, "998 KiB"),
            (-5, "-5 B"),
            (i64::MAX, "8.00 EiB"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
        assert_eq!(size_of(f64::NAN), UNKNOWN);
        assert_eq!(size_of(-0.2), "0 B");
    }

    #[test]
    fn counts_and_times() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1200, "row"), "1,200 rows");
        assert_eq!(
            moment("next Tuesday, about noon"),
            "next Tuesday, about noon"
        );
        assert_eq!(
            moment("2026-03-01T10:05:33+02:00"),
            "2026-03-01T10:05:33+02:00"
        );
        assert_eq!(
            stretch("2026-03-01T10:05:33Z", "2026-03-01T11:00:00Z"),
            "2026-03-01 10:05Z to 11:00Z"
        );
        assert_eq!(
            stretch("2026-03-01T10:05:33Z", "2026-03-02T11:00:00Z"),
            "2026-03-01 10:05Z to 2026-03-02 11:00Z"
        );
        assert_eq!(seconds(-90), "90 s");
        assert_eq!(seconds(i64::MIN), "106751991167301 days");
        assert_eq!(hours(100.0), "4 days");
        assert_eq!(hours_between(1.0, 2.0), "1.0 to 2.0 h");
        assert_eq!(hours_between(1.0, 100.0), "1.0 h to 4 days");
        assert_eq!(ratio(2.0), "2");
        assert_eq!(ratio(4.0 / 3.0), "1.333");
        assert_eq!(ratio(10.0), "10");
    }
}
