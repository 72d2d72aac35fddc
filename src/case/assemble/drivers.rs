//! Who allocates: candidates with their proof, version and signer.

use super::Parts;
use super::events;
use super::owner::owner_hint;
use crate::artifact::driver::api::Role;
use crate::artifact::driver::identity::Identity;
use crate::artifact::driver::pdb::LinkStamp;
use crate::artifact::driver::signature::{DigestVerdict, SignatureState};
use crate::artifact::driver::tags::{Finding, Via, same};
use crate::artifact::driver::version::VersionInfo;
use crate::artifact::listing::group_of;
use crate::case::catalogs::Listing;
use crate::case::conclusion::{Conclusion, TagAnswer};
use crate::case::driver_names::shown_name;
use crate::case::evidence::Ledger;
use crate::case::images::{ImageFacts, Proof};
use crate::diagnosis::attribution::{Answer, Ranked};
use crate::report::model::{Attribution, Candidate, Driver, Signature, Version};
use crate::report::wording::bare;
use crate::tag::{Pool, Tag};
use chrono::SecondsFormat;

/// Candidates listed for a tag.
const MAX_CANDIDATES: usize = 24;

pub(super) fn attribution(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    ledger: &mut Ledger<'_>,
) -> Vec<Attribution> {
    let mut answers: Vec<&TagAnswer> = conclusion.answers.iter().collect();
    answers.sort_by_key(|a| Some((a.tag, a.pool)) != conclusion.leader);
    answers
        .into_iter()
        .map(|answer| attribute(parts, answer, ledger))
        .collect()
}

fn attribute(parts: &Parts<'_>, answer: &TagAnswer, ledger: &mut Ledger<'_>) -> Attribution {
    let candidates = answer
        .ranked
        .iter()
        .take(MAX_CANDIDATES)
        .filter_map(|ranked| candidate(parts, answer, ranked, ledger))
        .collect();
    Attribution {
        tag: answer.tag.to_string(),
        tag_hex: answer.tag.hex(),
        pool: answer.pool.name(),
        answer: sentence(parts, answer),
        candidates,
        text_only: answer.text_only,
        owner_hint: owner_hint(parts, answer.tag),
    }
}

fn name_of<'a>(parts: &'a Parts<'_>, image: usize) -> &'a str {
    parts.images.holding.get(image).map_or("?", shown_name)
}

/// The answer in a sentence.
pub(super) fn sentence(parts: &Parts<'_>, answer: &TagAnswer) -> String {
    let tag = answer.tag;
    let searched = parts.images.searched as u64;
    let images = bare(searched, "image");
    match answer.answer {
        Answer::Named(image) if searched == 1 => format!(
            "{} allocates with `{tag}`{}, and no other image is here",
            name_of(parts, image),
            files(answer, image)
        ),
        Answer::Named(image) => format!(
            "{} allocates with `{tag}`{}, and no other driver of {images} is shown to",
            name_of(parts, image),
            files(answer, image)
        ),
        Answer::NamedByFramework(image) => format!(
            "`{tag}` is the framework's default tag for a driver of the name {}",
            name_of(parts, image)
        ),
        Answer::Likely(image) if answer.allocators() < 2 => {
            let name = name_of(parts, image);
            format!(
                "of {images} only {name} allocates with `{tag}`, but drivers that are not here may as well: the tag is no driver's own"
            )
        }
        Answer::Likely(image) => format!(
            "several images allocate with `{tag}`; {} is the likeliest",
            name_of(parts, image)
        ),
        Answer::Shared if answer.allocators() < 2 => format!(
            "several files allocate with `{tag}`, which is no driver's own: it does not tell which leaks"
        ),
        Answer::Shared => format!(
            "several images allocate with `{tag}`: the tag alone does not tell which of them leaks"
        ),
        Answer::Unproven if searched == 1 => {
            format!("the one image here holds `{tag}`, but is not shown to allocate with it")
        }
        Answer::Unproven => {
            format!("images hold `{tag}`, but none of {searched} is shown to allocate with it")
        }
        Answer::NotInBundle => {
            let unseen = parts.images.blind.len();
            let blind = if unseen > 0 {
                format!("; {unseen} of the images cannot be seen into")
            } else {
                String::new()
            };
            let none = match searched {
                1 => "the one image in this bundle does not allocate".to_owned(),
                _ => format!("none of {images} in this bundle allocates"),
            };
            format!(
                "{none} with `{tag}`: the driver is not in this bundle, or makes its tag at run time{blind}"
            )
        }
        Answer::NoImages => "the bundle holds no driver images".to_owned(),
        Answer::KernelOwned => format!(
            "`{tag}` is the kernel's own: the tag does not tell who holds the memory, and no driver is blamed"
        ),
    }
}

