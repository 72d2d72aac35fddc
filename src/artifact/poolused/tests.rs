//! Logs in, looks out.

use proptest::prelude::*;

use super::*;
use crate::artifact::look::{Lack, Look, Notes, Spot, StampTime};
use crate::tag::{Pool, Tag};

fn read(text: &str) -> (Vec<Look>, Notes) {
    of_bytes(text.as_bytes())
}

fn of_bytes(bytes: &[u8]) -> (Vec<Look>, Notes) {
    let mut reader = LogReader::new(bytes);
    let looks = reader.by_ref().collect();
    (looks, reader.finish())
}

/// Outstanding and bytes of a tag in nonpaged and paged pool.
fn account(look: &Look, tag: &[u8; 4]) -> Vec<(bool, Option<i64>, i64)> {
    let rows = look.rows.iter().filter(|r| r.tag == Tag::new(*tag));
    rows.map(|r| (r.pool == Pool::NonPaged, r.blocks, r.bytes))
        .collect()
}

const OLD: &str = "   Sorting by  Tag\r\n\r\n  Pool Used:\r\n            NonPaged            Paged\r\n Tag    Allocs     Used    Allocs     Used\r\n";
const NEW: &str = "....\r\n Sorting by NonPaged Pool Consumed\r\n\r\n  Pool Used:\r\n               NonPaged                  Paged\r\n Tag     Allocs         Used     Allocs         Used\r\n\r\n";
const TIME: &str = "Debug session time: Fri May  1 12:00:00.500 2026 (UTC + 2:00)\r\nSystem Uptime: 1 days 0:30:00.250\r\n";

#[test]
fn glued_descriptions_are_cut_at_the_column() {
    let text = format!(
        "0: kd> !poolused\r\n{OLD} Leak      700    70000         0        0UNKNOWN pooltag 'Leak', please update pooltag.txt\r\n \
         ohci        1      136         0        01394 OHCI words\r\n \
         Enum        2       64         3      1283rd words\r\n \
         rx..        3     1248         0        0UNKNOWN pooltag '  rx', please update pooltag.txt\r\n \
         Big1  1234567 12345678901         0        0Words\r\n \
         a.b         1       16         0        0Words\r\n \
         TOTAL     1236 99\r\n"
    );
    let (looks, notes) = read(&text);
    let look = &looks[0];
    assert_eq!(
        account(look, b"Leak"),
        [(true, Some(700), 70_000), (false, Some(0), 0)]
    );
    assert_eq!(
        account(look, b"ohci"),
        [(true, Some(1), 136), (false, Some(0), 0)]
    );
    assert_eq!(account(look, b"Enum")[1], (false, Some(3), 128));
    assert_eq!(account(look, b"rx\0\0")[0], (true, Some(3), 1_248));
    assert_eq!(
        account(look, b"Big1")[0],
        (true, Some(1_234_567), 12_345_678_901)
    );
    assert_eq!(account(look, b"a.b ")[0], (true, Some(1), 16));
    assert_eq!(look.rows[0].spot, Spot::Line(7));
    assert!(
        look.rows
            .iter()
            .all(|r| r.allocs.is_none() && r.frees.is_none())
    );
    assert_eq!(notes.left_out, 0, "{:?}", notes.said);
}

#[test]
fn a_dump_has_one_time_and_one_start() {
    let text = format!(
        "Loading Dump File [C:\\dumps\\MEMORY.DMP]\r\n{TIME}0: kd> !poolused 2\r\n{NEW} \
         Leak      7000       448000          0            0\tUNKNOWN pooltag 'Leak', please update pooltag.txt\r\n \
         EtwB      1428    254173440          6       196608\tEtw Buffer , Binary: nt!etw\r\n\
         0: kd> !poolused 4\r\n{NEW} \
         EtwB      1428    254173440          6       196608\tEtw Buffer , Binary: nt!etw\r\n \
         CM31         0            0      19797     91705344\tInternal words , Binary: nt!cm\r\n"
    );
    let (looks, notes) = read(&text);
    assert_eq!((looks.len(), looks[0].rows.len()), (1, 6));
    let stamp = looks[0].stamp.as_ref().unwrap();
    let StampTime::Instant(at) = stamp.time else {
        panic!("{stamp:?}")
    };
    assert_eq!(at.to_rfc3339(), "2026-05-01T10:00:00.500+00:00");
    assert_eq!(
        looks[0].boot.unwrap().to_rfc3339(),
        "2026-04-30T09:30:00.250+00:00"
    );
    assert!(
        notes
            .said
            .iter()
            .any(|n| n.contains("no allocations and frees"))
    );
}

