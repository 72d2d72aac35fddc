//! What happens in a case, drawn before a byte of it is written.

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};

use super::chance::Chance;
use super::images::{self, Culprit};
use super::kind::{self, Kind};
use super::machine::{Arch, Machine, SYSTEMS};
use super::pool::{Charge, Leak, MB, Model, Plan, Swell, TICK};
use super::snapshot::Look;
use super::stamp::Stamp;

/// Where the zone of local stamps can be learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    Iana,
    Offset,
    Systeminfo,
    /// The stamps say it themselves.
    Stamps,
    Nowhere,
}

/// One boot epoch of the story: a model and the second at which it begins.
pub struct Epoch {
    pub begin: i64,
    pub model: Model,
    /// Seconds of the epoch at which snapshots are taken.
    pub whens: Vec<i64>,
}

/// Everything drawn before a byte is written.
pub struct Story {
    pub kind: Kind,
    pub machine: Machine,
    pub start: DateTime<Utc>,
    pub stamp: Stamp,
    pub zone_source: ZoneSource,
    pub look: Look,
    pub culprit: Option<Culprit>,
    pub tag: [u8; 4],
    pub epochs: Vec<Epoch>,
    pub systeminfo: bool,
}

impl Story {
    /// Draws the story of one seed.
    pub fn draw(chance: &Chance, kind: Kind) -> Self {
        let mut draw = chance.part("story");
        let machine = Machine::draw(&mut chance.part("machine"), draw.pick(&SYSTEMS));
        let (stamp, zone_source) = clock(&mut chance.part("clock"), kind);
        let start = start(&mut chance.part("date"), &machine, stamp, zone_source);
        let (culprit, tag, size) = suspect(&mut chance.part("suspect"), kind, machine.system.arch);
        let epochs = epochs(&mut chance.part("pool"), kind, &machine, tag, size);
        let narrow_fits = machine.limit < 2_000.0 * MB;
        let mut look = Look::draw(&mut chance.part("look"), narrow_fits);
        if matches!(kind, Kind::PressureWithoutLeak | Kind::OneSnapshot) {
            // Without the total there would be nothing to see.
            (look.memory, look.cut) = (true, None);
        }
        let systeminfo = match zone_source {
            ZoneSource::Systeminfo => true,
            ZoneSource::Nowhere => false,
            _ => draw.odds(0.75),
        };
        Story {
            kind,
            machine,
            start,
            stamp,
            zone_source,
            look,
            culprit,
            tag,
            epochs,
            systeminfo,
        }
    }
}

fn clock(draw: &mut Chance, kind: Kind) -> (Stamp, ZoneSource) {
    match kind {
        Kind::NoTime => return (Stamp::None, ZoneSource::Nowhere),
        Kind::NoZone => {
            let local = [
                Stamp::BatchUs,
                Stamp::BatchDe,
                Stamp::LongDate,
                Stamp::NameCompact,
            ];
            return (draw.pick(&local), ZoneSource::Nowhere);
        }
        _ => {}
    }
    let stamp = Stamp::draw(draw);
    if stamp.knows_its_zone() {
        return (stamp, ZoneSource::Stamps);
    }
    let sources = [ZoneSource::Iana, ZoneSource::Offset, ZoneSource::Systeminfo];
    // The date of a file in an archive needs a zone, in a folder it does not: give one always.
    let sources = if stamp == Stamp::FileDate {
        &sources[..2]
    } else {
        &sources
    };
    (stamp, draw.pick(sources))
}

/// The first second of the story, in UTC.
fn start(draw: &mut Chance, machine: &Machine, stamp: Stamp, source: ZoneSource) -> DateTime<Utc> {
    let (from, to) = machine.system.years;
    let year = draw.whole(from as u64, to as u64) as i32;
    // Day and month can be told apart, as a support engineer would insist.
    let clear = |day: DateTime<Utc>| !stamp.is_ambiguous() || (13..=27).contains(&day.day());
    if source == ZoneSource::Iana && draw.odds(0.12) {
        let before = Duration::minutes(draw.whole(120, 420) as i64);
        let change = machine.zone.fall_back(year).map(|change| change - before);
        if let Some(night) = change.filter(|&night| clear(night)) {
            return night;
        }
    }
    loop {
        let day = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap()
            + Duration::days(draw.whole(3, 355) as i64)
            + Duration::seconds(draw.whole(0, 86399) as i64);
        // systeminfo shows the winter offset only; an offset on the command line never changes.
        let offset = machine.zone.offset(day);
        let unchanged = offset == machine.zone.offset(day + Duration::days(3));
        let told = match source {
            ZoneSource::Iana | ZoneSource::Stamps => true,
            ZoneSource::Offset => unchanged,
            ZoneSource::Systeminfo | ZoneSource::Nowhere => {
                unchanged && !machine.zone.in_summer(day)
            }
        };
        if clear(day) && told {
            return day;
        }
    }
}

