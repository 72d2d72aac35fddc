//! One story in every container, form, encoding and kind of time stamp: one answer, or a word on
//! what a form cannot tell.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;
use serde_json::Value;

use super::containers::{self, Files};
use super::report;
use super::sources::{self, SNAPSHOTS};
use crate::sim::machine::ZONES;
use crate::sim::stamp::{Stamp, WITH_TIME};

/// The story's snapshots in one form.
struct Variant {
    name: String,
    files: Files,
    /// Where its times stand, in the report's word.
    stamps: &'static str,
    options: Vec<String>,
}

/// How a text is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    AsTheToolDoes,
    LineFeeds,
    Utf8Mark,
    Utf16Little,
    Utf16Big,
}

const ENCODINGS: [Encoding; 5] = [
    Encoding::AsTheToolDoes,
    Encoding::LineFeeds,
    Encoding::Utf8Mark,
    Encoding::Utf16Little,
    Encoding::Utf16Big,
];

impl Encoding {
    /// The same text in this encoding; a form that is no text has but one.
    fn of(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self == Encoding::AsTheToolDoes {
            return Some(bytes.to_vec());
        }
        let text = text_of(bytes)?;
        let units = |order: fn(u16) -> [u8; 2]| {
            let marked = format!("\u{feff}{text}");
            marked.encode_utf16().flat_map(order).collect()
        };
        Some(match self {
            Encoding::AsTheToolDoes => return None,
            Encoding::LineFeeds => text.replace("\r\n", "\n").into_bytes(),
            Encoding::Utf8Mark => format!("\u{feff}{text}").into_bytes(),
            Encoding::Utf16Little => units(u16::to_le_bytes),
            Encoding::Utf16Big => units(u16::to_be_bytes),
        })
    }
}

