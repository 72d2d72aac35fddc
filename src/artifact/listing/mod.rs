//! Listings that toolsets save beside the snapshots: drivers (`driverquery`, `sc query`,
//! msinfo32's own part), minifilters
//! (`fltmc`), processes (`tasklist`).
//!
//! ```text
//! Module Name  Display Name           Driver Type   Link Date
//! ============ ====================== ============= ======================
//! acmeflt      Acme Filter            File System   3/14/2024 10:22:31 AM
//! ```
//! Each tool writes a table under a ruler, or comma-separated cells (`/fo csv`). Headings and words
//! such as "Running" are in the language of the machine: columns are found by their place, and a
//! state is read only in English, German and French. Of `driverquery` only `/v` states whether a
//! driver runs and where its file lies; without it a row says no more than that it is installed.

mod drivers;
mod filters;
mod processes;
mod table;

pub use drivers::{ListedDriver, drivers, msinfo_drivers};
pub use filters::{ListedFilter, filters, group_of};
pub use processes::{ListedProcess, processes};

/// Rows kept of one listing. A server has some hundreds of drivers and of processes.
pub const MAX_ROWS: usize = 20_000;

/// A listing, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// Its rows in their order.
    pub rows: Vec<T>,
    /// Lines below the ruler that are no rows, blank ones left out.
    pub rejected: u64,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Listing {
            rows: Vec::new(),
            rejected: 0,
        }
    }
}

impl<T> Listing<T> {
    fn add(&mut self, row: Option<T>) {
        match row {
            Some(row) if self.rows.len() < MAX_ROWS => self.rows.push(row),
            _ => self.rejected += 1,
        }
    }
}

#[cfg(test)]
mod tests;
