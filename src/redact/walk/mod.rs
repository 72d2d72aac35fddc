//! A report, field by field. No struct is taken apart with `..`: a field that is added to the
//! model does not compile here until it is decided on.
//!
//! Fields without a call are kept: counts, times, words of a fixed set, hashes.

mod drivers;
mod figures;

use std::collections::BTreeSet;

use crate::case::LogsAlone;
use crate::report::Report;
use crate::report::model::*;

use super::Redactor;
use super::pseudonym::Class;
use super::quote::is_reason;
use super::vocabulary::Replacement;

/// Said in every redacted report, so that nobody takes a pseudonym for a name.
const NOTE: &str = "this report is redacted: names, paths, addresses and URIs are keyed pseudonyms (class-letters); equal pseudonyms stand for equal texts, and figures, times, tags and drivers are as found";

/// Words of which names of Windows consist, in lower case.
#[rustfmt::skip]
const OF_WINDOWS: &[&str] = &[
    "microsoft", "windows", "server", "r", "r2", "tm", "standard", "enterprise", "datacenter", "essentials", "foundation", "web",
    "storage", "small", "business", "professional", "pro", "home", "education", "ultimate", "workstations", "for", "edition", "core",
    "hyper", "v", "hpc", "multipoint", "premium", "azure", "stack", "hci", "iot", "ltsc", "ltsb", "xp", "vista", "win", "sp", "service", "pack",
    "build", "n", "a", "evaluation", "eval", "x64", "x86", "arm64", "nt", "se", "embedded", "team", "with", "without",
];

impl Redactor {
    /// The report with everything replaced that identifies the customer. The verdict, all
    /// figures, times, tags, hashes and evidence ids are as they were.
    pub fn report(&mut self, report: Report) -> Report {
        self.learn_from(&report);
        let Report {
            schema_version,
            tool,
            case,
            time,
            verdict,
            refusals,
            pool,
            events,
            correlation,
            attribution,
            findings,
            next_steps,
            evidence,
            coverage,
        } = report;
        let Tool { name, version } = tool;
        Report {
            schema_version,
            tool: Tool { name, version },
            case: self.case(case),
            time: self.time(time),
            verdict: self.verdict(verdict),
            refusals: self.refusals(refusals),
            pool: self.pool(pool),
            events: events.map(|events| self.events(events)),
            correlation: self.correlation(correlation),
            attribution: self.each(attribution, Self::attribution),
            findings: self.each(findings, Self::finding),
            next_steps: self.each(next_steps, Self::next_step),
            evidence: self.each(evidence, Self::evidence),
            coverage: self.coverage(coverage),
        }
    }

    /// What the logs alone say, redacted.
    pub fn logs(&mut self, logs: LogsAlone) -> LogsAlone {
        let LogsAlone {
            refusals,
            files,
            others,
            notes,
        } = logs;
        LogsAlone {
            refusals: self.refusals(refusals),
            files: self.each(files, |r, (name, notes)| {
                (r.path(&name), r.sentences(notes))
            }),
            others: self.each(others, |r, (name, role)| (r.path(&name), role)),
            notes: self.sentences(notes),
        }
    }

    /// What must be known of a report before any of its texts is looked at.
    fn learn_from(&mut self, report: &Report) {
        let artifacts = &report.coverage.artifacts;
        self.known.roles = artifacts.iter().map(|a| (a.name.clone(), a.role)).collect();
        let rows = report.pool.tags.iter().map(|row| &row.tag);
        let asked = report.attribution.iter().map(|a| &a.tag);
        let groups = report.pool.lockstep.iter().flat_map(|group| &group.members);
        let tags = rows.chain(asked).chain(groups.map(|member| &member.tag));
        let beside = report.verdict.also.iter().map(|also| &also.tag);
        for tag in tags.chain(&report.verdict.tag).chain(beside) {
            self.known.tags.insert(tag.clone());
            let words = tag.split([' ', '\t']).map(str::to_owned);
            self.known.tag_words.extend(words);
        }
        // The roles are known only now, and with them which files are drivers.
        let mut exact = Vec::new();
        for artifact in artifacts {
            let shown = self.path(&artifact.name);
            exact.push((artifact.name.clone(), Replacement::Words(shown)));
        }
        let candidates = report.attribution.iter().flat_map(|a| &a.candidates);
        let drivers = candidates.map(|c| &c.driver).chain(&report.verdict.driver);
        for driver in drivers {
            self.learn_driver(driver, &mut exact);
        }
        let marks = report.events.iter().flat_map(|events| &events.marks);
        for image in marks.filter_map(|mark| mark.image.as_ref()) {
            let shown = self.installed(image);
            exact.push((image.clone(), Replacement::Words(shown)));
        }
        let renewed: BTreeSet<&str> = exact.iter().map(|(text, _)| text.as_str()).collect();
        self.to_the_letter
            .retain(|(text, _)| !renewed.contains(text.as_str()));
        self.learn(exact);
    }

