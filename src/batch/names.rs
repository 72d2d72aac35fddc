//! Paths as records and commands show them. A name need not be text: what is none is shown as
//! `\xNN`, so that two names never look the same.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::job::WirePath;

/// The paths of a case for people and records.
pub fn shown(paths: &[PathBuf]) -> String {
    match paths {
        [one] => text_of(one.as_os_str()),
        [first, rest @ ..] => format!("{} and {} more", text_of(first.as_os_str()), rest.len()),
        [] => String::new(),
    }
}

/// The bytes of a case's path in hexadecimal, where it is no text and [`shown`] is not what the
/// system calls it.
pub fn hex_of(paths: &[PathBuf]) -> Option<String> {
    let odd = |path: &&PathBuf| path.to_str().is_none();
    paths
        .first()
        .filter(odd)
        .map(|path| WirePath::new(path).hex().to_owned())
}

fn text_of(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A word as a POSIX shell takes it. One with bytes that a terminal or a page would not show as
/// they are is written in the form `$'…'`, with its bytes in octal.
pub fn quoted(word: &OsStr) -> String {
    let bytes = word.as_encoded_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_=./:,+@%".contains(byte);
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    match word.to_str().filter(|text| text.chars().all(is_seen)) {
        Some(text) => format!("'{}'", text.replace('\'', "'\\''")),
        None => in_octal(bytes),
    }
}

/// Letters of any script are seen; controls and what turns the direction of a line are not.
fn is_seen(c: char) -> bool {
    matches!(c, ' '..='~') || c.is_alphanumeric()
}

fn in_octal(bytes: &[u8]) -> String {
    let mut word = "$'".to_owned();
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => word.push(char::from(*byte)),
            // Always three digits: what follows cannot be taken for a fourth.
            _ => drop(write!(word, "\\{byte:03o}")),
        }
    }
    word.push('\'');
    word
}

/// A path as a command takes it, which would take one that begins with a dash for an option.
pub fn as_operand(path: &Path) -> PathBuf {
    match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-') => Path::new(".").join(path),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_others_are_quoted() {
        let cases = [
            ("a/b-c.zip", "a/b-c.zip"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("Kundé 山.zip", "'Kundé 山.zip'"),
            ("a\nb", r"$'a\012b'"),
            ("x\u{202e}'y", r"$'x\342\200\256\'y'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quoted(OsStr::new(word)), expected);
        }
        assert_eq!(as_operand("-dash".as_ref()), Path::new("./-dash"));
        assert_eq!(as_operand("a-b".as_ref()), Path::new("a-b"));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        assert_eq!(shown(&[name(b"bad\xff\xfe")]), r"bad\xff\xfe");
        assert_eq!(hex_of(&[name(b"b\xff")]).as_deref(), Some("62ff"));
        assert_eq!(hex_of(&[name(b"b")]), None);
        assert_eq!(quoted(name(b"b\xff7").as_os_str()), r"$'b\3777'");
    }
}
