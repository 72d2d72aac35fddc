//! Two cases side by side: before and after a fix, or two nodes of a farm.
//!
//! ```text
//! report.json ─► Side ┐
//!                     ├─► Comparison ─► text, Markdown, JSON
//! bundle ► Report ► Side ┘   (answer, figures, cautions)
//! ```
//! A side is read from a report's JSON, whether that lies on disk or was just made from a
//! bundle, so that a case and its report compare alike. Nothing is concluded that the two
//! reports do not carry: slopes differ where their 95 % intervals are apart, and not otherwise;
//! a tag that a report does not list is not zero; and where one side shows too little, the
//! answer says so first.

mod answer;
mod cautions;
mod drivers;
mod growth;
pub mod render;
mod side;
#[cfg(test)]
mod testing;

use serde::Serialize;

pub use answer::{Answer, Relation, Result};
pub use cautions::Caution;
pub use drivers::{DriverChange, DriverState};
pub use growth::{Difference, TagChange, TagState};
pub use side::{
    DriverFacts, LimitFacts, Pace, PoolFacts, RefusalFacts, Side, Source, Span, TagFacts, TagKey,
    VerdictFacts,
};

/// The version of the comparison's JSON; it changes only when a field changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// Two sides and what can be said of them.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The version of this value's shape.
    pub schema_version: &'static str,
    /// `comparison`, so that nobody takes it for a report.
    pub kind: &'static str,
    /// Is it fixed, are the nodes alike?
    pub answer: Answer,
    /// The first side.
    pub a: Side,
    /// The second side.
    pub b: Side,
    /// Nonpaged pool as a whole.
    pub nonpaged: Difference,
    /// Tags that either report names, in the order of interest.
    pub tags: Vec<TagChange>,
    /// Images of either side that are not the same in both, and those in question.
    pub drivers: Vec<DriverChange>,
    /// Images whose names and bytes are the same in both.
    pub drivers_same: u64,
    /// What limits the comparison.
    pub cautions: Vec<Caution>,
}

/// Compares two sides.
pub fn compare(a: Side, b: Side) -> Comparison {
    let nonpaged = growth::difference(a.pool.pace.as_ref(), b.pool.pace.as_ref());
    let tags = growth::tags(&a, &b);
    let (drivers, drivers_same) = drivers::changes(&a, &b);
    let cautions = cautions::cautions(&a, &b);
    let answer = answer::answer(&a, &b, &tags);
    Comparison {
        schema_version: SCHEMA_VERSION,
        kind: "comparison",
        answer,
        nonpaged,
        tags,
        drivers,
        drivers_same,
        cautions,
        a,
        b,
    }
}
