//! The table of cases, case by case.

use super::*;
use crate::diagnosis::correlation::Grounds;

const STRONG: Leader = Leader {
    class: Class::SteadyLeak,
    share: Some(0.9),
    growth_of_pool: Some(0.6),
    points: 12,
    cache: false,
    hours: Some(6.0),
    freed: Some(0.0),
};

fn found(reading: Reading) -> Correlation {
    Correlation {
        reading,
        at: vec![],
        covered: 1.0,
        separation: Some(1.0),
        lag: None,
        survives: (60, 120),
        grounds: Grounds {
            closeness: match reading {
                Reading::Exhausted => Closeness::At,
                _ => Closeness::Far,
            },
            ..Grounds::default()
        },
    }
}

fn brief(correlation: Option<&Correlation>) -> Brief<'_> {
    Brief {
        analysable_logs: 2,
        unanalysable_logs: 0,
        refusal_rows: u64::from(correlation.is_some()) * 50,
        snapshots: 12,
        samples: 0,
        tags_undated: false,
        most_points: 12,
        leader: Some(STRONG),
        correlation,
        pressed: Some(true),
        seen: Seen::Whole,
        level_presumed: false,
        beside: false,
        holder: false,
        answer: Some(Answer::Named(0)),
        logs_cover: true,
        whole: true,
        clock_doubt: 0,
    }
}

fn outcome(brief: &Brief<'_>) -> (Outcome, Confidence) {
    let decision = decide(brief);
    (decision.outcome, decision.confidence)
}

#[test]
fn every_link_shown_is_confirmed_and_a_missing_one_is_not() {
    let run_out = found(Reading::Exhausted);
    assert_eq!(
        outcome(&brief(Some(&run_out))),
        (Outcome::LeakExplainsRefusals, Confidence::Confirmed)
    );
    let unnamed = Brief {
        answer: Some(Answer::KernelOwned),
        ..brief(Some(&run_out))
    };
    assert_eq!(
        outcome(&unnamed),
        (Outcome::LeakExplainsRefusals, Confidence::Probable)
    );
    let high = found(Reading::HighPool);
    assert_eq!(outcome(&brief(Some(&high))).1, Confidence::Probable);
    let brittle = Correlation {
        survives: (0, 0),
        ..found(Reading::Exhausted)
    };
    assert_eq!(outcome(&brief(Some(&brittle))).1, Confidence::Possible);
    let two = Leader {
        class: Class::TwoPoints,
        points: 2,
        ..STRONG
    };
    assert_eq!(
        outcome(&Brief {
            leader: Some(two),
            ..brief(Some(&run_out))
        })
        .1,
        Confidence::Possible
    );
}

#[test]
fn a_contradiction_beats_a_leak() {
    let far = found(Reading::FarFromLimit);
    assert_eq!(
        outcome(&brief(Some(&far))),
        (Outcome::RefusalsWithoutPoolPressure, Confidence::Confirmed)
    );
}

#[test]
fn refusals_that_cannot_be_compared_are_inconclusive() {
    let blind = Brief {
        refusal_rows: 50,
        ..brief(None)
    };
    assert_eq!(
        outcome(&blind),
        (Outcome::Inconclusive, Confidence::Possible)
    );
    let nothing = Brief {
        leader: None,
        snapshots: 0,
        most_points: 0,
        ..blind
    };
    assert_eq!(
        outcome(&nothing),
        (Outcome::Inconclusive, Confidence::Insufficient)
    );
}

