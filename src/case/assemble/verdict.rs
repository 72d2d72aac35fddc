//! The verdict in words: the summary, the reasons with their evidence, and what would change it.

use super::Parts;
use super::drivers::{driver, sentence};
use super::pool::share;
use super::refusals::Quotes;
use crate::artifact::pooltag::well_known;
use crate::bundle::BundleNote;
use crate::case::conclusion::{Conclusion, kernel_owned, rivals_within};
use crate::case::evidence::{Ledger, Place};
use crate::case::times::{duration, of_seconds, size};
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::correlation::Reading;
use crate::diagnosis::verdict::{Confidence, Leak, Outcome};
use crate::report::model::{Attribution, Finding, Reason, TagRow, Verdict};
use crate::tag::Pool;

pub(super) fn verdict(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    quotes: &Quotes,
    tags: &[TagRow],
    attribution: &[Attribution],
    ledger: &mut Ledger<'_>,
) -> Verdict {
    let decision = conclusion.decision;
    let ranks_only =
        parts.pools.history.snapshots.len() == 1 && decision.outcome == Outcome::Inconclusive;
    let leads = decision.leak >= Leak::Weak || ranks_only;
    let shown = conclusion
        .leader
        .filter(|_| leads && decision.outcome != Outcome::RefusalsWithoutPoolPressure);
    let row = shown.and_then(|(tag, pool)| {
        tags.iter()
            .find(|row| row.tag_hex == tag.hex() && row.pool == pool.name())
    });
    let named = shown
        .and(conclusion.leading_answer())
        .and_then(|a| a.answer.image())
        .and_then(|i| parts.images.holding.get(i));
    Verdict {
        outcome: decision.outcome.name(),
        confidence: decision.confidence.name(),
        summary: summary(parts, conclusion, row),
        tag: shown.map(|(tag, _)| tag.to_string()),
        tag_hex: shown.map(|(tag, _)| tag.hex()),
        pool: shown.map(|(_, pool)| pool.name()),
        driver: named.map(driver),
        reasons: reasons(parts, conclusion, quotes, row, attribution, ledger),
        would_change: would_change(parts, conclusion),
    }
}

fn summary(parts: &Parts<'_>, conclusion: &Conclusion, row: Option<&TagRow>) -> String {
    let refusals = refused(parts);
    let who = who(parts, conclusion);
    let tag = row.map(|row| row.tag.as_str()).unwrap_or("?");
    let grown = row
        .map(|row| size(row.bytes_last.saturating_sub(row.bytes_first)))
        .unwrap_or_default();
    let part = conclusion
        .share
        .map(|s| {
            format!(
                ",{} {:.0} % of the pool's growth",
                lockstep(conclusion, " with"),
                share(s) * 100.0
            )
        })
        .unwrap_or_default();
    match conclusion.decision.outcome {
        Outcome::LeakExplainsRefusals => {
            format!("{refusals} when nonpaged pool ran out: `{tag}` grew by {grown}{part}. {who}")
        }
        Outcome::LeakWithoutRefusals if parts.log.analysable == 0 => {
            format!(
                "`{tag}` leaks: it grew by {grown}{part}. There is no HTTPERR log that could show refusals. {who}"
            )
        }
        Outcome::LeakWithoutRefusals => {
            format!("`{tag}` leaks: it grew by {grown}{part}. No connection was refused yet. {who}")
        }
        Outcome::RefusalsWithoutPoolPressure => format!(
            "{refusals}, but nonpaged pool was not short: {}.",
            reading_clause(parts)
        ),
        Outcome::PoolPressureWithoutLeak if parts.log.refusal_rows > 0 => {
            format!(
                "{refusals} when nonpaged pool was near its limit, but no tag's growth explains that."
            )
        }
        Outcome::PoolPressureWithoutLeak => {
            "Nonpaged pool is near its limit, but no tag's growth explains that.".to_owned()
        }
        Outcome::NoProblemFound => no_problem(parts),
        Outcome::Inconclusive => inconclusive(parts, conclusion, row),
    }
}

fn no_problem(parts: &Parts<'_>) -> String {
    let logs = match parts.log.analysable {
        0 => "no HTTPERR log could be read".to_owned(),
        1 => "1 HTTPERR log shows no refused connection".to_owned(),
        n => format!("{n} HTTPERR logs show no refused connection"),
    };
    match parts.pools.history.snapshots.len() {
        0 => format!("No problem found: {logs}. There are no pool snapshots."),
        n => format!(
            "No problem found: {logs}, and no tag leaks over {}.",
            bare(n as u64, "snapshot")
        ),
    }
}