/// Says how many files of the named driver there are, if there are more.
fn files(answer: &TagAnswer, image: usize) -> String {
    match answer.files_of(image) {
        0 | 1 => String::new(),
        n => format!(" ({n} files of this driver are here)"),
    }
}

fn candidate(
    parts: &Parts<'_>,
    answer: &TagAnswer,
    ranked: &Ranked,
    ledger: &mut Ledger<'_>,
) -> Option<Candidate> {
    let image = parts.images.holding.get(ranked.suspicion.image)?;
    let (finding, proof) = best(image, answer.tag, answer.pool)?;
    let mut evidence = vec![cite(image, finding, proof, ledger)];
    let (mut why, listed) = listed(image, &ranked.why, ledger);
    evidence.extend(listed);
    if let Some((installed, cited)) = events::installed(parts, shown_name(image), ledger) {
        why.push(installed);
        evidence.push(cited);
    }
    Some(Candidate {
        driver: if is_first_of_name(parts, answer, ranked) {
            named_driver(image)
        } else {
            driver(image)
        },
        grade: finding.grade.name(),
        via: finding.via.map(Via::name),
        role: finding.role.map(Role::name),
        api: finding.api.map(str::to_owned),
        sites: u64::from(ranked.suspicion.sites),
        rva: finding.site.as_ref().map(|s| u64::from(s.rva)),
        instructions: proof.instructions.clone(),
        why,
        evidence,
    })
}

/// True for the file that goes by its driver's own name; others of that driver keep theirs, to be
/// told apart.
fn is_first_of_name(parts: &Parts<'_>, answer: &TagAnswer, ranked: &Ranked) -> bool {
    let name = |r: &Ranked| name_of(parts, r.suspicion.image);
    let first = answer.ranked.iter().find(|r| name(r) == name(ranked));
    first.is_some_and(|first| first.suspicion.image == ranked.suspicion.image)
}

/// Why a candidate stands where it does, with what a listing says of it, and where that stands.
fn listed(
    image: &ImageFacts,
    why: &[String],
    ledger: &mut Ledger<'_>,
) -> (Vec<String>, Option<String>) {
    let mut why = why.to_vec();
    let Some(listed) = &image.listed else {
        return (why, None);
    };
    if let Some(altitude) = &listed.altitude {
        let group = group_of(altitude).map_or_else(String::new, |g| format!(" ({g})"));
        why.push(format!(
            "runs as a minifilter at altitude {altitude}{group}"
        ));
    }
    (why, Some(ledger.cite_line(listed.artifact, listed.line)))
}

/// Cites the place of a finding; one without a place is about the image as a whole.
fn cite(image: &ImageFacts, finding: &Finding, proof: &Proof, ledger: &mut Ledger<'_>) -> String {
    let grade = finding.grade.name();
    let (offset, what) = match (&finding.site, finding.api) {
        (Some(site), Some(api)) => (
            site.offset,
            format!("{grade} at RVA {:#x} in {}: {api}", site.rva, site.section),
        ),
        (Some(site), None) => (
            site.offset,
            format!("{grade} at RVA {:#x} in {}", site.rva, site.section),
        ),
        (None, _) => (0, format!("{grade}: the image as a whole")),
    };
    ledger.cite_named(
        image.name.clone(),
        Some(image.sha256.to_string()),
        offset,
        what,
        proof.context.clone(),
    )
}

