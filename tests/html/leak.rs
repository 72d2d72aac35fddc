//! The leak that the screenshots show: two boot epochs, a gap, refusals in both.

use poolsleuth::report::model::*;

use crate::fixtures::{MIB, Unrest, empty, text, texts, time};

fn driver(name: &str, company: &str) -> Driver {
    Driver {
        file_name: name.into(),
        path: format!("drivers/{name}"),
        sha256: "5c1e0f9b".repeat(8),
        machine: "x86",
        version: Version {
            file_version: text("4.2.1108.0"),
            product_version: text("4.2"),
            company: text(company),
            product: text("Holm Storage Suite"),
            description: text("Storage filter driver"),
            original_name: text(name),
        },
        linked: "2009-11-08T10:22:31Z".into(),
        pdb: text("d:\\build\\hstorflt\\objfre_wnet_x86\\i386\\hstorflt.pdb"),
        signature: Signature {
            state: "present",
            text: "An embedded signature is present and the digest of the file matches it.".into(),
            signer: text("Holm Storage Ltd"),
            issuer: text("Example Code Signing CA 3"),
            digest: Some("match"),
            signed_at: text("2009-11-09T08:00:12Z"),
        },
        blind: Vec::new(),
        copies: texts(&["drivers/old/hstorflt.sys"]),
    }
}

struct Growth {
    tag: &'static str,
    pool: &'static str,
    base: f64,
    per_hour: f64,
    class: &'static str,
    hint: Option<&'static str>,
}

const TAGS: &[Growth] = &[
    Growth {
        tag: "HsCx",
        pool: "nonpaged",
        base: 2.1,
        per_hour: 8.35,
        class: "steady_leak",
        hint: None,
    },
    Growth {
        tag: "MmCm",
        pool: "nonpaged",
        base: 14.0,
        per_hour: 0.05,
        class: "plateau_or_warm_up",
        hint: Some("nt!mm - Calls made to MmAllocateContiguousMemory"),
    },
    Growth {
        tag: "File",
        pool: "nonpaged",
        base: 9.2,
        per_hour: 0.22,
        class: "irregular",
        hint: Some("File objects"),
    },
    Growth {
        tag: "Irp ",
        pool: "nonpaged",
        base: 6.0,
        per_hour: 0.02,
        class: "sawtooth",
        hint: Some("I/O request packets"),
    },
    Growth {
        tag: "TcpC",
        pool: "nonpaged",
        base: 4.4,
        per_hour: 0.0,
        class: "flat",
        hint: Some("TCP connection blocks"),
    },
    Growth {
        tag: "Thre",
        pool: "nonpaged",
        base: 3.9,
        per_hour: 0.0,
        class: "flat",
        hint: Some("Thread objects"),
    },
    Growth {
        tag: "NtfF",
        pool: "paged",
        base: 21.0,
        per_hour: 0.4,
        class: "sawtooth",
        hint: Some("ntfs.sys - FCB_INDEX"),
    },
    Growth {
        tag: "CM35",
        pool: "paged",
        base: 33.0,
        per_hour: 0.0,
        class: "flat",
        hint: Some("Registry cells"),
    },
];

/// Snapshots of the leak: seconds, epoch.
fn looks() -> Vec<(i64, u64)> {
    let first = (0..76)
        .map(|n| n * 1_200)
        .filter(|at| !(28_800..43_000).contains(at));
    let second = (0..22).map(|n| 93_600 + n * 1_200);
    first
        .map(|at| (at, 0))
        .chain(second.map(|at| (at, 1)))
        .collect()
}

/// A leak that fills 256 MB twice, with refusals both times: what the screenshots show.
pub fn leak() -> Report {
    let mut report = empty();
    let looks = looks();
    let mut unrest = Unrest::new(7);
    let since_boot =
        |at: i64, epoch: u64| (at - if epoch == 0 { 0 } else { 93_000 }) as f64 / 3600.0;
    report.pool.tags = TAGS
        .iter()
        .map(|tag| tag_row(tag, &looks, &since_boot, &mut unrest))
        .collect();
    let sum = |place: usize| -> i64 {
        let rows = report.pool.tags.iter().filter(|t| t.pool == "nonpaged");
        rows.map(|t| t.series[place].1).sum::<i64>() + (8.0 * MIB) as i64
    };
    let limit = 256i64 << 20;
    report.pool.nonpaged = looks
        .iter()
        .enumerate()
        .map(|(n, &(at, epoch))| PoolPoint {
            snapshot: n as u64,
            at: Some(time(at)),
            epoch,
            bytes: sum(n).min(limit - (2 << 20)),
            headroom_bytes: Some((limit - sum(n)).max(2 << 20)),
        })
        .collect();
    leak_pool(&mut report, &looks, limit);
    leak_refusals(&mut report, &mut unrest);
    leak_words(&mut report);
    leak_rest(&mut report);
    report
}

