//! Is it fixed, are the nodes alike? One answer, or why there is none.
//!
//! ```text
//! trouble of A, trouble of B      what each verdict states; none if a case shows too little
//! same kind (leaks: same tag)  ─► same_problem
//! one alone                    ─► only_a, only_b: if the other side shows that it has it not
//! two kinds                    ─► different_problems
//! neither                      ─► no_problem
//! a side that cannot say       ─► cannot_tell, with the reason
//! ```
//! A tag that does not leak on the other side has to be shown not to: it is in none of the
//! snapshots, or its slope lies below the leak's interval, or all of nonpaged pool grows less
//! than that tag alone did. A verdict that names no leak is not enough.

use serde::Serialize;

use super::growth::{self, Difference, TagChange, TagState};
use super::side::{Side, Span, TagKey};
use crate::report::wording;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// Both are made of the same files.
    SameCase,
    /// Both have the same problem.
    SameProblem,
    /// A has a problem, and B is shown not to have it.
    OnlyA,
    /// B has a problem, and A is shown not to have it.
    OnlyB,
    /// Each has a problem of its own.
    DifferentProblems,
    /// Neither has one.
    NoProblem,
    /// A side shows too little.
    CannotTell,
}

/// How the two cases stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// One machine, A before B.
    AThenB,
    /// One machine, B before A.
    BThenA,
    /// One machine at overlapping or unknown times.
    OneMachine,
    /// Two machines.
    TwoMachines,
    /// A case does not name its host.
    NotKnown,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// What comes out.
    pub result: Result,
    /// In a sentence.
    pub text: String,
    /// Why; for `cannot_tell` what is missing.
    pub because: Vec<String>,
    /// The lower of the two verdicts' confidences, which this answer cannot exceed.
    pub confidence: Option<String>,
    /// How the two stand to each other.
    pub relation: Relation,
}

/// A side with the letter by which it is called.
#[derive(Clone, Copy)]
struct Called<'a> {
    letter: &'static str,
    side: &'a Side,
}

/// What is wrong on a side.
#[derive(Clone, Debug, PartialEq)]
enum Trouble {
    Leak(TagKey),
    Pressure,
    Refusals,
    None,
    Unknown(String),
}

/// Answers.
pub(super) fn answer(a: &Side, b: &Side, tags: &[TagChange]) -> Answer {
    let (one, other) = (
        Called {
            letter: "A",
            side: a,
        },
        Called {
            letter: "B",
            side: b,
        },
    );
    let relation = relation(a, b);
    let (result, text, because) = match same_case(a, b) {
        Some(found) => found,
        None => judge(one, other, relation, tags),
    };
    Answer {
        result,
        text,
        because,
        confidence: lower(a, b),
        relation,
    }
}

type Found = (Result, String, Vec<String>);

fn same_case(a: &Side, b: &Side) -> Option<Found> {
    if a.case_id.is_none() || a.case_id != b.case_id {
        return None;
    }
    let alike = a.options == b.options && a.tool_version == b.tool_version;
    let because = match alike {
        true => "names and contents of all files agree".to_owned(),
        false => "names and contents of all files agree; what differs below comes from options or the program's version".to_owned(),
    };
    let text = "A and B are the same case: this says nothing of a fix or of a second node";
    Some((Result::SameCase, text.to_owned(), vec![because]))
}

fn judge(a: Called<'_>, b: Called<'_>, relation: Relation, tags: &[TagChange]) -> Found {
    let troubles = (trouble(a), trouble(b));
    match &troubles {
        (Trouble::Unknown(why), Trouble::Unknown(too)) => cannot(vec![why.clone(), too.clone()]),
        (Trouble::Unknown(why), _) | (_, Trouble::Unknown(why)) => cannot(vec![why.clone()]),
        (Trouble::None, Trouble::None) => neither(a, b),
        (one, other) if one == other => same(one, a, b, relation, tags),
        (_, Trouble::None) => alone((a, &troubles.0), b, Result::OnlyA, relation),
        (Trouble::None, _) => alone((b, &troubles.1), a, Result::OnlyB, relation),
        (one, other) => different((a, one), (b, other)),
    }
}

fn cannot(because: Vec<String>) -> Found {
    let first = because.first().cloned().unwrap_or_default();
    (Result::CannotTell, format!("Can't tell: {first}"), because)
}