fn inconclusive(parts: &Parts<'_>, conclusion: &Conclusion, row: Option<&TagRow>) -> String {
    let mut text = if parts.log.refusal_rows > 0 {
        format!("{}. ", refused(parts))
    } else {
        String::new()
    };
    let snapshots = parts.pools.history.snapshots.len();
    match (snapshots, row) {
        (0, _) => text.push_str("There are no pool snapshots: which tag grows cannot be told."),
        (1, Some(row)) => text.push_str(&format!(
            "One snapshot only: `{}` holds most ({}), a suspect and no more. {}",
            row.tag,
            size(row.bytes_last),
            who(parts, conclusion)
        )),
        (_, Some(row)) if conclusion.decision.leak >= Leak::Weak => text.push_str(&format!(
            "`{}` leaks ({} more), but {}. {}",
            row.tag,
            size(row.bytes_last.saturating_sub(row.bytes_first)),
            why_apart(parts),
            who(parts, conclusion)
        )),
        (1, None) => text.push_str(
            "One snapshot only, and no row of nonpaged pool in it: no tag can be ranked.",
        ),
        (n, None) if parts.log.refusal_rows == 0 => {
            text.push_str(&format!(
                "{} do not tell whether a tag of nonpaged pool leaks.",
                bare(n as u64, "snapshot")
            ));
        }
        _ => text.push_str(&format!(
            "Pool and refusals could not be brought together: {}.",
            why_apart(parts)
        )),
    }
    text
}

fn why_apart(parts: &Parts<'_>) -> String {
    match (&parts.facts.withheld, &parts.facts.correlation) {
        (Some(withheld), _) => withheld.reason.clone(),
        (None, Some(found)) => found.reading.sentence().to_owned(),
        (None, None) => "the facts do not decide".to_owned(),
    }
}

fn refused(parts: &Parts<'_>) -> String {
    let log = parts.log;
    let connections = match log.refused {
        1 => "1 connection was".to_owned(),
        n => format!("{n} connections were"),
    };
    let connections = if log.uncounted_rows > 0 {
        format!("At least {connections}")
    } else {
        connections
    };
    let outages = match log.episodes.len() {
        1 => String::new(),
        n => format!(" in {n} outages"),
    };
    format!("{connections} refused{outages}")
}

/// Who allocates, in a sentence.
fn who(parts: &Parts<'_>, conclusion: &Conclusion) -> String {
    let Some(answer) = conclusion.leading_answer() else {
        return String::new();
    };
    let named = answer
        .answer
        .image()
        .and_then(|i| parts.images.holding.get(i))
        .map(driver);
    match (answer.answer, named) {
        (Answer::Named(_), Some(driver)) => {
            let mut by: Vec<String> = Vec::new();
            by.extend(driver.version.company);
            by.extend(driver.version.file_version);
            let by = if by.is_empty() {
                String::new()
            } else {
                format!(" ({})", by.join(", "))
            };
            format!("{}{by} allocates with this tag.", driver.file_name)
        }
        (Answer::KernelOwned, _) => {
            let holders = well_known(answer.tag)
                .map(|k| k.holders)
                .unwrap_or_default();
            format!("The tag is the kernel's own, so no driver is blamed; {holders}.")
                .replace("..", ".")
        }
        (Answer::NoImages | Answer::NotInBundle, _) => {
            format!("{}.", capital(&sentence(parts, answer)))
        }
        _ => format!("{}.", sentence(parts, answer)),
    }
}

