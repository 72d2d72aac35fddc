//! The reasons of a verdict: each a named rule with what it found and where that stands.

use super::Parts;
use super::drivers::sentence;
use super::pool::share;
use super::refusals::Quotes;
use super::verdict::{lockstep, reading_clause};
use crate::bundle::BundleNote;
use crate::case::conclusion::Conclusion;
use crate::case::evidence::{Ledger, Place};
use crate::case::times::{duration, of_seconds};
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::correlation::Reading;
use crate::diagnosis::verdict::{Leak, Outcome};
use crate::report::model::{Attribution, Reason, TagRow};
use crate::report::wording::bare;

struct Reasons(Vec<Reason>);

impl Reasons {
    fn add(
        &mut self,
        rule: &'static str,
        weight: &'static str,
        text: impl Into<String>,
        evidence: Vec<String>,
    ) {
        self.0.push(Reason {
            rule,
            weight,
            text: text.into(),
            evidence,
        });
    }
}

pub(super) fn reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    quotes: &Quotes,
    row: Option<&TagRow>,
    attribution: &[Attribution],
    ledger: &mut Ledger<'_>,
) -> Vec<Reason> {
    let mut reasons = Reasons(Vec::new());
    refusal_reasons(parts, quotes, &mut reasons);
    growth_reasons(parts, conclusion, row, &mut reasons);
    timing_reasons(parts, conclusion, &mut reasons, ledger);
    driver_reasons(parts, conclusion, attribution, &mut reasons);
    limits(parts, conclusion, &mut reasons);
    reasons.0
}

fn refusal_reasons(parts: &Parts<'_>, quotes: &Quotes, reasons: &mut Reasons) {
    let log = parts.log;
    if log.refusal_rows > 0 {
        let first = log
            .episodes
            .first()
            .and_then(|e| of_seconds(e.start()))
            .unwrap_or_default();
        let add = if log.refusal_rows == 1 { "adds" } else { "add" };
        let (rows, connections) = (
            bare(log.refusal_rows, "refusal row"),
            bare(log.refused, "connection"),
        );
        let text = format!("{rows} {add} up to {connections}, from {first} on");
        reasons.add(
            "refusals_counted",
            "for",
            text,
            quotes
                .first_rows
                .iter()
                .take(3)
                .flatten()
                .cloned()
                .collect(),
        );
    } else if log.analysable > 0 {
        let text = format!(
            "{} of {}, and no refused connection",
            bare(log.rows, "row"),
            bare(log.analysable, "HTTPERR log")
        );
        reasons.add("no_refusals", "for", text, Vec::new());
    }
}

fn growth_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    row: Option<&TagRow>,
    reasons: &mut Reasons,
) {
    let Some(row) = row else {
        if parts.pools.history.snapshots.len() > 1 {
            let best = parts
                .facts
                .growth()
                .and_then(|g| g.suspects.first().and_then(|s| g.series.get(s.series)));
            let text = match best {
                Some(best) => format!(
                    "no tag's growth explains the pool's: the most is `{}`, {}",
                    best.tag,
                    best.test()
                ),
                None => "no tag of nonpaged pool grows".to_owned(),
            };
            reasons.add("no_leak", "for", text, Vec::new());
        }
        return;
    };
    reasons.add(
        "tag_grows",
        "for",
        format!("`{}`: {}", row.tag, row.test),
        row.evidence.clone(),
    );
    if let Some(part) = conclusion.share {
        let weight = if part >= crate::diagnosis::verdict::MAIN_SHARE {
            "for"
        } else {
            "limit"
        };
        let with = lockstep(conclusion, " together with");
        let text = format!(
            "`{}`{with} explains {:.0} % of the growth of {} pool",
            row.tag,
            share(part) * 100.0,
            row.pool
        );
        reasons.add("share_of_growth", weight, text, Vec::new());
    }
    if let Some(other) = conclusion.in_lockstep_with {
        let text = format!(
            "`{other}` grew most, but in lockstep with `{}`, whose owner is a third party's driver: it is what Windows allocates on its behalf",
            row.tag
        );
        reasons.add("lockstep", "for", text, Vec::new());
    }
}

fn timing_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let Some(found) = &parts.facts.correlation else {
        return;
    };
    let weight = match (found.reading.supports(), conclusion.decision.outcome) {
        (true, _) | (false, Outcome::RefusalsWithoutPoolPressure) => "for",
        (false, _) => "limit",
    };
    let mut evidence = Vec::new();
    if let Some(at) = found.at.iter().flatten().next() {
        evidence.extend(cite_snapshot(parts, at.snapshot, ledger));
    }
    reasons.add("pool_at_refusals", weight, reading_clause(parts), evidence);
    if found.reading == Reading::Apart {
        return;
    }
    if let Some(chance) = found.separation.filter(|_| found.reading.supports()) {
        let text = format!(
            "in {:.0} of 100 comparisons, the pool stands higher in ten minutes with refusals than in ten without",
            chance * 100.0
        );
        reasons.add(
            "level_separates",
            if chance >= 0.75 { "for" } else { "against" },
            text,
            Vec::new(),
        );
    }
    let (back, forward) = found.survives;
    let text = format!(
        "holds if the snapshots' clock is wrong by up to {} one way and {} the other",
        duration(back * 60),
        duration(forward * 60)
    );
    reasons.add(
        "clock_tolerance",
        if back.max(forward) > 0 {
            "for"
        } else {
            "limit"
        },
        text,
        Vec::new(),
    );
}

