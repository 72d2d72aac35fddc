//! Reports for tests: cases written by hand, and reports full of hostile text.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::*;

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
            },
            host: None,
            os: None,
            architecture: None,
            ram_bytes: None,
            sources: Vec::new(),
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
            would_change: vec!["an upload with logs and snapshots".to_owned()],
        },
        refusals: Refusals::default(),
        pool: Pool::default(),
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

fn evidence(id: &str, artifact: &str, line: Option<u64>, text: &str) -> Evidence {
    Evidence {
        id: id.to_owned(),
        artifact: artifact.to_owned(),
        sha256: Some("ab".repeat(32)),
        line,
        offset: line.is_none().then_some(0x1a2c),
        text: text.to_owned(),
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
        blocks_first: first / 4096,
        blocks_last: last / 4096,
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
        reasons: [
            ("Connections_Refused".to_owned(), 310),
            ("Timer_ConnectionIdle".to_owned(), 7000),
        ]
        .into(),
        logs: 5,
        unanalysable_logs: 1,
        log_first: Some(at(2, 0)),
        log_last: Some(at(39, 59)),
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
            },
        ],
        nonpaged: growing(),
        limit: Some(Limit {
            bytes: 256 << 20,
            low: 256 << 20,
            high: 271 << 20,
            basis: "32-bit Windows Server 2003: 256 MB [KB 126402]; up to 271 MB seen".to_owned(),
            quality: "documented".to_owned(),
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
        },
        Finding {
            rule: "queue_full",
            kind: "rival",
            text: "QueueFull: no row in any log".to_owned(),
            evidence: Vec::new(),
        },
        Finding {
            rule: "app_offline",
            kind: "rival",
            text: "AppOffline: 3 rows, none within an outage".to_owned(),
            evidence: ids(&["E8"]),
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

/// Text that attacks some medium, or is awkward in it.
pub fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{1b}]52;c;aGk=\u{7}\u{1b}[2J".to_owned()),
        Just("sys\u{202e}exe.\u{2066}".to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("[x](javascript:alert)|a|`b`\n# h".to_owned()),
        Just("=cmd|' /C calc'!A0;=1".to_owned()),
        Just("日本語ドライバ.sys".repeat(20)),
        Just(format!("a{}", "\u{301}".repeat(300))),
        Just("\u{200b}\u{feff}\u{e0041}\0\r\n\t".to_owned()),
        Just("x".repeat(5000)),
        Just(" ".repeat(500)),
        Just(String::new()),
        Just("E1".to_owned()),
        Just("👩‍👩‍👧‍👦🇩🇪👍🏽".repeat(9)),
        Just("2026-03-01T10:05:33Z".to_owned()),
        Just("0000-01-01T00:00:00Z".to_owned()),
        "\\PC{0,40}",
        any::<String>(),
    ]
}

/// Reports whose every field may be hostile, with any number in them.
pub fn hostile_report() -> impl Strategy<Value = Report> {
    let texts = prop::collection::vec(hostile_text(), 1..12);
    let numbers = prop::collection::vec(
        prop_oneof![any::<i64>(), 0..100_i64, Just(i64::MIN), Just(i64::MAX)],
        1..12,
    );
    let floats = prop::collection::vec(any::<f64>(), 1..6);
    (texts, numbers, floats, 0..9_usize).prop_map(|(texts, numbers, floats, many)| {
        let (mut texts, mut numbers) = (texts.into_iter().cycle(), numbers.into_iter().cycle());
        let mut floats = floats.into_iter().cycle();
        Hostile {
            text: Box::new(move || texts.next().unwrap_or_default()),
            number: Box::new(move || numbers.next().unwrap_or_default()),
            float: Box::new(move || floats.next().unwrap_or_default()),
            many,
        }
        .report()
    })
}

struct Hostile {
    text: Box<dyn FnMut() -> String>,
    number: Box<dyn FnMut() -> i64>,
    float: Box<dyn FnMut() -> f64>,
    many: usize,
}

impl Hostile {
    fn text(&mut self) -> String {
        (self.text)()
    }

    fn maybe(&mut self) -> Option<String> {
        ((self.number)() % 3 != 0).then(|| self.text())
    }

    fn number(&mut self) -> i64 {
        (self.number)()
    }

    fn count(&mut self) -> u64 {
        self.number() as u64
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.count() as usize % words.len()]
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.many).map(|_| make(self)).collect()
    }

    fn texts(&mut self) -> Vec<String> {
        self.list(Self::text)
    }

    fn pool(&mut self) -> &'static str {
        self.word(&["nonpaged", "paged", "a pool\u{1b} of another kind"])
    }

    fn moment(&mut self) -> Option<String> {
        match self.number().rem_euclid(3) {
            0 => None,
            1 => Some(self.text()),
            _ => {
                let hours = self.number().rem_euclid(10_000);
                Some(at(hours, hours % 60))
            }
        }
    }

    fn driver(&mut self) -> Driver {
        Driver {
            file_name: self.text(),
            path: self.text(),
            sha256: self.text(),
            machine: "x64",
            version: Version {
                file_version: self.maybe(),
                product_version: self.maybe(),
                company: self.maybe(),
                product: self.maybe(),
                description: self.maybe(),
                original_name: self.maybe(),
            },
            linked: self.text(),
            pdb: self.maybe(),
            signature: Signature {
                state: self.word(&["present", "none_embedded", "malformed", "odd\u{7}"]),
                text: self.text(),
                signer: self.maybe(),
                issuer: self.maybe(),
                digest: Some(self.word(&["match", "mismatch", "unknown"])),
                signed_at: self.moment(),
            },
            blind: self.texts(),
            copies: self.texts(),
        }
    }

    fn tag(&mut self) -> TagRow {
        TagRow {
            tag: self.text(),
            tag_hex: self.text(),
            pool: self.pool(),
            epoch: self.count(),
            class: self.word(&[
                "steady_leak",
                "plateau_or_warm_up",
                "a class that nobody\nknows yet",
            ]),
            test: self.text(),
            bytes_first: self.number(),
            bytes_last: self.number(),
            blocks_first: self.number(),
            blocks_last: self.number(),
            growth_bytes_per_hour: Some((self.float)()),
            growth_low: Some((self.float)()),
            growth_high: None,
            growth_bytes_per_snapshot: Some((self.float)()),
            share_of_growth: Some((self.float)()),
            freed_ratio: Some((self.float)()),
            points: self.count(),
            owner_hint: self.maybe(),
            evidence: self.texts(),
            series: self.list(|h| (h.count(), h.number())),
        }
    }

    fn episode(&mut self) -> Episode {
        Episode {
            start: self.moment().unwrap_or_default(),
            end: self.moment().unwrap_or_default(),
            ended: self.word(&["log_goes_on", "log_ends"]),
            rows: self.count(),
            total: self.count(),
            worst_minute: self.moment().unwrap_or_default(),
            worst_minute_total: self.count(),
            pool_bytes: Some(self.count()),
            headroom_bytes: Some(self.number()),
            pool_basis: None,
            rivals: self.list(|h| (h.text(), h.count())).into_iter().collect(),
            evidence: self.texts(),
        }
    }

    fn attribution(&mut self) -> Attribution {
        Attribution {
            tag: self.text(),
            tag_hex: self.text(),
            pool: self.pool(),
            answer: self.text(),
            candidates: self.list(|h| Candidate {
                driver: h.driver(),
                grade: h.word(&[
                    "call_site",
                    "name",
                    "operand",
                    "data",
                    "text",
                    "gr\u{1b}ade",
                ]),
                via: Some("wrapper"),
                role: Some(h.word(&["allocate", "free"])),
                api: h.maybe(),
                sites: h.count(),
                rva: Some(h.count()),
                instructions: h.texts(),
                why: h.texts(),
                evidence: h.texts(),
            }),
            text_only: self.count(),
            owner_hint: self.maybe(),
        }
    }

    fn withheld(&mut self) -> Option<Withheld> {
        let (reason, remedy, option) = (self.text(), self.text(), self.maybe());
        Some(Withheld {
            reason,
            remedy,
            option,
        })
    }

    fn report(mut self) -> Report {
        let h = &mut self;
        Report {
            case: Case {
                id: h.text(),
                input: Input {
                    kind: h.text(),
                    name: h.text(),
                    sha256: h.maybe(),
                },
                host: h.maybe(),
                os: h.maybe(),
                architecture: h.maybe(),
                ram_bytes: Some(h.count()),
                sources: h.texts(),
            },
            time: Time {
                zone: h.maybe(),
                zone_source: h.maybe(),
                zone_text: h.maybe(),
                withheld: h.withheld(),
                notes: h.texts(),
                ..Time::default()
            },
            verdict: Verdict {
                outcome: h.word(&[
                    "leak_explains_refusals",
                    "leak_without_refusals",
                    "inconclusive",
                    "no_problem_found",
                    "new\u{1b}one",
                ]),
                confidence: h.word(&["confirmed", "possible", "never\nheard"]),
                summary: h.text(),
                tag: h.maybe(),
                tag_hex: h.maybe(),
                pool: Some(h.pool()),
                driver: (h.number() % 2 == 0).then(|| h.driver()),
                reasons: h.list(|h| Reason {
                    rule: "rule",
                    weight: h.word(&["for", "against", "limit"]),
                    text: h.text(),
                    evidence: h.texts(),
                }),
                would_change: h.texts(),
            },
            refusals: Refusals {
                rows: h.count(),
                total: h.count(),
                uncounted_rows: h.count(),
                first: h.moment(),
                last: h.moment(),
                episodes: h.list(Self::episode),
                reasons: h.list(|h| (h.text(), h.count())).into_iter().collect(),
                logs: h.count(),
                unanalysable_logs: h.count(),
                log_first: h.moment(),
                log_last: h.moment(),
            },
            pool: h.snapshots(),
            correlation: Correlation {
                reading: Some("exhausted"),
                text: h.maybe(),
                covered: Some((h.float)()),
                separation: Some((h.float)()),
                lag_seconds: Some(h.number()),
                survives_minutes_back: Some(h.number()),
                survives_minutes_forward: Some(h.number()),
                withheld: h.withheld(),
            },
            attribution: h.list(Self::attribution),
            findings: h.list(|h| Finding {
                rule: "rule",
                kind: h.word(&["rival", "clock", "ki\u{9b}nd"]),
                text: h.text(),
                evidence: h.texts(),
            }),
            next_steps: h.list(|h| NextStep {
                audience: h.word(&["engineer", "customer", "vendor"]),
                text: h.text(),
                command: h.maybe(),
            }),
            evidence: h.list(|h| Evidence {
                id: h.text(),
                artifact: h.text(),
                sha256: h.maybe(),
                line: Some(h.count()),
                offset: None,
                text: h.text(),
            }),
            coverage: Coverage {
                artifacts: h.list(|h| ArtifactRow {
                    name: h.text(),
                    role: "httperr",
                    why: h.text(),
                    bytes: None,
                    sha256: h.maybe(),
                    used: h.word(&["used", "unreadable", "odd"]),
                    notes: h.texts(),
                }),
                notes: h.texts(),
                limits_hit: h.texts(),
            },
            ..empty()
        }
    }

    fn snapshots(&mut self) -> Pool {
        let h = self;
        Pool {
            snapshots: h.count(),
            first: h.moment(),
            last: h.moment(),
            order: h.maybe(),
            epochs: h.list(|h| Epoch {
                snapshots: h.count(),
                first: h.moment(),
                last: h.moment(),
                began: "restart",
                nonpaged_first: Some(h.number()),
                nonpaged_last: Some(h.number()),
                nonpaged_peak: Some(h.number()),
                nonpaged_growth_bytes_per_hour: Some((h.float)()),
                basis: h.maybe(),
            }),
            nonpaged: h.list(|h| PoolPoint {
                snapshot: h.count(),
                at: h.moment(),
                epoch: h.count(),
                bytes: h.number(),
                headroom_bytes: None,
            }),
            limit: Some(Limit {
                bytes: h.count(),
                low: h.count(),
                high: h.count(),
                basis: h.text(),
                quality: h.text(),
            }),
            threshold: Some(Threshold {
                bytes: h.count(),
                basis: h.text(),
            }),
            time_to_limit: Some(TimeToLimit {
                hours: Some((h.float)()),
                soonest: Some((h.float)()),
                latest: None,
                basis: h.text(),
            }),
            tags: h.list(Self::tag),
            tags_not_listed: h.count(),
            lockstep: h.list(|h| Lockstep {
                members: h.list(|h| LockstepMember {
                    tag: h.text(),
                    tag_hex: h.text(),
                    pool: "paged",
                    ratio: (h.float)(),
                }),
                text: h.text(),
            }),
        }
    }
}
