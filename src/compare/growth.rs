//! Growth side by side: when two slopes are shown to differ, and when a tag is not there.

use std::collections::BTreeSet;

use serde::Serialize;

use super::side::{Pace, Side, TagFacts, TagKey};

/// What two slopes say of each other.
///
/// Where two 95 % intervals do not meet, the slopes differ; where they overlap, nothing is
/// said, which is not the same as saying that they are equal. Apart intervals are a stricter
/// test than the 5 % of one interval (Schenker and Gentleman, "On Judging the Significance of
/// Differences by Examining the Overlap Between Confidence Intervals", The American
/// Statistician 55(3), 2001), which suits counters whose neighbouring readings depend on each
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// The intervals are apart: A grows faster.
    AFaster,
    /// The intervals are apart: B grows faster.
    BFaster,
    /// The intervals overlap.
    NotShown,
    /// A slope has too few points for an interval.
    NoInterval,
    /// One slope is per hour and the other per snapshot.
    OtherUnits,
    /// A side has no slope.
    NotKnown,
}

impl Difference {
    /// The same of the sides swapped.
    pub fn swapped(self) -> Difference {
        match self {
            Difference::AFaster => Difference::BFaster,
            Difference::BFaster => Difference::AFaster,
            other => other,
        }
    }

    /// In words, for a column or the end of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Difference::AFaster => "faster in A",
            Difference::BFaster => "faster in B",
            Difference::NotShown => "no difference shown",
            Difference::NoInterval => "too few points to tell",
            Difference::OtherUnits => "per hour against per snapshot",
            Difference::NotKnown => "not to be compared",
        }
    }
}

/// Compares two slopes.
pub(super) fn difference(a: Option<&Pace>, b: Option<&Pace>) -> Difference {
    let (Some(a), Some(b)) = (a, b) else {
        return Difference::NotKnown;
    };
    if a.per != b.per {
        return Difference::OtherUnits;
    }
    match (a.interval, b.interval) {
        (Some(a), Some(b)) if a.0 > b.1 => Difference::AFaster,
        (Some(a), Some(b)) if b.0 > a.1 => Difference::BFaster,
        (Some(_), Some(_)) => Difference::NotShown,
        _ => Difference::NoInterval,
    }
}

/// What a side knows of a tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TagState {
    /// Its report lists it.
    Listed(TagFacts),
    /// Its report does not list it, and leaves out tags: those that do not grow, or least.
    NotListed,
    /// Its report lists every tag of the snapshots, and this is none of them.
    Absent,
    /// The case has no snapshots.
    NoSnapshots,
}

impl TagState {
    /// The state of `key` on a side.
    pub(super) fn of(side: &Side, key: &TagKey) -> TagState {
        match side.pool.tags.get(key) {
            Some(facts) => TagState::Listed(facts.clone()),
            None if side.pool.snapshots == 0 => TagState::NoSnapshots,
            None if side.pool.tags_not_listed > 0 => TagState::NotListed,
            None => TagState::Absent,
        }
    }

    /// The slope, if there is one.
    pub fn pace(&self) -> Option<&Pace> {
        match self {
            TagState::Listed(facts) => facts.pace.as_ref(),
            _ => None,
        }
    }
}

/// A tag on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagChange {
    /// As poolmon shows it.
    pub tag: String,
    /// Which it is.
    #[serde(flatten)]
    pub key: TagKey,
    /// In A.
    pub a: TagState,
    /// In B.
    pub b: TagState,
    /// What the slopes say.
    pub difference: Difference,
}

/// Every tag that a report lists: those of the verdicts first, then by the faster slope, and of
/// one slope by their bytes.
pub(super) fn tags(a: &Side, b: &Side) -> Vec<TagChange> {
    let accused: BTreeSet<&TagKey> = [&a.verdict.key, &b.verdict.key]
        .into_iter()
        .flatten()
        .collect();
    let keys: BTreeSet<&TagKey> = a.pool.tags.keys().chain(b.pool.tags.keys()).collect();
    let mut changes: Vec<TagChange> = keys.into_iter().map(|key| change(a, b, key)).collect();
    let fastest = |change: &TagChange| {
        let paces = [change.a.pace(), change.b.pace()].into_iter().flatten();
        paces.map(|p| p.bytes).fold(f64::NEG_INFINITY, f64::max)
    };
    changes.sort_by(|one, other| {
        let led = |change: &TagChange| !accused.contains(&change.key);
        led(one)
            .cmp(&led(other))
            .then(fastest(other).total_cmp(&fastest(one)))
            .then(one.key.cmp(&other.key))
    });
    changes
}

fn change(a: &Side, b: &Side, key: &TagKey) -> TagChange {
    let named = [a, b].into_iter().find_map(|s| s.pool.tags.get(key));
    let (of_a, of_b) = (TagState::of(a, key), TagState::of(b, key));
    TagChange {
        tag: named.map(|facts| facts.tag.clone()).unwrap_or_default(),
        key: key.clone(),
        difference: difference(of_a.pace(), of_b.pace()),
        a: of_a,
        b: of_b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pace(bytes: f64, interval: Option<(f64, f64)>) -> Pace {
        Pace {
            bytes,
            per: "hour",
            interval,
        }
    }

    #[test]
    fn intervals_decide_and_slopes_alone_do_not() {
        let slow = pace(10.0, Some((8.0, 12.0)));
        let near = pace(13.0, Some((11.0, 15.0)));
        let fast = pace(30.0, Some((12.1, 32.0)));
        let bare = pace(90.0, None);
        assert_eq!(difference(Some(&slow), Some(&near)), Difference::NotShown);
        assert_eq!(difference(Some(&slow), Some(&fast)), Difference::BFaster);
        assert_eq!(difference(Some(&fast), Some(&slow)), Difference::AFaster);
        assert_eq!(difference(Some(&slow), Some(&bare)), Difference::NoInterval);
        assert_eq!(difference(Some(&slow), None), Difference::NotKnown);
        let other = Pace {
            per: "snapshot",
            ..near
        };
        assert_eq!(
            difference(Some(&slow), Some(&other)),
            Difference::OtherUnits
        );
    }

    proptest! {
        #[test]
        fn swapping_the_sides_swaps_the_answer(
            a in (-100.0..100.0f64, 0.0..50.0f64), b in (-100.0..100.0f64, 0.0..50.0f64)
        ) {
            let one = pace(a.0, Some((a.0 - a.1, a.0 + a.1)));
            let other = pace(b.0, Some((b.0 - b.1, b.0 + b.1)));
            let there = difference(Some(&one), Some(&other));
            prop_assert_eq!(difference(Some(&other), Some(&one)), there.swapped());
            prop_assert_eq!(difference(Some(&one), Some(&one)), Difference::NotShown);
        }
    }
}