fn tag_row(
    tag: &Growth,
    looks: &[(i64, u64)],
    since_boot: &dyn Fn(i64, u64) -> f64,
    unrest: &mut Unrest,
) -> TagRow {
    let mut series: Vec<(u64, i64)> = Vec::new();
    for (n, &(at, epoch)) in looks.iter().enumerate() {
        let hours = since_boot(at, epoch);
        let wobble = (unrest.next() - 0.5) * 0.06 * tag.base;
        let wave = if tag.class == "sawtooth" {
            (hours * 1.1).sin() * 0.25 * tag.base
        } else {
            0.0
        };
        let warm = if tag.class == "plateau_or_warm_up" {
            tag.base * 0.3 * (1.0 - (-hours / 3.0).exp())
        } else {
            0.0
        };
        let pace = if epoch == 1 && tag.tag == "HsCx" {
            3.4
        } else {
            1.0
        };
        let mib = tag.base + wobble + wave + warm + tag.per_hour * hours * pace;
        series.push((n as u64, (mib * MIB) as i64));
    }
    let (first, last) = (series[0].1, series[series.len() - 1].1);
    let rate = tag.per_hour * MIB;
    TagRow {
        tag: tag.tag.into(),
        tag_hex: tag.tag.bytes().map(|b| format!("{b:02x}")).collect(),
        pool: tag.pool,
        epoch: 0,
        class: tag.class,
        test: match tag.class {
            "steady_leak" => "a robust line explains 99 % of the variance over 64 points, and the last third grows as fast as the first",
            "sawtooth" => "rises and returns to within 30 % of its lowest point",
            "plateau_or_warm_up" => "the last third grows at 6 % of the first third's pace",
            "flat" => "changes by less than 2 % of its size",
            _ => "moves, and fits no pattern",
        }
        .into(),
        bytes_first: first,
        bytes_last: last,
        blocks_first: Some(first / 1_480),
        blocks_last: Some(last / 1_480),
        growth_bytes_per_hour: Some(rate),
        growth_low: Some(rate - 0.06 * MIB),
        growth_high: Some(rate + 0.07 * MIB),
        growth_bytes_per_snapshot: None,
        share_of_growth: Some(if tag.tag == "HsCx" { 0.962 } else { tag.per_hour / 9.0 }),
        freed_ratio: Some(if tag.tag == "HsCx" { 0.0004 } else { 0.981 }),
        points: series.len() as u64,
        owner_hint: tag.hint.map(str::to_owned),
        evidence: if tag.tag == "HsCx" { texts(&["E3", "E4"]) } else { Vec::new() },
        series,
    }
}

fn leak_pool(report: &mut Report, looks: &[(i64, u64)], limit: i64) {
    let pool = &mut report.pool;
    pool.snapshots = looks.len() as u64;
    pool.first = looks.first().map(|l| time(l.0));
    pool.last = looks.last().map(|l| time(l.0));
    pool.order = text("by the time stamps before each snapshot");
    pool.limit = Some(Limit {
        bytes: limit as u64,
        low: limit as u64,
        high: 284_168_192,
        basis: "Windows Server 2003, 32 bits: 256 MB (Memory Limits for Windows and Windows Server Releases)".into(),
        quality: "documented".into(),
        evidence: Vec::new(),
    });
    pool.threshold = Some(Threshold {
        bytes: 20 << 20,
        basis: "http.sys refuses new connections below 20 MB of free nonpaged pool (KB 820729)"
            .into(),
    });
    pool.time_to_limit = Some(TimeToLimit {
        hours: Some(0.4),
        soonest: Some(0.3),
        latest: Some(0.6),
        basis: "straight line through the last epoch".into(),
    });
    for epoch in 0..2u64 {
        let mine: Vec<&PoolPoint> = pool.nonpaged.iter().filter(|p| p.epoch == epoch).collect();
        pool.epochs.push(Epoch {
            snapshots: mine.len() as u64,
            first: mine[0].at.clone(),
            last: mine[mine.len() - 1].at.clone(),
            began: if epoch == 0 { "first" } else { "restart" },
            nonpaged_first: Some(mine[0].bytes),
            nonpaged_last: Some(mine[mine.len() - 1].bytes),
            nonpaged_peak: mine.iter().map(|p| p.bytes).max(),
            nonpaged_growth_bytes_per_hour: Some(8.7 * MIB),
            basis: text("the header's total"),
            evidence: Vec::new(),
        });
    }
    pool.tags_not_listed = 311;
    pool.lockstep = vec![Lockstep {
        members: [("HsCx", 1.0), ("IoWI", 2.0)]
            .map(|(tag, ratio)| LockstepMember {
                tag: tag.into(),
                tag_hex: tag.bytes().map(|b| format!("{b:02x}")).collect(),
                pool: "nonpaged",
                ratio,
            })
            .to_vec(),
        text: "For each new block of HsCx there are two of IoWI, in every interval: one cause holds both.".into(),
    }];
}

