//! Which pool tags an image allocates with, and how that is known.
//!
//! ```text
//! API table × imports ─► slots ─► references (byte scan) ─► functions ─► values at calls
//!                                     ▲                                     │
//!                                     └──── routines that pass a tag on ◄───┤
//!                                           variables that hold one    ◄────┘
//! ```
//! What no call proves is graded by where its bytes stand: operand, data, text.

mod analysis;
mod answer;
mod blindness;
mod bytes;
mod collect;
mod explain;
mod finding;
mod framework;
mod halves;
mod query;
mod references;
mod resync;
mod routine;
mod signs;
mod structures;

#[cfg(test)]
mod tests;

pub use explain::{explain, explain_at};
pub use finding::{Blind, Finding, Grade, MAX_SITES, Site, SiteCounts, TagFindings, Via};
pub use query::{TagQuery, same};
pub use signs::Wanted;

use super::image::Image;

/// Finds out which of the asked tags `image` allocates or frees with.
///
/// `file_name` is the image's name as given (with or without folders); it serves only the
/// framework's default tag, which is made of the driver's name.
pub fn analyse(image: &Image<'_>, query: TagQuery<'_>, file_name: Option<&str>) -> TagFindings {
    answer::run(image, query, file_name)
}
