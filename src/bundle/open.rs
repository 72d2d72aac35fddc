//! Opening an upload: which containers it consists of, and one inventory over all.

use super::Bundle;
use super::artifact::{Artifact, ArtifactId, ArtifactIssue, Modified, Skipped};
use super::classify::{self, HEAD_BYTES, Role, RoleReason};
use super::container::{self, Container, ContainerKind, Entry, Garage, Hoard, Listing, Opening};
use super::limits::{Allowance, LimitHit, Limits};
use super::name::ArtifactName;
use super::nested;
use super::note::BundleNote;
use super::password::{self, Password};
use super::reader::{ArtifactReader, Ledger, ReadErrorKind};
use super::trouble::{OpenError, OpenErrorKind};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was passed as the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// One folder, file or archive.
    One(ContainerKind),
    /// Several paths, each below its own name.
    Several,
}

impl InputKind {
    /// The word that reports use.
    pub const fn name(&self) -> &'static str {
        match self {
            InputKind::One(kind) => kind.name(),
            InputKind::Several => "several",
        }
    }
}

/// Where an artifact's content comes from.
pub(super) struct Place {
    pub container: Arc<dyn Container>,
    pub index: usize,
    pub allowance: Allowance,
}

/// The parts of a bundle while its containers are listed.
#[derive(Default)]
pub(super) struct Collected {
    pub found: Vec<Found>,
    skipped: Vec<Skipped>,
    pub limits_hit: Vec<LimitHit>,
    notes: Vec<BundleNote>,
}

/// What an upload holds by the word of its containers: nothing in it was read, and archives
/// within it were not opened, unless it holds nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The entries in the order that [`Bundle::artifacts`] gives them.
    pub entries: Vec<ListedEntry>,
    /// How much was seen that is no artifact.
    pub skipped: usize,
    /// Memory was refused on the way, so that something may be missing.
    pub lacked_memory: bool,
}

/// One entry of a [`Listed`] upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    /// Its name.
    pub name: ArtifactName,
    /// Bytes, as its container claims; `None` where it does not say.
    pub size: Option<u64>,
    /// When it was last written.
    pub modified: Option<Modified>,
    /// It is encrypted, and there is no password for it.
    pub locked: bool,
}

/// An entry, where it is, and within how many archives it lies.
pub(super) struct Found {
    pub container: Arc<dyn Container>,
    pub index: usize,
    pub entry: Entry,
    pub level: usize,
}

pub(super) fn open(
    paths: &[PathBuf],
    limits: &Limits,
    password: Option<&Password>,
) -> Result<Bundle, OpenError> {
    let means = Means::new(limits, password);
    let (mut collected, input, paths) = collect(paths, &means)?;
    nested::expand(&mut collected, &means);
    collected.cap(limits);
    let locks = collected.locks();
    let bundle = collected.into_bundle(input, paths, limits);
    if password.is_some() && password::fits_nothing(&bundle, &locks) {
        let files = bundle.locked().count();
        let path = bundle.paths.first().cloned().unwrap_or_default();
        let kind = OpenErrorKind::WrongPassword { files };
        return Err(OpenError { path, kind });
    }
    Ok(bundle)
}

pub(super) fn list(
    paths: &[PathBuf],
    limits: &Limits,
    password: Option<&Password>,
) -> Result<Listed, OpenError> {
    let (mut collected, _, _) = collect(paths, &Means::new(limits, password))?;
    collected.sort();
    let of_memory = |found: &Found| found.entry.issues.iter().any(ArtifactIssue::is_of_memory);
    let lacked_memory = collected.notes.iter().any(BundleNote::is_of_memory)
        || collected.found.iter().any(of_memory);
    let listed = |Found { entry, .. }: Found| ListedEntry {
        locked: entry.issues.iter().any(ArtifactIssue::is_locked),
        name: entry.name,
        size: entry.claimed_size.or(entry.size),
        modified: entry.modified,
    };
    Ok(Listed {
        entries: collected.found.into_iter().map(listed).collect(),
        skipped: collected.skipped.len(),
        lacked_memory,
    })
}

/// Lists the containers at `paths`, each once.
fn collect(
    paths: &[PathBuf],
    means: &Means<'_>,
) -> Result<(Collected, InputKind, Vec<PathBuf>), OpenError> {
    let mut paths = paths.to_vec();
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    let first = paths.first().cloned();
    let Some(first) = first else {
        return Err(OpenError {
            path: PathBuf::new(),
            kind: OpenErrorKind::NoPath,
        });
    };
    let labels = if paths.len() > 1 {
        labels(&paths)
    } else {
        Vec::new()
    };
    let mut collected = Collected::default();
    let mut kinds = Vec::new();
    for (nth, path) in paths.iter().enumerate() {
        let fail = |kind| OpenError {
            path: path.clone(),
            kind,
        };
        let name = base_name(path);
        let opening = means.opening(&name, 0, None);
        let listing = container::recognise(path, &opening).map_err(fail)?;
        kinds.push(listing.kind);
        let (listing, level) = nested::unwrapped(listing, means);
        let place = match labels.get(nth) {
            Some(label) if listing.kind == ContainerKind::File => Placing::As(label),
            Some(label) => Placing::Below(label),
            None => Placing::Asis,
        };
        collected.add(listing, place, level);
    }
    let input = match kinds.as_slice() {
        [kind] => InputKind::One(*kind),
        _ => InputKind::Several,
    };
    collected.cap(means.limits);
    if let (true, Some(hit)) = (collected.found.is_empty(), collected.limits_hit.first()) {
        let kind = OpenErrorKind::NothingWithinLimits(hit.clone());
        return Err(OpenError { path: first, kind });
    }
    Ok((collected, input, paths))
}

