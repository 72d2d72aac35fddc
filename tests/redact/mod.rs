//! `--redact`: no secret of a case in any output, the verdict as it was, a map apart.

mod case;
mod collected;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::bundle::{self, Container};
use case::{BUNDLE, SECRETS, SHOWN_IN_PLAIN};

/// Everything that a run wrote, by where it stands.
type Outputs = Vec<(String, String)>;

struct Place {
    folder: tempfile::TempDir,
    bundle: PathBuf,
    key: PathBuf,
}

fn place(container: Container) -> Place {
    place_of(&case::files(), container)
}

fn place_of(files: &[bundle::File], container: Container) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle::write(files, container, folder.path(), BUNDLE);
    let key = folder.path().join("key");
    fs::write(&key, [42; 32]).unwrap();
    Place {
        folder,
        bundle,
        key,
    }
}

impl Place {
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_poolsleuth"))
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    }

    /// Every output of every command that prints text of a case.
    fn outputs(&self, name: &str, redact: &[&str]) -> Outputs {
        let bundle = self.bundle.to_str().unwrap();
        let mut all = Outputs::new();
        let mut keep = |what: String, words: &[&str]| {
            let (status, out, err) = self.run(&[words, redact].concat());
            assert_eq!(status, Some(0), "{what}: {err}");
            all.push((format!("{what}, stdout"), out));
            all.push((format!("{what}, stderr"), err));
        };
        for format in ["text", "json", "markdown", "html"] {
            keep(
                format!("analyze {format}"),
                &["analyze", bundle, "--format", format],
            );
        }
        keep(
            "analyze --ascii".into(),
            &["analyze", bundle, "--ascii", "-v", "--progress", "json"],
        );
        for format in ["text", "json"] {
            keep(
                format!("refusals {format}"),
                &["refusals", bundle, "-v", "--format", format],
            );
            keep(
                format!("tags {format}"),
                &["tags", bundle, "--format", format],
            );
        }
        keep("-o".into(), &["analyze", bundle, "-v", "-o", name]);
        for entry in fs::read_dir(self.folder.path().join(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            all.push((file, fs::read_to_string(path).unwrap()));
        }
        assert!(all.len() > 25, "all reports were written");
        all
    }

    fn report(&self, options: &[&str]) -> Value {
        let bundle = self.bundle.to_str().unwrap();
        let words = [&["analyze", bundle, "--format", "json", "-q"], options].concat();
        let (status, out, err) = self.run(&words);
        assert_eq!(status, Some(0), "{err}");
        serde_json::from_str(&out).unwrap()
    }
}

/// The forms in which a text may stand in an output unnoticed, all in lower case.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|b| format!("%{b:02x}")).collect();
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let escaped: String = secret.bytes().map(|b| format!("\\x{b:02x}")).collect();
    let references: String = secret.bytes().map(|b| format!("&#{b};")).collect();
    let spaced = |between: &str| {
        let letters: Vec<String> = secret.chars().map(String::from).collect();
        letters.join(between)
    };
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        secret.to_owned(),
        percent,
        hex,
        escaped,
        references,
        spaced("\0"),
        spaced("\\u0000"),
        spaced("\\x00"),
        spaced("%00"),
    ];
    for text in [secret.to_owned(), secret.to_uppercase()] {
        forms.extend(base64(text.as_bytes()));
    }
    forms.extend(base64(&wide));
    forms.iter().map(|form| form.to_lowercase()).collect()
}

/// The letters of Base64 (RFC 4648) that stand for these bytes wherever they begin, without
/// those that their neighbours share.
fn base64(bytes: &[u8]) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..3)
        .map(|shift| {
            let padded = [vec![0; shift], bytes.to_vec()].concat();
            let letters: String = padded
                .chunks_exact(3)
                .flat_map(|c| {
                    let bits = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
                    [18, 12, 6, 0].map(|at| char::from(LETTERS[(bits >> at) as usize & 63]))
                })
                .collect();
            letters
                .get(if shift > 0 { 4 } else { 0 }..)
                .unwrap_or_default()
                .to_owned()
        })
        // Fewer letters come up by chance.
        .filter(|letters| letters.len() >= 6)
        .collect()
}

