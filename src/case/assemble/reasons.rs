//! The reasons of a verdict: each a named rule with what it found and where that stands.

use super::Parts;
use super::capture;
use super::drivers::sentence;
use super::events;
use super::places::{
    cite_archive, cite_ends, cite_growth, cite_level, cite_lines, cite_logs, cite_odd,
};
use super::pool::share;
use super::pressure::{self, reading_clause};
use super::refusals::Quotes;
use super::verdict::lockstep;
use crate::artifact::httperr::Oddity;
use crate::bundle::BundleNote;
use crate::case::conclusion::Conclusion;
use crate::case::evidence::Ledger;
use crate::case::logs::LogFile;
use crate::case::times::{duration, of_seconds, size};
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::correlation::Reading;
use crate::diagnosis::verdict::{Leak, Outcome};
use crate::report::model::{Attribution, Reason, TagRow};
use crate::report::wording::{bare, counted};
use crate::tag::{Pool, Tag};

/// The reasons so far.
pub(super) struct Reasons(Vec<Reason>);

impl Reasons {
    pub(super) fn add(
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
    tags: &Tags<'_>,
    attribution: &[Attribution],
    ledger: &mut Ledger<'_>,
) -> Vec<Reason> {
    let mut reasons = Reasons(Vec::new());
    refusal_reasons(parts, quotes, &mut reasons, ledger);
    growth_reasons(parts, conclusion, tags, &mut reasons, ledger);
    timing_reasons(parts, conclusion, quotes, &mut reasons, ledger);
    if let Some((weight, text, cited)) = events::reason(parts, conclusion.decision.outcome, ledger)
    {
        reasons.add("pool_empty_logged", weight, text, cited);
    }
    driver_reasons(parts, conclusion, tags, attribution, &mut reasons);
    limits(parts, conclusion, quotes, tags, &mut reasons, ledger);
    reasons.0
}

/// The tags of the report.
pub(super) struct Tags<'a> {
    pub(super) listed: &'a [TagRow],
    /// The one that the verdict names.
    pub(super) named: Option<&'a TagRow>,
}

impl Tags<'_> {
    /// Evidence of a tag's rows.
    fn rows_of(&self, tag: Tag, pool: Pool) -> Vec<String> {
        let mine = |row: &&TagRow| row.tag_hex == tag.hex() && row.pool == pool.name();
        let row = self.listed.iter().find(mine);
        row.map(|row| row.evidence.clone()).unwrap_or_default()
    }
}

/// Several lists of ids as one, each id once.
fn together(lists: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for id in lists.into_iter().flatten() {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

fn refusal_reasons(
    parts: &Parts<'_>,
    quotes: &Quotes,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let log = parts.log;
    if log.refusal_rows > 0 {
        let first = log.episodes.first().and_then(|e| of_seconds(e.start()));
        let from = first.map_or_else(String::new, |first| format!(", from {first} on"));
        let add = if log.refusal_rows == 1 { "adds" } else { "add" };
        let (rows, connections) = (
            counted(log.refusal_rows, "refusal row"),
            counted(log.refused, "connection"),
        );
        let text = format!("{rows} {add} up to {connections}{from}");
        reasons.add("refusals_counted", "for", text, quotes.first(3));
    } else if log.analysable > 0 {
        let text = format!(
            "{} of {}, and no refused connection",
            counted(log.rows, "row"),
            bare(log.analysable, "HTTPERR log")
        );
        let cited = cite_logs(parts, ledger, |log| {
            let rows = log.log.tally.rows;
            (rows > 0).then(|| format!("a log of {}, none of them a refusal", counted(rows, "row")))
        });
        reasons.add("no_refusals", "for", text, cited);
    }
}

fn growth_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    tags: &Tags<'_>,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    if let Some(holder) = &conclusion.holder {
        capture::holder_reason(parts, holder, tags.named, reasons);
        return;
    }
    let Some(row) = tags.named else {
        // Of tags that were not listed nothing is said.
        if parts.pools.history.snapshots.len() > 1 && !capture::is_part(parts) {
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
                None if parts.facts.capture.lack.is_some() => {
                    "no listed tag of nonpaged pool grows".to_owned()
                }
                None => "no tag of nonpaged pool grows".to_owned(),
            };
            let rows = best.map(|b| tags.rows_of(b.tag, b.pool));
            let cited = together([rows.unwrap_or_default(), cite_growth(parts, ledger)]);
            reasons.add("no_leak", "for", text, cited);
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
        let pool = conclusion.leader.map(|(_, pool)| pool);
        let companions = conclusion.companions.iter().zip(pool.into_iter().cycle());
        let cited = together(
            std::iter::once(row.evidence.clone())
                .chain(companions.map(|(tag, pool)| tags.rows_of(*tag, pool)))
                .chain([cite_growth(parts, ledger)]),
        );
        reasons.add("share_of_growth", weight, text, cited);
    }
    beside_reasons(conclusion, tags, row, reasons);
    if let Some(other) = conclusion.in_lockstep_with {
        let text = format!(
            "`{other}` grew most, but in lockstep with `{}`, whose owner is a third party's driver: it is what Windows allocates on its behalf",
            row.tag
        );
        let pool = conclusion.leader.map(|(_, pool)| pool);
        let rows = pool.map(|pool| tags.rows_of(other, pool));
        let cited = together([rows.unwrap_or_default(), row.evidence.clone()]);
        reasons.add("lockstep", "for", text, cited);
    }
}