fn leak_refusals(report: &mut Report, unrest: &mut Unrest) {
    let stretches = [(84_900i64, 91_800i64), (115_500, 118_200)];
    let refusals = &mut report.refusals;
    for (place, &(from, to)) in stretches.iter().enumerate() {
        let mut total = 0;
        let mut worst = (from, 0);
        for minute in (from / 60 * 60..to).step_by(60) {
            let rise = ((minute - from) as f64 / 2_400.0).clamp(0.05, 1.0);
            let count = (rise * 90.0 * (0.35 + unrest.next())) as u64 + 1;
            refusals.counts.push(RefusalCount {
                start: time(minute),
                seconds: 60,
                total: count,
            });
            total += count;
            worst = if count > worst.1 {
                (minute, count)
            } else {
                worst
            };
        }
        refusals.total += total;
        refusals.rows += total / 8;
        refusals.episodes.push(Episode {
            start: time(from),
            end: time(to),
            ended: if place == 0 {
                "log_goes_on"
            } else {
                "log_ends"
            },
            rows: total / 8,
            total,
            worst_minute: time(worst.0),
            worst_minute_total: worst.1,
            pool_bytes: Some((237.6 * MIB) as u64),
            pool_low: None,
            pool_high: None,
            headroom_bytes: Some((18.4 * MIB) as i64),
            pool_basis: Some("between_snapshots"),
            rivals: [("Timer_ConnectionIdle".to_owned(), 41u64)].into(),
            evidence: texts(&[if place == 0 { "E1" } else { "E2" }]),
        });
    }
    refusals.first = Some(time(stretches[0].0));
    refusals.last = Some(time(stretches[1].1));
    refusals.logs = 6;
    refusals.log_first = Some(time(-7_000));
    refusals.log_last = Some(time(118_300));
    refusals.reasons = [
        ("Connections_Refused", refusals.rows),
        ("Timer_ConnectionIdle", 20_411),
        ("Timer_MinBytesPerSecond", 103),
        ("URL", 12),
    ]
    .map(|(reason, rows)| (reason.to_owned(), rows))
    .into();
}

fn reason(rule: &'static str, weight: &'static str, words: &str, evidence: &[&str]) -> Reason {
    Reason {
        rule,
        weight,
        text: words.into(),
        evidence: texts(evidence),
    }
}

