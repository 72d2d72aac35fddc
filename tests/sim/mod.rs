//! Simulated cases with known truth.
//!
//! A case begins with a model of a machine's nonpaged pool ([`pool`]): healthy
//! tags, perhaps a leak, a limit. The same model says what poolmon shows
//! ([`snapshot`], [`stamp`]) and when http.sys refuses ([`traffic`],
//! [`httperr`]); sample driver images with exchanged tags ([`images`]) and a
//! `systeminfo` ([`machine`]) complete the bundle. [`story`] draws what
//! happens, [`case`] writes it down; [`kind`] states the truth,
//! [`score`] holds the program's answer against it.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `POOLSLEUTH_SIM_CASES` | how many cases | 300 |
//! | `POOLSLEUTH_SIM_FIRST` | the first seed | 0 |
//! | `POOLSLEUTH_SIM_DIR` | where `write_simulated_cases` puts them | unset: it does nothing |

mod case;
mod chance;
mod httperr;
mod images;
mod kind;
pub mod machine;
mod pool;
mod score;
mod snapshot;
pub mod stamp;
mod story;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use crate::support::bundle::{self, Container};
use crate::support::program::Answer;
use case::Case;
use kind::{Kind, Naming};
use score::{Outcome, Score};

/// Writes one case as a folder for each way in which the cases of `seeds` lie in folders; how
/// many that were.
pub fn write_layouts(seeds: std::ops::Range<u64>, parent: &std::path::Path) -> usize {
    let layout = |case: &Case| -> BTreeSet<String> {
        let folder = |name: &str| {
            name.rsplit_once('/')
                .map_or(String::new(), |(at, _)| at.into())
        };
        case.files.iter().map(|file| folder(&file.name)).collect()
    };
    let cases: Vec<Case> = seeds.into_par_iter().map(Case::generate).collect();
    let distinct: BTreeMap<BTreeSet<String>, &Case> =
        cases.iter().map(|case| (layout(case), case)).collect();
    for case in distinct.values() {
        let name = format!("case-{}", case.seed);
        bundle::write(&case.files, Container::Folder, parent, &name);
    }
    distinct.len()
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn seeds(default: u64) -> std::ops::Range<u64> {
    let first = number("POOLSLEUTH_SIM_FIRST", 0);
    first..first + number("POOLSLEUTH_SIM_CASES", default)
}

#[test]
fn simulated_cases_come_out_right() {
    let run = |seed: u64| score::run(&Case::generate(seed));
    let outcomes: Vec<Outcome> = seeds(300).into_par_iter().map(run).collect();
    let score = Score::of(&outcomes);
    let failures = score::failures(&outcomes);
    eprintln!("{failures}{score}");
    assert_eq!(
        score.refusals, score.cases,
        "refusal totals must be exact in every case"
    );
    assert!(
        score.outcomes * 100 >= score.cases * 95,
        "fewer than 95 % of the outcomes are right"
    );
    assert!(
        score.tags * 100 >= score.leaks * 98,
        "fewer than 98 % of the leaks' tags are right"
    );
}

/// Writes the case of a seed below `parent`: its path, and the options that go with it.
pub fn write(seed: u64, parent: &std::path::Path) -> (PathBuf, Vec<String>) {
    let case = Case::generate(seed);
    let path = bundle::write(&case.files, case.container, parent, &format!("case-{seed}"));
    (path, case.options.iter().map(ToString::to_string).collect())
}

/// Cases for inspection by hand: a folder or archive each, the truth beside it.
#[test]
fn write_simulated_cases() {
    let Some(folder) = std::env::var_os("POOLSLEUTH_SIM_DIR").map(PathBuf::from) else {
        eprintln!("POOLSLEUTH_SIM_DIR is not set: no cases written");
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    for seed in seeds(1) {
        let case = Case::generate(seed);
        let name = format!("case-{seed}");
        let path = bundle::write(&case.files, case.container, &folder, &name);
        let truth = format!("{}\n{:#?}\n", case.about, case.truth);
        std::fs::write(folder.join(format!("{name}.truth.txt")), truth).unwrap();
        eprintln!(
            "poolsleuth analyze {} {}",
            path.display(),
            case.options.join(" ")
        );
    }
}

#[test]
fn a_seed_always_makes_the_same_case() {
    for seed in [0, 7, 13, 24] {
        let (one, two) = (Case::generate(seed), Case::generate(seed));
        assert_eq!(one.files, two.files);
        assert_eq!((one.truth, one.options), (two.truth, two.options));
    }
}

/// A simulator that never draws something tests nothing of it.
#[test]
fn the_draws_cover_every_kind_layout_stamp_and_mishap() {
    let cases: Vec<Vec<String>> = (0..300u64)
        .into_par_iter()
        .map(|seed| Case::generate(seed).drawn)
        .collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for word in cases.iter().flatten() {
        *seen.entry(word.clone()).or_default() += 1;
    }
    let expected = "Leak LeakWithReboot HandleLeak LeakWithoutDriver OneSnapshot NoTime NoZone \
        Healthy RefusalsWithoutPressure LeakWithoutRefusals PressureWithoutLeak Folder ZipStored \
        ZipDeflated BatchUs BatchDe BatchGb Band LongDate Clue DateTimeLines NameCompact \
        NameDayMonth NameEpoch NameUtc FileDate ZoneIana ZoneOffset ZoneSysteminfo ZoneStamps \
        ZoneNowhere WideSaved NarrowSaved WideLive NarrowLive MappedAbsent MappedGlobal \
        MappedLocalAndGlobal L12 L13 L14 L16 L18 custom HeaderAbsent HeaderOnce HeaderRepeated \
        HeaderChanged Size Hourly Daily Weekly Monthly Usual LowerCase Bare X86 X64 LineFeeds \
        NulRun NulTail TornTail InvalidUtf8 Duplicate Overlap Utf16Log HeaderOnly OnlyNonpaged \
        CutScreen NoMemoryLines Totals ThreeGb NoSysteminfo";
    let missing: Vec<&str> = expected
        .split_whitespace()
        .filter(|word| !seen.contains_key(*word))
        .collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}\n{seen:#?}");
}

/// Refusals belong to the kinds that have them, and follow from the model there.
#[test]
fn refusals_agree_with_the_kind() {
    for seed in 0..100 {
        let case = Case::generate(seed);
        let refuses = !matches!(case.kind, Kind::Healthy | Kind::LeakWithoutRefusals);
        assert_eq!(
            case.truth.refusal_rows > 0,
            refuses,
            "seed {seed} [{}]",
            case.about
        );
        assert!(case.truth.refusal_total >= case.truth.refusal_rows);
    }
}

/// A second, naive count of what was written: every refusal row stands in the files.
#[test]
fn the_files_hold_the_refusals_that_the_truth_counts() {
    let plain = |case: &Case| {
        !["Duplicate", "Overlap", "Utf16Log", "Bare"]
            .iter()
            .any(|word| case.drawn.iter().any(|drawn| drawn == word))
    };
    let mut checked = 0;
    for case in (0..60).map(Case::generate).filter(plain) {
        let (mut rows, mut total) = (0, 0);
        for file in case.files.iter().filter(|file| file.name.ends_with(".log")) {
            let text = String::from_utf8_lossy(&file.bytes).to_lowercase();
            let cells = text.split_whitespace();
            for count in cells.filter_map(|cell| cell.strip_suffix("_connections_refused")) {
                rows += 1;
                total += count.parse::<u64>().unwrap();
            }
        }
        let truth = (case.truth.refusal_rows, case.truth.refusal_total);
        assert_eq!((rows, total), truth, "seed {} [{}]", case.seed, case.about);
        checked += 1;
    }
    assert!(checked > 20, "only {checked} plain cases");
}

/// Poolmon's own arithmetic holds in every row, read back by splitting at blanks.
#[test]
fn saved_rows_obey_their_checksums() {
    let wanted = |case: &Case| {
        case.drawn
            .iter()
            .any(|word| word == "WideSaved" || word == "NarrowSaved")
    };
    let mut rows = 0;
    for case in (0..40).map(Case::generate).filter(wanted) {
        for file in case.files.iter().filter(|file| file.name.contains("pool")) {
            let text = String::from_utf8_lossy(&file.bytes).replace('\0', "");
            for line in text.lines().filter(|line| line.len() > 12) {
                let kind = line.get(6..11).unwrap_or_default();
                if kind != "Nonp " && kind != "Paged" {
                    continue;
                }
                let cells = line[11..]
                    .split_whitespace()
                    .map_while(|cell| cell.parse::<i64>().ok());
                let cells: Vec<i64> = cells.collect();
                let [allocs, frees, diff, bytes, each] = cells[..] else {
                    panic!("seed {}: {line}", case.seed)
                };
                assert_eq!(allocs - frees, diff, "seed {}: {line}", case.seed);
                assert_eq!(
                    bytes.checked_div(diff).unwrap_or(0),
                    each,
                    "seed {}: {line}",
                    case.seed
                );
                rows += 1;
            }
        }
    }
    assert!(rows > 5_000, "only {rows} rows");
}

/// The judge must be able to say yes and no.
#[test]
fn a_right_answer_passes_and_a_wrong_one_is_found_out() {
    let case = Case::generate(0);
    assert_eq!(case.kind, Kind::Leak);
    let named = |naming: &Naming| match naming {
        Naming::Exactly(name) | Naming::AtMost(name) => Some(name.clone()),
        Naming::Nobody => None,
    };
    let right = Answer {
        outcome: case.truth.outcomes[0].to_owned(),
        confidence: "confirmed".to_owned(),
        tag: named(&case.truth.tag),
        driver: named(&case.truth.driver),
        refusals_total: case.truth.refusal_total,
        refusal_rows: case.truth.refusal_rows,
        snapshots: Some(case.truth.snapshots),
        reasons: case.truth.reasons.clone(),
        ..Answer::default()
    };
    assert_eq!(score::judge(&case, &right).wrong, Vec::<String>::new());
    let outcome = score::judge(&case, &Answer::default());
    assert!(!outcome.outcome_right && !outcome.refusals_right && outcome.tag_right == Some(false));
    assert!(score::failures(&[outcome]).contains("seed 0 [Leak"));
}
