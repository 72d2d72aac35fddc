//! One simulated case: a story told by a model, written down the way tools write.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};

use super::chance::Chance;
use super::httperr::{self, Style};
use super::images::{self, Culprit};
use super::kind::{self, Kind, Naming, Truth};
use super::machine::{Arch, Machine, SYSTEMS};
use super::pool::{Charge, Leak, MB, Model, Plan, Row, Swell, TICK};
use super::snapshot::{self, Look, Memory};
use super::stamp::Stamp;
use super::traffic::{self, Event, Refusing, Spelling};
use crate::support::bundle::{Container, File, Modified};

/// A bundle with known truth.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub kind: Kind,
    pub files: Vec<File>,
    pub truth: Truth,
    /// Options that the case needs on the command line.
    pub options: Vec<String>,
    pub container: Container,
    /// What was drawn, for the reader of a failure.
    pub about: String,
    /// Single words for the draws, to check that the draws cover everything.
    pub drawn: Vec<String>,
}

/// Where the zone of local stamps can be learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ZoneSource {
    Iana,
    Offset,
    Systeminfo,
    /// The stamps say it themselves.
    Stamps,
    Nowhere,
}

/// One boot epoch of the story: a model and the second at which it begins.
struct Epoch {
    begin: i64,
    model: Model,
    /// Seconds of the epoch at which snapshots are taken.
    whens: Vec<i64>,
}

/// Everything drawn before a byte is written.
struct Story {
    kind: Kind,
    machine: Machine,
    start: DateTime<Utc>,
    stamp: Stamp,
    zone_source: ZoneSource,
    look: Look,
    culprit: Option<Culprit>,
    tag: [u8; 4],
    epochs: Vec<Epoch>,
    systeminfo: bool,
}

impl Case {
    /// The case of `seed`, always the same.
    pub fn generate(seed: u64) -> Case {
        let chance = Chance::new(seed);
        let story = Story::draw(&chance, Kind::of(seed));
        let (events, spelling) = story.events(&chance);
        let style = Style::draw(&mut chance.part("style"), story.machine.system.columns);
        let mut parts = Vec::new();
        parts.extend(httperr::files(
            &mut chance.part("logs"),
            &style,
            &events,
            story.start,
        ));
        let mut files: Vec<File> = parts.into_iter().map(|part| story.file(part)).collect();
        files.extend(story.snapshot_files(&mut chance.part("snapshots")));
        files.extend(story.other_files(&mut chance.part("other")));
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let containers = [
            Container::Folder,
            Container::ZipStored,
            Container::ZipDeflated,
        ];
        let container = chance.part("container").pick(&containers);
        let drawn = story.drawn(&style, spelling, container);
        Case {
            seed,
            kind: story.kind,
            files,
            truth: story.truth(&events),
            options: story.options(),
            container,
            about: drawn.join(" "),
            drawn,
        }
    }
}

