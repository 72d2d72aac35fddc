//! Candidate drivers: who allocates with the suspect tags, and the instructions that show it.

use super::frame::{self, end_term, term};
use super::list::{Bounds, more, rows};
use super::markup::Html;
use super::page::Page;
use super::words;
use crate::report::model::{Attribution, Candidate, Driver, Signature, Version};
use crate::report::wording;

const TAGS: Bounds = Bounds::new(60, 400);
const CANDIDATES: Bounds = Bounds::new(40, 180);
const INSTRUCTIONS: Bounds = Bounds::new(60, 20);
const SENTENCES: Bounds = Bounds::new(12, 12);

/// Writes the section.
pub fn section(out: &mut Html, page: &Page<'_>) {
    frame::section(out, "drivers");
    let attribution = &page.report.attribution;
    if attribution.is_empty() {
        frame::nothing(out, "No tag was looked up in driver images.");
    }
    let left = rows(
        out,
        attribution.iter().enumerate(),
        TAGS,
        |out, (place, tag)| {
            answer(out, page, place, tag);
        },
    );
    more(out, left, "tags");
    frame::end_section(out);
}

fn answer(out: &mut Html, page: &Page<'_>, place: usize, tag: &Attribution) {
    out.raw("<div class=\"attribution\"><h3><code class=\"tag\">")
        .name(&tag.tag);
    out.raw("</code> <span class=\"soft\">")
        .name(tag.pool)
        .raw(" pool, bytes ");
    out.name(&tag.tag_hex)
        .raw("</span></h3><p>")
        .sentence(&tag.answer)
        .raw("</p>");
    if let Some(hint) = &tag.owner_hint {
        out.raw("<p class=\"soft\">Lists of tags say (a hint, no evidence): ");
        out.sentence(hint).raw("</p>");
    }
    let candidates = tag.candidates.iter().enumerate();
    let left = rows(out, candidates, CANDIDATES, |out, (n, candidate)| {
        let is_open = place == 0 && n == 0;
        self::candidate(out, page, candidate, is_open);
    });
    more(out, left, "candidates");
    if tag.text_only > 0 {
        out.raw("<p class=\"more\">").integer(tag.text_only);
        out.raw(" further images hold the four bytes only inside text or by chance, which says nothing.</p>");
    }
    out.raw("</div>");
}

fn candidate(out: &mut Html, page: &Page<'_>, candidate: &Candidate, is_open: bool) {
    let (meaning, rank) = words::grade(candidate.grade);
    out.raw(if is_open {
        "<details class=\"candidate\" open><summary>"
    } else {
        "<details class=\"candidate\"><summary>"
    });
    out.raw("<code class=\"tag\">")
        .name(&candidate.driver.file_name)
        .raw("</code> ");
    out.raw("<span class=\"grade\"><span aria-hidden=\"true\">");
    for step in 1..=5 {
        out.raw(if step <= rank { "●" } else { "○" });
    }
    out.raw("</span> ")
        .name(meaning)
        .raw(" <span class=\"rule\">");
    out.name(candidate.grade).raw("</span></span>");
    let version = &candidate.driver.version;
    for text in [&version.file_version, &version.company]
        .into_iter()
        .flatten()
    {
        out.raw(" <span class=\"soft\">").name(text).raw("</span>");
    }
    out.raw("</summary><div class=\"body\">");
    proof(out, page, candidate);
    identity(out, &candidate.driver);
    out.raw("</div></details>");
}

fn proof(out: &mut Html, page: &Page<'_>, candidate: &Candidate) {
    out.raw("<p>");
    if let Some(api) = &candidate.api {
        out.raw("Calls <code>").name(api).raw("</code>");
        if let Some(role) = candidate.role {
            out.raw(" to ").name(role);
        }
        if let Some(via) = candidate.via {
            out.raw(", the tag passed <b>").name(via).raw("</b>");
        }
        out.raw(". ");
    }
    if candidate.sites > 0 {
        let sites = wording::counted(candidate.sites, "call site");
        out.name(&sites);
        if let Some(rva) = candidate.rva {
            out.raw(", the first at <code>")
                .name(&format!("{rva:#x}"))
                .raw("</code>");
        }
        out.raw(".");
    }
    page.links(out, &candidate.evidence);
    out.raw("</p>");
    if !candidate.instructions.is_empty() {
        out.raw("<pre class=\"code\" tabindex=\"0\" aria-label=\"Instructions that show it\">");
        let left = rows(
            out,
            candidate.instructions.iter(),
            INSTRUCTIONS,
            |out, line| {
                out.name(line).raw("\n");
            },
        );
        out.raw("</pre>");
        more(out, left, "instructions");
    }
    if !candidate.why.is_empty() {
        out.raw("<p class=\"label\">Why it stands here</p>");
        let left = frame::sentences(out, "notes", &candidate.why, SENTENCES);
        more(out, left, "reasons");
    }
}

fn identity(out: &mut Html, driver: &Driver) {
    out.raw("<dl class=\"facts\">");
    version(out, &driver.version);
    signature(out, &driver.signature);
    term(out, "Linked");
    out.sentence(&driver.linked);
    end_term(out);
    term(out, "File in the bundle");
    out.raw("<code>")
        .name(&driver.path)
        .raw("</code> <span class=\"soft\">");
    out.name(driver.machine).raw("</span>");
    end_term(out);
    term(out, "SHA-256");
    out.raw("<code class=\"hash\">")
        .name(&driver.sha256)
        .raw("</code>");
    end_term(out);
    if let Some(pdb) = &driver.pdb {
        term(out, "PDB");
        out.raw("<code>").name(pdb).raw("</code>");
        end_term(out);
    }
    let lists = [
        ("May be hidden", &driver.blind),
        ("Same bytes as", &driver.copies),
    ];
    for (name, list) in lists.into_iter().filter(|l| !l.1.is_empty()) {
        term(out, name);
        let left = frame::sentences(out, "inline", list, SENTENCES);
        more(out, left, "entries");
        end_term(out);
    }
    out.raw("</dl>");
}

fn version(out: &mut Html, version: &Version) {
    let entries = [
        ("File version", &version.file_version),
        ("Product version", &version.product_version),
        ("Company", &version.company),
        ("Product", &version.product),
        ("Description", &version.description),
        ("Original name", &version.original_name),
    ];
    for (name, value) in entries {
        if let Some(value) = value {
            term(out, name);
            out.name(value);
            end_term(out);
        }
    }
}

fn signature(out: &mut Html, signature: &Signature) {
    term(out, "Signature");
    out.sentence(&signature.text);
    let parts = [
        (" Signer: ", signature.signer.as_deref()),
        (" Issuer: ", signature.issuer.as_deref()),
        (" Digest: ", signature.digest),
        (" Counter-signed: ", signature.signed_at.as_deref()),
    ];
    for (label, value) in parts {
        if let Some(value) = value {
            out.raw(" <span class=\"soft\">")
                .raw(label)
                .raw("</span>")
                .name(value);
        }
    }
    out.raw(" <span class=\"soft\">(trust and revocation are not checked)</span>");
    end_term(out);
}
