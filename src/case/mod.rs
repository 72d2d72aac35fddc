//! One case, end to end: from an opened bundle to its report.
//!
//! ```text
//! Bundle ─survey─► Survey ─clock, pools─► PoolHistory ─┐
//!                    └─── logs ─► episodes ────────────┼─► diagnosis ─images─► Attribution
//!                                                      └────────► Report
//! ```
//! Every artifact is read in place, as few times as its use needs, in parallel; results are
//! joined in the order of the inventory, so that the report does not depend on threads.

mod assemble;
mod conclusion;
mod evidence;
mod facts;
mod host;
mod images;
mod logs;
mod options;
mod pools;
mod progress;
mod survey;
mod times;

pub use options::Options;
pub use progress::{NoProgress, Phase, Progress};

use crate::bundle::Bundle;
use crate::report::Report;

/// Analyses one case. `more_images` are folders of images to look into beside the bundle's own.
///
/// Trouble with single artifacts is part of the report; a bundle that opened always gives one.
pub fn analyse(bundle: &Bundle, more_images: &[Bundle], options: &Options, progress: &dyn Progress) -> Report {
    let mut survey = survey::read(bundle, options, progress);
    let log = logs::settle(bundle, &mut survey);
    let pools = pools::read(bundle, &mut survey, options);
    let host = host::facts(&survey, options, &pools);
    let facts = facts::gather(&log, &pools, host);
    let images = images::scan(bundle, more_images, &mut survey, &facts, progress);
    assemble::report(&assemble::Parts { bundle, survey: &survey, log: &log, pools: &pools, facts: &facts, images: &images, options })
}