    fn each<T, U>(&mut self, all: Vec<T>, mut one: impl FnMut(&mut Self, T) -> U) -> Vec<U> {
        all.into_iter().map(|item| one(self, item)).collect()
    }

    fn sentences(&mut self, all: Vec<String>) -> Vec<String> {
        self.each(all, |r, text| r.sentence(&text))
    }

    fn maybe_sentence(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| self.sentence(&text))
    }

    fn case(&mut self, case: Case) -> Case {
        let Case {
            id,
            input,
            host,
            os,
            architecture,
            ram_bytes,
            sources,
            manifest,
            evidence,
        } = case;
        Case {
            input: self.input(input, &id),
            // A digest of names: whoever knows the contents' digests, which are kept, could try
            // names until it fits.
            id: self.name(Class::Case, &id),
            host: host.map(|host| self.name(Class::Host, &host)),
            os: os.map(|os| self.windows(&os)),
            architecture,
            ram_bytes,
            sources: self.sentences(sources),
            manifest: manifest.map(|manifest| self.manifest(manifest)),
            evidence,
        }
    }

    /// The files that it lists and the words of its troubles are names that the case states; its
    /// other texts are a stranger's.
    fn manifest(&mut self, manifest: Manifest) -> Manifest {
        let Manifest {
            schema,
            collector,
            version,
            created,
            complete,
            verified,
            files,
            files_verified,
            changed,
            missing,
            extra,
            errors,
            limits_hit,
        } = manifest;
        Manifest {
            schema: self.quote(&schema),
            collector: collector.map(|text| self.quote(&text)),
            version: version.map(|text| match is_release(&text) {
                true => text,
                false => self.quote(&text),
            }),
            created: created.map(|text| self.quote(&text)),
            complete,
            verified,
            files,
            files_verified,
            changed: self.sentences(changed),
            missing: self.sentences(missing),
            extra: self.sentences(extra),
            errors: self.sentences(errors),
            limits_hit: self.sentences(limits_hit),
        }
    }

    fn input(&mut self, input: Input, id: &str) -> Input {
        let Input {
            kind,
            name,
            sha256,
            options,
        } = input;
        Input {
            kind,
            name: self.component(&name, Class::Bundle),
            // Of a folder it is the case's id; of a file that was passed it is that file's.
            sha256: sha256.filter(|digest| digest != id),
            options: self.each(options, |r, option| r.option(&option)),
        }
    }

    /// An option as typed: those that name a file are replaced, the others are facts.
    fn option(&mut self, option: &str) -> String {
        let file = option
            .split_once('=')
            .filter(|(name, _)| matches!(*name, "--pooltag" | "--drivers"));
        match file {
            Some((name, value)) => format!("{name}={}", self.component(value, Class::File)),
            None => self.sentence(option),
        }
    }

    /// A name of Windows; other words in it are dropped.
    fn windows(&mut self, os: &str) -> String {
        let word = |word: &str| {
            word.chars().all(|c| c.is_ascii_digit())
                || OF_WINDOWS.contains(&word.to_lowercase().as_str())
        };
        let known = |token: &&str| {
            token
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .all(word)
        };
        let kept: Vec<&str> = os.split(' ').filter(known).collect();
        let kept = kept.join(" ");
        match kept == os {
            true => kept,
            false => self.stranger(&kept) + " …",
        }
    }

    fn time(&mut self, time: Time) -> Time {
        let Time {
            zone,
            zone_source,
            zone_text,
            dated_snapshots,
            undated_snapshots,
            stamp_sources,
            withheld,
            notes,
        } = time;
        let typed = zone_source.as_deref() == Some("option");
        Time {
            // An IANA name or an offset, out of a table.
            zone,
            zone_text: zone_text.map(|text| match typed {
                true => text,
                false => self.name(Class::Text, &text),
            }),
            zone_source,
            dated_snapshots,
            undated_snapshots,
            stamp_sources,
            withheld: withheld.map(|withheld| self.withheld(withheld)),
            notes: self.sentences(notes),
        }
    }

    fn withheld(&mut self, withheld: Withheld) -> Withheld {
        let Withheld {
            reason,
            remedy,
            option,
        } = withheld;
        Withheld {
            reason: self.sentence(&reason),
            remedy: self.sentence(&remedy),
            option,
        }
    }

    fn verdict(&mut self, verdict: Verdict) -> Verdict {
        let Verdict {
            outcome,
            confidence,
            summary,
            tag,
            tag_hex,
            pool,
            driver,
            also,
            reasons,
            would_change,
        } = verdict;
        Verdict {
            outcome,
            confidence,
            summary: self.sentence(&summary),
            tag,
            tag_hex,
            pool,
            driver: driver.map(|driver| self.driver(driver)),
            also: self.each(also, Self::also_leaks),
            reasons: self.each(reasons, Self::reason),
            would_change: self.sentences(would_change),
        }
    }

    fn also_leaks(&mut self, also: AlsoLeaks) -> AlsoLeaks {
        let AlsoLeaks {
            tag,
            tag_hex,
            share_of_growth,
            driver,
        } = also;
        AlsoLeaks {
            tag,
            tag_hex,
            share_of_growth,
            driver: driver.map(|name| self.driver_name(&name)),
        }
    }

    fn reason(&mut self, reason: Reason) -> Reason {
        let Reason {
            rule,
            weight,
            text,
            evidence,
        } = reason;
        Reason {
            rule,
            weight,
            text: self.sentence(&text),
            evidence,
        }
    }

    fn finding(&mut self, finding: Finding) -> Finding {
        let Finding {
            rule,
            kind,
            text,
            evidence,
            // Rules are not the case's: they say the same of every case.
            known_issue,
        } = finding;
        Finding {
            rule,
            kind,
            text: self.sentence(&text),
            evidence,
            known_issue,
        }
    }

    fn next_step(&mut self, step: NextStep) -> NextStep {
        let NextStep {
            audience,
            text,
            command,
        } = step;
        NextStep {
            audience,
            text: self.sentence(&text),
            command: self.maybe_sentence(command),
        }
    }

    /// Evidence of an image is a sentence about its code, all other is a line of an artifact.
    fn evidence(&mut self, evidence: Evidence) -> Evidence {
        let Evidence {
            id,
            artifact,
            sha256,
            line,
            offset,
            record,
            text,
            context,
        } = evidence;
        let of_events = self.known.roles.get(&artifact) == Some(&"event_log");
        let of_image = offset.is_some()
            && self
                .known
                .roles
                .get(&artifact)
                .is_none_or(|role| *role == "driver");
        Evidence {
            id,
            artifact: self.path(&artifact),
            sha256,
            line,
            offset,
            record,
            text: match (of_events, of_image) {
                // A clause of ours about an event, not its words.
                (true, _) => self.sentence(&text),
                (_, true) => self.stranger(&text),
                _ => self.quote(&text),
            },
            context: self.context(context),
        }
    }

    /// Lines are quotes and instructions are told by the analysis. Rows of bytes are left out: what
    /// they spell cannot be replaced in them.
    fn context(&mut self, context: Vec<ContextLine>) -> Vec<ContextLine> {
        let shown = context.into_iter().filter(|line| line.kind != "bytes");
        self.each(shown.collect(), |r, line| {
            let ContextLine {
                kind,
                line,
                offset,
                cited,
                text,
            } = line;
            let text = match kind {
                "instruction" => r.stranger(&text),
                _ => r.quote(&text),
            };
            ContextLine {
                kind,
                line,
                offset,
                cited,
                text,
            }
        })
    }

    fn coverage(&mut self, coverage: Coverage) -> Coverage {
        let Coverage {
            artifacts,
            notes,
            limits_hit,
        } = coverage;
        let notes = self.sentences(notes);
        Coverage {
            artifacts: self.each(artifacts, Self::artifact),
            notes: std::iter::once(NOTE.to_owned()).chain(notes).collect(),
            limits_hit: self.sentences(limits_hit),
        }
    }

    fn artifact(&mut self, artifact: ArtifactRow) -> ArtifactRow {
        let ArtifactRow {
            name,
            role,
            why,
            bytes,
            sha256,
            used,
            notes,
        } = artifact;
        ArtifactRow {
            name: self.path(&name),
            role,
            why: self.sentence(&why),
            bytes,
            sha256,
            used,
            notes: self.sentences(notes),
        }
    }

    /// A reason: kept if http.sys is known to write it.
    fn log_reason(&mut self, reason: String) -> String {
        match is_reason(&reason) {
            true => reason,
            false => self.name(Class::Reason, &reason),
        }
    }
}

/// Three numbers, as releases have; an address has four.
fn is_release(text: &str) -> bool {
    let number =
        |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(number)
}