/// A text out of what a tool wrote: UTF-8, or UTF-16 with or without a mark.
fn text_of(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(&[1, 1, 1]) {
        return None;
    }
    let text = match bytes.iter().take(64).any(|byte| *byte == 0) {
        true => {
            let units = bytes
                .chunks(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).ok()?
        }
        false => String::from_utf8(bytes.to_vec()).ok()?,
    };
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// Every form of other tools, and poolmon under every kind of stamp.
fn variants() -> Vec<Variant> {
    let of_tools = sources::forms().into_iter().map(|form| Variant {
        name: form.name.into(),
        files: form.files,
        stamps: form.stamps,
        options: Vec::new(),
    });
    let stamps = WITH_TIME
        .into_iter()
        .filter(|stamp| *stamp != Stamp::FileDate);
    of_tools.chain(stamps.map(stamped)).collect()
}

/// poolmon's own files under a kind of stamp, in a summer of central Europe.
fn stamped(stamp: Stamp) -> Variant {
    let zone = ZONES
        .iter()
        .find(|zone| zone.tz.name() == "Europe/Berlin")
        .unwrap();
    let taken = sources::snapshots();
    let text = |(at, table): &(_, String)| {
        let lines = stamp.lines(*at, zone).into_iter();
        lines.map(|line| format!("{line}\r\n")).collect::<String>() + table
    };
    let files: Files = match stamp.is_of_the_file() {
        true => {
            let named = taken.iter().enumerate();
            named
                .map(|(nth, one)| (stamp.file_name(one.0, zone, nth), text(one).into_bytes()))
                .collect()
        }
        false => {
            let texts: Vec<String> = taken.iter().map(text).collect();
            vec![("poolmon.log".into(), texts.join("\r\n").into_bytes())]
        }
    };
    let mut options = Vec::new();
    if !stamp.knows_its_zone() {
        options.push(format!("--tz={}", zone.tz.name()));
    }
    match stamp {
        Stamp::BatchUs | Stamp::DateTimeLines => options.push("--date-order=mdy".into()),
        Stamp::BatchGb | Stamp::Band => options.push("--date-order=dmy".into()),
        _ => {}
    }
    Variant {
        name: format!("poolmon, {stamp:?}"),
        files,
        stamps: if stamp.is_of_the_file() {
            "file_name"
        } else {
            "line"
        },
        options,
    }
}

impl Variant {
    /// The whole upload in an encoding; `None` where the form is no text.
    fn upload(&self, encoding: Encoding) -> Option<Files> {
        let mut files: Files = self
            .files
            .iter()
            .map(|(name, bytes)| Some((name.clone(), encoding.of(bytes)?)))
            .collect::<Option<_>>()?;
        let log = encoding.of(sources::log().as_bytes())?;
        files.push(("HTTPERR/httperr1.log".into(), log));
        files.sort();
        Some(files)
    }

    fn check(&self, input: &Path, about: &str) {
        let about = format!("{} in {about}", self.name);
        let mut options = vec!["--os", "2008r2", "--ram", "4GB", "--npp-limit", "3GB"];
        options.extend(self.options.iter().map(String::as_str));
        let report = report(input, &options);
        let found = |pointer: &str| report.pointer(pointer).cloned().unwrap_or(Value::Null);
        let notes = || format!("{about}: {} {}", found("/time"), found("/verdict"));
        assert_eq!(
            found("/verdict/outcome"),
            "leak_explains_refusals",
            "{}",
            notes()
        );
        assert_eq!(found("/verdict/tag"), "Leak", "{}", notes());
        assert_eq!(found("/verdict/pool"), "nonpaged", "{}", notes());
        assert_eq!(found("/refusals/total"), 4_200, "{about}");
        assert_eq!(found("/refusals/rows"), 600, "{about}");
        assert_eq!(found("/pool/snapshots"), SNAPSHOTS, "{about}");
        assert_eq!(found("/pool/first"), "2026-05-01T00:00:00Z", "{}", notes());
        let stamps = format!("/time/stamp_sources/{}", self.stamps);
        assert_eq!(found(&stamps), SNAPSHOTS, "{}", notes());
    }
}

fn folder(files: &Files, place: &Path) -> PathBuf {
    let folder = place.join("upload");
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn in_folder(variant: &Variant, encoding: Encoding) {
    if let Some(files) = variant.upload(encoding) {
        let place = tempfile::tempdir().unwrap();
        variant.check(
            &folder(&files, place.path()),
            &format!("{encoding:?}, a folder"),
        );
    }
}

fn in_every_container(variant: &Variant, encoding: Encoding) {
    if let Some(files) = variant.upload(encoding) {
        let place = tempfile::tempdir().unwrap();
        for (name, bytes) in containers::every(&files) {
            let path = place.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            variant.check(&path, &format!("{encoding:?}, {name}"));
        }
    }
}

#[test]
fn every_form_in_every_encoding_and_container() {
    let variants = variants();
    assert!(variants.len() > 20);
    variants.par_iter().for_each(|variant| {
        for encoding in ENCODINGS {
            in_folder(variant, encoding);
            in_every_container(variant, encoding);
        }
    });
}

/// One file a snapshot and no other time than the files' own, which copying destroys: they count
/// where they lie apart as snapshots do.
#[test]
fn files_times_date_where_nothing_else_does() {
    let place = tempfile::tempdir().unwrap();
    let mut files: Files = vec![("HTTPERR/httperr1.log".into(), sources::log().into_bytes())];
    let taken = sources::snapshots();
    for (nth, (_, table)) in taken.iter().enumerate() {
        files.push((format!("poolmon{nth}.txt"), table.clone().into_bytes()));
    }
    let input = folder(&files, place.path());
    for (nth, (at, _)) in taken.iter().enumerate() {
        let file = std::fs::File::options()
            .write(true)
            .open(input.join(format!("poolmon{nth}.txt")));
        let unix = Duration::from_secs(at.timestamp().unsigned_abs());
        file.unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + unix)
            .unwrap();
    }
    let report = report(&input, &["--npp-limit", "3GB"]);
    assert_eq!(report["verdict"]["tag"], "Leak");
    assert_eq!(report["time"]["stamp_sources"]["file_time"], SNAPSHOTS);
    assert_eq!(report["pool"]["first"], "2026-05-01T00:00:00Z");
}

/// What a stamp leaves open is said, with the option that settles it, and nothing is guessed.
#[test]
fn what_a_stamp_cannot_tell_is_said() {
    for (stamp, without, word) in [
        (Stamp::BatchDe, "--tz", "--tz"),
        (Stamp::BatchGb, "--date-order", "--date-order"),
        (Stamp::Band, "--date-order", "--date-order"),
        (Stamp::None, "", "stamp"),
    ] {
        let variant = stamped(stamp);
        let place = tempfile::tempdir().unwrap();
        let files = variant.upload(Encoding::AsTheToolDoes).unwrap();
        let kept = variant
            .options
            .iter()
            .filter(|option| without.is_empty() || !option.starts_with(without));
        let mut options: Vec<&str> = kept.map(String::as_str).collect();
        options.extend(["--npp-limit", "3GB"]);
        let report = report(&folder(&files, place.path()), &options);
        assert_eq!(report["refusals"]["total"], 4_200, "{stamp:?}");
        assert_eq!(report["pool"]["snapshots"], SNAPSHOTS, "{stamp:?}");
        assert_ne!(
            report["verdict"]["outcome"], "leak_explains_refusals",
            "{stamp:?}"
        );
        assert!(
            !report["correlation"]["withheld"].is_null(),
            "{stamp:?}: {}",
            report["correlation"]
        );
        assert!(report.to_string().contains(word), "{stamp:?}");
    }
}
