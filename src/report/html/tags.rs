//! Tags: how each grows, by which test, and which grow together.

use super::frame::{self, Holds};
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::Page;
use super::{units, words};
use crate::report::model::{Lockstep, TagRow};
use crate::report::plot::spark::spark;
use crate::report::wording;

/// Tags shown at once; the rest can be opened.
const AT_ONCE: usize = 25;
const FIRST: Bounds = Bounds::new(AT_ONCE, 150);
const REST: Bounds = Bounds::new(2_000, 700);
const GROUPS: Bounds = Bounds::new(50, 80);
const MEMBERS: Bounds = Bounds::new(30, 12);

const COLUMNS: &[frame::Column] = &[
    ("Tag", Holds::Words),
    ("Pool", Holds::Words),
    ("Bytes over snapshots", Holds::Other),
    ("Pattern and its test", Holds::Words),
    ("Growth, 95 % interval", Holds::Numbers),
    ("Share of growth", Holds::Numbers),
    ("Bytes", Holds::Numbers),
    ("Blocks", Holds::Numbers),
    ("Freed", Holds::Numbers),
    ("Known as", Holds::Words),
];

/// Writes the table of tags.
pub fn section(out: &mut Html, page: &Page<'_>) {
    let pool = &page.report.pool;
    frame::section(out, "tags");
    if pool.tags.is_empty() {
        frame::nothing(out, "No snapshot lists a tag.");
        frame::end_section(out);
        return;
    }
    out.raw("<p class=\"soft\">Most suspect first. “Freed” is frees per allocation: a leak’s blocks do not come back. “Known as” is what lists say of the name, a hint and no evidence.</p>");
    let (first, rest) = pool.tags.split_at(pool.tags.len().min(AT_ONCE));
    let caption = format!(
        "The {} most suspect tags",
        wording::count(first.len() as u64)
    );
    let mut left = tag_table(out, page, &caption, first, FIRST);
    if !rest.is_empty() {
        let caption = format!("{} further tags", wording::count(rest.len() as u64));
        out.raw("<details><summary>")
            .name(&caption)
            .raw("</summary>");
        left += tag_table(out, page, &caption, rest, REST);
        out.raw("</details>");
    }
    let listed_not = usize::try_from(pool.tags_not_listed).unwrap_or(usize::MAX);
    more(out, left, "tags");
    if listed_not > 0 {
        out.raw("<p class=\"more\">")
            .name(&wording::count(pool.tags_not_listed));
        out.raw(" tags did not grow enough to be listed.</p>");
    }
    epochs(out, page);
    frame::end_section(out);
}

fn tag_table(
    out: &mut Html,
    page: &Page<'_>,
    caption: &str,
    tags: &[TagRow],
    bounds: Bounds,
) -> usize {
    let head = ("tools tags", caption);
    frame::table(out, head, COLUMNS, tags.iter(), bounds, |out, row| {
        tag_row(out, page, row);
    })
}

fn tag_row(out: &mut Html, page: &Page<'_>, row: &TagRow) {
    let verdict = &page.report.verdict;
    let is_accused =
        verdict.tag_hex.as_ref() == Some(&row.tag_hex) && verdict.pool == Some(row.pool);
    out.raw(if is_accused {
        "<tr class=\"accused\">"
    } else {
        "<tr>"
    });
    out.raw("<th scope=\"row\"><code");
    out.attr("title", &format!("bytes {}", row.tag_hex))
        .raw(">")
        .name(&row.tag)
        .raw("</code>");
    if is_accused {
        out.raw(" <span class=\"chip\">verdict</span>");
    }
    out.raw("</th><td>")
        .name(row.pool)
        .raw("</td><td class=\"pic\">");
    spark(out, &row.series);
    // Figures of the test fill a line or five: at once only where they carry the verdict.
    out.raw("</td><td class=\"class\">");
    out.raw(match is_accused {
        true => "<details open><summary><b>",
        false => "<details><summary><b>",
    });
    out.name(words::class(row.class))
        .raw("</b></summary><small>");
    out.sentence(&row.test).raw("</small></details>");
    page.links(out, &row.evidence);
    out.raw("</td>");
    growth(out, row);
    let share = row.share_of_growth;
    frame::number_cell(
        out,
        share,
        &share.map_or_else(|| "–".to_owned(), units::percent),
    );
    let bytes = |count: i64| wording::size_of(count as f64);
    change(
        out,
        row.bytes_last,
        &bytes(row.bytes_last),
        &bytes(row.bytes_first),
    );
    match row.blocks_last.zip(row.blocks_first) {
        Some((last, first)) => change(out, last, &units::count(last), &units::count(first)),
        None => frame::number_cell(out, None, "–"),
    }
    let freed = row.freed_ratio;
    frame::number_cell(
        out,
        freed,
        &freed.map_or_else(|| "–".to_owned(), units::percent),
    );
    out.raw("<td class=\"hint\">");
    match row.owner_hint.as_deref().map(|hint| hint.split_once(": ")) {
        Some(Some((owner, more))) => {
            out.raw("<details><summary>").name(owner);
            out.raw("</summary><small>").sentence(more);
            out.raw("</small></details>");
        }
        _ => {
            out.name(row.owner_hint.as_deref().unwrap_or("–"));
        }
    }
    out.raw("</td></tr>\n");
}

