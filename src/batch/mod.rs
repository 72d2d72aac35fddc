//! Many cases, unattended: every case one record, whatever it does.
//!
//! ```text
//! words ─inputs─► paths ─shelf─► cases ─run─► state files ─publish─► cases.jsonl, index.html, …
//!                                        └─ worker processes, one case at a time each
//! ```
//! A case is analysed in a worker process, so that a panic, a crash, endless time or memory cost
//! that case only. What is finished lies in the batch's folder at once ([`store`]); everything
//! else there is made from it in the end, so a batch that was killed and run again ends with the
//! same bytes as one that ran through.

pub mod cache;
pub mod case_key;
mod columns;
pub mod crew;
mod earlier;
pub mod failure;
pub mod images;
mod index_html;
pub mod inputs;
pub mod job;
pub mod losses;
pub mod merge;
pub mod names;
pub mod patience;
pub mod publish;
pub mod record;
pub mod rollup;
pub mod run;
pub mod schedule;
pub mod shard;
pub mod shelf;
pub mod store;
pub mod stream;
mod version_key;
pub mod watch;
pub mod worker;
