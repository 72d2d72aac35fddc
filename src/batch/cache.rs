//! What images say of themselves, kept by the digest of their bytes: the same `ntfs.sys` lies in
//! most cases, and is looked into once.
//!
//! One SQLite file in a folder. Several processes may read and write it at once; who finds it
//! locked for too long, full or broken goes on without it. Its name carries the version of its
//! format, each row the version of the program, and a row of another is not there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::bundle::Sha256;
use crate::case::{Aspect, ImageMemory};

/// The version of the format: another one is another file.
const FORMAT: i32 = 1;

/// Marks our files among SQLite's (`PRAGMA application_id`): "PSlC".
const APPLICATION: i32 = 0x5053_6c43;

/// Longest wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of one entry; an image with more tags than this holds is looked into each time.
const MAX_ENTRY: usize = 4 << 20;

/// Generations that an entry is kept without being used: each [`Cache::prune`] begins a new one.
const GENERATIONS_KEPT: i64 = 4;

/// Entries that are written together: a transaction each would wait for the disk each time, and
/// for other processes. Those that a killed process had not written yet are found out again.
const WRITTEN_TOGETHER: usize = 64;

/// What is to be written.
type Waiting = BTreeMap<(Sha256, Aspect), String>;

/// An open cache.
pub struct Cache {
    connection: Mutex<Connection>,
    is_writable: bool,
    waiting: Mutex<Waiting>,
}

/// What pruning did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Entries removed.
    pub removed: u64,
    /// Entries kept.
    pub kept: u64,
}

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Somebody else's file.
    #[error("{0} is no cache of this program")]
    Foreign(String),
}

impl Cache {
    /// Opens the cache in `folder`, which is made if need be; one that cannot be written is
    /// read.
    ///
    /// # Errors
    /// When there is none and none can be made, or the file is not ours.
    pub fn open(folder: &Path) -> Result<Cache, CacheError> {
        let path = folder.join(format!("images-{FORMAT}.sqlite"));
        let writable = fs::create_dir_all(folder)
            .map_err(CacheError::from)
            .and_then(|()| Ok(Connection::open(&path)?))
            .and_then(|connection| {
                connection.busy_timeout(PATIENCE)?;
                prepare(&connection, &path)?;
                Ok(connection)
            });
        let (connection, is_writable) = match writable {
            Ok(connection) => (connection, true),
            Err(CacheError::Foreign(name)) => return Err(CacheError::Foreign(name)),
            Err(_) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let connection = Connection::open_with_flags(&path, flags)?;
                connection.busy_timeout(PATIENCE)?;
                check(&connection, &path)?;
                (connection, false)
            }
        };
        Ok(Cache {
            connection: Mutex::new(connection),
            is_writable,
            waiting: Mutex::default(),
        })
    }

    /// Removes entries of other versions of the program and those that were not used since the
    /// last `GENERATIONS_KEPT` prunings, and files of other formats.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn prune(folder: &Path) -> io::Result<Pruned> {
        let mine = format!("images-{FORMAT}.sqlite");
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with("images-") && !name.starts_with(&mine) && name.contains(".sqlite") {
                fs::remove_file(folder.join(name))?;
            }
        }
        let pruned = || -> Result<Pruned, CacheError> {
            let cache = Cache::open(folder)?;
            let connection = cache
                .connection
                .lock()
                .map_err(|_| io::Error::other("a thread gave up"))?;
            let removed = connection.execute(
                "DELETE FROM image WHERE tool <> ?1 OR used < (SELECT now FROM generation) - ?2",
                params![env!("CARGO_PKG_VERSION"), GENERATIONS_KEPT],
            )?;
            connection.execute("UPDATE generation SET now = now + 1", [])?;
            let kept: i64 = connection.query_row("SELECT count(*) FROM image", [], |r| r.get(0))?;
            connection.execute_batch("VACUUM")?;
            Ok(Pruned {
                removed: removed as u64,
                kept: u64::try_from(kept).unwrap_or(0),
            })
        };
        pruned().map_err(io::Error::other)
    }

    fn read(&self, aspect: Aspect, image: Sha256) -> rusqlite::Result<Option<String>> {
        let Ok(connection) = self.connection.lock() else {
            return Ok(None);
        };
        let key = params![image.bytes(), aspect.name(), env!("CARGO_PKG_VERSION")];
        let found: Option<(String, bool)> = connection
            .prepare_cached(
                "SELECT json, used <> (SELECT now FROM generation) FROM image \
                 WHERE sha256 = ?1 AND aspect = ?2 AND tool = ?3",
            )?
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((_, true)) = found
            && self.is_writable
        {
            connection
                .prepare_cached(
                    "UPDATE image SET used = (SELECT now FROM generation) \
                     WHERE sha256 = ?1 AND aspect = ?2 AND tool = ?3",
                )?
                .execute(key)?;
        }
        Ok(found.map(|(json, _)| json))
    }

    /// Writes entries in one transaction.
    fn write(&self, entries: &Waiting) -> rusqlite::Result<()> {
        let Ok(mut connection) = self.connection.lock() else {
            return Ok(());
        };
        let together = connection.transaction()?;
        {
            let mut insert = together.prepare_cached(
                "INSERT OR REPLACE INTO image (sha256, aspect, tool, used, json) \
                 VALUES (?1, ?2, ?3, (SELECT now FROM generation), ?4)",
            )?;
            for ((image, aspect), json) in entries {
                let tool = env!("CARGO_PKG_VERSION");
                insert.execute(params![image.bytes(), aspect.name(), tool, json])?;
            }
        }
        together.commit()
    }
}

