//! The rows of figures that text and Markdown share. Nothing is escaped yet.

use super::super::{
    Comparison, Difference, DriverFacts, Pace, PoolFacts, RefusalFacts, Side, Source, Span,
    TagState, VerdictFacts,
};
use crate::report::wording::{self, count, counted, hours, size, size_u, words};

/// What a side shows that does not state a thing.
const NOT_STATED: &str = "not stated";

/// A figure of both sides.
pub(super) struct Row {
    pub label: &'static str,
    pub a: String,
    pub b: String,
}

/// All rows, in the order in which they are read.
pub(super) fn rows(comparison: &Comparison) -> Vec<Row> {
    let (a, b) = (&comparison.a, &comparison.b);
    let row = |label, figure: &dyn Fn(&Side) -> String| Row {
        label,
        a: figure(a),
        b: figure(b),
    };
    vec![
        row("Case", &case),
        row("Verdict", &|s| outcome(&s.verdict)),
        row("Tag", &|s| tag(&s.verdict)),
        row("Driver", &driver),
        row("Host", &|s| stated(s.host.as_deref())),
        row("System", &system),
        row("Memory", &memory),
        row("Limit", &limit),
        row("Zone", &|s| stated(s.zone.as_deref())),
        row("Pool", &|s| snapshots(&s.pool)),
        row("from to", &|s| span(s.pool.covered)),
        row("level", &|s| level(&s.pool)),
        row("growth/h", &|s| growth(s.pool.pace.as_ref())),
        row("Refused", &|s| refused(&s.refusals)),
        row("an hour", &|s| per_hour(&s.refusals)),
        row("logs", &|s| logs(&s.refusals)),
        row("from to", &|s| span(s.refusals.covered)),
    ]
}

fn stated(text: Option<&str>) -> String {
    text.unwrap_or(NOT_STATED).to_owned()
}

fn case(side: &Side) -> String {
    let kind = match side.source {
        Source::Report => "report",
        Source::Bundle => "case",
    };
    format!("{} ({kind})", side.name)
}

fn outcome(verdict: &VerdictFacts) -> String {
    let outcome = words(verdict.outcome.as_deref().unwrap_or(NOT_STATED));
    match &verdict.confidence {
        Some(confidence) => format!("{outcome}, {}", words(confidence)),
        None => outcome,
    }
}

fn tag(verdict: &VerdictFacts) -> String {
    match (&verdict.tag, &verdict.key) {
        (Some(tag), Some(key)) => format!("{tag} ({} pool)", key.pool),
        (Some(tag), None) => tag.clone(),
        (None, _) => "none stands out".to_owned(),
    }
}

fn driver(side: &Side) -> String {
    let Some(name) = &side.verdict.driver else {
        return "none named".to_owned();
    };
    let facts = side.drivers.get(&name.to_lowercase());
    match facts.and_then(|f| f.version.as_deref()) {
        Some(version) => format!("{name} {version}"),
        None => name.clone(),
    }
}

fn system(side: &Side) -> String {
    let parts = [&side.os, &side.architecture];
    let known: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    match known.is_empty() {
        true => NOT_STATED.to_owned(),
        false => known.join(", "),
    }
}

fn memory(side: &Side) -> String {
    side.ram_bytes.map_or_else(|| NOT_STATED.to_owned(), size_u)
}

fn limit(side: &Side) -> String {
    match &side.limit {
        None => "not known".to_owned(),
        Some(limit) => match &limit.quality {
            Some(quality) => format!("{} ({})", size_u(limit.bytes), words(quality)),
            None => size_u(limit.bytes),
        },
    }
}

fn snapshots(pool: &PoolFacts) -> String {
    let mut text = match pool.snapshots {
        0 => "no snapshots".to_owned(),
        n => counted(n, "snapshot"),
    };
    if let Some(covered) = pool.covered.filter(|s| s.to > s.from) {
        text.push_str(&format!(" over {}", hours(covered.hours())));
    }
    text
}

fn span(span: Option<Span>) -> String {
    let ends = span.and_then(|s| Some((Span::written(s.from)?, Span::written(s.to)?)));
    ends.map_or_else(
        || "no times".to_owned(),
        |(from, to)| wording::stretch(&from, &to),
    )
}

