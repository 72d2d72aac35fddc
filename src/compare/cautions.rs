//! What limits a comparison: each rule is a function of the two sides.

use serde::Serialize;

use super::side::{Side, Span};
use crate::diagnosis::growth::thresholds::MIN_POINTS_FOR_INTERVAL;
use crate::report::wording;

/// Shortest span of snapshots in which growth is looked for: Microsoft's procedure for finding
/// a kernel leak with poolmon asks for two hours.
const SHORTEST_HOURS: f64 = 2.0;

/// Spans of which one is this many times the other see different parts of a day's load.
const UNLIKE_SPANS: f64 = 4.0;

/// Something to keep in mind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caution {
    /// The rule's name.
    pub rule: &'static str,
    /// In a sentence.
    pub text: String,
}

/// Every rule, in the order in which they are read.
type Rule = fn(&Side, &Side) -> Vec<String>;
const RULES: &[(&str, Rule)] = &[
    ("snapshots", |a, b| each(a, b, snapshots)),
    ("undated", |a, b| each(a, b, undated)),
    ("span", |a, b| {
        [each(a, b, short_span), unlike_spans(a, b)].concat()
    }),
    ("refusals_later", |a, b| {
        [later(("A", a), ("B", b)), later(("B", b), ("A", a))].concat()
    }),
    ("logs", |a, b| each(a, b, logs)),
    ("restart", |a, b| each(a, b, restart)),
    ("zone", zone),
    ("machine", machine),
    ("limit", limit),
    ("images", images),
    ("reading", |a, b| each(a, b, reading)),
    ("program", program),
];

/// What is to be kept in mind.
pub(super) fn cautions(a: &Side, b: &Side) -> Vec<Caution> {
    let said = RULES.iter().flat_map(|(rule, find)| {
        find(a, b)
            .into_iter()
            .map(move |text| Caution { rule, text })
    });
    said.collect()
}

fn each(a: &Side, b: &Side, rule: fn(&str, &Side) -> Option<String>) -> Vec<String> {
    [rule("A", a), rule("B", b)].into_iter().flatten().collect()
}

fn snapshots(letter: &str, side: &Side) -> Option<String> {
    match side.pool.snapshots {
        0 => Some(format!(
            "{letter} has no pool snapshot: nothing is known of its tags"
        )),
        1 => Some(format!(
            "{letter} has one pool snapshot: sizes can be read, growth cannot"
        )),
        n if n < MIN_POINTS_FOR_INTERVAL as u64 => Some(format!(
            "{letter} has {n} pool snapshots: from {MIN_POINTS_FOR_INTERVAL} on slopes have intervals"
        )),
        _ => None,
    }
}

fn undated(letter: &str, side: &Side) -> Option<String> {
    (side.pool.undated > 0).then(|| {
        format!(
            "{letter}: {} without a time, so no growth per hour of these",
            wording::counted(side.pool.undated, "snapshot")
        )
    })
}

fn short_span(letter: &str, side: &Side) -> Option<String> {
    let hours = side.pool.covered?.hours();
    (side.pool.snapshots > 1 && hours < SHORTEST_HOURS).then(|| {
        format!(
            "the snapshots of {letter} cover {}; growth is looked for over {SHORTEST_HOURS} h at least",
            wording::hours(hours)
        )
    })
}

fn unlike_spans(a: &Side, b: &Side) -> Vec<String> {
    let (Some(one), Some(other)) = (a.pool.covered, b.pool.covered) else {
        return Vec::new();
    };
    let (one, other) = (one.hours(), other.hours());
    if one.max(other) <= one.min(other) * UNLIKE_SPANS || one.min(other) <= 0.0 {
        return Vec::new();
    }
    vec![format!(
        "the snapshots cover {} in A and {} in B: parts of a day with other load",
        wording::hours(one),
        wording::hours(other)
    )]
}

/// No refusals in a log that ends before they came in the other case.
fn later((there, with): (&str, &Side), (here, without): (&str, &Side)) -> Vec<String> {
    let refused = |side: &Side| side.refusals.total.is_some_and(|n| n > 0);
    let hours = without.refusals.covered.map(Span::hours);
    match (with.refusals.first_after_hours, hours) {
        (Some(first), Some(hours)) if refused(with) && !refused(without) && hours < first => {
            vec![format!(
                "no refused connection in {here} says little: its logs cover {}, and in {there} the first came {} after the logs began",
                wording::hours(hours),
                wording::hours(first)
            )]
        }
        _ => Vec::new(),
    }
}

fn logs(letter: &str, side: &Side) -> Option<String> {
    match (side.refusals.logs, side.refusals.is_lower_bound) {
        (0, _) => Some(format!(
            "{letter} has no HTTPERR log that could show refusals"
        )),
        (_, true) => Some(format!(
            "{letter}: rows without a count make the refused connections a lower bound"
        )),
        _ => None,
    }
}

