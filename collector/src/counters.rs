//! Counters beside the tags: one row of `pool/perf.tsv` a snapshot.

use crate::bytes::{u32_at, u64_at};
use crate::filetime::FileTime;
use crate::host::{class, Host, Memory, Performance};
use crate::query::Buffer;

/// Sizes of SYSTEM_PERFORMANCE_INFORMATION: Windows 11 24H2, 10, and before.
const SIZES: [usize; 3] = [376, 344, 312];

/// SYSTEM_PERFORMANCE_INFORMATION, the part that matters; pages but for the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Page faults since boot, modulo 2^32.
    pub page_faults: u32,
    /// Pages of the paged pool.
    pub paged_pool: u32,
    /// Pages of the nonpaged pool.
    pub nonpaged_pool: u32,
    /// Allocations and frees of the paged pool, then of the nonpaged pool.
    pub pool_counts: [u32; 4],
    /// System page table entries that are left.
    pub free_ptes: u32,
    /// Kernel code in memory.
    pub resident_code: u32,
    /// Paged pool that could still be allocated.
    pub available_paged_pool: u32,
    /// Paged pool in memory.
    pub resident_paged_pool: u32,
    /// Driver code in memory.
    pub resident_drivers: u32,
}

/// All counters of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Class 2; zeros if it was not answered.
    pub raw: Raw,
    /// `K32GetPerformanceInfo`.
    pub performance: Option<Performance>,
    /// `GlobalMemoryStatusEx`.
    pub memory: Option<Memory>,
}

/// Reads SYSTEM_PERFORMANCE_INFORMATION; fields beyond the end are zero.
pub fn parse(bytes: &[u8]) -> Raw {
    let at = |offset| u32_at(bytes, offset).unwrap_or(0);
    Raw {
        page_faults: at(60),
        paged_pool: at(112),
        nonpaged_pool: at(116),
        pool_counts: [at(120), at(124), at(128), at(132)],
        free_ptes: at(136),
        resident_code: at(140),
        available_paged_pool: at(160),
        resident_paged_pool: at(168),
        resident_drivers: at(172),
    }
}

/// Asks for all counters.
pub fn take(host: &dyn Host, buffer: &mut Buffer) -> Counters {
    let raw = SIZES.iter().find_map(|&size| {
        buffer
            .ask_exactly(host, class::PERFORMANCE, size)
            .ok()
            .map(parse)
    });
    Counters {
        raw: raw.unwrap_or_default(),
        performance: host.performance(),
        memory: host.memory(),
    }
}

/// When the system started: the kernel's own record, in UTC. It moves when the clock is set, by
/// as much as the clock.
pub fn boot_time(host: &dyn Host, buffer: &mut Buffer) -> Option<FileTime> {
    let answer = [48, 32].iter().find_map(|&size| {
        let bytes = buffer.ask_exactly(host, class::TIME_OF_DAY, size).ok()?;
        u64_at(bytes, 0)
    });
    answer.filter(|&time| time != 0).map(FileTime)
}

/// Names of the columns that [`row`] fills.
pub const COLUMNS: &str = "seq\tutc\tboot\tpage_size\tphysical_total\tphysical_available\t\
commit_total\tcommit_limit\tcommit_peak\tsystem_cache\tkernel_paged\tkernel_nonpaged\t\
handles\tprocesses\tthreads\tpage_faults\tpaged_pool_allocs\tpaged_pool_frees\t\
nonpaged_pool_allocs\tnonpaged_pool_frees\tfree_system_ptes\tavailable_paged_pool\t\
memory_total_bytes\tmemory_available_bytes";

/// One row; sizes in pages but for those called bytes, an empty field where nothing is known.
pub fn row(seq: u64, utc: FileTime, boot: Option<FileTime>, counters: &Counters) -> String {
    let Counters {
        raw,
        performance,
        memory,
    } = counters;
    let mut fields = vec![
        seq.to_string(),
        utc.to_string(),
        boot.map_or_else(String::new, FileTime::seconds),
    ];
    let mut some = |values: Option<Vec<u64>>, count: usize| match values {
        Some(values) => fields.extend(values.iter().map(u64::to_string)),
        None => fields.extend(std::iter::repeat(String::new()).take(count)),
    };
    let of_performance = performance.map(|p| {
        vec![
            p.page_size,
            p.physical_total,
            p.physical_available,
            p.commit_total,
            p.commit_limit,
            p.commit_peak,
            p.system_cache,
            p.kernel_paged,
            p.kernel_nonpaged,
            p.handles.into(),
            p.processes.into(),
            p.threads.into(),
        ]
    });
    some(of_performance, 12);
    let [paged, paged_frees, nonpaged, nonpaged_frees] = raw.pool_counts;
    let of_raw = [
        raw.page_faults,
        paged,
        paged_frees,
        nonpaged,
        nonpaged_frees,
        raw.free_ptes,
        raw.available_paged_pool,
    ];
    some(Some(of_raw.iter().map(|&v| v.into()).collect()), 7);
    some(memory.map(|m| vec![m.total, m.available]), 2);
    fields.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn a_row_has_a_field_for_every_column() {
        let full = Counters {
            performance: Some(Performance {
                handles: 99,
                ..Performance::default()
            }),
            memory: Some(Memory::default()),
            ..Counters::default()
        };
        let columns = COLUMNS.split('\t').count();
        for counters in [Counters::default(), full] {
            let row = row(1, FileTime(0), None, &counters);
            assert_eq!(row.split('\t').count(), columns, "{row}");
        }
        let place = COLUMNS.split('\t').position(|c| c == "handles").unwrap();
        assert_eq!(
            row(1, FileTime(0), None, &full).split('\t').nth(place),
            Some("99")
        );
    }

    #[test]
    fn each_size_of_the_structure_is_tried() {
        let host = FakeHost::default();
        let mut bytes = vec![0; 312];
        bytes[116..120].copy_from_slice(&77_u32.to_le_bytes());
        bytes[172..176].copy_from_slice(&5_u32.to_le_bytes());
        host.answer_exactly(class::PERFORMANCE, bytes);
        let counters = take(&host, &mut Buffer::default());
        assert_eq!(
            (counters.raw.nonpaged_pool, counters.raw.resident_drivers),
            (77, 5)
        );
    }

    #[test]
    fn the_boot_time_is_the_structures_first_field() {
        let host = FakeHost::default();
        let mut bytes = vec![0; 48];
        bytes[..8].copy_from_slice(&134_390_000_000_000_000_u64.to_le_bytes());
        host.answer_exactly(class::TIME_OF_DAY, bytes);
        let boot = boot_time(&host, &mut Buffer::default());
        assert_eq!(
            boot.map(FileTime::seconds).as_deref(),
            Some("2026-11-12T23:33:20Z")
        );
    }
}