#[test]
fn without_refusals() {
    let run_out = found(Reading::Exhausted);
    let quiet = brief(None);
    assert_eq!(
        outcome(&quiet),
        (Outcome::LeakWithoutRefusals, Confidence::Confirmed)
    );
    assert_eq!(
        outcome(&Brief {
            analysable_logs: 0,
            ..quiet.clone()
        })
        .1,
        Confidence::Possible
    );
    let healthy = Brief {
        leader: None,
        pressed: Some(false),
        ..quiet.clone()
    };
    assert_eq!(
        outcome(&healthy),
        (Outcome::NoProblemFound, Confidence::Probable)
    );
    let pressed = Brief {
        leader: None,
        ..quiet.clone()
    };
    assert_eq!(outcome(&pressed).0, Outcome::PoolPressureWithoutLeak);
    let none = Brief {
        analysable_logs: 0,
        snapshots: 0,
        most_points: 0,
        pressed: None,
        ..healthy.clone()
    };
    assert_eq!(outcome(&none).0, Outcome::Inconclusive);
    let in_part = Brief {
        whole: false,
        ..healthy.clone()
    };
    assert_eq!(
        outcome(&in_part),
        (Outcome::Inconclusive, Confidence::Insufficient)
    );
    let leak_in_part = Brief {
        whole: false,
        ..quiet.clone()
    };
    assert_eq!(
        outcome(&leak_in_part),
        (Outcome::LeakWithoutRefusals, Confidence::Probable)
    );
    let pressure = Brief {
        leader: None,
        ..brief(Some(&run_out))
    };
    assert_eq!(outcome(&pressure).0, Outcome::PoolPressureWithoutLeak);
}

#[test]
fn small_shares_and_caches_are_no_strong_leak() {
    assert_eq!(STRONG.leak(), Leak::Strong);
    assert_eq!(
        Leader {
            share: Some(0.1),
            ..STRONG
        }
        .leak(),
        Leak::No
    );
    assert_eq!(
        Leader {
            share: Some(0.4),
            ..STRONG
        }
        .leak(),
        Leak::Weak
    );
    assert_eq!(
        Leader {
            cache: true,
            ..STRONG
        }
        .leak(),
        Leak::Weak
    );
    assert_eq!(
        Leader {
            growth_of_pool: Some(0.001),
            ..STRONG
        }
        .leak(),
        Leak::No
    );
    assert_eq!(
        Leader {
            class: Class::PlateauOrWarmUp,
            ..STRONG
        }
        .leak(),
        Leak::No
    );
}

#[test]
fn counters_alone_show_pressure_and_no_tag() {
    let high = found(Reading::HighPool);
    let counters = |pressed| Brief {
        snapshots: 0,
        most_points: 0,
        samples: 300,
        leader: None,
        answer: None,
        pressed,
        ..brief(Some(&high))
    };
    let pressure = (Outcome::PoolPressureWithoutLeak, Confidence::Possible);
    assert_eq!(outcome(&counters(None)), pressure);
    let open = (Outcome::Inconclusive, Confidence::Possible);
    assert_eq!(outcome(&counters(Some(false))), open);
    let exhausted = found(Reading::Exhausted);
    let proven = Brief {
        correlation: Some(&exhausted),
        ..counters(Some(true))
    };
    let pressure = (Outcome::PoolPressureWithoutLeak, Confidence::Probable);
    assert_eq!(outcome(&proven), pressure);
    // Snapshots without a time are not tied to the refusals that counters are tied to.
    let untied = Brief {
        tags_undated: true,
        ..brief(Some(&exhausted))
    };
    assert_eq!(outcome(&untied).1, Confidence::Possible);
}

/// Nothing grows among the tags that were seen.
fn no_leak(correlation: Option<&Correlation>) -> Brief<'_> {
    Brief {
        leader: None,
        ..brief(correlation)
    }
}

#[test]
fn of_tags_that_were_not_seen_it_is_not_said_that_none_leaks() {
    let unknown = (Outcome::Inconclusive, Confidence::Insufficient);
    for reading in [Reading::Exhausted, Reading::HighPool] {
        let found = found(reading);
        let part = Brief {
            seen: Seen::Part,
            ..no_leak(Some(&found))
        };
        assert_eq!(outcome(&part), unknown);
    }
    for pressed in [Some(true), Some(false), None] {
        let part = Brief {
            seen: Seen::Part,
            pressed,
            ..no_leak(None)
        };
        assert_eq!(outcome(&part), unknown);
    }
    // A tag that was seen to leak leaks, whatever else was not listed.
    let leak = Brief {
        seen: Seen::Part,
        ..brief(None)
    };
    assert_eq!(outcome(&leak).0, Outcome::LeakWithoutRefusals);
}

#[test]
fn a_total_that_stays_as_it_is_makes_up_for_tags_that_were_not_listed() {
    let run_out = found(Reading::Exhausted);
    let enough = Brief {
        seen: Seen::Enough,
        ..no_leak(Some(&run_out))
    };
    assert_eq!(
        outcome(&enough),
        (Outcome::PoolPressureWithoutLeak, Confidence::Possible)
    );
    let quiet = Brief {
        seen: Seen::Enough,
        pressed: Some(false),
        ..no_leak(None)
    };
    assert_eq!(
        outcome(&quiet),
        (Outcome::NoProblemFound, Confidence::Possible)
    );
}

