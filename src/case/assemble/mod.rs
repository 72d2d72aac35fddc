//! The report, put together from what was found.

mod capture;
mod counters;
mod coverage;
mod custody;
mod drivers;
mod event_findings;
mod events;
mod findings;
mod known;
mod owner;
mod places;
mod pool;
mod pressure;
mod reasons;
mod refusals;
mod steps;
mod verdict;

use super::conclusion::conclude;
use super::counters::Counters;
use super::custody::Custody;
use super::events::EventFacts;
use super::evidence::Ledger;
use super::facts::CaseFacts;
use super::images::Images;
use super::logs::LogFacts;
use super::options::Options;
use super::pools::Pools;
use super::survey::Survey;
use super::times::duration;
use crate::bundle::{Bundle, InputKind};
use crate::report::model::{
    Case, Correlation, Input, Refusals, Report, SCHEMA_VERSION, Time, Tool,
};
use crate::timeline::stamp::OrderDecision;
use crate::timeline::zone::ChosenZone;

/// What a report is made of.
pub(super) struct Parts<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) survey: &'a Survey,
    pub(super) log: &'a LogFacts,
    pub(super) pools: &'a Pools,
    pub(super) events: &'a EventFacts,
    pub(super) counters: &'a Counters,
    pub(super) facts: &'a CaseFacts,
    pub(super) images: &'a Images,
    pub(super) custody: &'a Option<Custody>,
    pub(super) options: &'a Options,
}

pub(super) use drivers::{driver as driver_of, version as version_of_info};

/// The refusals of logs that stand alone.
pub(super) fn refusals_of(log: &LogFacts) -> Refusals {
    refusals::of_logs(log, None, &[])
}

pub(super) fn report(parts: &Parts<'_>) -> Report {
    let conclusion = conclude(
        parts.log,
        parts.pools,
        parts.counters,
        parts.facts,
        parts.images,
    );
    let mut ledger = Ledger::new(parts.bundle, parts.survey);
    let quotes = refusals::quotes(parts, &mut ledger);
    let tags = pool::tags(parts, &conclusion, &mut ledger);
    let attribution = drivers::attribution(parts, &conclusion, &mut ledger);
    let verdict = verdict::verdict(
        parts,
        &conclusion,
        &quotes,
        &tags,
        &attribution,
        &mut ledger,
    );
    let findings = findings::findings(parts, &conclusion, &tags, &mut ledger);
    let events = events::events(parts, &mut ledger);
    let host = places::cite_host(parts, &mut ledger);
    let pool = pool::pool(parts, tags, host.limit, &mut ledger);
    let reasons = verdict.reasons.iter();
    let first: Vec<String> = reasons.flat_map(|r| &r.evidence).cloned().collect();
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        case: case(parts, host.case),
        time: time(parts),
        refusals: refusals::refusals(parts, &quotes),
        pool,
        events,
        correlation: correlation(parts),
        next_steps: steps::next_steps(parts, &conclusion, &verdict),
        verdict,
        attribution,
        findings,
        evidence: ledger.into_all(&first),
        coverage: coverage::coverage(parts),
    }
}

fn case(parts: &Parts<'_>, evidence: Vec<String>) -> Case {
    let digests: Vec<_> = parts.survey.entries.iter().map(|e| e.digest).collect();
    let id = parts.bundle.case_digest(&digests).to_string();
    let host = &parts.facts.host;
    Case {
        input: input(parts, &id),
        id,
        host: host.name.clone(),
        os: host.os.clone(),
        architecture: host.host.arch.map(|a| a.name().to_owned()),
        ram_bytes: host.host.ram_bytes,
        sources: host.sources.clone(),
        manifest: parts.custody.as_ref().map(custody::manifest),
        evidence,
    }
}

/// The last name of what was passed: the folders above it are the analyst's own.
fn input_name(parts: &Parts<'_>) -> String {
    let name = parts.bundle.paths().first().and_then(|p| {
        let whole = p.canonicalize().unwrap_or_else(|_| p.clone());
        whole.file_name().map(|n| n.to_string_lossy().into_owned())
    });
    name.unwrap_or_default()
}

