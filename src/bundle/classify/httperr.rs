//! HTTPERR logs, and IIS request logs that look like them.

use super::name_hint::NameHint;
use super::role::{Basis, Role};
use super::text::TextHead;

/// Columns of the layouts that http.sys writes: Server 2003, SP1 to 2012 R2, with HTTP/2,
/// with QUIC, with fault codes.
const LAYOUT_COLUMNS: &[usize] = &[12, 13, 14, 16, 18];
/// Fewest and most columns of a row whose administrator chose the fields.
const CUSTOM_COLUMNS: std::ops::RangeInclusive<usize> = 5..=32;

/// Reasons that Microsoft documents or logs show, in lower case; enough of them to know
/// a row by. Refusals carry a count in front and are matched apart.
const REASONS: &[&str] = &[
    "appoffline",
    "apppooltimer",
    "appshutdown",
    "badrequest",
    "client_reset",
    "connection_abandoned_by_apppool",
    "connection_abandoned_by_reqqueue",
    "connection_dropped",
    "connection_dropped_list_full",
    "connlimit",
    "disabled",
    "entitytoolarge",
    "fieldlength",
    "forbidden",
    "header",
    "hostname",
    "internal",
    "invalid_cr/lf",
    "lengthrequired",
    "n/a",
    "n/i",
    "notfound",
    "number",
    "precondition",
    "queuefull",
    "requestlength",
    "request_cancelled",
    "slowresponsiveclient",
    "timer_apppool",
    "timer_connectionidle",
    "timer_entitybody",
    "timer_headerwait",
    "timer_minbytespersecond",
    "timer_reqqueue",
    "timer_response",
    "timer_sslrenegotiation",
    "url",
    "url_length",
    "verb",
    "version_n/s",
];

pub(super) fn recognise(hint: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    by_directive(text).or_else(|| by_rows(hint, text))
}

/// The first directive that tells the two kinds of log apart decides.
fn by_directive(text: &TextHead) -> Option<(Role, Basis)> {
    text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches('#').trim_start();
        if let Some(software) = after(line, "software:") {
            return software_of(&software.to_lowercase());
        }
        let fields = after(line, "fields:")?.to_lowercase();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if fields.contains(&"s-reason") {
            return Some((
                Role::HttpErr,
                Basis::Header("`s-reason` among its `#Fields`"),
            ));
        }
        let of_iis = [
            "cs-uri-stem",
            "sc-substatus",
            "sc-win32-status",
            "s-sitename",
        ];
        fields
            .iter()
            .any(|field| of_iis.contains(field))
            .then_some((Role::IisLog, Basis::Header("an IIS log's `#Fields`")))
    })
}

/// What follows `word`, in letters of either case, at the beginning of a line.
fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (begin, rest) = line.split_at_checked(word.len())?;
    begin.eq_ignore_ascii_case(word).then_some(rest)
}

fn software_of(software: &str) -> Option<(Role, Basis)> {
    if software.contains("microsoft http") {
        return Some((
            Role::HttpErr,
            Basis::Header("http.sys in its `#Software` line"),
        ));
    }
    software
        .contains("internet information serv")
        .then_some((Role::IisLog, Basis::Header("IIS in its `#Software` line")))
}

fn by_rows(hint: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let (mut any, mut all_fragments, mut fits) = (false, true, false);
    let mut row: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some(first) = line.trim_start().chars().next() else {
            continue;
        };
        any = true;
        // A date begins with a digit, and what is no date must hold a reason of several words.
        if !first.is_ascii_digit() && !line.contains('_') {
            all_fragments = false;
            continue;
        }
        row.clear();
        row.extend(line.split_whitespace());
        if is_row(&row) {
            return Some((Role::HttpErr, Basis::RowShape));
        }
        all_fragments = all_fragments && is_fragment(&row);
        fits = fits || (is_dated(&row) && CUSTOM_COLUMNS.contains(&row.len()));
    }
    if any && all_fragments {
        return Some((Role::HttpErr, Basis::RowShape));
    }
    (hint == Some(NameHint::HttpErr) && fits).then_some((Role::HttpErr, Basis::NameAndShape))
}

/// A refusal anywhere, or a dated row of a known layout with a known reason near its end
/// (the queue, the transport and two fault codes may follow the reason).
fn is_row(row: &[&str]) -> bool {
    if row.len() >= *CUSTOM_COLUMNS.start() && row.iter().any(|token| is_refusal(token)) {
        return true;
    }
    let known = |token: &&str| is_reason(token);
    let near_end = row.len().saturating_sub(5);
    is_dated(row)
        && (LAYOUT_COLUMNS.contains(&row.len()) || row.len() == 11)
        && row.get(near_end..).unwrap_or_default().iter().any(known)
}

/// The end of a row, as people paste it: a reason that can be nothing else in its last place or
/// before the queue. None of its rows can be dated, but each is counted and said.
fn is_fragment(row: &[&str]) -> bool {
    let unmistakable = |token: &&str| {
        token.contains('_')
            && (token.to_lowercase().ends_with("_connections_refused") || is_reason(token))
    };
    row.len() <= *CUSTOM_COLUMNS.end() && row.iter().rev().take(2).any(unmistakable)
}

fn is_reason(token: &str) -> bool {
    REASONS
        .iter()
        .any(|reason| reason.eq_ignore_ascii_case(token))
}

fn is_refusal(token: &str) -> bool {
    let reason = token
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches('_');
    ["connections_refused", "connection_refused"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(reason))
}

fn is_dated(row: &[&str]) -> bool {
    match row {
        [date, time, ..] => has_form(date, b"0000-00-00") && has_form(time, b"00:00:00"),
        _ => false,
    }
}

/// Digits where the form has zeros, and its own characters elsewhere.
fn has_form(text: &str, form: &[u8]) -> bool {
    let fits = |(byte, wanted): (u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        sign => byte == *sign,
    };
    text.len() == form.len() && text.bytes().zip(form).all(fits)
}
