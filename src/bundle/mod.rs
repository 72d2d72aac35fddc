//! What was uploaded: opened where it lies, listed, never unpacked to disk.
//!
//! ```text
//! paths ──► container (folder, file, zip, tar …) ──► inventory: name, size, time, role ──► readers
//!              └── and archives within
//! ```
//! [`Bundle::open`] lists what a folder, an archive or loose files hold, sorts it, and
//! classifies each artifact by its name *and* its first bytes. Contents are then streamed
//! by [`Bundle::open_artifact`], from as many threads as wanted, each bounded by
//! [`Limits`]. Nothing a stranger wrote is trusted: not sizes, not names, not counts.
//! What is odd is kept and reported ([`Artifact::issues`], [`Bundle::skipped`],
//! [`Bundle::notes`], [`Bundle::limits_hit`], [`Bundle::faults`]).
//!
//! A folder and an archive of it give the same inventory but for times and what only an
//! archive can say of its entries; names of both are relative to the innermost folder
//! that holds everything.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("httperr1.log"), "#Software: Microsoft HTTP API 2.0\r\n")?;
//! use poolsleuth::bundle::{Bundle, Limits, Role};
//! let bundle = Bundle::open(&[folder.path().to_owned()], &Limits::default())?;
//! for artifact in bundle.artifacts().iter().filter(|a| a.role == Role::HttpErr) {
//!     let bytes = bundle.read_whole(artifact.id, 1 << 20)?;
//!     assert!(bytes.starts_with(b"#Software"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod artifact;
mod classify;
mod container;
mod digest;
mod limits;
mod manifest;
mod name;
mod nested;
mod note;
mod open;
mod password;
mod reader;
mod shortage;
mod source;
mod trouble;

pub use artifact::{
    Artifact, ArtifactId, ArtifactIssue, Encryption, IoTrouble, Modified, ModifiedSource,
    NotOpened, SkipReason, Skipped, SystemErrorKind, When,
};
pub(crate) use classify::misses_poolmon;
pub use classify::{Basis, HEAD_BYTES, NameHint, NotAnImage, Role, RoleReason, classify};
pub use container::{ContainerKind, Packing, has_archive_name, single_within};
pub use digest::{ContentDigest, HashingReader, HashingWriter, NotADigest, Sha256, case_digest};
pub use limits::{ByteLimit, LimitHit, Limits};
pub use manifest::{FileRole, Manifest, ManifestFile, ManifestHost, NoManifest};
pub use name::{ArtifactName, NameEncoding};
pub use note::{BundleNote, DirectoryFault};
pub use open::{InputKind, Listed, ListedEntry};
pub use password::Password;
pub use reader::{ArtifactReader, ReadError, ReadErrorKind, ReadFault};
pub use shortage::is_memory_short;
pub use trouble::{OpenError, OpenErrorKind};

use open::Place;
use rayon::prelude::*;
use reader::Ledger;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An opened upload.
pub struct Bundle {
    input: InputKind,
    paths: Vec<PathBuf>,
    artifacts: Vec<Artifact>,
    places: Vec<Place>,
    skipped: Vec<Skipped>,
    limits_hit: Vec<LimitHit>,
    notes: Vec<BundleNote>,
    ledger: Arc<Ledger>,
}

/// Bytes set aside at most before an artifact is read: sparse files have any size.
const MAX_ROOM: usize = 64 << 20;

impl Bundle {
    /// Opens a folder, an archive, a file, or several of them as one case. With several,
    /// each one's artifacts lie below its own name.
    ///
    /// # Errors
    /// When a path does not open, is an archive in which nothing is found, or when
    /// limits leave nothing to read. Trouble with single artifacts is no error.
    pub fn open(paths: &[PathBuf], limits: &Limits) -> Result<Bundle, OpenError> {
        open::open(paths, limits, None)
    }

    /// As [`open`](Self::open), with the password of what is encrypted in it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when something is encrypted and the password opens
    /// none of it.
    pub fn open_with(
        paths: &[PathBuf],
        limits: &Limits,
        password: Option<&Password>,
    ) -> Result<Bundle, OpenError> {
        open::open(paths, limits, password)
    }