/// The finding to show: of equally strong ones a call for the leaking pool, and one that does not
/// run at load only.
fn best(image: &ImageFacts, tag: Tag, pool: Pool) -> Option<&(Finding, Proof)> {
    let misfit = |f: &Finding| f.pool.map_or(1, |asked| if asked == pool { 0 } else { 2 });
    let at_load = |f: &Finding| f.site.as_ref().is_some_and(|s| s.discardable);
    image
        .findings
        .iter()
        .filter(|(f, _)| same(f.tag, tag))
        .min_by_key(|(f, _)| (f.grade, f.role, misfit(f), at_load(f)))
}

/// An image as a suspect: by the name that its driver goes by.
pub(super) fn named_driver(image: &ImageFacts) -> Driver {
    Driver {
        file_name: shown_name(image).to_owned(),
        ..driver(image)
    }
}

/// An image as reports show it.
pub(in crate::case) fn driver(image: &ImageFacts) -> Driver {
    let identity = image.identity.as_deref();
    Driver {
        file_name: image.file_name.clone(),
        path: image.name.clone(),
        sha256: image.sha256.to_string(),
        machine: image.machine.name(),
        version: identity.map(|i| version(&i.version)).unwrap_or_default(),
        linked: identity.map_or_else(String::new, |i| linked(&i.link)),
        pdb: identity
            .and_then(|i| i.pdb.as_ref())
            .map(|pdb| pdb.path.clone()),
        signature: signature(identity, image.catalog.as_ref()),
        blind: image.blind.iter().map(|b| b.sentence()).collect(),
        copies: image.copies.clone(),
    }
}

/// What a version resource says, as reports show it.
pub(in crate::case) fn version(info: &VersionInfo) -> Version {
    let fixed = info.fixed();
    let text = |name: &str| {
        info.text(name)
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    Version {
        file_version: text("FileVersion").or_else(|| fixed.map(|f| f.file.to_string())),
        product_version: text("ProductVersion").or_else(|| fixed.map(|f| f.product.to_string())),
        company: info.company().map(str::to_owned),
        product: info.product().map(str::to_owned),
        description: info.description().map(str::to_owned),
        original_name: info.original_name().map(str::to_owned),
    }
}

fn linked(link: &LinkStamp) -> String {
    match link {
        LinkStamp::Time(at) => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        other => other.to_string(),
    }
}

fn signature(identity: Option<&Identity>, catalog: Option<&Listing>) -> Signature {
    let Some(identity) = identity else {
        return Signature {
            state: "unknown",
            text: "not read".into(),
            signer: None,
            issuer: None,
            digest: None,
            signed_at: None,
        };
    };
    let state = &identity.signature;
    let text = match catalog {
        Some(catalog) => format!("{state}; {}", catalog.text),
        None => state.to_string(),
    };
    let SignatureState::Present(embedded) = state else {
        let listed = catalog.filter(|catalog| catalog.listed);
        let state = match (state, listed) {
            (SignatureState::NoEmbedded, Some(_)) => "catalog",
            (SignatureState::NoEmbedded, None) => "none_embedded",
            _ => "malformed",
        };
        return Signature {
            state,
            text,
            signer: listed.and_then(|catalog| catalog.signer.clone()),
            issuer: listed.and_then(|catalog| catalog.issuer.clone()),
            // The file's digest stands in the list; whether the list is still the one that was
            // signed is another question.
            digest: listed.map(|c| if c.intact { "match" } else { "unknown" }),
            signed_at: None,
        };
    };
    let primary = embedded.primary();
    let certificate = primary.signer.certificate();
    Signature {
        state: "present",
        text,
        signer: certificate.map(|c| c.subject.to_string()),
        issuer: certificate.map(|c| c.issuer.to_string()),
        digest: Some(match primary.digest {
            DigestVerdict::Match { .. } => "match",
            DigestVerdict::Mismatch { .. } => "mismatch",
            _ => "unknown",
        }),
        signed_at: primary
            .signer
            .stamped_time()
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    }
}
