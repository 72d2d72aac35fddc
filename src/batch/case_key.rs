//! What identifies a case: its content, the program's version, and the options.
//!
//! The digest of all contents costs a whole reading. Before it, the *outline* (names and sizes)
//! tells most cases apart for nothing: only cases of one outline are hashed to find duplicates,
//! and only results of the same outline are looked at when a batch goes on.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256 as Hasher};

use crate::bundle::{Listed, ListedEntry, Sha256, When};

/// Separate these digests from others over similar bytes; the numbers change with the rules.
const KEY_DOMAIN: &[u8] = b"poolsleuth batch key 1\n";
const OUTLINE_DOMAIN: &[u8] = b"poolsleuth outline 1\n";
const TIMES_DOMAIN: &[u8] = b"poolsleuth times 1\n";
const PATHS_DOMAIN: &[u8] = b"poolsleuth paths 1\n";
const INCOMPLETE_DOMAIN: &[u8] = b"poolsleuth incomplete 1\n";

/// The key of a case: SHA-256 over version, options and content, each ended by a newline.
pub fn key(tool_version: &str, options: &str, content: &str) -> String {
    let mut hasher = Hasher::new();
    hasher.update(KEY_DOMAIN);
    for part in [tool_version, options, content] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex(hasher)
}

/// Digest of the names and sizes of a case's entries: the same for a folder and an honest
/// archive of it.
pub fn outline(case: &Listed) -> String {
    let mut hasher = Hasher::new();
    hasher.update(OUTLINE_DOMAIN);
    for entry in &case.entries {
        name_into(&mut hasher, entry);
        hasher.update(entry.size.unwrap_or(0).to_le_bytes());
        // With a password there is more to read than without.
        if entry.locked {
            hasher.update(b"locked");
        }
    }
    hex(hasher)
}

/// Digest of the times of a case's entries. They may date snapshots, so a result is taken over
/// from an earlier run only if they are the same.
pub fn times(case: &Listed) -> String {
    let mut hasher = Hasher::new();
    hasher.update(TIMES_DOMAIN);
    for entry in &case.entries {
        name_into(&mut hasher, entry);
        let text = entry.modified.map(|m| match m.when {
            When::Instant(at) => format!("{at:?}"),
            other => format!("{other:?}"),
        });
        let text = text.unwrap_or_default();
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hex(hasher)
}

/// Bytes of a file that are read to tell it from others although it cannot be analysed: a second
/// or two. Who needs more is known by its path.
const MAX_OWN_BYTES: u64 = 1 << 30;

/// What identifies a case by where and as what it lies on disk: the SHA-256 of a file, and of
/// anything else a digest of its paths. It is what there is of a case that fails before its
/// contents are known.
pub fn on_disk(paths: &[PathBuf]) -> String {
    let file = match paths {
        [one] => of_file(one),
        _ => None,
    };
    file.map_or_else(|| of_paths(paths), |digest| digest.to_string())
}

/// The content of a case of which some bytes were not read (encrypted, damaged, forbidden, cut by
/// a limit): what was read is no ground to call two such cases the same, so what they are on disk
/// counts too. `file` is the digest of the one file that the case is, where it is known.
pub fn of_incomplete(case_id: &str, paths: &[PathBuf], file: Option<&str>) -> String {
    let mut hasher = Hasher::new();
    hasher.update(INCOMPLETE_DOMAIN);
    let place = file.map_or_else(|| of_paths(paths), str::to_owned);
    for part in [case_id, &place] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex(hasher)
}

fn of_file(path: &Path) -> Option<Sha256> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_OWN_BYTES {
        return None;
    }
    let file = std::fs::File::open(path).ok()?;
    let (digest, _, _) = crate::bundle::HashingReader::new(file).finish().ok()?;
    Some(digest)
}

fn of_paths(paths: &[PathBuf]) -> String {
    let mut hasher = Hasher::new();
    hasher.update(PATHS_DOMAIN);
    for path in paths {
        let name = path.as_os_str().as_encoded_bytes();
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
    }
    hex(hasher)
}

fn name_into(hasher: &mut Hasher, entry: &ListedEntry) {
    let name = entry.name.as_bytes();
    hasher.update((name.len() as u64).to_le_bytes());
    hasher.update(name);
}

fn hex(hasher: Hasher) -> String {
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_each_part_and_on_where_parts_end() {
        let keys = [
            key("1", "a", "b"),
            key("2", "a", "b"),
            key("1", "ab", ""),
            key("1", "", "ab"),
            key("1a", "", "b"),
        ];
        for (nth, one) in keys.iter().enumerate() {
            assert!(!keys[nth + 1..].contains(one));
        }
        assert_eq!(keys[0].len(), 64);
    }

    #[test]
    fn what_was_not_read_is_told_apart_by_what_it_is_on_disk() {
        let place = tempfile::tempdir().unwrap();
        let [a, b, copy] = ["a.zip", "b.zip", "copy.zip"].map(|name| place.path().join(name));
        std::fs::write(&a, "one").unwrap();
        std::fs::write(&b, "two").unwrap();
        std::fs::write(&copy, "one").unwrap();
        let of = |path: &PathBuf| on_disk(std::slice::from_ref(path));
        assert_eq!(of(&a), Sha256::of(b"one").to_string());
        assert_eq!(of(&a), of(&copy));
        assert_ne!(of(&a), of(&b));
        let [x, y] = ["x", "y"].map(|name| place.path().join(name));
        assert_ne!(of(&x), of(&y), "what cannot be read is known by its path");
        assert_ne!(on_disk(&[a.clone(), x.clone()]), on_disk(&[a, y]));
        let (one, two) = (&[x][..], &[copy][..]);
        assert_ne!(
            of_incomplete("id", one, None),
            of_incomplete("id", two, None)
        );
        assert_eq!(
            of_incomplete("id", one, Some("f")),
            of_incomplete("id", two, Some("f"))
        );
        assert_ne!(
            of_incomplete("id", one, Some("f")),
            of_incomplete("id", one, Some("g"))
        );
    }
}
