//! How near the pool was to running out when connections were refused, in words and figures; and
//! the memory that pool is made of.

use super::Parts;
use super::places::cite_level;
use crate::case::conclusion::Conclusion;
use crate::case::evidence::Ledger;
use crate::case::times::{duration, of_millis, size};
use crate::diagnosis::correlation::pressure::{Closeness, Resource, Shortage};
use crate::diagnosis::correlation::{At, Correlation, Grounds, Reading};
use crate::report::model::Finding;
use crate::report::wording::counted;

/// What to paste for the memory of all processes at the time of refusals.
pub(super) const COLLECT_MEMORY: &str = "typeperf \"\\Memory\\Available MBytes\" \"\\Memory\\Committed Bytes\" \"\\Memory\\Commit Limit\" \"\\Process(*)\\Private Bytes\" -si 60 -o memory.csv";

/// What tells a leak from a day's load.
pub(super) const WHOLE_DAY: &str = "snapshots over a whole day and more, some of them from idle hours: a leak stays when the load has gone, load does not";

/// Growth that may be a day's load, with the figures.
pub(super) fn may_be_load(parts: &Parts<'_>, conclusion: &Conclusion) -> String {
    let leader = conclusion.leader;
    let series = leader.and_then(|(tag, pool)| parts.facts.series_of(tag, pool));
    let freed = series.and_then(|s| s.freed_ratio()).unwrap_or_default();
    let hours = series.and_then(|s| s.hours());
    let seen = hours.map_or("without a clock".to_owned(), |h| format!("for {h:.1} h"));
    format!(
        "seen {seen}, with {:.1} % of the allocations freed meanwhile: a rise of load over a day looks the same",
        freed * 100.0
    )
}

/// Pool and refusals together, with the level.
pub(super) fn reading_clause(parts: &Parts<'_>) -> String {
    let Some(found) = &parts.facts.correlation else {
        return "it could not be compared".into();
    };
    let mut text = sentence(found);
    if let Some(level) = level(found) {
        text.push_str(&format!(" ({level})"));
    }
    if let Some(near) = how_near(found) {
        text.push_str(&format!("; {near}"));
    }
    text
}

/// The reading in a sentence; with the figures where memory was used up.
pub(super) fn sentence(found: &Correlation) -> String {
    match (
        found.reading,
        found.grounds.closeness,
        &found.grounds.shortage,
    ) {
        (Reading::Exhausted, Closeness::Near, _) => {
            "connections were refused when nonpaged pool was near its limit".to_owned()
        }
        (Reading::MemoryShort, _, Some(short)) => format!(
            "connections were refused while {}, and nonpaged pool held {} of it",
            used_up(short),
            size(short.pool)
        ),
        _ => found.reading.sentence().to_owned(),
    }
}

/// The level at the first refusal, and the fullest of the outage where that differs.
fn level(found: &Correlation) -> Option<String> {
    if found.reading == Reading::MemoryShort {
        return None;
    }
    let at = found.at.iter().flatten().next()?;
    let left =
        |bytes: Option<i64>| bytes.map_or(String::new(), |b| format!(", with {} left", size(b)));
    let Some((before, after)) = at.range else {
        return Some(format!("at {}{}", size(at.bytes), left(at.headroom)));
    };
    let mut text = format!(
        "between {} before and {} after the first refusal",
        size(before),
        size(after)
    );
    let grounds = &found.grounds;
    if let Some(fullest) = grounds.fullest.filter(|_| grounds.within > 0) {
        text.push_str(&format!(
            "; {} at most in {} of the outage{}",
            size(fullest.bytes),
            counted(grounds.within as u64, "snapshot"),
            left(fullest.headroom)
        ));
    } else if let Some(fullest) = grounds.fullest {
        text.push_str(&left(fullest.headroom));
    }
    Some(text)
}