/// A name for each path, different from all others: its last component, numbered where
/// that is taken.
fn labels(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    let mut taken = BTreeMap::new();
    let label = |path: &PathBuf| {
        let base = base_name(path).as_bytes().to_vec();
        let count = taken
            .entry(base.clone())
            .and_modify(|n| *n += 1)
            .or_insert(1_usize);
        if *count == 1 {
            base
        } else {
            [base, format!("~{count}").into_bytes()].concat()
        }
    };
    paths.iter().map(label).collect()
}

/// What all containers of a bundle are opened with.
pub(super) struct Means<'a> {
    pub limits: &'a Limits,
    password: Option<&'a Password>,
    hoard: Hoard,
    garage: Arc<Garage>,
}

impl<'a> Means<'a> {
    fn new(limits: &'a Limits, password: Option<&'a Password>) -> Self {
        Means {
            limits,
            password,
            hoard: Hoard::new(limits.memory_bytes),
            garage: Arc::default(),
        }
    }

    pub(super) fn hoard(&self) -> &Hoard {
        &self.hoard
    }

    /// For an archive of this name, of which `packed` bytes lie on disk.
    pub(super) fn opening<'b>(
        &'b self,
        name: &'b ArtifactName,
        packed: u64,
        modified: Option<Modified>,
    ) -> Opening<'b> {
        Opening {
            limits: self.limits,
            hoard: &self.hoard,
            garage: &self.garage,
            password: self.password,
            name,
            modified,
            packed,
        }
    }
}

/// Where a container's names go.
#[derive(Clone, Copy)]
pub(super) enum Placing<'a> {
    /// They stay.
    Asis,
    /// Its one file is called so.
    As(&'a [u8]),
    /// Below this name.
    Below(&'a [u8]),
}

impl Placing<'_> {
    fn place(self, name: ArtifactName) -> ArtifactName {
        match self {
            Placing::Asis => name,
            Placing::As(label) => ArtifactName::new(label),
            Placing::Below(label) => name.below(label),
        }
    }
}

/// The last component of a path.
fn base_name(path: &Path) -> ArtifactName {
    let base = path.file_name().unwrap_or(path.as_os_str());
    ArtifactName::new(base.as_encoded_bytes())
}

impl Collected {
    /// Adds what a container holds, which lies within `level` archives.
    pub(super) fn add(&mut self, mut listing: Listing, placing: Placing<'_>, level: usize) {
        strip_common_root(&mut listing);
        let place = |name: ArtifactName| placing.place(name);
        for (index, entry) in listing.entries.into_iter().enumerate() {
            let entry = Entry {
                name: place(entry.name),
                ..entry
            };
            self.found.push(Found {
                container: Arc::clone(&listing.container),
                index,
                entry,
                level,
            });
        }
        let skipped = listing.skipped.into_iter();
        self.skipped.extend(skipped.map(|s| Skipped {
            name: place(s.name),
            ..s
        }));
        self.limits_hit.extend(listing.limits_hit);
        self.notes.extend(listing.notes);
    }

    /// The entries that are encrypted, opened or not.
    fn locks(&self) -> Vec<ArtifactName> {
        let entries = self.found.iter().map(|found| &found.entry);
        let encrypted = entries.filter(|entry| entry.encrypted);
        encrypted.map(|entry| entry.name.clone()).collect()
    }

    /// Holds several containers together to the cap of one.
    fn cap(&mut self, limits: &Limits) {
        if self.found.len() > limits.entries {
            self.found.truncate(limits.entries);
            let limit = limits.entries;
            self.limits_hit.push(LimitHit::Entries { limit });
            self.limits_hit.dedup();
        }
    }

    /// By name without regard to case, by name, by place in the container.
    fn sort(&mut self) {
        self.found.sort_by_cached_key(|Found { index, entry, .. }| {
            (entry.name.folded(), entry.name.as_bytes().to_vec(), *index)
        });
    }

