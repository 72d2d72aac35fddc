//! Reports made by hand: one for every shape that the page has to show.

use poolsleuth::report::model::*;

pub use crate::leak::leak;
use crate::leak::{artifact, evidence};

/// Seconds since 1970 of the fixtures' first moment: 2024-03-04T06:00:00Z.
pub const START: i64 = 1_709_532_000;

/// `at` seconds after the first moment, as the report writes times.
pub fn time(at: i64) -> String {
    chrono::DateTime::from_timestamp(START + at, 0)
        .unwrap()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// A small, fixed source of unrest.
pub struct Unrest(u64);

impl Unrest {
    pub fn new(seed: u64) -> Self {
        Unrest(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 to 1.
    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

pub const MIB: f64 = 1_048_576.0;

pub fn text(words: &str) -> Option<String> {
    Some(words.to_owned())
}

pub fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

/// A report that says nothing.
pub fn empty() -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool {
            name: "poolsleuth",
            version: "0.1.0",
        },
        case: Case {
            id: "00".repeat(32),
            input: Input {
                kind: "folder".into(),
                name: "empty".into(),
                sha256: None,
                options: Vec::new(),
            },
            host: None,
            os: None,
            architecture: None,
            ram_bytes: None,
            manifest: None,
            sources: Vec::new(),
            evidence: Vec::new(),
        },
        time: Time::default(),
        verdict: Verdict {
            also: vec![],
            outcome: "inconclusive",
            confidence: "insufficient",
            summary: "The input holds no HTTPERR log and no poolmon snapshot.".into(),
            tag: None,
            tag_hex: None,
            pool: None,
            driver: None,
            reasons: Vec::new(),
            would_change: texts(&["A HTTPERR log that covers the outage, and poolmon snapshots."]),
        },
        refusals: Refusals::default(),
        pool: Pool::default(),
        events: None,
        correlation: Correlation::default(),
        attribution: Vec::new(),
        findings: Vec::new(),
        next_steps: Vec::new(),
        evidence: Vec::new(),
        coverage: Coverage::default(),
    }
}

/// Objects of the kernel pile up: no driver may be named.
pub fn handle_leak() -> Report {
    let mut report = leak();
    report.refusals = Refusals {
        logs: 2,
        log_first: Some(time(0)),
        log_last: Some(time(90_000)),
        ..Refusals::default()
    };
    report.verdict.outcome = "leak_without_refusals";
    report.verdict.confidence = "probable";
    report.verdict.tag = text("Even");
    report.verdict.tag_hex = text("4576656e");
    report.verdict.driver = None;
    report.verdict.summary = "Event objects pile up: some process does not close its handles. No driver is to blame by this tag.".into();
    report.attribution[0].candidates.clear();
    report.pool.tags[0].tag = "Even".into();
    report.pool.tags[0].tag_hex = "4576656e".into();
    report.correlation = Correlation::default();
    report.pool.limit = Some(Limit {
        bytes: 16 << 30,
        low: 16 << 30,
        high: 16 << 30,
        basis: "memory of the machine".into(),
        quality: "ceiling".into(),
        evidence: Vec::new(),
    });
    report
}

/// Refusals while the pool lies flat; counts are known per episode only.
pub fn flat() -> Report {
    let mut report = leak();
    report.pool.nonpaged.retain(|p| p.epoch == 0);
    for (n, point) in report.pool.nonpaged.iter_mut().enumerate() {
        point.bytes = (61.0 * MIB) as i64 + (n as i64 % 5) * 40_000;
        point.headroom_bytes = Some((195.0 * MIB) as i64);
    }
    report.pool.epochs.truncate(1);
    report.pool.tags.retain(|t| t.class == "flat");
    report.refusals.counts.clear();
    report.verdict = Verdict {
        outcome: "refusals_without_pool_pressure",
        confidence: "possible",
        summary: "Connections were refused while nonpaged pool lay flat at 61 MiB, 195 MiB below its limit.".into(),
        ..empty().verdict
    };
    report.attribution.clear();
    report
}

/// No clock: the correlation is withheld.
pub fn withheld() -> Report {
    let mut report = leak();
    for point in &mut report.pool.nonpaged {
        point.at = None;
    }
    (report.pool.first, report.pool.last) = (None, None);
    let withheld = Withheld {
        reason: "No snapshot has a time, and no file name or manifest gives one.".into(),
        remedy: "Say in which zone the machine's clock stood:".into(),
        option: text("--tz Europe/Berlin"),
    };
    report.time = Time {
        undated_snapshots: report.pool.snapshots,
        withheld: Some(withheld.clone()),
        ..Time::default()
    };
    report.correlation = Correlation {
        withheld: Some(withheld),
        ..Correlation::default()
    };
    report.verdict.outcome = "inconclusive";
    report.verdict.confidence = "possible";
    for tag in &mut report.pool.tags {
        tag.growth_bytes_per_snapshot = tag.growth_bytes_per_hour.map(|g| g / 3.0);
        tag.growth_bytes_per_hour = None;
    }
    report
}

/// One snapshot among days of logs.
pub fn one_snapshot() -> Report {
    let mut report = leak();
    report.pool.nonpaged.truncate(1);
    report.pool.nonpaged[0].at = Some(time(86_000));
    report.pool.epochs.truncate(1);
    for tag in &mut report.pool.tags {
        tag.series.truncate(1);
        tag.class = "single_point";
    }
    report.verdict.confidence = "possible";
    report
}

/// 48 hours, 600 tags, 100,000 refused connections: the case that size and time are judged by.
pub fn big() -> Report {
    let mut report = leak();
    let mut unrest = Unrest::new(11);
    let looks: Vec<i64> = (0..577).map(|n| n * 300).collect();
    let series = |unrest: &mut Unrest, base: f64, rate: f64| -> Vec<(u64, i64)> {
        let value =
            |at: i64, u: f64| ((base + u * base * 0.1 + rate * at as f64 / 3_600.0) * MIB) as i64;
        looks
            .iter()
            .enumerate()
            .map(|(n, at)| (n as u64, value(*at, unrest.next())))
            .collect()
    };
    let pattern = report.pool.tags[0].clone();
    report.pool.tags = (0..600u32)
        .map(|n| {
            let name = if n == 0 {
                "HsCx".to_owned()
            } else {
                format!("T{n:03}")
            };
            let series = series(
                &mut unrest,
                0.02 + f64::from(n % 17) / 50.0,
                if n == 0 { 4.0 } else { 0.0 },
            );
            TagRow {
                tag_hex: name.bytes().map(|b| format!("{b:02x}")).collect(),
                tag: name,
                class: if n == 0 { "steady_leak" } else { "flat" },
                pool: if n % 4 == 3 { "paged" } else { "nonpaged" },
                bytes_first: series[0].1,
                bytes_last: series[576].1,
                series,
                ..pattern.clone()
            }
        })
        .collect();
    let total = series(&mut unrest, 40.0, 4.0);
    report.pool.nonpaged = looks
        .iter()
        .zip(total)
        .map(|(at, (snapshot, bytes))| PoolPoint {
            snapshot,
            at: Some(time(*at)),
            epoch: 0,
            bytes,
            headroom_bytes: Some((256 << 20) - bytes),
        })
        .collect();
    report.pool.snapshots = 577;
    report.pool.epochs.truncate(1);
    report.refusals.counts = (0..1_440)
        .map(|n| RefusalCount {
            start: time(86_400 + n * 60),
            seconds: 60,
            total: if n == 700 { 2_000 } else { 68 },
        })
        .collect();
    report.refusals.total = 100_000;
    report.refusals.rows = 100_000;
    report.refusals.first = Some(time(86_400));
    report.refusals.last = Some(time(172_800));
    report.refusals.log_last = Some(time(172_900));
    let episode = report.refusals.episodes[0].clone();
    report.refusals.episodes = (0..48)
        .map(|n| Episode {
            start: time(86_400 + n * 1_800),
            end: time(86_400 + n * 1_800 + 800),
            ..episode.clone()
        })
        .collect();
    report.evidence = (1..=1_500)
        .map(|n| {
            evidence(
                &format!("E{n}"),
                "HTTPERR/httperr7.log",
                Some(n),
                None,
                "2024-03-05 05:35:02 - - - - - - - - - 4_Connections_Refused -",
            )
        })
        .collect();
    report.coverage.artifacts = (0..400)
        .map(|n| artifact(&format!("drivers/image{n}.sys"), "driver", "used", &[]))
        .collect();
    report
}
