//! Tables in, looks out.

use proptest::prelude::*;

use super::archive::is_archive;
use super::*;
use crate::artifact::look::{Lack, Look, Notes, Origin, Spot, StampTime};
use crate::tag::{Pool, Tag};

fn read(text: &str) -> (Vec<Look>, Notes) {
    of_bytes(text.as_bytes())
}

fn of_bytes(bytes: &[u8]) -> (Vec<Look>, Notes) {
    let mut reader = TableReader::new(bytes);
    let looks = reader.by_ref().collect();
    (looks, reader.finish())
}

/// Tag, nonpaged, allocations, frees, blocks, bytes of each row.
type Figures = (String, bool, Option<u64>, Option<u64>, Option<i64>, i64);

fn figures(look: &Look) -> Vec<Figures> {
    let rows = look.rows.iter();
    rows.map(|r| {
        (
            r.tag.to_string(),
            r.pool == Pool::NonPaged,
            r.allocs,
            r.frees,
            r.blocks,
            r.bytes,
        )
    })
    .collect()
}

fn row(tag: &str, nonpaged: bool, allocs: u64, frees: u64, bytes: i64) -> Figures {
    let blocks = allocs as i64 - frees as i64;
    (
        tag.into(),
        nonpaged,
        Some(allocs),
        Some(frees),
        Some(blocks),
        bytes,
    )
}

const SCRIPT: &str = "\"DateTime\",\"DateTimeUTC\",\"Tag\",\"PagedAllocs\",\"PagedFrees\",\"PagedDiff\",\"PagedUsedBytes\",\
    \"NonPagedAllocs\",\"NonPagedFrees\",\"NonPagedDiff\",\"NonPagedUsedBytes\",\"TotalUsedBytes\",\"Binary\",\"Description\"";

fn script_row(utc: &str, tag: &str, [pa, pf, pb, na, nf, nb]: [u64; 6]) -> String {
    format!(
        "\"2026-05-01T12:00:00\",\"{utc}\",\"{tag}\",\"{pa}\",\"{pf}\",\"{}\",\"{pb}\",\"{na}\",\"{nf}\",\"{}\",\"{nb}\",\"{}\",\"x.sys\",\"some, words\"",
        pa as i64 - pf as i64,
        na as i64 - nf as i64,
        pb + nb
    )
}

#[test]
fn the_script_s_whole_table() {
    let first = "2026-05-01T10:00:00";
    let text = format!(
        "{SCRIPT}\r\n{}\r\n{}\r\n{}\r\n{SCRIPT}\r\n{}\r\n",
        script_row(first, "Leak", [0, 0, 0, 900, 200, 70_000]),
        script_row(first, "Cs@\"\"", [5, 1, 64, 7, 7, 0]),
        script_row(first, "Io", [2, 0, 32, 0, 0, 0]),
        script_row("2026-05-01T10:05:00", "Leak", [0, 0, 0, 1900, 300, 160_000]),
    );
    let (looks, notes) = read(&text);
    assert_eq!(looks.len(), 2);
    let expected = vec![
        row("Leak", true, 900, 200, 70_000),
        row("Cs@\"", true, 7, 7, 0),
        row("Cs@\"", false, 5, 1, 64),
        row("Io\\x00\\x00", false, 2, 0, 32),
    ];
    assert_eq!(figures(&looks[0]), expected);
    assert_eq!(looks[0].rows[1].spot, Spot::Line(3));
    let stamp = looks[1].stamp.as_ref().unwrap();
    assert_eq!((stamp.origin, stamp.time), (Origin::Column, StampTime::Utc));
    assert_eq!(
        (stamp.text.as_str(), stamp.line),
        ("2026-05-01T10:05:00", 6)
    );
    assert_eq!((notes.looks, notes.rows, notes.left_out), (2, 5, 0));
}

