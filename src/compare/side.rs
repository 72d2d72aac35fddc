//! One side of a comparison: what a report states, every field optional.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnosis::growth::{Knots, Per, fit};
use crate::report::read::{Part, Written};

/// Most tags taken of a report; the program lists some dozens.
const MAX_TAGS: usize = 10_000;

/// Most points of the pool taken; the program writes 2,002.
const MAX_POINTS: usize = 100_000;

/// Most images, epochs, outages and options taken: of the order of the largest folders seen.
const MAX_ROWS: usize = 100_000;

const MS_PER_HOUR: f64 = 3_600_000.0;

/// Where a side was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A report that was written before.
    Report,
    /// A case, analysed for the comparison.
    Bundle,
}

/// A stretch of UTC, in milliseconds; the end is not before the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Beginning.
    pub from: i64,
    /// End.
    pub to: i64,
}

impl Span {
    /// The stretch between two times in either order.
    fn between(one: Option<i64>, other: Option<i64>) -> Option<Span> {
        let (one, other) = (one?, other?);
        Some(Span {
            from: one.min(other),
            to: one.max(other),
        })
    }

    /// Its length in hours.
    pub fn hours(self) -> f64 {
        self.to.saturating_sub(self.from) as f64 / MS_PER_HOUR
    }

    /// A time as the report writes it; `None` beyond the calendar.
    pub fn written(at: i64) -> Option<String> {
        let at = chrono::DateTime::from_timestamp_millis(at)?;
        Some(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown {
            first: Option<String>,
            last: Option<String>,
            hours: f64,
        }
        let shown = Shown {
            first: Span::written(self.from),
            last: Span::written(self.to),
            hours: self.hours(),
        };
        shown.serialize(to)
    }
}

/// A slope with its 95 % interval, if there were points enough for one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Bytes per hour, or per snapshot where no clock is known.
    pub bytes: f64,
    /// `hour` or `snapshot`.
    pub per: &'static str,
    /// Ends of the interval.
    pub interval: Option<(f64, f64)>,
}

/// A tag in a pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TagKey {
    /// Its bytes in memory order, hexadecimal.
    pub tag_hex: String,
    /// `nonpaged` or `paged`.
    pub pool: String,
}

/// What a report states of a tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagFacts {
    /// As poolmon shows it.
    pub tag: String,
    /// The pattern of its growth.
    pub class: Option<String>,
    /// Bytes when first seen.
    pub bytes_first: Option<i64>,
    /// Bytes when last seen.
    pub bytes_last: Option<i64>,
    /// Its growth.
    pub pace: Option<Pace>,
}

/// What a report states of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DriverFacts {
    /// Digests of the files of that name.
    pub sha256: Vec<String>,
    /// Version, where the report gives it: for candidates.
    pub version: Option<String>,
    /// When it was linked, as the report words it.
    pub linked: Option<String>,
}

/// The verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct VerdictFacts {
    pub outcome: Option<String>,
    pub confidence: Option<String>,
    pub tag: Option<String>,
    pub key: Option<TagKey>,
    pub driver: Option<String>,
}

/// Refused connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RefusalFacts {
    /// Connections refused.
    pub total: Option<u64>,
    /// True if rows without a count make the total a lower bound.
    pub is_lower_bound: bool,
    /// Logs that can show refusals.
    pub logs: u64,
    /// From the first to the last row of the logs, of any reason.
    pub covered: Option<Span>,
    /// Connections refused per hour of that.
    pub per_hour: Option<f64>,
    /// Outages.
    pub episodes: u64,
    /// Hours from the first row of the logs to the first refusal.
    pub first_after_hours: Option<f64>,
}

/// Pool snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PoolFacts {
    /// Snapshots.
    pub snapshots: u64,
    /// Snapshots without a time.
    pub undated: u64,
    /// From the first to the last.
    pub covered: Option<Span>,
    /// Starts of the kernel within.
    pub restarts: u64,
    /// Lowest nonpaged pool.
    pub lowest: Option<i64>,
    /// Highest nonpaged pool.
    pub highest: Option<i64>,
    /// Growth of nonpaged pool as a whole, in the boot epoch with most snapshots.
    pub pace: Option<Pace>,
    /// Tags that the report lists.
    #[serde(skip)]
    pub tags: BTreeMap<TagKey, TagFacts>,
    /// Tags that were seen and that the report does not list.
    pub tags_not_listed: u64,
}

