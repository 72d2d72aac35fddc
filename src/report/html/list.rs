//! Lists that stay within bounds and say what they leave out.
//!
//! A case may hold any number of anything. Every list of the page is written through
//! [`rows`], which stops at a number of rows and at a number of bytes; the sum of the bytes
//! over all lists stays below the page's limit.

use super::markup::Html;

/// How much of a list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most rows: what a reader may still look through.
    pub rows: usize,
    /// Most bytes of HTML.
    pub bytes: usize,
}

impl Bounds {
    /// Bounds of `rows` rows and `kilobytes` thousand bytes.
    pub const fn new(rows: usize, kilobytes: usize) -> Self {
        Bounds {
            rows,
            bytes: kilobytes * 1000,
        }
    }
}

/// Writes items while they fit and returns how many were left out.
pub fn rows<T>(
    out: &mut Html,
    items: impl ExactSizeIterator<Item = T>,
    bounds: Bounds,
    mut write: impl FnMut(&mut Html, T),
) -> usize {
    let (begin, total) = (out.len(), items.len());
    for (done, item) in items.enumerate() {
        let before = out.len();
        if done >= bounds.rows {
            return total - done;
        }
        write(out, item);
        if out.len() - begin > bounds.bytes {
            out.take_back(before);
            return total - done;
        }
    }
    0
}

/// A paragraph that says how many were left out, if any.
pub fn more(out: &mut Html, left: usize, what: &'static str) {
    if left > 0 {
        out.raw("<p class=\"more\">");
        out.integer(left as i128).raw(" more ").raw(what);
        out.raw(" in report.json.</p>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(count: usize, bounds: Bounds) -> (usize, usize) {
        let mut html = Html::new();
        let left = rows(&mut html, 0..count, bounds, |h, _| {
            h.raw("0123456789");
        });
        (html.len(), left)
    }

    #[test]
    fn rows_and_bytes_are_bounds() {
        let bounds = |rows, bytes| Bounds { rows, bytes };
        assert_eq!(written(5, bounds(9, 100)), (50, 0));
        assert_eq!(written(5, bounds(3, 100)), (30, 2));
        assert_eq!(written(5, bounds(9, 25)), (20, 3));
        assert_eq!(written(0, bounds(0, 0)), (0, 0));
    }
}