#[test]
fn another_dump_or_other_figures_are_another_look() {
    let row = |live: u32| {
        format!(
            " Leak  {live:8}   {:10}          0            0\r\n",
            live * 64
        )
    };
    let later = TIME.replace("12:00:00", "13:00:00");
    let two = format!("{TIME}{NEW}{}{later}{NEW}{}", row(10), row(20));
    let (looks, _) = read(&two);
    assert_eq!(looks.len(), 2);
    assert!(looks.iter().all(|l| l.stamp.is_some() && l.boot.is_some()));
    let live = format!(
        "lkd> !poolused 2\r\n{NEW}{}lkd> !poolused 2\r\n{NEW}{}",
        row(10),
        row(20)
    );
    let (looks, notes) = read(&live);
    assert_eq!(looks.len(), 2);
    assert!(notes.said.iter().any(|n| n.contains("Debug session time")));
}

#[test]
fn verbose_tables_have_counters_that_must_add_up() {
    let text = "kd> !poolused 1\r\n  Pool Used:\r\n            NonPaged                    Paged\r\n Tag    Allocs    Frees     Diff     Used   Allocs    Frees     Diff     Used\r\n \
         Leak      900      200      700    70000        0        0        0        0Words\r\n \
         Bad1      900      200      600    70000        0        0        0        0Words\r\n";
    let (looks, notes) = read(text);
    let leak = looks[0].rows[0];
    assert_eq!(
        (leak.allocs, leak.frees, leak.blocks),
        (Some(900), Some(200), Some(700))
    );
    assert_eq!((looks[0].rows.len(), notes.left_out), (2, 1));
    assert!(
        !notes
            .said
            .iter()
            .any(|n| n.contains("no allocations and frees"))
    );
}

#[test]
fn what_was_asked_for_bounds_what_is_missing() {
    let row = " Even      700     33600         0        0\r\n";
    let lacks = |command: &str| {
        read(&format!("0: kd> {command}\r\n{OLD}{row}")).0[0]
            .lacks
            .clone()
    };
    assert_eq!(lacks("!poolused"), [Lack::Unknown(1)]);
    assert_eq!(lacks("!poolused 2 Ev*"), [Lack::TagsChosen("Ev*".into())]);
    assert_eq!(lacks("!poolused 8"), [Lack::Session]);
    let rows: String = (0..200)
        .map(|i| format!(" T{i:03}        1       64         0        0\r\n"))
        .collect();
    let total = |bytes| format!("{OLD}{rows} TOTAL         200    {bytes}         0        0\r\n");
    assert_eq!(read(&total(12_800)).0[0].lacks, []);
    assert_eq!(read(&total(99_999)).0[0].lacks, [Lack::Torn]);
}

#[test]
fn sizes_of_vm_and_those_that_cannot_be() {
    let vm = |usage: u64, nx: u64, max: u64| {
        format!(
            "kd> !vm 1\r\n\r\n*** Virtual Memory Usage ***\r\n      Physical Memory:   2000000   ( 8000000 Kb)\r\n      Page File: \\??\\C:\\pagefile.sys\r\n         Current:   4193784Kb Free Space:   4193780Kb\r\n\
             Available Pages:    500000   ( 2000000 Kb)\r\nNonPagedPool Usage: {usage} ( {} Kb)\r\nNonPagedPoolNx Usage: {nx} ( {} Kb)\r\nNonPagedPool Max: {max} ({} Kb)\r\nPagedPool Usage: 100 ( 400 Kb)\r\nCommit limit: 4000000 ( 16000000 Kb)\r\n",
            usage * 4,
            nx * 4,
            max * 4
        )
    };
    let (looks, _) = read(&vm(1_000, 2_000, 1_500_000));
    let memory = looks[0].memory;
    assert_eq!(memory.pool_nonpaged, Some(3_000 * 4096));
    assert_eq!(memory.nonpaged_max, Some(1_500_000 * 4096));
    assert_eq!(
        (memory.ram, memory.available),
        (Some(8_000_000 << 10), Some(2_000_000 << 10))
    );
    assert_eq!(memory.commit_limit, Some(16_000_000 << 10));
    let (looks, notes) = read(&vm(29_559_056, 0, 4_294_967_296));
    assert_eq!(
        (looks[0].memory.pool_nonpaged, looks[0].memory.nonpaged_max),
        (None, None)
    );
    assert_eq!(
        notes.said.iter().filter(|n| n.contains("not used")).count(),
        2,
        "{:?}",
        notes.said
    );
    let (looks, notes) = read("NonPagedPool Usage: 59613 ( 23845 Kb)\r\n");
    assert_eq!((looks.len(), notes.left_out), (0, 1));
}