/// Cites the snapshot's place in its file.
pub(super) fn cite_snapshot(
    parts: &Parts<'_>,
    place: usize,
    ledger: &mut Ledger<'_>,
) -> Option<String> {
    let snapshot = parts.pools.history.snapshots.get(place)?;
    let &(source, position) = parts.pools.places.get(snapshot.facts.order)?;
    let file = parts.survey.pools.get(source)?;
    let head = file.heads.get(position)?;
    let pool = snapshot.facts.pool_nonpaged.map_or_else(
        || format!("snapshot of {} rows", head.rows),
        |bytes| {
            format!(
                "snapshot with Pool N: {}K, at byte {}",
                bytes / 1024,
                head.offset
            )
        },
    );
    Some(ledger.cite(file.artifact.index(), Place::Line(head.first_line), pool))
}

fn driver_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    attribution: &[Attribution],
    reasons: &mut Reasons,
) {
    let Some(answer) = conclusion.leading_answer().filter(|_| {
        conclusion.decision.leak >= Leak::Weak || parts.pools.history.snapshots.len() == 1
    }) else {
        return;
    };
    let (rule, weight) = match answer.answer {
        Answer::Named(_) => ("image_allocates", "for"),
        Answer::NamedByFramework(_) => ("framework_default", "for"),
        Answer::Likely(_) | Answer::Shared => ("shared_tag", "limit"),
        Answer::Unproven => ("not_proven", "limit"),
        Answer::NotInBundle => ("driver_not_in_bundle", "limit"),
        Answer::NoImages => ("no_images", "limit"),
        Answer::KernelOwned => ("kernel_object", "limit"),
    };
    let candidate = attribution.first().and_then(|a| a.candidates.first());
    let evidence = candidate
        .filter(|_| answer.answer.image().is_some())
        .map(|c| c.evidence.clone())
        .unwrap_or_default();
    reasons.add(rule, weight, sentence(parts, answer), evidence);
}

fn limits(parts: &Parts<'_>, conclusion: &Conclusion, reasons: &mut Reasons) {
    if let Some(withheld) = &parts.facts.withheld {
        reasons.add(
            "correlation_withheld",
            "limit",
            format!("{}; {}", withheld.reason, withheld.remedy),
            Vec::new(),
        );
    }
    if let Err(why) = &parts.facts.host.limit {
        reasons.add("limit_unknown", "limit", why.clone(), Vec::new());
    }
    match parts.pools.history.snapshots.len() {
        0 => reasons.add(
            "no_snapshots",
            "limit",
            "there are no pool snapshots",
            Vec::new(),
        ),
        1 => reasons.add(
            "one_snapshot",
            "limit",
            "one snapshot ranks tags by size; growth is not known",
            Vec::new(),
        ),
        2 => reasons.add(
            "two_snapshots",
            "limit",
            "two snapshots show growth, not its pattern",
            Vec::new(),
        ),
        _ => {}
    }
    if parts.log.unanalysable > 0 {
        let text = match parts.log.unanalysable {
            1 => "1 log lacks s-reason: it cannot show refusals".to_owned(),
            n => format!("{n} logs lack s-reason: they cannot show refusals"),
        };
        reasons.add("unanalysable_logs", "limit", text, Vec::new());
    }
    if parts.log.uncounted_rows > 0 {
        let state = if parts.log.uncounted_rows == 1 {
            "states"
        } else {
            "state"
        };
        let text = format!(
            "{} {state} no count: the total is a lower bound",
            bare(parts.log.uncounted_rows, "refusal row")
        );
        reasons.add("lower_bound", "limit", text, Vec::new());
    }
    broken(parts, reasons);
    if !parts.facts.logs_cover
        && parts.log.analysable > 0
        && parts.pools.history.snapshots.len() > 1
        && conclusion.decision.outcome == Outcome::LeakWithoutRefusals
    {
        reasons.add(
            "logs_do_not_cover",
            "limit",
            "the logs do not cover the time of the snapshots",
            Vec::new(),
        );
    }
}

/// What did not arrive whole, so that there may be more than was counted.
fn broken(parts: &Parts<'_>, reasons: &mut Reasons) {
    for note in parts.bundle.notes() {
        if let BundleNote::ArchiveRepaired { .. } = note {
            reasons.add("archive_damaged", "limit", note.to_string(), Vec::new());
        }
    }
    let faults = parts.bundle.faults();
    let cut = parts
        .survey
        .logs
        .iter()
        .filter(|log| faults.iter().any(|(id, _)| *id == log.artifact))
        .count() as u64;
    if cut > 0 {
        let text = format!(
            "{} could not be read whole or unspoilt: there may be more refusals",
            bare(cut, "HTTPERR log")
        );
        reasons.add("logs_damaged", "limit", text, Vec::new());
    }
    if parts.log.undated_refusals > 0 {
        let text = format!(
            "{} without a readable date, in no total",
            bare(parts.log.undated_refusals, "refusal row")
        );
        reasons.add("undated_refusals", "limit", text, Vec::new());
    }
}
