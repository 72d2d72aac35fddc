use super::super::side::TagFacts;
use super::super::testing::{key, later, leaking, pace, side};
use super::super::{Comparison, compare};
use super::*;

fn said(one: &Side, other: &Side) -> (Result, String) {
    let Comparison { answer, .. } = compare(one.clone(), other.clone());
    (answer.result, answer.text)
}

/// What must come out when the sides change places.
fn mirrored(result: Result) -> Result {
    match result {
        Result::OnlyA => Result::OnlyB,
        Result::OnlyB => Result::OnlyA,
        other => other,
    }
}

#[test]
fn a_fix_is_one_when_the_later_case_shows_it() {
    let (before, after) = (leaking("before"), later(side("after")));
    let (result, text) = said(&before, &after);
    assert_eq!(result, Result::OnlyA);
    assert_eq!(
        text,
        "Fixed, as far as B shows: `HsCx` leaks in A and not in B after it"
    );
    let (result, text) = said(&after, &before);
    assert_eq!(result, Result::OnlyB);
    assert!(text.starts_with("Fixed, as far as A shows"), "{text}");
    let (_, text) = said(&side("before"), &later(leaking("after")));
    assert!(text.starts_with("New in B"), "{text}");
}

#[test]
fn a_fix_that_does_not_work_is_none() {
    let (result, text) = said(&leaking("before"), &later(leaking("after")));
    assert_eq!(result, Result::SameProblem);
    assert_eq!(text, "Not fixed: `HsCx` leaks in A and in B after it");
}

#[test]
fn nodes_are_alike_or_not() {
    let node = |mut side: Side| {
        side.host = Some("WEB2".into());
        side
    };
    assert_eq!(
        said(&leaking("1"), &node(leaking("2"))).1,
        "Alike in this: `HsCx` leaks in A and in B"
    );
    assert_eq!(
        said(&leaking("1"), &node(side("2"))).1,
        "Not alike: `HsCx` leaks in A and not in B"
    );
    assert_eq!(said(&side("1"), &node(side("2"))).0, Result::NoProblem);
}

#[test]
fn the_same_files_prove_nothing() {
    let a = leaking("A");
    let mut b = a.clone();
    b.options = vec!["--tz=UTC".into()];
    let comparison = compare(a.clone(), b);
    assert_eq!(comparison.answer.result, Result::SameCase);
    assert!(comparison.answer.because[0].contains("options"));
    let mut nameless = a;
    nameless.case_id = None;
    assert_ne!(said(&nameless, &nameless).0, Result::SameCase);
}

#[test]
fn a_verdict_without_a_leak_is_not_enough() {
    let before = leaking("before");
    let mut after = later(side("after"));
    // The pool as a whole grows as fast as the leak did, and the tag is not listed.
    after.pool.pace = Some(pace(100.2));
    let (result, text) = said(&before, &after);
    assert_eq!(result, Result::CannotTell);
    assert!(text.contains("gives no slope of `HsCx`"), "{text}");
    // Listed and slower: shown. Listed with an interval that overlaps: not shown.
    let listed = |mib: f64| TagFacts {
        tag: "HsCx".into(),
        class: Some("irregular".into()),
        bytes_first: None,
        bytes_last: None,
        pace: Some(pace(mib)),
    };
    after.pool.tags.insert(key(), listed(2.0));
    assert_eq!(said(&before, &after).0, Result::OnlyA);
    after.pool.tags.insert(key(), listed(99.5));
    assert_eq!(said(&before, &after).0, Result::CannotTell);
    // Every tag is listed and this one is not there.
    after.pool.tags.clear();
    after.pool.tags_not_listed = 0;
    assert_eq!(said(&before, &after).0, Result::OnlyA);
}

#[test]
fn what_shows_too_little_is_named() {
    let before = leaking("before");
    for (snapshots, words) in [
        (0, "Can't tell: B has no pool snapshot"),
        (
            1,
            "Can't tell: B has one pool snapshot, in which no growth can be seen",
        ),
    ] {
        let mut after = later(side("after"));
        after.pool.snapshots = snapshots;
        assert_eq!(
            said(&before, &after),
            (Result::CannotTell, words.to_owned())
        );
        after.verdict.outcome = Some("inconclusive".into());
        assert_eq!(
            said(&before, &after),
            (Result::CannotTell, words.to_owned())
        );
    }
    let mut unknown = side("after");
    unknown.verdict = super::super::side::VerdictFacts::default();
    assert_eq!(said(&before, &unknown).1, "Can't tell: B states no verdict");
}

#[test]
fn a_leak_without_a_clock_is_still_one() {
    let mut undated = leaking("A");
    undated.verdict.outcome = Some("inconclusive".into());
    undated.verdict.confidence = Some("possible".into());
    assert_eq!(said(&undated, &later(leaking("B"))).0, Result::SameProblem);
    let lower = compare(undated, leaking("B")).answer.confidence;
    assert_eq!(lower.as_deref(), Some("possible"));
}

#[test]
fn refusals_for_another_cause_are_a_problem_of_their_own() {
    let mut busy = side("busy");
    busy.verdict.outcome = Some("refusals_without_pool_pressure".into());
    busy.refusals.total = Some(70);
    assert_eq!(said(&leaking("A"), &busy).0, Result::DifferentProblems);
    assert_eq!(said(&busy, &side("B")).0, Result::OnlyA);
    let mut blind = side("blind");
    blind.refusals.logs = 0;
    assert_eq!(said(&busy, &blind).0, Result::CannotTell);
}

#[test]
fn every_answer_has_its_mirror() {
    let mut one_snapshot = side("one");
    one_snapshot.pool.snapshots = 1;
    let mut busy = side("busy");
    busy.verdict.outcome = Some("refusals_without_pool_pressure".into());
    let sides = [
        leaking("x"),
        later(leaking("y")),
        side("z"),
        one_snapshot,
        busy,
    ];
    for a in &sides {
        for b in &sides {
            assert_eq!(
                said(b, a).0,
                mirrored(said(a, b).0),
                "{} {}",
                a.name,
                b.name
            );
        }
    }
}
