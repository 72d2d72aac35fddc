//! Which driver images lie in a case, with the version each states: what a shelf's roll-up needs
//! to know where a driver was present and did not leak.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::record::folded_name;
use crate::bundle::{Bundle, Sha256};
use crate::case::{Aspect, ImageMemory, ImageVersion, image_version};
use crate::report::Report;

/// The file of a report's folder that lists the images.
pub const FILE: &str = "images.jsonl";

/// Largest image whose version is read; as large as the analysis itself takes.
const MAX_IMAGE: u64 = 256 << 20;

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
