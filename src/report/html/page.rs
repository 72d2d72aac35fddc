//! What every section needs to know of the page.

use std::collections::BTreeSet;

use super::clock::Clock;
use super::list::{Bounds, rows};
use super::markup::Html;
use crate::report::model::Report;

/// Links shown beside one claim; more would bury it.
const LINKS: Bounds = Bounds::new(12, 2);

/// A report on its way to a page.
pub struct Page<'a> {
    /// The report.
    pub report: &'a Report,
    /// How times are shown.
    pub clock: Clock,
    anchors: BTreeSet<&'a str>,
}

/// True for ids as the report makes them, which are safe as anchors.
pub fn is_anchor(id: &str) -> bool {
    /// Longest id: `E` and a number.
    const LONGEST: usize = 12;
    id.len() <= LONGEST
        && id
            .strip_prefix('E')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl<'a> Page<'a> {
    /// A page whose appendix holds `anchors`.
    pub fn new(report: &'a Report, anchors: BTreeSet<&'a str>) -> Self {
        Page {
            report,
            clock: Clock::of(report),
            anchors,
        }
    }

    /// Links to evidence; ids that the appendix does not show are text.
    pub fn links(&self, out: &mut Html, ids: &[String]) {
        if ids.is_empty() {
            return;
        }
        out.raw(" <span class=\"ev\">");
        let left = rows(out, ids.iter(), LINKS, |out, id| {
            if self.anchors.contains(id.as_str()) {
                out.raw("<a href=\"#").name(id).raw("\">");
                out.name(id).raw("</a> ");
            } else {
                out.name(id).raw(" ");
            }
        });
        if left > 0 {
            out.raw("and ").integer(left as i128).raw(" more");
        }
        out.raw("</span>");
    }
}
