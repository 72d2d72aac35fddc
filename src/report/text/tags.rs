//! The top tags as a table, and tags that grow together.

use crate::report::escape::Charset;
use crate::report::model::TagRow;
use crate::report::wording::{self, size, size_of};

use super::Paper;
use super::line::{Align, Line, Paint};
use super::page::{Para, Section, paragraphs, with_more};
use super::verdict::ids;

/// The top tags.
pub fn tags(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Tags",
        group: 1,
        least: 3,
        good: 4,
        most: 6,
        fill: Box::new(move |room| table(paper, room)),
    }
}

const CLASS: usize = 15;
const GROWTH: usize = 9;
const SHARE: usize = 5;
const BYTES: usize = 20;

fn table(paper: Paper<'_>, room: usize) -> Vec<Line> {
    let pool = &paper.report.pool;
    if pool.tags.is_empty() || room < 2 {
        return Vec::new();
    }
    let all = (pool.tags.len() as u64).saturating_add(pool.tags_not_listed);
    let shown = pool.tags.len().min(room - 1);
    let top: Vec<&TagRow> = pool.tags.iter().take(shown).collect();
    let width = top
        .iter()
        .map(|t| t.tag.len().clamp(4, 16))
        .max()
        .unwrap_or(4);
    let hourly = top.iter().any(|t| t.growth_bytes_per_hour.is_some());
    let mut lines = vec![heading(width, hourly, paper.charset)];
    lines.extend(top.iter().map(|tag| row(tag, width, hourly, paper)));
    let left = all.saturating_sub(top.len() as u64);
    with_more(lines, usize::try_from(left).unwrap_or(usize::MAX))
}

fn heading(width: usize, hourly: bool, charset: Charset) -> Line {
    let growth = if hourly { "growth/h" } else { "per shot" };
    let arrow = arrow(charset);
    let gap = |line: Line| line.add(" ", Paint::Body);
    let quiet = Paint::Quiet;
    let line = gap(Line::new(charset).cell("tag", width, Align::Left, quiet));
    let line = gap(line.cell("pool", 5, Align::Left, quiet));
    let line = gap(line.cell("class", CLASS, Align::Left, quiet));
    let line = gap(line.cell(growth, GROWTH, Align::Right, quiet));
    let line = gap(line.cell("share", SHARE, Align::Right, quiet));
    line.cell(&format!("first {arrow} last"), BYTES, Align::Right, quiet)
}

fn row(tag: &TagRow, width: usize, hourly: bool, paper: Paper<'_>) -> Line {
    let charset = paper.charset;
    let verdict = &paper.report.verdict;
    let accused =
        verdict.tag_hex.as_deref() == Some(&tag.tag_hex) && verdict.pool == Some(tag.pool);
    let paint = if accused { Paint::Strong } else { Paint::Body };
    let growth = match hourly {
        true => tag.growth_bytes_per_hour,
        false => tag.growth_bytes_per_snapshot,
    };
    let growth = growth.map_or(wording::UNKNOWN.to_owned(), size_of);
    let share = tag
        .share_of_growth
        .map_or(wording::UNKNOWN.to_owned(), wording::share);
    let bytes = format!(
        "{} {} {}",
        size(tag.bytes_first),
        arrow(charset),
        size(tag.bytes_last)
    );
    let gap = |line: Line| line.add(" ", Paint::Body);
    let line = gap(Line::new(charset).cell(&tag.tag, width, Align::Left, paint));
    let line = gap(line.cell(pool_word(tag.pool), 5, Align::Left, paint));
    let line = gap(line.cell(&class(tag.class), CLASS, Align::Left, paint));
    let line = gap(line.cell(&growth, GROWTH, Align::Right, paint));
    let line = gap(line.cell(&share, SHARE, Align::Right, paint));
    line.cell(&bytes, BYTES, Align::Right, paint)
        .end(&ids(tag.evidence.get(..1).unwrap_or(&[])))
}

fn arrow(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => "→",
        Charset::Ascii => ">",
    }
}

/// As poolmon names the pools.
fn pool_word(pool: &str) -> &str {
    match pool {
        "nonpaged" => "Nonp",
        "paged" => "Paged",
        other => other,
    }
}

fn class(class: &str) -> String {
    match class {
        "plateau_or_warm_up" => "plateau/warm-up".to_owned(),
        other => wording::words(other),
    }
}

/// Tags that grow one for one.
pub fn lockstep(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Together",
        group: 1,
        least: 1,
        good: 1,
        most: 2,
        fill: Box::new(move |room| {
            let groups: Vec<Para> = paper
                .report
                .pool
                .lockstep
                .iter()
                .map(|group| {
                    let members: Vec<String> = group
                        .members
                        .iter()
                        .map(|m| format!("{} x{}", m.tag, wording::ratio(m.ratio)))
                        .collect();
                    Para::plain(format!("{}: {}", members.join(", "), group.text))
                })
                .collect();
            paragraphs(&groups, room, 2, paper.charset)
        }),
    }
}