    /// Artifacts that are encrypted and were not opened, for want of the password.
    pub fn locked(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.issues.iter().any(ArtifactIssue::is_locked))
    }

    /// Lists what [`Bundle::open`] would open, by the word of the containers: no content is
    /// read but of archives that are one stream, so this is quick, and sizes are claims.
    /// Archives within are listed and not opened.
    ///
    /// # Errors
    /// As those of [`Bundle::open`].
    pub fn list(
        paths: &[PathBuf],
        limits: &Limits,
        password: Option<&Password>,
    ) -> Result<Listed, OpenError> {
        open::list(paths, limits, password)
    }

    /// What was passed.
    pub fn input(&self) -> &InputKind {
        &self.input
    }

    /// The paths that were passed, each once.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The artifacts, sorted by name: first without regard to case, then exactly, and
    /// those of one name in the order of their container.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// The artifact with this id, if it is one of this bundle.
    pub fn artifact(&self, id: ArtifactId) -> Option<&Artifact> {
        self.artifacts.get(id.index())
    }

    /// What was seen and is no artifact: links, pipes, housekeeping of desktops.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// What is to be said of the upload as a whole.
    pub fn notes(&self) -> &[BundleNote] {
        &self.notes
    }

    /// The limits that were met, so far: readers add theirs while they read. Which
    /// artifacts they cut, and where, depends on the input only.
    pub fn limits_hit(&self) -> Vec<LimitHit> {
        let by_readers = self
            .faults()
            .into_iter()
            .filter_map(|(artifact, fault)| match fault {
                ReadFault::LimitReached { limit, allowed } => {
                    let name = self.artifact(artifact)?.name.clone();
                    Some(LimitHit::Bytes {
                        artifact,
                        name,
                        allowed,
                        limit,
                    })
                }
                _ => None,
            });
        self.limits_hit.iter().cloned().chain(by_readers).collect()
    }

    /// What ended the reading of artifacts early or spoilt their ends, so far.
    pub fn faults(&self) -> Vec<(ArtifactId, ReadFault)> {
        self.ledger.faults()
    }

    /// True if something of the upload was not read because memory was refused. What was found is
    /// then no ground for a verdict: with more memory there is more.
    pub fn lacked_memory(&self) -> bool {
        let faults = self.faults();
        faults.iter().any(|(_, fault)| fault.is_of_memory())
            || self.notes.iter().any(BundleNote::is_of_memory)
            || self
                .artifacts
                .iter()
                .any(|artifact| artifact.issues.iter().any(ArtifactIssue::is_of_memory))
    }

    /// Bytes of an artifact's content: as the file system has it, or as some reader
    /// counted to the end. `None` before an archive's entry was read to its end.
    pub fn size_of(&self, id: ArtifactId) -> Option<u64> {
        self.ledger.size(id).or_else(|| self.artifact(id)?.size)
    }

    /// Opens an artifact's content from its beginning. Cheap, and may be called from
    /// many threads at once. Faults end the stream; see [`ArtifactReader`].
    ///
    /// # Errors
    /// When the artifact cannot be opened at all.
    pub fn open_artifact(&self, id: ArtifactId) -> Result<ArtifactReader, ReadError> {
        let unknown = || ReadError {
            name: ArtifactName::new(b""),
            kind: ReadErrorKind::UnknownId,
        };
        let artifact = self.artifact(id).ok_or_else(unknown)?;
        let place = self.places.get(id.index()).ok_or_else(unknown)?;
        let content = place.container.open(place.index).map_err(|kind| {
            if kind.is_of_memory() {
                self.ledger.record_fault(id, ReadFault::OutOfMemory);
            }
            ReadError {
                name: artifact.name.clone(),
                kind,
            }
        })?;
        Ok(ArtifactReader::new(
            id,
            content,
            place.allowance,
            Arc::clone(&self.ledger),
        ))
    }

    /// The whole content of an artifact of at most `cap` bytes: for images and small
    /// tables, not for logs. After a fault (see [`faults`](Self::faults)) what came
    /// before it.
    ///
    /// # Errors
    /// When it cannot be opened, when reading fails, or when it is larger.
    pub fn read_whole(&self, id: ArtifactId, cap: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let length = self.read_into(id, cap, &mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// As [`read_whole`](Self::read_whole), into a buffer that is used again: for passes over
    /// thousands of images, where new memory for each would cost more than reading it. Says how
    /// many of the buffer's bytes are the artifact's; what follows them is left from before.
    ///
    /// # Errors
    /// As [`read_whole`](Self::read_whole).
    pub fn read_into(
        &self,
        id: ArtifactId,
        cap: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<usize, ReadError> {
        let fail = |kind| {
            let name = self.artifact(id).map(|a| a.name.clone());
            ReadError {
                name: name.unwrap_or_else(|| ArtifactName::new(b"")),
                kind,
            }
        };
        // A size that the file system knows; what an archive claims is no ground to allocate on.
        let known = self.artifact(id).and_then(|a| a.size).unwrap_or(0);
        if known > cap {
            return Err(fail(ReadErrorKind::LargerThan { cap }));
        }
        let mut reader = self.open_artifact(id)?;
        let room = usize::try_from(known).unwrap_or(0).min(MAX_ROOM);
        let io = |error: io::Error| {
            self.note_refusal(id, &error);
            fail(ReadErrorKind::Io(IoTrouble::from(&error)))
        };
        if bytes.len() < room {
            bytes.resize(room, 0);
        }
        let mut filled =
            fill(&mut reader, bytes.get_mut(..room).unwrap_or_default()).map_err(io)?;
        // A file that is as long as the system said ends here.
        let left = cap.saturating_sub(filled as u64);
        let mut more = Vec::new();
        let mut bounded = reader.by_ref().take(left);
        bounded.read_to_end(&mut more).map_err(io)?;
        if !more.is_empty() {
            bytes.truncate(filled);
            filled += more.len();
            bytes.append(&mut more);
        }
        match reader.read(&mut [0]) {
            Ok(0) => Ok(filled),
            Ok(_) => Err(fail(ReadErrorKind::LargerThan { cap })),
            Err(error) => Err(io(error)),
        }
    }

    /// The words for an error that came up beside an artifact's reader, as when a buffer for its
    /// content does not grow: readers themselves keep their faults.
    pub fn failed(&self, id: ArtifactId, error: &io::Error) -> String {
        self.note_refusal(id, error);
        error.to_string()
    }

    fn note_refusal(&self, id: ArtifactId, error: &io::Error) {
        if shortage::is_refusal(error) {
            self.ledger.record_fault(id, ReadFault::OutOfMemory);
        }
    }

    /// The artifact as a file of its own, where it is one: large logs are then read in
    /// ranges, in parallel. Such reads are not held to the limits.
    pub fn path_of(&self, id: ArtifactId) -> Option<&Path> {
        open::path_of(self.places.get(id.index())?)
    }

    /// Reads everything, in parallel, and digests each artifact, in inventory order.
    /// With [`case_digest`] this gives a digest of the case that does not depend on its
    /// container; callers that hash while they parse need not read twice.
    pub fn digest_contents(&self) -> Vec<ContentDigest> {
        self.artifacts
            .par_iter()
            .map(|artifact| self.digest_of(artifact.id))
            .collect()
    }

    fn digest_of(&self, id: ArtifactId) -> ContentDigest {
        let Ok(reader) = self.open_artifact(id) else {
            return ContentDigest::Unreadable;
        };
        match HashingReader::new(reader).finish() {
            Ok((digest, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(digest),
            Ok((digest, _, _)) => ContentDigest::Partial(digest),
            Err(_) => ContentDigest::Unreadable,
        }
    }

    /// [`case_digest`] over this bundle's names and `contents`, which are in inventory
    /// order, as [`digest_contents`](Self::digest_contents) returns them.
    pub fn case_digest(&self, contents: &[ContentDigest]) -> Sha256 {
        let names = self.artifacts.iter().map(|artifact| &artifact.name);
        case_digest(names.zip(contents.iter().copied()))
    }

    /// SHA-256 of the file that was passed: the digest that the sender of one archive or
    /// one file can compute too. `None` for a folder and for several paths, which are no
    /// single run of bytes; [`case_digest`](Self::case_digest) identifies those.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn input_sha256(&self) -> io::Result<Option<Sha256>> {
        match (&self.input, self.paths.as_slice()) {
            (InputKind::One(kind), [path]) if *kind != ContainerKind::Folder => {
                let (digest, _, _) = HashingReader::new(File::open(path)?).finish()?;
                Ok(Some(digest))
            }
            _ => Ok(None),
        }
    }
}

/// Fills `room` as far as the content goes, in as few reads as the system allows; says how far.
fn fill(reader: &mut ArtifactReader, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle")
            .field("input", &self.input)
            .field("artifacts", &self.artifacts)
            .field("skipped", &self.skipped)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
