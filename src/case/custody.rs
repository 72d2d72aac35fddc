//! The collector's manifest against what is really here.
//!
//! The manifest is a stranger's word, and so is every file: neither proves the other. Where both
//! agree nothing was changed between collecting and analysing; where they do not, that is a
//! finding, and what the manifest says of that file counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::survey::{Survey, Use};
use crate::bundle::{Bundle, ContentDigest, FileRole, Manifest};

/// The manifest of a case, compared.
pub(super) struct Custody {
    pub(super) manifest: Manifest,
    /// Place of the manifest in the inventory.
    pub(super) artifact: usize,
    /// Files whose size and digest are as stated.
    pub(super) verified: u64,
    /// Files that are not as stated, with what differs.
    pub(super) changed: Vec<String>,
    /// Files that are stated and not here.
    pub(super) missing: Vec<String>,
    /// Files that are here and not stated.
    pub(super) extra: Vec<String>,
    /// Names that are stated and would lead out of the bundle, or are stated twice.
    pub(super) hostile: Vec<String>,
    /// Files that could not be compared, with the reason.
    pub(super) uncompared: Vec<String>,
    /// Images by name: true for modules that were loaded. Only of files that are as stated.
    loaded: BTreeMap<String, bool>,
}

impl Custody {
    /// True if all that is stated is here as stated.
    pub(super) fn holds(&self) -> bool {
        let troubles = [
            &self.changed,
            &self.missing,
            &self.hostile,
            &self.uncompared,
        ];
        self.verified > 0
            && self.manifest.rejected == 0
            && troubles.iter().all(|list| list.is_empty())
    }

    /// Whether an image with these names was loaded, as far as the manifest tells.
    pub(super) fn loaded<'a>(&self, names: impl Iterator<Item = &'a str>) -> Option<bool> {
        names
            .filter_map(|name| self.loaded.get(name).copied())
            .max()
    }
}

/// Compares the first manifest of a case; all digests must have been taken.
pub(super) fn check(bundle: &Bundle, survey: &mut Survey) -> Option<Custody> {
    let (artifact, manifest) = survey.manifests.first()?.clone();
    let own = bundle.artifacts().get(artifact)?.name.clone();
    let base = own.as_bytes().len() - own.base_name().len();
    let prefix = own.as_bytes().get(..base).unwrap_or_default().to_vec();
    let mut custody = Custody {
        artifact,
        verified: 0,
        changed: Vec::new(),
        missing: Vec::new(),
        extra: Vec::new(),
        hostile: Vec::new(),
        uncompared: Vec::new(),
        loaded: BTreeMap::new(),
        manifest,
    };
    // Windows finds a file whatever the case of its name, and unpacking there may change it.
    let mut here: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for other in bundle
        .artifacts()
        .iter()
        .filter(|a| a.id.index() != artifact)
    {
        if other.name.as_bytes().starts_with(&prefix) {
            here.entry(other.name.folded())
                .or_default()
                .push(other.id.index());
        }
    }
    compare(bundle, survey, &mut custody, &prefix, &mut here);
    custody.extra = here
        .into_values()
        .flatten()
        .filter_map(|index| Some(bundle.artifacts().get(index)?.name.to_string()))
        .collect();
    if !custody
        .manifest
        .files
        .iter()
        .any(|f| f.role == FileRole::DriverLoaded)
    {
        custody.loaded.clear();
    }
    Some(custody)
}

fn compare(
    bundle: &Bundle,
    survey: &mut Survey,
    custody: &mut Custody,
    prefix: &[u8],
    here: &mut BTreeMap<String, Vec<usize>>,
) {
    let mut seen = BTreeSet::new();
    let prefix = String::from_utf8_lossy(prefix).to_lowercase();
    for file in std::mem::take(&mut custody.manifest.files) {
        let folded = format!("{prefix}{}", file.name.folded());
        if file.name.escapes() {
            custody
                .hostile
                .push(format!("{}: leads out of the bundle", file.name));
        } else if !seen.insert(folded.clone()) {
            custody
                .hostile
                .push(format!("{}: is stated twice", file.name));
        } else if let Some(places) = here.remove(&folded) {
            for place in places {
                match differs(bundle, survey, place, &file) {
                    Ok(()) => agreed(bundle, survey, custody, place, file.role),
                    Err(Difference::Changed(why)) => {
                        custody.changed.push(format!("{}: {why}", file.name))
                    }
                    Err(Difference::Unknown(why)) => {
                        custody.uncompared.push(format!("{}: {why}", file.name))
                    }
                }
            }
        } else {
            custody.missing.push(file.name.to_string());
        }
        custody.manifest.files.push(file);
    }
}

/// A file is as stated.
fn agreed(
    bundle: &Bundle,
    survey: &mut Survey,
    custody: &mut Custody,
    place: usize,
    role: FileRole,
) {
    custody.verified += 1;
    let Some(artifact) = bundle.artifacts().get(place) else {
        return;
    };
    match role {
        FileRole::DriverLoaded | FileRole::DriverFolder => {
            let loaded = role == FileRole::DriverLoaded;
            custody.loaded.insert(artifact.name.to_string(), loaded);
        }
        FileRole::Generated => {
            // What the collector wrote for people is no riddle.
            if let Some(entry) = survey.entries.get_mut(place)
                && entry.used == Use::NotUnderstood
            {
                entry.used = Use::NotNeeded;
            }
        }
        FileRole::Other => {}
    }
}

enum Difference {
    Changed(String),
    Unknown(String),
}

fn differs(
    bundle: &Bundle,
    survey: &Survey,
    place: usize,
    file: &crate::bundle::ManifestFile,
) -> Result<(), Difference> {
    let unknown = |why: &str| Err(Difference::Unknown(why.to_owned()));
    let size = bundle
        .artifacts()
        .get(place)
        .and_then(|a| bundle.size_of(a.id));
    if let (Some(stated), Some(found)) = (file.size, size)
        && stated != found
    {
        let why = format!("{stated} bytes are stated, {found} are here");
        return Err(Difference::Changed(why));
    }
    match (
        file.sha256,
        survey.entries.get(place).map(|entry| entry.digest),
    ) {
        (None, _) => unknown("the manifest states no SHA-256"),
        (Some(stated), Some(ContentDigest::Whole(found))) if stated == found => Ok(()),
        (Some(_), Some(ContentDigest::Whole(_))) => {
            Err(Difference::Changed("its SHA-256 is another".into()))
        }
        _ => unknown("it could not be read to its end"),
    }
}