fn trouble(called: Called<'_>) -> Trouble {
    let (side, letter) = (called.side, called.letter);
    let verdict = &side.verdict;
    let sure = verdict.confidence.as_deref() != Some("insufficient");
    match verdict.outcome.as_deref() {
        Some("leak_explains_refusals" | "leak_without_refusals") if sure => match &verdict.key {
            Some(key) => Trouble::Leak(key.clone()),
            None => Trouble::Unknown(format!(
                "{letter} reports a leak and does not say of which tag"
            )),
        },
        Some("pool_pressure_without_leak") if sure => Trouble::Pressure,
        Some("refusals_without_pool_pressure") if sure => Trouble::Refusals,
        Some("no_problem_found") if sure => Trouble::None,
        None => Trouble::Unknown(format!("{letter} states no verdict")),
        Some(_) if side.pool.snapshots == 0 => {
            Trouble::Unknown(format!("{letter} has no pool snapshot"))
        }
        Some(_) if side.pool.snapshots == 1 => Trouble::Unknown(format!(
            "{letter} has one pool snapshot, in which no growth can be seen"
        )),
        Some(_) => inconclusive(called),
    }
}

/// A leak that only lacks its tie to the refusals is one still.
fn inconclusive(called: Called<'_>) -> Trouble {
    let verdict = &called.side.verdict;
    let facts = verdict
        .key
        .as_ref()
        .and_then(|key| Some((key, called.side.pool.tags.get(key)?)));
    match facts {
        Some((key, facts)) if is_leak(facts.class.as_deref()) => Trouble::Leak(key.clone()),
        _ => Trouble::Unknown(format!("the verdict of {} is inconclusive", called.letter)),
    }
}

fn is_leak(class: Option<&str>) -> bool {
    matches!(class, Some("steady_leak" | "accelerating"))
}

fn neither(a: Called<'_>, b: Called<'_>) -> Found {
    let because = [a, b].map(|called| {
        let pool = &called.side.pool;
        let logs = match called.side.refusals.logs {
            0 => "no log that could show refusals".to_owned(),
            n => wording::counted(n, "log"),
        };
        format!(
            "{}: {}{}, {logs}",
            called.letter,
            wording::counted(pool.snapshots, "snapshot"),
            over(pool.covered)
        )
    });
    let text = "Neither shows a leak, a shortage of pool or refused connections";
    (Result::NoProblem, text.to_owned(), because.to_vec())
}

fn over(span: Option<Span>) -> String {
    span.map_or_else(String::new, |s| {
        format!(" over {}", wording::hours(s.hours()))
    })
}

/// A trouble as the end of "… in A".
fn named(called: Called<'_>, trouble: &Trouble) -> String {
    match trouble {
        Trouble::Leak(_) => {
            let tag = called.side.verdict.tag.as_deref();
            format!("`{}` leaks", tag.unwrap_or(wording::UNKNOWN))
        }
        Trouble::Pressure => "nonpaged pool runs short without a leak".to_owned(),
        Trouble::Refusals => "connections are refused with pool to spare".to_owned(),
        Trouble::None | Trouble::Unknown(_) => "nothing is found".to_owned(),
    }
}

fn same(
    trouble: &Trouble,
    a: Called<'_>,
    b: Called<'_>,
    relation: Relation,
    tags: &[TagChange],
) -> Found {
    let what = named(a, trouble);
    let text = match relation {
        Relation::AThenB => format!("Not fixed: {what} in A and in B after it"),
        Relation::BThenA => format!("Not fixed: {what} in B and in A after it"),
        Relation::TwoMachines => format!("Alike in this: {what} in A and in B"),
        Relation::OneMachine | Relation::NotKnown => format!("The same: {what} in A and in B"),
    };
    let mut because = Vec::new();
    if let Trouble::Leak(key) = trouble
        && let Some(change) = tags.iter().find(|t| t.key == *key)
    {
        because.push(match change.difference {
            Difference::AFaster | Difference::BFaster => format!(
                "it grows {}: the 95 % intervals of its slopes are apart",
                change.difference.words()
            ),
            Difference::NotShown => {
                "its pace is not shown to differ: the 95 % intervals of its slopes overlap".into()
            }
            other => format!("its pace: {}", other.words()),
        });
    }
    because.extend(refusals(a, b));
    (Result::SameProblem, text, because)
}

fn refusals(a: Called<'_>, b: Called<'_>) -> Option<String> {
    let words = |called: Called<'_>| {
        let refusals = &called.side.refusals;
        let total = refusals.total.filter(|_| refusals.logs > 0)?;
        Some(format!("{} in {}", wording::count(total), called.letter))
    };
    Some(format!("connections refused: {}, {}", words(a)?, words(b)?))
}

