//! The companion collector's `perf.tsv`: a row of counters a snapshot, sizes in pages.

use chrono::DateTime;

use super::{Sample, When};

/// The columns by which the table is recognised.
const FIRST_COLUMNS: &str = "seq\tutc\tboot\t";

/// Where each column stands.
pub(super) struct Collected {
    columns: Vec<String>,
}

impl Collected {
    pub(super) fn of_header(line: &str) -> Option<Collected> {
        let line = line.trim();
        line.starts_with(FIRST_COLUMNS).then(|| Collected {
            columns: line.split('\t').map(str::to_owned).collect(),
        })
    }

    /// A row; `None` if its time cannot be read.
    pub(super) fn row(&self, text: &str, line: u64) -> Option<Sample> {
        let cells: Vec<&str> = text.split('\t').collect();
        let cell = |name: &str| {
            let place = self.columns.iter().position(|column| column == name)?;
            cells.get(place).copied()
        };
        let time = |name: &str| {
            let at = DateTime::parse_from_rfc3339(cell(name)?).ok()?;
            Some(at.to_utc())
        };
        let count = |name: &str| cell(name)?.trim().parse::<u64>().ok();
        let page = count("page_size").filter(|size| *size > 0);
        let pages = |name: &str| Some(count(name)?.saturating_mul(page?));
        let at = time("utc")?;
        let mut sample = Sample::at(line, When::Utc(at));
        // A kernel that did not answer leaves zeros; no pool is empty.
        sample.nonpaged = pages("kernel_nonpaged").filter(|bytes| *bytes > 0);
        sample.paged = pages("kernel_paged").filter(|bytes| *bytes > 0);
        sample.available = count("memory_available_bytes").or_else(|| pages("physical_available"));
        sample.ram = count("memory_total_bytes").or_else(|| pages("physical_total"));
        sample.committed = pages("commit_total");
        sample.commit_limit = pages("commit_limit");
        sample.handles = count("handles");
        sample.uptime = time("boot").and_then(|boot| u64::try_from((at - boot).num_seconds()).ok());
        Some(sample)
    }
}