/// The secrets that outputs hold, with where and how.
fn leaks(outputs: &Outputs) -> Vec<String> {
    leaks_of(SECRETS, outputs)
}

fn leaks_of(secrets: &[&str], outputs: &Outputs) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in outputs {
        let text = text.to_lowercase();
        for secret in secrets {
            for form in forms(secret)
                .iter()
                .filter(|form| text.contains(form.as_str()))
            {
                let at = text.find(form.as_str()).unwrap_or(0);
                let line: String = text[at.saturating_sub(60)..].chars().take(140).collect();
                found.push(format!("{name}: `{form}` in …{line}…"));
            }
        }
    }
    found
}

#[test]
fn no_secret_is_in_any_output_in_any_form() {
    for container in [Container::Folder, Container::ZipDeflated] {
        let place = place(container);
        let plain = place.outputs("plain", &[]);
        let all: String = plain.iter().map(|(_, text)| text.to_lowercase()).collect();
        for secret in SHOWN_IN_PLAIN {
            assert!(
                all.contains(secret),
                "{secret} does not even reach a plain report"
            );
        }
        let redacted = place.outputs("redacted", &["--redact"]);
        let found = leaks(&redacted);
        assert!(
            found.is_empty(),
            "{} leaks:\n{}",
            found.len(),
            found.join("\n")
        );
    }
}

#[test]
fn the_verdict_and_all_figures_stay() {
    let place = place(Container::Folder);
    let (plain, redacted) = (place.report(&[]), place.report(&["--redact"]));
    for part in [
        "/verdict/outcome",
        "/verdict/confidence",
        "/verdict/tag_hex",
        "/verdict/driver/file_name",
        "/verdict/driver/sha256",
        "/verdict/driver/version/file_version",
        "/verdict/driver/signature/state",
        "/refusals/total",
        "/refusals/episodes",
        "/refusals/counts",
        "/pool/nonpaged",
        "/pool/epochs",
        "/pool/limit",
        "/case/ram_bytes",
        "/time/zone",
        "/correlation",
        "/attribution/0/candidates/0/instructions",
        "/attribution/0/answer",
    ] {
        assert!(
            !plain.pointer(part).unwrap_or(&Value::Null).is_null(),
            "{part}"
        );
        assert_eq!(plain.pointer(part), redacted.pointer(part), "{part}");
    }
    assert_eq!(plain["verdict"]["driver"]["file_name"], "hstorflt.sys");
    let shape = |report: &Value| -> Vec<String> {
        let reasons = report["verdict"]["reasons"].as_array().unwrap();
        reasons
            .iter()
            .map(|r| format!("{} {} {}", r["rule"], r["weight"], r["evidence"]))
            .collect()
    };
    assert_eq!(shape(&plain), shape(&redacted));
}

#[test]
fn classes_and_equality_stay() {
    let place = place(Container::Folder);
    let redacted = place.report(&["--redact"]);
    let first = redacted["evidence"].as_array().unwrap();
    let row = first.iter().find_map(|e| {
        let text = e["text"].as_str()?;
        text.contains("Connections_Refused").then_some(text)
    });
    let words: Vec<&str> = row.unwrap().split(' ').collect();
    assert!(words[2].starts_with("ipv4-private-"), "{words:?}");
    assert!(words[4].starts_with("ipv6-private-"), "{words:?}");
    assert!(
        words[5].starts_with("[ipv6-link-local-") && words[5].ends_with("%4]:443"),
        "{words:?}"
    );
    let description = redacted["verdict"]["driver"]["version"]["description"]
        .as_str()
        .unwrap();
    assert!(
        description.ends_with(&format!(" at {}", words[2])),
        "{description}: {words:?}"
    );
}

