//! The driver images of a case, searched for the tags in question in one parallel pass.
//!
//! Each image is read once, whole but bounded, and fenced: one that breaks the analysis becomes a
//! note, and the others go on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::catalogs::{self, Listing};
use super::custody::Custody;
use super::facts::CaseFacts;
use super::listed::Listed;
use super::memory::{Aspect, ImageMemory};
use super::progress::{Phase, Progress};
use super::survey::{Survey, Use};
use crate::artifact::driver::catalog::Catalog;
use crate::artifact::driver::identity::{Identity, identify};
use crate::artifact::driver::image::{Image, ImageError, Machine};
use crate::artifact::driver::tags::{
    Blind, CodeFacts, Finding, Grade, TagFindings, TagQuery, Wanted, analyse_knowing, explain_at,
};
use crate::artifact::quote;
use crate::bundle::{Artifact, Bundle, ContentDigest, Role, Sha256};
use crate::report::model::ContextLine;
use crate::tag::Tag;

/// Largest image that is read. The largest driver of a corpus of five thousand has 60 MB;
/// pagefile.sys and hiberfil.sys are no images and far larger.
pub(super) const MAX_IMAGE: u64 = 256 << 20;

/// Instructions shown as proof for one finding.
const MAX_INSTRUCTIONS: usize = 12;

/// Rows of bytes shown before and after that of the place.
const AROUND_BYTES: u64 = 1;

/// An image that holds one of the tags, or that allocates nothing in sight but could.
pub(super) struct ImageFacts {
    /// Name in the bundle, and in which one: 0 is the case's own.
    pub(super) bundle: usize,
    pub(super) artifact: usize,
    pub(super) name: String,
    pub(super) file_name: String,
    pub(super) sha256: Sha256,
    pub(super) machine: Machine,
    pub(super) findings: Vec<(Finding, Proof)>,
    /// Tags that stand in it reversed, and at which offset.
    pub(super) reversed: Vec<(Tag, u64)>,
    pub(super) blind: Vec<Blind>,
    /// Only for images that matter: reading it costs several passes over the file.
    pub(super) identity: Option<Box<Identity>>,
    /// What the catalogs of the bundle say of it.
    pub(super) catalog: Option<Listing>,
    /// Other names of the same bytes.
    pub(super) copies: Vec<String>,
    /// Whether it was loaded, where the collector's manifest or a listing tells.
    pub(super) loaded: Option<bool>,
    /// Where a listing names it.
    pub(super) listed: Option<Listed>,
}

/// What can be shown of a finding.
#[derive(Default)]
pub(super) struct Proof {
    /// The instructions that make it plain.
    pub(super) instructions: Vec<String>,
    /// Those instructions, and the bytes around the place, as evidence has them.
    pub(super) context: Vec<ContextLine>,
}

impl Proof {
    pub(super) fn of(image: &Image<'_>, bytes: &[u8], finding: &Finding) -> Self {
        let lines = if finding.grade <= Grade::Operand {
            explain_at(image, finding)
        } else {
            Vec::new()
        };
        let site = finding.site.as_ref();
        let mut proof = Proof::default();
        for (rva, text) in lines.into_iter().take(MAX_INSTRUCTIONS) {
            proof.context.push(ContextLine {
                kind: "instruction",
                line: None,
                offset: image.offset_of(rva).map(|at| at as u64),
                cited: site.is_some_and(|s| s.rva == rva),
                text: text.clone(),
            });
            proof.instructions.push(text);
        }
        let rows = site
            .filter(|_| finding.grade < Grade::Text)
            .map(|site| quote::dump(bytes, 0, site.offset, AROUND_BYTES));
        let offset = site.map_or(0, |site| site.offset);
        proof
            .context
            .extend(rows.into_iter().flatten().map(|(at, text)| ContextLine {
                kind: "bytes",
                line: None,
                offset: Some(at),
                cited: at == offset - offset % quote::ROW as u64,
                text,
            }));
        proof
    }
}

/// All images.
#[derive(Default)]
pub(super) struct Images {
    /// Images with a finding, in the order of the inventory.
    pub(super) holding: Vec<ImageFacts>,
    /// Images looked into, copies counted once.
    pub(super) searched: usize,
    /// Images into which one cannot see, with the reasons.
    pub(super) blind: Vec<(String, Sha256, String)>,
    /// What happened to images of other bundles.
    pub(super) notes: Vec<String>,
}

