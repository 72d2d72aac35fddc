//! The verdict in words: the summary, the reasons with their evidence, and what would change it.

use super::Parts;
use super::capture;
use super::drivers::{named_driver, sentence};
use super::pool::share;
use super::pressure::{WHOLE_DAY, not_short, reading_clause, rival, when};
use super::reasons::{Tags, reasons};
use super::refusals::Quotes;
use crate::artifact::pooltag::well_known;
use crate::case::conclusion::{Beside, Conclusion};
use crate::case::evidence::Ledger;
use crate::case::times::size;
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::capture::Seen;
use crate::diagnosis::correlation::Reading;
use crate::diagnosis::verdict::{Confidence, Leak, Outcome};
use crate::report::model::{AlsoLeaks, Attribution, Driver, TagRow, Verdict};
use crate::report::wording::{bare, count};
use crate::tag::Tag;

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
    let leads = decision.leak >= Leak::Weak || ranks_only || conclusion.holder.is_some();
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
        driver: named.map(named_driver),
        also: shown.map_or_else(Vec::new, |_| also(parts, conclusion)),
        reasons: reasons(
            parts,
            conclusion,
            quotes,
            &Tags {
                listed: tags,
                named: row,
            },
            attribution,
            ledger,
        ),
        would_change: would_change(parts, conclusion, shown.is_some()),
    }
}

/// The other tags that leak, for the report.
fn also(parts: &Parts<'_>, conclusion: &Conclusion) -> Vec<AlsoLeaks> {
    conclusion
        .beside
        .iter()
        .map(|other| AlsoLeaks {
            tag: other.tag.to_string(),
            tag_hex: other.tag.hex(),
            share_of_growth: share(other.share),
            driver: beside_driver(parts, conclusion, other).map(|d| d.file_name),
        })
        .collect()
}

/// The image shown to allocate with a tag that leaks beside the leader.
pub(super) fn beside_driver(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    other: &Beside,
) -> Option<Driver> {
    let answer = conclusion.answer_of(other.tag, other.pool)?.answer;
    let image = parts.images.holding.get(answer.image()?)?;
    Some(named_driver(image))
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
    let part = format!("{part}{}", beside(conclusion));
    match conclusion.decision.outcome {
        Outcome::LeakExplainsRefusals => {
            let when = when(parts);
            format!("{refusals} {when}: `{tag}` grew by {grown}{part}. {who}")
        }
        Outcome::LeakWithoutRefusals if parts.log.analysable == 0 => {
            format!(
                "`{tag}` leaks: it grew by {grown}{part}. There is no HTTPERR log that could show refusals. {who}"
            )
        }
        Outcome::LeakWithoutRefusals => {
            format!("`{tag}` leaks: it grew by {grown}{part}. No connection was refused yet. {who}")
        }
        Outcome::RefusalsWithoutPoolPressure => format!("{refusals}{}", not_short(parts)),
        Outcome::PoolPressureWithoutLeak => pressure(parts, conclusion, &refusals),
        Outcome::NoProblemFound => no_problem(parts),
        Outcome::Inconclusive => inconclusive(parts, conclusion, row),
    }
}

/// What leaks beside the leader, behind its own share.
fn beside(conclusion: &Conclusion) -> String {
    let one = |other: &Beside| {
        format!(
            ", and `{}` by {}, {:.0} %",
            other.tag,
            size(other.bytes),
            share(other.share) * 100.0
        )
    };
    conclusion.beside.iter().map(one).collect()
}

