//! The proof of a row: two equations between its five numbers.
//!
//! `Diff == Allocs - Frees` and `PerAlloc == trunc(Bytes / Diff)`. A 32-bit build prints
//! counters and bytes modulo 2^32, often as signed numbers; then the equations hold modulo
//! 2^32 and may even give back the bits that were lost.

use super::figures::{Figures, Number};
use super::row::{BytesCheck, DiffCheck, RowCheck, SuspectReason};

const TWO_32: i128 = 1 << 32;
/// No pool of any Windows exceeds 16 TiB, so no more than 4096 times 2^32 bytes can be lost.
const MAX_WRAPS: i128 = 4096;
/// With an outstanding count `d`, a chance number fits some restored size with probability
/// about `d / 2^32`; above 2^20 that is worse than 1 in 4096 and proves too little.
const MAX_DIFF_TO_RESTORE: i64 = 1 << 20;

/// The five values after repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::artifact) struct Values {
    pub allocs: u64,
    pub frees: u64,
    pub diff: i64,
    pub bytes: i64,
    pub per_alloc: i64,
}

/// The proof of a row that another tool wrote: its values after repair, or which equation fails.
/// Without `per_alloc` only the first equation is tried.
pub(in crate::artifact) fn prove(
    [allocs, frees, diff, bytes]: [i128; 4],
    per_alloc: Option<i128>,
) -> Result<Values, SuspectReason> {
    let number = |value: i128| Number {
        negative: value < 0,
        magnitude: u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX),
    };
    let figures = Figures {
        allocs: number(allocs),
        frees: number(frees),
        diff: number(diff),
        bytes: number(bytes),
        per_alloc: per_alloc.map(number),
        changes: None,
        end: 0,
        first_end: 0,
        bytes_change_width: 0,
    };
    match check(&figures) {
        (values, Ok(_)) => Ok(values),
        (values, Err(SuspectReason::PerAllocMissing)) => Ok(values),
        (_, Err(why)) => Err(why),
    }
}

/// Tries both equations: how they hold, or which fails. The values come in any case.
pub(super) fn check(figures: &Figures) -> (Values, Result<RowCheck, SuspectReason>) {
    let mut values = Values {
        allocs: counter(figures.allocs),
        frees: counter(figures.frees),
        diff: figures.diff.signed(),
        bytes: figures.bytes.signed(),
        per_alloc: figures.per_alloc.map_or(0, Number::signed),
    };
    let diff = check_diff(figures, &values);
    if figures.per_alloc.is_none() {
        let why = if diff.is_some() {
            SuspectReason::PerAllocMissing
        } else {
            SuspectReason::Diff
        };
        return (values, Err(why));
    }
    let bytes = check_bytes(&mut values);
    let proof = match (diff, bytes) {
        (Some(diff), Some(bytes)) => Ok(RowCheck { diff, bytes }),
        (None, Some(_)) => Err(SuspectReason::Diff),
        (Some(_), None) => Err(SuspectReason::PerAlloc),
        (None, None) => Err(SuspectReason::Both),
    };
    (values, proof)
}

/// A counter printed as a negative 32-bit number is the unsigned one.
fn counter(number: Number) -> u64 {
    let shown = number.signed();
    if number.negative && shown >= i64::from(i32::MIN) {
        u64::from(number.unsigned() as u32)
    } else {
        number.unsigned()
    }
}

fn check_diff(figures: &Figures, values: &Values) -> Option<DiffCheck> {
    let difference = values.allocs.wrapping_sub(values.frees);
    let narrow = |n: Number| n.magnitude <= u64::from(u32::MAX);
    let printed_negative = figures.allocs.negative || figures.frees.negative;
    if difference == values.diff.cast_unsigned() && !printed_negative {
        return Some(DiffCheck::Exact);
    }
    let all_narrow = narrow(figures.allocs) && narrow(figures.frees) && narrow(figures.diff);
    let low_equal = difference as u32 == values.diff as u32;
    (all_narrow && low_equal).then_some(DiffCheck::Modulo32)
}

/// Checks `PerAlloc` and replaces `bytes` where its printed form had lost bits.
fn check_bytes(values: &mut Values) -> Option<BytesCheck> {
    let &mut Values {
        diff,
        bytes,
        per_alloc,
        ..
    } = values;
    if diff == 0 {
        return (per_alloc == 0).then_some(BytesCheck::Exact);
    }
    let unsigned32 = bytes < 0 && bytes >= i64::from(i32::MIN) && diff > 0;
    if unsigned32 {
        let whole = bytes + (1 << 32);
        let signed_print = bytes / diff == per_alloc;
        if signed_print || whole / diff == per_alloc {
            values.bytes = whole;
            // A signed division wrapped together with the bytes.
            values.per_alloc = whole / diff;
            return Some(BytesCheck::Unsigned32);
        }
    }
    let signed = bytes.checked_div(diff) == Some(per_alloc);
    let unsigned = bytes.cast_unsigned() / diff.cast_unsigned() == per_alloc.cast_unsigned();
    if signed || unsigned {
        return Some(BytesCheck::Exact);
    }
    values.bytes = restored(diff, bytes, per_alloc)?;
    Some(BytesCheck::Restored32)
}

