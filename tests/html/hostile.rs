//! Reports full of text that would like to be code: the page must show it and do nothing else.

use crate::fixtures;
use crate::payloads::{self, PAYLOADS};
use poolsleuth::report::model::*;

/// All payloads, and a long tail.
pub fn mouthful() -> String {
    let mut all = PAYLOADS.join(" ");
    all.push_str(&payloads::long().repeat(5));
    all
}

/// The n-th payload.
fn one(n: usize) -> String {
    PAYLOADS[n % PAYLOADS.len()].to_owned()
}

/// Payloads in every field that holds text.
pub fn everywhere() -> Report {
    let mut report = fixtures::leak();
    report.case.id = one(0);
    report.case.input = Input {
        kind: one(1),
        name: one(2),
        sha256: Some(one(3)),
        options: PAYLOADS.iter().map(|p| (*p).to_owned()).collect(),
    };
    report.case.host = Some(mouthful());
    report.case.os = Some(one(4));
    report.case.architecture = Some(one(5));
    report.case.sources = vec![one(6), one(7)];
    report.time.zone_text = Some(one(8));
    report.time.zone_source = Some(one(9));
    report.time.notes = PAYLOADS.iter().map(|p| (*p).to_owned()).collect();
    report.time.stamp_sources.insert(one(1), 3);
    words(&mut report);
    numbers(&mut report);
    drivers(&mut report);
    appendix(&mut report);
    report
}

fn words(report: &mut Report) {
    let verdict = &mut report.verdict;
    verdict.summary = mouthful();
    verdict.tag = Some(one(0));
    verdict.tag_hex = Some(one(1));
    verdict.would_change = PAYLOADS.iter().map(|p| (*p).to_owned()).collect();
    for (n, reason) in verdict.reasons.iter_mut().enumerate() {
        reason.text = one(n);
        reason.evidence = vec![
            one(n),
            "E1".into(),
            "E999".into(),
            "E1\" onclick=\"x".into(),
        ];
    }
    for (n, finding) in report.findings.iter_mut().enumerate() {
        finding.text = one(n);
        finding.evidence = vec![one(n + 1)];
    }
    for (n, step) in report.next_steps.iter_mut().enumerate() {
        step.text = one(n);
        step.command = Some(mouthful());
    }
    report.correlation.text = Some(one(3));
}

fn numbers(report: &mut Report) {
    for (n, tag) in report.pool.tags.iter_mut().enumerate() {
        tag.tag = one(n);
        tag.tag_hex = one(n + 1);
        tag.test = one(n + 2);
        tag.owner_hint = Some(one(n + 3));
        tag.evidence = vec![one(n + 4)];
    }
    for (n, member) in report.pool.lockstep[0].members.iter_mut().enumerate() {
        member.tag = one(n);
        member.ratio = f64::NAN;
    }
    report.pool.lockstep[0].text = one(5);
    report.pool.order = Some(one(6));
    report.pool.nonpaged[3].at = Some(one(0));
    report.pool.nonpaged[4].bytes = i64::MIN;
    report.pool.epochs[0].first = Some(one(2));
    report.pool.tags[0].growth_bytes_per_hour = Some(f64::INFINITY);
    report.pool.tags[1].share_of_growth = Some(f64::NAN);
    if let Some(limit) = &mut report.pool.limit {
        limit.basis = one(3);
        limit.quality = one(4);
    }
    if let Some(threshold) = &mut report.pool.threshold {
        threshold.basis = one(5);
    }
    if let Some(time) = &mut report.pool.time_to_limit {
        time.basis = one(6);
        time.hours = Some(f64::NEG_INFINITY);
    }
    let refusals = &mut report.refusals;
    refusals.first = Some(one(1));
    refusals.counts[0].start = one(2);
    refusals.counts[1].seconds = u64::MAX;
    refusals.reasons.insert(one(3), u64::MAX);
    refusals.reasons.insert(mouthful(), 1);
    refusals.episodes[0].worst_minute = one(4);
    refusals.episodes[0].rivals.insert(one(5), 2);
    refusals.episodes[0].evidence = vec![one(6)];
}

fn drivers(report: &mut Report) {
    let attribution = &mut report.attribution[0];
    attribution.tag = one(0);
    attribution.tag_hex = one(1);
    attribution.answer = one(2);
    attribution.owner_hint = Some(one(3));
    for (n, candidate) in attribution.candidates.iter_mut().enumerate() {
        candidate.api = Some(one(n + 4));
        candidate.instructions = PAYLOADS.iter().map(|p| (*p).to_owned()).collect();
        candidate.why = vec![one(n + 5)];
        candidate.evidence = vec![one(n + 6)];
        let driver = &mut candidate.driver;
        driver.file_name = one(n);
        driver.path = mouthful();
        driver.sha256 = one(n + 1);
        driver.version = Version {
            file_version: Some(one(n + 2)),
            product_version: Some(one(n + 3)),
            company: Some(one(n + 4)),
            product: Some(one(n + 5)),
            description: Some(mouthful()),
            original_name: Some(one(n + 6)),
        };
        driver.linked = one(n + 7);
        driver.pdb = Some(one(n + 8));
        driver.blind = vec![one(n + 9)];
        driver.copies = vec![one(n + 10)];
        driver.signature.text = one(n + 11);
        driver.signature.signer = Some(one(n + 12));
        driver.signature.issuer = Some(one(n + 13));
        driver.signature.signed_at = Some(one(n + 14));
    }
    report.verdict.driver = Some(attribution.candidates[0].driver.clone());
}

