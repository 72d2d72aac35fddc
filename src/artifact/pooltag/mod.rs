//! Who owns a tag, according to lists: `pooltag.txt`, `localtag.txt`, and a table of
//! well-known tags compiled here.
//!
//! A list names the component whose *code* allocates with the tag. For tags of the kernel
//! itself that is not the one who holds the memory: an `Even` belongs to whoever has
//! the event open, an `Irp ` to the driver that never completes it. So everything here is
//! a hint with its provenance, never proof; proof comes from images.

mod entry;
mod local;
mod lookup;
mod pattern;
mod read;
mod wellknown;
mod wellknown_table;

pub use entry::{Entry, LineNote, PoolTags};
pub use local::{LocalEntry, LocalTags, parse_local};
pub use lookup::{Hint, Match};
pub use pattern::TagPattern;
pub use read::parse;
pub use wellknown::{Blame, TagClass, WellKnown, well_known};