impl Images {
    /// Notes which images the collector found loaded.
    pub(super) fn mark_loaded(&mut self, custody: &Custody) {
        for image in self.holding.iter_mut().filter(|image| image.bundle == 0) {
            let names = std::iter::once(&image.name).chain(&image.copies);
            image.loaded = custody.loaded(names.map(String::as_str));
        }
    }
}

struct Looked {
    entry: Option<(ContentDigest, Use, Vec<String>)>,
    facts: Option<ImageFacts>,
    is_image: bool,
}

pub(super) fn scan(
    bundle: &Bundle,
    more: &[Bundle],
    survey: &mut Survey,
    facts: &CaseFacts,
    progress: &dyn Progress,
    memory: &dyn ImageMemory,
) -> Images {
    let tags: Vec<Tag> = facts.wanted.iter().map(|(tag, _)| *tag).collect();
    let bundles: Vec<&Bundle> = std::iter::once(bundle).chain(more).collect();
    let jobs: Vec<(usize, &Artifact)> = bundles
        .iter()
        .enumerate()
        .flat_map(|(index, b)| {
            b.artifacts()
                .iter()
                .filter(|a| a.role == Role::Driver)
                .map(move |a| (index, a))
        })
        .collect();
    progress.begin(
        Phase::Images,
        jobs.iter()
            .filter_map(|(_, a)| a.size.or(a.claimed_size))
            .sum(),
    );
    let wanted = Wanted::new(&tags);
    let of_case = survey.catalogs.iter().map(|(_, catalog)| catalog.clone());
    let catalogs: Vec<Catalog> = of_case
        .chain(more.iter().flat_map(catalogs::of_bundle))
        .collect();
    let looked: Vec<Looked> = jobs
        .par_iter()
        .map(|&(index, artifact)| {
            let question = Question {
                wanted: &wanted,
                catalogs: &catalogs,
                memory,
            };
            let looked = look(bundles[index], index, artifact, &question);
            progress.advance(bundles[index].size_of(artifact.id).unwrap_or(0));
            looked
        })
        .collect();
    collect(&jobs, looked, survey)
}

fn collect(jobs: &[(usize, &Artifact)], looked: Vec<Looked>, survey: &mut Survey) -> Images {
    let mut images = Images::default();
    // A bundle may hold a hundred thousand images: first names and places by digest.
    let mut seen: BTreeMap<Sha256, String> = BTreeMap::new();
    let mut held: BTreeMap<Sha256, usize> = BTreeMap::new();
    for (&(index, artifact), one) in jobs.iter().zip(looked) {
        let mut copy_of = None;
        if let Some((digest, used, mut notes)) = one.entry {
            if let ContentDigest::Whole(sha256) = digest {
                copy_of = seen.get(&sha256).cloned();
                seen.entry(sha256)
                    .or_insert_with(|| artifact.name.to_string());
            }
            if let Some(other) = &copy_of {
                notes.push(format!("the same bytes as {other}"));
            }
            if index > 0 {
                images.notes.extend(
                    notes
                        .iter()
                        .map(|note| format!("{}: {note}", artifact.name)),
                );
            } else if let Some(entry) = survey.entries.get_mut(artifact.id.index()) {
                entry.digest = digest;
                entry.used = if copy_of.is_some() {
                    Use::Duplicate
                } else {
                    used
                };
                entry.notes.extend(notes);
            }
        }
        images.searched += usize::from(one.is_image && copy_of.is_none());
        let Some(facts) = one.facts else { continue };
        if let Some(first) = held
            .get(&facts.sha256)
            .and_then(|&place| images.holding.get_mut(place))
        {
            first.copies.push(facts.name);
            continue;
        }
        let reasons: Vec<String> = facts
            .blind
            .iter()
            .filter(|b| hides(b))
            .map(|b| b.sentence())
            .collect();
        if !reasons.is_empty() && copy_of.is_none() {
            images
                .blind
                .push((facts.name.clone(), facts.sha256, reasons.join("; ")));
        }
        if !facts.findings.is_empty() || !facts.reversed.is_empty() {
            held.insert(facts.sha256, images.holding.len());
            images.holding.push(facts);
        }
    }
    images
}

