//! What poolmon prints of a model: live screens and saved snapshots, wide and narrow.

use super::chance::Chance;
use super::machine::Machine;
use super::pool::{Charge, Row};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    WideSaved,
    NarrowSaved,
    WideLive,
    NarrowLive,
}

/// The Mapped_Driver column: absent, `-g`, or `-c -g` of 32-bit systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapped {
    Absent,
    Global,
    LocalAndGlobal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Bytes,
    Tag,
    Diff,
}

/// How one case's snapshots look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub layout: Layout,
    /// The memory lines of `-r`; live screens always have them.
    pub memory: bool,
    pub mapped: Mapped,
    pub order: Order,
    pub totals: bool,
    pub only_nonpaged: bool,
    /// A screen that shows no more than this many rows.
    pub cut: Option<usize>,
}

impl Layout {
    pub fn is_live(self) -> bool {
        matches!(self, Layout::WideLive | Layout::NarrowLive)
    }

    pub fn is_narrow(self) -> bool {
        matches!(self, Layout::NarrowSaved | Layout::NarrowLive)
    }

    fn head(self) -> &'static str {
        match self {
            Layout::WideSaved => {
                " Tag  Type     Allocs            Frees               Diff            Bytes                 Per Alloc"
            }
            Layout::NarrowSaved => {
                " Tag  Type     Allocs         Frees    Diff   Bytes    Per Alloc"
            }
            Layout::WideLive => {
                " Tag  Type     Allocs            Frees            Diff       Bytes                  Per Alloc"
            }
            Layout::NarrowLive => {
                " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc"
            }
        }
    }
}

impl Look {
    pub fn draw(chance: &mut Chance, narrow_fits: bool) -> Self {
        let wide = [Layout::WideSaved, Layout::WideSaved, Layout::WideLive];
        let all = [
            Layout::WideSaved,
            Layout::NarrowSaved,
            Layout::WideLive,
            Layout::NarrowLive,
        ];
        let layout = if narrow_fits {
            chance.pick(&all)
        } else {
            chance.pick(&wide)
        };
        let both = if layout.is_narrow() {
            Mapped::LocalAndGlobal
        } else {
            Mapped::Global
        };
        let mut look = Look {
            layout,
            memory: layout.is_live() || chance.odds(0.8),
            mapped: chance.pick(&[Mapped::Absent, Mapped::Absent, Mapped::Global, both]),
            order: chance.pick(&[Order::Bytes, Order::Bytes, Order::Tag, Order::Diff]),
            totals: layout.is_live() && chance.odds(0.3),
            only_nonpaged: chance.odds(0.1),
            cut: None,
        };
        if layout.is_live() && chance.odds(0.3) {
            (look.cut, look.order, look.totals) = (Some(44), Order::Bytes, false);
        }
        look
    }
}

/// The memory figures around one snapshot, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub ram: f64,
    pub nonpaged: f64,
    pub paged: f64,
    pub faults: i32,
}

impl Memory {
    pub fn of(machine: &Machine, nonpaged: u64, rows: &[Row], faults: i32) -> Self {
        let paged: u64 = rows
            .iter()
            .filter(|row| row.charge == Charge::Paged)
            .map(|row| row.used)
            .sum();
        let paged = paged as f64 * 1.06;
        Memory {
            ram: machine.ram(),
            nonpaged: nonpaged as f64,
            paged,
            faults,
        }
    }

    fn lines(&self) -> [String; 2] {
        let k = |bytes: f64| (bytes / 1024.0) as i64;
        let used = self.nonpaged + self.paged + self.ram * 0.2;
        let avail = (self.ram - used).max(self.ram * 0.012);
        let (krnl, resident) = (9000 + k(self.paged) / 64, k(self.paged * 0.93));
        let (total, free, faults) = (k(self.ram), k(avail), self.faults);
        let (commit, limit, peak) = (k(used * 1.1), k(self.ram * 2.0), k(used * 1.15));
        let (nonpaged, paged) = (k(self.nonpaged), k(self.paged));
        [
            format!(
                " Memory:{total:8}K Avail:{free:8}K  PageFlts:{faults:6}   InRam Krnl:{krnl:5}K P:{resident:5}K"
            ),
            format!(
                " Commit:{commit:7}K Limit:{limit:7}K Peak:{peak:7}K            Pool N:{nonpaged:5}K P:{paged:5}K"
            ),
        ]
    }
}

