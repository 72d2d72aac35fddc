//! What a batch and its worker processes say to each other: one JSON object a line.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::failure::Fault;
use super::images::ImageWork;
use super::record::Record;

/// A path as bytes in hexadecimal: names need not be text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WirePath(String);

impl WirePath {
    /// The path for the wire.
    pub fn new(path: &Path) -> Self {
        let bytes = path.as_os_str().as_encoded_bytes();
        WirePath(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.0
    }

    /// The path again; `None` for what no path became.
    pub fn path(&self) -> Option<PathBuf> {
        let digits = self.0.as_bytes();
        let nibble = |digit: &u8| char::from(*digit).to_digit(16);
        let pairs = digits.chunks_exact(2).map(|pair| match pair {
            [high, low] => u8::try_from(nibble(high)? * 16 + nibble(low)?).ok(),
            _ => None,
        });
        let bytes: Vec<u8> = pairs.collect::<Option<_>>()?;
        Some(of_bytes(bytes))
    }
}

#[cfg(unix)]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// What is asked of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// List the case: its outline.
    Outline,
    /// Read it all: the digest of its content.
    Content,
    /// Analyse it.
    Analyse,
}

/// One request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// What to do.
    pub task: Task,
    /// The case.
    pub paths: Vec<WirePath>,
    /// A new folder for the report's files, when it is to be written.
    pub into: Option<WirePath>,
    /// What is known of the case already, for its record.
    pub origin: WireOrigin,
}

/// [`Origin`](super::record::Origin) on the wire.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "named as in Origin")]
pub struct WireOrigin {
    pub path: String,
    pub taken_as: String,
    pub group: Option<String>,
    pub bytes: u64,
    pub reproduce: String,
}

/// One line of a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Reply {
    /// Work goes on: bytes done of about so many, in this phase.
    Progress {
        /// `reading` or `images`.
        phase: String,
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The outline of a case.
    Outline {
        /// Digest of names and sizes.
        outline: String,
        /// Digest of the times.
        times: String,
    },
    /// The digest of its content.
    Content {
        /// The same as the report's `case.id`.
        content: String,
        /// The same as its `case.input.sha256`.
        input: String,
    },
    /// An analysed case.
    Done {
        /// Its record, without key and folder.
        record: Box<Record>,
        /// Digest of the report's files, if they were written.
        files: Option<String>,
        /// Digest of what was uploaded: the report's `case.input.sha256`.
        input: Option<String>,
        /// What its images cost.
        images: ImageWork,
    },
    /// The case could not be worked on.
    Failed {
        /// Why.
        fault: Fault,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_comes_back(name in ".*") {
            let path = PathBuf::from(name);
            prop_assert_eq!(WirePath::new(&path).path(), Some(path));
        }
    }

    #[test]
    fn what_is_no_hexadecimal_is_no_path() {
        assert_eq!(WirePath("zz".to_owned()).path(), None);
    }
}