/// Who leaks, under which tag, in blocks of which size.
fn suspect(draw: &mut Chance, kind: Kind, arch: Arch) -> (Option<Culprit>, [u8; 4], u64) {
    if kind == Kind::HandleLeak {
        let (tag, size) = kind::object(draw);
        return (None, tag, size);
    }
    let culprit = Culprit::draw(draw, arch);
    let tag = if draw.odds(0.4) {
        images::other_tag(draw)
    } else {
        culprit.tag
    };
    (Some(culprit), tag, draw.magnitude(6.0, 1500.0) as u64 * 8)
}

/// The story's boot epochs with their snapshots.
fn epochs(draw: &mut Chance, kind: Kind, machine: &Machine, tag: [u8; 4], size: u64) -> Vec<Epoch> {
    let seconds = draw.whole(6 * 60, 14 * 60) as i64 * 60;
    let plan = plan(draw, kind, machine, tag, size, seconds);
    let mut epochs = vec![epoch(draw, 0, plan.clone())];
    match kind {
        Kind::LeakWithReboot => {
            let mut after = plan;
            after.uptime = draw.between(60.0, 240.0);
            after.seconds = seconds * 6 / 10 / 60 * 60;
            for leak in &mut after.leaks {
                (leak.start, leak.freed, leak.key) = (size as f64 * 20.0, 0, draw.word());
            }
            let begin = seconds + draw.whole(240, 900) as i64;
            epochs.push(epoch(draw, begin, after));
        }
        Kind::OneSnapshot => {
            let first = &mut epochs[0];
            first.whens = vec![seconds * 97 / 100 / TICK * TICK];
        }
        _ => {}
    }
    epochs
}

fn epoch(draw: &mut Chance, begin: i64, plan: Plan) -> Epoch {
    let interval = draw.pick(&[15, 20, 30, 30, 45, 60]) * 60;
    let interval = interval
        .max(plan.seconds / 26 / TICK * TICK)
        .min(plan.seconds / 8 / TICK * TICK);
    let first = draw.whole(0, 60) as i64 * TICK;
    let whens = (first..plan.seconds).step_by(interval as usize).collect();
    Epoch {
        begin,
        model: Model::new(draw, plan),
        whens,
    }
}

fn plan(
    draw: &mut Chance,
    kind: Kind,
    machine: &Machine,
    tag: [u8; 4],
    size: u64,
    seconds: i64,
) -> Plan {
    let limit = machine.limit;
    let healthy = (draw.between(45.0, 120.0) * MB).min(limit * draw.between(0.18, 0.35));
    let uptime = draw.magnitude(0.3, 40.0) * 86400.0;
    let mut plan = Plan {
        limit,
        seconds,
        uptime,
        healthy,
        unrest: 1.0,
        swell: None,
        leaks: Vec::new(),
    };
    if kind.has_leak() {
        plan.leaks.push(leak(draw, kind, &plan, tag, size));
    }
    match kind {
        Kind::PressureWithoutLeak => {
            plan.healthy = limit * draw.between(0.72, 0.82);
            plan.unrest = 0.1;
            // To nine megabytes under the limit at the height of the load.
            let factor = (limit - 9.0 * MB) / plan.healthy - 1.0;
            let center = seconds as f64 * draw.between(0.4, 0.7);
            plan.swell = Some(Swell {
                center,
                width: seconds as f64 * 0.13,
                factor,
            });
        }
        Kind::RefusalsWithoutPressure | Kind::Healthy => {
            plan.healthy = plan.healthy.max(limit * draw.between(0.04, 0.3));
        }
        _ => {}
    }
    plan
}

/// A leak that meets the limit at six to nine tenths of the story, or stays well below it.
fn leak(draw: &mut Chance, kind: Kind, plan: &Plan, tag: [u8; 4], size: u64) -> Leak {
    let hours = plan.seconds as f64 / 3600.0;
    let room = plan.limit - plan.healthy;
    let (start, per_hour) = if kind.reaches_limit() {
        let start = room * draw.between(0.02, 0.55);
        (start, (room - start) / (hours * draw.between(0.6, 0.9)))
    } else {
        let start = room * draw.between(0.02, 0.25);
        (start, room * draw.between(0.15, 0.45) / hours)
    };
    Leak {
        tag,
        charge: Charge::NonPaged,
        size,
        start,
        per_hour,
        freed: draw.magnitude(1.0, 3e6) as u64,
        freed_per_hour: if draw.odds(0.5) {
            draw.magnitude(10.0, 5e4)
        } else {
            0.0
        },
        key: draw.word(),
    }
}