#[test]
fn columns_in_any_order_and_number() {
    let (looks, notes) = read(
        "Description;NonPagedUsedBytes;Tag;DateTime\nwords; 7.000 ;Leak;01.05.2026 12:00:00\n",
    );
    assert_eq!(
        figures(&looks[0]),
        [("Leak".into(), true, None, None, None, 7_000)]
    );
    assert_eq!(looks[0].stamp.as_ref().unwrap().time, StampTime::Local);
    assert!(looks[0].lacks.contains(&Lack::PoolOnly(Pool::NonPaged)));
    assert!(
        notes
            .said
            .iter()
            .any(|n| n.contains("no allocations and frees"))
    );
    assert!(
        notes
            .said
            .iter()
            .any(|n| n.contains("does not count blocks"))
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    for (text, word) in [
        (
            "\"2019-01-01T12:00:00\",\"FMfn\",\"1999\",\"a.sys\",\"b\"\n",
            "without their header",
        ),
        (
            "\"Tag\",\"TotalUsedBytes\"\n\"FMfn\",\"1999\"\n",
            "do not tell the pool",
        ),
        (
            "\"Tag\",\"NonPagedDiff\"\n\"FMfn\",\"1999\"\n",
            "without a column of bytes",
        ),
        (
            "WCsc     874 alloc /     0 free /   874 live      0.0% freed\n",
            "Counts of blocks",
        ),
    ] {
        let (looks, notes) = read(text);
        assert_eq!(looks, [], "{text}");
        assert!(
            notes.said.iter().any(|n| n.contains(word)),
            "{text}: {:?}",
            notes.said
        );
    }
}

const POOLMONX: &str =
    "Tag,Type,Allocs,Frees,Diff,Bytes,KBytes,B / Alloc,Source,Source Description,";

#[test]
fn poolmonx_with_delimiters_and_quotes_in_tags() {
    let text = format!(
        "{POOLMONX}\n\
         Cs@\",Paged,9,2,7,700,1 KB,100,,,\n\
         a,b,Non Paged,9,2,7,700,1 KB,100,x.sys,words, more words,\n\
         Io,Non Paged,3,1,2,64,0 KB,32,,,\n\
         Io  ,Non Paged,4,1,3,96,0 KB,32,,,\n\
         Big1,Non Paged,1000,0,1000,1410065408,9765625 KB,10000000,,,\n\
         Bad1,Non Paged,9,2,6,700,1 KB,116,,,\n"
    );
    for bytes in [text.clone().into_bytes(), utf16(&text)] {
        let (looks, notes) = of_bytes(&bytes);
        let expected = [
            row("Cs@\"", false, 9, 2, 700),
            row("a,b\\x00", true, 9, 2, 700),
            row("Io\\x00\\x00", true, 3, 1, 64),
            row("Io  ", true, 4, 1, 96),
            row("Big1", true, 1000, 0, 10_000_000_000),
        ];
        assert_eq!(figures(&looks[0]), expected);
        assert_eq!(notes.left_out, 1, "{:?}", notes.said);
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn later_poolmonx_has_both_pools_in_a_row_and_whole_kilobytes() {
    let v2 = "Tag,Paged Allocs,Paged Frees,Paged Diff,Paged Usage,Non Paged Allocs,Non Paged Frees,Non Paged Diff,Non Paged Usage,Source,Source Description\n\
        Leak,0,0,0,0 B,900,200,700,68 KB,,\n";
    let v3 = "Tag,Value,Paged Allocs,Paged Frees,Paged Diff,Paged Usage,NPaged Allocs,NPaged Frees,NPaged Diff,NPaged Usage,Source,Description\n\
        Leak,0x6B61654C,0,0,0,0 B,900,200,700,68 KB,,\n";
    for text in [v2, v3] {
        let (looks, notes) = read(text);
        assert_eq!(figures(&looks[0]), [row("Leak", true, 900, 200, 69_632)]);
        assert!(
            notes.said.iter().any(|n| n.contains("rounded")),
            "{:?}",
            notes.said
        );
    }
}

/// An MFC string: mark, length, UTF-16.
fn mfc(text: &str) -> Vec<u8> {
    let units = utf16(text);
    [
        &[0xff, 0xfe, 0xff, (units.len() / 2) as u8],
        units.as_slice(),
    ]
    .concat()
}

fn mfc_file(rows: &[[&str; 10]]) -> Vec<u8> {
    let mut bytes = vec![1; 21];
    for row in rows {
        for cell in row {
            bytes.extend(mfc(cell));
            bytes.push(1);
        }
        bytes.push(1);
    }
    bytes
}

#[test]
fn the_binary_that_calls_itself_csv() {
    let rows = [
        [
            "Leak",
            "Non Paged",
            "9",
            "2",
            "7",
            "700",
            "1 KB",
            "100",
            "",
            "",
        ],
        [
            "UMD|", "Paged", "4", "3", "1", "32", "0 KB", "32", "x.sys", "words",
        ],
    ];
    let whole = mfc_file(&rows);
    assert!(is_archive(&whole) && !is_archive(&[1; 40]));
    let (looks, notes) = of_bytes(&whole);
    let expected = [row("Leak", true, 9, 2, 700), row("UMD|", false, 4, 3, 32)];
    assert_eq!(figures(&looks[0]), expected);
    assert_eq!(looks[0].first, Spot::Offset(21));
    assert_eq!(notes.left_out, 0);
    let (looks, notes) = of_bytes(&whole[..whole.len() - 9]);
    assert_eq!(figures(&looks[0]), expected[..1]);
    assert!(looks[0].lacks.contains(&Lack::Torn));
    assert!(
        notes.said.iter().any(|n| n.contains("breaks off")),
        "{:?}",
        notes.said
    );
}

const INFORMER: &str = "Tag Name\tDriver\tDescription\tPaged allocations (total)\tPaged frees (total)\tPaged current (total)\tPaged bytes (total)\t\
    Non-paged allocations (total)\tNon-paged frees (total)\tNon-paged current (total)\tNon-paged bytes (total)\tPaged allocations (delta)";

#[test]
fn system_informer_in_every_locale() {
    for mark in [",", ".", "'", "’", " ", "\u{a0}", "\u{202f}"] {
        let decimal = if mark == "." { "," } else { "." };
        let text = format!(
            "{INFORMER}\r\nLeak\t\t\t\t\t\t\t1{mark}234{mark}900\t200\t1{mark}234{mark}700\t1{decimal}5 MB\t12\r\n"
        );
        let (looks, _) = read(&text);
        let expected = row("Leak", true, 1_234_900, 200, 1_572_864);
        assert_eq!(figures(&looks[0]), [expected], "{mark:?}");
    }
}

#[test]
fn counters_that_began_again_stay_true() {
    let text = format!(
        "{SCRIPT}\n{}\n",
        script_row(
            "2026-05-01T10:00:00",
            "Busy",
            [0, 0, 0, 5, 4_294_967_290, 110]
        )
    );
    let (looks, _) = read(&text);
    assert_eq!(looks[0].rows[0].blocks, Some(11));
}

#[test]
fn a_torn_row_is_none() {
    let text = format!(
        "{SCRIPT}\n{}\n\"2026-05-01T12:00:00\",\"2026-05-01T10:00:00\",\"Le",
        script_row("2026-05-01T10:00:00", "Leak", [0, 0, 0, 9, 2, 700])
    );
    let (looks, notes) = read(&text);
    assert_eq!(looks[0].rows.len(), 1);
    assert_eq!(notes.left_out, 1, "{:?}", notes.said);
}

#[test]
fn without_a_clock_a_header_or_the_first_row_begins_the_next() {
    let header = "Tag,NonPagedDiff,NonPagedUsedBytes";
    let (looks, _) = read(&format!(
        "{header}\nLeak,1,64\nIrp ,2,64\n{header}\nLeak,2,128\nLeak,3,192\n"
    ));
    assert_eq!(
        looks.iter().map(|l| l.rows.len()).collect::<Vec<_>>(),
        [2, 1, 1]
    );
    let (looks, _) = read(&format!(
        "01.05.2026 12:00\n{header}\nLeak,1,64\n\n01.05.2026 12:05\nIrp ,2,64\n"
    ));
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[1].preamble.lines[0].line, 5);
}

/// What was decoded from the binary file by other means, value by value.
#[test]
fn the_real_binary_is_read_to_its_last_row() {
    let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
        eprintln!("skipped: POOLSLEUTH_SHARED is not set");
        return;
    };
    let folder = std::path::PathBuf::from(shared).join("samples/poolmon");
    let of = |name: &str| of_bytes(&std::fs::read(folder.join(name)).unwrap());
    let (binary, binary_notes) = of("42_PoolMonX_2018_test.csv.bin");
    let (decoded, decoded_notes) = of("43_PoolMonX_2018_test_decoded.tsv");
    assert_eq!(binary_notes.rows, 3_050);
    assert_eq!((binary_notes.left_out, decoded_notes.left_out), (0, 0));
    assert_eq!(figures(&binary[0]), figures(&decoded[0]));
    assert_eq!(binary[0].lacks, []);
    let io = |tag: &[u8; 4]| {
        decoded[0]
            .rows
            .iter()
            .filter(|r| r.tag == Tag::new(*tag))
            .count()
    };
    assert!(io(b"Io\0\0") > 0 && io(b"Io  ") > 0);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        of_bytes(&bytes);
        let (_, notes) = of_bytes(&[format!("{SCRIPT}\r\n").as_bytes(), &bytes].concat());
        prop_assert!(notes.left_out <= 400);
        of_bytes(&[vec![1; 21], vec![0xff, 0xfe, 0xff], bytes].concat());
    }

    #[test]
    fn prose_gives_no_rows(words in prop::collection::vec("[A-Za-z]{1,12}", 0..80), header in 0usize..3) {
        let head = [SCRIPT, POOLMONX, INFORMER][header];
        let prose = words.chunks(7).map(|w| w.join(", ")).collect::<Vec<_>>().join("\r\n");
        let (looks, _) = read(&format!("{head}\r\n{prose}\r\n"));
        prop_assert_eq!(looks, []);
    }

    #[test]
    fn every_row_comes_back(rows in prop::collection::vec(("[!-+.-~]{4}", 0u32..1 << 30, 0u32..1 << 30, 0u64..1 << 40), 1..40)) {
        let mut text = format!("{SCRIPT}\r\n");
        let mut expected = Vec::new();
        for (tag, frees, more, bytes) in &rows {
            let allocs = u64::from(*frees) + u64::from(*more) + 1;
            let quoted = tag.replace('"', "\"\"");
            text += &script_row("2026-05-01T10:00:00", &quoted, [0, 0, 0, allocs, u64::from(*frees), *bytes]);
            text += "\r\n";
            expected.push((Tag::new(tag.as_bytes().try_into().unwrap()), allocs, *bytes as i64));
        }
        let (looks, _) = read(&text);
        let found: Vec<_> = looks[0].rows.iter().map(|r| (r.tag, r.allocs.unwrap(), r.bytes)).collect();
        prop_assert_eq!(found, expected);
    }
}