#[test]
fn a_log_with_everything_quoted_wrapped_and_marked_up() {
    let text = format!(
        "Opened log file 'c:\\x.log'\r\n0: kd> vertarget\r\n{TIME}0: kd> <exec cmd=\"!vm\">!vm</exec>\r\nPhysical Memory:   2000000   ( 8000000 Kb)\r\nNonPagedPool Usage: 1000 ( 4000 Kb)\r\n0: kd> !poolused 2\r\n{NEW} \
         Leak      7000       448000          0            0\tA description that the log wraps at the\r\nwidth of its window , Binary: x.sys\r\n Irp         10         2560          0            0\t\r\n0: kd> .logclose\r\nClosing open log file\r\n"
    );
    let quoted: String = text.lines().map(|l| format!("> {l}\r\n")).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), quoted.as_bytes(), &wide] {
        let (looks, notes) = of_bytes(bytes);
        assert_eq!(looks.len(), 1);
        assert_eq!(looks[0].memory.ram, Some(8_000_000 << 10));
        assert!(looks[0].boot.is_some());
        assert_eq!(account(&looks[0], b"Leak")[0], (true, Some(7_000), 448_000));
        assert_eq!((looks[0].rows.len(), notes.left_out), (4, 0));
    }
}

#[test]
fn without_tables_that_is_said() {
    let (looks, notes) = read("0: kd> !analyze -v\r\nBUGCHECK_STR: 0x9f\r\n");
    assert_eq!(looks, []);
    assert!(
        notes.said.iter().any(|n| n.contains("neither")),
        "{:?}",
        notes.said
    );
    assert_eq!(
        machine_names("Machine Name: \"WEB01\"\r\n".as_bytes()),
        ["WEB01"]
    );
}

/// Real excerpts: every row, and sums that the real table states where it is whole.
#[test]
fn excerpts_are_read_to_the_last_row() {
    let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
        eprintln!("skipped: POOLSLEUTH_SHARED is not set");
        return;
    };
    let folder = std::path::PathBuf::from(shared).join("samples/poolmon");
    let of = |name: &str| of_bytes(&std::fs::read(folder.join(name)).unwrap());
    for (name, looks, rows) in [
        ("30_poolused4_msdocs_Abc.txt", 1, 10),
        ("31_poolused_msdocs_full_glued_desc.txt", 1, 70),
        ("33_vm_msdocs.txt", 1, 0),
        ("35_vm_2003_x86_85pct.txt", 1, 0),
        ("36_vm_4GB_x64_aligned.txt", 1, 0),
    ] {
        let (found, notes) = of(name);
        assert_eq!(
            (found.len(), notes.rows, notes.left_out),
            (looks, rows, 0),
            "{name}"
        );
    }
    let (looks, _) = of("31_poolused_msdocs_full_glued_desc.txt");
    assert_eq!(
        account(&looks[0], b"ohci"),
        [(true, Some(1), 136), (false, Some(0), 0)]
    );
    assert_eq!(account(&looks[0], b"rx\0\0")[0], (true, Some(3), 1_248));
    assert_eq!(looks[0].lacks, [Lack::Torn]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        of_bytes(&bytes);
        of_bytes(&[OLD.as_bytes(), &bytes].concat());
    }

    #[test]
    fn prose_gives_no_rows(words in prop::collection::vec("[A-Za-z!:']{1,12}", 0..80)) {
        let prose = words.chunks(6).map(|w| w.join(" ")).collect::<Vec<_>>().join("\r\n");
        let (looks, _) = read(&format!("{NEW}{prose}\r\n"));
        prop_assert_eq!(looks, []);
    }

    #[test]
    fn every_row_comes_back(rows in prop::collection::vec(("[A-Za-z0-9]{4}", 1u32..99_999_999, 1u32..99_999_999), 1..30)) {
        let mut text = OLD.to_owned();
        for (tag, live, bytes) in &rows {
            text += &format!(" {tag}{live:9} {bytes:8} {:9} {:8}3 words\r\n", 0, 0);
        }
        let (looks, notes) = read(&text);
        prop_assert_eq!(notes.left_out, 0);
        prop_assert_eq!(notes.rows, 2 * rows.len() as u64);
        let first = looks[0].rows[0];
        prop_assert_eq!((first.blocks, first.bytes), (Some(i64::from(rows[0].1)), i64::from(rows[0].2)));
    }
}
