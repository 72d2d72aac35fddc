//! What is worth knowing beside the verdict: rival causes, contradictions, what cannot be seen.

use super::Parts;
use super::event_findings;
use super::known;
use super::places::{cite_level, cite_logs, cite_snapshot};
use super::{counters, custody};
use crate::artifact::driver::api::Role;
use crate::artifact::driver::tags::Grade;
use crate::artifact::listing::group_of;
use crate::artifact::pooltag::well_known;
use crate::case::conclusion::{Conclusion, kernel_owned, rivals_within};
use crate::case::driver_names::shown_name;
use crate::case::evidence::Ledger;
use crate::case::listed::foreign_filters;
use crate::diagnosis::attribution::Ranked;
use crate::report::model::{Finding, TagRow};
use crate::tag::{Pool, Tag};

/// What is worth knowing beside the verdict.
pub(super) fn findings(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    tags: &[TagRow],
    ledger: &mut Ledger<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |rule, kind, text: String, evidence: Vec<String>| {
        findings.push(Finding {
            rule,
            kind,
            text,
            evidence,
            known_issue: None,
        })
    };
    rivals(parts, ledger, &mut add);
    paged(parts, tags, &mut add);
    if let Some(disproved) = &parts.facts.disproved {
        let cited = cite_level(parts, disproved.source, ledger).into_iter();
        let text = disproved.text.clone();
        add("limit_contradicted", "pool", text, cited.collect());
    }
    let restarts = parts.pools.history.epochs.len().saturating_sub(1);
    if restarts > 0 {
        let times = if restarts == 1 {
            "once".to_owned()
        } else {
            format!("{restarts} times")
        };
        add(
            "restarts",
            "clock",
            format!("the kernel was restarted {times} between snapshots: counters fell"),
            restarted(parts, ledger),
        );
    }
    if let Some((tag, _)) = conclusion.leader.filter(|(tag, _)| kernel_owned(*tag)) {
        let known =
            well_known(tag).map(|k| format!("`{tag}` grows with {}; {}", k.grows, k.holders));
        add(
            "kernel_object",
            "pool",
            known.unwrap_or_default(),
            rows_of(tags, tag),
        );
    }
    findings.extend(super::pressure::finding(parts, ledger));
    findings.extend(minifilters(parts, conclusion, ledger));
    findings.extend(custody::holders(parts, conclusion, ledger));
    findings.extend(counters::finding(parts, ledger));
    findings.extend(custody::exhausted(parts, ledger));
    findings.extend(custody::findings(parts, ledger));
    findings.extend(event_findings::findings(
        parts,
        &shown_to_allocate(parts, conclusion),
        ledger,
    ));
    images(parts, ledger, &mut findings);
    findings.extend(known::issues(parts, conclusion, tags));
    findings
}

/// Names of the images that are shown to allocate with the leading tag.
fn shown_to_allocate(parts: &Parts<'_>, conclusion: &Conclusion) -> Vec<String> {
    let ranked = conclusion.leading_answer().map(|answer| &answer.ranked);
    let shown = ranked.into_iter().flatten().filter(|r| {
        r.suspicion.grade == Grade::CallSite && r.suspicion.role == Some(Role::Allocate)
    });
    let image = |r: &Ranked| parts.images.holding.get(r.suspicion.image);
    shown
        .filter_map(image)
        .map(|i| shown_name(i).to_owned())
        .collect()
}

/// Tags in lockstep are often what Windows allocates for each file that a minifilter holds on to:
/// third parties' minifilters are named with their place in the stack.
fn minifilters(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    ledger: &mut Ledger<'_>,
) -> Option<Finding> {
    /// Filters named; a machine with more has other troubles.
    const MAX_FILTERS: usize = 6;
    let (leader, _) = conclusion.leader?;
    let tied = !conclusion.companions.is_empty();
    let (mut named, mut cited) = (Vec::new(), Vec::new());
    for (artifact, filter) in foreign_filters(parts.survey).into_iter().take(MAX_FILTERS) {
        let place = filter.altitude.as_ref().map(|altitude| {
            let group = group_of(altitude).map_or_else(String::new, |g| format!(", {g}"));
            format!(" (altitude {altitude}{group})")
        });
        named.push(format!("{}{}", filter.name, place.unwrap_or_default()));
        cited.push(ledger.cite_line(artifact, filter.line));
    }
    (tied && !named.is_empty()).then(|| Finding {
        rule: "third_party_minifilters",
        kind: "driver",
        text: format!(
            "`{leader}` grows in lockstep with other tags, as memory does that Windows allocates for what a filter holds on to. \
             Minifilters of third parties that were loaded, topmost first: {}. Which of them it is, if any, this does not show",
            named.join("; ")
        ),
        evidence: cited,
        known_issue: None,
    })
}

