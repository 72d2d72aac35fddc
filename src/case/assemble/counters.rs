//! Performance counters in the report: the curve, what is worth saying of it, and where it stands.

use super::Parts;
use crate::case::counters::CounterSample;
use crate::case::evidence::{Ledger, Place};
use crate::case::times::{of_millis, size};
use crate::report::model::{CounterPoint, Finding};
use crate::report::wording::bare;

/// The curve between the snapshots, thinned as that of the snapshots is.
pub(super) fn points(parts: &Parts<'_>) -> Vec<CounterPoint> {
    let limit = parts.facts.host.limit.as_ref().ok().map(|l| l.bytes as i64);
    let points = parts.counters.samples.iter().filter_map(|sample| {
        Some(CounterPoint {
            at: of_millis(sample.at)?,
            epoch: sample.epoch as u64,
            bytes: sample.bytes,
            headroom_bytes: limit.map(|limit| limit.saturating_sub(sample.bytes).max(0)),
        })
    });
    super::pool::thinned(points.collect(), |p| p.bytes)
}

/// Cites a sample by its line.
pub(super) fn cite(sample: &CounterSample, ledger: &mut Ledger<'_>) -> String {
    let at = of_millis(sample.at).unwrap_or_default();
    let text = format!("nonpaged pool {} bytes at {at}", sample.bytes);
    ledger.cite(sample.artifact, Place::Line(sample.line), text)
}

/// How the pool went by the counters.
pub(super) fn finding(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Finding> {
    let samples = &parts.counters.samples;
    let (first, last) = (samples.first()?, samples.last()?);
    let peak = samples.iter().rev().max_by_key(|s| s.bytes)?;
    let at = |sample: &CounterSample| of_millis(sample.at).unwrap_or_default();
    let text = format!(
        "{} of performance counters from {} to {}: nonpaged pool {} at first, {} at last, at most {} at {}. \
         Counters know no tags",
        bare(samples.len() as u64, "sample"),
        at(first),
        at(last),
        size(first.bytes),
        size(last.bytes),
        size(peak.bytes),
        at(peak)
    );
    let mut evidence: Vec<String> = [first, peak, last].map(|s| cite(s, ledger)).into();
    evidence.dedup();
    Some(Finding {
        rule: "performance_counters",
        kind: "pool",
        text,
        evidence,
        known_issue: None,
    })
}