fn appendix(report: &mut Report) {
    for (n, evidence) in report.evidence.iter_mut().enumerate() {
        evidence.artifact = one(n);
        evidence.sha256 = Some(one(n + 1));
        evidence.text = mouthful();
        evidence.context = (0..3)
            .map(|line| ContextLine {
                kind: "line",
                line: Some(line),
                offset: None,
                cited: line == 1,
                text: one(n + 2),
            })
            .collect();
    }
    report.evidence[2].id = "E1".into();
    report.evidence[3].id = "E1\"><script>window.hit=10</script>".into();
    for (n, row) in report.coverage.artifacts.iter_mut().enumerate() {
        row.name = one(n);
        row.why = one(n + 1);
        row.sha256 = Some(one(n + 2));
        row.notes = PAYLOADS.iter().map(|p| (*p).to_owned()).collect();
    }
    report.coverage.notes = PAYLOADS.iter().map(|p| (*p).to_owned()).collect();
    report.coverage.limits_hit = vec![one(3)];
}

fn many<T: Clone>(list: &mut Vec<T>, count: usize) {
    if let Some(first) = list.first().cloned() {
        list.resize(count, first);
    }
}

/// As much of everything as can be, all of it as long as can be: the page's worst case.
pub fn worst() -> Report {
    /// The character that grows most when it is escaped.
    const WIDEST: &str = "\u{e0041}";
    let wide = WIDEST.repeat(3_000);
    let mut report = everywhere();
    report
        .verdict
        .reasons
        .iter_mut()
        .for_each(|r| r.text = wide.clone());
    report.verdict.would_change = vec![wide.clone()];
    report
        .findings
        .iter_mut()
        .for_each(|f| f.text = wide.clone());
    report.coverage.artifacts[0].notes = vec![wide.clone(); 100];
    many(&mut report.verdict.reasons, 2_000);
    many(&mut report.verdict.would_change, 2_000);
    many(&mut report.time.notes, 2_000);
    many(&mut report.findings, 2_000);
    many(&mut report.next_steps, 2_000);
    many(&mut report.coverage.artifacts, 3_000);
    many(&mut report.coverage.notes, 2_000);
    many(&mut report.coverage.limits_hit, 2_000);
    many(&mut report.pool.lockstep[0].members, 500);
    many(&mut report.pool.lockstep, 200);
    many(&mut report.attribution[0].candidates, 60);
    many(&mut report.attribution, 60);
    many(&mut report.refusals.episodes, 3_000);
    report.case.host = Some(wide.clone());
    report.case.os = Some(wide.clone());
    report.case.sources = vec![wide.clone(); 50];
    for (n, tag) in (0i64..).zip(&mut report.pool.tags) {
        tag.test = wide.clone();
        tag.tag = wide.clone();
        tag.series = (0..60_000)
            .map(|s| (s, (s as i64 * (n + 7_919)) % 1_000_003))
            .collect();
    }
    // Only the first tags are plotted; the others need no more than a sparkline has room for.
    let plotted = report.pool.tags.len();
    many(&mut report.pool.tags, plotted + 1);
    report.pool.tags[plotted].series.truncate(500);
    let last = report.pool.tags[plotted].clone();
    report.pool.tags.resize(400, last);
    let mut evidence = report.evidence.swap_remove(0);
    evidence.context = (0..200)
        .map(|line| ContextLine {
            kind: "line",
            line: Some(line),
            offset: None,
            cited: line % 2 == 0,
            text: wide.clone(),
        })
        .collect();
    evidence.text = wide;
    report.evidence = (0..2_000)
        .map(|n| Evidence {
            id: format!("E{n}"),
            ..evidence.clone()
        })
        .collect();
    report.pool.nonpaged = (0..60_000u64)
        .map(|n| PoolPoint {
            snapshot: n,
            at: Some(fixtures::time(n as i64 * 60)),
            epoch: n / 1_000,
            bytes: (n as i64 * 7_919) % 1_000_003,
            headroom_bytes: Some(1),
        })
        .collect();
    report.refusals.counts = (0..60_000i64)
        .map(|n| RefusalCount {
            start: fixtures::time(n * 60),
            seconds: 60,
            total: (n as u64 * 31) % 977,
        })
        .collect();
    report
}
