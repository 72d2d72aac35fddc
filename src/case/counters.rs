//! Performance counters of a case: nonpaged pool between the snapshots, or without any.
//!
//! Counters know no tags. They say how high the pool stood when connections were refused, and
//! which process' handles grew. Each log is dated by the zone that it states itself; only one that
//! states none goes by the zone of the case. Counters of another machine are left alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::pools::Pools;
use super::survey::{Survey, Use};
use crate::artifact::collector::{Handles, Holder};
use crate::artifact::perfmon::{Form, Machine, PerfLog, Sample, StatedZone, When};
use crate::bundle::{Artifact, Bundle, ContentDigest, HashingReader};
use crate::diagnosis::correlation::pressure::Memory;
use crate::report::wording::bare;
use crate::timeline::series::PoolHistory;
use crate::timeline::zone::{LocalResolution, Zone, ZoneClaim};

mod boots;
mod describe;

pub(super) use describe::is_binary;

/// A sample this near a snapshot that states the pool's total, in milliseconds, adds nothing: both
/// were read from the same counter.
const SAME_MOMENT: i64 = 2_000;

/// One dated sample that states the size of nonpaged pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct CounterSample {
    /// Milliseconds since 1970 UTC.
    pub(super) at: i64,
    /// Nonpaged pool in bytes.
    pub(super) bytes: i64,
    /// Memory and commit.
    pub(super) memory: Memory,
    /// When the kernel was started, in milliseconds since 1970 UTC, where the log counts that.
    boot: Option<i64>,
    /// The boot epoch: that of the snapshots around it, or one beyond them all.
    pub(super) epoch: usize,
    /// Place of its log in the inventory, and line.
    pub(super) artifact: usize,
    pub(super) line: u64,
}

/// All counters of the case's machine.
#[derive(Default)]
pub(super) struct Counters {
    /// By time.
    pub(super) samples: Vec<CounterSample>,
    /// The machine's name, if nothing but counters states it.
    pub(super) host: Option<String>,
    /// Physical memory.
    pub(super) ram: Option<u64>,
    /// Where the handles of processes are counted: place in the inventory.
    pub(super) handles: Option<(usize, Handles)>,
}

/// Reads a counter log as a stream.
pub(super) fn survey(
    bundle: &Bundle,
    artifact: &Artifact,
    notes: &mut Vec<String>,
) -> (ContentDigest, Use, Option<PerfLog>) {
    if is_binary(artifact) {
        notes.push(describe::BINARY.to_owned());
        let digest = super::survey::digest_of(bundle, artifact);
        return (digest, Use::NotUnderstood, None);
    }
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return (ContentDigest::Unreadable, Use::Unreadable, None);
    };
    let mut hashing = HashingReader::new(reader);
    let log = crate::artifact::perfmon::read(&mut hashing);
    let digest = match hashing.finish() {
        Ok((sha256, _, reader)) if reader.fault().is_none() => ContentDigest::Whole(sha256),
        Ok((sha256, _, _)) => ContentDigest::Partial(sha256),
        Err(_) => ContentDigest::Unreadable,
    };
    let used = describe::log(&log, notes);
    (digest, used, Some(log))
}

/// Dates the samples of the case's machine and finds their boot epochs.
pub(super) fn settle(survey: &mut Survey, pools: &Pools) -> Counters {
    let mut counters = Counters::default();
    let stated = stated_host(survey);
    let host = stated.clone().or_else(|| most_named(survey));
    let mut seen: Vec<ContentDigest> = Vec::new();
    let perfs = std::mem::take(&mut survey.perfs);
    for (index, log) in &perfs {
        let Some(entry) = survey.entries.get_mut(*index) else {
            continue;
        };
        if matches!(entry.digest, ContentDigest::Whole(_)) && seen.contains(&entry.digest) {
            entry.used = Use::Duplicate;
            let note = "another artifact has the same bytes: its samples count once";
            entry.notes.push(note.to_owned());
            continue;
        }
        seen.push(entry.digest);
        let (mine, others): (Vec<&Machine>, Vec<&Machine>) = log
            .machines
            .iter()
            .partition(|machine| is_of(machine, host.as_deref()));
        describe::others(&others, host.as_deref(), &mut entry.notes);
        if mine.is_empty() && !log.machines.is_empty() {
            entry.used = Use::NotNeeded;
        }
        let clock = Clock::of(log, pools);
        describe::clock(&clock, log, &mut entry.notes);
        for machine in mine {
            counters.take(*index, machine, &clock, &mut entry.notes);
        }
    }
    survey.perfs = perfs;
    if stated.is_none() && !counters.samples.is_empty() {
        counters.host = host;
    }
    counters.samples.sort_by_key(|s| (s.at, s.artifact, s.line));
    counters.samples.dedup_by_key(|s| s.at);
    drop_those_of_snapshots(&mut counters.samples, &pools.history);
    boots::assign(&mut counters.samples, &pools.history);
    counters
}

