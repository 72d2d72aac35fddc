//! Known issues that the case fits.

use super::Parts;
use super::findings::rows_of;
use crate::artifact::driver::tags::{Grade, same};
use crate::case::conclusion::{Conclusion, TagAnswer, original_name};
use crate::diagnosis::rules::{Holder, Match, Suspect, matches};
use crate::report::model::{Finding, KnownIssue, TagRow};

/// Findings for the rules that match a tag that leaks here.
pub(super) fn issues(parts: &Parts<'_>, conclusion: &Conclusion, tags: &[TagRow]) -> Vec<Finding> {
    let leaks = |answer: &&TagAnswer| {
        let series = parts.facts.series_of(answer.tag, answer.pool);
        series.is_some_and(|s| s.class.is_leak_pattern())
    };
    let suspects: Vec<Suspect> = conclusion
        .answers
        .iter()
        .filter(leaks)
        .map(|answer| suspect(parts, answer))
        .collect();
    matches(&parts.options.rules, &suspects)
        .into_iter()
        .map(|found| finding(&found, &suspects, tags))
        .collect()
}

fn suspect(parts: &Parts<'_>, answer: &TagAnswer) -> Suspect {
    let shown = answer
        .ranked
        .iter()
        .filter(|ranked| ranked.suspicion.grade <= Grade::Name);
    Suspect {
        tag: answer.tag,
        pool: answer.pool,
        holders: shown
            .filter_map(|ranked| {
                let image = parts.images.holding.get(ranked.suspicion.image)?;
                Some(Holder {
                    names: vec![original_name(image), image.file_name.to_lowercase()],
                    version: ranked.suspicion.version,
                })
            })
            .collect(),
    }
}

fn finding(found: &Match<'_>, suspects: &[Suspect], tags: &[TagRow]) -> Finding {
    let rule = found.rule;
    let mut text = format!("known issue {}: {}", rule.id, rule.title);
    if let Some(fixed) = &rule.fixed_in {
        text.push_str(&format!("; fixed in {fixed}"));
    }
    if found.version_unknown {
        text.push_str("; the version of the driver is not known, so it may be fixed here");
    }
    if let Some(link) = &rule.link {
        text.push_str(&format!("; {link}"));
    }
    Finding {
        rule: "known_issue",
        kind: "driver",
        text,
        // The rows of the tags that the rule names and that leak here.
        evidence: suspects
            .iter()
            .filter(|s| rule.tags.iter().any(|&tag| same(tag, s.tag)))
            .flat_map(|s| rows_of(tags, s.tag))
            .collect(),
        known_issue: Some(KnownIssue {
            id: rule.id.clone(),
            title: rule.title.clone(),
            fixed_in: rule.fixed_in.clone(),
            link: rule.link.clone(),
            date: rule.date.clone(),
            pack: rule.pack.clone(),
        }),
    }
}