fn level(pool: &PoolFacts) -> String {
    match (pool.lowest, pool.highest) {
        (Some(low), Some(high)) if low == high => size(low),
        (Some(low), Some(high)) => format!("{} to {}", size(low), size(high)),
        _ => "not known".to_owned(),
    }
}

fn growth(pace: Option<&Pace>) -> String {
    pace.map_or_else(|| "not known".to_owned(), pace_words)
}

fn refused(refusals: &RefusalFacts) -> String {
    let Some(total) = refusals.total.filter(|_| refusals.logs > 0) else {
        return "no log to tell".to_owned();
    };
    let bound = if refusals.is_lower_bound {
        "at least "
    } else {
        ""
    };
    match total {
        0 => format!("{bound}0"),
        _ => format!(
            "{bound}{}, {}",
            count(total),
            counted(refusals.episodes, "outage")
        ),
    }
}

fn per_hour(refusals: &RefusalFacts) -> String {
    match refusals.per_hour.filter(|_| refusals.logs > 0) {
        None => "not known".to_owned(),
        Some(rate) if rate > 0.0 && rate < 9.95 => format!("{rate:.1}"),
        Some(rate) => count(rate.round() as u64),
    }
}

fn logs(refusals: &RefusalFacts) -> String {
    let logs = counted(refusals.logs, "log");
    match refusals.covered.filter(|_| refusals.logs > 0) {
        Some(covered) => format!("{logs} over {}", hours(covered.hours())),
        None => logs,
    }
}

/// A slope with its interval in the slope's unit: `104.1 (103.9 to 104.5) MiB`.
pub(super) fn pace_words(pace: &Pace) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let ends = pace.interval.unwrap_or((pace.bytes, pace.bytes));
    let largest = [pace.bytes, ends.0, ends.1]
        .into_iter()
        .fold(0.0f64, |most, n| most.max(n.abs()));
    let (mut scale, mut unit) = (1.0, "B");
    for next in UNITS {
        if largest / scale < 999.5 {
            break;
        }
        (scale, unit) = (scale * 1024.0, next);
    }
    let digits = usize::from(unit != "B");
    // Zero has no sign.
    let figure = |bytes: f64| match format!("{:.digits$}", bytes / scale) {
        zero if zero
            .trim_start_matches('-')
            .chars()
            .all(|c| matches!(c, '0' | '.')) =>
        {
            "0".to_owned()
        }
        other => other,
    };
    let mut text = figure(pace.bytes);
    if let Some((low, high)) = pace.interval {
        text.push_str(&format!(" ({} to {})", figure(low), figure(high)));
    }
    text.push_str(&format!(" {unit}"));
    if pace.per == "snapshot" {
        text.push_str(" a snapshot");
    }
    text
}

/// A tag's state in a cell.
pub(super) fn tag_words(state: &TagState) -> String {
    match state {
        TagState::Listed(facts) => match &facts.pace {
            Some(pace) => pace_words(pace),
            None => facts.bytes_last.map_or_else(
                || "no slope".to_owned(),
                |b| format!("no slope; {}", size(b)),
            ),
        },
        TagState::NotListed => "not listed".to_owned(),
        TagState::Absent => "absent".to_owned(),
        TagState::NoSnapshots => "no snapshots".to_owned(),
    }
}

/// What the slopes of a tag say, in at most six columns.
pub(super) fn short(difference: Difference) -> &'static str {
    match difference {
        Difference::AFaster => "A > B",
        Difference::BFaster => "B > A",
        Difference::NotShown => "meet",
        Difference::NoInterval => "few",
        Difference::OtherUnits => "units",
        Difference::NotKnown => "-",
    }
}

/// Version and the beginning of the digest of an image.
pub(super) fn image_words(facts: Option<&DriverFacts>, digits: usize) -> String {
    let Some(facts) = facts else {
        return "none".to_owned();
    };
    let digest = match facts.sha256.as_slice() {
        [] => "no digest".to_owned(),
        [one] => one.chars().take(digits).collect(),
        [one, rest @ ..] => {
            let one: String = one.chars().take(digits).collect();
            format!("{one} and {} more", rest.len())
        }
    };
    match &facts.version {
        Some(version) => format!("{version}, {digest}"),
        None => digest,
    }
}