fn leak_words(report: &mut Report) {
    let candidate_driver = driver("hstorflt.sys", "Holm Storage Ltd");
    report.verdict = Verdict {
            also: vec![],
        outcome: "leak_explains_refusals",
        confidence: "confirmed",
        summary: "Tag HsCx in nonpaged pool grew by 8.35 MiB an hour until 18.4 MiB were left; from then on http.sys refused connections, in both boot epochs. hstorflt.sys allocates with this tag.".into(),
        tag: text("HsCx"),
        tag_hex: text("48734378"),
        pool: Some("nonpaged"),
        driver: Some(candidate_driver.clone()),
        reasons: vec![
            reason("tag_explains_growth", "for", "HsCx makes up 96.2 % of the growth of nonpaged pool, along a straight line, and 0.04 % of its blocks are ever freed.", &["E3", "E4"]),
            reason("refusals_at_low_headroom", "for", "Refusals begin with 18.4 MiB left, 11 minutes after the documented 20 MB were passed.", &["E1", "E2"]),
            reason("repeats_after_restart", "for", "After the restart the same tag grows again, faster, and refusals follow.", &["E2"]),
            reason("call_site", "for", "In hstorflt.sys the tag reaches ExAllocatePoolWithTag at one call site.", &["E5"]),
            reason("rivals_quiet", "against", "41 rows of Timer_ConnectionIdle fall into the episodes: usual background, not counted as a rival.", &["E6"]),
            reason("gap_in_snapshots", "limit", "No snapshot was taken for four hours of the first epoch.", &[]),
        ],
        would_change: texts(&[
            "A snapshot from the restart's minutes that shows HsCx falling before the kernel stopped.",
            "Another image with a call site for HsCx: the drivers folder of this case may be incomplete.",
        ]),
    };
    report.correlation = Correlation {
        reading: Some("exhausted"),
        text: text(
            "All of the refused connections fall into times with less than 20 MiB of headroom.",
        ),
        covered: Some(1.0),
        separation: Some(0.991),
        lag_seconds: Some(660),
        survives_minutes_back: Some(45),
        survives_minutes_forward: Some(105),
        withheld: None,
    };
    report.attribution = vec![Attribution {
        tag: "HsCx".into(),
        tag_hex: "48734378".into(),
        pool: "nonpaged",
        answer: "One image of 143 allocates with this tag.".into(),
        candidates: vec![
            Candidate {
                driver: candidate_driver,
                grade: "call_site",
                via: Some("direct"),
                role: Some("allocate"),
                api: text("ExAllocatePoolWithTag"),
                sites: 1,
                rva: Some(0x1a46),
                instructions: texts(&[
                    "00011a3a  push    78437348h            ; 'HsCx'",
                    "00011a3f  push    5C8h                 ; 1,480 bytes",
                    "00011a44  push    0                    ; NonPagedPool",
                    "00011a46  call    dword ptr [00014010h] ; ExAllocatePoolWithTag",
                ]),
                why: texts(&[
                    "The only image with a call site.",
                    "No call of ExFreePoolWithTag with this tag was found in it.",
                ]),
                evidence: texts(&["E5"]),
            },
            Candidate {
                driver: driver("hstormon.sys", "Holm Storage Ltd"),
                grade: "data",
                via: None,
                role: None,
                api: None,
                sites: 0,
                rva: None,
                instructions: Vec::new(),
                why: texts(&[
                    "The four bytes stand in a table of names; no instruction uses them.",
                ]),
                evidence: Vec::new(),
            },
        ],
        text_only: 3,
        owner_hint: None,
    }];
}

pub fn evidence(
    id: &str,
    artifact: &str,
    line: Option<u64>,
    offset: Option<u64>,
    words: &str,
) -> Evidence {
    Evidence {
        id: id.into(),
        artifact: artifact.into(),
        sha256: Some("9a41c07e".repeat(8)),
        line,
        offset,
        record: None,
        text: words.into(),
        context: context(line, words),
    }
}

/// The line itself between two others.
fn context(line: Option<u64>, words: &str) -> Vec<ContextLine> {
    let Some(cited) = line else { return Vec::new() };
    [cited.saturating_sub(1), cited, cited + 1]
        .into_iter()
        .filter(|number| *number > 0)
        .map(|number| ContextLine {
            kind: "line",
            line: Some(number),
            offset: None,
            cited: number == cited,
            text: if number == cited {
                words
            } else {
                "a neighbour"
            }
            .into(),
        })
        .collect()
}

pub fn artifact(name: &str, role: &'static str, used: &'static str, notes: &[&str]) -> ArtifactRow {
    ArtifactRow {
        name: name.into(),
        role,
        why: "by name and first bytes".into(),
        bytes: Some(1_048_402),
        sha256: Some("9a41c07e".repeat(8)),
        used,
        notes: texts(notes),
    }
}

