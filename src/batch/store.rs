//! The batch's folder: what is finished lies there whole, what is not does not.
//!
//! ```text
//! OUT/.lock             held while a batch works here
//! OUT/.work/            what is being made; emptied at every start and end
//! OUT/.paths            what was read from stdin, until the batch is finished
//! OUT/state/KEY.json    one finished case: record, where it came from, digest of its report
//! OUT/cases/NAME-KEY/   its report
//! OUT/cases.jsonl, cases.csv, rollup.sqlite, index.html, left-out.jsonl    made from the above
//! ```
//! A case is finished when its state file is in place, which is the last thing that happens. A
//! state file carries a digest of itself and of the report's files: after a power cut, what is
//! torn is found and done again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::crew::Stop;
use super::inputs::Between;
use super::record::Record;
use crate::bundle::Sha256;

/// Characters of a key in the name of a report's folder: 64 bits keep names apart.
const KEY_SHOWN: usize = 16;

/// Characters of a case's own name there.
const NAME_SHOWN: usize = 48;

/// Held while a batch works in a folder; that of a batch is known by it.
const LOCK: &str = ".lock";

/// The paths that were read from stdin.
const LIST: &str = ".paths";

/// True if a folder is that of a batch, finished or not: its results are no upload.
pub fn is_batch(folder: &Path) -> bool {
    folder.join(LOCK).is_file()
        && ["state", "cases"]
            .iter()
            .all(|sub| folder.join(sub).is_dir())
}

/// What is kept of a finished case beside its report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Digest of the options that shape results.
    #[serde(default)]
    pub options: String,
    /// Digest of what was uploaded, as the report states it; absent for failed cases.
    #[serde(default)]
    pub input: Option<String>,
    /// Outline of the case when it was analysed.
    pub outline: String,
    /// Digest of its times.
    pub times: String,
    /// Digest of the report's files; absent for failed cases.
    pub files: Option<String>,
    /// The record.
    pub record: Record,
}

/// A batch's folder, locked.
pub struct Store {
    root: PathBuf,
    /// True if the folder was made here, or was empty.
    is_new: bool,
    _lock: File,
}

/// Why a folder cannot be worked in.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another batch holds it.
    #[error("{}: another batch is writing there; wait for it, or name another folder", .0.display())]
    Taken(PathBuf),
    /// It is something else.
    #[error("{}: holds files, but none of a batch; name a new folder", .0.display())]
    Foreign(PathBuf),
    /// The system refuses.
    #[error("{}: {why}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What.
        why: io::Error,
    },
}

impl StoreError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |why| StoreError::Io { path, why }
    }
}