impl Story {
    fn draw(chance: &Chance, kind: Kind) -> Self {
        let mut draw = chance.part("story");
        let mut machine = Machine::draw(&mut chance.part("machine"), draw.pick(&SYSTEMS));
        let (stamp, zone_source) = clock(&mut chance.part("clock"), kind);
        let start = start(&mut chance.part("date"), &mut machine, stamp, zone_source);
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

    fn at(&self, second: i64) -> DateTime<Utc> {
        self.start + Duration::seconds(second)
    }

    /// The last second of the story.
    fn end(&self) -> i64 {
        self.epochs
            .last()
            .map_or(0, |epoch| epoch.begin + epoch.model.plan.seconds)
    }

    /// Everything that http.sys logs, in order of time.
    fn events(&self, chance: &Chance) -> (Vec<Event>, Spelling) {
        let mut draw = chance.part("traffic");
        let spelling = Spelling::draw(&mut draw);
        let lead = draw.whole(0, 16) as i64 * 1800;
        let mut events = traffic::noise(&mut draw, -lead, self.end());
        if self.kind == Kind::RefusalsWithoutPressure {
            let spells = self.spells(&mut draw);
            let refusing = Refusing::Spells(&spells);
            events.extend(traffic::refusals(
                &mut draw,
                &refusing,
                self.end(),
                0,
                spelling,
            ));
            if draw.odds(0.6) {
                events.extend(traffic::rivals(&mut draw, &spells));
            }
        } else {
            for epoch in &self.epochs {
                let (refusing, seconds) = (Refusing::Low(&epoch.model), epoch.model.plan.seconds);
                let refused =
                    traffic::refusals(&mut draw, &refusing, seconds, epoch.begin, spelling);
                events.extend(refused);
            }
        }
        let up = |second: i64| {
            let runs = |e: &Epoch| (e.begin..=e.begin + e.model.plan.seconds).contains(&second);
            second < 0 || self.epochs.iter().any(runs)
        };
        events.retain(|event| up(event.second));
        events.sort_by_key(|event| event.second);
        (events, spelling)
    }

    /// One to three outages of ten to forty minutes that the pool knows nothing of.
    fn spells(&self, draw: &mut Chance) -> Vec<(i64, i64)> {
        let count = draw.whole(1, 3) as i64;
        let share = self.end() / count;
        (0..count)
            .map(|n| {
                let from = n * share + (share as f64 * draw.between(0.2, 0.6)) as i64;
                (from, from + draw.whole(600, 2400) as i64)
            })
            .collect()
    }

    /// A file whose last write is the end of the story, as after a collector's copy.
    fn file(&self, (name, bytes): (String, Vec<u8>)) -> File {
        self.dated(name, bytes, self.at(self.end() + 900))
    }

    fn dated(&self, name: String, bytes: Vec<u8>, moment: DateTime<Utc>) -> File {
        let modified = Modified {
            unix: moment.timestamp(),
            local: self.machine.zone.local(moment),
        };
        File {
            name,
            bytes,
            modified,
        }
    }

    /// The saved poolmon output, one file or one per snapshot.
    fn snapshot_files(&self, draw: &mut Chance) -> Vec<File> {
        let wide = draw.odds(0.2);
        let encode = |lines: &[Vec<u8>]| {
            let text: Vec<u8> = lines
                .iter()
                .flat_map(|line| [line, &b"\r\n"[..]].concat())
                .collect();
            if wide { httperr::utf16(&text) } else { text }
        };
        let taken: Vec<(DateTime<Utc>, Vec<Vec<u8>>)> = self.taken();
        if !self.stamp.is_of_the_file() && draw.odds(0.6) {
            let all: Vec<Vec<u8>> = taken.into_iter().flat_map(|(_, lines)| lines).collect();
            let name = draw.pick(&["poolmon.log", "poolmon.txt", "pool/poolsnap.log"]);
            return vec![self.file((name.to_owned(), encode(&all)))];
        }
        let first = draw.pick(&[1, 8]);
        let zone = &self.machine.zone;
        taken
            .iter()
            .enumerate()
            .map(|(number, (moment, lines))| {
                let name = self.stamp.file_name(*moment, zone, first + number);
                match self.stamp {
                    Stamp::FileDate => self.dated(name, encode(lines), *moment),
                    _ => self.file((name, encode(lines))),
                }
            })
            .collect()
    }

    /// Each snapshot's instant and lines, stamp first.
    fn taken(&self) -> Vec<(DateTime<Utc>, Vec<Vec<u8>>)> {
        let mut taken = Vec::new();
        for epoch in &self.epochs {
            let snapshots = epoch.model.snapshots(&epoch.whens);
            for (&when, (before, now)) in epoch.whens.iter().zip(&snapshots) {
                let moment = self.at(epoch.begin + when);
                let stamps = self.stamp.lines(moment, &self.machine.zone);
                let mut lines: Vec<Vec<u8>> = Vec::new();
                if !taken.is_empty() {
                    lines.push(Vec::new());
                }
                lines.extend(stamps.into_iter().map(String::into_bytes));
                lines.extend(self.snapshot(epoch, when, before, now));
                taken.push((moment, lines));
            }
        }
        taken
    }

    fn snapshot(&self, epoch: &Epoch, when: i64, before: &[Row], now: &[Row]) -> Vec<Vec<u8>> {
        // Saved snapshots count page faults since the start of Windows, in 32 bits; screens
        // since the last refresh.
        let faults = match self.look.layout.is_live() {
            true => 1500 + (when % 997) as i32,
            false => ((epoch.model.plan.uptime + when as f64) * 480.0) as u64 as u32 as i32,
        };
        let memory = Memory::of(&self.machine, epoch.model.nonpaged(when), now, faults);
        snapshot::lines(&self.look, &memory, before, now)
    }

    /// systeminfo, boot.ini, drivers, and files that mean nothing.
    fn other_files(&self, draw: &mut Chance) -> Vec<File> {
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        if self.systeminfo {
            let last = self.epochs.last().unwrap();
            let boot = self.at(last.begin) - Duration::seconds(last.model.plan.uptime as i64);
            let text = self.machine.systeminfo(boot, self.at(self.end() + 600));
            parts.push(("systeminfo.txt".to_owned(), text));
        }
        if self.machine.three_gb && draw.odds(0.5) {
            parts.push(("boot.ini".to_owned(), self.machine.boot_ini().into_bytes()));
        }
        if draw.odds(0.15) {
            parts.push((
                "notes.txt".to_owned(),
                b"Customer says: site is slow.\r\n".to_vec(),
            ));
        }
        if draw.odds(0.1) {
            let log = "#Software: Microsoft Internet Information Services 7.5\r\n#Version: 1.0\r\n\
                       #Fields: date time s-ip cs-method cs-uri-stem sc-status\r\n\
                       2014-02-18 00:00:01 10.1.2.3 GET / 200\r\n";
            parts.push(("W3SVC1/u_ex140218.log".to_owned(), log.as_bytes().to_vec()));
        }
        parts.extend(self.drivers(draw));
        parts.into_iter().map(|part| self.file(part)).collect()
    }

    fn drivers(&self, draw: &mut Chance) -> Vec<(String, Vec<u8>)> {
        let arch = self.machine.system.arch;
        let exchange = self
            .culprit
            .filter(|c| c.tag != self.tag)
            .map(|c| (c.tag, self.tag));
        let file = self.culprit.map(|culprit| culprit.file);
        match self.kind.has_driver() {
            true => images::folder(draw, arch, file, None, exchange),
            false if draw.odds(0.2) => Vec::new(),
            false => images::folder(draw, arch, None, file, exchange),
        }
    }

    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        match self.zone_source {
            ZoneSource::Iana => options.push(format!("--tz={}", self.machine.zone.tz.name())),
            ZoneSource::Offset => {
                options.push(format!("--tz={}", self.machine.zone.offset(self.start)));
            }
            ZoneSource::Systeminfo | ZoneSource::Stamps | ZoneSource::Nowhere => {}
        }
        if !self.systeminfo || self.machine.three_gb {
            options.push(format!("--npp-limit={}", self.machine.limit as u64));
        }
        options
    }

