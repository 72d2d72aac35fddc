//! Texts that give somebody away by their form: URIs, paths, e-mail addresses, accounts, hosts.
//!
//! Addresses have a module of their own. What has no form (a name in plain words) is found by the
//! vocabulary of the case, or not at all; where nothing else than such words can stand, the whole
//! text is replaced instead (`quote`).

use std::ops::Range;

use super::pseudonym::Class;

/// How much a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// A sentence of ours: words such as `System32\drivers` and `http.sys` are ours.
    Us,
    /// Words of a stranger.
    Stranger,
}

/// Characters that end a Windows path, which may hold blanks.
const PATH_ENDS: &[char] = &['"', '<', '>', '|', '*', '?', '`', '\n', '\r', '\t'];

/// Last labels that make two labels a host; three labels are one with any.
#[rustfmt::skip]
const SUFFIXES: &[&str] = &[
    "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "io", "dev", "app", "cloud", "local", "localdomain",
    "lan", "corp", "internal", "intranet", "intern", "home", "private", "example", "invalid", "test", "ad", "at", "au", "be",
    "br", "ca", "ch", "cn", "cz", "de", "dk", "es", "eu", "fi", "fr", "gr", "hk", "hu", "ie", "il", "in", "it", "jp", "kr",
    "mx", "nl", "no", "nz", "pl", "pt", "ro", "ru", "se", "sg", "sk", "tr", "tw", "ua", "uk", "us", "za",
];

/// Endings of files, which make no host.
#[rustfmt::skip]
const FILE_ENDS: &[&str] = &[
    "sys", "dll", "exe", "log", "txt", "zip", "inf", "cat", "pdb", "reg", "csv", "json", "jsonl", "html", "htm", "md", "dmp",
    "evtx", "blg", "cab", "ini", "c", "cpp", "h", "obj", "lib", "ps1", "bat", "cmd", "xml", "tmp", "bak", "old", "drv",
];