/// A clause as the beginning of a sentence.
fn capital(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Whose growth is counted in beside the leader's, behind `word`.
fn lockstep(conclusion: &Conclusion, word: &str) -> String {
    match conclusion.companions.as_slice() {
        [] => String::new(),
        [one] => format!("{word} `{one}` in lockstep"),
        more => format!("{word} {} tags in lockstep", more.len()),
    }
}

fn reading_clause(parts: &Parts<'_>) -> String {
    let Some(found) = &parts.facts.correlation else {
        return "it could not be compared".into();
    };
    let at = found.at.iter().flatten().next();
    let level = at.map(|at| match at.headroom {
        Some(left) => format!(" (at {}, with {} left)", size(at.bytes), size(left)),
        None => format!(" (at {})", size(at.bytes)),
    });
    format!("{}{}", found.reading.sentence(), level.unwrap_or_default())
}

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

fn reasons(
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
fn cite_snapshot(parts: &Parts<'_>, place: usize, ledger: &mut Ledger<'_>) -> Option<String> {
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

/// A count as digits alone and its noun.
fn bare(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

fn would_change(parts: &Parts<'_>, conclusion: &Conclusion) -> Vec<String> {
    let mut changes = Vec::new();
    let snapshots = parts.pools.history.snapshots.len();
    if let Some(withheld) = &parts.facts.withheld {
        changes.push(format!("times for the snapshots: {}", withheld.remedy));
    }
    if snapshots < 4 {
        changes.push("more pool snapshots, half an hour apart, over two hours at least".to_owned());
    }
    if parts.log.analysable == 0 {
        changes.push(
            "HTTPERR logs with the s-reason column, from the time of the snapshots".to_owned(),
        );
    }
    if parts.facts.host.limit.is_err() {
        changes.push(
            "the limit of nonpaged pool: systeminfo.txt, or --os and --ram, or --npp-limit"
                .to_owned(),
        );
    }
    match conclusion.leading_answer().map(|a| a.answer) {
        Some(Answer::NotInBundle | Answer::NoImages) if conclusion.decision.leak >= Leak::Weak => {
            changes.push("the driver that allocates with the tag: a full copy of System32\\drivers and the DriverStore (or --drivers DIR)".to_owned());
        }
        Some(Answer::Shared | Answer::Likely(_)) => {
            changes.push("stopping or updating the candidate drivers one at a time, and watching whether the tag still grows".to_owned());
        }
        Some(Answer::Named(_)) if conclusion.decision.confidence >= Confidence::Probable => {
            changes.push("the same growth with this driver stopped or removed".to_owned());
        }
        _ => {}
    }
    if parts
        .facts
        .correlation
        .as_ref()
        .is_some_and(|c| c.reading == Reading::Apart)
    {
        changes.push("snapshots from the time of the refusals".to_owned());
    }
    changes
}

/// What is worth knowing beside the verdict.
pub(super) fn findings(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    ledger: &mut Ledger<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |rule, kind, text: String, evidence: Vec<String>| {
        findings.push(Finding {
            rule,
            kind,
            text,
            evidence,
        })
    };
    rivals(parts, &mut add);
    paged(parts, &mut add);
    if let Ok(limit) = &parts.facts.host.limit {
        let peak = crate::case::facts::all_levels(&parts.pools.history)
            .map(|(place, _, _, bytes)| (bytes, place))
            .max();
        if let Some((bytes, place)) = peak
            && let Some(text) = u64::try_from(bytes)
                .ok()
                .and_then(|b| limit.contradicted_by(b))
        {
            let cited = cite_snapshot(parts, place, ledger).into_iter().collect();
            add("limit_contradicted", "pool", text, cited);
        }
    }
    let restarts = parts.pools.history.epochs.len().saturating_sub(1);
    if restarts > 0 {
        let times = if restarts == 1 {
            "once".to_owned()
        } else {
            format!("{restarts} times")
        };
        add(
            "restarts",
            "clock",
            format!("the kernel was restarted {times} between snapshots: counters fell"),
            Vec::new(),
        );
    }
    if let Some((tag, _)) = conclusion.leader.filter(|(tag, _)| kernel_owned(*tag)) {
        let known =
            well_known(tag).map(|k| format!("`{tag}` grows with {}; {}", k.grows, k.holders));
        add(
            "kernel_object",
            "pool",
            known.unwrap_or_default(),
            Vec::new(),
        );
    }
    for (name, why) in parts.images.blind.iter().take(8) {
        add(
            "cannot_see_inside",
            "driver",
            format!("{name}: {why}"),
            Vec::new(),
        );
    }
    for image in parts
        .images
        .holding
        .iter()
        .filter(|i| !i.reversed.is_empty())
        .take(4)
    {
        let tags: Vec<String> = image.reversed.iter().map(|t| format!("`{t}`")).collect();
        add(
            "reversed_tag",
            "driver",
            format!(
                "{} holds {} with its bytes reversed: a hint that its author forgot the reversal, no evidence",
                image.name,
                tags.join(", ")
            ),
            Vec::new(),
        );
    }
    findings
}

fn rivals(
    parts: &Parts<'_>,
    add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>),
) {
    let within = rivals_within(parts.log);
    for (name, rows) in &parts.log.reasons {
        if !crate::artifact::httperr::class_of(name).is_rival() {
            continue;
        }
        let inside = within.get(name.as_str()).copied().unwrap_or(0);
        let text = format!(
            "{rows} rows of {name}, {inside} of them during refusals: a cause of failed requests that has nothing to do with pool"
        );
        add("rival_reason", "rival", text, Vec::new());
    }
    let internal = parts.log.reasons.get("N/A").copied().unwrap_or(0);
    if internal > 0 {
        add(
            "unspecific_503",
            "rival",
            format!(
                "{internal} rows of N/A: memory that could not be allocated, or a missing host binding; proof of neither"
            ),
            Vec::new(),
        );
    }
}

/// Growth of paged pool is a rival for what it starves, never a cause of refusals by http.sys.
fn paged(parts: &Parts<'_>, add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>)) {
    let Some(growth) = parts.facts.growth() else {
        return;
    };
    let suspect = growth
        .paged_suspects
        .first()
        .and_then(|s| growth.series.get(s.series));
    let Some(series) =
        suspect.filter(|s| s.class.is_leak_pattern() && s.share.is_none_or(|part| part >= 0.3))
    else {
        return;
    };
    let text = format!(
        "`{}` grows in {} pool: {}. http.sys watches nonpaged pool only",
        series.tag,
        Pool::Paged,
        series.test()
    );
    add("paged_growth", "rival", text, Vec::new());
}
