//! The HTTPERR logs of a case, each row counted once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use super::survey::{Survey, Use};
use super::times::of_seconds;
use crate::artifact::httperr::{self, LayoutSource, Log, Oddity, Standing, Tally, WORTH_SPLITTING};
use crate::bundle::{Artifact, ArtifactId, Bundle, ContentDigest, HashingReader};
use crate::report::wording::bare;
use crate::timeline::episode::{Episode, RefusalPoint, episodes};

/// One log, read.
pub(super) struct LogFile {
    pub(super) artifact: ArtifactId,
    pub(super) log: Log,
    pub(super) standing: Standing,
}

impl LogFile {
    pub(super) fn usefulness(&self) -> Use {
        let tally = &self.log.tally;
        if tally.rows == 0 && !tally.is_analysable() {
            Use::NotUnderstood
        } else if tally
            .oddities
            .keys()
            .any(|k| !matches!(k, Oddity::PassedOn | Oddity::Misaligned | Oddity::TornTail))
        {
            Use::PartlyUsed
        } else {
            Use::Used
        }
    }
}

/// All logs together.
#[derive(Default)]
pub(super) struct LogFacts {
    pub(super) rows: u64,
    pub(super) refused: u64,
    pub(super) refusal_rows: u64,
    pub(super) uncounted_rows: u64,
    pub(super) reasons: BTreeMap<String, u64>,
    pub(super) rivals: BTreeMap<(i64, &'static str), u64>,
    pub(super) episodes: Vec<Episode>,
    /// Refused connections over time: start of a stretch and how many, and the stretch's length.
    pub(super) counts: Vec<(i64, u64)>,
    pub(super) count_seconds: i64,
    /// Hours since 1970 in which some log has a row.
    pub(super) alive_hours: Vec<i64>,
    pub(super) first_row: Option<i64>,
    pub(super) last_row: Option<i64>,
    /// Name, first and last row of each log, in order of time.
    pub(super) spans: Vec<(String, i64, i64)>,
    /// Logs whose rows can be read for their reason.
    pub(super) analysable: u64,
    /// Logs whose fields lack the reason.
    pub(super) unanalysable: u64,
    /// Refusals whose time could not be read.
    pub(super) undated_refusals: u64,
    /// What is to be said of the logs together.
    pub(super) notes: Vec<String>,
}

/// Whether a log's digest is wanted; taking it costs more than reading the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Wanted,
    NotWanted,
}

/// Reads a log, large ones with several threads, and takes its digest.
pub(super) fn read_log(
    bundle: &Bundle,
    artifact: &Artifact,
    digest: Digest,
    notes: &mut Vec<String>,
) -> (LogFile, ContentDigest) {
    let large = bundle
        .path_of(artifact.id)
        .filter(|_| artifact.size.is_some_and(|size| size >= WORTH_SPLITTING));
    let (tally, bytes, digest, trouble) = match (large, artifact.size) {
        (Some(path), Some(size)) => {
            let open = |at: u64| {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(at)).map(|_| file)
            };
            let taken = || match digest {
                Digest::Wanted => super::survey::digest_all(bundle, artifact),
                Digest::NotWanted => ContentDigest::Unreadable,
            };
            let ((tally, trouble), digest) = rayon::join(|| httperr::read_split(open, size), taken);
            (tally, size, digest, trouble)
        }
        _ => stream_log(bundle, artifact, digest),
    };
    if let Some(trouble) = trouble {
        notes.push(format!("reading failed: {trouble}"));
    }
    describe(&tally, bytes, notes);
    let log = LogFile {
        artifact: artifact.id,
        log: Log { tally, bytes },
        standing: Standing::Counted,
    };
    (log, digest)
}

fn stream_log(
    bundle: &Bundle,
    artifact: &Artifact,
    digest: Digest,
) -> (Tally, u64, ContentDigest, Option<io::Error>) {
    let mut reader = match bundle.open_artifact(artifact.id) {
        Ok(reader) => reader,
        Err(why) => {
            return (
                Tally::default(),
                0,
                ContentDigest::Unreadable,
                Some(io::Error::other(why)),
            );
        }
    };
    if digest == Digest::NotWanted {
        let (tally, trouble) = httperr::read(&mut reader);
        return (
            tally,
            reader.delivered(),
            ContentDigest::Unreadable,
            trouble,
        );
    }
    let mut hashing = HashingReader::new(reader);
    let (tally, trouble) = httperr::read(&mut hashing);
    let (sha256, bytes, reader) = hashing.into_parts();
    let whole = reader.fault().is_none() && trouble.is_none();
    let digest = if whole {
        ContentDigest::Whole(sha256)
    } else {
        ContentDigest::Partial(sha256)
    };
    (tally, bytes, digest, trouble)
}

