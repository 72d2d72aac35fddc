//! One test for each role, and for each way in which name and content disagree.

use super::*;
use proptest::prelude::*;

fn of(name: &str, head: &[u8]) -> (Role, Basis) {
    let (role, why) = classify(&ArtifactName::new(name.as_bytes()), head);
    (role, why.basis)
}

fn role(name: &str, head: &[u8]) -> Role {
    of(name, head).0
}

fn conflict(name: &str, head: &[u8]) -> Option<NameHint> {
    classify(&ArtifactName::new(name.as_bytes()), head)
        .1
        .name_suggests
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// A DOS header that points to `header` at 0x80.
fn mz(header: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 0x80];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes.extend_from_slice(header);
    bytes.resize(0x400, 0);
    bytes
}

fn pe(subsystem: u8) -> Vec<u8> {
    let mut bytes = mz(b"PE\0\0");
    bytes[0x80 + 0x5c] = subsystem;
    bytes
}

const HTTPERR: &str = "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n";

#[test]
fn httperr_by_header_fields_rows_or_name() {
    assert_eq!(role("x.txt", HTTPERR.as_bytes()), Role::HttpErr);
    assert_eq!(role("x.txt", &utf16(HTTPERR)), Role::HttpErr);
    assert_eq!(
        role("x", b"#Fields: date time s-reason cs-version\r\n"),
        Role::HttpErr
    );
    let refusal = b"2031-03-04 05:06:07 - - - - - - - - - 12_Connections_Refused -\r\n";
    assert_eq!(of("x", refusal), (Role::HttpErr, Basis::RowShape));
    let queue =
        b"2031-03-04 05:06:07 192.0.2.7 4711 192.0.2.1 80 HTTP/1.1 GET /a 503 1 QueueFull Pool1\n";
    assert_eq!(of("x", queue), (Role::HttpErr, Basis::RowShape));
    let unknown = b"2031-03-04 05:06:07 192.0.2.7 4711 192.0.2.1 80 HTTP/1.1 GET /a 503 1 Novel_Reason Pool1\n";
    assert_eq!(
        of("ht3103.log", unknown),
        (Role::HttpErr, Basis::NameAndShape)
    );
    assert_eq!(role("app.log", unknown), Role::Unknown);
    assert_eq!(of("httperr7.log", b""), (Role::HttpErr, Basis::EmptyFile));
}

#[test]
fn iis_logs_are_not_httperr_logs() {
    let iis = b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-uri-stem\r\n";
    assert_eq!(role("httperr1.log", iis), Role::IisLog);
    assert_eq!(conflict("httperr1.log", iis), Some(NameHint::HttpErr));
    assert_eq!(conflict("u_ex310304.log", iis), None);
}

#[test]
fn poolmon_by_header_rows_or_error_text() {
    assert_eq!(
        role("a", b" Tag  Type     Allocs     Frees   Diff  Bytes\r\n"),
        Role::Poolmon
    );
    let summary = " Memory:16000K Avail: 9000K  PageFlts:    12   InRam Krnl: 1K P: 2K\r\n";
    assert_eq!(role("a", &utf16(summary)), Role::Poolmon);
    let row = b" Leak Nonp      120 (   3)       20 (   0)      100    6400 (   192)     64\r\n";
    assert_eq!(of("a", row), (Role::Poolmon, Basis::RowShape));
    assert_eq!(
        role("a", b"Poolmon: Failed to query pool tags information\r\n"),
        Role::Poolmon
    );
    assert_eq!(of("poolsnap.log", b""), (Role::Poolmon, Basis::EmptyFile));
    assert_eq!(
        role("a", b"The Paged pool is 5 6 7 8 percent full\n"),
        Role::Unknown
    );
}

#[test]
fn images_by_subsystem_whatever_the_extension() {
    assert_eq!(role("a.sys", &pe(1)), Role::Driver);
    assert_eq!(role("a.bin", &pe(1)), Role::Driver);
    assert_eq!(role("poolmon.exe", &pe(3)), Role::Program);
    assert_eq!(conflict("a.sys", &pe(3)), Some(NameHint::Driver));
    assert_eq!(conflict("readme.txt", &pe(1)), Some(NameHint::Text));
}

