//! Names of artifacts: bytes that a stranger chose, kept as data and escaped when shown.
//!
//! A name is never used as a path for writing, so a hostile one can only mislead a
//! reader; [`ArtifactName`]'s `Display` takes that away too. Two names are equal when
//! their separators-normalised bytes are, whatever container they came from.

use std::fmt;

/// How the bytes of a name became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameEncoding {
    /// The bytes are used as they are: UTF-8, or whatever a file system holds.
    AsGiven,
    /// An archive name without the UTF-8 flag that is not UTF-8: read as CP437, which
    /// the format prescribes (APPNOTE 4.4.4, appendix D).
    Cp437,
    /// The Info-ZIP Unicode path field (0x7075) that belongs to the stored name.
    UnicodePathField,
}

/// The name of an artifact inside its bundle, separated by `/`.
///
/// [`as_bytes`](Self::as_bytes) is the name everything works with; `as_given` is what
/// the container stored, before separators and code page were made uniform.
#[derive(Clone)]
pub struct ArtifactName {
    bytes: Box<[u8]>,
    given: Option<Box<[u8]>>,
}

impl ArtifactName {
    /// A name from the bytes a container stored: `\` becomes `/` (PowerShell 5.1 writes
    /// such archives, and unpacking them elsewhere writes such file names), empty and
    /// `.` components vanish. A leading `/` and `..` stay: they are data, and reported.
    pub fn new(given: &[u8]) -> Self {
        Self::decoded(given, given)
    }

    /// A name whose `text` was decoded from `given`.
    pub fn decoded(text: &[u8], given: &[u8]) -> Self {
        let slashed: Vec<u8> = text
            .iter()
            .map(|&b| if b == b'\\' { b'/' } else { b })
            .collect();
        let parts: Vec<&[u8]> = slashed
            .split(|&b| b == b'/')
            .filter(|part| !matches!(part, [] | [b'.']))
            .collect();
        let mut bytes = if slashed.starts_with(b"/") {
            vec![b'/']
        } else {
            Vec::new()
        };
        bytes.extend_from_slice(&parts.join(&b'/'));
        Self::with_given(bytes, given)
    }

    fn with_given(bytes: Vec<u8>, given: &[u8]) -> Self {
        let given = (bytes != given).then(|| given.into());
        ArtifactName {
            bytes: bytes.into_boxed_slice(),
            given,
        }
    }

    /// The name's bytes, separated by `/`; not necessarily UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes the container stored.
    pub fn as_given(&self) -> &[u8] {
        self.given.as_deref().unwrap_or(&self.bytes)
    }

    /// The components between separators; the first is empty for an absolute name.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|&b| b == b'/')
    }

    /// The last component.
    pub fn base_name(&self) -> &[u8] {
        self.components().last().unwrap_or_default()
    }

    /// The last component in lower case, invalid bytes replaced: for comparing with
    /// well-known names, never for showing.
    pub fn base_name_folded(&self) -> String {
        fold(self.base_name())
    }

    /// What follows the last dot of [`base_name_folded`](Self::base_name_folded), or
    /// nothing where there is no dot.
    pub fn extension_folded(&self) -> String {
        let base = self.base_name_folded();
        base.rsplit_once('.')
            .map(|(_, extension)| extension.to_owned())
            .unwrap_or_default()
    }

    /// The whole name in lower case: names that share it clash on Windows.
    pub fn folded(&self) -> String {
        fold(&self.bytes)
    }

    /// True when the name would leave its folder if it were a path: absolute, with a
    /// drive letter, or with a `..` component.
    pub fn escapes(&self) -> bool {
        let drive = matches!(&*self.bytes, [letter, b':', ..] if letter.is_ascii_alphabetic());
        drive || self.bytes.first() == Some(&b'/') || self.components().any(|part| part == b"..")
    }

    /// True when the container wrote `\` between components.
    pub fn had_backslashes(&self) -> bool {
        self.as_given().contains(&b'\\')
    }

    /// The first component when others follow it and it is an ordinary one.
    pub(super) fn root(&self) -> Option<&[u8]> {
        let slash = self.bytes.iter().position(|&b| b == b'/')?;
        self.bytes
            .get(..slash)
            .filter(|&root| !matches!(root, [] | b".."))
    }

    /// The name without its leading `prefix/`, or unchanged where it has none.
    pub(super) fn without_root(self, prefix: &[u8]) -> Self {
        let rest = self
            .bytes
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(b"/"));
        match rest {
            Some(rest) => Self::with_given(rest.to_vec(), self.as_given()),
            None => self,
        }
    }

    /// The name below the folder `label`.
    pub(super) fn below(self, label: &[u8]) -> Self {
        let bytes = [label, b"/", &*self.bytes].concat();
        Self::with_given(bytes, self.as_given())
    }
}

