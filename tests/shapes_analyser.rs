//! The analyser over every labelled driver.

#![allow(
    clippy::unwrap_used,
    reason = "a failed assumption is the message of the test"
)]

mod shapes;

use poolsleuth::artifact::driver::image::Image;
use poolsleuth::artifact::driver::tags::{Finding, TagQuery, Wanted, analyse};
use poolsleuth::tag::Tag;
use shapes::{Asked, Record, Truth, grade};

fn record(build: &str, shape: &str, finding: &Finding) -> Record {
    Record {
        build: build.to_owned(),
        shape: shape.to_owned(),
        tag_hex: finding.tag.hex(),
        grade: finding.grade.name().to_owned(),
        via: finding.via.map(|via| via.name().to_owned()),
        role: finding.role.map(|role| role.name().to_owned()),
        api: finding.api.map(str::to_owned),
    }
}

fn records(asked: Asked) -> (Vec<(String, String)>, Vec<Record>) {
    let truth = Truth::read();
    let (mut names, mut records) = (Vec::new(), Vec::new());
    for image in shapes::images() {
        let shape = image.file.trim_end_matches(".sys").to_owned();
        let tags: Vec<Tag> = truth
            .of(&image.build, &shape)
            .iter()
            .map(|label| format!("0x{}", label.tag_hex).parse().unwrap())
            .collect();
        let wanted = Wanted::new(&tags);
        let query = match asked {
            Asked::AllTags => TagQuery::All,
            Asked::Named => TagQuery::Only(&wanted),
        };
        let parsed = Image::parse(&image.bytes).unwrap();
        let found = analyse(&parsed, query, Some(&image.file));
        records.extend(
            found
                .findings
                .iter()
                .map(|f| record(&image.build, &shape, f)),
        );
        names.push((image.build, shape));
    }
    (names, records)
}

/// Least share of call sites found, and of grades right. Grades are counted with the
/// fields of structures as the contract words them (operand, data).
const LEAST_RECALL: f64 = 0.99;
const LEAST_GRADES: f64 = 0.99;

#[test]
fn labels_are_met() {
    for asked in [Asked::AllTags, Asked::Named] {
        let (names, records) = records(asked);
        for machine in ["x86", "x64", "arm64"] {
            let part = |(build, _): &&(String, String)| build.split('-').nth(1) == Some(machine);
            let of_machine: Vec<_> = names.iter().filter(part).cloned().collect();
            let report = grade(&of_machine, &records, asked);
            println!("{asked:?} {machine}: {report}");
            assert!(
                report.false_sites.is_empty(),
                "{asked:?} {machine}: {report}"
            );
            assert!(
                report.recall() >= LEAST_RECALL,
                "{asked:?} {machine}: {report}"
            );
            assert!(
                report.grades_right() >= LEAST_GRADES,
                "{asked:?} {machine}: {report}"
            );
        }
    }
}

/// Damaged copies: a few bytes changed, or the end cut off. Every tenth image is enough for
/// a test; the figure of damage is a plain congruential generator, so that a failure repeats.
#[test]
fn damaged_images_do_no_harm() {
    let mut state = 1_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below.max(1)
    };
    for image in shapes::images().into_iter().step_by(10) {
        for round in 0..8 {
            let mut bytes = image.bytes.clone();
            if round % 4 == 0 {
                bytes.truncate(next(image.bytes.len()));
            }
            for _ in 0..=next(12) {
                let at = next(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = next(256) as u8;
                }
            }
            if let Ok(parsed) = Image::parse(&bytes) {
                analyse(&parsed, TagQuery::All, Some(&image.file));
            }
        }
    }
}