    fn into_bundle(mut self, input: InputKind, paths: Vec<PathBuf>, limits: &Limits) -> Bundle {
        self.sort();
        mark_clashes(&mut self.found);
        let claims: Vec<_> = self.found.iter().map(|found| found.entry.claim).collect();
        let ledger = Arc::<Ledger>::default();
        let places: Vec<Place> = self
            .found
            .iter()
            .zip(limits.allot(&claims))
            .map(|(found, allowance)| Place {
                container: Arc::clone(&found.container),
                index: found.index,
                allowance,
            })
            .collect();
        let entries: Vec<Entry> = self.found.into_iter().map(|found| found.entry).collect();
        let artifacts = entries
            .into_par_iter()
            .zip(&places)
            .enumerate()
            .map(|(nth, (entry, place))| {
                let id = ArtifactId(u32::try_from(nth).unwrap_or(u32::MAX));
                inspect(id, entry, place, &ledger)
            })
            .collect();
        self.skipped
            .sort_by(|a, b| a.name.cmp(&b.name).then(a.why.cmp(&b.why)));
        self.notes.sort();
        self.limits_hit.sort();
        Bundle {
            input,
            paths,
            artifacts,
            places,
            skipped: self.skipped,
            limits_hit: self.limits_hit,
            notes: self.notes,
            ledger,
        }
    }
}

/// Takes leading folders that all entries share off their names, so that a folder, an
/// archive of its content and an archive of the folder itself give the same names.
fn strip_common_root(listing: &mut Listing) {
    let mut stripped: Vec<Vec<u8>> = Vec::new();
    while let Some(root) = common_root(&listing.entries) {
        for entry in &mut listing.entries {
            let name = std::mem::replace(&mut entry.name, ArtifactName::new(b""));
            entry.name = name.without_root(&root);
        }
        for skipped in &mut listing.skipped {
            skipped.name = skipped.name.clone().without_root(&root);
        }
        stripped.push(root);
    }
    if !stripped.is_empty() {
        let root = ArtifactName::new(&stripped.join(&b'/'));
        listing.notes.push(BundleNote::CommonRootStripped { root });
    }
}

fn common_root(entries: &[Entry]) -> Option<Vec<u8>> {
    let root = entries.first()?.name.root()?;
    let shared = entries.iter().all(|entry| entry.name.root() == Some(root));
    shared.then(|| root.to_vec())
}

/// Notes what is odd about names, given all of them in order.
fn mark_clashes(found: &mut [Found]) {
    let folded: Vec<String> = found
        .iter()
        .map(|found| found.entry.name.folded())
        .collect();
    let mut start = 0;
    for group in folded.chunk_by(|a, b| a == b) {
        let end = start + group.len();
        let group = found.get_mut(start..end).unwrap_or_default();
        let names: Vec<ArtifactName> = group.iter().map(|found| found.entry.name.clone()).collect();
        for Found { entry, .. } in group {
            let count = names.iter().filter(|name| **name == entry.name).count();
            if count > 1 {
                entry.issues.push(ArtifactIssue::DuplicateName { count });
            }
            if count < names.len() {
                entry.issues.push(ArtifactIssue::CaseClash);
            }
        }
        start = end;
    }
}

/// Reads an entry's head and says what it is.
fn inspect(id: ArtifactId, entry: Entry, place: &Place, ledger: &Arc<Ledger>) -> Artifact {
    let mut issues = entry.issues;
    if entry.name.had_backslashes() {
        issues.push(ArtifactIssue::BackslashName);
    }
    if entry.name.escapes() {
        issues.push(ArtifactIssue::EscapingName);
    }
    let mut size = entry.size;
    let (role, why) = match place.container.open(place.index) {
        Ok(content) => {
            let mut reader = ArtifactReader::new(id, content, place.allowance, Arc::clone(ledger));
            let head = read_head(&mut reader);
            if let Some(fault) = reader.fault() {
                issues.push(ArtifactIssue::Fault(fault));
            }
            size = size.or(ledger.size(id));
            match reader.fault() {
                Some(_) if head.is_empty() => unreadable(&entry.name),
                _ => classify::classify(&entry.name, &head),
            }
        }
        Err(why) => {
            if let ReadErrorKind::Io(trouble) = why {
                issues.push(ArtifactIssue::Unreadable(trouble));
            }
            unreadable(&entry.name)
        }
    };
    issues.sort();
    issues.dedup();
    Artifact {
        id,
        name: entry.name,
        name_encoding: entry.name_encoding,
        size,
        claimed_size: entry.claimed_size,
        modified: entry.modified,
        role,
        why,
        issues,
    }
}

fn unreadable(name: &ArtifactName) -> (Role, RoleReason) {
    (Role::Unknown, RoleReason::unreadable(name))
}

/// The first bytes; where there are fewer than asked for, the end was met.
fn read_head(reader: &mut ArtifactReader) -> Vec<u8> {
    let mut head = Vec::new();
    // One byte more than is classified, to see the end of a file of exactly that size; and all
    // in one go where the system gives it: a folder of drivers is thousands of heads.
    let mut chunk = [0; HEAD_BYTES + 1];
    while head.len() <= HEAD_BYTES {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    head.truncate(HEAD_BYTES);
    head
}

/// The path of an artifact that is a file of its own.
pub(super) fn path_of(place: &Place) -> Option<&Path> {
    place.container.path(place.index)
}
