//! Drivers by version, the heat map, and the hosts of each folder.

use std::collections::{BTreeMap, BTreeSet};

use super::{end_section, more, section, version_cell};
use crate::batch::rollup::{HeatCell, HostRow, VersionRow};
use crate::report::html::frame::{self, Holds};
use crate::report::html::list::Bounds;
use crate::report::html::markup::Html;
use crate::report::html::units;
use crate::report::wording;

const VERSIONS: Bounds = Bounds::new(500, 300);
const HEAT: Bounds = Bounds::new(100, 300);
const HOSTS: Bounds = Bounds::new(2_000, 600);

/// Tags across the heat map.
const MOST_TAGS: usize = 40;

/// Which driver, in which versions, leaks how often and how fast.
pub(super) fn versions(out: &mut Html, versions: &[VersionRow]) {
    section(out, "drivers");
    if versions.is_empty() {
        frame::nothing(out, "No case shows a driver that leaks.");
        return end_section(out);
    }
    out.raw("<p class=\"soft\">Of the cases with at least two snapshots in which a version lies, those in which it is shown to allocate with the leaking tag. A version without a leak may be the fix, or may not have met the cause: ask its maker. Copies beside the version that leaks say nothing, and their cases are not counted for them.</p>");
    let columns = [
        ("Driver", Holds::Words),
        ("Version", Holds::Words),
        ("Company", Holds::Words),
        ("Cases", Holds::Numbers),
        ("Leaking", Holds::Numbers),
        ("Leak rate", Holds::Numbers),
        ("Mean growth", Holds::Numbers),
        ("Tags", Holds::Words),
    ];
    let caption = "Drivers that leak, in all versions seen";
    let left = frame::table(
        out,
        ("tools", caption),
        &columns,
        versions.iter(),
        VERSIONS,
        version_row,
    );
    more(
        out,
        left,
        "versions in the view driver_versions of rollup.sqlite",
    );
    end_section(out);
}

fn version_row(out: &mut Html, row: &VersionRow) {
    out.raw("<tr><th scope=\"row\">").name(&row.driver);
    out.raw("</th>");
    version_cell(out, row.version.as_deref(), "not stated");
    out.raw("<td>")
        .name(row.company.as_deref().unwrap_or_default());
    out.raw("</td>");
    frame::number_cell(out, Some(row.cases as f64), &wording::count(row.cases));
    frame::number_cell(out, Some(row.leaking as f64), &wording::count(row.leaking));
    let rate = row.leaking as f64 / row.cases.max(1) as f64;
    match row.leaking {
        0 if row.cases == 0 => {
            out.raw("<td class=\"num\"><span class=\"soft\">not known</span></td>");
        }
        0 => {
            out.raw("<td class=\"num\" data-k=\"0\"><span class=\"zero\">no leak seen</span></td>");
        }
        _ => frame::number_cell(out, Some(rate), &wording::share(rate)),
    }
    let growth = row.growth.map_or_else(String::new, |g| units::rate(g, "h"));
    frame::number_cell(out, row.growth, &growth);
    out.raw("<td><code>")
        .name(row.tags.as_deref().unwrap_or_default());
    out.raw("</code></td></tr>\n");
}

/// Cases by driver, version and tag.
pub(super) fn heat(out: &mut Html, cells: &[HeatCell]) {
    section(out, "heat");
    let most = cells.iter().map(|cell| cell.cases).max().unwrap_or(0);
    if most == 0 {
        frame::nothing(out, "No case shows a driver that leaks.");
        return end_section(out);
    }
    let mut tags: BTreeMap<&str, u64> = BTreeMap::new();
    let mut drivers: Vec<&(String, Option<String>)> = Vec::new();
    let mut seen = BTreeSet::new();
    for cell in cells {
        *tags.entry(&cell.tag).or_default() += cell.cases;
        if seen.insert(&cell.driver) {
            drivers.push(&cell.driver);
        }
    }
    let mut tags: Vec<(&str, u64)> = tags.into_iter().collect();
    tags.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let left_tags = tags.len().saturating_sub(MOST_TAGS);
    tags.truncate(MOST_TAGS);
    let cases: BTreeMap<(&(String, Option<String>), &str), u64> = cells
        .iter()
        .map(|cell| ((&cell.driver, cell.tag.as_str()), cell.cases))
        .collect();
    out.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Heat map\"><table class=\"narrow heat\"><caption>Cases in which a version leaks under a tag</caption><thead><tr><th scope=\"col\" class=\"words\">Driver</th><th scope=\"col\" class=\"words\">Version</th>");
    for (tag, _) in &tags {
        out.raw("<th scope=\"col\">").name(tag).raw("</th>");
    }
    out.raw("</tr></thead><tbody>\n");
    let left = crate::report::html::list::rows(out, drivers.into_iter(), HEAT, |out, driver| {
        out.raw("<tr><th scope=\"row\">").name(&driver.0);
        out.raw("</th>");
        version_cell(out, driver.1.as_deref(), "not stated");
        for (tag, _) in &tags {
            match cases.get(&(driver, *tag)) {
                Some(&n) => {
                    out.raw(shade(n, most)).integer(n).raw("</td>");
                }
                None => {
                    out.raw("<td></td>");
                }
            }
        }
        out.raw("</tr>\n");
    });
    out.raw("</tbody></table></div>\n");
    more(out, left, "versions in the view heat of rollup.sqlite");
    more(out, left_tags, "tags in the view heat of rollup.sqlite");
    end_section(out);
}

/// A cell in one of four shades; the number in it says the same.
fn shade(cases: u64, most: u64) -> &'static str {
    match (cases as f64 / most.max(1) as f64 * 4.0).ceil() as u64 {
        0 | 1 => "<td class=\"h1\">",
        2 => "<td class=\"h2\">",
        3 => "<td class=\"h3\">",
        _ => "<td class=\"h4\">",
    }
}

/// The hosts of each folder together.
pub(super) fn hosts(out: &mut Html, hosts: &[HostRow]) {
    section(out, "hosts");
    if hosts.is_empty() {
        frame::nothing(out, "No case was analysed.");
        return end_section(out);
    }
    let columns = [
        ("Folder", Holds::Words),
        ("Host", Holds::Words),
        ("Cases", Holds::Numbers),
        ("Leaks", Holds::Numbers),
        ("Refused", Holds::Numbers),
        ("Drivers that leak", Holds::Words),
    ];
    let caption = "Hosts by the folder that their cases lie in, often a customer's";
    let left = frame::table(
        out,
        ("tools", caption),
        &columns,
        hosts.iter(),
        HOSTS,
        |out, row| {
            out.raw("<tr><th scope=\"row\">")
                .name(row.group.as_deref().unwrap_or("-"));
            out.raw("</th><td>");
            match &row.host {
                Some(host) => out.name(host),
                None => out.raw("<span class=\"soft\">not stated, perhaps several</span>"),
            };
            out.raw("</td>");
            for n in [row.cases, row.leaks, row.refused] {
                frame::number_cell(out, Some(n as f64), &wording::count(n));
            }
            out.raw("<td>")
                .sentence(row.drivers.as_deref().unwrap_or_default());
            out.raw("</td></tr>\n");
        },
    );
    more(out, left, "hosts in the view hosts of rollup.sqlite");
    end_section(out);
}