impl Counters {
    fn take(&mut self, index: usize, machine: &Machine, clock: &Clock, notes: &mut Vec<String>) {
        let mut before = None;
        let (mut undated, mut odd) = (0, 0);
        for sample in &machine.samples {
            self.ram = sample.ram.or(self.ram);
            let Some(at) = clock.utc(sample.when, before, &mut odd) else {
                undated += 1;
                continue;
            };
            before = Some(at);
            let at = at.timestamp_millis();
            let Some(bytes) = sample.nonpaged.and_then(|b| i64::try_from(b).ok()) else {
                continue;
            };
            self.samples.push(CounterSample {
                at,
                bytes,
                memory: memory_of(sample),
                boot: sample
                    .uptime
                    .and_then(|s| i64::try_from(s).ok())
                    .map(|s| at.saturating_sub(s.saturating_mul(1_000))),
                epoch: 0,
                artifact: index,
                line: sample.line,
            });
        }
        if undated > 0 {
            notes.push(format!("{} without a zone to date them by: they stand on no common time with the logs (--tz names it)", bare(undated, "sample")));
        }
        if odd > 0 {
            notes.push(format!("{} at a time that the zone's clocks skipped: the machine does not follow its daylight saving", bare(odd, "sample")));
        }
        if self.handles.is_none() && !machine.processes.is_empty() {
            self.handles = Some((index, holders(machine)));
        }
    }
}

fn memory_of(sample: &Sample) -> Memory {
    let charge = sample.commit_limit.zip(sample.committed);
    Memory::of(sample.available, sample.ram, charge)
}

/// The processes as the collector's table of handles has them, by growth.
fn holders(machine: &Machine) -> Handles {
    let mut holders: Vec<Holder> = machine
        .processes
        .iter()
        .map(|process| Holder {
            pid: process.pid.unwrap_or(0),
            image: process.name.clone(),
            first: process.first,
            last: process.last,
            line: process.line,
        })
        .collect();
    holders.sort_by(|a, b| (b.growth(), &a.image, a.pid).cmp(&(a.growth(), &b.image, b.pid)));
    Handles {
        holders,
        rejected: 0,
    }
}

/// The machine's name, as manifest or systeminfo state it.
fn stated_host(survey: &Survey) -> Option<String> {
    let manifest = survey.manifests.first();
    let by_manifest = manifest.and_then(|(_, manifest)| manifest.host.name.clone());
    by_manifest.or_else(|| {
        let (_, system) = survey.systems.first()?;
        Some(system.host.as_ref()?.value.clone())
    })
}

/// Of several machines the one with most samples; the first of equals.
fn most_named(survey: &Survey) -> Option<String> {
    let mut samples: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for machine in survey.perfs.iter().flat_map(|(_, log)| &log.machines) {
        let Some(name) = &machine.name else { continue };
        let entry = samples.entry(short(name)).or_insert((0, name.clone()));
        entry.0 += machine.samples.len() + 1;
    }
    let most = samples.into_values().rev().max_by_key(|(count, _)| *count);
    most.map(|(_, name)| name)
}

/// A name without its domain, folded: columns have the short name, systeminfo may have either.
fn short(name: &str) -> String {
    let label = name.trim_start_matches('\\').split('.').next();
    label.unwrap_or_default().to_lowercase()
}

fn is_of(machine: &Machine, host: Option<&str>) -> bool {
    match (&machine.name, host) {
        (Some(name), Some(host)) => short(name) == short(host),
        _ => true,
    }
}