/// The limit of nonpaged pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitFacts {
    /// Bytes.
    pub bytes: u64,
    /// How well it is known.
    pub quality: Option<String>,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "named as in the report")]
pub struct Side {
    /// The last name of what was passed.
    pub name: String,
    pub source: Source,
    pub tool_version: Option<String>,
    pub case_id: Option<String>,
    pub options: Vec<String>,
    pub host: Option<String>,
    pub os: Option<String>,
    pub architecture: Option<String>,
    pub ram_bytes: Option<u64>,
    pub zone: Option<String>,
    pub limit: Option<LimitFacts>,
    pub verdict: VerdictFacts,
    pub refusals: RefusalFacts,
    pub pool: PoolFacts,
    /// Images of the case, by file name in lower case, as Windows compares them.
    #[serde(skip)]
    pub drivers: BTreeMap<String, DriverFacts>,
    /// Artifacts that were not or not wholly read though they may matter.
    pub unread: u64,
    /// Limits that were met.
    pub limits_hit: u64,
}

impl Side {
    /// Reads a side from a report. `name` is what was passed, for people.
    pub fn of(name: &str, source: Source, written: &Written) -> Side {
        let root = written.root();
        let case = root.of("case");
        let text = |field: &str| case.of(field).text();
        let limit = root.of("pool").of("limit");
        Side {
            name: name.to_owned(),
            source,
            tool_version: root.of("tool").of("version").text(),
            case_id: text("id").filter(|id| !id.is_empty()),
            options: case.of("input").of("options").texts(MAX_ROWS),
            host: text("host"),
            os: text("os"),
            architecture: text("architecture"),
            ram_bytes: case.of("ram_bytes").unsigned(),
            zone: root.of("time").of("zone").text(),
            limit: limit.of("bytes").unsigned().map(|bytes| LimitFacts {
                bytes,
                quality: limit.of("quality").text(),
            }),
            verdict: verdict(root.of("verdict")),
            refusals: refusals(root.of("refusals")),
            pool: pool(root),
            drivers: drivers(root),
            unread: unread(root.of("coverage")),
            limits_hit: root.of("coverage").of("limits_hit").count().unwrap_or(0),
        }
    }
}

fn key(part: Part<'_>) -> Option<TagKey> {
    Some(TagKey {
        tag_hex: part.of("tag_hex").text()?,
        pool: part.of("pool").text()?,
    })
}

fn verdict(verdict: Part<'_>) -> VerdictFacts {
    VerdictFacts {
        outcome: verdict.of("outcome").text(),
        confidence: verdict.of("confidence").text(),
        tag: verdict.of("tag").text(),
        key: key(verdict),
        driver: verdict.of("driver").of("file_name").text(),
    }
}

fn refusals(refusals: Part<'_>) -> RefusalFacts {
    let logs = refusals.of("logs").unsigned().unwrap_or(0);
    let blind = refusals.of("unanalysable_logs").unsigned().unwrap_or(0);
    let first = refusals.of("log_first").instant();
    let covered = Span::between(first, refusals.of("log_last").instant());
    let total = refusals.of("total").unsigned();
    let per_hour = covered
        .map(Span::hours)
        .filter(|hours| *hours > 0.0)
        .zip(total)
        .map(|(hours, total)| total as f64 / hours);
    let refused = refusals.of("first").instant();
    RefusalFacts {
        total,
        is_lower_bound: refusals.of("uncounted_rows").unsigned().unwrap_or(0) > 0,
        logs: logs.saturating_sub(blind),
        covered,
        per_hour,
        episodes: refusals.of("episodes").count().unwrap_or(0),
        first_after_hours: Span::between(first, refused).map(Span::hours),
    }
}