fn describe(tally: &Tally, bytes: u64, notes: &mut Vec<String>) {
    if bytes == 0 {
        notes.push("empty: it neither shows refusals nor their absence".into());
    } else if tally.rows == 0 && tally.is_analysable() {
        notes.push("no rows: it neither shows refusals nor their absence".into());
    } else if tally.rows == 0 {
        notes.push(
            "its fields lack s-reason, so it cannot show refusals: not analysable, not clean"
                .into(),
        );
    }
    let inferred: u64 = tally
        .layouts
        .iter()
        .filter(|l| l.layout.source() == LayoutSource::Inferred)
        .map(|l| l.rows)
        .sum();
    if inferred > 0 {
        let columns: Vec<String> = tally
            .layouts
            .iter()
            .filter(|l| l.layout.source() == LayoutSource::Inferred)
            .map(|l| l.layout.columns().to_string())
            .collect();
        notes.push(format!(
            "no #Fields line before {}: layout inferred from {} columns",
            bare(inferred, "row"),
            columns.join(", ")
        ));
    }
    for (kind, odd) in &tally.oddities {
        let first = odd.samples.first().map_or(0, |s| s.line);
        notes.push(format!(
            "{} {} (first: line {first})",
            odd.count,
            kind.phrase(odd.count)
        ));
    }
    if tally.nul_bytes > 0 {
        notes.push(format!("{} skipped", bare(tally.nul_bytes, "NUL byte")));
    }
    if tally.non_utf8_lines > 0 {
        notes.push(format!(
            "{} not in UTF-8, read all the same",
            bare(tally.non_utf8_lines, "line")
        ));
    }
    if let Some(step) = tally.steps_back.iter().max_by_key(|s| s.from - s.to) {
        let times = tally.steps_back_total;
        let by = super::times::duration(step.from - step.to);
        notes.push(format!(
            "its clock runs backwards {}, by up to {by} (line {})",
            bare(times, "time"),
            step.line
        ));
    }
    if tally.reasons_over_limit > 0 {
        notes.push(format!(
            "{} with further unknown reasons, counted together",
            bare(tally.reasons_over_limit, "row")
        ));
    }
}

/// Takes out what stands in several logs, and adds up the rest.
pub(super) fn settle(bundle: &Bundle, survey: &mut Survey) -> LogFacts {
    let ids: Vec<ArtifactId> = survey.logs.iter().map(|l| l.artifact).collect();
    let mut logs: Vec<Log> = survey
        .logs
        .iter_mut()
        .map(|l| {
            std::mem::replace(
                &mut l.log,
                Log {
                    tally: Tally::default(),
                    bytes: 0,
                },
            )
        })
        .collect();
    let open = |place: usize| bundle.open_artifact(ids[place]).map_err(io::Error::other);
    let standings = httperr::settle(&mut logs, open);
    for ((file, log), standing) in survey.logs.iter_mut().zip(logs).zip(standings) {
        file.log = log;
        file.standing = standing;
    }
    for index in 0..survey.logs.len() {
        note_standing(bundle, survey, index, &ids);
    }
    let mut facts = add_up(&survey.logs);
    facts.spans = spans(bundle, &survey.logs);
    facts
}

/// Logs whose span is listed; a plot could not tell more of them apart.
const MAX_SPANS: usize = 1_000;

/// Name, first and last row of each log that counts for itself, in order of time.
fn spans(bundle: &Bundle, logs: &[LogFile]) -> Vec<(String, i64, i64)> {
    let counts = |file: &&LogFile| !matches!(file.standing, Standing::BeginningOf { .. });
    let mut spans: Vec<(String, i64, i64)> = logs
        .iter()
        .filter(counts)
        .filter_map(|file| {
            let span = file.log.tally.span?;
            let name = bundle.artifact(file.artifact)?.name.to_string();
            Some((name, span.earliest, span.latest))
        })
        .collect();
    spans.sort_by(|a, b| (a.1, a.2, &a.0).cmp(&(b.1, b.2, &b.0)));
    spans.truncate(MAX_SPANS);
    spans
}