impl Store {
    /// Opens or makes the folder, and clears what an earlier run left unfinished.
    ///
    /// # Errors
    /// When it is held by another batch, is no batch's folder, or cannot be written.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        let fail = || StoreError::io(root);
        fs::create_dir_all(root).map_err(fail())?;
        let lock_path = root.join(LOCK);
        let is_new = fs::read_dir(root).map_err(fail())?.next().is_none();
        if !is_new && !lock_path.exists() {
            return Err(StoreError::Foreign(root.to_owned()));
        }
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&lock_path)
            .map_err(fail())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Taken(root.to_owned())),
            Err(TryLockError::Error(why)) => return Err(fail()(why)),
        }
        let store = Store {
            root: root.to_owned(),
            is_new,
            _lock: lock,
        };
        store.clear_work().map_err(fail())?;
        for folder in ["state", "cases"] {
            fs::create_dir_all(root.join(folder)).map_err(fail())?;
        }
        Ok(store)
    }

    /// Takes back that a new folder was begun, when nothing was done in it.
    pub fn undo(self) {
        // Folders go only while they are empty, so nothing that matters can be lost.
        let _ = fs::remove_dir(self.root.join(".work"));
        if !self.is_new {
            return;
        }
        for folder in ["state", "cases"] {
            let _ = fs::remove_dir(self.root.join(folder));
        }
        let _ = fs::remove_file(self.root.join(LIST));
        let _ = fs::remove_file(self.root.join(LOCK));
        let _ = fs::remove_dir(&self.root);
    }

    /// Keeps the paths that were read from stdin, where they cannot be read again, and returns
    /// the name of their list.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep_list(&self, paths: &[PathBuf], between: Between) -> io::Result<PathBuf> {
        self.write(LIST, |out| {
            for path in paths {
                out.write_all(path.as_os_str().as_encoded_bytes())?;
                out.write_all(&[between.end()])?;
            }
            Ok(())
        })?;
        Ok(self.root.join(LIST))
    }

    /// Forgets that list: the batch is finished.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn drop_list(&self) -> io::Result<()> {
        match fs::remove_file(self.root.join(LIST)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
            _ => Ok(()),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Empties the place of unfinished work. A worker of a killed batch may still write there
    /// for a moment, so what resists is left to the next time.
    fn clear_work(&self) -> io::Result<()> {
        let work = self.root.join(".work");
        for _ in 0..20 {
            match fs::remove_dir_all(&work) {
                Ok(()) => break,
                Err(why) if why.kind() == io::ErrorKind::NotFound => break,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(50)),
            }
        }
        fs::create_dir_all(work)
    }

    /// A name in the place of unfinished work that no other run uses.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let unique = format!("{}-{name}", std::process::id());
        self.root.join(".work").join(unique)
    }

    fn state_path(&self, key: &str) -> PathBuf {
        self.root.join("state").join(format!("{key}.json"))
    }

    /// Keys of the cases whose state lies in the folder.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.root.join("state"))?;
        entries
            .map(|entry| {
                let path = entry?.path();
                Ok(path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned())
            })
            .collect()
    }

    /// Finished cases whose files are as they were written, in the order of their keys; the
    /// others are forgotten, to be done again, and their number is returned. `None` if the wish
    /// to end came first: reading them all again takes its time.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn finished(&self, stop: &Stop) -> io::Result<Option<(Vec<State>, usize)>> {
        let mut names: Vec<PathBuf> = fs::read_dir(self.root.join("state"))?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<_, _>>()?;
        names.sort();
        let (mut states, mut torn) = (Vec::new(), 0);
        for path in names {
            if stop.is_asked() {
                return Ok(None);
            }
            match read_state(&path).filter(|state| self.is_whole(state)) {
                Some(state) => states.push(state),
                None => {
                    fs::remove_file(&path)?;
                    torn += 1;
                }
            }
        }
        Ok(Some((states, torn)))
    }

    fn is_whole(&self, state: &State) -> bool {
        match (&state.record.report, &state.files) {
            (Some(folder), Some(files)) => {
                digest_of_folder(&self.root.join(folder)).is_ok_and(|digest| digest == *files)
            }
            (None, None) => true,
            _ => false,
        }
    }

    /// Puts a finished case in place: first the report made at `made`, then the state.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(&self, state: &State, made: Option<&Path>) -> io::Result<()> {
        if let (Some(made), Some(folder)) = (made, &state.record.report) {
            let place = self.root.join(folder);
            if place.exists() {
                fs::remove_dir_all(&place)?;
            }
            fs::rename(made, &place)?;
        }
        let scratch = self.scratch(&format!("{}.json", state.record.key));
        let body = serde_json::to_string(state)?;
        let mut file = File::create(&scratch)?;
        writeln!(file, "{}", Sha256::of(body.as_bytes()))?;
        writeln!(file, "{body}")?;
        drop(file);
        fs::rename(scratch, self.state_path(&state.record.key))
    }

    /// Forgets a finished case: its state first, then its report.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn forget(&self, record: &Record) -> io::Result<()> {
        fs::remove_file(self.state_path(&record.key))?;
        match &record.report {
            Some(folder) => fs::remove_dir_all(self.root.join(folder)),
            None => Ok(()),
        }
    }

    /// Removes report folders without a state: an earlier run was killed between the two.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn sweep(&self, states: &[State]) -> io::Result<()> {
        let known: std::collections::BTreeSet<PathBuf> = states
            .iter()
            .filter_map(|s| s.record.report.as_ref())
            .map(|folder| self.root.join(folder))
            .collect();
        for entry in fs::read_dir(self.root.join("cases"))? {
            let path = entry?.path();
            if !known.contains(&path) {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }

    /// Writes one of the batch's own files beside its place, makes it durable, and renames it.
    ///
    /// # Errors
    /// Those of the system and of `render`.
    pub fn write(
        &self,
        name: &str,
        render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let scratch = self.scratch(name);
        let mut out = BufWriter::new(File::create(&scratch)?);
        render(&mut out)?;
        out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
        fs::rename(scratch, self.root.join(name))
    }

    /// Renames a file made in the place of unfinished work to one of the batch's own.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn publish(&self, scratch: &Path, name: &str) -> io::Result<()> {
        File::open(scratch)?.sync_all()?;
        fs::rename(scratch, self.root.join(name))
    }

    /// Ends the work: nothing unfinished stays behind.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn close(self) -> io::Result<()> {
        fs::remove_dir_all(self.root.join(".work"))
    }
}