fn pool(root: Part<'_>) -> PoolFacts {
    let pool = root.of("pool");
    let levels = pool
        .of("nonpaged")
        .items(MAX_POINTS)
        .filter_map(|p| p.of("bytes").signed());
    let (lowest, highest) = levels.fold((None, None), |(low, high), bytes| {
        let low = Some(low.map_or(bytes, |l: i64| l.min(bytes)));
        (low, Some(high.map_or(bytes, |h: i64| h.max(bytes))))
    });
    PoolFacts {
        snapshots: pool.of("snapshots").unsigned().unwrap_or(0),
        undated: root
            .of("time")
            .of("undated_snapshots")
            .unsigned()
            .unwrap_or(0),
        covered: Span::between(pool.of("first").instant(), pool.of("last").instant()),
        restarts: pool.of("epochs").count().unwrap_or(0).saturating_sub(1),
        lowest,
        highest,
        pace: total_pace(pool.of("nonpaged")),
        tags: pool.of("tags").items(MAX_TAGS).filter_map(tag).collect(),
        tags_not_listed: pool.of("tags_not_listed").unsigned().unwrap_or(0),
    }
}

/// The robust line through the points of the epoch that has most of them with a time.
fn total_pace(points: Part<'_>) -> Option<Pace> {
    let mut epochs: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for point in points.items(MAX_POINTS) {
        let at = point.of("at").instant();
        if let (Some(at), Some(bytes)) = (at, point.of("bytes").number()) {
            let epoch = point.of("epoch").unsigned().unwrap_or(0);
            epochs
                .entry(epoch)
                .or_default()
                .push((at as f64 / MS_PER_HOUR, bytes));
        }
    }
    let mut longest = epochs.into_values().max_by_key(Vec::len)?;
    longest.sort_by(|a, b| a.0.total_cmp(&b.0));
    let trend = fit(&Knots::of(&longest), Per::Hour)?;
    Some(Pace {
        bytes: trend.slope.round(),
        per: "hour",
        interval: trend.interval.map(|i| (i.low.round(), i.high.round())),
    })
}

fn tag(row: Part<'_>) -> Option<(TagKey, TagFacts)> {
    let interval = row
        .of("growth_low")
        .number()
        .zip(row.of("growth_high").number());
    let hourly = row.of("growth_bytes_per_hour").number().map(|bytes| Pace {
        bytes,
        per: "hour",
        interval: interval.map(|(one, other)| (one.min(other), one.max(other))),
    });
    let by_place = row
        .of("growth_bytes_per_snapshot")
        .number()
        .map(|bytes| Pace {
            bytes,
            per: "snapshot",
            interval: None,
        });
    let facts = TagFacts {
        tag: row.of("tag").text()?,
        class: row.of("class").text(),
        bytes_first: row.of("bytes_first").signed(),
        bytes_last: row.of("bytes_last").signed(),
        pace: hourly.or(by_place),
    };
    Some((key(row)?, facts))
}

/// The last part of a name in a bundle, in lower case.
fn file_name(path: &str) -> String {
    let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
    last.to_lowercase()
}

/// Images by name: digests of all, versions of those that the report describes.
fn drivers(root: Part<'_>) -> BTreeMap<String, DriverFacts> {
    let mut drivers: BTreeMap<String, DriverFacts> = BTreeMap::new();
    for row in root.of("coverage").of("artifacts").items(MAX_ROWS) {
        let is_image = row.of("role").text().as_deref() == Some("driver");
        if let Some(name) = row.of("name").text().filter(|_| is_image) {
            let facts = drivers.entry(file_name(&name)).or_default();
            facts.sha256.extend(row.of("sha256").text());
        }
    }
    let candidates = root
        .of("attribution")
        .items(MAX_ROWS)
        .flat_map(|a| a.of("candidates").items(MAX_ROWS))
        .map(|candidate| candidate.of("driver"));
    for driver in candidates.chain([root.of("verdict").of("driver")]) {
        let Some(name) = driver.of("file_name").text() else {
            continue;
        };
        let facts = drivers.entry(file_name(&name)).or_default();
        facts.sha256.extend(driver.of("sha256").text());
        let stated = driver.of("version").of("file_version").text();
        facts.version = facts.version.take().or(stated);
        facts.linked = facts.linked.take().or(driver.of("linked").text());
    }
    for facts in drivers.values_mut() {
        facts.sha256.sort_unstable();
        facts.sha256.dedup();
    }
    drivers
}

fn unread(coverage: Part<'_>) -> u64 {
    let artifacts = coverage.of("artifacts").items(MAX_ROWS);
    let is_lost = |row: &Part<'_>| {
        matches!(
            row.of("used").text().as_deref(),
            Some("partly_used" | "not_understood" | "unreadable")
        )
    };
    artifacts.filter(is_lost).count() as u64
}