fn restart(letter: &str, side: &Side) -> Option<String> {
    (side.pool.restarts > 0).then(|| {
        format!(
            "{letter} was restarted {} between its snapshots; slopes are of one boot epoch",
            if side.pool.restarts == 1 {
                "once".to_owned()
            } else {
                format!("{} times", wording::count(side.pool.restarts))
            }
        )
    })
}

fn zone(a: &Side, b: &Side) -> Vec<String> {
    let said = |side: &Side| side.zone.clone().unwrap_or_else(|| "not stated".to_owned());
    if a.zone == b.zone {
        return Vec::new();
    }
    vec![format!(
        "zones of local times: {} in A, {} in B; all times here are UTC",
        said(a),
        said(b)
    )]
}

fn machine(a: &Side, b: &Side) -> Vec<String> {
    let mut unlike = Vec::new();
    let differ = |one: &Option<String>, other: &Option<String>| {
        one.is_some() && other.is_some() && one != other
    };
    if differ(&a.os, &b.os) {
        unlike.push("Windows version");
    }
    if differ(&a.architecture, &b.architecture) {
        unlike.push("architecture");
    }
    if a.ram_bytes.is_some() && b.ram_bytes.is_some() && a.ram_bytes != b.ram_bytes {
        unlike.push("memory");
    }
    if unlike.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the machines differ in {}: slopes and limits need not agree",
        unlike.join(", ")
    )]
}

fn limit(a: &Side, b: &Side) -> Vec<String> {
    let quality = |side: &Side| side.limit.as_ref().and_then(|l| l.quality.clone());
    let poor: Vec<String> = [("A", quality(a)), ("B", quality(b))]
        .into_iter()
        .filter_map(|(letter, quality)| match quality.as_deref() {
            None => Some(format!("the limit of {letter} is not known")),
            Some("guess") => Some(format!("the limit of {letter} is a guess")),
            Some(_) => None,
        })
        .collect();
    poor
}

fn images(a: &Side, b: &Side) -> Vec<String> {
    let none = |letter: &str, side: &Side| {
        side.drivers
            .is_empty()
            .then(|| format!("{letter} has no driver images: nothing is known of its versions"))
    };
    [none("A", a), none("B", b)].into_iter().flatten().collect()
}

fn reading(letter: &str, side: &Side) -> Option<String> {
    let mut parts = Vec::new();
    if side.unread > 0 {
        parts.push(format!(
            "{} not or not wholly read",
            wording::counted(side.unread, "artifact")
        ));
    }
    if side.limits_hit > 0 {
        parts.push(format!(
            "{} met",
            wording::counted(side.limits_hit, "limit")
        ));
    }
    (!parts.is_empty()).then(|| format!("{letter}: {}", parts.join(", ")))
}

fn program(a: &Side, b: &Side) -> Vec<String> {
    let mut said = Vec::new();
    if a.tool_version != b.tool_version {
        let version = |side: &Side| side.tool_version.clone().unwrap_or_else(|| "?".to_owned());
        said.push(format!(
            "the reports were made by versions {} and {} of the program, whose rules may differ",
            version(a),
            version(b)
        ));
    }
    if a.options != b.options {
        let options = |side: &Side| match side.options.is_empty() {
            true => "none".to_owned(),
            false => side.options.join(" "),
        };
        said.push(format!(
            "options of the analysis: {} for A, {} for B",
            options(a),
            options(b)
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leaking, side};
    use super::*;

    fn rules(a: &Side, b: &Side) -> Vec<&'static str> {
        cautions(a, b).into_iter().map(|c| c.rule).collect()
    }

    #[test]
    fn like_sides_need_no_caution() {
        assert_eq!(rules(&leaking("A"), &leaking("B")), [""; 0]);
    }

    #[test]
    fn each_gap_is_said_of_its_side() {
        let a = leaking("A");
        let mut b = side("B");
        b.pool.snapshots = 1;
        b.pool.undated = 1;
        b.zone = None;
        b.refusals.logs = 0;
        b.drivers.clear();
        b.ram_bytes = Some(1);
        b.limit = None;
        b.unread = 2;
        b.tool_version = None;
        let said = cautions(&a, &b);
        let names: Vec<_> = said.iter().map(|c| c.rule).collect();
        assert_eq!(
            names,
            [
                "snapshots",
                "undated",
                "logs",
                "zone",
                "machine",
                "limit",
                "images",
                "reading",
                "program"
            ]
        );
        let of_sides = said
            .iter()
            .filter(|c| !matches!(c.rule, "machine" | "program"));
        assert!(of_sides.clone().all(|c| c.text.contains('B')), "{said:?}");
    }

    #[test]
    fn a_log_that_ends_too_early_shows_no_fix() {
        let a = leaking("A");
        let mut b = side("B");
        assert_eq!(rules(&a, &b), [""; 0]);
        let from = b.refusals.covered.unwrap().from;
        b.refusals.covered = Some(Span {
            from,
            to: from + 3_600_000,
        });
        assert_eq!(rules(&a, &b), ["refusals_later"]);
    }
}