fn beside_reasons(conclusion: &Conclusion, tags: &Tags<'_>, row: &TagRow, reasons: &mut Reasons) {
    for other in &conclusion.beside {
        let text = format!(
            "`{}` leaks beside it, by {} or {:.0} % of the growth of {} pool: one of them alone does not explain it",
            other.tag,
            size(other.bytes),
            share(other.share) * 100.0,
            row.pool
        );
        let cited = tags.rows_of(other.tag, other.pool);
        reasons.add("leaks_beside", "limit", text, cited);
    }
}

fn timing_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    quotes: &Quotes,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let Some(found) = &parts.facts.correlation else {
        return;
    };
    if let Some(short) = pressure::rival(parts) {
        let cited = cite_level(parts, short.source, ledger);
        let weight = match conclusion.decision.outcome {
            Outcome::LeakExplainsRefusals | Outcome::PoolPressureWithoutLeak => "limit",
            _ => "against",
        };
        let text = pressure::rival_clause(short);
        reasons.add("memory_used_up", weight, text, cited.into_iter().collect());
    }
    let weight = match (found.reading.supports(), conclusion.decision.outcome) {
        (true, _) | (false, Outcome::RefusalsWithoutPoolPressure) => "for",
        (false, _) => "limit",
    };
    let near = found.at.iter().flatten().next();
    let near = near.and_then(|at| cite_level(parts, at.source, ledger));
    let evidence = match near {
        Some(id) => vec![id],
        None => together([
            quotes.first(1),
            cite_ends(parts, 0..parts.pools.history.snapshots.len(), ledger),
        ]),
    };
    let both = together([quotes.first(1), evidence.clone()]);
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
            together([both.clone(), cite_growth(parts, ledger)]),
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
        both,
    );
}

fn driver_reasons(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    tags: &Tags<'_>,
    attribution: &[Attribution],
    reasons: &mut Reasons,
) {
    let Some(answer) = conclusion.leading_answer().filter(|_| {
        conclusion.decision.leak >= Leak::Weak
            || conclusion.holder.is_some()
            || parts.pools.history.snapshots.len() == 1
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
    let candidates = attribution.first().map_or(&[][..], |a| &a.candidates[..]);
    let shown = match answer.answer {
        Answer::Named(_) | Answer::NamedByFramework(_) => 1,
        Answer::Likely(_) | Answer::Shared | Answer::Unproven => 3,
        Answer::NotInBundle | Answer::NoImages | Answer::KernelOwned => 0,
    };
    let shown = candidates.iter().take(shown).map(|c| c.evidence.clone());
    let evidence = together(shown);
    let evidence = match evidence.is_empty() {
        true => tags.rows_of(answer.tag, answer.pool),
        false => evidence,
    };
    reasons.add(rule, weight, sentence(parts, answer), evidence);
}

fn limits(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    quotes: &Quotes,
    tags: &Tags<'_>,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let snapshots = parts.pools.history.snapshots.len();
    if conclusion.may_be_load {
        let cited = conclusion.leader.map(|(tag, pool)| tags.rows_of(tag, pool));
        let text = pressure::may_be_load(parts, conclusion);
        reasons.add("may_be_load", "limit", text, cited.unwrap_or_default());
    }
    if let Some(withheld) = &parts.facts.withheld {
        reasons.add(
            "correlation_withheld",
            "limit",
            format!("{}; {}", withheld.reason, withheld.remedy),
            together([
                quotes.first(1),
                cite_ends(parts, 0..snapshots.min(1), ledger),
            ]),
        );
    }
    clock_set(parts, reasons, ledger);
    if let Err(why) = &parts.facts.host.limit {
        reasons.add("limit_unknown", "limit", why.clone(), Vec::new());
    }
    few_snapshots(parts, reasons, ledger);
    capture::limits(parts, conclusion, reasons, ledger);
    if parts.log.unanalysable > 0 {
        let text = match parts.log.unanalysable {
            1 => "1 log lacks s-reason: it cannot show refusals".to_owned(),
            n => format!("{n} logs lack s-reason: they cannot show refusals"),
        };
        let cited = cite_odd(parts, Oddity::Unanalysable, ledger);
        reasons.add("unanalysable_logs", "limit", text, cited);
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
        let cited = cite_lines(parts, |log| log.log.tally.first_uncounted, ledger);
        reasons.add("lower_bound", "limit", text, cited);
    }
    broken(parts, reasons, ledger);
    uncovered(parts, conclusion, reasons, ledger);
}

/// A step of the clock near the refusals.
fn clock_set(parts: &Parts<'_>, reasons: &mut Reasons, ledger: &mut Ledger<'_>) {
    if let Some(step) = parts.facts.clock.step
        && let Some((step, index)) = parts.events.steps.get(step)
        && let Some(event) = parts.events.events.get(*index)
    {
        let side = if step.by() < 0 { "back" } else { "forward" };
        let text = format!(
            "the clock was set {side} by {} near the refusals: the verdict must survive as much error of the clock to be more than possible",
            duration(step.by())
        );
        reasons.add(
            "clock_set",
            "limit",
            text,
            vec![events::cite(event, ledger)],
        );
    }
}

/// Fewer snapshots than a pattern needs.
fn few_snapshots(parts: &Parts<'_>, reasons: &mut Reasons, ledger: &mut Ledger<'_>) {
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
            cite_ends(parts, 0..1, ledger),
        ),
        2 => reasons.add(
            "two_snapshots",
            "limit",
            "two snapshots show growth, not its pattern",
            cite_ends(parts, 0..2, ledger),
        ),
        _ => {}
    }
}

