//! What is worth knowing beside the verdict: rival causes, contradictions, what cannot be seen.

use super::Parts;
use super::known;
use super::reasons::cite_snapshot;
use crate::artifact::pooltag::well_known;
use crate::case::conclusion::{Conclusion, kernel_owned, rivals_within};
use crate::case::evidence::Ledger;
use crate::report::model::Finding;
use crate::tag::Pool;

/// What is worth knowing beside the verdict.
pub(super) fn findings(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
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
    rivals(parts, &mut add);
    paged(parts, &mut add);
    if let Ok(limit) = &parts.facts.host.limit {
        let peak = crate::case::facts::all_levels(&parts.pools.history)
            .map(|(place, _, _, bytes)| (bytes, place))
            .max();
        if let Some((bytes, place)) = peak
            && let Some(text) = u64::try_from(bytes)
                .ok()
                .and_then(|b| limit.contradicted_by(b))
        {
            let cited = cite_snapshot(parts, place, ledger).into_iter().collect();
            add("limit_contradicted", "pool", text, cited);
        }
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
            Vec::new(),
        );
    }
    if let Some((tag, _)) = conclusion.leader.filter(|(tag, _)| kernel_owned(*tag)) {
        let known =
            well_known(tag).map(|k| format!("`{tag}` grows with {}; {}", k.grows, k.holders));
        add(
            "kernel_object",
            "pool",
            known.unwrap_or_default(),
            Vec::new(),
        );
    }
    for (name, why) in parts.images.blind.iter().take(8) {
        add(
            "cannot_see_inside",
            "driver",
            format!("{name}: {why}"),
            Vec::new(),
        );
    }
    for image in parts
        .images
        .holding
        .iter()
        .filter(|i| !i.reversed.is_empty())
        .take(4)
    {
        let tags: Vec<String> = image.reversed.iter().map(|t| format!("`{t}`")).collect();
        add(
            "reversed_tag",
            "driver",
            format!(
                "{} holds {} with its bytes reversed: a hint that its author forgot the reversal, no evidence",
                image.name,
                tags.join(", ")
            ),
            Vec::new(),
        );
    }
    findings.extend(known::issues(parts, conclusion));
    findings
}

fn rivals(
    parts: &Parts<'_>,
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
        add("rival_reason", "rival", text, Vec::new());
    }
    let internal = parts.log.reasons.get("N/A").copied().unwrap_or(0);
    if internal > 0 {
        add(
            "unspecific_503",
            "rival",
            format!(
                "{internal} rows of N/A: memory that could not be allocated, or a missing host binding; proof of neither"
            ),
            Vec::new(),
        );
    }
}

/// Growth of paged pool is a rival for what it starves, never a cause of refusals by http.sys.
fn paged(parts: &Parts<'_>, add: &mut impl FnMut(&'static str, &'static str, String, Vec<String>)) {
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
    add("paged_growth", "rival", text, Vec::new());
}
