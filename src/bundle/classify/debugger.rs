//! Output of a kernel debugger, by its prompt, its banner, and the headings of `!poolused` and `!vm`.

use super::role::{Basis, Role};
use super::text::TextHead;

/// What `!poolused` and `!vm` print.
pub(super) fn recognise(text: &TextHead) -> Option<(Role, Basis)> {
    let words = [
        "Pool Used",
        "Pool Consumed",
        "!poolused",
        "NonPagedPool",
        "*** Virtual",
    ];
    if !words.iter().any(|words| text.holds(words)) {
        return None;
    }
    first_mark(
        text,
        &[
            (is_poolused, "the heading of !poolused"),
            (is_vm, "lines of !vm"),
        ],
    )
}

/// What shows a session, whatever was asked in it: `!poolused` may come far behind. Less than rows
/// of the pool themselves.
pub(super) fn recognise_session(text: &TextHead) -> Option<(Role, Basis)> {
    first_mark(
        text,
        &[
            (is_kernel_prompt, "a kernel debugger's prompt"),
            (is_banner, "a debugger's banner"),
        ],
    )
}

type Mark = (fn(&str) -> bool, &'static str);

fn first_mark(text: &TextHead, marks: &[Mark]) -> Option<(Role, Basis)> {
    marks.iter().find_map(|(is, what)| {
        let found = text.lines().map(plain).any(is);
        found.then_some((Role::DebuggerLog, Basis::Header(what)))
    })
}

/// The line without the marks of quoted mail.
fn plain(line: &str) -> &str {
    line.trim_start_matches(['>', ' ', '\t']).trim_end()
}

fn is_poolused(line: &str) -> bool {
    line == "Pool Used:"
        || line.starts_with("Sorting by") && line.contains("Pool Consumed")
        || line.starts_with("!poolused")
}

fn is_vm(line: &str) -> bool {
    let size = |name: &str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.contains('(') && rest.to_lowercase().contains("kb)"))
    };
    line.starts_with("*** Virtual Memory Usage ***")
        || size("NonPagedPool Usage:")
        || size("NonPagedPoolNx Usage:")
        || size("NonPagedPool Max:")
}

/// `kd> `, `0: kd> `, `lkd> `, before a command.
fn is_kernel_prompt(line: &str) -> bool {
    let Some((before, _)) = line.split_once("kd>") else {
        return false;
    };
    let processor = before.strip_suffix('l').unwrap_or(before).trim_end();
    processor.is_empty()
        || processor
            .strip_suffix(':')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn is_banner(line: &str) -> bool {
    line.starts_with("Loading Dump File [") || line.starts_with("Microsoft (R) Windows Debugger")
}