#[test]
fn equal_keys_give_equal_reports_and_other_keys_others() {
    let place = place(Container::Folder);
    let key = place.key.to_str().unwrap();
    let keyed = || place.report(&["--redact", "--redact-key", key]);
    let random = || place.report(&["--redact"]);
    let (one, two) = (keyed(), keyed());
    assert_eq!(one, two);
    let host = |report: &Value| report["case"]["host"].as_str().unwrap().to_owned();
    assert!(host(&one).starts_with("host-"));
    assert_ne!(host(&random()), host(&random()));
    // Another case of the same customer.
    let other = self::place(Container::ZipDeflated);
    let other = other.report(&["--redact", "--redact-key", key]);
    assert_eq!(host(&other), host(&one));
}

#[test]
fn the_map_lies_apart_is_private_and_complete() {
    let place = place(Container::Folder);
    let bundle = place.bundle.to_str().unwrap().to_owned();
    let (status, out, err) = place.run(&[
        "analyze", &bundle, "--redact", "-o", "out", "--format", "json",
    ]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let path = place.folder.path().join("out.redact-map.json");
    let map: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let report: Value = serde_json::from_str(&out).unwrap();
    let host = report["case"]["host"].as_str().unwrap();
    let entry = map["pseudonyms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["pseudonym"] == host);
    assert_eq!(entry.unwrap()["originals"][0], "WREN-SQL07");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert!(!place.folder.path().join("out/out.redact-map.json").exists());
    // A second run does not overwrite the map of the first.
    let before = fs::read(&path).unwrap();
    let (status, _, err) = place.run(&["analyze", &bundle, "--redact", "-o", "out"]);
    assert_eq!(status, Some(1));
    assert!(
        err.contains("exists already") && err.contains("--redact-map"),
        "{err}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    let (status, _, err) = place.run(&[
        "analyze",
        &bundle,
        "--redact",
        "-o",
        "out",
        "--redact-map",
        "out/map.json",
    ]);
    assert_eq!(status, Some(2), "{err}");
    assert!(!place.folder.path().join("out/map.json").exists());
}

#[test]
fn without_a_place_no_map_is_kept_and_that_is_said() {
    let place = place(Container::Folder);
    let bundle = place.bundle.to_str().unwrap();
    let (status, _, err) = place.run(&["analyze", bundle, "--redact"]);
    assert_eq!(status, Some(0));
    assert!(err.contains("--redact-map"), "{err}");
    let files: Vec<_> = fs::read_dir(place.folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
}

#[cfg(unix)]
#[test]
fn a_planted_link_is_not_followed() {
    let place = place(Container::Folder);
    let target = place.folder.path().join("target");
    fs::write(&target, "mine").unwrap();
    std::os::unix::fs::symlink(&target, place.folder.path().join("map")).unwrap();
    std::os::unix::fs::symlink(
        place.folder.path().join("new"),
        place.folder.path().join("dangling"),
    )
    .unwrap();
    for map in ["map", "dangling"] {
        let bundle = place.bundle.to_str().unwrap();
        let (status, out, _) = place.run(&["analyze", bundle, "--redact", "--redact-map", map]);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{map}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    assert!(!place.folder.path().join("new").exists());
}

#[test]
fn a_run_that_fails_leaves_no_map() {
    let place = place(Container::Folder);
    let (status, _, _) = place.run(&["analyze", "nothing-here", "--redact", "--redact-map", "map"]);
    assert_eq!(status, Some(1));
    assert!(!Path::new(&place.folder.path().join("map")).exists());
}

#[test]
fn keys_and_options_that_make_no_sense_are_refused() {
    let place = place(Container::Folder);
    let bundle = place.bundle.to_str().unwrap();
    let key = place.key.to_str().unwrap();
    fs::write(place.folder.path().join("short"), "secret").unwrap();
    let (status, out, err) = place.run(&["analyze", bundle, "--redact", "--redact-key", "short"]);
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(err.contains("6 bytes") && err.contains("32"), "{err}");
    let (status, _, _) = place.run(&["analyze", bundle, "--redact-key", key]);
    assert_eq!(status, Some(2));
}