/// The lines of one snapshot, as bytes: tags are whatever four bytes they are.
pub fn lines(look: &Look, memory: &Memory, before: &[Row], now: &[Row]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    if look.memory {
        lines.extend(memory.lines().map(String::into_bytes));
    }
    lines.push(if look.layout.is_live() {
        b" System pool information".to_vec()
    } else {
        Vec::new()
    });
    let tail = if look.mapped == Mapped::Absent {
        ""
    } else {
        "       Mapped_Driver"
    };
    lines.push(format!("{}{tail}", look.layout.head()).into_bytes());
    lines.push(Vec::new());
    let shown = ordered(look, now);
    for row in &shown {
        let old = before
            .iter()
            .find(|old| (old.tag, old.charge) == (row.tag, row.charge));
        lines.push(line(look, old.unwrap_or(row), row));
    }
    if look.totals {
        lines.extend(totals(look, &shown));
    }
    lines
}

fn ordered<'a>(look: &Look, rows: &'a [Row]) -> Vec<&'a Row> {
    let kept = rows
        .iter()
        .filter(|row| !look.only_nonpaged || row.charge == Charge::NonPaged);
    let mut rows: Vec<&Row> = kept.collect();
    rows.sort_by_key(|row| {
        let weight = match look.order {
            Order::Bytes => row.used,
            Order::Diff => row.allocs - row.frees,
            Order::Tag => 0,
        };
        (std::cmp::Reverse(weight), row.tag, row.charge)
    });
    rows.truncate(look.cut.unwrap_or(usize::MAX));
    rows
}

/// `%4s` of a tag: the bytes up to the first NUL, right-aligned.
fn tag_cell(tag: [u8; 4]) -> Vec<u8> {
    let end = tag.iter().position(|&byte| byte == 0).unwrap_or(4);
    let mut cell = vec![b' '; 4 - end];
    cell.extend(&tag[..end]);
    cell
}

fn line(look: &Look, old: &Row, row: &Row) -> Vec<u8> {
    let mut cells = vec![b' '];
    cells.extend(tag_cell(row.tag));
    let kind = match row.charge {
        Charge::NonPaged => " Nonp ",
        Charge::Paged => " Paged",
    };
    cells.extend(kind.bytes());
    cells.extend(figures(look.layout, old, row).bytes());
    cells.extend(mapped(look.mapped, row.tag).bytes());
    cells
}

/// Everything after the type: counters, and on live screens their changes.
fn figures(layout: Layout, old: &Row, row: &Row) -> String {
    let (a, f, u) = (row.allocs, row.frees, row.used);
    let diff = a - f;
    let each = u.checked_div(diff).unwrap_or(0);
    let (da, df) = (a as i64 - old.allocs as i64, f as i64 - old.frees as i64);
    let du = u as i64 - old.used as i64;
    match layout {
        Layout::WideSaved => format!(" {a:18} {f:18}  {diff:16} {u:14}     {each:12}        "),
        Layout::NarrowSaved => format!(" {a:9} {f:9}  {diff:8} {u:7}     {each:6}        "),
        Layout::WideLive => {
            format!(" {a:9} ({da:4}) {f:9} ({df:4}) {diff:8} {u:11} ({du:11}) {each:11} ")
        }
        Layout::NarrowLive => {
            format!(" {a:9} ({da:4}) {f:9} ({df:4}) {diff:8} {u:7} ({du:6}) {each:6} ")
        }
    }
}

/// A made-up pooltag.txt knows the kernel's commonest tags and nobody else's.
fn mapped(mapped: Mapped, tag: [u8; 4]) -> String {
    let known = match &tag {
        b"Even" | b"Sema" | b"Muta" | b"Proc" | b"Thre" => "[nt!ob - object]",
        b"Irp " | b"Mdl " | b"IoWI" => "[nt!io - requests]",
        b"NtFs" | b"Ntfr" | b"Ntfi" => "[ntfs.sys  -  metadata]",
        b"AfdB" | b"AfdC" => "[afd.sys - sockets]",
        _ => "Unknown Driver",
    };
    match mapped {
        Mapped::Absent => String::new(),
        Mapped::Global => known.to_owned(),
        Mapped::LocalAndGlobal if known.starts_with('[') => format!("[sample]{known}"),
        Mapped::LocalAndGlobal => known.to_owned(),
    }
}

/// The rows of `-e`; they are no tags.
fn totals(look: &Look, rows: &[&Row]) -> Vec<Vec<u8>> {
    let sum = |charge, word: &str| {
        let rows = rows.iter().filter(|row| row.charge == charge);
        let (a, f, u) = rows.fold((0, 0, 0), |(a, f, u), row| {
            (a + row.allocs, f + row.frees, u + row.used)
        });
        let total = Row {
            tag: *b"    ",
            charge,
            allocs: a,
            frees: f,
            used: u,
        };
        format!("Total {word}{}", figures(look.layout, &total, &total)).into_bytes()
    };
    vec![sum(Charge::NonPaged, "Nonp "), sum(Charge::Paged, "Paged")]
}