/// True for what may hide an allocation altogether.
fn hides(blind: &Blind) -> bool {
    matches!(
        blind,
        Blind::Machine | Blind::Packed(_) | Blind::Truncated | Blind::Limit
    )
}

fn look(bundle: &Bundle, index: usize, artifact: &Artifact, question: &Question<'_>) -> Looked {
    let bytes = match bundle.read_whole(artifact.id, MAX_IMAGE) {
        Ok(bytes) => bytes,
        Err(why) => {
            let entry = (
                ContentDigest::Unreadable,
                Use::Unreadable,
                vec![why.to_string()],
            );
            return Looked {
                entry: Some(entry),
                facts: None,
                is_image: false,
            };
        }
    };
    let sha256 = Sha256::of(&bytes);
    let faulty = bundle.faults().iter().any(|(id, _)| *id == artifact.id);
    let digest = if faulty {
        ContentDigest::Partial(sha256)
    } else {
        ContentDigest::Whole(sha256)
    };
    let name = artifact.name.to_string();
    let result = catch_unwind(AssertUnwindSafe(|| {
        read_image(&bytes, sha256, &name, question)
    }));
    match result {
        Ok(Ok(mut facts)) => {
            facts.bundle = index;
            facts.artifact = artifact.id.index();
            let notes = facts.blind.iter().map(|b| b.sentence()).collect();
            Looked {
                entry: Some((digest, Use::Used, notes)),
                facts: Some(facts),
                is_image: true,
            }
        }
        Ok(Err(why)) => Looked {
            entry: Some((digest, Use::NotUnderstood, vec![why.to_string()])),
            facts: None,
            is_image: false,
        },
        Err(_) => {
            let note = "the analysis of this image failed; the others were not affected".to_owned();
            Looked {
                entry: Some((digest, Use::NotUnderstood, vec![note])),
                facts: None,
                is_image: false,
            }
        }
    }
}

/// What is asked of every image.
struct Question<'a> {
    wanted: &'a Wanted,
    catalogs: &'a [Catalog],
    memory: &'a dyn ImageMemory,
}

/// The findings of an image; what its code does with tags is taken from memory where it is known.
fn analyse_remembered(
    image: &Image<'_>,
    sha256: Sha256,
    file_name: &str,
    question: &Question<'_>,
) -> TagFindings {
    let memory = question.memory;
    let known = || memory.recall(Aspect::Code, sha256);
    let (found, learnt) = analyse_knowing(
        image,
        TagQuery::Only(question.wanted),
        Some(file_name),
        &|| CodeFacts::from_json(&known()?),
    );
    if let Some(learnt) = learnt {
        memory.keep(Aspect::Code, sha256, &learnt.to_json());
    }
    found
}

fn read_image(
    bytes: &[u8],
    sha256: Sha256,
    name: &str,
    question: &Question<'_>,
) -> Result<ImageFacts, ImageError> {
    let (wanted, catalogs) = (question.wanted, question.catalogs);
    let image = Image::parse(bytes)?;
    let file_name = name.rsplit('/').next().unwrap_or(name).to_owned();
    let TagFindings {
        findings,
        reversed,
        blind,
        ..
    } = if wanted.tags().is_empty() {
        TagFindings::default()
    } else {
        analyse_remembered(&image, sha256, &file_name, question)
    };
    let matters = findings.iter().any(|f| f.grade < Grade::Text);
    let identity = if matters {
        identify(bytes).ok().map(Box::new)
    } else {
        None
    };
    let catalog = identity.as_ref().and_then(|i| Listing::of(i, catalogs));
    let shown = |finding: Finding| {
        let proof = Proof::of(&image, bytes, &finding);
        (finding, proof)
    };
    Ok(ImageFacts {
        bundle: 0,
        artifact: 0,
        name: name.to_owned(),
        file_name,
        sha256,
        machine: image.machine,
        reversed: reversed
            .iter()
            .map(|f| (f.tag, f.site.as_ref().map_or(0, |site| site.offset)))
            .collect(),
        findings: findings.into_iter().map(shown).collect(),
        blind,
        identity,
        catalog,
        copies: Vec::new(),
        loaded: None,
        listed: None,
    })
}