/// Logs that do not reach as far as the snapshots do.
fn uncovered(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    reasons: &mut Reasons,
    ledger: &mut Ledger<'_>,
) {
    let snapshots = parts.pools.history.snapshots.len();
    if !parts.facts.logs_cover
        && parts.log.analysable > 0
        && snapshots > 1
        && conclusion.decision.outcome == Outcome::LeakWithoutRefusals
    {
        reasons.add(
            "logs_do_not_cover",
            "limit",
            "the logs do not cover the time of the snapshots",
            together([
                cite_ends(parts, 0..snapshots, ledger),
                cite_logs(parts, ledger, |log| {
                    let span = log.log.tally.span?;
                    let (first, last) = (of_seconds(span.earliest)?, of_seconds(span.latest)?);
                    Some(format!("a log of {first} to {last}"))
                }),
            ]),
        );
    }
}

/// What did not arrive whole, so that there may be more than was counted.
fn broken(parts: &Parts<'_>, reasons: &mut Reasons, ledger: &mut Ledger<'_>) {
    for note in parts.bundle.notes() {
        // A count that differs loses nothing that is known of.
        if note.is_damage() && !matches!(note, BundleNote::EntryCountDiffers { .. }) {
            let cited = cite_archive(parts, note.to_string(), ledger);
            reasons.add("archive_damaged", "limit", note.to_string(), cited);
        }
    }
    let locked = parts.bundle.locked().count() as u64;
    if locked > 0 {
        let text = format!(
            "{} encrypted and could not be read: what they hold is in no total",
            match locked {
                1 => "1 file is".to_owned(),
                n => format!("{n} files are"),
            }
        );
        let cited = cite_archive(parts, text.clone(), ledger);
        reasons.add("files_encrypted", "limit", text, cited);
    }
    let faults = parts.bundle.faults();
    let is_cut = |log: &LogFile| faults.iter().any(|(id, _)| *id == log.artifact);
    let cut = parts.survey.logs.iter().filter(|log| is_cut(log)).count() as u64;
    if cut > 0 {
        let text = format!(
            "{} could not be read whole or unspoilt: there may be more refusals",
            bare(cut, "HTTPERR log")
        );
        // The last line that could be read.
        let last = |log: &LogFile| is_cut(log).then_some(log.log.tally.lines.max(1));
        reasons.add(
            "logs_damaged",
            "limit",
            text,
            cite_lines(parts, last, ledger),
        );
    }
    if parts.log.undated_refusals > 0 {
        let text = format!(
            "{} without a readable date: in the totals, in no outage",
            bare(parts.log.undated_refusals, "refusal row")
        );
        let cited = cite_odd(parts, Oddity::UndatedRefusal, ledger);
        reasons.add("undated_refusals", "limit", text, cited);
    }
}