/// How far from the documented threshold, where the pool was not at it.
fn how_near(found: &Correlation) -> Option<String> {
    let Grounds {
        closeness,
        taken,
        shortage,
        ..
    } = found.grounds;
    match (found.reading, taken, shortage) {
        (Reading::Exhausted, Some(taken), _) => Some(format!(
            "{} before, {} were left above the documented threshold, which the pool could take at its rate ({}/h)",
            duration(taken.ms / 1_000),
            size(taken.rest),
            size(taken.per_hour as i64)
        )),
        (Reading::Exhausted, None, Some(short)) if closeness == Closeness::Near => Some(format!(
            "{}, of which nonpaged pool held {}",
            used_up(&short),
            size(short.pool)
        )),
        (Reading::Exhausted, None, None) if closeness == Closeness::Near => Some(
            "that is more than the documented threshold, and may be less by what is not known of limit and rate"
                .to_owned(),
        ),
        (Reading::HighPool, _, _) if found.grounds.short_of_limit => {
            Some("the documented threshold was not reached".to_owned())
        }
        _ => None,
    }
}

/// Memory that is used up, with the figures.
fn used_up(short: &Shortage) -> String {
    let (what, left) = match short.resource {
        Resource::Physical => ("physical memory", "available"),
        Resource::Commit => ("commit", "left"),
    };
    format!(
        "{what} was nearly used up ({} {left} of {})",
        size(short.left),
        size(short.of)
    )
}

/// When nonpaged pool ran out, as the summary of a leak says it.
pub(super) fn when(parts: &Parts<'_>) -> String {
    let Some(found) = &parts.facts.correlation else {
        return "when nonpaged pool ran out".to_owned();
    };
    let left = found.grounds.fullest.and_then(|level| level.headroom);
    let with = left.map_or(String::new(), |left| format!(", with {} left", size(left)));
    match (found.reading, found.grounds.closeness) {
        (Reading::HighPool, _) => format!("when nonpaged pool was at its highest{with}"),
        (_, Closeness::Near) => format!("when nonpaged pool was near its limit{with}"),
        _ => "when nonpaged pool ran out".to_owned(),
    }
}

/// The summary of refusals that the pool's limit does not explain, behind what was refused.
pub(super) fn not_short(parts: &Parts<'_>) -> String {
    let short = parts
        .facts
        .correlation
        .as_ref()
        .filter(|c| c.reading == Reading::MemoryShort);
    match short {
        Some(found) => format!(
            "; nonpaged pool was far from its limit, but memory was short: {}. Pool is made of memory, so it may have been refused all the same; that http.sys then refuses is documented nowhere.",
            sentence(found)
        ),
        None => format!(
            ", but nonpaged pool was not short: {}.",
            reading_clause(parts)
        ),
    }
}

/// The shortage of memory at the refusals, where it is a rival.
pub(super) fn rival<'a>(parts: &'a Parts<'_>) -> Option<&'a Shortage> {
    let found = parts.facts.correlation.as_ref()?;
    let short = found.grounds.shortage.as_ref()?;
    (found.reading != Reading::Apart).then_some(short)
}

/// The rival in a clause.
pub(super) fn rival_clause(short: &Shortage) -> String {
    format!(
        "{}, of which nonpaged pool held {}: a possible cause beside the pool's limit",
        used_up(short),
        size(short.pool)
    )
}

/// Memory that was used up at the refusals, as a cause beside the pool.
pub(super) fn finding(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Finding> {
    let short = rival(parts)?;
    let at = of_millis(short.at).unwrap_or_default();
    Some(Finding {
        rule: "memory_used_up",
        kind: "rival",
        text: format!(
            "at {at} {}, of which nonpaged pool held {}. Pool is resident and charged to commit, so that its allocations may fail when either is used up, whatever its limit. \
             Whether http.sys refuses then is not documented; it is a possible cause of these refusals",
            used_up(short),
            size(short.pool)
        ),
        evidence: cite_level(parts, short.source, ledger)
            .into_iter()
            .collect(),
        known_issue: None,
    })
}

/// The bytes before and after a first refusal that lies between snapshots too far apart.
pub(super) fn range(at: Option<At>) -> (Option<u64>, Option<u64>) {
    let bytes = |bytes: i64| u64::try_from(bytes).ok();
    let range = at.and_then(|at| at.range);
    let low = range.map(|(before, after)| before.min(after));
    let high = range.map(|(before, after)| before.max(after));
    (low.and_then(bytes), high.and_then(bytes))
}
