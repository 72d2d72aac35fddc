//! Poolmon text for tests, written from the program's documented printf forms.
//!
//! Nothing of the parser is used here but its value types, so that a shared mistake shows.

use proptest::prelude::*;

use crate::tag::Pool;

/// The numbers of one row, true by construction.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub tag: [u8; 4],
    pub pool: Pool,
    pub frees: u64,
    pub diff: i64,
    pub per_alloc: i64,
    pub rest: i64,
    pub deltas: (i64, i64, i64),
}

impl Truth {
    pub fn allocs(&self) -> u64 {
        self.frees + self.diff.unsigned_abs()
    }

    pub fn bytes(&self) -> i64 {
        self.diff * self.per_alloc + self.rest
    }

    /// The tag as `%4s` prints it: up to the first NUL, right-aligned.
    fn cell(&self) -> Vec<u8> {
        let shown: Vec<u8> = self.tag.iter().copied().take_while(|&b| b != 0).collect();
        let mut cell = vec![b' '; 4 - shown.len()];
        cell.extend(shown);
        cell
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    WideLive,
    NarrowLive,
    WideFile,
    NarrowFile,
}

pub(super) const FORMS: [Form; 4] = [
    Form::WideLive,
    Form::NarrowLive,
    Form::WideFile,
    Form::NarrowFile,
];

impl Form {
    pub fn is_live(self) -> bool {
        matches!(self, Form::WideLive | Form::NarrowLive)
    }

    pub fn header(self) -> &'static str {
        match self {
            Form::WideLive | Form::NarrowLive => {
                " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc"
            }
            Form::WideFile => {
                " Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc"
            }
            Form::NarrowFile => " Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc",
        }
    }

    /// Everything behind the tag cell.
    fn tail(self, t: &Truth, mapped: &str) -> String {
        let kind = if t.pool == Pool::NonPaged {
            "Nonp "
        } else {
            "Paged"
        };
        let (a, f, d, b, p) = (t.allocs(), t.frees, t.diff, t.bytes(), t.per_alloc);
        let (da, df, db) = t.deltas;
        match self {
            Form::WideLive => format!(
                " {kind:>5} {a:>9} ({da:>4}) {f:>9} ({df:>4}) {d:>8} {b:>11} ({db:>11}) {p:>11} {mapped}"
            ),
            Form::NarrowLive => format!(
                " {kind:>5} {a:>9} ({da:>4}) {f:>9} ({df:>4}) {d:>8} {b:>7} ({db:>6}) {p:>6} {mapped}"
            ),
            Form::WideFile => {
                format!(" {kind:>5} {a:>18} {f:>18}  {d:>16} {b:>14}     {p:>12}        {mapped}")
            }
            Form::NarrowFile => {
                format!(" {kind:>5} {a:>9} {f:>9}  {d:>8} {b:>7}     {p:>6}        {mapped}")
            }
        }
    }

    /// One row without its line end.
    pub fn row(self, truth: &Truth, mapped: &str) -> Vec<u8> {
        [
            b" ".as_slice(),
            &truth.cell(),
            self.tail(truth, mapped).as_bytes(),
        ]
        .concat()
    }

    /// The header, a blank line and all rows.
    pub fn table(self, rows: &[Truth], end: &str) -> Vec<u8> {
        let mut text = format!("{}{end}{end}", self.header()).into_bytes();
        for row in rows {
            text.extend(self.row(row, ""));
            text.extend(end.as_bytes());
        }
        text
    }
}

/// The two summary lines.
pub(super) fn memory(pool_nonpaged: i64, page_faults: i64, end: &str) -> String {
    let first = format!(
        " Memory:{:>8}K Avail:{:>8}K  PageFlts:{page_faults:>6}   InRam Krnl:{:>5}K P:{:>5}K",
        8_388_608, 2_097_152, 4_321, 56_789
    );
    let second = format!(
        " Commit:{:>7}K Limit:{:>7}K Peak:{:>7}K            Pool N:{pool_nonpaged:>5}K P:{:>5}K",
        3_000_000, 12_000_000, 4_500_000, 77_777
    );
    format!("{first}{end}{second}{end}{end}")
}

/// A true row with the given tag.
pub(super) fn truth(tag: &[u8; 4], pool: Pool, frees: u64, diff: i64, per_alloc: i64) -> Truth {
    Truth {
        tag: *tag,
        pool,
        frees,
        diff,
        per_alloc,
        rest: 0,
        deltas: (0, 0, 0),
    }
}

/// A tag as drivers make them, odd bytes included, but no NUL before another byte, no line
/// feed, and a visible first byte (a blank there cannot be told from a NUL at the end).
fn tag() -> impl Strategy<Value = [u8; 4]> {
    let byte =
        prop_oneof![4 => 0x20..=0x7e_u8, 1 => 0x80..=0xff_u8, 1 => Just(0x1a), 1 => Just(b' ')];
    let first = prop_oneof![4 => 0x21..=0x7e_u8, 1 => 0x80..=0xff_u8];
    (first, proptest::collection::vec(byte, 3), 0..4_usize).prop_map(|(first, rest, nuls)| {
        let mut tag = [first, rest[0], rest[1], rest[2]];
        tag[4 - nuls..].fill(0);
        tag
    })
}

/// A true row whose numbers fit the narrow form.
pub(super) fn any_truth() -> impl Strategy<Value = Truth> {
    let small = -9_999..99_999_i64;
    (
        tag(),
        any::<bool>(),
        0..2_000_000_000_u64,
        0..900_i64,
        0..2_000_000_i64,
        any::<u32>(),
        (small.clone(), small.clone(), small),
    )
        .prop_map(|(tag, paged, frees, diff, per_alloc, rest, deltas)| {
            let per_alloc = if diff == 0 { 0 } else { per_alloc };
            let rest = if diff == 0 { 0 } else { i64::from(rest) % diff };
            let pool = if paged { Pool::Paged } else { Pool::NonPaged };
            Truth {
                tag,
                pool,
                frees,
                diff,
                per_alloc,
                rest,
                deltas,
            }
        })
}