    fn truth(&self, events: &[Event]) -> Truth {
        let mut reasons = BTreeMap::new();
        for event in events.iter().filter(|event| event.refused.is_none()) {
            *reasons.entry(event.reason().to_owned()).or_insert(0) += 1;
        }
        Truth {
            outcomes: self.kind.outcomes(),
            confidence_at_most: self.kind.confidence_at_most(),
            tag: self.tag_truth(),
            driver: self.driver_truth(),
            refusal_total: events.iter().filter_map(|event| event.refused).sum(),
            refusal_rows: events
                .iter()
                .filter(|event| event.refused.is_some())
                .count() as u64,
            reasons,
            snapshots: self
                .epochs
                .iter()
                .map(|epoch| epoch.whens.len() as u64)
                .sum(),
        }
    }

    fn tag_truth(&self) -> Naming {
        let shown = shown(self.tag);
        match self.kind {
            Kind::OneSnapshot | Kind::NoTime => Naming::AtMost(shown),
            kind if kind.has_leak() => Naming::Exactly(shown),
            _ => Naming::Nobody,
        }
    }

    fn driver_truth(&self) -> Naming {
        match self.culprit.filter(|_| self.kind.has_driver()) {
            None => Naming::Nobody,
            // Wrappers are harder, and thin evidence may keep silent.
            Some(culprit) if culprit.wrapped || matches!(self.tag_truth(), Naming::AtMost(_)) => {
                Naming::AtMost(culprit.file.to_owned())
            }
            Some(culprit) => Naming::Exactly(culprit.file.to_owned()),
        }
    }

    fn drawn(&self, style: &Style, spelling: Spelling, container: Container) -> Vec<String> {
        let mess = style.mess;
        let messes = [
            (mess.line_feeds, "LineFeeds"),
            (mess.nul_run, "NulRun"),
            (mess.nul_tail, "NulTail"),
            (mess.torn_tail, "TornTail"),
            (mess.invalid_utf8, "InvalidUtf8"),
            (mess.duplicate, "Duplicate"),
            (mess.overlap, "Overlap"),
            (mess.utf16, "Utf16Log"),
            (mess.header_only_file, "HeaderOnly"),
            (self.look.only_nonpaged, "OnlyNonpaged"),
            (self.look.cut.is_some(), "CutScreen"),
            (!self.look.memory, "NoMemoryLines"),
            (self.look.totals, "Totals"),
            (self.machine.three_gb, "ThreeGb"),
            (!self.systeminfo, "NoSysteminfo"),
        ];
        let mut words = vec![
            format!("{:?}", self.kind),
            format!("{container:?}"),
            format!("{:?}", self.stamp),
            format!("Zone{:?}", self.zone_source),
            format!("{:?}", self.look.layout),
            format!("Mapped{:?}", self.look.mapped),
            style.columns.name.to_owned(),
            format!("Header{:?}", style.header),
            format!("{:?}", style.rollover),
            format!("{spelling:?}"),
            format!("{:?}", self.machine.system.arch),
        ];
        words.extend(
            messes
                .iter()
                .filter(|(drawn, _)| *drawn)
                .map(|(_, word)| (*word).to_owned()),
        );
        words
    }
}

/// How a report shows a tag.
fn shown(tag: [u8; 4]) -> String {
    tag.iter()
        .map(|&byte| match byte {
            0x20..=0x7e => (byte as char).to_string(),
            _ => format!("\\x{byte:02x}"),
        })
        .collect()
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
fn start(
    draw: &mut Chance,
    machine: &mut Machine,
    stamp: Stamp,
    source: ZoneSource,
) -> DateTime<Utc> {
    let (from, to) = machine.system.years;
    let year = draw.whole(from as u64, to as u64) as i32;
    if source == ZoneSource::Iana && draw.odds(0.08) {
        if let Some(change) = machine.zone.fall_back(year) {
            return change - Duration::minutes(draw.whole(120, 420) as i64);
        }
    }
    loop {
        let day = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap()
            + Duration::days(draw.whole(3, 355) as i64)
            + Duration::seconds(draw.whole(0, 86399) as i64);
        // Day and month can be told apart, as a support engineer would insist.
        let clear = !stamp.is_ambiguous() || (13..=27).contains(&day.day());
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
        if clear && told {
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
