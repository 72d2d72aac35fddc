//! Which driver images lie in a case, with the version each states: what a shelf's roll-up needs
//! to know where a driver was present and did not leak.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::record::folded_name;
use crate::bundle::{Bundle, Sha256};
use crate::case::{Aspect, ImageMemory, ImageVersion, image_version};
use crate::report::Report;

/// The file of a report's folder that lists the images.
pub const FILE: &str = "images.jsonl";

/// Largest image whose version is read; as large as the analysis itself takes.
const MAX_IMAGE: u64 = 256 << 20;

/// What was done for the images of a case, or of many. It depends on what was known before, so
/// it is told and never part of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageWork {
    /// Questions whose answer was known: versions, and what code does with tags.
    pub known: u64,
    /// Questions for which an image was looked into.
    pub looked_into: u64,
}

impl ImageWork {
    /// Both together.
    #[must_use]
    pub fn and(self, more: ImageWork) -> ImageWork {
        ImageWork {
            known: self.known + more.known,
            looked_into: self.looked_into + more.looked_into,
        }
    }
}

/// A memory that counts what it is asked.
pub(super) struct Counted<'a> {
    memory: &'a dyn ImageMemory,
    known: AtomicU64,
    looked_into: AtomicU64,
}

impl<'a> Counted<'a> {
    pub(super) fn new(memory: &'a dyn ImageMemory) -> Self {
        Counted {
            memory,
            known: AtomicU64::new(0),
            looked_into: AtomicU64::new(0),
        }
    }

    pub(super) fn work(&self) -> ImageWork {
        ImageWork {
            known: self.known.load(Ordering::Relaxed),
            looked_into: self.looked_into.load(Ordering::Relaxed),
        }
    }
}

impl ImageMemory for Counted<'_> {
    fn recall(&self, aspect: Aspect, image: Sha256) -> Option<String> {
        let found = self.memory.recall(aspect, image)?;
        self.known.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    // Whoever has to find something out keeps it.
    fn keep(&self, aspect: Aspect, image: Sha256, json: &str) {
        self.looked_into.fetch_add(1, Ordering::Relaxed);
        self.memory.keep(aspect, image, json);
    }
}

/// One image of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRow {
    /// Its name in the bundle.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: String,
    /// The name it gives itself, folded; its file's if it gives none.
    pub original: String,
    /// File version.
    pub version: Option<String>,
    /// Company, by its own word.
    pub company: Option<String>,
}

/// Writes the images of a case, a JSON object a line, in the order of the inventory. Copies of
/// one image are listed once.
pub(super) fn write(
    report: &Report,
    bundle: &Bundle,
    memory: &dyn ImageMemory,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = bundle.artifacts().iter().zip(&report.coverage.artifacts);
    let images = rows.filter(|(_, row)| row.role == "driver" && row.used == "used");
    for (artifact, row) in images {
        let Some(sha256) = &row.sha256 else { continue };
        let stated = stated(
            memory,
            || bundle.read_whole(artifact.id, MAX_IMAGE).ok(),
            sha256,
        );
        let base = row.name.rsplit('/').next().unwrap_or(&row.name);
        let image = ImageRow {
            name: row.name.clone(),
            sha256: sha256.clone(),
            original: folded_name(stated.original_name.as_deref(), base),
            version: stated.file_version,
            company: stated.company,
        };
        serde_json::to_writer(&mut *out, &image)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// What the image says of its version: remembered, or read.
fn stated(
    memory: &dyn ImageMemory,
    bytes: impl FnOnce() -> Option<Vec<u8>>,
    sha256: &str,
) -> ImageVersion {
    let digest = sha256.parse::<Sha256>().ok();
    let known = digest.and_then(|digest| memory.recall(Aspect::Version, digest));
    if let Some(version) = known.and_then(|json| serde_json::from_str(&json).ok()) {
        return version;
    }
    let Some(bytes) = bytes() else {
        return ImageVersion::default();
    };
    // An image that breaks the reader of versions says nothing of itself.
    let version = std::panic::catch_unwind(|| image_version(&bytes)).unwrap_or_default();
    if let (Some(digest), Ok(json)) = (digest, serde_json::to_string(&version)) {
        memory.keep(Aspect::Version, digest, &json);
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Notes(Mutex<BTreeMap<(Aspect, Sha256), String>>);

    impl ImageMemory for Notes {
        fn recall(&self, aspect: Aspect, image: Sha256) -> Option<String> {
            self.0.lock().unwrap().get(&(aspect, image)).cloned()
        }

        fn keep(&self, aspect: Aspect, image: Sha256, json: &str) {
            let mut notes = self.0.lock().unwrap();
            notes.insert((aspect, image), json.to_owned());
        }
    }

    #[test]
    fn an_image_is_looked_into_once_and_both_are_counted() {
        let notes = Notes::default();
        let memory = Counted::new(&notes);
        let bytes = include_bytes!("../../samples/leak-x64/drivers/hstorflt.sys");
        let digest = Sha256::of(bytes).to_string();
        let first = stated(&memory, || Some(bytes.to_vec()), &digest);
        let again = stated(&memory, || None, &digest);
        assert_eq!(first, again);
        assert_eq!(first.file_version.as_deref(), Some("3.2.0.118"));
        let once = ImageWork {
            known: 1,
            looked_into: 1,
        };
        assert_eq!(memory.work(), once);
        assert_eq!(once.and(once).known, 2);
    }
}