fn input(parts: &Parts<'_>, id: &str) -> Input {
    let bundle = parts.bundle;
    let kind = match bundle.input() {
        InputKind::One(kind) => kind.name().to_owned(),
        other => other.name().to_owned(),
    };
    let sha256 = bundle.input_sha256().ok().flatten().map(|d| d.to_string());
    Input {
        kind,
        name: input_name(parts),
        sha256: sha256.or_else(|| Some(id.to_owned())),
        options: parts.options.typed.clone(),
    }
}

fn time(parts: &Parts<'_>) -> Time {
    let snapshots = &parts.pools.history.snapshots;
    let dated = snapshots.iter().filter(|s| s.facts.at.is_some()).count() as u64;
    let solution = &parts.pools.solution;
    let mut notes: Vec<String> = solution.notes.iter().map(ToString::to_string).collect();
    notes.extend(solution.date_orders.iter().map(date_order));
    if let Some(chosen) = &solution.zone {
        notes.extend(chosen.daylight_unknown.then(|| standard_time_only(chosen)));
        notes.extend(
            chosen
                .conflicts
                .iter()
                .map(|c| format!("the zone is stated otherwise by {}: {}", c.source, c.text)),
        );
    } else if let Some(hint) = &solution.offset_hint {
        let (hours, minutes) = (hint.minutes / 60, hint.minutes.abs() % 60);
        notes.push(format!(
            "file times of {} artifacts suggest the offset {hours:+03}:{minutes:02}; a hint only, nothing was dated with it",
            hint.artifacts
        ));
    }
    notes.extend(parts.facts.offset.as_ref().map(super::offset::sentence));
    Time {
        zone: solution.zone.as_ref().map(|z| z.zone.to_string()),
        zone_source: solution.zone.as_ref().map(|z| z.source.name().to_owned()),
        zone_text: solution.zone.as_ref().map(|z| z.text.clone()),
        dated_snapshots: dated,
        undated_snapshots: snapshots.len() as u64 - dated,
        stamp_sources: parts
            .pools
            .stamp_sources
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect(),
        withheld: parts.facts.withheld.clone(),
        notes,
    }
}

/// What is not known of a zone of which only the offset is.
fn standard_time_only(chosen: &ChosenZone) -> String {
    format!(
        "{} states the offset {} of standard time only, and whether clocks were set forward in \
         summer is not known: local times may be an hour late; --tz with the zone's name settles it",
        chosen.source, chosen.zone
    )
}

/// How the order of day and month was settled, in a sentence.
fn date_order(decision: &OrderDecision) -> String {
    let (form, stamps) = (&decision.form, decision.stamps);
    match (decision.order, decision.proof) {
        (Some(order), Some(proof)) => format!(
            "{stamps} dates of the form {form} are read as {order}: {}",
            proof.sentence()
        ),
        (Some(order), None) => format!("{stamps} dates of the form {form} are read as {order}"),
        (None, _) => format!(
            "{stamps} dates of the form {form} could not be read: their order of day and month stays open"
        ),
    }
}

fn correlation(parts: &Parts<'_>) -> Correlation {
    let withheld = parts.facts.withheld.clone();
    let Some(found) = &parts.facts.correlation else {
        return Correlation {
            withheld,
            ..Correlation::default()
        };
    };
    let mut text = pressure::sentence(found);
    if let Some(lag) = found.lag {
        let (amount, side) = (duration(lag), if lag < 0 { "before" } else { "after" });
        text.push_str(&format!(
            "; the first came {amount} {side} headroom fell to the threshold"
        ));
    }
    Correlation {
        reading: Some(found.reading.name()),
        text: Some(text),
        covered: Some(found.covered),
        separation: found.separation,
        lag_seconds: found.lag,
        survives_minutes_back: Some(found.survives.0),
        survives_minutes_forward: Some(found.survives.1),
        withheld,
    }
}
