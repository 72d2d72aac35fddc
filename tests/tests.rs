//! The integration tests: one binary, so that the library is linked once.
//!
//! | module | asks |
//! |---|---|
//! | [`batch`] | many cases: one record each, resumable to the same bytes, whatever they hold? |
//! | [`cli`] | does the program keep its promises to people and scripts: streams, status, limits, one report for any form of a case? |
//! | [`collector`] | is what the companion collector made read natively, and is tampering seen? |
//! | [`hostile`] | does text that would like to be code stay text in every output of every command? |
//! | [`redact`] | does `--redact` keep every secret of a case out of every output, and the verdict in? |
//! | [`samples`] | do the cases in `samples/` come out as `samples/expected` says? |
//! | [`sim`] | do hundreds of simulated cases with known truth come out right? |
//! | [`support`] | (no tests of its own) bundles on disk, the program as a process, verdicts read back |
//!
//! The modules share no code with the parsers: what they write is made with
//! their own format strings, so that a mistake on one side shows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod batch;
mod cli;
mod collector;
mod hostile;
mod redact;
mod samples;
mod sim;
mod support;
