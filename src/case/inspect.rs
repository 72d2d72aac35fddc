//! All that one driver image says, for `inspect`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::assemble::{driver_of, version_of_info};
use super::catalogs::Listing;
use super::images::ImageFacts;
use crate::artifact::driver::catalog::Catalog;
use crate::artifact::driver::identity::identify;
use crate::artifact::driver::image::{Image, ImageError};
use crate::artifact::driver::layout::Layout;
use crate::artifact::driver::signature::SignatureState;
use crate::artifact::driver::tags::{Finding, Grade, TagQuery, Via, analyse, explain};
use crate::artifact::driver::version;
use crate::bundle::Sha256;
use crate::report::escape::{Charset, terminal};
use crate::report::model::Driver;

/// Instructions shown for one kind of call.
const MAX_INSTRUCTIONS: usize = 8;

/// One image, opened up.
#[derive(Debug, Serialize)]
pub struct ImageReport {
    /// File, version, signer.
    pub driver: Driver,
    /// Every translation of the version resource: key, then names and values.
    pub translations: Vec<Translation>,
    /// Certificates of the primary signature, signer first.
    pub chain: Vec<ChainLink>,
    /// Sections in file order.
    pub sections: Vec<SectionRow>,
    /// The PE checksum: `valid`, `zero`, `wrong` and the like.
    pub checksum: String,
    /// Tags that the image allocates or frees with, strongest proof first.
    pub tags: Vec<TagUse>,
    /// Tag routines that it imports or reaches through a framework.
    pub routines: Vec<&'static str>,
    /// Calls of tag routines: all, and those whose tag was followed to a constant.
    pub calls: Calls,
    /// Imported libraries.
    pub libraries: Vec<String>,
    /// Whatever was odd.
    pub notes: Vec<String>,
}

/// One language's strings.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named as in the version resource")]
pub struct Translation {
    pub key: String,
    pub strings: Vec<(String, String)>,
}

/// One certificate.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named as in the certificate")]
pub struct ChainLink {
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub not_before: Option<String>,
    pub not_after: Option<String>,
    pub sha1: String,
}

/// One section.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "named as in the section table")]
pub struct SectionRow {
    pub name: String,
    pub rva: u32,
    pub size: u32,
    pub executable: bool,
    pub discardable: bool,
    /// Bits a byte; above 7.5, code is packed or encrypted and cannot be seen into.
    pub entropy: f64,
}

/// How an image uses a tag.
#[derive(Debug, Serialize)]
pub struct TagUse {
    /// The tag, as poolmon shows it.
    pub tag: String,
    /// Its bytes.
    pub tag_hex: String,
    /// Strength of the evidence.
    pub grade: &'static str,
    /// `direct`, `wrapper`, `global`, `lookaside` or `framework`.
    pub via: Option<&'static str>,
    /// `allocate` or `free`.
    pub role: Option<&'static str>,
    /// The routine.
    pub api: Option<&'static str>,
    /// `nonpaged` or `paged`, where the call says so.
    pub pool: Option<&'static str>,
    /// Calls.
    pub sites: u32,
    /// RVAs of the calls, at most 64.
    pub rvas: Vec<u32>,
    /// The instructions that prove the first.
    pub instructions: Vec<String>,
}

/// Calls of tag routines.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "as said by the report")]
pub struct Calls {
    pub total: u32,
    pub constant: u32,
    pub parameter: u32,
    pub global: u32,
    pub unresolved: u32,
}

/// What an image's version resource says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in the version resource")]
pub struct ImageVersion {
    pub file_version: Option<String>,
    pub company: Option<String>,
    pub original_name: Option<String>,
}

/// Reads the version resource alone, which touches little of an image. What is no image, or
/// has no such resource, says nothing.
pub fn image_version(bytes: &[u8]) -> ImageVersion {
    let Ok(layout) = Layout::parse(bytes) else {
        return ImageVersion::default();
    };
    let (info, _) = version::read(bytes, &layout);
    let stated = version_of_info(&info);
    ImageVersion {
        file_version: stated.file_version,
        company: stated.company,
        original_name: stated.original_name,
    }
}

/// Opens one image up; `catalogs` are those that were given with it.
///
/// # Errors
/// When the file is no driver image.
pub fn inspect_image(
    bytes: &[u8],
    name: &str,
    catalogs: &[Catalog],
) -> Result<ImageReport, ImageError> {
    let image = Image::parse(bytes)?;
    let found = analyse(&image, TagQuery::All, Some(name));
    let identity = identify(bytes).ok().map(Box::new);
    let tags = found
        .findings
        .iter()
        .filter(|f| f.grade <= Grade::Name)
        .map(|f| tag_use(&image, f))
        .collect();
    let notes = identity
        .iter()
        .flat_map(|i| i.notes.iter().map(ToString::to_string))
        .collect();
    let translations = identity
        .iter()
        .flat_map(|i| i.version.tables())
        .map(|t| Translation {
            key: t.key.clone(),
            strings: t.strings.clone(),
        })
        .collect();
    let chain = identity
        .as_deref()
        .map(|i| chain(&i.signature))
        .unwrap_or_default();
    let catalog = identity.as_ref().and_then(|i| Listing::of(i, catalogs));
    let facts = ImageFacts {
        bundle: 0,
        artifact: 0,
        name: name.to_owned(),
        file_name: name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned(),
        sha256: Sha256::of(bytes),
        machine: image.machine,
        findings: Vec::new(),
        reversed: Vec::new(),
        blind: found.blind.clone(),
        identity,
        catalog,
        copies: Vec::new(),
        loaded: None,
        listed: None,
    };
    Ok(ImageReport {
        driver: driver_of(&facts),
        translations,
        chain,
        sections: sections(&image),
        checksum: image.checksum().name().to_owned(),
        tags,
        routines: found.routines,
        calls: Calls {
            total: found.calls.total,
            constant: found.calls.constant,
            parameter: found.calls.parameter,
            global: found.calls.global,
            unresolved: found.calls.unresolved,
        },
        libraries: image.libraries.iter().cloned().collect(),
        notes,
    })
}

