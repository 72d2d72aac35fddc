//! How much nonpaged pool is left, when it runs out, and when http.sys stops listening.
//!
//! ```text
//! Host ──limit──► Limit ─┐
//! snapshot facts ────────┴─room──► Room ─┐
//! trend of the pool ─────────────────────┴─time_to──► hours, or why not
//! ```

pub mod host;
mod limit;
mod margin;
mod outlook;
mod room;

pub use host::{Arch, Host, OsVersion, parse_size};
pub use limit::{Bound, Limit, MissingFacts, Quality, limit};
pub use margin::Margin;
pub use outlook::{TimeTo, Withheld, time_to};
pub use room::{Binding, Room, room};