#[test]
fn a_level_that_is_whole_by_its_looks_confirms_no_contradiction() {
    let flat = found(Reading::FlatPool);
    let presumed = Brief {
        level_presumed: true,
        pressed: Some(false),
        ..no_leak(Some(&flat))
    };
    assert_eq!(
        outcome(&presumed),
        (Outcome::RefusalsWithoutPoolPressure, Confidence::Probable)
    );
}

#[test]
fn a_tag_that_holds_most_and_a_second_leak_lower_the_confidence() {
    let run_out = found(Reading::Exhausted);
    let holder = Brief {
        holder: true,
        ..no_leak(Some(&run_out))
    };
    assert_eq!(
        outcome(&holder),
        (Outcome::PoolPressureWithoutLeak, Confidence::Possible)
    );
    let two = Brief {
        beside: true,
        ..brief(Some(&run_out))
    };
    assert_eq!(
        outcome(&two),
        (Outcome::LeakExplainsRefusals, Confidence::Probable)
    );
}

#[test]
fn confidence_follows_how_near_the_pool_came() {
    let at = found(Reading::Exhausted);
    let near = Correlation {
        grounds: Grounds {
            closeness: Closeness::Near,
            ..Grounds::default()
        },
        ..found(Reading::Exhausted)
    };
    let explains = Outcome::LeakExplainsRefusals;
    assert_eq!(
        outcome(&brief(Some(&at))),
        (explains, Confidence::Confirmed)
    );
    assert_eq!(
        outcome(&brief(Some(&near))),
        (explains, Confidence::Probable)
    );
    let short = Correlation {
        grounds: Grounds {
            short_of_limit: true,
            ..Grounds::default()
        },
        ..found(Reading::HighPool)
    };
    assert_eq!(
        outcome(&brief(Some(&short))),
        (explains, Confidence::Possible)
    );
    let no_leak = |found| Brief {
        leader: None,
        ..brief(Some(found))
    };
    assert_eq!(outcome(&no_leak(&at)).1, Confidence::Probable);
    assert_eq!(outcome(&no_leak(&near)).1, Confidence::Possible);
}

#[test]
fn a_rival_or_an_open_question_keeps_a_contradiction_from_being_confirmed() {
    let flat = |grounds| Correlation {
        grounds,
        ..found(Reading::FlatPool)
    };
    let unseen = flat(Grounds {
        memory_unknown: true,
        ..Grounds::default()
    });
    let without = Outcome::RefusalsWithoutPoolPressure;
    assert_eq!(
        outcome(&brief(Some(&unseen))),
        (without, Confidence::Probable)
    );
    let divided = flat(Grounds {
        divided: true,
        ..Grounds::default()
    });
    assert_eq!(
        outcome(&brief(Some(&divided))),
        (without, Confidence::Possible)
    );
    let memory = found(Reading::MemoryShort);
    let no_leak = Brief {
        leader: None,
        ..brief(Some(&memory))
    };
    assert_eq!(outcome(&no_leak), (without, Confidence::Possible));
    let open = (Outcome::Inconclusive, Confidence::Possible);
    assert_eq!(outcome(&brief(Some(&memory))), open);
    let unsettled = found(Reading::Unsettled);
    assert_eq!(outcome(&brief(Some(&unsettled))), open);
}

#[test]
fn growth_that_may_be_a_days_load_is_not_confirmed() {
    let morning = Leader {
        hours: Some(4.5),
        freed: Some(0.99),
        ..STRONG
    };
    let confidence = |leader| {
        outcome(&Brief {
            leader: Some(leader),
            ..brief(None)
        })
        .1
    };
    assert_eq!(confidence(morning), Confidence::Probable);
    let whole_day = Leader {
        hours: Some(26.0),
        ..morning
    };
    assert_eq!(confidence(whole_day), Confidence::Confirmed);
    let kept = Leader {
        freed: Some(0.2),
        ..morning
    };
    assert_eq!(confidence(kept), Confidence::Confirmed);
}
