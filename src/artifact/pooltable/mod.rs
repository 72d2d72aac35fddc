//! Tables of pool tags that other tools save or copy: CSV and tabulators, one reader driven by
//! a map of columns.
//!
//! | tool | form |
//! |---|---|
//! | poolmon-powershell, PoolmonViz | quoted CSV, columns and order as the user chose, a time in each row |
//! | PoolMonX | `Tag,Type,Allocs,…` without quotes, UTF-16 without a mark; or its binary file called csv |
//! | PoolMonX v2, v3 | `Tag,Paged Allocs,…`, both pools in a row, sizes in whole KB |
//! | System Informer, Process Hacker | tabulators, thousands marks and units of the locale, zero is blank |
//!
//! ```text
//!  bytes ─► poolmon's line reader ─► columns (header) ─► cells ─► row (proven) ─► Look
//! ```
//! The header says what a number is; without one nothing is read. Where a row has allocations,
//! frees and their difference, or bytes for each block, its arithmetic has to hold.
//!
//! Limits: other columns than known ones are passed over; a table without a column of bytes, or
//! without a word on the pool, is refused with the reason.

mod archive;
mod cells;
mod columns;
mod reader;
mod row;

#[cfg(test)]
mod tests;

pub use reader::TableReader;
