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
mod code_facts;
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

pub use code_facts::CodeFacts;
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
    answer::run(image, query, file_name, &|| None).0
}

/// As [`analyse`], for callers with a memory: `known` is asked for what the image's code does
/// when that matters, and what had to be found out comes back beside the findings. The findings
/// are the same either way. `known` must answer for this image and this kind of query only.
pub fn analyse_knowing(
    image: &Image<'_>,
    query: TagQuery<'_>,
    file_name: Option<&str>,
    known: &dyn Fn() -> Option<CodeFacts>,
) -> (TagFindings, Option<CodeFacts>) {
    answer::run(image, query, file_name, known)
}
