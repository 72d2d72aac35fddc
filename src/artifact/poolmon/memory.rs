//! The two summary lines above a table: labels and sizes that may stand without a gap.

use memchr::memmem;

use super::snapshot::{MemoryField, MemoryHeader, PageFaults};

/// A value of a header field, and what follows it.
fn field<'a>(line: &'a [u8], label: &[u8]) -> Option<(i64, &'a [u8])> {
    let at = memmem::find(line, label)? + label.len();
    let rest = line.get(at..)?.trim_ascii_start();
    let sign = usize::from(rest.first() == Some(&b'-'));
    let digits = rest
        .iter()
        .skip(sign)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (number, after) = rest.split_at_checked(sign + digits)?;
    let value = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some((value, after))
}

/// Fills the fields of the `Memory:` line; false if it has none.
pub(super) fn read_memory(line: &[u8], header: &mut MemoryHeader) -> bool {
    let mut take = |line, label: &[u8], which| size(line, label, which, &mut header.wrapped);
    header.memory_kib = take(line, b"Memory:", MemoryField::Memory);
    header.avail_kib = take(line, b"Avail:", MemoryField::Avail);
    let faults = take(line, b"PageFlts:", MemoryField::PageFaults);
    header.krnl_kib = take(line, b"Krnl:", MemoryField::Krnl);
    let resident = memmem::find(line, b"Krnl:").map_or(&line[line.len()..], |at| &line[at..]);
    header.paged_resident_kib = take(resident, b" P:", MemoryField::PagedResident);
    header.page_faults = faults.map(PageFaults::Unknown);
    header.memory_kib.is_some() || header.avail_kib.is_some()
}

/// Fills the fields of the `Commit:` line; false if it has none.
pub(super) fn read_commit(line: &[u8], header: &mut MemoryHeader) -> bool {
    let mut take = |line, label: &[u8], which| size(line, label, which, &mut header.wrapped);
    header.commit_kib = take(line, b"Commit:", MemoryField::Commit);
    header.limit_kib = take(line, b"Limit:", MemoryField::Limit);
    header.peak_kib = take(line, b"Peak:", MemoryField::Peak);
    header.pool_nonpaged_kib = take(line, b"Pool N:", MemoryField::PoolNonpaged);
    let pools = memmem::find(line, b"Pool N:").map_or(&line[line.len()..], |at| &line[at..]);
    header.pool_paged_kib = take(pools, b" P:", MemoryField::PoolPaged);
    header.commit_kib.is_some() || header.limit_kib.is_some()
}

/// A header field; a negative one is a 32-bit number printed signed.
fn size(
    line: &[u8],
    label: &[u8],
    which: MemoryField,
    wrapped: &mut Vec<MemoryField>,
) -> Option<i64> {
    let (value, after) = field(line, label)?;
    // Without its unit a size may have lost digits at a window's edge.
    let whole = which == MemoryField::PageFaults || matches!(after.first(), Some(b'K' | b'k'));
    if !whole {
        return None;
    }
    if (i64::from(i32::MIN)..0).contains(&value) {
        if !wrapped.contains(&which) {
            wrapped.push(which);
        }
        return Some(value + (1 << 32));
    }
    (value >= 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_fields_fused_wrapped_or_missing() {
        let mut header = MemoryHeader::default();
        let memory = b" Memory:-1992294400K Avail:1234K  PageFlts:-5   InRam Krnl:16K P:95K";
        assert!(read_memory(memory, &mut header));
        assert_eq!(header.memory_kib, Some(2_302_672_896));
        assert_eq!(header.page_faults, Some(PageFaults::Unknown(4_294_967_291)));
        assert_eq!(
            (header.krnl_kib, header.paged_resident_kib),
            (Some(16), Some(95))
        );
        assert_eq!(
            header.wrapped,
            [MemoryField::Memory, MemoryField::PageFaults]
        );
        assert!(read_commit(
            b" Commit: 7K Limit:8K Peak:  9K      Pool N:  5K",
            &mut header
        ));
        assert_eq!(
            (header.peak_kib, header.pool_nonpaged_kib),
            (Some(9), Some(5))
        );
        assert_eq!(header.pool_paged_kib, None);
    }

    #[test]
    fn a_size_without_its_unit_was_cut() {
        let mut header = MemoryHeader::default();
        let line = b" Memory:99K Avail:9K  PageFlts:7   InRam Krnl:16K P:41302";
        assert!(read_memory(line, &mut header));
        assert_eq!(
            (header.krnl_kib, header.paged_resident_kib),
            (Some(16), None)
        );
    }
}