fn tag_use(image: &Image<'_>, finding: &Finding) -> TagUse {
    TagUse {
        tag: finding.tag.to_string(),
        tag_hex: finding.tag.hex(),
        grade: finding.grade.name(),
        via: finding.via.map(Via::name),
        role: finding.role.map(|r| r.name()),
        api: finding.api,
        pool: finding.pool.map(|p| p.name()),
        sites: finding.count,
        rvas: finding.sites.clone(),
        instructions: explain(image, finding)
            .into_iter()
            .take(MAX_INSTRUCTIONS)
            .collect(),
    }
}

fn sections(image: &Image<'_>) -> Vec<SectionRow> {
    image
        .sections
        .iter()
        .map(|section| SectionRow {
            name: section.name(),
            rva: section.rva,
            size: section.size,
            executable: section.is_executable(),
            discardable: section.is_discardable(),
            entropy: (image.entropy(section) * 100.0).round() / 100.0,
        })
        .collect()
}

fn chain(signature: &SignatureState) -> Vec<ChainLink> {
    let SignatureState::Present(embedded) = signature else {
        return Vec::new();
    };
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map(|t| t.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    embedded
        .primary()
        .signer
        .chain
        .iter()
        .map(|c| ChainLink {
            subject: c.subject.to_string(),
            issuer: c.issuer.to_string(),
            serial: c.serial.to_string(),
            not_before: time(c.not_before),
            not_after: time(c.not_after),
            sha1: c.sha1.to_string(),
        })
        .collect()
}

impl ImageReport {
    /// Writes the report for people.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let safe = |text: &str| terminal(text, Charset::Unicode);
        let d = &self.driver;
        writeln!(out, "{} ({})", safe(&d.path), d.machine)?;
        let mut line =
            |name: &str, value: Option<&str>| match value.map(safe).filter(|v| !v.is_empty()) {
                Some(value) => writeln!(out, "  {name:10} {value}"),
                None => Ok(()),
            };
        line("version", d.version.file_version.as_deref())?;
        line("company", d.version.company.as_deref())?;
        line("product", d.version.product.as_deref())?;
        line("what", d.version.description.as_deref())?;
        line("original", d.version.original_name.as_deref())?;
        line("sha256", Some(&d.sha256))?;
        line("linked", Some(&d.linked))?;
        line("pdb", d.pdb.as_deref())?;
        line("signature", Some(&d.signature.text))?;
        line("signer", d.signature.signer.as_deref())?;
        line("issuer", d.signature.issuer.as_deref())?;
        line("signed", d.signature.signed_at.as_deref())?;
        line("checksum", Some(&self.checksum))?;
        for blind in &d.blind {
            line("blind", Some(blind))?;
        }
        for note in &self.notes {
            line("note", Some(note))?;
        }
        self.write_sections(out)?;
        self.write_tags(out)?;
        writeln!(out)
    }

    fn write_sections(&self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = self
            .sections
            .iter()
            .map(|s| {
                let kind = if s.executable { "x" } else { "" };
                format!(
                    "{}{}{kind} {:.1}",
                    terminal(&s.name, Charset::Unicode),
                    if s.executable { ":" } else { "" },
                    s.entropy
                )
            })
            .collect();
        writeln!(
            out,
            "  {:10} {} (entropy, bits a byte)",
            "sections",
            names.join(", ")
        )
    }

    fn write_tags(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.tags.is_empty() {
            let why = if self.routines.is_empty() {
                "no routine that takes a tag is imported"
            } else {
                "no tag could be followed to a call"
            };
            return writeln!(out, "  {:10} none: {why}", "tags");
        }
        let mut by_tag: BTreeMap<&str, Vec<&TagUse>> = BTreeMap::new();
        for tag in &self.tags {
            by_tag.entry(&tag.tag).or_default().push(tag);
        }
        for (tag, uses) in by_tag {
            writeln!(out, "  tag `{}`", terminal(tag, Charset::Unicode))?;
            for one in uses {
                let how: Vec<&str> = [Some(one.grade), one.role, one.via, one.api, one.pool]
                    .into_iter()
                    .flatten()
                    .collect();
                let rva = one
                    .rvas
                    .first()
                    .map(|r| format!(" at {r:#x}"))
                    .unwrap_or_default();
                writeln!(out, "    {} ({} sites){rva}", how.join(" "), one.sites)?;
                for instruction in &one.instructions {
                    writeln!(out, "      {}", terminal(instruction, Charset::Unicode))?;
                }
            }
        }
        let calls = &self.calls;
        writeln!(
            out,
            "  {:10} {} of {} calls of tag routines followed to a constant",
            "calls", calls.constant, calls.total
        )
    }
}