fn read_state(path: &Path) -> Option<State> {
    let text = fs::read_to_string(path).ok()?;
    let (seal, body) = text.split_once('\n')?;
    let body = body.strip_suffix('\n')?;
    if Sha256::of(body.as_bytes()).to_string() != seal {
        return None;
    }
    serde_json::from_str(body).ok()
}

/// Finished cases of a batch that lies elsewhere, for comparing and merging; nothing is changed.
///
/// # Errors
/// When `root` is no batch's folder or cannot be read.
pub fn read_finished(root: &Path) -> io::Result<Vec<State>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("state"))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let torn = |path: &Path| {
        let text = format!("{}: torn; run that batch again first", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    paths
        .iter()
        .map(|path| read_state(path).ok_or_else(|| torn(path)))
        .collect()
}

/// Digests of files by their names, for the digest of their folder.
pub type FileDigests = BTreeMap<OsString, Sha256>;

/// Digest of the names and contents of the files directly in a folder.
///
/// # Errors
/// When one cannot be read.
pub fn digest_of_folder(folder: &Path) -> io::Result<String> {
    let mut files = FileDigests::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = File::open(entry.path())?;
        let (digest, _, _) = crate::bundle::HashingReader::new(file).finish()?;
        files.insert(entry.file_name(), digest);
    }
    Ok(digest_of_files(&files))
}

/// The same of files whose digests are known.
pub fn digest_of_files(files: &FileDigests) -> String {
    let line =
        |(name, digest): (&OsString, &Sha256)| format!("{digest}  {}\n", name.to_string_lossy());
    let lines: String = files.iter().map(line).collect();
    Sha256::of(lines.as_bytes()).to_string()
}

/// The folder of a case's report: its own name as far as it is harmless, and its key.
pub fn folder_of(path: &str, key: &str) -> String {
    let last = path.trim_end_matches(['/', '\\']);
    let last = last.rsplit(['/', '\\']).next().unwrap_or(last);
    let safe: String = last
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .take(NAME_SHOWN)
        .collect();
    let key = key.get(..KEY_SHOWN).unwrap_or(key);
    format!("cases/{safe}-{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(key: &str) -> State {
        let record = Record {
            key: key.to_owned(),
            report: Some(folder_of("some/shelf/case 1.zip", key)),
            ..Record::default()
        };
        State {
            options: "p".to_owned(),
            input: None,
            outline: "o".to_owned(),
            times: "t".to_owned(),
            files: None,
            record,
        }
    }

    fn made(store: &Store, text: &str) -> (PathBuf, String) {
        let made = store.scratch("case");
        fs::create_dir(&made).unwrap();
        fs::write(made.join("report.json"), text).unwrap();
        let digest = digest_of_folder(&made).unwrap();
        (made, digest)
    }

    #[test]
    fn what_is_torn_is_done_again_and_what_is_whole_is_found() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path()).unwrap();
        for key in ["a", "b", "c"] {
            let (made, files) = made(&store, key);
            let state = State {
                files: Some(files),
                ..state(key)
            };
            store.finish(&state, Some(&made)).unwrap();
        }
        fs::write(place.path().join("cases/case_1_zip-b/report.json"), "cut").unwrap();
        fs::write(place.path().join("state/c.json"), "00\n{").unwrap();
        let (whole, torn) = store.finished(&Stop::default()).unwrap().unwrap();
        assert_eq!((whole.len(), torn), (1, 2));
        assert_eq!(whole[0].record.key, "a");
        store.sweep(&whole).unwrap();
        assert!(!place.path().join("cases/case_1_zip-b").exists());
        assert!(place.path().join("cases/case_1_zip-a").exists());
    }

    #[test]
    fn one_batch_at_a_time_and_no_folder_of_somebody_else() {
        let place = tempfile::tempdir().unwrap();
        let first = Store::open(place.path()).unwrap();
        assert!(matches!(
            Store::open(place.path()),
            Err(StoreError::Taken(_))
        ));
        drop(first);
        assert!(Store::open(place.path()).is_ok());
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("thesis.txt"), "mine").unwrap();
        assert!(matches!(
            Store::open(other.path()),
            Err(StoreError::Foreign(_))
        ));
    }

    #[test]
    fn folders_have_harmless_names() {
        assert_eq!(
            folder_of("a/../ü b.zip", "0123456789abcdefffff"),
            "cases/__b_zip-0123456789abcdef"
        );
        assert_eq!(folder_of("..", "k"), "cases/__-k");
    }
}