/// What a text holds by its form, in order of the text; nothing overlaps.
pub(super) fn find(text: &str, author: Author) -> Vec<(Range<usize>, Class)> {
    let mut found = windows_paths(text);
    for range in words(text) {
        if found.iter().any(|(taken, _)| overlap(taken, &range)) {
            continue;
        }
        if let Some((part, class)) = of_word(&text[range.clone()], author) {
            found.push((range.start + part.start..range.start + part.end, class));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// `C:\…` and `\\server\…`, to the next character that no path holds: a path may hold blanks, and
/// too much is hidden rather than too little.
fn windows_paths(text: &str) -> Vec<(Range<usize>, Class)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 2 < bytes.len() {
        let drive = bytes[at].is_ascii_alphabetic()
            && bytes[at + 1] == b':'
            && matches!(bytes[at + 2], b'\\' | b'/')
            && bytes.get(at + 3) != Some(&b'/')
            && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        let share = bytes[at..].starts_with(b"\\\\")
            && bytes[at + 2].is_ascii_alphanumeric()
            && (at == 0 || bytes[at - 1] != b'\\')
            && !bytes[at + 2..].starts_with(b"x0");
        if drive || share {
            let end = text[at..].find(PATH_ENDS).map_or(text.len(), |n| at + n);
            let end = at
                + text[at..end]
                    .trim_end_matches([' ', '.', ',', ';', ')'])
                    .len();
            found.push((at..end, Class::Path));
            at = end.max(at + 1);
        } else {
            at += 1;
        }
    }
    found
}

/// Words: what blanks and signs that quote or list set apart.
fn words(text: &str) -> Vec<Range<usize>> {
    let apart = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '"' | '\'' | '`' | '<' | '>' | '(' | ')' | ',' | ';' | '|'
            )
    };
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (apart(c), start) {
            (true, Some(from)) => {
                found.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    found
}

fn of_word(word: &str, author: Author) -> Option<(Range<usize>, Class)> {
    let end = word
        .trim_end_matches(['.', ':', '!', ']', '}', '?', '…'])
        .len();
    let body = &word[..end];
    let start = body.len() - body.trim_start_matches(['[', '{', '=']).len();
    let inner = &body[start..];
    if let Some(at) = inner.find("://") {
        let before = inner[..at]
            .trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        return Some((start + before.len()..end, Class::Uri));
    }
    if is_email(inner) {
        let from = inner.rfind(['=', ':', '/']).map_or(0, |n| n + 1);
        return Some((start + from..end, Class::Email));
    }
    if let Some(at) = inner.find("S-1-5-21-") {
        return Some((start + at..end, Class::Sid));
    }
    if is_mac(inner) {
        return Some((start..end, Class::Mac));
    }
    let home = ["/home/", "/Users/", "/root/", "\\Users\\"];
    if home.iter().any(|h| inner.contains(h)) {
        return Some((start..end, Class::Path));
    }
    if author == Author::Us {
        return None;
    }
    if inner.starts_with('/') && inner.len() > 1 || inner.contains('?') && inner.contains('=') {
        return Some((start..end, Class::Uri));
    }
    if let Some((domain, user)) = inner.split_once('\\') {
        let class = match user.contains('\\') || domain.is_empty() {
            true => Class::Path,
            false => Class::Account,
        };
        return (!user.is_empty() && !is_escape(user)).then_some((start..end, class));
    }
    // A port or a path may follow.
    let host = inner.split([':', '/']).next().unwrap_or(inner);
    is_host(host).then_some((start..start + host.len(), Class::Host))
}

/// `\xNN` and `\u{…}`: how hidden characters are written out.
fn is_escape(after_backslash: &str) -> bool {
    let mut rest = after_backslash.chars();
    match rest.next() {
        Some('x') => {
            rest.by_ref()
                .take(2)
                .filter(char::is_ascii_hexdigit)
                .count()
                == 2
        }
        Some('u') => rest.next() == Some('{'),
        _ => false,
    }
}

fn is_email(word: &str) -> bool {
    let Some((user, domain)) = word.split_once('@') else {
        return false;
    };
    let user = user.chars().next_back().is_some_and(char::is_alphanumeric);
    user && domain.chars().next().is_some_and(char::is_alphanumeric)
}

/// Six pairs of hexadecimal digits.
fn is_mac(word: &str) -> bool {
    let pairs: Vec<&str> = word.split(['-', ':']).collect();
    let pair = |p: &&str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    pairs.len() == 6 && pairs.iter().all(pair)
}

/// A name with dots that the DNS may know.
fn is_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let Some((last, rest)) = labels.split_last() else {
        return false;
    };
    let label = |l: &&str| {
        !l.is_empty()
            && l.chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    let last = last.to_lowercase();
    let named = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    let numbers_only = rest.iter().all(|l| l.bytes().all(|b| b.is_ascii_digit()));
    named
        && !rest.is_empty()
        && !numbers_only
        && rest.iter().all(label)
        && !FILE_ENDS.contains(&last.as_str())
        && (rest.len() > 1 || SUFFIXES.contains(&last.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str, author: Author) -> Vec<(&str, Class)> {
        find(text, author)
            .into_iter()
            .map(|(range, class)| (&text[range], class))
            .collect()
    }

    #[test]
    fn forms_of_strangers() {
        for (text, expected) in [
            (
                "see https://web01.quill.example/a?b=c.",
                vec![("https://web01.quill.example/a?b=c", Class::Uri)],
            ),
            ("\u{1f48}://", vec![("://", Class::Uri)]),
            (
                "(ada@quill.example)",
                vec![("ada@quill.example", Class::Email)],
            ),
            (
                "E=ada@quill.example",
                vec![("ada@quill.example", Class::Email)],
            ),
            ("by QUILL\\ada", vec![("QUILL\\ada", Class::Account)]),
            (
                "on web01.quill.example:443 now",
                vec![("web01.quill.example", Class::Host)],
            ),
            (
                "C:\\Users\\Ada Quill\\src\\x.pdb",
                vec![("C:\\Users\\Ada Quill\\src\\x.pdb", Class::Path)],
            ),
            (
                "built at \\\\fs1\\Ada's share\\x",
                vec![("\\\\fs1\\Ada's share\\x", Class::Path)],
            ),
            ("/home/ada/x.c", vec![("/home/ada/x.c", Class::Path)]),
            ("GET /a/b", vec![("/a/b", Class::Uri)]),
            (
                "S-1-5-21-1-2-3-500",
                vec![("S-1-5-21-1-2-3-500", Class::Sid)],
            ),
            ("00-1a-2b-3c-4d-5e", vec![("00-1a-2b-3c-4d-5e", Class::Mac)]),
            ("hstorflt.sys 3.2.0.118 Harrow Storage Ltd", vec![]),
            ("a\\x0ab \\u{202e}", vec![]),
        ] {
            assert_eq!(found(text, Author::Stranger), expected, "{text}");
        }
    }

    #[test]
    fn sentences_of_ours_stay() {
        for text in [
            "Send all driver images: System32\\drivers and the DriverStore.",
            "%SystemRoot%\\System32\\LogFiles\\HTTPERR",
            "http.sys refuses; e.g. 20 MiB/h from 2014-02-18T23:04:23Z on",
        ] {
            assert_eq!(found(text, Author::Us), [], "{text}");
        }
        let quoted = "beginning of C:\\Users\\ada\\x.log";
        assert_eq!(found(quoted, Author::Us).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String, ours: bool) {
            let author = if ours { Author::Us } else { Author::Stranger };
            let mut end = 0;
            for (range, _) in find(&text, author) {
                prop_assert!(text.get(range.clone()).is_some());
                prop_assert!(range.start >= end);
                end = range.end;
            }
        }
    }
}