fn alone(
    (with, trouble): (Called<'_>, &Trouble),
    without: Called<'_>,
    result: Result,
    relation: Relation,
) -> Found {
    let shown = match free_of(trouble, with, without) {
        Ok(shown) => shown,
        Err(why) => return cannot(vec![why]),
    };
    let what = named(with, trouble);
    let (there, here) = (with.letter, without.letter);
    let is_first = matches!(
        (relation, there),
        (Relation::AThenB, "A") | (Relation::BThenA, "B")
    );
    let text = match relation {
        Relation::AThenB | Relation::BThenA if is_first => {
            format!("Fixed, as far as {here} shows: {what} in {there} and not in {here} after it")
        }
        Relation::AThenB | Relation::BThenA => {
            format!("New in {there}: {what} there and not in {here} before it")
        }
        Relation::TwoMachines => format!("Not alike: {what} in {there} and not in {here}"),
        Relation::OneMachine | Relation::NotKnown => {
            format!("Only in {there}: {what} there and not in {here}")
        }
    };
    let mut because = vec![shown];
    because.extend(refusals(with, without));
    (result, text, because)
}

fn different((a, one): (Called<'_>, &Trouble), (b, other): (Called<'_>, &Trouble)) -> Found {
    for (trouble, with, without) in [(one, a, b), (other, b, a)] {
        if let (Trouble::Leak(_), Err(why)) = (trouble, free_of(trouble, with, without)) {
            return cannot(vec![why]);
        }
    }
    let text = format!(
        "Different problems: {} in A, {} in B",
        named(a, one),
        named(b, other)
    );
    let because = refusals(a, b).into_iter().collect();
    (Result::DifferentProblems, text, because)
}

/// What shows that a side does not have the other's trouble, or why that is not known.
fn free_of(
    trouble: &Trouble,
    with: Called<'_>,
    without: Called<'_>,
) -> std::result::Result<String, String> {
    let here = without.letter;
    let pool = &without.side.pool;
    match trouble {
        Trouble::Leak(key) => leak_is_not_in(key, with, without),
        Trouble::Refusals if without.side.refusals.logs == 0 => {
            Err(format!("{here} has no log that could show refusals"))
        }
        Trouble::Refusals => Ok(format!(
            "{here}: {} without a refused connection{}",
            wording::counted(without.side.refusals.logs, "log"),
            over(without.side.refusals.covered)
        )),
        _ if pool.snapshots == 0 => Err(format!("{here} has no pool snapshot")),
        _ => Ok(format!(
            "{here}: nonpaged pool at most {}",
            pool.highest
                .map_or_else(|| wording::UNKNOWN.to_owned(), wording::size)
        )),
    }
}

fn leak_is_not_in(
    key: &TagKey,
    with: Called<'_>,
    without: Called<'_>,
) -> std::result::Result<String, String> {
    let (there, here) = (with.letter, without.letter);
    let tag = with.side.verdict.tag.as_deref().unwrap_or(wording::UNKNOWN);
    let pool = &without.side.pool;
    match pool.snapshots {
        0 => return Err(format!("{here} has no pool snapshot")),
        1 => {
            return Err(format!(
                "{here} has one pool snapshot, in which no growth can be seen"
            ));
        }
        _ => {}
    }
    let leak = TagState::of(with.side, key);
    let leak = leak.pace();
    let state = TagState::of(without.side, key);
    let slower = |of: Option<&_>| growth::difference(leak, of) == Difference::AFaster;
    match &state {
        TagState::Absent => Ok(format!(
            "`{tag}` is in none of the {} snapshots of {here}{}",
            wording::count(pool.snapshots),
            over(pool.covered)
        )),
        TagState::Listed(facts) if slower(facts.pace.as_ref()) => Ok(format!(
            "`{tag}` grows slower in {here}: the 95 % intervals of its slopes are apart"
        )),
        TagState::Listed(facts) => Err(format!(
            "`{tag}` is in both, and its slopes are not shown to differ ({})",
            growth::difference(leak, facts.pace.as_ref()).words()
        )),
        TagState::NotListed | TagState::NoSnapshots if slower(pool.pace.as_ref()) => Ok(format!(
            "all of nonpaged pool grows less in {here} than `{tag}` alone in {there}: the 95 % intervals are apart"
        )),
        TagState::NotListed | TagState::NoSnapshots => Err(format!(
            "the report of {here} gives no slope of `{tag}`, and nonpaged pool as a whole is not shown to grow less"
        )),
    }
}

/// The lower of two confidences; none if a word is not on the ladder.
fn lower(a: &Side, b: &Side) -> Option<String> {
    let rung = |side: &Side| wording::step(side.verdict.confidence.as_deref().unwrap_or(""));
    let lowest = rung(a).min(rung(b)).checked_sub(1)?;
    wording::CONFIDENCES.get(lowest).map(|c| (*c).to_owned())
}

fn relation(a: &Side, b: &Side) -> Relation {
    let (Some(one), Some(other)) = (&a.host, &b.host) else {
        return Relation::NotKnown;
    };
    if !one.eq_ignore_ascii_case(other) {
        return Relation::TwoMachines;
    }
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) if a.to < b.from => Relation::AThenB,
        (Some(a), Some(b)) if b.to < a.from => Relation::BThenA,
        _ => Relation::OneMachine,
    }
}

/// All that a case covers.
fn whole(side: &Side) -> Option<Span> {
    match (side.pool.covered, side.refusals.covered) {
        (Some(pool), Some(logs)) => Some(Span {
            from: pool.from.min(logs.from),
            to: pool.to.max(logs.to),
        }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
