//! The verdict card: what happened, who did it, how sure, why, and what would change it.

use super::frame;
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::Page;
use super::words;
use crate::report::model::{Driver, Reason, Verdict};
use crate::report::wording;

const REASONS: Bounds = Bounds::new(40, 60);
const CHANGES: Bounds = Bounds::new(20, 30);

/// Weights in the order in which they are read.
const WEIGHTS: &[&str] = &["for", "against", "limit"];

/// Writes the card.
pub fn section(out: &mut Html, page: &Page<'_>) {
    let verdict = &page.report.verdict;
    out.raw(
        "<section id=\"verdict\" class=\"card\" aria-labelledby=\"h-verdict\" tabindex=\"-1\">\n",
    );
    out.raw("<p class=\"eyebrow\">Verdict</p><h1 id=\"h-verdict\">");
    out.name(&wording::what(page.report))
        .raw("</h1>\n<p class=\"summary\">");
    out.sentence(&verdict.summary).raw("</p>\n");
    accused(out, verdict);
    ladder(out, verdict.confidence);
    out.raw("<div class=\"why\">");
    for weight in WEIGHTS {
        reasons(out, page, weight, |reason| reason.weight == *weight);
    }
    reasons(out, page, "Other", |r| !WEIGHTS.contains(&r.weight));
    changes(out, &verdict.would_change);
    out.raw("</div></section>\n");
}

fn accused(out: &mut Html, verdict: &Verdict) {
    if verdict.tag.is_none() && verdict.driver.is_none() {
        return;
    }
    out.raw("<dl class=\"lead\">");
    if let Some(tag) = &verdict.tag {
        frame::term(out, "Tag");
        out.raw("<code class=\"tag\">").name(tag).raw("</code>");
        if let Some(hex) = &verdict.tag_hex {
            out.raw(" <span class=\"soft\">bytes <code>")
                .name(hex)
                .raw("</code></span>");
        }
        if let Some(pool) = verdict.pool {
            out.raw(" <span class=\"soft\">")
                .name(pool)
                .raw(" pool</span>");
        }
        frame::end_term(out);
    }
    frame::term(out, "Driver");
    match &verdict.driver {
        Some(driver) => driver_line(out, driver),
        None => {
            out.raw("<span class=\"soft\">none named: no image of this case is shown to allocate with the tag, or the tag belongs to the kernel's own objects</span>");
        }
    }
    frame::end_term(out);
    also(out, verdict);
    out.raw("</dl>\n");
}

/// Tags that leak beside the verdict's.
fn also(out: &mut Html, verdict: &Verdict) {
    if verdict.also.is_empty() {
        return;
    }
    frame::term(out, "Leaks beside it");
    for other in &verdict.also {
        out.raw("<code class=\"tag\">")
            .name(&other.tag)
            .raw("</code>");
        let percent = format!(" {:.0} % of the growth ", other.share_of_growth * 100.0);
        out.raw("<span class=\"soft\">")
            .name(&percent)
            .raw("</span>");
        if let Some(driver) = &other.driver {
            out.raw("<code class=\"tag\">").name(driver).raw("</code> ");
        }
    }
    frame::end_term(out);
}

fn driver_line(out: &mut Html, driver: &Driver) {
    out.raw("<code class=\"tag\">")
        .name(&driver.file_name)
        .raw("</code>");
    let version = &driver.version;
    let said = [
        &version.file_version,
        &version.company,
        &version.description,
    ];
    for text in said.into_iter().flatten() {
        out.raw(" <span class=\"soft\">").name(text).raw("</span>");
    }
}

fn ladder(out: &mut Html, confidence: &str) {
    let here = words::LADDER.iter().position(|rung| rung.0 == confidence);
    out.raw("<ol class=\"ladder\" aria-label=\"Confidence, lowest to highest\">");
    for (place, (word, meaning)) in words::LADDER.iter().enumerate() {
        out.raw(match here {
            Some(at) if at == place => "<li class=\"here\" aria-current=\"true\">",
            Some(at) if at > place => "<li class=\"passed\">",
            _ => "<li>",
        });
        out.raw("<span class=\"rung\">").raw(word).raw("</span>");
        out.raw("<span class=\"takes\">")
            .raw(meaning)
            .raw("</span></li>");
    }
    out.raw("</ol>\n");
    if here.is_none() {
        out.raw("<p>Confidence: ").name(confidence).raw("</p>");
    }
}

fn reasons(
    out: &mut Html,
    page: &Page<'_>,
    weight: &'static str,
    is_meant: impl Fn(&Reason) -> bool,
) {
    let all = &page.report.verdict.reasons;
    let meant: Vec<&Reason> = all.iter().filter(|reason| is_meant(reason)).collect();
    if meant.is_empty() {
        return;
    }
    out.raw("<div class=\"w-").raw(weight).raw("\"><h3>");
    out.name(words::weight(weight))
        .raw("</h3><ul class=\"reasons\">");
    let left = rows(out, meant.into_iter(), REASONS, |out, reason| {
        out.raw("<li>").sentence(&reason.text);
        page.links(out, &reason.evidence);
        out.raw(" <span class=\"rule\">")
            .name(reason.rule)
            .raw("</span></li>");
    });
    out.raw("</ul>");
    more(out, left, "reasons");
    out.raw("</div>");
}

fn changes(out: &mut Html, changes: &[String]) {
    if changes.is_empty() {
        return;
    }
    out.raw("<div class=\"w-change\"><h3>What would change this</h3>");
    let left = frame::sentences(out, "reasons", changes, CHANGES);
    more(out, left, "entries");
    out.raw("</div>");
}