/// A cell with the last value and, smaller, the first; sorted by the last.
fn change(out: &mut Html, key: i64, last: &str, first: &str) {
    out.raw("<td class=\"num\"")
        .attr("data-k", &key.to_string());
    out.raw(">")
        .name(last)
        .raw("<small>from ")
        .name(first)
        .raw("</small></td>");
}

fn growth(out: &mut Html, row: &TagRow) {
    let (rate, per) = match (row.growth_bytes_per_hour, row.growth_bytes_per_snapshot) {
        (Some(rate), _) => (rate, "h"),
        (None, Some(rate)) => (rate, "snapshot"),
        (None, None) => return frame::number_cell(out, None, "–"),
    };
    out.raw("<td class=\"num\"");
    if rate.is_finite() {
        out.attr("data-k", &format!("{rate}"));
    }
    out.raw(">").name(&units::rate(rate, per));
    if let (Some(low), Some(high)) = (row.growth_low, row.growth_high) {
        out.raw("<small>").name(&wording::size_of(low)).raw(" to ");
        out.name(&wording::size_of(high)).raw("</small>");
    }
    out.raw("</td>");
}

fn epochs(out: &mut Html, page: &Page<'_>) {
    let epochs = &page.report.pool.epochs;
    if epochs.len() < 2 {
        return;
    }
    let columns = [
        ("Epoch", Holds::Numbers),
        ("Began with", Holds::Words),
        ("From", Holds::Words),
        ("To", Holds::Words),
        ("Snapshots", Holds::Numbers),
        ("Nonpaged, first", Holds::Numbers),
        ("Last", Holds::Numbers),
        ("Peak", Holds::Numbers),
        ("Growth", Holds::Numbers),
    ];
    let head = (
        "",
        "Boot epochs: stretches between two starts of the kernel",
    );
    let numbered = epochs.iter().enumerate();
    let left = frame::table(
        out,
        head,
        &columns,
        numbered,
        Bounds::new(100, 60),
        |out, (n, e)| {
            out.raw("<tr>");
            frame::number_cell(out, Some(n as f64), &wording::count(n as u64 + 1));
            out.raw("<td>").name(e.began).raw("</td><td>");
            page.clock.maybe(out, e.first.as_deref());
            out.raw("</td><td>");
            page.clock.maybe(out, e.last.as_deref());
            out.raw("</td>");
            frame::number_cell(out, Some(e.snapshots as f64), &wording::count(e.snapshots));
            for bytes in [e.nonpaged_first, e.nonpaged_last, e.nonpaged_peak] {
                let bytes = bytes.map(|b| b as f64);
                frame::number_cell(
                    out,
                    bytes,
                    &bytes.map_or_else(|| "–".to_owned(), wording::size_of),
                );
            }
            let rate = e.nonpaged_growth_bytes_per_hour;
            let shown = rate.map_or_else(|| "–".to_owned(), |r| units::rate(r, "h"));
            frame::number_cell(out, rate, &shown);
            out.raw("</tr>\n");
        },
    );
    more(out, left, "epochs");
}

/// Writes the groups of tags that grow one for one.
pub fn lockstep(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "lockstep");
    let groups = &page.report.pool.lockstep;
    if groups.is_empty() {
        frame::nothing(out, "No tags grow one for one.");
    }
    let left = rows(out, groups.iter(), GROUPS, group);
    more(out, left, "groups");
    frame::end_section(out);
}

fn group(out: &mut Html, group: &Lockstep) {
    out.raw("<div class=\"group\"><p class=\"members\">");
    let left = rows(out, group.members.iter(), MEMBERS, |out, member| {
        out.raw("<span class=\"member\"><code>")
            .name(&member.tag)
            .raw("</code> ");
        out.name(member.pool).raw(" <span class=\"soft\">× ");
        out.name(&wording::ratio(member.ratio))
            .raw("</span></span> ");
    });
    out.raw("</p>");
    more(out, left, "members");
    out.raw("<p>").sentence(&group.text).raw("</p></div>");
}
