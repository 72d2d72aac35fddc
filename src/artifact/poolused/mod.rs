//! What a kernel debugger says of the pools: `!poolused`, `!vm`, and the time of the dump.
//!
//! ```text
//!  bytes ─► poolmon's line reader ─► line (prompt, session, table, size) ─► session ─► Look
//! ```
//! A log may hold several commands and several dumps one after the other; commands about one dump
//! are one [`Look`](super::look::Look), because a dump stands still. Where figures of a command
//! given again differ, the target was alive, and they are two.
//!
//! Limits: the plain table of `!poolused` shows what is outstanding, not how often was allocated
//! and freed; characters that do not print are dots there, and stand for NULs at a tag's end
//! unless the line's own text tells more.

mod line;
mod reader;
mod session;
mod table;
mod vm;

#[cfg(test)]
mod tests;

pub use reader::{LogReader, machine_names};
