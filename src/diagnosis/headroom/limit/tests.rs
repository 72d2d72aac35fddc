//! The table row by row, what is stated, and what is missing.

use super::*;
use proptest::prelude::*;

fn host(os: &str, arch: Option<Arch>, gib: u64) -> Host {
    Host {
        os: os.parse().ok(),
        arch,
        ram_bytes: Some(gib << 30),
        ..Host::default()
    }
}

#[test]
fn server_2003_with_32_bits() {
    let plain = Host {
        boot_3gb: Some(false),
        ..host("2003", Some(Arch::X86), 4)
    };
    assert_eq!(limit(&plain).unwrap().bytes, 268_435_456);
    let split = Host {
        boot_3gb: Some(true),
        ..plain
    };
    assert_eq!(limit(&split).unwrap().bytes, 134_217_728);
    let unknown = limit(&Host {
        boot_3gb: None,
        ..plain
    })
    .unwrap();
    assert_eq!((unknown.low, unknown.bytes), (134_217_728, 268_435_456));
    assert_eq!(unknown.bound, Bound::AddressSpace);
    let small = limit(&Host {
        ram_bytes: Some(256 << 20),
        ..plain
    })
    .unwrap();
    assert_eq!(small.quality, Quality::Guess);
    assert!((32 << 20..128 << 20).contains(&small.bytes));
}

#[test]
fn the_64_bit_column() {
    for (os, gib, permille, quality) in [
        ("2003", 16, 390, Quality::Documented),
        ("vista", 8, 400, Quality::Documented),
        ("2008r2", 8, 740, Quality::Documented),
        ("win7", 8, 740, Quality::Documented),
        ("2012", 64, 1000, Quality::Ceiling),
        ("2012r2", 256, 1000, Quality::Ceiling),
        ("2019", 32, 1000, Quality::Ceiling),
        ("2025", 32, 1000, Quality::Ceiling),
    ] {
        let found = limit(&host(os, Some(Arch::X64), gib)).unwrap();
        assert_eq!(
            (found.bytes, found.quality),
            ((gib << 30) * permille / 1000, quality),
            "{os}"
        );
        assert_eq!(found.bound, Bound::Memory);
    }
    let large = limit(&host("2008r2", None, 1024)).unwrap();
    assert_eq!(
        large.bytes,
        128 << 30,
        "capped, and 2008 R2 is 64-bit without being told"
    );
}

#[test]
fn what_is_stated_comes_first() {
    let stated = Host {
        npp_limit_option: Some(7 << 20),
        ..host("2003", Some(Arch::X86), 2)
    };
    assert_eq!(limit(&stated).unwrap().quality, Quality::Stated);
    let registry = Host {
        registry_nonpaged_pool_size: Some(100 << 20),
        ..host("2003", Some(Arch::X86), 2)
    };
    assert_eq!(limit(&registry).unwrap().bytes, 100 << 20);
    let ignored = Host {
        registry_nonpaged_pool_limit: Some(100),
        ..host("2016", None, 2)
    };
    assert_eq!(
        limit(&ignored).unwrap().bytes,
        2 << 30,
        "no effect on 64 bits"
    );
    let automatic = Host {
        registry_nonpaged_pool_size: Some(0),
        ..registry
    };
    assert_eq!(limit(&automatic).unwrap().bytes, 256 << 20);
}

#[test]
fn missing_facts_are_named_or_widen_the_range() {
    assert!(
        limit(&Host::default())
            .unwrap_err()
            .to_string()
            .contains("Windows version")
    );
    let no_ram = Host {
        ram_bytes: None,
        ..host("2016", None, 0)
    };
    assert!(limit(&no_ram).unwrap_err().to_string().contains("memory"));
    let either = limit(&host("2008", None, 4)).unwrap();
    assert_eq!((either.quality, either.high), (Quality::Guess, 3 << 30));
    let nothing_but_memory = limit(&Host {
        os: None,
        ..host("", None, 32)
    })
    .unwrap();
    assert_eq!(
        (nothing_but_memory.quality, nothing_but_memory.bytes),
        (Quality::Guess, 32 << 30)
    );
}

#[test]
fn an_impossible_pool_is_said() {
    let found = limit(&Host {
        boot_3gb: Some(true),
        ..host("2003", Some(Arch::X86), 4)
    })
    .unwrap();
    assert_eq!(found.contradicted_by(114 << 20), None);
    assert!(found.contradicted_by(200 << 20).is_some());
}

proptest! {
    #[test]
    fn ranges_are_ordered(
        os in prop::option::of(0usize..17), arch in 0u8..4, ram: u64, boot_3gb: Option<bool>,
        size: Option<u64>, mib: Option<u64>,
    ) {
        const NAMES: [&str; 17] = ["2000", "xp", "2003", "vista", "2008", "7", "2008r2", "8", "2012", "8.1",
            "2012r2", "10", "2016", "2019", "11", "2022", "2025"];
        let host = Host {
            os: os.and_then(|i| NAMES[i].parse().ok()),
            arch: [None, Some(Arch::X86), Some(Arch::X64), Some(Arch::Arm64)][usize::from(arch)],
            ram_bytes: Some(ram), boot_3gb,
            registry_nonpaged_pool_size: size, registry_nonpaged_pool_limit: mib,
            ..Host::default()
        };
        if let Ok(found) = limit(&host) {
            prop_assert!(found.low <= found.bytes && found.bytes <= found.high, "{:?}", found);
            prop_assert!(!found.basis.is_empty());
        }
    }
}
