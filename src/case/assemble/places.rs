//! Where the figures of a report stand: snapshots, logs, and what the case says of its machine.

use std::ops::Range;

use super::Parts;
use crate::artifact::httperr::Oddity;
use crate::case::evidence::{Ledger, Place};
use crate::case::logs::LogFile;
use crate::diagnosis::correlation::Source;
use crate::timeline::zone::ZoneSource;

/// Logs cited where a claim is about all of them; the rest stand in the coverage.
const MAX_LOGS: usize = 4;

/// Cites the snapshot's place in its file.
pub(super) fn cite_snapshot(
    parts: &Parts<'_>,
    place: usize,
    ledger: &mut Ledger<'_>,
) -> Option<String> {
    let snapshot = parts.pools.history.snapshots.get(place)?;
    let &(source, position) = parts.pools.places.get(snapshot.facts.order)?;
    let file = parts.survey.pools.get(source)?;
    let head = file.heads.get(position)?;
    let pool = snapshot.facts.pool_nonpaged.map_or_else(
        || format!("snapshot of {} rows", head.rows),
        |bytes| {
            format!(
                "snapshot with Pool N: {}K, at byte {}",
                bytes / 1024,
                head.offset
            )
        },
    );
    Some(ledger.cite(file.artifact.index(), head.first, pool))
}

/// Cites where the pool's level was read.
pub(super) fn cite_level(
    parts: &Parts<'_>,
    source: Source,
    ledger: &mut Ledger<'_>,
) -> Option<String> {
    match source {
        Source::Snapshot(place) => cite_snapshot(parts, place, ledger),
        Source::Counter(place) => {
            let sample = parts.counters.samples.get(place)?;
            Some(super::counters::cite(sample, ledger))
        }
    }
}

/// Cites the first and the last of some snapshots.
pub(super) fn cite_ends(
    parts: &Parts<'_>,
    places: Range<usize>,
    ledger: &mut Ledger<'_>,
) -> Vec<String> {
    let mut cited: Vec<String> = [Some(places.start), places.end.checked_sub(1)]
        .into_iter()
        .flatten()
        .filter(|place| places.contains(place))
        .filter_map(|place| cite_snapshot(parts, place, ledger))
        .collect();
    cited.dedup();
    cited
}

/// Cites the ends of the boot epoch in which growth was judged, or of the whole case.
pub(super) fn cite_growth(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Vec<String> {
    let history = &parts.pools.history;
    let judged = parts
        .facts
        .growth()
        .and_then(|g| history.epochs.get(g.epoch));
    let all = 0..history.snapshots.len();
    cite_ends(parts, judged.map_or(all, |e| e.snapshots.clone()), ledger)
}

/// Cites logs as such, by their first line, and says of each what `say` gives.
pub(super) fn cite_logs(
    parts: &Parts<'_>,
    ledger: &mut Ledger<'_>,
    say: impl Fn(&LogFile) -> Option<String>,
) -> Vec<String> {
    let said = parts
        .survey
        .logs
        .iter()
        .filter_map(|log| Some((log, say(log)?)));
    said.take(MAX_LOGS)
        .map(|(log, text)| ledger.cite(log.artifact.index(), Place::Line(1), text))
        .collect()
}

/// Cites the first line of some kind in each log that has one.
pub(super) fn cite_odd(parts: &Parts<'_>, kind: Oddity, ledger: &mut Ledger<'_>) -> Vec<String> {
    let first = |log: &LogFile| {
        log.log
            .tally
            .oddities
            .get(&kind)?
            .samples
            .first()
            .map(|s| s.line)
    };
    cite_lines(parts, first, ledger)
}

/// Cites one line of each log that `line` finds one in.
pub(super) fn cite_lines(
    parts: &Parts<'_>,
    line: impl Fn(&LogFile) -> Option<u64>,
    ledger: &mut Ledger<'_>,
) -> Vec<String> {
    let found = parts
        .survey
        .logs
        .iter()
        .filter_map(|log| Some((log.artifact.index(), line(log)?)));
    found
        .take(MAX_LOGS)
        .map(|(artifact, line)| ledger.cite_line(artifact, line))
        .collect()
}

/// Cites the archive that was passed, as a whole.
pub(super) fn cite_archive(
    parts: &Parts<'_>,
    text: String,
    ledger: &mut Ledger<'_>,
) -> Vec<String> {
    let Some(sha256) = parts.bundle.input_sha256().ok().flatten() else {
        return Vec::new();
    };
    let name = super::input_name(parts);
    vec![ledger.cite_named(name, Some(sha256.to_string()), 0, text, Vec::new())]
}

/// What the case says of its machine, where options do not overrule it.
#[derive(Default)]
pub(super) struct HostEvidence {
    /// Host name, system, memory, zone.
    pub(super) case: Vec<String>,
    /// What the limit of nonpaged pool follows from.
    pub(super) limit: Vec<String>,
}

pub(super) fn cite_host(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> HostEvidence {
    let mut cited = HostEvidence::default();
    let (options, survey) = (parts.options, parts.survey);
    let mut ram_stated = options.ram.is_some();
    if let Some((artifact, system)) = survey.systems.first() {
        let os = system.os_name.as_ref().map(|s| s.line);
        let os = os.or(system.os_version.as_ref().map(|s| s.line));
        let ram = system.ram_bytes.as_ref().map(|s| s.line);
        let arch = system.architecture.as_ref().map(|s| s.line);
        let limit = [
            os.filter(|_| options.os.is_none()),
            arch.filter(|_| options.arch.is_none()),
            ram.filter(|_| !ram_stated),
        ];
        ram_stated |= ram.is_some();
        for line in limit.into_iter().flatten() {
            cited.limit.push(ledger.cite_line(*artifact, line));
        }
        let zone = parts.pools.solution.zone.as_ref();
        let zone = zone
            .filter(|zone| zone.source == ZoneSource::SystemInfo)
            .and(system.time_zone.as_ref().map(|s| s.line));
        let host = system.host.as_ref().map(|s| s.line);
        for line in host.into_iter().chain(zone) {
            cited.case.push(ledger.cite_line(*artifact, line));
        }
    }
    let zone = parts.pools.solution.zone.as_ref();
    if zone.is_some_and(|zone| zone.source == ZoneSource::Registry)
        && let Some((artifact, stated)) = survey.time_zones.first()
    {
        cited.case.push(ledger.cite_line(*artifact, stated.line));
    }
    let snapshots = &parts.pools.history.snapshots;
    let header = snapshots.iter().rposition(|s| s.facts.ram.is_some());
    if let Some(place) = header.filter(|_| !ram_stated) {
        cited.limit.extend(cite_snapshot(parts, place, ledger));
    }
    if let Some((artifact, boot)) = survey.boots.first() {
        let switches = [
            boot.three_gb.as_ref().map(|s| s.line),
            boot.userva_mib.as_ref().map(|s| s.line),
            boot.increase_user_va_mib.as_ref().map(|s| s.line),
        ];
        for line in switches.into_iter().flatten() {
            cited.limit.push(ledger.cite_line(*artifact, line));
        }
    }
    for (artifact, line, text) in &survey.registry_lines {
        let id = ledger.cite(*artifact, Place::Line(*line), text.as_str());
        cited.limit.push(id);
    }
    cited.case.extend(cited.limit.iter().cloned());
    if options.npp_limit.is_some() {
        cited.limit.clear();
    }
    cited
}