/// Lower case of Unicode where the bytes are UTF-8, U+FFFD for what is not.
fn fold(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_lowercase()
}

impl PartialEq for ArtifactName {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for ArtifactName {}

impl PartialOrd for ArtifactName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By bytes; inventories sort case-insensitively first.
impl Ord for ArtifactName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

/// The name on one line: a backslash doubled, bytes that are no UTF-8 as `\xNN`,
/// controls, line separators, direction marks and invisible characters as `\u{…}`.
/// Nothing is lost: distinct names show distinctly.
impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escaped(&self.bytes))
    }
}

impl fmt::Debug for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactName(\"{self}\")")
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => shown.push_str("\\\\"),
                c if misleads(c) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                c => shown.push(c),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// Characters that a terminal or page obeys instead of showing: controls, and Unicode's
/// format and invisible characters (general category Cf, the separators, fillers).
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bytes: &[u8]) -> String {
        ArtifactName::new(bytes).to_string()
    }

    #[test]
    fn separators_become_uniform_and_the_given_bytes_stay() {
        let name = ArtifactName::new(b".\\Logs\\\\HTTPERR\\httperr1.log");
        assert_eq!(name.as_bytes(), b"Logs/HTTPERR/httperr1.log");
        assert_eq!(name.as_given(), b".\\Logs\\\\HTTPERR\\httperr1.log");
        assert!(name.had_backslashes());
        assert_eq!(name, ArtifactName::new(b"./Logs/HTTPERR/httperr1.log"));
    }

    #[test]
    fn names_that_would_escape_are_recognised_and_kept() {
        for hostile in [
            &b"../../etc/passwd"[..],
            b"/etc/passwd",
            b"C:\\x.sys",
            b"a/../b",
        ] {
            assert!(ArtifactName::new(hostile).escapes(), "{}", shown(hostile));
        }
        assert!(!ArtifactName::new(b"a..b/c").escapes());
        assert_eq!(shown(b"../../etc/passwd"), "../../etc/passwd");
    }

    #[test]
    fn what_would_mislead_is_shown_as_an_escape() {
        assert_eq!(shown("a\u{202e}gol.exe".as_bytes()), "a\\u{202e}gol.exe");
        assert_eq!(shown(b"a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown(b"gr\xf6\xdfe.log"), "gr\\xf6\\xdfe.log");
        assert_eq!(shown("größe.log".as_bytes()), "größe.log");
    }

    #[test]
    fn roots_are_taken_off_only_where_they_are_ordinary() {
        assert_eq!(ArtifactName::new(b"case/a").root(), Some(&b"case"[..]));
        assert_eq!(ArtifactName::new(b"a").root(), None);
        assert_eq!(ArtifactName::new(b"/a/b").root(), None);
        assert_eq!(ArtifactName::new(b"../b").root(), None);
        assert_eq!(
            ArtifactName::new(b"case/a")
                .without_root(b"case")
                .as_bytes(),
            b"a"
        );
    }

    proptest! {
        #[test]
        fn distinct_names_show_distinctly(a: Vec<u8>, b: Vec<u8>) {
            let (a, b) = (ArtifactName::new(&a), ArtifactName::new(&b));
            prop_assert_eq!(a == b, a.to_string() == b.to_string());
        }

        #[test]
        fn shown_names_are_one_line_of_visible_characters(a: Vec<u8>) {
            prop_assert!(!ArtifactName::new(&a).to_string().chars().any(misleads));
        }

        #[test]
        fn normalising_twice_changes_nothing(a: Vec<u8>) {
            let once = ArtifactName::new(&a);
            prop_assert_eq!(&ArtifactName::new(once.as_bytes()), &once);
        }
    }
}