fn note_standing(bundle: &Bundle, survey: &mut Survey, index: usize, ids: &[ArtifactId]) {
    let name = |other: &usize| {
        bundle
            .artifact(ids[*other])
            .map_or_else(String::new, |a| a.name.to_string())
    };
    let names = |others: &[usize]| others.iter().map(name).collect::<Vec<_>>().join(", ");
    let (note, used) = match &survey.logs[index].standing {
        Standing::Counted => return,
        Standing::BeginningOf { other } => (
            format!(
                "all its bytes stand at the beginning of {}: its rows count once",
                name(other)
            ),
            Some(Use::Duplicate),
        ),
        Standing::Overlaps { others, rows } => (
            format!(
                "{rows} of its rows {} in {} too and count once",
                if *rows == 1 { "stands" } else { "stand" },
                names(others)
            ),
            Some(Use::PartlyUsed),
        ),
        Standing::NotCompared { others } => (
            format!(
                "covers the time of {} and is too large to compare: rows may count twice",
                names(others)
            ),
            None,
        ),
    };
    if let Some(entry) = survey.entries.get_mut(ids[index].index()) {
        entry.notes.push(note);
        entry.used = used.unwrap_or(entry.used);
    }
}

fn add_up(logs: &[LogFile]) -> LogFacts {
    let mut facts = LogFacts::default();
    let mut points: Vec<RefusalPoint> = Vec::new();
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    for (index, file) in logs.iter().enumerate() {
        let tally = &file.log.tally;
        facts.rows += tally.rows;
        facts.refused = facts.refused.saturating_add(tally.refused);
        facts.refusal_rows += tally.refusal_rows;
        facts.uncounted_rows += tally.uncounted_rows;
        facts.undated_refusals += tally.rejected(Oddity::UndatedRefusal);
        for (reason, rows) in &tally.reasons {
            *facts.reasons.entry(reason.clone()).or_default() += rows;
        }
        for (&key, rows) in &tally.rivals {
            *facts.rivals.entry(key).or_default() += rows;
        }
        for (&hour, rows) in &tally.hours {
            *hours.entry(hour).or_default() += rows;
        }
        points.extend(tally.refusals.bins().iter().map(|bin| RefusalPoint {
            at: bin.start,
            log: index,
            line: bin.first_line,
            rows: bin.rows,
            connections: bin.connections,
        }));
        let duplicate = matches!(file.standing, Standing::BeginningOf { .. });
        facts.analysable += u64::from(tally.rows > 0);
        facts.unanalysable += u64::from(!duplicate && !tally.is_analysable());
        if let Some(span) = tally.span {
            facts.first_row = Some(
                facts
                    .first_row
                    .map_or(span.earliest, |first| first.min(span.earliest)),
            );
            facts.last_row = Some(
                facts
                    .last_row
                    .map_or(span.latest, |last| last.max(span.latest)),
            );
        }
    }
    facts.alive_hours = hours.into_keys().collect();
    (facts.counts, facts.count_seconds) = counted(&points);
    facts.episodes = episodes(points, facts.last_row);
    note_gaps(&mut facts);
    facts
}

/// Stretches of a plot; a screen is not wider.
const MAX_COUNTS: usize = 3_000;

/// Refused connections by minute, or by longer stretches where those would be too many.
fn counted(points: &[RefusalPoint]) -> (Vec<(i64, u64)>, i64) {
    let by = |seconds: i64| {
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        let start_of = |point: &RefusalPoint| point.at.div_euclid(seconds) * seconds;
        for stretch in points.chunk_by(|a, b| start_of(a) == start_of(b)) {
            let Some(first) = stretch.first() else {
                continue;
            };
            let count = counts.entry(start_of(first)).or_default();
            *count = stretch
                .iter()
                .map(|point| point.connections)
                .fold(*count, u64::saturating_add);
        }
        counts
    };
    let lengths = [60, 600, 3_600, 86_400, 30 * 86_400];
    let fits = lengths
        .into_iter()
        .find(|&seconds| by(seconds).len() <= MAX_COUNTS);
    let seconds = fits.unwrap_or(365 * 86_400);
    (by(seconds).into_iter().collect(), seconds)
}

/// Hours without a row in which nothing is known: the log was off, or nobody came.
const LONG_GAP_HOURS: i64 = 24;

fn note_gaps(facts: &mut LogFacts) {
    let gaps = facts
        .alive_hours
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > LONG_GAP_HOURS);
    if let Some(longest) = gaps.max_by_key(|pair| pair[1] - pair[0]) {
        let (from, to) = (
            of_seconds((longest[0] + 1) * 3_600),
            of_seconds(longest[1] * 3_600),
        );
        facts.notes.push(format!(
            "no HTTPERR row of any kind from {} to {}: nothing is known of that time",
            from.unwrap_or_default(),
            to.unwrap_or_default()
        ));
    }
    if facts.undated_refusals > 0 {
        facts.notes.push(format!(
            "{} without a readable date: in the totals, in no outage",
            bare(facts.undated_refusals, "refusal row")
        ));
    }
}
