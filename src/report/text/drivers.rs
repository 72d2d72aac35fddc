//! Images that may allocate with the tags.

use crate::report::model::{Attribution, Candidate, Signature};
use crate::report::wording::{self, counted, origin};

use super::Paper;
use super::page::{Para, Section, paragraphs};
use super::verdict::ids;

/// The verdict's tag with its candidates, then the other tags.
pub fn candidates(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Drivers",
        group: 3,
        least: 2,
        good: 4,
        most: 6,
        fill: Box::new(move |room| {
            let report = paper.report;
            let accused = wording::answer_for_verdict(report);
            let mut texts: Vec<Para> = accused.map(of_tag).unwrap_or_default();
            let others = report.attribution.iter();
            let others = others.filter(|a| accused.is_none_or(|b| !std::ptr::eq(*a, b)));
            texts.extend(others.map(answer));
            paragraphs(&texts, room, 2, paper.charset)
        }),
    }
}

fn of_tag(attribution: &Attribution) -> Vec<Para> {
    let mut texts = vec![answer(attribution)];
    texts.extend(
        attribution
            .candidates
            .iter()
            .zip(1..)
            .map(|(c, place)| candidate(c, place)),
    );
    texts
}

fn answer(attribution: &Attribution) -> Para {
    let mut text = format!("{}: {}", attribution.tag, attribution.answer);
    if attribution.text_only > 0 {
        let only = counted(attribution.text_only, "image");
        text.push_str(&format!(" ({only} with the letters in text only)"));
    }
    if let Some(hint) = &attribution.owner_hint {
        text.push_str(&format!("; hint, no evidence: {hint}"));
    }
    Para::plain(text)
}

fn candidate(candidate: &Candidate, place: usize) -> Para {
    let proof = format!("{}: {}", candidate.driver.file_name, shown_by(candidate));
    let parts = [
        Some(proof),
        origin(&candidate.driver),
        Some(signature(&candidate.driver.signature)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Para {
        sign: format!("{place} "),
        text: parts.join("; "),
        end: ids(&candidate.evidence),
    }
}

/// What shows it: `call site of ExAllocatePoolWithTag via wrapper at 0x1a2c and 2 more`.
fn shown_by(candidate: &Candidate) -> String {
    let mut text = wording::grade(candidate).to_owned();
    let proven = candidate.grade == "call_site";
    if let Some(api) = candidate.api.as_ref().filter(|_| proven) {
        text.push_str(&format!(" of {api}"));
    }
    if let Some(via) = candidate.via.filter(|via| *via != "direct") {
        text.push_str(&format!(" via {}", wording::words(via)));
    }
    if let Some(rva) = candidate.rva {
        text.push_str(&format!(" at {rva:#x}"));
    }
    if candidate.sites > 1 {
        text.push_str(&format!(
            " and {} more",
            wording::count(candidate.sites - 1)
        ));
    }
    text
}

/// Whether and by whom it is signed. Trust is not checked, and not claimed.
fn signature(signature: &Signature) -> String {
    match (signature.state, &signature.signer) {
        ("none_embedded", _) => "no embedded signature".to_owned(),
        ("catalog", Some(signer)) => format!("in a catalog by signer {signer}"),
        ("malformed", _) => "signature malformed".to_owned(),
        (state, signer) => {
            let mut text = match signer {
                Some(signer) => format!("signer {signer}"),
                None => format!("signature {}", wording::words(state)),
            };
            if signature.digest == Some("mismatch") {
                text.push_str(", but the file was changed since");
            }
            text
        }
    }
}
