//! One simulated case: a story told by a model, written down the way tools write.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::chance::Chance;
use super::httperr::{self, Style};
use super::images;
use super::kind::{Kind, Naming, Truth};
use super::pool::Row;
use super::snapshot::{self, Memory};
use super::stamp::Stamp;
use super::story::{Epoch, Story, ZoneSource};
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
            outcomes: self.outcomes(),
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

    /// Tables of this size are not known to be whole, and without the header's total they leave
    /// open what was not listed.
    fn outcomes(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Healthy | Kind::RefusalsWithoutPressure if !self.look.memory => &["inconclusive"],
            kind => kind.outcomes(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::pool::Charge;

    fn story(seed: u64) -> (Story, Vec<Event>) {
        let chance = Chance::new(seed);
        let story = Story::draw(&chance, Kind::of(seed));
        let (events, _) = story.events(&chance);
        (story, events)
    }

    /// A case is only fair when its bundle holds what the right answer needs.
    #[test]
    fn leaks_can_be_seen_before_and_during_the_refusals() {
        for seed in 0..100 {
            let (story, events) = story(seed);
            if !story.kind.reaches_limit() || story.kind == Kind::OneSnapshot {
                continue;
            }
            let first = events
                .iter()
                .find(|event| event.refused.is_some())
                .unwrap()
                .second;
            let epoch = &story.epochs[0];
            let before = epoch.whens.iter().filter(|&&when| when < first).count();
            let full = epoch.whens.iter().map(|&when| epoch.model.headroom(when));
            let least = full.fold(f64::MAX, f64::min);
            assert!(
                before >= 4,
                "seed {seed}: {before} snapshots before the refusals"
            );
            assert!(
                least < 0.03 * story.machine.limit,
                "seed {seed}: {least} bytes left at least"
            );
        }
    }

    /// The total of the pool is never less than what its tags account for.
    #[test]
    fn tags_add_up_to_no_more_than_the_pool() {
        for seed in 0..50 {
            for epoch in story(seed).0.epochs {
                let snapshots = epoch.model.snapshots(&epoch.whens);
                for (&when, (_, rows)) in epoch.whens.iter().zip(&snapshots) {
                    let nonpaged = rows.iter().filter(|row| row.charge == Charge::NonPaged);
                    let sum: u64 = nonpaged.map(|row| row.used).sum();
                    let total = epoch.model.nonpaged(when);
                    assert!(sum <= total, "seed {seed} at {when}: {sum} of {total}");
                    assert!(
                        sum * 100 >= total * 94,
                        "seed {seed} at {when}: {sum} of {total}"
                    );
                }
            }
        }
    }
}
