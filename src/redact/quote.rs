//! Raw lines of artifacts. Whatever is not known to be harmless is replaced, word by word: a line
//! of a log may hold anything that a client sent.

use super::Redactor;
use super::address;
use super::pseudonym::Class;
use crate::artifact::httperr;

/// Words of the formats themselves.
#[rustfmt::skip]
const OF_FORMATS: &[&str] = &[
    // HTTPERR: names of fields and methods (RFC 9110, RFC 4918), versions
    "#Fields:", "#Software:", "#Version:", "#Date:", "Microsoft", "HTTP", "API", "date", "time", "c-ip", "c-port", "s-ip", "s-port",
    "cs-version", "cs-method", "cs-uri", "sc-status", "s-siteid", "s-reason", "s-queuename", "streamid", "streamid_ex",
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
    "LOCK", "UNLOCK", "SEARCH", "HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/3.0", "HTTP/0.0",
    // poolmon
    "Tag", "Type", "Allocs", "Frees", "Diff", "Bytes", "Per", "Alloc", "Nonp", "Paged", "Total", "Memory:", "Avail:", "PageFlts:",
    "InRam", "Krnl:", "Commit:", "Limit:", "Peak:", "Pool", "N:", "P:", "System", "pool", "information",
    // the collector's manifest
    "poolsleuth-collect", "poolsleuth-collect-manifest/1",
    // our own words for a snapshot
    "snapshot", "with", "of", "rows", "at", "byte",
];

/// Longest number kept: thirteen digits count the bytes of nine terabytes. Longer ones are no
/// figures of a log or a snapshot, but numbers of cards and accounts.
const MOST_DIGITS: usize = 13;

impl Redactor {
    /// A line of an artifact, or part of one.
    pub(super) fn quote(&mut self, line: &str) -> String {
        let mut shown = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let blank = is_blank(c);
            let end = rest.find(|c| is_blank(c) != blank).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            match blank {
                true => shown.push_str(token),
                false => shown.push_str(&self.token(token)),
            }
            rest = after;
        }
        shown
    }

    fn token(&mut self, token: &str) -> String {
        if let Some(known) = self.people.whole(token).cloned() {
            return self.replacement(&known);
        }
        if self.stays(token) {
            return token.to_owned();
        }
        let found = address::find(token);
        if let [(range, address)] = found.as_slice() {
            let around = [&token[..range.start], &token[range.end..]];
            let plain = |part: &&str| {
                part.chars()
                    .all(|c| c.is_ascii_digit() || "[]:,;()-".contains(c))
            };
            if around.iter().all(plain) {
                let shown = address.pseudonym(&mut self.given, &token[range.clone()]);
                return [around[0], &shown, around[1]].concat();
            }
        }
        let class = match token.starts_with('/') || token.contains("://") || token.contains('?') {
            true => Class::Uri,
            false => Class::Text,
        };
        self.given.of(class, token)
    }

    fn stays(&self, token: &str) -> bool {
        token
            .chars()
            .all(|c| matches!(c, '-' | '…' | '=' | '*' | '.' | ',' | ':'))
            || OF_FORMATS.contains(&token)
            || self.known.tag_words.contains(token)
            || is_number(token)
            || is_moment(token)
            || is_reason(token)
    }
}

/// Blanks and the signs between which formats put words; a control character is not among them.
const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// A whole number, with a unit of poolmon's.
fn is_number(token: &str) -> bool {
    let digits = token.trim_start_matches(['-', '+', '(']);
    let digits = digits.trim_end_matches(['K', 'M', ',', ')', '%']);
    !digits.is_empty() && digits.len() <= MOST_DIGITS && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `2014-02-18`, `23:04:23`, or both; with fractions and `Z`.
fn is_moment(token: &str) -> bool {
    let token = token.trim_end_matches(['Z', ',']);
    match token.split_once('T') {
        Some((date, time)) => is_date(date) && is_time(time),
        None => is_date(token) || is_time(token),
    }
}

fn is_date(text: &str) -> bool {
    has_form(text, '-', &[4, 2, 2])
}

fn is_time(text: &str) -> bool {
    let whole = text.split_once('.').map_or(text, |(whole, fraction)| {
        match fraction.len() <= 7 && fraction.bytes().all(|b| b.is_ascii_digit()) {
            true => whole,
            false => text,
        }
    });
    has_form(whole, ':', &[2, 2, 2]) || has_form(whole, ':', &[2, 2])
}

fn has_form(text: &str, between: char, lengths: &[usize]) -> bool {
    let parts: Vec<&str> = text.split(between).collect();
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == *length && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A reason that http.sys is known to write.
pub(super) fn is_reason(token: &str) -> bool {
    token == httperr::REFUSAL_NAME
        || httperr::known(token.as_bytes()).is_some()
        || httperr::refusal(token.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::testing::redactor;

    #[test]
    fn a_row_keeps_its_shape_and_loses_its_client() {
        let mut redactor = redactor(&["DefaultKestrel"]);
        let row = "2014-02-18 23:04:23 10.0.0.5 51234 fd00::9%3 443 HTTP/1.1 GET /ada?token=7 503 1 QueueFull Quill+Pool";
        let shown = redactor.quote(row);
        let words: Vec<&str> = shown.split(' ').collect();
        assert_eq!(words.len(), 13, "{shown}");
        assert_eq!(words[..2], ["2014-02-18", "23:04:23"]);
        assert!(words[2].starts_with("ipv4-private-"), "{shown}");
        assert_eq!(words[3], "51234");
        assert!(words[4].starts_with("ipv6-private-") && words[4].ends_with("%3"));
        assert_eq!(words[5..8], ["443", "HTTP/1.1", "GET"]);
        assert!(words[8].starts_with("uri-"), "{shown}");
        assert_eq!(words[9..12], ["503", "1", "QueueFull"]);
        assert!(words[12].starts_with("text-"), "{shown}");
    }

    #[test]
    fn refusals_and_rows_of_poolmon_stay() {
        let mut redactor = redactor(&[]);
        for row in [
            "2014-02-18 23:04:23 - - - - - - - - - 7_Connections_Refused -",
            "Nonp 100 0 100 1024000 1024",
            "snapshot with Pool N: 1048576K, at byte 400",
        ] {
            assert_eq!(redactor.quote(row), row);
        }
    }

    #[test]
    fn numbers_in_disguise_are_replaced() {
        let mut redactor = redactor(&[]);
        for word in [
            "4111-1111-1111-1111",
            "+49/30/123456",
            "10.0.0.5.secret",
            "x\u{0}y",
            "2014-2-1",
        ] {
            assert_ne!(redactor.quote(word), word);
        }
    }
}