#[test]
fn what_else_is_called_sys() {
    let not = |name, head: &[u8]| match of(name, head) {
        (Role::Other, Basis::NotAnImage(what)) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(not("a.sys", &mz(b"NE")), NotAnImage::NewExecutable);
    assert_eq!(not("a.sys", &mz(b"LX")), NotAnImage::LinearExecutable);
    assert_eq!(not("a.sys", b"MZ"), NotAnImage::DosOnly);
    assert_eq!(not("a.sys", b"\x7fELF\x02\x01"), NotAnImage::Elf);
    assert_eq!(
        not("a.sys", b"version https://git-lfs.github.com/spec/v1\n"),
        NotAnImage::LfsPointer
    );
    assert_eq!(
        not("boot.sys", b"FILES=40\r\nDEVICE=C:\\X.SYS\r\n"),
        NotAnImage::ConfigSys
    );
    assert_eq!(not("pagefile.sys", &[0; 512]), NotAnImage::MemoryFile);
    assert_eq!(not("a.sys", b"not found\n"), NotAnImage::Text);
    assert_eq!(not("a.sys", &[1, 2, 3, 0, 5]), NotAnImage::Data);
    assert_eq!(of("a.sys", b""), (Role::Empty, Basis::EmptyFile));
}

#[test]
fn systeminfo_in_letters_that_are_not_latin_is_recognised() {
    let text = "ホスト名:               WEB07\r\nOS 名:                  Microsoft Windows Server 2016 Standard\r\n\
        OS バージョン:          10.0.14393 N/A ビルド 14393\r\nシステムの種類:         x64-based PC\r\n\
        タイム ゾーン:          (UTC+09:00) 大阪、札幌、東京\r\n";
    let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    for head in [text.as_bytes(), &bytes, &utf16(text)] {
        assert_eq!(of("a.txt", head), (Role::SystemInfo, Basis::RowShape));
    }
    let other = "Product:  Microsoft Windows\r\nVersion:  10.0.1\r\nZone:  (UTC) x\r\n";
    assert_ne!(role("a.txt", other.as_bytes()), Role::SystemInfo);
}

#[test]
fn systeminfo_in_any_language() {
    let english = b"\r\nHost Name:                 WEB01\r\nOS Name:                   X\r\n";
    assert_eq!(role("a.txt", english), Role::SystemInfo);
    let other: String = (0..7)
        .map(|i| {
            format!(
                "{:<20}Microsoft Windows Server {i}\r\n",
                format!("Étiquette {i}:")
            )
        })
        .collect();
    assert_eq!(
        of("a.txt", other.as_bytes()),
        (Role::SystemInfo, Basis::RowShape)
    );
    assert_eq!(role("a.txt", b"Note: see: above\n"), Role::Unknown);
}

#[test]
fn lists_of_pool_tags() {
    assert_eq!(
        role("a", b"rem <PoolTag> - <binary-name> - <Description>\n"),
        Role::PoolTagTxt
    );
    assert_eq!(
        of("localtag.txt", b"Abcd -     one two\n"),
        (Role::PoolTagTxt, Basis::NameAndShape)
    );
    let list: String = (0..9)
        .map(|i| format!("Ab{i}  - mine.sys - thing {i}\n"))
        .collect();
    assert_eq!(
        of("tags", list.as_bytes()),
        (Role::PoolTagTxt, Basis::RowShape)
    );
    assert_eq!(
        role("list.txt", b"This - is prose\nAnd this too\n"),
        Role::Unknown
    );
}

#[test]
fn binary_formats() {
    assert_eq!(role("System.evtx", b"ElfFile\0\0\0"), Role::EventLog);
    assert_eq!(role("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"), Role::Archive);
    assert_eq!(role("a.png", b"\x89PNG\r\n\x1a\n\0\0"), Role::Picture);
    assert_eq!(role("MEMORY.DMP", b"PAGEDU64\0\0"), Role::Dump);
    assert_eq!(role("mail.docx", b"PK\x03\x04\x14\0"), Role::Document);
    assert_eq!(
        of("counters.blg", &[7, 0, 1, 0, 3]),
        (Role::Perf, Basis::NameOnly)
    );
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"a.log");
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(role("a.tar", &tar), Role::Archive);
    let mut catalog = vec![0x30, 0x82, 0x10, 0x00];
    catalog.extend(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x82\x10\x00\x30\x82");
    catalog.extend(b"\x06\x09\x2b\x06\x01\x04\x01\x82\x37\x0a\x01");
    assert_eq!(role("x.cat", &catalog), Role::Catalog);
}

#[test]
fn text_formats() {
    let perf = b"\"(PDH-CSV 4.0) (Mitteleurop\xe4ische Zeit)(-60)\",\"\\\\A\\Memory\\Pool Nonpaged Bytes\"\r\n";
    assert_eq!(role("pool.csv", perf), Role::Perf);
    assert_eq!(
        role("a.reg", &utf16("Windows Registry Editor Version 5.00\r\n")),
        Role::RegistryExport
    );
    let quoting =
        b"{\"schema\": \"poolsleuth-collect-manifest/1\", \"errors\": [\"7_Connections_Refused\"]}";
    assert_eq!(role("manifest.json", quoting), Role::Manifest);
    assert_eq!(role("renamed.txt", quoting), Role::Manifest);
    assert_eq!(role("manifest.json", b"\n{\"a\": 1}"), Role::Manifest);
    assert_eq!(
        conflict("manifest.json", b"nothing\n"),
        Some(NameHint::Manifest)
    );
}

#[test]
fn content_wins_over_the_name_and_the_conflict_is_kept() {
    let html = b"<!DOCTYPE html><html><body>Sign in to continue</body></html>";
    assert_eq!(role("httperr1.log", html), Role::Document);
    assert_eq!(conflict("httperr1.log", html), Some(NameHint::HttpErr));
    assert_eq!(role("logs.log", b"PK\x03\x04\x14\0\0\0"), Role::Archive);
    assert_eq!(
        conflict("logs.log", b"PK\x03\x04\x14\0\0\0"),
        Some(NameHint::Text)
    );
    assert_eq!(conflict("a.zip", b"PK\x03\x04\x14\0\0\0"), None);
    assert_eq!(
        conflict("poolmon.txt", HTTPERR.as_bytes()),
        Some(NameHint::Poolmon)
    );
}

proptest! {
    #[test]
    fn arbitrary_heads_never_panic(name: Vec<u8>, head: Vec<u8>) {
        classify(&ArtifactName::new(&name), &head);
    }

    #[test]
    fn nor_do_heads_with_a_beginning(pick in 0_usize..6, rest: Vec<u8>) {
        let starts: [&[u8]; 6] = [b"MZ", b"PK\x03\x04", b"\xff\xfe", b"#Fields:", b"\x30\x82", b" Tag Nonp "];
        classify(&ArtifactName::new(b"a.sys"), &[starts[pick], &rest].concat());
    }
}

/// Third-party samples of other tools' output.
const OTHER_TOOLS: [(&str, Role); 10] = [
    ("24_claudecode91265_wcifs_counts.txt", Role::PoolTable),
    ("30_poolused4_msdocs_Abc.txt", Role::DebuggerLog),
    ("31_poolused_msdocs_full_glued_desc.txt", Role::DebuggerLog),
    ("33_vm_msdocs.txt", Role::DebuggerLog),
    ("35_vm_2003_x86_85pct.txt", Role::DebuggerLog),
    ("36_vm_4GB_x64_aligned.txt", Role::DebuggerLog),
    ("40_memsnap_header_technet.txt", Role::Memsnap),
    ("41_poolmon_powershell_csv.txt", Role::PoolTable),
    ("42_PoolMonX_2018_test.csv.bin", Role::PoolTable),
    ("43_PoolMonX_2018_test_decoded.tsv", Role::PoolTable),
];

/// Third-party samples by folder, each with those that are lists of sources or fragments that
/// nothing marks.
const SAMPLES: &[(&str, Role, &[&str])] = &[
    ("httperr", Role::HttpErr, &["05_", "19_", "20_", "SOURCES"]),
    ("poolmon", Role::Poolmon, &["SOURCES"]),
];

/// Every other third-party sample is recognised by its content alone. Needs the samples'
/// folder in `POOLSLEUTH_SHARED`.
#[test]
fn real_samples() {
    let Some(shared) = std::env::var_os("POOLSLEUTH_SHARED") else {
        eprintln!("skipped: POOLSLEUTH_SHARED is not set");
        return;
    };
    for &(folder, expected, exempt) in SAMPLES {
        let folder = std::path::Path::new(&shared).join("samples").join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let head = &bytes[..bytes.len().min(HEAD_BYTES)];
            let (found, why) = classify(&ArtifactName::new(b"sample"), head);
            let other = OTHER_TOOLS.iter().find(|(name, _)| *name == file);
            let expected = other.map_or(expected, |(_, role)| *role);
            let exempt = exempt.iter().any(|prefix| file.starts_with(prefix));
            assert!(found == expected || exempt, "{file}: {found} ({why})");
        }
    }
}
