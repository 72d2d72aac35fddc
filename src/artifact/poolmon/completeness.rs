//! What a snapshot may lack, judged from what it shows.
//!
//! A missing tag is evidence only in a whole table. Nothing in the text states that it is
//! whole, so wholeness has to be earned: by totals that add up, or by the size and form that
//! only a whole table has.

use super::row::{Row, Total};
use super::snapshot::{SortOrder, Source};
use crate::tag::{Pool, Tag};

/// Fewest rows of a whole table. Every known whole table has several hundred; screens hold
/// about 45 and filters select dozens.
const WHOLE_TABLE_ROWS: usize = 150;
/// The live screen draws into a buffer of 2000 lines (documented for it); a copy of
/// about that size is cut there.
const SCREEN_BUFFER_ROWS: usize = 1_900;
/// Rows of a live copy that may be a screenful: tags sorted by name then share a beginning by
/// the place of the cut as easily as by a filter. The smallest documented window shows 45.
const SCREENFUL: usize = 20;
/// Rows that must all be in one pool before a pool filter is inferred: an unfiltered table
/// mixes them about two to one, so eight alike come by chance once in 25.
const ROWS_FOR_POOL_FILTER: usize = 8;
/// Rows that must share a single character before a tag filter is inferred; two characters need
/// two rows, and a row on its own shows no pattern.
const ROWS_FOR_ONE_CHARACTER: usize = 4;

/// A reason why rows may be missing, or why none are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing is missing.
    Complete {
        /// True when the `Total` lines add up, false when only size and form say so.
        by_totals: bool,
        /// Rows.
        rows: usize,
    },
    /// Only nonpaged rows (option `-p`): paged tags are not listed.
    NonpagedOnly {
        /// Rows.
        rows: usize,
    },
    /// Only paged rows (option `-p -p`): nonpaged tags are not listed.
    PagedOnly {
        /// Rows.
        rows: usize,
    },
    /// All tags match one pattern (option `-i`): others are not listed.
    TagFilter {
        /// The narrowest pattern that all tags match, `None` for any byte. A guess: the real
        /// one may be wider.
        pattern: [Option<u8>; 4],
    },
    /// A screen or a copy that was cut: rows after the last are missing.
    TruncatedScreen {
        /// Rows that were kept.
        rows: usize,
        /// The order that decided which were lost.
        sort: SortOrder,
    },
    /// The file ends inside the table.
    TornTail,
    /// Rows that could not be read or proven.
    RowsLost {
        /// How many.
        count: u64,
    },
    /// Too few rows for a whole table, and nothing tells why.
    Unknown {
        /// Rows.
        rows: usize,
    },
}

impl Completeness {
    /// The reason as a sentence.
    pub fn reason(&self) -> String {
        match self {
            Completeness::Complete {
                by_totals: true,
                rows,
            } => {
                format!("The {rows} rows add up to the Total lines.")
            }
            Completeness::Complete {
                by_totals: false,
                rows,
            } => {
                format!("{rows} rows of both pools in a snapshot file: the size of a whole table.")
            }
            Completeness::NonpagedOnly { rows } => {
                format!("All {rows} rows are nonpaged, as option -p selects; paged is not listed.")
            }
            Completeness::PagedOnly { rows } => format!(
                "All {rows} rows are paged, as option -p -p or a session table selects; \
                 nonpaged is not listed."
            ),
            Completeness::TagFilter { pattern } => format!(
                "All tags match {}, as option -i selects; other tags are not listed.",
                pattern_text(pattern)
            ),
            Completeness::TruncatedScreen { rows, sort } => {
                let (noun, were) = if *rows == 1 {
                    ("row", "was")
                } else {
                    ("rows", "were")
                };
                format!(
                    "Only {rows} {noun} of a longer list {were} copied, {}.",
                    sort.words()
                )
            }
            Completeness::TornTail => "The file ends in the middle of a row.".into(),
            Completeness::RowsLost { count } => {
                let lines = if *count == 1 { "line" } else { "lines" };
                format!("{count} {lines} in the table could not be read or proven.")
            }
            Completeness::Unknown { rows } => {
                let noun = if *rows == 1 { "row" } else { "rows" };
                format!("{rows} {noun}: whether that is the whole list cannot be told.")
            }
        }
    }

    /// True when this is a reason why `tag` in `pool` could be missing though it exists.
    pub fn may_hide(&self, tag: Tag, pool: Pool) -> bool {
        match self {
            Completeness::Complete { .. } => false,
            Completeness::NonpagedOnly { .. } => pool == Pool::Paged,
            Completeness::PagedOnly { .. } => pool == Pool::NonPaged,
            Completeness::TagFilter { pattern } => !matches(pattern, tag),
            Completeness::TruncatedScreen { .. }
            | Completeness::TornTail
            | Completeness::RowsLost { .. }
            | Completeness::Unknown { .. } => true,
        }
    }
}