impl ImageMemory for Cache {
    fn recall(&self, aspect: Aspect, image: Sha256) -> Option<String> {
        let waiting = self.waiting.lock().ok()?.get(&(image, aspect)).cloned();
        waiting.or_else(|| self.read(aspect, image).ok().flatten())
    }

    fn keep(&self, aspect: Aspect, image: Sha256, json: &str) {
        if !self.is_writable || json.len() > MAX_ENTRY {
            return;
        }
        let Ok(mut waiting) = self.waiting.lock() else {
            return;
        };
        waiting.insert((image, aspect), json.to_owned());
        if waiting.len() >= WRITTEN_TOGETHER {
            let entries = std::mem::take(&mut *waiting);
            drop(waiting);
            // One that is locked or full only makes the next run look again.
            let _ = self.write(&entries);
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let waiting = self.waiting.lock().map(|mut w| std::mem::take(&mut *w));
        if let Ok(entries) = waiting
            && !entries.is_empty()
        {
            let _ = self.write(&entries);
        }
    }
}

/// Makes the tables of a new file, and looks whether an old one is ours.
fn prepare(connection: &Connection, path: &Path) -> Result<(), CacheError> {
    // Readers go on while one writes; losing the last entries in a power cut costs nothing.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             CREATE TABLE IF NOT EXISTS image (
               sha256 BLOB NOT NULL, aspect TEXT NOT NULL, tool TEXT NOT NULL,
               used INTEGER NOT NULL, json TEXT NOT NULL,
               PRIMARY KEY (sha256, aspect, tool)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS generation (now INTEGER NOT NULL);
             INSERT INTO generation SELECT 0 WHERE NOT EXISTS (SELECT * FROM generation);
             PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {FORMAT};
             COMMIT;"
        ))?;
    }
    check(connection, path)
}

fn check(connection: &Connection, path: &Path) -> Result<(), CacheError> {
    let number = |name: &str| -> rusqlite::Result<i32> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, FORMAT) => Ok(()),
        _ => Err(CacheError::Foreign(path.display().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_recalled_by_aspect_and_image() {
        let place = tempfile::tempdir().unwrap();
        let (one, two) = (Sha256::of(b"1"), Sha256::of(b"2"));
        let cache = Cache::open(place.path()).unwrap();
        assert_eq!(cache.recall(Aspect::Code, one), None);
        cache.keep(Aspect::Code, one, "{}");
        assert_eq!(cache.recall(Aspect::Code, one).as_deref(), Some("{}"));
        drop(cache);
        let again = Cache::open(place.path()).unwrap();
        assert_eq!(again.recall(Aspect::Code, one).as_deref(), Some("{}"));
        assert_eq!(again.recall(Aspect::Version, one), None);
        assert_eq!(again.recall(Aspect::Code, two), None);
    }

    #[test]
    fn another_version_of_the_program_or_the_format_is_not_trusted() {
        let place = tempfile::tempdir().unwrap();
        let one = Sha256::of(b"1");
        let cache = Cache::open(place.path()).unwrap();
        cache.keep(Aspect::Code, one, "{}");
        drop(cache);
        let cache = Cache::open(place.path()).unwrap();
        let path = place.path().join(format!("images-{FORMAT}.sqlite"));
        let other = Connection::open(&path).unwrap();
        other
            .execute("UPDATE image SET tool = '0.0.0'", [])
            .unwrap();
        assert_eq!(cache.recall(Aspect::Code, one), None);
        assert_eq!(Cache::prune(place.path()).unwrap().removed, 1);
        other.execute_batch("PRAGMA user_version = 99").unwrap();
        assert!(matches!(
            Cache::open(place.path()),
            Err(CacheError::Foreign(_))
        ));
    }

    #[test]
    fn what_is_not_used_goes_after_some_prunings() {
        let place = tempfile::tempdir().unwrap();
        let (used, idle) = (Sha256::of(b"1"), Sha256::of(b"2"));
        let cache = Cache::open(place.path()).unwrap();
        cache.keep(Aspect::Code, used, "{}");
        cache.keep(Aspect::Code, idle, "{}");
        drop(cache);
        let cache = Cache::open(place.path()).unwrap();
        for _ in 0..=GENERATIONS_KEPT {
            Cache::prune(place.path()).unwrap();
            assert!(cache.recall(Aspect::Code, used).is_some());
        }
        assert_eq!(
            Cache::prune(place.path()).unwrap(),
            Pruned {
                removed: 1,
                kept: 1
            }
        );
    }

    #[test]
    fn a_file_that_is_no_database_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join(format!("images-{FORMAT}.sqlite"));
        fs::write(&path, "somebody's notes".repeat(400)).unwrap();
        assert!(Cache::open(place.path()).is_err());
        assert!(fs::read_to_string(&path).unwrap().starts_with("somebody's"));
    }
}