fn leak_rest(report: &mut Report) {
    report.case = Case {
        id: "b7d21f44c09a6e18".repeat(4),
        input: Input {
            kind: "zip".into(),
            name: "upload 4711.zip".into(),
            sha256: Some("31f0c2aa".repeat(8)),
            options: texts(&["--tz", "Europe/Berlin"]),
        },
        host: text("WEB-07"),
        os: text("Microsoft Windows Server 2003 R2 Standard Edition, Service Pack 2"),
        architecture: text("x86"),
        ram_bytes: Some(4 << 30),
        manifest: None,
        sources: texts(&["systeminfo.txt"]),
        evidence: Vec::new(),
    };
    report.time = Time {
        zone: text("Europe/Berlin"),
        zone_source: text("option"),
        zone_text: text("--tz Europe/Berlin"),
        dated_snapshots: report.pool.snapshots,
        undated_snapshots: 0,
        stamp_sources: [("line before the snapshot".to_owned(), report.pool.snapshots)].into(),
        withheld: None,
        notes: texts(&["Stamps are day before month: 13 of them allow no other reading."]),
    };
    let finding = |rule, kind, words: &str, ids: &[&str]| Finding {
        rule,
        kind,
        text: words.into(),
        evidence: texts(ids),
        known_issue: None,
    };
    report.findings = vec![
        finding(
            "queue_full",
            "rival",
            "Full request queues: no row of QueueFull in any log, so not the cause.",
            &["E6"],
        ),
        finding(
            "app_offline",
            "rival",
            "Application pools offline: no row of AppOffline, so not the cause.",
            &["E6"],
        ),
        finding(
            "paged_pool",
            "rival",
            "Paged pool stayed below 70 MiB and returned between peaks, so not the cause.",
            &[],
        ),
        finding(
            "handle_leak",
            "rival",
            "Event, file and thread objects do not grow together, so no process leaks handles.",
            &[],
        ),
        finding(
            "rate_changed",
            "pool",
            "After the restart HsCx grew 3.4 times as fast as before.",
            &["E4"],
        ),
    ];
    let step = |audience, words: &str, command: Option<&str>| NextStep {
        audience,
        text: words.into(),
        command: command.map(str::to_owned),
    };
    report.next_steps = vec![
        step(
            "engineer",
            "Check the driver's allocations on a test machine with the same load.",
            Some("verifier /flags 0x9 /driver hstorflt.sys"),
        ),
        step(
            "customer",
            "Update or remove Holm Storage Suite 4.2; until then restart before nonpaged pool reaches 230 MB.",
            None,
        ),
        step(
            "vendor",
            "HsCx is allocated at hstorflt.sys+0x1a46 and not freed; 1,480 bytes a block.",
            None,
        ),
    ];
    let log = "2024-03-05 05:35:02 - - - - - - - - - 4_Connections_Refused -";
    report.evidence = vec![
        evidence("E1", "HTTPERR/httperr7.log", Some(4_182), None, log),
        evidence(
            "E2",
            "HTTPERR/httperr9.log",
            Some(77),
            None,
            "2024-03-05 14:05:07 - - - - - - - - - 11_Connections_Refused -",
        ),
        evidence(
            "E3",
            "poolmon.log",
            Some(19),
            None,
            " HsCx Nonp      1500        12      1488 2202240     1480",
        ),
        evidence(
            "E4",
            "poolmon.log",
            Some(120_403),
            None,
            " HsCx Nonp    161901        64    161837 239518760     1480",
        ),
        evidence(
            "E5",
            "drivers/hstorflt.sys",
            None,
            Some(0x0e46),
            "68 48 73 43 78 68 C8 05 00 00 6A 00 FF 15 10 40 01 00",
        ),
        evidence(
            "E6",
            "HTTPERR/httperr7.log",
            Some(1),
            None,
            "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
        ),
    ];
    report.coverage = Coverage {
        artifacts: vec![
            artifact("HTTPERR/httperr7.log", "httperr_log", "used", &[]),
            artifact(
                "HTTPERR/httperr9.log",
                "httperr_log",
                "partly_used",
                &["last line is torn: 31 bytes without an end"],
            ),
            artifact("drivers/hstorflt.sys", "driver", "used", &[]),
            artifact(
                "drivers/broken.sys",
                "driver",
                "unreadable",
                &["no PE header at offset 0xf8"],
            ),
            artifact(
                "poolmon.log",
                "poolmon",
                "used",
                &["header lines without totals in 2 of 86 snapshots"],
            ),
            artifact("readme.txt", "other", "not_needed", &[]),
        ],
        notes: texts(&["143 driver images were searched."]),
        limits_hit: Vec::new(),
    };
}
