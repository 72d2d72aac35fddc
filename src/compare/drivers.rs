//! Driver images side by side: by file name, as Windows tells them apart, and by digest.

use std::collections::BTreeSet;

use serde::Serialize;

use super::side::{DriverFacts, Side};

/// How an image differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriverState {
    /// Both have it, with other bytes.
    Changed,
    /// Only A has an image of this name.
    OnlyA,
    /// Only B has an image of this name.
    OnlyB,
    /// Both have it, and a digest is missing.
    NotKnown,
    /// Both have it, with the same bytes.
    Same,
}

impl DriverState {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            DriverState::Changed => "changed",
            DriverState::OnlyA => "only in A",
            DriverState::OnlyB => "only in B",
            DriverState::NotKnown => "no digest to compare",
            DriverState::Same => "the same file",
        }
    }
}

/// An image on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriverChange {
    /// File name in lower case.
    pub file_name: String,
    /// How it differs.
    pub state: DriverState,
    /// True if a verdict names it.
    pub in_verdict: bool,
    /// In A.
    pub a: Option<DriverFacts>,
    /// In B.
    pub b: Option<DriverFacts>,
}

/// The images that differ or that a verdict names, those first; and how many others are the
/// same. A side without images says nothing of the other's, so nothing is "only" there.
pub(super) fn changes(a: &Side, b: &Side) -> (Vec<DriverChange>, u64) {
    let accused: BTreeSet<String> = [&a.verdict.driver, &b.verdict.driver]
        .into_iter()
        .flatten()
        .map(|name| name.to_lowercase())
        .collect();
    let names: BTreeSet<&String> = a.drivers.keys().chain(b.drivers.keys()).collect();
    let (mut changes, mut same) = (Vec::new(), 0);
    for name in names {
        let in_verdict = accused.contains(name);
        let (one, other) = (a.drivers.get(name), b.drivers.get(name));
        let state = state(one, other);
        let one_sided = matches!(state, DriverState::OnlyA | DriverState::OnlyB);
        if one_sided && !in_verdict && (a.drivers.is_empty() || b.drivers.is_empty()) {
            continue;
        }
        if state == DriverState::Same && !in_verdict {
            same += 1;
            continue;
        }
        changes.push(DriverChange {
            file_name: name.clone(),
            state,
            in_verdict,
            a: one.cloned(),
            b: other.cloned(),
        });
    }
    changes.sort_by(|one, other| {
        let rank = |c: &DriverChange| (!c.in_verdict, c.state);
        rank(one)
            .cmp(&rank(other))
            .then(one.file_name.cmp(&other.file_name))
    });
    (changes, same)
}

fn state(a: Option<&DriverFacts>, b: Option<&DriverFacts>) -> DriverState {
    match (a, b) {
        (Some(a), Some(b)) if a.sha256.is_empty() || b.sha256.is_empty() => DriverState::NotKnown,
        (Some(a), Some(b)) if a.sha256 == b.sha256 => DriverState::Same,
        (Some(_), Some(_)) => DriverState::Changed,
        (Some(_), None) => DriverState::OnlyA,
        (None, _) => DriverState::OnlyB,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leaking, side};
    use super::*;

    fn of(name: &str, digest: &str) -> (String, DriverFacts) {
        let facts = DriverFacts {
            sha256: vec![digest.to_owned()],
            ..DriverFacts::default()
        };
        (name.to_owned(), facts)
    }

    #[test]
    fn names_and_digests_decide() {
        let (mut a, mut b) = (leaking("A"), side("B"));
        a.drivers.clear();
        b.drivers.clear();
        a.drivers.extend([
            of("hstorflt.sys", "11"),
            of("gone.sys", "22"),
            of("same.sys", "33"),
            of("odd.sys", "44"),
        ]);
        b.drivers.extend([
            of("hstorflt.sys", "55"),
            of("same.sys", "33"),
            of("new.sys", "66"),
        ]);
        b.drivers.insert("odd.sys".into(), DriverFacts::default());
        let (changes, same) = changes(&a, &b);
        let said: Vec<_> = changes
            .iter()
            .map(|c| (c.file_name.as_str(), c.state))
            .collect();
        assert_eq!(
            said,
            [
                ("hstorflt.sys", DriverState::Changed),
                ("gone.sys", DriverState::OnlyA),
                ("new.sys", DriverState::OnlyB),
                ("odd.sys", DriverState::NotKnown),
            ]
        );
        assert_eq!(same, 1);
    }

    #[test]
    fn a_case_without_images_has_lost_none() {
        let (a, mut b) = (leaking("A"), side("B"));
        b.drivers.clear();
        let (changes, _) = changes(&a, &b);
        let names: Vec<_> = changes.iter().map(|c| c.file_name.as_str()).collect();
        assert_eq!(names, ["hstorflt.sys"], "the verdict's own is always shown");
    }
}
