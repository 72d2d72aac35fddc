//! From what was typed to paths: folders and archives themselves, `@list`, `-` and `-0`.

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

/// A list may have so many bytes: a million paths of Windows' longest usual length.
const MAX_LIST: u64 = 256 << 20;

/// How paths are parted in lists and on stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// One a line; a carriage return before the end belongs to it, empty lines are skipped.
    Lines,
    /// A NUL after each, as `find -print0` writes.
    Nul,
}

/// A list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the list {name}: {why}")]
pub struct ListError {
    /// `-` or the file.
    pub name: String,
    /// What is wrong.
    pub why: io::Error,
}

/// Replaces `@list` by the paths in the file `list`, and `-` by those on `stdin`. A file whose
/// name begins with `@` is passed as `./@name`.
///
/// # Errors
/// When a list cannot be read.
pub fn paths(
    words: &[PathBuf],
    between: Between,
    stdin: &mut dyn BufRead,
) -> Result<Vec<PathBuf>, ListError> {
    let mut found = Vec::new();
    for word in words {
        let bytes = word.as_os_str().as_encoded_bytes();
        if bytes == b"-" {
            let fail = |why| ListError {
                name: "-".to_owned(),
                why,
            };
            while let Some(path) = next(stdin, between).map_err(fail)? {
                found.push(path);
            }
        } else if bytes.first() == Some(&b'@') {
            // The first character is ASCII, so what follows it is a name as it was.
            let list = Path::new(word).to_string_lossy().into_owned();
            let list = list.strip_prefix('@').unwrap_or(&list).to_owned();
            found.extend(of_list(Path::new(&list), between).map_err(|why| ListError {
                name: list.clone(),
                why,
            })?);
        } else {
            found.push(word.clone());
        }
    }
    Ok(found)
}

fn of_list(list: &Path, between: Between) -> io::Result<Vec<PathBuf>> {
    let size = fs::metadata(list)?.len();
    if size > MAX_LIST {
        let text = format!("{size} bytes are more than a list of paths may have ({MAX_LIST})");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let bytes = fs::read(list)?;
    let mut rest: &[u8] = &bytes;
    let mut found = Vec::new();
    while let Some(path) = next(&mut rest, between)? {
        found.push(path);
    }
    Ok(found)
}

/// The next path, as soon as it is whole; `None` at the end.
///
/// # Errors
/// Those of the reader.
pub fn next(reader: &mut dyn BufRead, between: Between) -> io::Result<Option<PathBuf>> {
    loop {
        let mut bytes = Vec::new();
        let end = match between {
            Between::Lines => b'\n',
            Between::Nul => 0,
        };
        if reader.read_until(end, &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
        if between == Between::Lines && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if !bytes.is_empty() {
            return Ok(Some(path_of(bytes)));
        }
    }
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], between: Between) -> Vec<String> {
        let mut rest = text;
        paths(&["a".into(), "-".into()], between, &mut rest)
            .unwrap()
            .iter()
            .map(|p| p.display().to_string())
            .collect()
    }

    #[test]
    fn stdin_stands_where_the_dash_stands() {
        assert_eq!(read(b"b c\r\n\nd", Between::Lines), ["a", "b c", "d"]);
        assert_eq!(read(b"b\nc\0d\0", Between::Nul), ["a", "b\nc", "d"]);
    }

    #[test]
    fn lists_are_files_and_their_absence_is_said() {
        let place = tempfile::tempdir().unwrap();
        let list = place.path().join("list");
        fs::write(&list, "x\ny\n").unwrap();
        let word = PathBuf::from(format!("@{}", list.display()));
        let mut none: &[u8] = b"";
        let found = paths(&[word], Between::Lines, &mut none).unwrap();
        assert_eq!(found, [PathBuf::from("x"), PathBuf::from("y")]);
        let missing = paths(&["@/nonexistent".into()], Between::Lines, &mut none);
        assert!(missing.unwrap_err().to_string().contains("/nonexistent"));
    }
}
