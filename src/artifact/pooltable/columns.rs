//! What the columns of a table are, by the words of its header.

use super::cells::{self, Quoting};
use crate::tag::Pool;

/// Longest header looked at; the longest known has 18 columns and 450 characters.
const MAX_HEADER: usize = 4096;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The tag.
    Tag,
    /// The pool of the row.
    Type,
    /// When the row was taken: local time of the machine, or UTC.
    Time {
        /// The words are in UTC.
        utc: bool,
    },
    /// A number; the pool is `None` where a column of its own tells it.
    Figure(Option<Pool>, What),
    /// Bytes of both pools together: a check.
    BothBytes,
    /// Anything else.
    Other,
}

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as in look::Row")]
pub(super) enum What {
    Allocs,
    Frees,
    Blocks,
    Bytes,
    /// Bytes divided by 1,024: gives back bits that `Bytes` lost.
    Kilobytes,
    PerAlloc,
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The byte between cells.
    pub(super) delimiter: u8,
    /// Whether cells stand in quotes.
    pub(super) quoting: Quoting,
    pub(super) kinds: Vec<Column>,
    pub(super) tool: Tool,
}

/// Who writes such a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    /// A noun phrase.
    pub words: &'static str,
    /// An empty cell stands for zero.
    pub blank_is_zero: bool,
}

/// The tools, by a column that only they have.
const TOOLS: [(&str, Tool); 5] = [
    ("tagname", tool("a pool table of System Informer", true)),
    ("kbytes", tool("a table saved by PoolMonX", false)),
    ("pagedusage", tool("a table saved by PoolMonX", false)),
    (
        "pagedusedbytes",
        tool("a table of the poolmon-powershell script", false),
    ),
    ("", tool("a table of pool tags", false)),
];

const fn tool(words: &'static str, blank_is_zero: bool) -> Tool {
    Tool {
        words,
        blank_is_zero,
    }
}

/// Why a table of pool tags cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Rows whose columns no header names.
    NoHeader,
    /// The header names no pool.
    NoPool,
    /// The header names no bytes.
    NoBytes,
    /// Lines like `WCsc 874 alloc / 0 free / 874 live`: neither bytes nor pool.
    CountsAlone,
}

impl Refusal {
    /// The reason as a sentence, with what to try.
    pub const fn sentence(self) -> &'static str {
        match self {
            Refusal::NoHeader => {
                "Rows of a pool table without their header: which figure of which pool a number is cannot be told. Send the first line too."
            }
            Refusal::NoPool => {
                "A table of pool tags whose columns do not tell the pool. Add the columns of nonpaged pool, for instance NonPagedDiff and NonPagedUsedBytes."
            }
            Refusal::NoBytes => {
                "A table of pool tags without a column of bytes. Add it, for instance NonPagedUsedBytes."
            }
            Refusal::CountsAlone => {
                "Counts of blocks for each tag, without bytes and without the pool: nothing follows from them for the size of the pool. Collect with poolmon -n."
            }
        }
    }
}

/// A header line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Columns that can be read.
    Columns(Columns),
    /// A table of pool tags that lacks something.
    Refused(Refusal),
}

impl Columns {
    /// Reads a header line; `None` if the line is none.
    pub fn read(line: &str) -> Option<Header> {
        let line = line.trim_matches(['\u{feff}', '\r', '\n']);
        let says_tag = |bytes: &[u8]| bytes.windows(3).any(|w| w.eq_ignore_ascii_case(b"tag"));
        if line.len() > MAX_HEADER || !says_tag(line.as_bytes()) {
            return None;
        }
        [b'\t', b',', b';']
            .into_iter()
            .find_map(|delimiter| Columns::split_by(line, delimiter))
    }

    fn split_by(line: &str, delimiter: u8) -> Option<Header> {
        let quoting = if line.trim_start().starts_with('"') {
            Quoting::Quoted
        } else {
            Quoting::Plain
        };
        let names: Vec<String> = cells::split(line, delimiter, quoting)
            .iter()
            .map(|cell| plain(cell))
            .collect();
        let kinds: Vec<Column> = names.iter().map(|name| kind(name)).collect();
        let has = |wanted: fn(&Column) -> bool| kinds.iter().any(wanted);
        let tags = kinds.iter().filter(|k| **k == Column::Tag).count();
        let figures = kinds.iter().any(|k| matches!(k, Column::Figure(..)));
        if tags != 1 || names.len() < 2 || !(figures || has(|k| *k == Column::BothBytes)) {
            return None;
        }
        // poolmon's own columns between tabulators: a copy of its text, read as such.
        let typed = has(|k| *k == Column::Type);
        if delimiter == b'\t' && typed && !names.iter().any(|n| n == "kbytes") {
            return None;
        }
        let of_pool = has(|k| matches!(k, Column::Figure(Some(_), _)));
        let bytes = |k: &Column| matches!(k, Column::Figure(_, What::Bytes));
        if !of_pool && !typed {
            return Some(Header::Refused(Refusal::NoPool));
        }
        if !kinds.iter().any(bytes) {
            return Some(Header::Refused(Refusal::NoBytes));
        }
        Some(Header::Columns(Columns {
            delimiter,
            quoting,
            tool: tool_of(&names),
            kinds,
        }))
    }

