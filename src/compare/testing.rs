//! Sides for tests: one that leaks and one that does not, alike in all else.

use std::collections::BTreeMap;

use super::side::{
    DriverFacts, LimitFacts, Pace, PoolFacts, RefusalFacts, Side, Source, Span, TagFacts, TagKey,
    VerdictFacts,
};

pub(super) const HOUR: i64 = 3_600_000;
const MIB: f64 = 1_048_576.0;

/// The tag of [`leaking`].
pub(super) fn key() -> TagKey {
    TagKey {
        tag_hex: "48734378".into(),
        pool: "nonpaged".into(),
    }
}

pub(super) fn pace(mib: f64) -> Pace {
    Pace {
        bytes: mib * MIB,
        per: "hour",
        interval: Some(((mib - 0.5) * MIB, (mib + 0.5) * MIB)),
    }
}

/// Ten hours of snapshots and logs without a problem, 20 tags of which none is listed.
pub(super) fn side(name: &str) -> Side {
    let covered = Some(Span {
        from: 400_000 * HOUR,
        to: 400_010 * HOUR,
    });
    let image = DriverFacts {
        sha256: vec!["aa".into()],
        version: Some("1.0".into()),
        linked: None,
    };
    Side {
        name: name.to_owned(),
        source: Source::Report,
        tool_version: Some("0.1.0".into()),
        case_id: Some(format!("id of {name}")),
        options: Vec::new(),
        host: Some("WEB1".into()),
        os: Some("Windows Server 2008 R2".into()),
        architecture: Some("x64".into()),
        ram_bytes: Some(4 << 30),
        zone: Some("Europe/Berlin".into()),
        limit: Some(LimitFacts {
            bytes: 3 << 30,
            quality: Some("documented".into()),
        }),
        verdict: VerdictFacts {
            outcome: Some("no_problem_found".into()),
            confidence: Some("confirmed".into()),
            ..VerdictFacts::default()
        },
        refusals: RefusalFacts {
            total: Some(0),
            logs: 2,
            covered,
            per_hour: Some(0.0),
            ..RefusalFacts::default()
        },
        pool: PoolFacts {
            snapshots: 20,
            covered,
            lowest: Some(100 << 20),
            highest: Some(110 << 20),
            pace: Some(pace(1.0)),
            tags_not_listed: 20,
            ..PoolFacts::default()
        },
        drivers: BTreeMap::from([("genport.sys".to_owned(), image)]),
        unread: 0,
        limits_hit: 0,
    }
}

/// As [`side`], with `HsCx` growing by 100 MiB/h until connections are refused.
pub(super) fn leaking(name: &str) -> Side {
    let mut side = side(name);
    side.verdict = VerdictFacts {
        outcome: Some("leak_explains_refusals".into()),
        confidence: Some("probable".into()),
        tag: Some("HsCx".into()),
        key: Some(key()),
        driver: Some("hstorflt.sys".into()),
    };
    side.refusals.total = Some(4_000);
    side.refusals.per_hour = Some(400.0);
    side.refusals.episodes = 1;
    side.refusals.first_after_hours = Some(9.0);
    side.pool.pace = Some(pace(103.0));
    side.pool.tags.insert(
        key(),
        TagFacts {
            tag: "HsCx".into(),
            class: Some("steady_leak".into()),
            bytes_first: Some(1 << 30),
            bytes_last: Some(2 << 30),
            pace: Some(pace(100.0)),
        },
    );
    let driver = DriverFacts {
        sha256: vec!["bb".into()],
        version: Some("3.2.0.118".into()),
        linked: None,
    };
    side.drivers.insert("hstorflt.sys".into(), driver);
    side
}

/// The side some days later.
pub(super) fn later(mut side: Side) -> Side {
    for span in [&mut side.pool.covered, &mut side.refusals.covered]
        .into_iter()
        .flatten()
    {
        span.from += 100 * HOUR;
        span.to += 100 * HOUR;
    }
    side
}