/// The pool is short, and no tag explains it; or none is known, because there are only counters.
fn pressure(parts: &Parts<'_>, conclusion: &Conclusion, refusals: &str) -> String {
    let near = match &parts.facts.correlation {
        Some(found) if found.reading == Reading::HighPool => "at its highest",
        _ => "near its limit",
    };
    if let Some(holder) = &conclusion.holder {
        let what = match parts.log.refusal_rows {
            0 => format!("Nonpaged pool is {near}"),
            _ => format!("{refusals} when nonpaged pool was {near}"),
        };
        let held = capture::held(parts, holder);
        return format!("{what}. {held}. {}", who(parts, conclusion));
    }
    let no_tags = parts.pools.history.snapshots.is_empty();
    let who = if no_tags {
        "which tag holds it is not known: performance counters know no tags, and there are no pool snapshots"
    } else {
        "but no tag's growth explains that"
    };
    match (parts.log.refusal_rows > 0, no_tags) {
        (true, true) => format!("{refusals} when nonpaged pool was {near}; {who}."),
        (true, false) => format!("{refusals} when nonpaged pool was {near}, {who}."),
        (false, true) => format!("Nonpaged pool is {near}; {who}."),
        (false, false) => format!("Nonpaged pool is {near}, {who}."),
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
        n if parts.facts.capture.seen == Seen::Enough => format!(
            "No problem found: {logs}, and no listed tag leaks over {}; by the pool's total, what is not listed did not grow much.",
            bare(n as u64, "snapshot")
        ),
        n => format!(
            "No problem found: {logs}, and no tag leaks over {}.",
            bare(n as u64, "snapshot")
        ),
    }
}

/// Nothing was found in so many logs and snapshots, and more could not be read.
fn part_read(logs: u64, snapshots: u64) -> String {
    let read = [
        (logs, "HTTPERR log", "without a refused connection"),
        (snapshots, "snapshot", "without a leak"),
    ];
    let read: Vec<String> = read
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, noun, without)| format!("{} {without}", bare(count, noun)))
        .collect();
    match read.is_empty() {
        true => "Only a part of the upload could be read, and in it neither an HTTPERR log nor a \
                 snapshot."
            .to_owned(),
        false => format!(
            "Only a part of the upload could be read. It holds {}, which says nothing of the rest.",
            read.join(" and ")
        ),
    }
}

/// True where what is open is open because tags were not listed.
fn is_open_for_tags(parts: &Parts<'_>, conclusion: &Conclusion, row: Option<&TagRow>) -> bool {
    let upload_read = parts.facts.whole || parts.log.refusal_rows > 0;
    let ranked = row.is_some() && conclusion.holder.is_none();
    let none_leaks = conclusion.decision.leak == Leak::No && !ranked;
    none_leaks && upload_read && capture::is_part(parts)
}

fn inconclusive(parts: &Parts<'_>, conclusion: &Conclusion, row: Option<&TagRow>) -> String {
    if is_open_for_tags(parts, conclusion, row) {
        let refused = (parts.log.refusal_rows > 0).then(|| refused(parts));
        let text = capture::in_part(parts, refused);
        return with_holder(parts, conclusion, text);
    }
    let text = open(parts, conclusion, row);
    with_holder(parts, conclusion, text)
}

/// Adds who holds a pool that was near its limit, where no growth says more.
fn with_holder(parts: &Parts<'_>, conclusion: &Conclusion, text: String) -> String {
    let Some(holder) = &conclusion.holder else {
        return text;
    };
    let held = capture::held(parts, holder).replacen("most of it", "most of nonpaged pool", 1);
    format!("{text} {held}. {}", who(parts, conclusion))
}

fn open(parts: &Parts<'_>, conclusion: &Conclusion, row: Option<&TagRow>) -> String {
    let mut text = if parts.log.refusal_rows > 0 {
        format!("{}. ", refused(parts))
    } else {
        String::new()
    };
    let snapshots = parts.pools.history.snapshots.len();
    match (snapshots, row) {
        (n, None) if parts.log.refusal_rows == 0 && !parts.facts.whole => {
            text.push_str(&part_read(parts.log.analysable, n as u64));
        }
        (0, _) => {
            if parts.facts.correlation.is_some() {
                text.push_str(&format!("{}. ", capital(&reading_clause(parts))));
            }
            text.push_str("There are no pool snapshots: which tag grows cannot be told.");
        }
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
        (None, Some(_)) => reading_clause(parts),
        (None, None) if parts.log.refusal_rows > 0 && parts.log.episodes.is_empty() => {
            "no refusal row has a readable date".to_owned()
        }
        (None, None) => match parts.facts.capture.lack {
            Some(lack) => format!("how full the pool was is not known: {}", lack.sentence()),
            None => "the facts do not decide".to_owned(),
        },
    }
}