impl SortOrder {
    /// The order as a sentence fragment.
    pub const fn words(self) -> &'static str {
        match self {
            SortOrder::Tag => "sorted by tag",
            SortOrder::Bytes => "largest bytes first",
            SortOrder::Allocs => "most allocations first",
            SortOrder::Frees => "most frees first",
            SortOrder::Diff => "most outstanding allocations first",
            SortOrder::PerAlloc => "largest bytes per allocation first",
            SortOrder::Unsorted => "in no order",
            SortOrder::Unknown => "too few to show an order",
        }
    }
}

fn matches(pattern: &[Option<u8>; 4], tag: Tag) -> bool {
    pattern
        .iter()
        .zip(tag.bytes())
        .all(|(p, b)| p.is_none_or(|p| p == b))
}

/// The pattern as it would be typed; bytes that cannot be typed are escaped.
fn pattern_text(pattern: &[Option<u8>; 4]) -> String {
    let shown = |byte: &Option<u8>| match byte {
        Some(0) => String::new(),
        Some(b) => b.escape_ascii().to_string(),
        None => "?".into(),
    };
    pattern.iter().map(shown).collect()
}

/// What is known of a snapshot when its last line was read.
pub(super) struct Facts<'a> {
    pub rows: &'a [Row],
    pub totals: &'a [Total],
    pub source: Option<Source>,
    pub sort: SortOrder,
    /// Somebody wrote `...` among the rows.
    pub ellipsis: bool,
    pub torn: bool,
    /// Suspect and rejected rows.
    pub lost: u64,
}

/// All reasons why the snapshot may lack rows, or the one why it does not.
pub(super) fn judge(facts: &Facts<'_>) -> Vec<Completeness> {
    let rows = facts.rows.len();
    let mut reasons = Vec::new();
    if facts.torn {
        reasons.push(Completeness::TornTail);
    }
    if facts.lost > 0 {
        reasons.push(Completeness::RowsLost { count: facts.lost });
    }
    let filter = tag_filter(facts.rows);
    if filter.is_none() {
        // The tags of one family may well all be in one pool.
        reasons.extend(pool_filter(facts.rows));
    }
    let cut = Completeness::TruncatedScreen {
        rows,
        sort: facts.sort,
    };
    match totals_agree(facts) {
        Some(true) if filter.is_none() && reasons.is_empty() => {
            return vec![Completeness::Complete {
                by_totals: true,
                rows,
            }];
        }
        Some(false) => reasons.push(cut),
        _ if facts.ellipsis => {
            reasons.push(cut);
            reasons.extend(filter);
        }
        _ if filter.is_some() => {
            reasons.extend(filter);
            let screenful = facts.source == Some(Source::Live) && rows >= SCREENFUL;
            reasons.extend(screenful.then_some(cut));
        }
        _ => reasons.extend(by_size(facts, cut)),
    }
    if reasons.is_empty() {
        reasons.push(Completeness::Complete {
            by_totals: false,
            rows,
        });
    }
    reasons
}

/// What the number of rows says, given whether a screen or a file shows them.
fn by_size(facts: &Facts<'_>, cut: Completeness) -> Option<Completeness> {
    let rows = facts.rows.len();
    let small = rows < WHOLE_TABLE_ROWS;
    match facts.source {
        Some(Source::File) if !small => None,
        Some(Source::Live) if (small && rows > 0) || rows >= SCREEN_BUFFER_ROWS => Some(cut),
        _ => Some(Completeness::Unknown { rows }),
    }
}

fn pool_filter(rows: &[Row]) -> Option<Completeness> {
    let count = rows.len();
    let pool = rows.first()?.pool;
    if count < ROWS_FOR_POOL_FILTER || rows.iter().any(|r| r.pool != pool) {
        return None;
    }
    Some(match pool {
        Pool::NonPaged => Completeness::NonpagedOnly { rows: count },
        Pool::Paged => Completeness::PagedOnly { rows: count },
    })
}

/// The pattern that all tags share, if it is narrow enough not to be chance.
fn tag_filter(rows: &[Row]) -> Option<Completeness> {
    if rows.len() < 2 {
        return None;
    }
    let mut pattern = rows.first()?.tag.bytes().map(Some);
    for row in rows {
        for (kept, byte) in pattern.iter_mut().zip(row.tag.bytes()) {
            if *kept != Some(byte) {
                *kept = None;
            }
        }
    }
    let shared = pattern.iter().filter(|p| p.is_some()).count();
    let needed = if rows.len() >= ROWS_FOR_ONE_CHARACTER {
        1
    } else {
        2
    };
    (shared >= needed).then_some(Completeness::TagFilter { pattern })
}

/// Whether the rows of each totalled pool add up to its total; `None` without totals.
fn totals_agree(facts: &Facts<'_>) -> Option<bool> {
    if facts.totals.is_empty() {
        return None;
    }
    let sum = |pool| -> i128 {
        facts
            .rows
            .iter()
            .filter(|r| r.pool == pool)
            .map(|r| i128::from(r.bytes))
            .sum()
    };
    let agree = |total: &Total| sum(total.pool) == i128::from(total.bytes);
    let both = [Pool::NonPaged, Pool::Paged]
        .iter()
        .all(|p| facts.totals.iter().any(|t| t.pool == *p) || sum(*p) == 0);
    Some(both && facts.totals.iter().all(agree))
}