/// How the times of a log become UTC.
enum Clock {
    /// The log is in UTC.
    Utc,
    /// By a zone that the log states by its name.
    Stated(Zone),
    /// By the bias that the log states; its zone's name is not known.
    Bias(Zone, StatedZone),
    /// By the zone of the case: the log states none.
    OfCase(Zone),
    /// Not at all.
    Unknown,
}

impl Clock {
    fn of(log: &PerfLog, pools: &Pools) -> Clock {
        if log.form == Form::Collected {
            return Clock::Utc;
        }
        let stated = log.zone.as_ref();
        let named = stated.and_then(|zone| {
            let bias = zone.bias_minutes?;
            ZoneClaim::from_pdh_header(&zone.name, bias)
        });
        if let Some(crate::timeline::zone::ZoneFact::Zone(zone)) = named.map(|claim| claim.fact) {
            return Clock::Stated(zone);
        }
        let bias = stated.and_then(|zone| {
            let east = zone.bias_minutes?.checked_neg()?;
            Some((Zone::from_minutes(east)?, zone.clone()))
        });
        match (bias, &pools.solution.zone) {
            (Some((Zone::Utc, stated)), _) if stated.name == "UTC" => Clock::Stated(Zone::Utc),
            (Some((zone, stated)), _) => Clock::Bias(zone, stated),
            (None, Some(chosen)) => Clock::OfCase(chosen.zone),
            (None, None) => Clock::Unknown,
        }
    }

    fn zone(&self) -> Option<Zone> {
        match self {
            Clock::Utc => Some(Zone::Utc),
            Clock::Stated(zone) | Clock::Bias(zone, _) | Clock::OfCase(zone) => Some(*zone),
            Clock::Unknown => None,
        }
    }

    /// A reading of the clock in UTC. One that happened twice is the earlier, unless the sample
    /// before it was later than that. `odd` counts those that never happened.
    fn utc(
        &self,
        when: When,
        before: Option<DateTime<Utc>>,
        odd: &mut u64,
    ) -> Option<DateTime<Utc>> {
        let local = match when {
            When::Utc(at) => return Some(at),
            When::Local(local) => local,
        };
        match self.zone()?.resolve(local) {
            LocalResolution::Unique(at) => Some(at),
            LocalResolution::Ambiguous { early, late } => {
                Some(if before.is_some_and(|b| b > early) {
                    late
                } else {
                    early
                })
            }
            LocalResolution::Gap { unshifted, .. } => {
                *odd += 1;
                Some(unshifted)
            }
            LocalResolution::OutOfRange => None,
        }
    }
}

/// Drops samples that repeat what a snapshot says.
fn drop_those_of_snapshots(samples: &mut Vec<CounterSample>, history: &PoolHistory) {
    let stated = history
        .snapshots
        .iter()
        .filter(|s| s.facts.pool_nonpaged.is_some());
    let mut times: Vec<i64> = stated.filter_map(|s| s.facts.at).collect();
    times.sort_unstable();
    samples.retain(|sample| {
        let after = times.partition_point(|at| *at < sample.at - SAME_MOMENT);
        times
            .get(after)
            .is_none_or(|at| *at > sample.at + SAME_MOMENT)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn local(hour: u32, minute: u32) -> When {
        let day = NaiveDate::from_ymd_opt(2026, 10, 25).unwrap();
        When::Local(day.and_hms_opt(hour, minute, 0).unwrap())
    }

    #[test]
    fn an_hour_that_happens_twice_goes_on() {
        let clock = Clock::Stated(Zone::parse("Europe/Berlin").unwrap());
        let mut before = None;
        let mut odd = 0;
        let mut times = Vec::new();
        for (hour, minute) in [(1, 30), (2, 0), (2, 30), (2, 0), (2, 30), (3, 0)] {
            before = clock.utc(local(hour, minute), before, &mut odd);
            times.push(before.unwrap().timestamp());
        }
        let steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(steps, [1_800; 5]);
        assert_eq!(odd, 0);
    }

    #[test]
    fn names_of_one_machine() {
        let machine = |name: &str| Machine {
            name: Some(name.to_owned()),
            ..Machine::default()
        };
        assert!(is_of(&machine("WEB01"), Some("web01.corp.example")));
        assert!(!is_of(&machine("WEB010"), Some("WEB01")));
        assert!(is_of(&Machine::default(), Some("WEB01")));
    }
}
