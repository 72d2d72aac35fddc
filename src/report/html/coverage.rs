//! What was read, what was not, and by which digests it can be recognised.

use super::frame::{self, Holds, end_term, term};
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::Page;
use super::words;
use crate::report::model::ArtifactRow;
use crate::report::wording;

/// Artifacts shown at once; the rest can be opened.
const AT_ONCE: usize = 40;
const FIRST: Bounds = Bounds::new(AT_ONCE, 150);
const REST: Bounds = Bounds::new(2_000, 250);
const NOTES: Bounds = Bounds::new(60, 60);
const ROW_NOTES: Bounds = Bounds::new(8, 12);
const DIGESTS: Bounds = Bounds::new(2_500, 200);

const COLUMNS: &[frame::Column] = &[
    ("Artifact", Holds::Words),
    ("Taken for", Holds::Words),
    ("Use", Holds::Words),
    ("Size", Holds::Numbers),
    ("What is to be said of it", Holds::Other),
];

/// Writes the section.
pub fn section(out: &mut Html, page: &Page<'_>) {
    let coverage = &page.report.coverage;
    frame::section(out, "coverage");
    if coverage.artifacts.is_empty() {
        frame::nothing(out, "The input holds no file.");
    } else {
        artifacts(out, &coverage.artifacts);
    }
    let lists = [
        ("Limits that were met", &coverage.limits_hit),
        ("Notes", &coverage.notes),
    ];
    for (heading, list) in lists.into_iter().filter(|l| !l.1.is_empty()) {
        out.raw("<h3>").raw(heading).raw("</h3>");
        let left = frame::sentences(out, "notes", list, NOTES);
        more(out, left, "entries");
    }
    frame::end_section(out);
}

fn artifacts(out: &mut Html, artifacts: &[ArtifactRow]) {
    let (first, rest) = artifacts.split_at(artifacts.len().min(AT_ONCE));
    let caption = format!("{} found", wording::counted(artifacts.len() as u64, "file"));
    let mut left = frame::table(
        out,
        ("tools", &caption),
        COLUMNS,
        first.iter(),
        FIRST,
        artifact,
    );
    if !rest.is_empty() {
        let caption = format!("{} further files", wording::count(rest.len() as u64));
        out.raw("<details><summary>")
            .name(&caption)
            .raw("</summary>");
        left += frame::table(
            out,
            ("tools", &caption),
            COLUMNS,
            rest.iter(),
            REST,
            artifact,
        );
        out.raw("</details>");
    }
    more(out, left, "files");
}

fn artifact(out: &mut Html, row: &ArtifactRow) {
    out.raw("<tr><th scope=\"row\"><code>")
        .name(&row.name)
        .raw("</code></th><td>");
    out.name(row.role)
        .raw("<small>")
        .sentence(&row.why)
        .raw("</small></td><td>");
    out.name(words::used(row.used)).raw("</td>");
    let bytes = row.bytes.map(|b| b as f64);
    frame::number_cell(
        out,
        bytes,
        &bytes.map_or_else(|| "–".to_owned(), wording::size_of),
    );
    out.raw("<td class=\"class\">");
    let left = rows(out, row.notes.iter(), ROW_NOTES, |out, note| {
        out.sentence(note).raw("<br>");
    });
    if left > 0 {
        out.integer(left as i128).raw(" more in report.json");
    }
    out.raw("</td></tr>\n");
}

/// Writes the digests.
pub fn integrity(out: &mut Html, page: &Page<'_>) {
    let case = &page.report.case;
    frame::section(out, "integrity");
    out.raw("<dl class=\"facts\">");
    term(out, "Case");
    out.raw("<code class=\"hash\">").name(&case.id);
    out.raw("</code> <span class=\"soft\">digest of names and contents: the same for a folder and an archive of it</span>");
    end_term(out);
    term(out, "Input");
    out.raw("<code>")
        .name(&case.input.name)
        .raw("</code> <span class=\"soft\">");
    out.name(&case.input.kind).raw("</span>");
    if let Some(digest) = &case.input.sha256 {
        out.raw(" <code class=\"hash\">")
            .name(digest)
            .raw("</code>");
    }
    end_term(out);
    out.raw("</dl>");
    digests(out, &page.report.coverage.artifacts);
    frame::end_section(out);
}

fn digests(out: &mut Html, artifacts: &[ArtifactRow]) {
    let known: Vec<(&str, &str)> = artifacts
        .iter()
        .filter_map(|a| Some((a.sha256.as_deref()?, a.name.as_str())))
        .collect();
    if known.is_empty() {
        return;
    }
    out.raw("<details><summary>SHA-256 of ");
    out.name(&wording::counted(known.len() as u64, "file"));
    out.raw(", as sha256sum -c reads them</summary><pre class=\"code\" tabindex=\"0\" aria-label=\"Digests\">");
    let left = rows(out, known.into_iter(), DIGESTS, |out, (digest, name)| {
        out.name(digest).raw("  ").name(name).raw("\n");
    });
    out.raw("</pre></details>");
    more(out, left, "digests");
}
