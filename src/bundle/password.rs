//! The password of encrypted archives: held, never shown.

use super::Bundle;
use super::artifact::{Artifact, ArtifactIssue};
use super::name::ArtifactName;
use super::reader::ReadFault;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// A password as typed, without the end of its line. It has no `Display`, and `Debug`
/// does not show it: reports, messages and logs cannot hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<[u8]>);

impl Password {
    /// The password in `bytes`: their first line. `None` where that is empty.
    pub fn new(bytes: &[u8]) -> Option<Password> {
        let line = bytes.split(|&byte| byte == b'\n').next()?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.is_empty()).then(|| Password(line.into()))
    }

    /// Its bytes, for deciphering and for handing on to a worker.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whether the password opens none of the encrypted entries, whose names are given.
///
/// The zip format's old cipher tells a wrong password by one byte only: of 256 entries one opens
/// all the same, to bytes that are no stream or whose checksum is another. Where most do not
/// open, those that do are therefore read to their end.
pub(super) fn fits_nothing(bundle: &Bundle, encrypted: &[ArtifactName]) -> bool {
    let named: HashSet<&[u8]> = encrypted.iter().map(ArtifactName::as_bytes).collect();
    let encrypted = |artifact: &&Artifact| named.contains(artifact.name.as_bytes());
    let (unfit, fit): (Vec<&Artifact>, Vec<&Artifact>) = bundle
        .artifacts()
        .iter()
        .filter(encrypted)
        .partition(|artifact| artifact.issues.iter().any(is_no_fit));
    bundle.locked().next().is_some()
        && unfit.len() > fit.len()
        && fit.iter().all(|artifact| !is_proof(bundle, artifact))
}

fn is_no_fit(issue: &ArtifactIssue) -> bool {
    use ReadFault::{ChecksumMismatch, Damaged, Truncated};
    let broken = [Damaged, ChecksumMismatch, Truncated].map(ArtifactIssue::Fault);
    issue.is_locked() || broken.contains(issue)
}

/// Whether an artifact has content and can be read to its end, where its checksum is.
fn is_proof(bundle: &Bundle, artifact: &Artifact) -> bool {
    let Ok(mut reader) = bundle.open_artifact(artifact.id) else {
        return false;
    };
    let read = std::io::copy(&mut reader, &mut std::io::sink());
    read.is_ok_and(|bytes| bytes > 0) && reader.fault().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_and_nothing_shows_it() {
        let of = |text: &str| Password::new(text.as_bytes()).map(|p| p.bytes().to_vec());
        assert_eq!(of("geheim \r\nrest").unwrap(), b"geheim ");
        assert_eq!(of("geheim").unwrap(), b"geheim");
        assert_eq!((of(""), of("\r\n")), (None, None));
        assert!(!format!("{:?}", Password::new(b"geheim")).contains("geheim"));
    }
}