/// The only size that is `bytes` modulo 2^32 and gives `per_alloc`, if there is one.
fn restored(diff: i64, bytes: i64, per_alloc: i64) -> Option<i64> {
    let fits = bytes >= i64::from(i32::MIN) && bytes <= i64::from(u32::MAX);
    if !fits || per_alloc <= 0 || !(1..=MAX_DIFF_TO_RESTORE).contains(&diff) {
        return None;
    }
    let low = i128::from(bytes as u32);
    let (diff, per_alloc) = (i128::from(diff), i128::from(per_alloc));
    // Smallest whole number of wraps that reaches the least size with this quotient.
    let missing = per_alloc * diff - low;
    let wraps = (missing + TWO_32 - 1).div_euclid(TWO_32);
    let whole = low + wraps * TWO_32;
    let proven = (1..=MAX_WRAPS).contains(&wraps) && whole / diff == per_alloc;
    proven.then(|| i64::try_from(whole).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Grouping, read};
    use super::*;

    fn checked(line: &str) -> (Values, Result<RowCheck, SuspectReason>) {
        check(&read(line.as_bytes(), 0, Grouping::None).unwrap())
    }

    #[test]
    fn a_true_row_is_exact() {
        let (values, proof) = checked("3971107 3971077 30 8456 281");
        assert_eq!(proof, Ok(RowCheck::EXACT));
        assert_eq!((values.allocs, values.bytes), (3_971_107, 8456));
    }

    #[test]
    fn nothing_outstanding_needs_a_zero_quotient() {
        assert_eq!(checked("9 9 0 0 0").1, Ok(RowCheck::EXACT));
        assert_eq!(checked("9 9 0 0 5").1, Err(SuspectReason::PerAlloc));
    }

    #[test]
    fn negative_differences_in_both_prints() {
        assert_eq!(checked("10 12 -2 -128 64").1, Ok(RowCheck::EXACT));
        let unsigned = "10 12 18446744073709551614 18446744073709551488 64";
        assert_eq!(checked(unsigned).0.diff, -2);
        assert_eq!(checked(unsigned).1, Ok(RowCheck::EXACT));
    }

    #[test]
    fn counters_that_passed_2_to_the_32() {
        // 4294967301 allocations and 4294967290 frees, both modulo 2^32.
        let (values, proof) = checked("5 4294967290 11 110 10");
        assert_eq!(proof.unwrap().diff, DiffCheck::Modulo32);
        assert_eq!(values.diff, 11);
        let (values, proof) = checked("-1294967296 -1294967306 10 100 10");
        assert_eq!(proof.unwrap().diff, DiffCheck::Modulo32);
        assert_eq!(values.allocs, 3_000_000_000);
    }

    #[test]
    fn bytes_beyond_31_bits() {
        let (values, proof) = checked("1000 0 1000 -1294967296 3000000");
        assert_eq!(proof.unwrap().bytes, BytesCheck::Unsigned32);
        assert_eq!(values.bytes, 3_000_000_000);
        let (values, proof) = checked("1000 0 1000 -1294967296 -1294967");
        assert_eq!(proof.unwrap().bytes, BytesCheck::Unsigned32);
        assert_eq!((values.bytes, values.per_alloc), (3_000_000_000, 3_000_000));
    }

    #[test]
    fn bytes_beyond_32_bits_follow_from_the_quotient() {
        // 10,000,000,000 bytes in 1000 allocations, printed modulo 2^32.
        let (values, proof) = checked("1000 0 1000 1410065408 10000000");
        assert_eq!(proof.unwrap().bytes, BytesCheck::Restored32);
        assert_eq!(values.bytes, 10_000_000_000);
    }

    #[test]
    fn what_fails_is_named() {
        assert_eq!(checked("10 2 9 90 10").1, Err(SuspectReason::Diff));
        assert_eq!(checked("10 2 8 90 10").1, Err(SuspectReason::PerAlloc));
        assert_eq!(checked("10 2 9 91 11").1, Err(SuspectReason::Both));
        assert_eq!(checked("10 2 8 80").1, Err(SuspectReason::PerAllocMissing));
        assert_eq!(checked("10 2 7 80").1, Err(SuspectReason::Diff));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let max = u64::MAX;
        let min = i64::MIN;
        for text in [
            format!("{max} {max} {max} {max} {max}"),
            format!("{min} {max} -1 {min} {min}"),
            format!("0 1 -1 {min} {max}"),
            format!("1 0 1 {min} -1"),
        ] {
            let _ = checked(&text);
        }
    }
}