/// Images that hide something, or that hold a tag the wrong way round.
fn images(parts: &Parts<'_>, ledger: &mut Ledger<'_>, findings: &mut Vec<Finding>) {
    let mut add = |rule, kind, text: String, evidence: Vec<String>| {
        findings.push(Finding {
            rule,
            kind,
            text,
            evidence,
            known_issue: None,
        })
    };
    for (name, sha256, why) in parts.images.blind.iter().take(8) {
        let sha256 = Some(sha256.to_string());
        let cited = ledger.cite_named(name.clone(), sha256, 0, why.as_str(), Vec::new());
        add(
            "cannot_see_inside",
            "driver",
            format!("{name}: {why}"),
            vec![cited],
        );
    }
    reversed(parts, ledger, &mut add);
}

/// Images that hold a tag with its bytes the other way round.
fn reversed(
    parts: &Parts<'_>,
    ledger: &mut Ledger<'_>,
    add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>),
) {
    for image in parts
        .images
        .holding
        .iter()
        .filter(|i| !i.reversed.is_empty())
        .take(4)
    {
        let reversed = image.reversed.iter();
        let tags: Vec<String> = reversed.map(|(tag, _)| format!("`{tag}`")).collect();
        let cited = image.reversed.iter().take(4).map(|(tag, offset)| {
            let (name, sha256) = (image.name.clone(), Some(image.sha256.to_string()));
            let text = format!("`{tag}` with its bytes reversed");
            ledger.cite_named(name, sha256, *offset, text, Vec::new())
        });
        let cited = cited.collect();
        add(
            "reversed_tag",
            "driver",
            format!(
                "{} holds {} with its bytes reversed: a hint that its author forgot the reversal, no evidence",
                image.name,
                tags.join(", ")
            ),
            cited,
        );
    }
}

/// Cites the first snapshot after each restart.
fn restarted(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Vec<String> {
    let later = parts.pools.history.epochs.iter().skip(1).take(8);
    later
        .filter_map(|epoch| cite_snapshot(parts, epoch.snapshots.start, ledger))
        .collect()
}

/// Evidence of a tag's rows.
pub(super) fn rows_of(tags: &[TagRow], tag: Tag) -> Vec<String> {
    let mine = |row: &&TagRow| row.tag_hex == tag.hex();
    let row = tags.iter().find(mine);
    row.map(|row| row.evidence.clone()).unwrap_or_default()
}

fn rivals(
    parts: &Parts<'_>,
    ledger: &mut Ledger<'_>,
    add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>),
) {
    let within = rivals_within(parts.log);
    for (name, rows) in &parts.log.reasons {
        if !crate::artifact::httperr::class_of(name).is_rival() {
            continue;
        }
        let inside = within.get(name.as_str()).copied().unwrap_or(0);
        let text = format!(
            "{rows} rows of {name}, {inside} of them during refusals: a cause of failed requests that has nothing to do with pool"
        );
        let cited = cite_reason(parts, name, ledger);
        add("rival_reason", "rival", text, cited);
    }
    let internal = parts.log.reasons.get("N/A").copied().unwrap_or(0);
    if internal > 0 {
        add(
            "unspecific_503",
            "rival",
            format!(
                "{internal} rows of N/A: memory that could not be allocated, or a missing host binding; proof of neither"
            ),
            cite_reason(parts, "N/A", ledger),
        );
    }
}

/// Cites the logs that hold rows of a reason; where they stand in them was not kept.
fn cite_reason(parts: &Parts<'_>, reason: &str, ledger: &mut Ledger<'_>) -> Vec<String> {
    cite_logs(parts, ledger, |log| {
        let rows = log.log.tally.reasons.get(reason).filter(|n| **n > 0)?;
        Some(format!("a log with {rows} rows of {reason}"))
    })
}

/// Growth of paged pool is a rival for what it starves, never a cause of refusals by http.sys.
fn paged(
    parts: &Parts<'_>,
    tags: &[TagRow],
    add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>),
) {
    let Some(growth) = parts.facts.growth() else {
        return;
    };
    let suspect = growth
        .paged_suspects
        .first()
        .and_then(|s| growth.series.get(s.series));
    let Some(series) =
        suspect.filter(|s| s.class.is_leak_pattern() && s.share.is_none_or(|part| part >= 0.3))
    else {
        return;
    };
    let text = format!(
        "`{}` grows in {} pool: {}. http.sys watches nonpaged pool only",
        series.tag,
        Pool::Paged,
        series.test()
    );
    add("paged_growth", "rival", text, rows_of(tags, series.tag));
}
