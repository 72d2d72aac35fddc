//! What identifies a case: its content, the program's version, and the options.
//!
//! The digest of all contents costs a whole reading. Before it, the *outline* (names and sizes)
//! tells most cases apart for nothing: only cases of one outline are hashed to find duplicates,
//! and only results of the same outline are looked at when a batch goes on.

use sha2::{Digest, Sha256 as Hasher};

use crate::bundle::{Listed, ListedEntry, Sha256, When};

/// Separate these digests from others over similar bytes; the numbers change with the rules.
const KEY_DOMAIN: &[u8] = b"poolsleuth batch key 1\n";
const OUTLINE_DOMAIN: &[u8] = b"poolsleuth outline 1\n";
const TIMES_DOMAIN: &[u8] = b"poolsleuth times 1\n";

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

/// The content of a case that does not open: of its file, or of its path where it is none.
pub fn of_unopened(path: &std::path::Path) -> String {
    let read = || -> std::io::Result<Option<Sha256>> {
        if !std::fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let file = std::fs::File::open(path)?;
        let (digest, _, _) = crate::bundle::HashingReader::new(file).finish()?;
        Ok(Some(digest))
    };
    match read() {
        Ok(Some(digest)) => digest.to_string(),
        _ => Sha256::of(path.as_os_str().as_encoded_bytes()).to_string(),
    }
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
}
