//! Third-party captures, which are not part of the repository: read from the folder that
//! `POOLSLEUTH_SHARED` names, skipped where it is unset.

use std::path::PathBuf;

use super::{
    FileNotes, FileProblem, Foreign, Options, Snapshot, SnapshotReader, Source, StampSide, Width,
};

/// File name and what must be found: snapshots, rows, suspects, rejected lines.
const CAPTURES: [(&str, [u64; 4]); 24] = [
    (
        "01_msdocs_display_xp2003_live_sorted_allocs.txt",
        [1, 8, 0, 0],
    ),
    ("02_msdocs_g_mapped_driver_NtF.txt", [1, 13, 0, 0]),
    ("03_msdocs_g_unknown_driver_MEM_noheader.txt", [1, 3, 0, 0]),
    ("04_msdocs_c_g_two_brackets_Ip.txt", [1, 8, 0, 0]),
    ("05_msdocs_Drsd_snapshot1_before.txt", [1, 1, 0, 0]),
    ("06_msdocs_Drsd_snapshot2_after.txt", [1, 1, 0, 0]),
    ("07_msdocs_all_sessions_pool.txt", [1, 16, 0, 0]),
    ("08_msdocs_session0.txt", [1, 16, 0, 0]),
    ("10_msdocs_example9_nt4_2000_dashed_line.txt", [1, 4, 0, 0]),
    (
        "11_msdocs_2025_respaced_CM_markdown_artifact.txt",
        [1, 4, 0, 0],
    ),
    ("14_msdocs_2017_c_localtag_1MEM.txt", [1, 3, 0, 0]),
    ("15_intel_mfd_snapshot_r_x86fmt.txt", [1, 13, 0, 0]),
    ("17_lvce_win11_x64_snapshot_n_g.txt", [1, 2, 0, 0]),
    ("18_lvce_pair_synthetic_collapsed.txt", [2, 2, 0, 0]),
    ("19_xray_comment_fragments_server_x86fmt.txt", [1, 1, 0, 0]),
    ("21_korean_notes_header_only.txt", [1, 0, 0, 0]),
    // A hand-made table without the last column.
    ("22_blog_handmade_C2R1.txt", [1, 0, 1, 0]),
    ("24_claudecode91265_wcifs_counts.txt", [0, 0, 0, 0]),
    ("43_PoolMonX_2018_test_decoded.tsv", [0, 0, 0, 0]),
    ("s01_x64_n_r_appended_date_time_us.log", [6, 72, 0, 0]),
    ("s02_x64_n_g_r_appended_no_stamps.log", [6, 72, 0, 0]),
    ("s03_x64_n_utf16le_bom.txt", [3, 36, 0, 0]),
    ("s04_x64_german_stamp.log", [3, 36, 0, 0]),
    ("s05_xray_markers_x86.txt", [3, 33, 0, 0]),
];

/// Other programs' output and what it must be taken for.
const FOREIGN: [(&str, Foreign); 7] = [
    ("30_poolused4_msdocs_Abc.txt", Foreign::PoolUsed),
    ("31_poolused_msdocs_full_glued_desc.txt", Foreign::PoolUsed),
    ("33_vm_msdocs.txt", Foreign::Vm),
    ("36_vm_4GB_x64_aligned.txt", Foreign::Vm),
    ("40_memsnap_header_technet.txt", Foreign::Memsnap),
    ("41_poolmon_powershell_csv.txt", Foreign::PoolmonPowershell),
    ("42_PoolMonX_2018_test.csv.bin", Foreign::PoolMonX),
];

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("POOLSLEUTH_SHARED");
    if shared.is_none() {
        eprintln!("skipped: POOLSLEUTH_SHARED is not set");
    }
    shared.map(|shared| PathBuf::from(shared).join("samples/poolmon"))
}

fn read(name: &str) -> Option<(Vec<Snapshot>, FileNotes)> {
    let bytes = std::fs::read(folder()?.join(name)).unwrap();
    let mut reader = SnapshotReader::new(bytes.as_slice(), Options { keep_mapped: true });
    let snapshots = reader.by_ref().collect();
    Some((snapshots, reader.finish()))
}

#[test]
fn captures_are_read_to_the_last_row() {
    for (name, expected) in CAPTURES {
        let Some((snapshots, notes)) = read(name) else {
            return;
        };
        let tally = notes.tally;
        let found = [
            snapshots.len() as u64,
            tally.rows,
            tally.suspects,
            tally.rejected,
        ];
        assert_eq!(found, expected, "{name}: {notes:#?}");
    }
}

#[test]
fn foreign_output_is_named_and_gives_no_rows() {
    for (name, foreign) in FOREIGN {
        let Some((_, notes)) = read(name) else { return };
        assert_eq!(notes.tally.rows, 0, "{name}");
        assert_eq!(
            notes.problems[0].what,
            FileProblem::Foreign(foreign),
            "{name}"
        );
    }
}

#[test]
fn details_of_some_captures() {
    let Some((narrow, _)) = read("15_intel_mfd_snapshot_r_x86fmt.txt") else {
        return;
    };
    let layout = narrow[0].layout;
    assert_eq!(
        (layout.source, layout.width),
        (Some(Source::File), Some(Width::Narrow))
    );
    assert_eq!(
        narrow[0].memory.as_ref().unwrap().pool_nonpaged_kib,
        Some(710_920)
    );
    assert_eq!(
        narrow[0].memory.as_ref().unwrap().paged_resident_kib,
        Some(950_888)
    );
    let wide = read("s01_x64_n_r_appended_date_time_us.log").unwrap();
    assert_eq!(wide.0[5].layout.width, Some(Width::Wide));
    assert_eq!(wide.1.stamp_side, StampSide::Before);
    let blanks = read("07_msdocs_all_sessions_pool.txt").unwrap().0;
    assert!(blanks[0].rows.iter().any(|r| r.tag.bytes() == *b"Dh 2"));
    let pair = [
        "05_msdocs_Drsd_snapshot1_before.txt",
        "06_msdocs_Drsd_snapshot2_after.txt",
    ];
    let bytes = pair.map(|name| read(name).unwrap().0[0].rows[0].bytes);
    assert_eq!(bytes, [17_472, 22_464]);
}