    /// The columns of PoolMonX's binary file, which has no header.
    pub(super) fn of_archive() -> Columns {
        use What::{Allocs, Blocks, Bytes, Frees, Kilobytes, PerAlloc};
        let figures = [Allocs, Frees, Blocks, Bytes, Kilobytes, PerAlloc];
        let kinds = [Column::Tag, Column::Type]
            .into_iter()
            .chain(figures.map(|what| Column::Figure(None, what)))
            .chain([Column::Other, Column::Other])
            .collect();
        Columns {
            delimiter: 0,
            quoting: Quoting::Plain,
            kinds,
            tool: tool("a table saved by PoolMonX", false),
        }
    }

    /// Who writes such a table, as a noun phrase.
    pub fn tool(&self) -> &'static str {
        self.tool.words
    }

    /// True when a column is about `pool`.
    pub(super) fn shows(&self, pool: Pool) -> bool {
        let of_pool = |k: &Column| {
            *k == Column::Type || matches!(k, Column::Figure(Some(p), _) if *p == pool)
        };
        self.kinds.iter().any(of_pool)
    }

    /// True when some figure of this kind is there.
    pub(super) fn has(&self, what: What) -> bool {
        let same = |k: &Column| matches!(k, Column::Figure(_, w) if *w == what);
        self.kinds.iter().any(same)
    }

    /// True when each row states its time.
    pub(super) fn has_time(&self) -> bool {
        self.kinds.iter().any(|k| matches!(k, Column::Time { .. }))
    }
}

fn tool_of(names: &[String]) -> Tool {
    let has = |mark: &str| names.iter().any(|name| name.ends_with(mark));
    let found = TOOLS.iter().find(|(mark, _)| has(mark));
    found.map_or(TOOLS[TOOLS.len() - 1].1, |(_, tool)| *tool)
}

/// Lower-case letters and digits of a header's cell.
fn plain(cell: &str) -> String {
    let kept = cell.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// What a column is, by its name.
fn kind(name: &str) -> Column {
    match name {
        "tag" | "tagname" | "pooltag" => return Column::Tag,
        "type" | "pooltype" | "pool" => return Column::Type,
        "datetime" | "timestamp" => return Column::Time { utc: false },
        "datetimeutc" | "timestamputc" => return Column::Time { utc: true },
        "totalusedbytes" => return Column::BothBytes,
        _ => {}
    }
    let pools = [
        ("nonpaged", Some(Pool::NonPaged)),
        ("npaged", Some(Pool::NonPaged)),
        ("nonp", Some(Pool::NonPaged)),
        ("paged", Some(Pool::Paged)),
        ("", None),
    ];
    let found = pools
        .iter()
        .find_map(|(word, pool)| Some((name.strip_prefix(word)?, *pool)));
    let Some((rest, pool)) = found else {
        return Column::Other;
    };
    figure(rest).map_or(Column::Other, |what| Column::Figure(pool, what))
}

fn figure(name: &str) -> Option<What> {
    Some(match name.strip_suffix("total").unwrap_or(name) {
        "allocs" | "allocations" => What::Allocs,
        "frees" => What::Frees,
        "diff" | "current" => What::Blocks,
        "bytes" | "usedbytes" | "used" | "usage" => What::Bytes,
        "kbytes" => What::Kilobytes,
        "peralloc" | "balloc" | "bytesperalloc" => What::PerAlloc,
        _ => return None,
    })
}

/// A row of quoted cells whose first is a date and time: the script's, without its header.
pub(super) fn is_headless_row(line: &str) -> bool {
    let mut cells = line.trim().split("\",\"");
    let first = cells.next().and_then(|c| c.strip_prefix('"'));
    let is_time = |cell: &str| {
        let shape: String = cell
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        shape == "0000-00-00T00:00:00"
    };
    first.is_some_and(is_time) && cells.count() >= 2
}

/// `WCsc 874 alloc / 0 free / 874 live`, as scripts on the tag query print.
pub(super) fn is_count_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some(at) = words.iter().position(|w| matches!(*w, "alloc" | "allocs")) else {
        return false;
    };
    let number = |word: Option<&&str>| word.is_some_and(|w| cells::whole(w).is_some());
    let behind = |word: &str| {
        words
            .iter()
            .skip(at)
            .position(|w| w.trim_end_matches('s') == word)
            .is_some_and(|place| number(words.get(at + place - 1)))
    };
    at >= 2 && number(words.get(at - 1)) && behind("free") && behind("live")
}
