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
        let line = line
            .trim()
            .trim_start_matches('#')
            .trim_start()
            .to_lowercase();
        if let Some(software) = line.strip_prefix("software:") {
            return software_of(software);
        }
        let fields: Vec<&str> = line.strip_prefix("fields:")?.split_whitespace().collect();
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
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
        .collect();
    if rows.iter().any(|row| is_row(row)) {
        return Some((Role::HttpErr, Basis::RowShape));
    }
    if !rows.is_empty() && rows.iter().all(|row| is_fragment(row)) {
        return Some((Role::HttpErr, Basis::RowShape));
    }
    let fits = |row: &Vec<&str>| is_dated(row) && CUSTOM_COLUMNS.contains(&row.len());
    (hint == Some(NameHint::HttpErr) && rows.iter().any(fits))
        .then_some((Role::HttpErr, Basis::NameAndShape))
}

/// A refusal anywhere, or a dated row of a known layout with a known reason near its end
/// (the queue, the transport and two fault codes may follow the reason).
fn is_row(row: &[&str]) -> bool {
    if row.len() >= *CUSTOM_COLUMNS.start() && row.iter().any(|token| is_refusal(token)) {
        return true;
    }
    let known = |token: &&str| REASONS.contains(&token.to_lowercase().as_str());
    let near_end = row.len().saturating_sub(5);
    is_dated(row)
        && (LAYOUT_COLUMNS.contains(&row.len()) || row.len() == 11)
        && row.get(near_end..).unwrap_or_default().iter().any(known)
}

/// The end of a row, as people paste it: a reason that can be nothing else in its last place or
/// before the queue. None of its rows can be dated, but each is counted and said.
fn is_fragment(row: &[&str]) -> bool {
    let unmistakable = |token: &&str| {
        let token = token.to_lowercase();
        token.ends_with("_connections_refused")
            || (token.contains('_') && REASONS.contains(&token.as_str()))
    };
    row.len() <= *CUSTOM_COLUMNS.end() && row.iter().rev().take(2).any(unmistakable)
}

fn is_refusal(token: &str) -> bool {
    let token = token.to_lowercase();
    let reason = token
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches('_');
    matches!(reason, "connections_refused" | "connection_refused")
}

fn is_dated(row: &[&str]) -> bool {
    let digits = |text: &str, form: &[usize], separator: char| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.len() == form.len()
            && parts
                .iter()
                .zip(form)
                .all(|(part, &len)| part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))
    };
    match row {
        [date, time, ..] => digits(date, &[4, 2, 2], '-') && digits(time, &[2, 2, 2], ':'),
        _ => false,
    }
}
