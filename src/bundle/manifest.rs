//! `manifest.json` of the companion collector: what it says that the bundle holds.
//!
//! A stranger's claims: every field may be missing, of another type, or a lie. Nothing here opens
//! a file; [`case`](crate::case) compares the list with the inventory by name, size and digest.
//! The layout is that of `collector/src/manifest.rs`, whose program has its own code for it.

use super::digest::Sha256;
use super::name::ArtifactName;
use serde_json::Value;
use std::fmt;

/// What the name of the schema begins with; the number behind it may rise when fields are added.
const SCHEMA: &str = "poolsleuth-collect-manifest/";

/// Files that are listed at most; the collector itself stops at 20,000.
const MAX_FILES: usize = 65_536;

/// Errors that are kept; the collector lists a thousand.
const MAX_ERRORS: usize = 1_000;

/// Longest text that is kept of a field, in characters.
const MAX_TEXT: usize = 1_024;

/// What a manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The layout's name.
    pub schema: String,
    /// Name and version of the program.
    pub collector: (Option<String>, Option<String>),
    /// When the bundle was made, as written.
    pub created: Option<String>,
    /// The machine.
    pub host: ManifestHost,
    /// True if the collector says that nothing failed or was left out.
    pub complete: Option<bool>,
    /// True if somebody ended the run.
    pub stopped_early: bool,
    /// Limits of the collector that were met.
    pub limits_hit: Vec<String>,
    /// What failed, the first ones, in words.
    pub errors: Vec<String>,
    /// Files, in the manifest's order.
    pub files: Vec<ManifestFile>,
    /// Entries of the list that are no files, or beyond the limit.
    pub rejected: u64,
}

/// The machine, as the manifest has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestHost {
    /// The computer's name.
    pub name: Option<String>,
    /// `Windows Server 2019 Standard`.
    pub product: Option<String>,
    /// Major, minor and build.
    pub version: Option<(u32, u32, u32)>,
    /// `x64`, `arm64`.
    pub arch: Option<String>,
    /// Physical memory in bytes.
    pub ram_bytes: Option<u64>,
    /// Windows' name of the time zone.
    pub zone: Option<String>,
    /// Minutes to add to local time for UTC, without daylight saving.
    pub zone_bias: Option<i32>,
}

/// A file, as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Its name, relative to the manifest's folder.
    pub name: ArtifactName,
    /// What it is.
    pub role: FileRole,
    /// Bytes.
    pub size: Option<u64>,
    /// Digest, if one is stated that can be one.
    pub sha256: Option<Sha256>,
}

/// What a file of the bundle is, as far as that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// The image of a module that was loaded.
    DriverLoaded,
    /// An image that only lay in the folder.
    DriverFolder,
    /// Written by the collector.
    Generated,
    /// Anything else.
    Other,
}

/// Why a file is no manifest of the collector's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoManifest {
    /// Not JSON; where and why.
    NotJson(String),
    /// Another program's.
    OtherSchema(Option<String>),
}

impl fmt::Display for NoManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoManifest::NotJson(why) => write!(f, "not read as a manifest: {why}"),
            NoManifest::OtherSchema(Some(schema)) => {
                write!(f, "not the collector's manifest: its schema is {schema:?}")
            }
            NoManifest::OtherSchema(None) => {
                f.write_str("not the collector's manifest: it states no schema")
            }
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is not JSON, or another program's.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, NoManifest> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let json: Value =
            serde_json::from_slice(bytes).map_err(|e| NoManifest::NotJson(e.to_string()))?;
        let schema = text(&json["schema"]);
        let Some(schema) = schema.filter(|s| s.starts_with(SCHEMA)) else {
            return Err(NoManifest::OtherSchema(text(&json["schema"])));
        };
        let mut manifest = Manifest {
            schema,
            collector: (
                text(&json["collector"]["name"]),
                text(&json["collector"]["version"]),
            ),
            created: text(&json["created_utc"]),
            host: host(&json["host"]),
            complete: json["complete"].as_bool(),
            stopped_early: json["stopped_early"].as_bool().unwrap_or(false),
            limits_hit: list(&json["limits"]["hit"])
                .iter()
                .take(MAX_ERRORS)
                .filter_map(text)
                .collect(),
            errors: list(&json["errors"])
                .iter()
                .take(MAX_ERRORS)
                .map(error)
                .collect(),
            files: Vec::new(),
            rejected: 0,
        };
        for entry in list(&json["files"]) {
            match file(entry).filter(|_| manifest.files.len() < MAX_FILES) {
                Some(file) => manifest.files.push(file),
                None => manifest.rejected += 1,
            }
        }
        Ok(manifest)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(MAX_TEXT).collect())
}

