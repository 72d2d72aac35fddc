//! Reports for tests: cases written by hand, and reports full of hostile text.

mod hostile;

use std::collections::BTreeMap;

use super::model::*;

pub use hostile::hostile_report;

pub const MIB: i64 = 1 << 20;

/// `n` hours and `minutes` after the start of the cases' time.
pub fn at(hours: i64, minutes: i64) -> String {
    let start = chrono::DateTime::from_timestamp(1_772_359_200, 0).unwrap();
    let time = start + chrono::TimeDelta::minutes(hours * 60 + minutes);
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A report that says that nothing was found, because nothing was there.
pub fn empty() -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool {
            name: "poolsleuth",
            version: "0.1.0",
        },
        case: Case {
            id: "c0ffee".to_owned(),
            input: Input {
                kind: "folder".to_owned(),
                name: "empty".to_owned(),
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
            outcome: "inconclusive",
            confidence: "insufficient",
            summary: "Neither HTTPERR logs nor poolmon snapshots were found.".to_owned(),
            tag: None,
            tag_hex: None,
            pool: None,
            driver: None,
            reasons: Vec::new(),
            also: Vec::new(),
            would_change: vec!["an upload with logs and snapshots".to_owned()],
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

fn reason(rule: &'static str, weight: &'static str, text: &str, evidence: &[&str]) -> Reason {
    Reason {
        rule,
        weight,
        text: text.to_owned(),
        evidence: ids(evidence),
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn step(audience: &'static str, text: &str, command: Option<&str>) -> NextStep {
    NextStep {
        audience,
        text: text.to_owned(),
        command: command.map(str::to_owned),
    }
}

fn log_span(artifact: &str, first: String, last: String) -> LogSpan {
    LogSpan {
        artifact: artifact.to_owned(),
        first,
        last,
    }
}

fn evidence(id: &str, artifact: &str, line: Option<u64>, text: &str) -> Evidence {
    Evidence {
        id: id.to_owned(),
        artifact: artifact.to_owned(),
        sha256: Some("ab".repeat(32)),
        line,
        offset: line.is_none().then_some(0x1a2c),
        record: None,
        text: text.to_owned(),
        context: Vec::new(),
    }
}

fn artifact(name: &str, role: &'static str, used: &'static str) -> ArtifactRow {
    ArtifactRow {
        name: name.to_owned(),
        role,
        why: "its first line".to_owned(),
        bytes: Some(4096),
        sha256: Some("cd".repeat(32)),
        used,
        notes: Vec::new(),
    }
}

pub fn driver(name: &str, company: Option<&str>) -> Driver {
    Driver {
        file_name: name.to_owned(),
        path: format!("drivers/{name}"),
        sha256: "0f".repeat(32),
        machine: "x64",
        version: Version {
            file_version: Some("4.0.1.0".to_owned()),
            company: company.map(str::to_owned),
            ..Version::default()
        },
        linked: "2019-05-06T07:08:09Z".to_owned(),
        pdb: Some("c:\\build\\storflt.pdb".to_owned()),
        signature: Signature {
            state: "present",
            text: "an embedded signature whose digest matches the file".to_owned(),
            signer: Some("Harbour Storage Ltd".to_owned()),
            issuer: None,
            digest: Some("match"),
            signed_at: None,
        },
        blind: Vec::new(),
        copies: Vec::new(),
    }
}

pub fn candidate(driver: Driver, grade: &'static str, evidence: &[&str]) -> Candidate {
    Candidate {
        driver,
        grade,
        via: Some("direct"),
        role: Some("allocate"),
        api: Some("ExAllocatePoolWithTag".to_owned()),
        sites: 3,
        rva: Some(0x1a2c),
        instructions: vec!["mov r8d, 78437348h".to_owned()],
        why: Vec::new(),
        evidence: ids(evidence),
    }
}

pub fn tag_row(tag: &str, class: &'static str, first: i64, last: i64, share: f64) -> TagRow {
    TagRow {
        tag: tag.to_owned(),
        tag_hex: tag.bytes().map(|b| format!("{b:02x}")).collect(),
        pool: "nonpaged",
        epoch: 0,
        class,
        test: "a test".to_owned(),
        bytes_first: first,
        bytes_last: last,
        blocks_first: Some(first / 4096),
        blocks_last: Some(last / 4096),
        growth_bytes_per_hour: Some((last - first) as f64 / 40.0),
        growth_low: None,
        growth_high: None,
        growth_bytes_per_snapshot: Some((last - first) as f64 / 80.0),
        share_of_growth: Some(share),
        freed_ratio: Some(0.1),
        points: 80,
        owner_hint: None,
        evidence: ids(&["E4"]),
        series: Vec::new(),
    }
}

/// Nonpaged pool that grows for 36 hours to 236 MiB, a restart, and grows again.
fn growing() -> Vec<PoolPoint> {
    let point = |n: i64| {
        let (epoch, hours) = if n < 72 { (0, n / 2) } else { (1, n / 2 - 36) };
        PoolPoint {
            snapshot: n as u64,
            at: Some(at(n / 2, n % 2 * 30)),
            epoch,
            bytes: (56 + hours * 5) * MIB,
            headroom_bytes: Some((200 - hours * 5) * MIB),
        }
    };
    (0..80).map(point).collect()
}

fn flat() -> Vec<PoolPoint> {
    let mut points = growing();
    for (n, point) in points.iter_mut().enumerate() {
        point.bytes = (60 + (n as i64 % 3)) * MIB;
        point.epoch = 0;
    }
    points
}

fn episode(hours: i64, minutes: i64, total: u64, id: &str) -> Episode {
    Episode {
        start: at(hours, 5),
        end: at(hours, 5 + minutes),
        ended: "log_goes_on",
        rows: total / 4,
        total,
        worst_minute: at(hours, 7),
        worst_minute_total: total / 5,
        pool_bytes: Some(236 << 20),
        pool_low: None,
        pool_high: None,
        headroom_bytes: Some(18 * MIB),
        pool_basis: Some("between_snapshots"),
        rivals: BTreeMap::new(),
        evidence: ids(&[id]),
    }
}

fn host(report: &mut Report) {
    report.case.host = Some("WEB07".to_owned());
    report.case.os = Some("Windows Server 2003".to_owned());
    report.case.architecture = Some("x86".to_owned());
    report.case.ram_bytes = Some(4 << 30);
    report.time.zone = Some("Europe/Berlin".to_owned());
    report.coverage.artifacts = vec![
        artifact("HTTPERR/httperr1.log", "httperr", "used"),
        artifact("poolmon.log", "poolmon", "used"),
        artifact("drivers/hstorflt.sys", "driver", "used"),
        artifact("drivers/old.bin", "unknown", "not_understood"),
    ];
}

/// A leak, outages when it has used the pool up, and the driver that allocates.
pub fn leak_explained() -> Report {
    let mut report = empty();
    host(&mut report);
    report.verdict = Verdict {
        outcome: "leak_explains_refusals",
        confidence: "confirmed",
        summary: "Tag HsCx grew by 5.00 MiB an hour until nonpaged pool was used up; http.sys then refused connections. hstorflt.sys allocates with the tag and does not free.".to_owned(),
        tag: Some("HsCx".to_owned()),
        tag_hex: Some("48734378".to_owned()),
        pool: Some("nonpaged"),
        driver: Some(driver("hstorflt.sys", Some("Harbour Storage"))),
        reasons: vec![
            reason("growth", "for", "HsCx grows steadily, 5.00 MiB/h (4.90 to 5.10), 97 % of all growth of nonpaged pool", &["E4", "E5"]),
            reason("pressure", "for", "headroom fell below 20 MB six minutes before the first refusal, in both epochs", &["E1"]),
            reason("call_site", "for", "3 calls of ExAllocatePoolWithTag in hstorflt.sys pass the tag", &["E6"]),
            reason("limit_guess", "limit", "the limit is the documented one for the memory size, not a measured one", &[]),
        ],
        also: Vec::new(),
        would_change: vec!["a snapshot of another node without the growth".to_owned()],
    };
    report.refusals = Refusals {
        rows: 310,
        total: 1204,
        uncounted_rows: 0,
        first: Some(at(34, 5)),
        last: Some(at(39, 25)),
        episodes: vec![
            episode(34, 30, 900, "E1"),
            episode(35, 20, 300, "E2"),
            episode(39, 20, 4, "E3"),
        ],
        counts: Vec::new(),
        reasons: [
            ("Connections_Refused".to_owned(), 310),
            ("Timer_ConnectionIdle".to_owned(), 7000),
        ]
        .into(),
        logs: 5,
        unanalysable_logs: 1,
        log_first: Some(at(2, 0)),
        log_last: Some(at(39, 59)),
        log_spans: vec![
            log_span("HTTPERR/httperr6.log", at(2, 0), at(34, 12)),
            log_span("HTTPERR/httperr7.log", at(34, 12), at(39, 59)),
        ],
    };
    report.pool = Pool {
        snapshots: 80,
        first: Some(at(0, 0)),
        last: Some(at(39, 30)),
        order: Some("the snapshots stand in the order of their times".to_owned()),
        epochs: vec![
            Epoch {
                snapshots: 72,
                first: Some(at(0, 0)),
                last: Some(at(35, 30)),
                began: "first",
                nonpaged_first: Some(56 * MIB),
                nonpaged_last: Some(231 * MIB),
                nonpaged_peak: Some(231 * MIB),
                nonpaged_growth_bytes_per_hour: Some(5_242_880.0),
                basis: None,
                evidence: Vec::new(),
            },
            Epoch {
                snapshots: 8,
                first: Some(at(36, 0)),
                last: Some(at(39, 30)),
                began: "restart",
                nonpaged_first: Some(56 * MIB),
                nonpaged_last: Some(71 * MIB),
                nonpaged_peak: Some(71 * MIB),
                nonpaged_growth_bytes_per_hour: Some(5_242_880.0),
                basis: None,
                evidence: Vec::new(),
            },
        ],
        nonpaged: growing(),
        counter_samples: 0,
        counters: Vec::new(),
        limit: Some(Limit {
            bytes: 256 << 20,
            low: 256 << 20,
            high: 271 << 20,
            basis: "32-bit Windows Server 2003: 256 MB [KB 126402]; up to 271 MB seen".to_owned(),
            quality: "documented".to_owned(),
            evidence: Vec::new(),
        }),
        threshold: Some(Threshold {
            bytes: 20 << 20,
            basis: "documented for the Server 2003 and Vista era".to_owned(),
        }),
        time_to_limit: Some(TimeToLimit {
            hours: Some(36.9),
            soonest: Some(36.2),
            latest: Some(37.6),
            basis: "Theil-Sen".to_owned(),
        }),
        tags: vec![
            tag_row("HsCx", "steady_leak", 2 * MIB, 177 * MIB, 0.97),
            tag_row("MmCm", "plateau_or_warm_up", 9 * MIB, 11 * MIB, 0.02),
            tag_row("Irp ", "sawtooth", MIB, MIB + 4096, 0.0),
            tag_row("a\\x00\\x01\\xff", "flat", 900, 900, 0.0),
        ],
        tags_not_listed: 596,
        lockstep: vec![Lockstep {
            members: vec![
                LockstepMember {
                    tag: "HsCx".to_owned(),
                    tag_hex: "48734378".to_owned(),
                    pool: "nonpaged",
                    ratio: 1.0,
                },
                LockstepMember {
                    tag: "HsCq".to_owned(),
                    tag_hex: "48734371".to_owned(),
                    pool: "nonpaged",
                    ratio: 2.0,
                },
            ],
            text: "one event makes one HsCx and two HsCq: likely the same code".to_owned(),
        }],
    };
    report.correlation = Correlation {
        reading: Some("exhausted"),
        text: Some(
            "connections were refused when the headroom of nonpaged pool had run out".to_owned(),
        ),
        covered: Some(1.0),
        separation: Some(0.99),
        lag_seconds: Some(372),
        survives_minutes_back: Some(95),
        survives_minutes_forward: Some(240),
        withheld: None,
    };
    report.attribution = vec![Attribution {
        tag: "HsCx".to_owned(),
        tag_hex: "48734378".to_owned(),
        pool: "nonpaged",
        answer: "one image is shown to allocate with it".to_owned(),
        candidates: vec![
            candidate(
                driver("hstorflt.sys", Some("Harbour Storage")),
                "call_site",
                &["E6"],
            ),
            candidate(driver("hstormon.sys", None), "operand", &["E7"]),
        ],
        text_only: 2,
        owner_hint: None,
    }];
    report.findings = vec![
        Finding {
            rule: "skew",
            kind: "clock",
            text: "the snapshots' clock is the local one of the server".to_owned(),
            evidence: Vec::new(),
            known_issue: None,
        },
        Finding {
            rule: "queue_full",
            kind: "rival",
            text: "QueueFull: no row in any log".to_owned(),
            evidence: Vec::new(),
            known_issue: None,
        },
        Finding {
            rule: "app_offline",
            kind: "rival",
            text: "AppOffline: 3 rows, none within an outage".to_owned(),
            evidence: ids(&["E8"]),
            known_issue: None,
        },
    ];
    report.next_steps = vec![
        step(
            "customer",
            "Restart in the maintenance window before the pool is full again.",
            None,
        ),
        step(
            "engineer",
            "Confirm on the live server that HsCx still grows:",
            Some("poolmon -b -iHsCx"),
        ),
        step(
            "vendor",
            "Ask Harbour Storage for a build newer than 4.0.1.0.",
            None,
        ),
    ];
    report.evidence = vec![
        evidence(
            "E1",
            "HTTPERR/httperr1.log",
            Some(10_812),
            "2026-03-02 20:05:11 - - - - - 112_Connections_Refused -",
        ),
        evidence(
            "E2",
            "HTTPERR/httperr1.log",
            Some(11_020),
            "2026-03-02 21:05:40 - - - - - 9_Connections_Refused -",
        ),
        evidence(
            "E4",
            "poolmon.log",
            Some(14),
            "HsCx Nonp 512 0 512 2097152 4096",
        ),
        evidence(
            "E5",
            "poolmon.log",
            Some(52_114),
            "HsCx Nonp 45312 0 45312 185597952 4096",
        ),
        evidence(
            "E6",
            "drivers/hstorflt.sys",
            None,
            "mov r8d, 78437348h; call [ExAllocatePoolWithTag]",
        ),
        evidence("E7", "drivers/hstormon.sys", None, "cmp eax, 78437348h"),
        evidence("E8", "HTTPERR/httperr2.log", Some(3), "AppOffline"),
    ];
    report
}

/// Objects of the kernel grow: whoever holds their handles leaks, and no driver is named.
pub fn handle_leak() -> Report {
    let mut report = leak_explained();
    report.verdict.confidence = "probable";
    report.verdict.summary = "Event objects pile up. The kernel allocates them for whoever holds handles; look for the process, not for a driver.".to_owned();
    report.verdict.tag = Some("Even".to_owned());
    report.verdict.tag_hex = Some("4576656e".to_owned());
    report.verdict.driver = None;
    report.verdict.reasons.remove(2);
    report.verdict.reasons[0].text =
        "Even grows ever faster, 93 % of all growth of nonpaged pool".to_owned();
    report.pool.tags = vec![tag_row("Even", "accelerating", 2 * MIB, 177 * MIB, 0.93)];
    report.pool.tags_not_listed = 0;
    report.pool.lockstep.clear();
    report.refusals.uncounted_rows = 2;
    report.attribution = vec![Attribution {
        tag: "Even".to_owned(),
        tag_hex: "4576656e".to_owned(),
        pool: "nonpaged",
        answer: "event objects; some process or driver holds their handles".to_owned(),
        candidates: Vec::new(),
        text_only: 0,
        owner_hint: Some("nt!event objects".to_owned()),
    }];
    report.next_steps = vec![step(
        "engineer",
        "Sort processes by handles:",
        Some("Get-Process | Sort-Object Handles -Descending | Select-Object -First 10"),
    )];
    report
}

/// Refusals while the pool lies flat.
pub fn flat_pool() -> Report {
    let mut report = leak_explained();
    report.verdict = Verdict {
        outcome: "refusals_without_pool_pressure",
        confidence: "probable",
        summary: "Connections were refused while nonpaged pool lay at a quarter of its limit. Look at the connection limits of http.sys and at what stands before it.".to_owned(),
        tag: None,
        tag_hex: None,
        pool: None,
        driver: None,
        reasons: vec![reason("flat", "for", "nonpaged pool stayed between 60 and 62 MiB", &["E4"])],
        also: Vec::new(),
        would_change: Vec::new(),
    };
    report.pool.nonpaged = flat();
    report.pool.tags = vec![tag_row("MmCm", "flat", 9 * MIB, 9 * MIB, 0.0)];
    report.pool.lockstep.clear();
    report.pool.time_to_limit = None;
    report.attribution.clear();
    report.correlation.text =
        Some("connections were refused while nonpaged pool lay flat".to_owned());
    report.correlation.lag_seconds = None;
    for episode in &mut report.refusals.episodes {
        episode.headroom_bytes = None;
        episode.pool_bytes = Some(61 << 20);
    }
    let later: Vec<Episode> = (0..9).map(|n| episode(1000 + n, 3, 40, "E2")).collect();
    report.refusals.episodes.extend(later);
    report.refusals.last = Some(at(1008, 8));
    report.refusals.log_last = Some(at(1010, 0));
    report
}

/// A leak and refusals, but no clock for the snapshots.
pub fn withheld() -> Report {
    let mut report = leak_explained();
    report.verdict.outcome = "leak_without_refusals";
    report.verdict.confidence = "possible";
    report.verdict.driver = None;
    report.verdict.summary = "Tag HsCx grows steadily. Whether that made http.sys refuse connections is not known: the snapshots have no time in UTC.".to_owned();
    report
        .verdict
        .reasons
        .retain(|reason| reason.rule == "growth");
    let why = Withheld {
        reason: "the snapshots carry local times and no file names the zone".to_owned(),
        remedy: "give the machine's zone".to_owned(),
        option: Some("--tz".to_owned()),
    };
    report.time.withheld = Some(why.clone());
    report.time.zone = None;
    report.correlation = Correlation {
        withheld: Some(why),
        ..Correlation::default()
    };
    for point in &mut report.pool.nonpaged {
        point.at = None;
    }
    for tag in &mut report.pool.tags {
        tag.growth_bytes_per_hour = None;
    }
    report.attribution[0].candidates.clear();
    report.attribution[0].answer = "no image of the case is shown to allocate with it".to_owned();
    report
}

/// A healthy machine.
pub fn nothing_found() -> Report {
    let mut report = flat_pool();
    report.verdict.outcome = "no_problem_found";
    report.verdict.summary = "No connection was refused and no tag grows.".to_owned();
    report.refusals.episodes.clear();
    report.refusals.total = 0;
    report.refusals.rows = 0;
    report.refusals.first = None;
    report.refusals.last = None;
    report.refusals.log_last = Some(at(39, 59));
    report.correlation = Correlation::default();
    report.findings.clear();
    report.next_steps.clear();
    report
}

/// Every case by its name.
pub fn cases() -> Vec<(&'static str, Report)> {
    vec![
        ("leak_explained", leak_explained()),
        ("handle_leak", handle_leak()),
        ("flat_pool", flat_pool()),
        ("withheld", withheld()),
        ("nothing_found", nothing_found()),
        ("empty", empty()),
    ]
}
