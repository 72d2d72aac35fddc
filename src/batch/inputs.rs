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

impl Between {
    /// The byte after each path.
    pub const fn end(self) -> u8 {
        match self {
            Between::Lines => b'\n',
            Between::Nul => 0,
        }
    }
}

/// A list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the list {}: {why}", name.display())]
pub struct ListError {
    /// `-` or the file.
    pub name: PathBuf,
    /// What is wrong.
    pub why: io::Error,
}

/// A path that was given, one way or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The path.
    pub path: PathBuf,
    /// True if it stood on stdin, where it cannot be read a second time.
    pub is_from_stdin: bool,
}

/// The paths behind some words, one after the other: `@list` stands for those in the file
/// `list`, and `-` for those on stdin. A file whose name begins with `@` is passed as `./@name`.
pub struct Paths<R> {
    words: std::vec::IntoIter<PathBuf>,
    between: Between,
    stdin: R,
    is_reading_stdin: bool,
    listed: std::vec::IntoIter<PathBuf>,
}

impl<R: BufRead> Paths<R> {
    /// Paths behind `words`; nothing is read yet.
    pub fn new(words: Vec<PathBuf>, between: Between, stdin: R) -> Self {
        Paths {
            words: words.into_iter(),
            between,
            stdin,
            is_reading_stdin: false,
            listed: Vec::new().into_iter(),
        }
    }

    /// The next path, as soon as it is whole; `None` at the end.
    fn read(&mut self) -> Result<Option<Given>, ListError> {
        let given = |path, is_from_stdin| {
            Ok(Some(Given {
                path,
                is_from_stdin,
            }))
        };
        loop {
            if let Some(path) = self.listed.next() {
                return given(path, false);
            }
            if self.is_reading_stdin {
                let fail = |why| ListError {
                    name: "-".into(),
                    why,
                };
                match next(&mut self.stdin, self.between).map_err(fail)? {
                    Some(path) => return given(path, true),
                    None => self.is_reading_stdin = false,
                }
            }
            let Some(word) = self.words.next() else {
                return Ok(None);
            };
            match word.as_os_str().as_encoded_bytes() {
                b"-" => self.is_reading_stdin = true,
                [b'@', name @ ..] => {
                    let name = path_of(name.to_vec());
                    let listed = of_list(&name, self.between);
                    self.listed = listed.map_err(|why| ListError { name, why })?.into_iter();
                }
                _ => return given(word, false),
            }
        }
    }
}

impl<R: BufRead> Iterator for Paths<R> {
    type Item = Result<Given, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
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
fn next(reader: &mut dyn BufRead, between: Between) -> io::Result<Option<PathBuf>> {
    let end = between.end();
    loop {
        let mut bytes = Vec::new();
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
        let given = Paths::new(vec!["a".into(), "-".into()], between, text);
        let given: Vec<Given> = given.map(Result::unwrap).collect();
        assert!(!given[0].is_from_stdin && given[1].is_from_stdin);
        let shown = |given: &Given| given.path.display().to_string();
        given.iter().map(shown).collect()
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
        let read = |word: PathBuf| Paths::new(vec![word], Between::Lines, &b""[..]);
        let found: Result<Vec<Given>, ListError> = read(word).collect();
        let found: Vec<PathBuf> = found.unwrap().into_iter().map(|g| g.path).collect();
        assert_eq!(found, [PathBuf::from("x"), PathBuf::from("y")]);
        let missing = read("@/nonexistent".into()).next().unwrap();
        assert!(missing.unwrap_err().to_string().contains("/nonexistent"));
    }
}