pub(super) fn refused(parts: &Parts<'_>) -> String {
    let log = parts.log;
    let connections = match log.refused {
        1 => "1 connection was".to_owned(),
        n => format!("{} connections were", count(n)),
    };
    let connections = if log.uncounted_rows > 0 {
        format!("At least {connections}")
    } else {
        connections
    };
    let outages = match log.episodes.len() {
        // Refusals without a date are in none.
        0 | 1 => String::new(),
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
        .map(named_driver);
    match (answer.answer, named) {
        (Answer::Named(_), Some(driver)) if !conclusion.beside.is_empty() => {
            each_of_several(parts, conclusion, &driver.file_name, answer.tag)
        }
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
        // Only this one begins with the name of a file.
        (Answer::Named(_), None) => format!("{}.", sentence(parts, answer)),
        _ => format!("{}.", capital(&sentence(parts, answer))),
    }
}

/// Who allocates with each of several tags that leak.
fn each_of_several(parts: &Parts<'_>, conclusion: &Conclusion, driver: &str, tag: Tag) -> String {
    let mut all = vec![format!("{} allocates with `{}`", driver, tag)];
    for other in &conclusion.beside {
        let found = beside_driver(parts, conclusion, other);
        all.extend(found.map(|d| format!("{} with `{}`", d.file_name, other.tag)));
    }
    format!("{}.", all.join(", "))
}

/// A clause as the beginning of a sentence.
pub(super) fn capital(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Whose growth is counted in beside the leader's, behind `word`.
pub(super) fn lockstep(conclusion: &Conclusion, word: &str) -> String {
    match conclusion.companions.as_slice() {
        [] => String::new(),
        [one] => format!("{word} `{one}` in lockstep"),
        more => format!("{word} {} tags in lockstep", more.len()),
    }
}

/// What would change the verdict; `named` is whether it names a tag.
fn would_change(parts: &Parts<'_>, conclusion: &Conclusion, named: bool) -> Vec<String> {
    let mut changes = Vec::new();
    let snapshots = parts.pools.history.snapshots.len();
    if let Some(withheld) = &parts.facts.withheld {
        changes.push(format!("times for the snapshots: {}", withheld.remedy));
    }
    if snapshots < 4 {
        changes.push("more pool snapshots, half an hour apart, over two hours at least".to_owned());
    }
    if capture::is_part(parts) {
        changes.push(format!("snapshots {}", capture::WHOLE));
    } else if parts.facts.level_presumed
        && conclusion.decision.outcome == Outcome::RefusalsWithoutPoolPressure
    {
        changes.push("snapshots with the totals of the header (poolmon -r)".to_owned());
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
    if conclusion.holder.is_some() {
        changes.push("snapshots from a restart on, until the pool is full again".to_owned());
    }
    match conclusion
        .leading_answer()
        .filter(|_| named)
        .map(|a| a.answer)
    {
        Some(Answer::NotInBundle | Answer::NoImages) if conclusion.decision.leak >= Leak::Weak => {
            changes.push("the driver that allocates with the tag: a full copy of System32\\drivers and the DriverStore (or --drivers DIR)".to_owned());
        }
        Some(Answer::Shared | Answer::Likely(_)) => {
            changes.push("stopping or updating the candidate drivers one at a time, and watching whether the tag still grows".to_owned());
        }
        Some(Answer::Named(_))
            if conclusion.holder.is_none()
                && conclusion.decision.confidence >= Confidence::Probable =>
        {
            changes.push("the same growth with this driver stopped or removed".to_owned());
        }
        _ => {}
    }
    let reading = parts.facts.correlation.as_ref().map(|c| c.reading);
    if let Some(Reading::Apart | Reading::Unsettled) = reading {
        changes.push("snapshots from the time of the refusals".to_owned());
    }
    if rival(parts).is_some() {
        changes.push("refusals at a time when neither memory nor commit is short".to_owned());
    }
    if conclusion.may_be_load {
        changes.push(WHOLE_DAY.to_owned());
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::part_read;

    #[test]
    fn a_part_is_told_by_what_it_has() {
        assert_eq!(
            part_read(1, 0),
            "Only a part of the upload could be read. It holds 1 HTTPERR log without a refused \
             connection, which says nothing of the rest."
        );
        assert!(part_read(3, 2).contains(
            "3 HTTPERR logs without a refused connection and 2 snapshots without a leak"
        ));
        assert!(part_read(0, 0).ends_with("neither an HTTPERR log nor a snapshot."));
    }
}
