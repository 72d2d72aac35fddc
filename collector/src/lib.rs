//! Everything of the collector that is not a call of Windows.
//!
//! ```text
//! args ─► app ─► session ─► work folder ─► pack ─► one zip
//!                  │           (append-only, survives a kill)
//!                  └─ Host: the only way to the machine
//! ```
//! `run` appends snapshots to files in a work folder and packs them; `snap` appends one, `pack`
//! packs, `plan` says what would be taken. All of it is safe code and runs on any system, so that
//! the host tests cover it; `src/windows` implements [`host::Host`] with Windows' own functions.
//!
//! Rules that all modules keep: nothing is sent anywhere, no setting is changed, nothing is written
//! but to the work folder and the bundle, memory does not grow with what is collected, and whatever
//! fails is recorded and the rest goes on.

#![forbid(unsafe_code)]
#![warn(missing_docs, rust_2018_idioms)]

pub mod app;
pub mod args;
pub mod authenticode;
pub mod block;
pub mod bytes;
pub mod catalogs;
pub mod counters;
pub mod crc32;
pub mod digest;
pub mod filetime;
pub mod gather;
pub mod host;
pub mod httperr;
pub mod json;
pub mod manifest;
pub mod modules;
pub mod pack;
pub mod pooltags;
pub mod processes;
pub mod query;
pub mod readme;
pub mod registry;
pub mod session;
pub mod sha1;
pub mod sha256;
pub mod snapshot;
pub mod system;
pub mod work;
pub mod zip;

#[cfg(test)]
mod testing;

/// The program's name, as files and messages have it.
pub const NAME: &str = "poolsleuth-collect";

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
