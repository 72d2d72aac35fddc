//! Output of `systeminfo`, whose labels are in the server's language.

use super::name_hint::NameHint;
use super::role::{Basis, Role};
use super::text::TextHead;

/// Labels of the first lines in English.
const LABELS: &[&str] = &["Host Name:", "OS Name:", "OS Version:"];
/// Lines whose values stand in one column that make the form, in any language. The
/// command writes over thirty.
const MIN_LINES: usize = 6;

pub(super) fn recognise(_: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let has = |label: &str| {
        let begins = |line: &str| line.trim_start().starts_with(label);
        text.holds(label) && text.lines().any(begins)
    };
    if has("System Information report written at:") {
        return Some((Role::SystemInfo, Basis::Header("msinfo32's first line")));
    }
    if LABELS.iter().filter(|label| has(label)).count() >= 2 {
        return Some((Role::SystemInfo, Basis::Header("systeminfo's labels")));
    }
    let csv = |line: &str| line.starts_with("\"Host Name\",\"OS Name\"");
    if text.holds("\"Host Name\"") && text.lines().any(csv) {
        return Some((
            Role::SystemInfo,
            Basis::Header("systeminfo's columns (CSV)"),
        ));
    }
    let values: Vec<(usize, &str)> = text.lines().filter_map(label_and_value).collect();
    let column = values.first()?.0;
    let aligned: Vec<&str> = values
        .iter()
        .filter(|(at, _)| *at == column)
        .map(|(_, value)| *value)
        .collect();
    let windows = aligned
        .iter()
        .any(|v| v.contains("Microsoft") && v.contains("Windows"));
    let by_column = aligned.len() >= MIN_LINES && windows;
    // Letters that are two columns wide, or two bytes of a code page, leave no column in
    // characters; some values are the same in every language.
    let by_values = tells_a_machine(values.iter().map(|(_, value)| *value));
    (by_column || by_values).then_some((Role::SystemInfo, Basis::RowShape))
}

/// Windows' name, its version, a kind of PC and a zone among the values, or three of the four.
fn tells_a_machine<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = [false; 4];
    for value in values {
        let kinds = [
            value.contains("Microsoft") && value.contains("Windows"),
            is_version(value),
            ["x64-", "X86-", "x86-", "ARM64-"]
                .iter()
                .any(|kind| value.starts_with(kind)),
            value.starts_with("(UTC") || value.starts_with("(GMT"),
        ];
        for (seen, now) in seen.iter_mut().zip(kinds) {
            *seen |= now;
        }
    }
    seen[0] && seen.iter().filter(|seen| **seen).count() >= 3
}

/// `10.0.14393 N/A ...`: three numbers and more words.
fn is_version(value: &str) -> bool {
    let Some((version, _)) = value.split_once(' ') else {
        return false;
    };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    version.split('.').count() == 3 && version.split('.').all(number)
}

/// The column (in characters) where the value begins and the value, of a line like
/// `Label:      value`.
fn label_and_value(line: &str) -> Option<(usize, &str)> {
    let (label, rest) = line.split_once(':')?;
    let value = rest.trim_start();
    let blanks = rest.chars().count() - value.chars().count();
    let plain = !label.is_empty() && !label.starts_with(char::is_whitespace) && blanks > 0;
    (plain && !value.is_empty()).then(|| (label.chars().count() + 1 + blanks, value))
}
