//! What the snapshots do not show, and what holds a full pool whose growth they do not show: in
//! the summary, in the reasons, and in what to collect next.

use super::Parts;
use super::places::{cite_ends, cite_snapshot};
use super::reasons::Reasons;
use crate::case::conclusion::Conclusion;
use crate::case::evidence::Ledger;
use crate::case::times::size;
use crate::case::wanted::Holder;
use crate::diagnosis::capture::Seen;
use crate::diagnosis::correlation::Reading;
use crate::diagnosis::verdict::{MIN_GROWTH_OF_POOL, Outcome};
use crate::report::model::TagRow;

/// What snapshots must have, for a next step and for what would change the verdict.
pub(super) const WHOLE: &str = "that list every tag and the totals: saved to a file with options -b -r -n, without -p, -i and -x";

/// True where nothing can be said of the tags that are not listed.
pub(super) fn is_part(parts: &Parts<'_>) -> bool {
    parts.facts.capture.seen == Seen::Part
}

/// The growth that no listed tag explains, as a clause.
pub(super) fn unexplained(parts: &Parts<'_>) -> Option<String> {
    let rise = parts.facts.capture.unexplained?;
    Some(format!(
        "nonpaged pool grew by {}, and the listed tags account for {} % of that",
        size(rise.total),
        rise.explained_percent()
    ))
}

/// What a part of the tags comes to where no listed tag leaks: a paragraph behind what the logs
/// say.
pub(super) fn in_part(parts: &Parts<'_>, refused: Option<String>) -> String {
    let reading = parts.facts.correlation.as_ref().map(|c| c.reading);
    let pressed = parts.facts.pressed == Some(true);
    let mut said: Vec<String> = Vec::new();
    match (refused, reading) {
        (Some(refused), Some(Reading::Exhausted)) => {
            said.push(format!("{refused} when nonpaged pool was near its limit."));
        }
        (Some(refused), Some(Reading::HighPool)) => {
            said.push(format!("{refused} when nonpaged pool was at its highest."));
        }
        (Some(refused), Some(reading)) => {
            said.push(format!("{refused}; {}.", reading.sentence()));
        }
        (Some(refused), None) => match &parts.facts.withheld {
            Some(withheld) => said.push(format!("{refused}; {}.", withheld.reason)),
            None => said.push(format!(
                "{refused}; how full nonpaged pool was then is not known."
            )),
        },
        (None, _) if pressed => said.push("Nonpaged pool is near its limit.".to_owned()),
        (None, _) => {}
    }
    if let Some(doubt) = parts.facts.capture.doubt() {
        said.push(format!("Which tag grows cannot be told: {doubt}."));
    }
    if let Some(clause) = unexplained(parts) {
        said.push(format!("{}.", super::verdict::capital(&clause)));
    }
    said.join(" ")
}

/// The tag that holds a full pool, as a clause, and what its growth says.
pub(super) fn held(parts: &Parts<'_>, holder: &Holder) -> String {
    format!(
        "`{}` holds most of it ({}, {:.0} %), {}",
        holder.tag,
        size(holder.bytes),
        holder.share * 100.0,
        growth_of(parts, holder)
    )
}

fn growth_of(parts: &Parts<'_>, holder: &Holder) -> &'static str {
    let Some(series) = parts.facts.series_of(holder.tag, holder.pool) else {
        return "and how it grew is not known";
    };
    let grown = series.growth_bytes() as f64 >= holder.bytes as f64 * MIN_GROWTH_OF_POOL;
    match (series.points, grown) {
        (0 | 1, _) => "and one snapshot does not show whether it grows",
        (_, false) => "and hardly grew while snapshots were taken: if it leaks, it did so before",
        (_, true) => "and the snapshots do not show it growing as a leak does",
    }
}

/// The reason that names the holder of a full pool.
pub(super) fn holder_reason(
    parts: &Parts<'_>,
    holder: &Holder,
    row: Option<&TagRow>,
    reasons: &mut Reasons,
) {
    let mut text = format!(
        "of nonpaged pool, {}",
        held(parts, holder).replacen("most of it", "most", 1)
    );
    let series = parts.facts.series_of(holder.tag, holder.pool);
    if let Some(series) = series.filter(|series| series.points > 1) {
        text.push_str(&format!(": {}", series.test()));
    }
    let cited = row.map(|row| row.evidence.clone()).unwrap_or_default();
    reasons.add("largest_holder", "for", text, cited);
}

/// What the snapshots lack, as limits of the verdict.
pub(super) fn limits(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let capture = &parts.facts.capture;
    let all = 0..parts.pools.history.snapshots.len();
    if let Some(lack) = capture.lack {
        let mut text = lack.sentence().to_owned();
        if capture.seen == Seen::Enough {
            text.push_str("; by the pool's total, what they leave out did not grow much");
        }
        let cited = cite_ends(parts, all.clone(), ledger);
        reasons.add("tags_not_listed", "limit", text, cited);
    }
    if let (Some(rise), Some(text)) = (capture.unexplained, unexplained(parts)) {
        let ends = [rise.from, rise.to];
        let cited = ends
            .into_iter()
            .filter_map(|place| cite_snapshot(parts, place, ledger));
        let cited = cited.collect();
        reasons.add("unexplained_growth", "limit", text, cited);
    }
    let rests_on_level = conclusion.decision.outcome == Outcome::RefusalsWithoutPoolPressure;
    if parts.facts.level_presumed && rests_on_level {
        let text = "the pool's level is the sum of the listed tags, for want of a header (-r): \
                    a tag that option -x left out would be missing from it";
        let cited = cite_ends(parts, all, ledger);
        reasons.add("sum_of_rows", "limit", text, cited);
    }
}
