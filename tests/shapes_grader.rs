//! The labelled drivers are whole, and the grader sees what it is there to see.

mod shapes;

use std::collections::BTreeSet;

use shapes::{Asked, Record, Truth, grade};

fn all_images() -> Vec<(String, String)> {
    let name = |i: shapes::Image| (i.build, i.file.trim_end_matches(".sys").to_owned());
    shapes::images().into_iter().map(name).collect()
}

/// The findings of an analyser that agrees with every label.
fn right_records(images: &[(String, String)]) -> Vec<Record> {
    let truth = Truth::read();
    let mut records = Vec::new();
    for (build, shape) in images {
        for label in truth
            .of(build, shape)
            .into_iter()
            .filter(|l| !l.may_be_missing())
        {
            records.push(Record {
                build: build.clone(),
                shape: shape.clone(),
                tag_hex: label.tag_hex.clone(),
                grade: label.grades[0].clone(),
                via: label.via.first().cloned(),
                role: label.role.clone(),
                api: label.api.clone(),
            });
        }
    }
    records
}

#[test]
fn images_are_native_drivers_of_the_named_machine() {
    for image in shapes::images() {
        let at = |offset: usize| u16::from_le_bytes([image.bytes[offset], image.bytes[offset + 1]]);
        let header = usize::from(at(0x3c));
        let machine = match at(header + 4) {
            0x14c => "x86",
            0x8664 => "x64",
            0xaa64 => "arm64",
            other => panic!("{}/{}: machine {other:#x}", image.build, image.file),
        };
        assert_eq!(
            image.build.split('-').nth(1),
            Some(machine),
            "{}",
            image.file
        );
        assert_eq!(
            at(header + 24 + 68),
            1,
            "{}/{}: not native",
            image.build,
            image.file
        );
    }
}

#[test]
fn every_shape_has_images_and_labels() {
    let built: BTreeSet<String> = all_images().into_iter().map(|(_, shape)| shape).collect();
    let labelled: BTreeSet<String> = Truth::read().labels.into_iter().map(|l| l.shape).collect();
    assert_eq!(built, labelled);
    assert!(built.len() >= 46, "{} shapes", built.len());
    for machine in ["x86", "x64", "arm64"] {
        for optimisation in ["O0", "O2"] {
            let build = format!("clang-{machine}-{optimisation}");
            let count = all_images().iter().filter(|(b, _)| *b == build).count();
            assert!(count >= 100, "{build}: {count} images");
        }
    }
}

#[test]
fn agreement_is_recognised() {
    let images = all_images();
    for asked in [Asked::AllTags, Asked::Named] {
        let report = grade(&images, &right_records(&images), asked);
        assert_eq!(report.found, report.expected, "{report}");
        assert!(report.expected > 1000, "{report}");
        assert!(
            report.false_sites.is_empty() && report.wrong_grades.is_empty(),
            "{report}"
        );
        assert!(report.wrong_details.is_empty(), "{report}");
    }
}

#[test]
fn each_kind_of_fault_is_seen() {
    let images = vec![("clang-x64-O2".to_owned(), "wrong_argument".to_owned())];
    let right = right_records(&images);
    let fault = |change: fn(&mut Record)| {
        let mut records = right.clone();
        records.iter_mut().for_each(change);
        grade(&images, &records, Asked::Named)
    };
    let raised = fault(|r| r.grade = "call_site".to_owned());
    assert_eq!(
        (raised.false_sites.len(), raised.wrong_grades.len()),
        (3, 3),
        "{raised}"
    );
    let lowered = fault(|r| r.grade = "operand".to_owned());
    assert_eq!(
        (lowered.missed.len(), lowered.false_sites.len()),
        (3, 0),
        "{lowered}"
    );
    let renamed = fault(|r| r.api = Some("ExFreePool".to_owned()));
    assert_eq!(
        (renamed.wrong_details.len(), renamed.wrong_grades.len()),
        (3, 0),
        "{renamed}"
    );
    let strange = fault(|r| r.tag_hex = "7a7a7a7a".to_owned());
    assert_eq!(
        (strange.false_sites.len(), strange.missed.len()),
        (1, 3),
        "{strange}"
    );
}

#[test]
fn nothing_found_is_nothing_right() {
    let images = all_images();
    let report = grade(&images, &[], Asked::Named);
    assert_eq!((report.found, report.missed.len()), (0, report.expected));
    assert!(report.grades_right() < 0.05, "{report}");
}

#[test]
fn a_line_of_scan_is_read() {
    let line = r#"{"file":"/x/clang-x86-O0/loop.sys","tag":"Loop","tag_hex":"4c6f6f70","grade":"call_site","via":"direct","role":"allocate","api":"ExAllocatePoolWithTag","rva":4660}"#;
    let record = Record::from_json(line).unwrap();
    assert_eq!(
        (record.build.as_str(), record.shape.as_str()),
        ("clang-x86-O0", "loop")
    );
    assert_eq!(record.tag_hex, "4c6f6f70");
    assert!(Record::from_json("{\"note\":1}").is_none());
}
