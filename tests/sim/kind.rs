//! The kinds of case and the answers that are right for them.

use std::collections::BTreeMap;

use super::chance::Chance;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A driver leaks until connections are refused; its image is in the bundle.
    Leak,
    /// The same, with a restart and the leak beginning again.
    LeakWithReboot,
    /// A kernel object's tag grows: nobody's image may be blamed.
    HandleLeak,
    /// A leak whose driver is not in the bundle.
    LeakWithoutDriver,
    /// One snapshot during the refusals.
    OneSnapshot,
    /// Snapshots without any time.
    NoTime,
    /// Local stamps, and no zone to be found.
    NoZone,
    Healthy,
    /// Refusals while the pool is far from its limit.
    RefusalsWithoutPressure,
    /// A leak that has not reached the limit.
    LeakWithoutRefusals,
    /// The pool is full for a while, and no tag stands out.
    PressureWithoutLeak,
}

use Kind::*;

/// Twenty-five consecutive seeds hold every kind, the commoner ones more often.
const ROUND: [Kind; 25] = [
    Leak,
    Healthy,
    LeakWithReboot,
    HandleLeak,
    Leak,
    RefusalsWithoutPressure,
    LeakWithoutRefusals,
    LeakWithoutDriver,
    Leak,
    OneSnapshot,
    NoZone,
    PressureWithoutLeak,
    Leak,
    NoTime,
    LeakWithReboot,
    HandleLeak,
    Leak,
    Healthy,
    RefusalsWithoutPressure,
    LeakWithoutRefusals,
    Leak,
    LeakWithoutDriver,
    HandleLeak,
    Leak,
    OneSnapshot,
];

impl Kind {
    pub fn of(seed: u64) -> Self {
        ROUND[(seed % ROUND.len() as u64) as usize]
    }

    /// True for the kinds whose tag counts among "the leaks".
    pub fn is_leak(self) -> bool {
        matches!(
            self,
            Leak | LeakWithReboot
                | HandleLeak
                | LeakWithoutDriver
                | LeakWithoutRefusals
                | NoTime
                | NoZone
                | OneSnapshot
        )
    }

    /// True where some tag grows steadily in the model.
    pub fn has_leak(self) -> bool {
        self.is_leak()
    }

    pub fn reaches_limit(self) -> bool {
        self.has_leak() && self != LeakWithoutRefusals
    }

    /// True where the culprit's image belongs into the bundle.
    pub fn has_driver(self) -> bool {
        self.has_leak() && !matches!(self, HandleLeak | LeakWithoutDriver)
    }

    pub fn outcomes(self) -> &'static [&'static str] {
        match self {
            Leak | LeakWithReboot | HandleLeak | LeakWithoutDriver => &["leak_explains_refusals"],
            // Without a common clock the correlation is withheld; one snapshot only ranks.
            NoTime | NoZone => &["inconclusive", "leak_explains_refusals"],
            OneSnapshot => &[
                "inconclusive",
                "leak_explains_refusals",
                "pool_pressure_without_leak",
            ],
            Healthy => &["no_problem_found"],
            RefusalsWithoutPressure => &["refusals_without_pool_pressure"],
            LeakWithoutRefusals => &["leak_without_refusals"],
            PressureWithoutLeak => &["pool_pressure_without_leak"],
        }
    }

    /// The highest confidence that the evidence can carry, where it is bounded.
    pub fn confidence_at_most(self) -> Option<&'static str> {
        match self {
            NoTime | NoZone | OneSnapshot => Some("possible"),
            _ => None,
        }
    }
}

/// What the verdict may say in `tag` or `driver`.
#[derive(Clone, Debug, PartialEq)]
pub enum Naming {
    Exactly(String),
    /// This or nothing: the evidence is thin.
    AtMost(String),
    Nobody,
}

impl Naming {
    pub fn allows(&self, said: Option<&str>) -> bool {
        match (self, said) {
            (Naming::Exactly(right) | Naming::AtMost(right), Some(said)) => right == said,
            (Naming::AtMost(_) | Naming::Nobody, None) => true,
            (Naming::Exactly(_), None) | (Naming::Nobody, Some(_)) => false,
        }
    }
}

/// What is true of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub outcomes: &'static [&'static str],
    pub confidence_at_most: Option<&'static str>,
    pub tag: Naming,
    pub driver: Naming,
    pub refusal_total: u64,
    pub refusal_rows: u64,
    /// Rows per reason, refusals left out.
    pub reasons: BTreeMap<String, u64>,
    pub snapshots: u64,
}

/// A kernel object and what one of it takes.
pub fn object(chance: &mut Chance) -> ([u8; 4], u64) {
    chance.pick(&[
        (*b"Even", 128),
        (*b"Even", 48),
        (*b"File", 336),
        (*b"Thre", 1248),
        (*b"Sema", 96),
        (*b"Irp ", 648),
        (*b"Mdl ", 176),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming() {
        let (right, thin) = (
            Naming::Exactly("Leak".into()),
            Naming::AtMost("Leak".into()),
        );
        assert!(right.allows(Some("Leak")) && !right.allows(None) && !right.allows(Some("Irp ")));
        assert!(thin.allows(Some("Leak")) && thin.allows(None) && !thin.allows(Some("Irp ")));
        assert!(Naming::Nobody.allows(None) && !Naming::Nobody.allows(Some("Leak")));
    }
}