fn host(value: &Value) -> ManifestHost {
    let version = text(&value["os_version"]).and_then(|version| {
        let mut parts = version.split('.').map(str::parse);
        Some((
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        ))
    });
    ManifestHost {
        name: text(&value["name"]),
        product: text(&value["product_name"]),
        version,
        arch: text(&value["arch"]),
        ram_bytes: value["ram_bytes"].as_u64().filter(|&ram| ram > 0),
        zone: text(&value["tz_name"]),
        zone_bias: value["tz_bias_min"]
            .as_i64()
            .and_then(|bias| bias.try_into().ok()),
    }
}

fn error(value: &Value) -> String {
    let what = text(&value["what"]).unwrap_or_else(|| "unnamed".into());
    let subject = match (text(&value["source"]), value["seq"].as_u64()) {
        (Some(source), _) => format!(" {source}"),
        (None, Some(seq)) => format!(" of snapshot {seq}"),
        (None, None) => String::new(),
    };
    let code = text(&value["code"]).or_else(|| value["code"].as_i64().map(|n| n.to_string()));
    format!(
        "{what}{subject}: {}",
        code.unwrap_or_else(|| "no code".into())
    )
}

fn file(value: &Value) -> Option<ManifestFile> {
    let path = value["path"].as_str().filter(|path| !path.is_empty())?;
    let role = match value["role"].as_str() {
        Some("driver-loaded") => FileRole::DriverLoaded,
        Some("driver-folder") => FileRole::DriverFolder,
        Some("generated") => FileRole::Generated,
        _ => FileRole::Other,
    };
    Some(ManifestFile {
        name: ArtifactName::new(path.as_bytes()),
        role,
        size: value["size"].as_u64(),
        sha256: value["sha256"].as_str().and_then(Sha256::from_hex),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Manifest {
        Manifest::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_field_may_be_missing_or_of_another_type() {
        let bare = parsed(r#"{"schema": "poolsleuth-collect-manifest/7"}"#);
        assert_eq!(bare.files, []);
        let odd = parsed(
            r#"{"schema": "poolsleuth-collect-manifest/1", "host": [], "files": [3, {"path": ""},
            {"path": "../x", "size": -1, "sha256": "zz"}], "errors": {}, "complete": "yes"}"#,
        );
        assert_eq!((odd.files.len(), odd.rejected, odd.complete), (1, 2, None));
        assert_eq!((odd.files[0].size, odd.files[0].sha256), (None, None));
        assert!(odd.files[0].name.escapes());
    }

    #[test]
    fn the_machine_and_the_errors_are_read() {
        let full = parsed(
            r#"{"schema": "poolsleuth-collect-manifest/1", "complete": false,
            "host": {"name": "WEB01", "os_version": "10.0.17763", "arch": "x64", "ram_bytes": 0,
                     "tz_name": "W. Europe Standard Time", "tz_bias_min": -60},
            "errors": [{"what": "pooltag", "seq": 17, "code": "0xC000009A"}, {"what": "open", "source": "C:\\x", "code": 5}],
            "limits": {"hit": ["httperr_mb"]}}"#,
        );
        assert_eq!(full.host.version, Some((10, 0, 17763)));
        assert_eq!(
            (full.host.ram_bytes, full.host.zone_bias),
            (None, Some(-60))
        );
        assert_eq!(
            full.errors,
            ["pooltag of snapshot 17: 0xC000009A", "open C:\\x: 5"]
        );
        assert_eq!(full.limits_hit, ["httperr_mb"]);
    }

    #[test]
    fn other_programs_manifests_are_told_apart() {
        let none = Manifest::parse(b"{\"name\": \"app\"}").unwrap_err();
        assert_eq!(none, NoManifest::OtherSchema(None));
        assert!(
            Manifest::parse(b"{")
                .unwrap_err()
                .to_string()
                .contains("not read as")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Manifest::parse(&bytes);
        }
    }
}
