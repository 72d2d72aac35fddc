//! Joining batches that did parts of a whole: the result is that of one batch over all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::publish::{LeftOutRow, Results, publish};
use super::shelf::LeftOut;
use super::store::{State, Store, digest_of_folder, is_batch, read_finished};
use crate::report::wording::counted;

/// Why batches cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// One of them.
    #[error("{}: {why}", folder.display())]
    Part {
        /// Its folder.
        folder: PathBuf,
        /// What is wrong.
        why: io::Error,
    },
    /// One that has not come to its end.
    #[error("{}: that batch is not finished; run its command again first", .0.display())]
    Unfinished(PathBuf),
    /// A case that several have, by other options or versions of the program.
    #[error("{path} lies in {} and in {}, analysed with other options or by another version: it would count twice; run one of them again as the other", one.display(), two.display())]
    Twice {
        /// The case.
        path: String,
        /// One folder.
        one: PathBuf,
        /// The other.
        two: PathBuf,
    },
    /// The folder for the whole holds more than will be listed.
    #[error("{}: holds {results} of another batch; name a new folder", folder.display())]
    Used {
        /// The folder.
        folder: PathBuf,
        /// How many, in words.
        results: String,
    },
    /// The whole.
    #[error("the merged results: {0}")]
    Whole(io::Error),
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Cases.
    pub cases: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Of these, in several of the folders.
    pub shared: u64,
    /// Paths that stand for several contents: uploads that changed between two batches.
    pub changed: u64,
    /// True if the cases were not all analysed with the same options by the same version.
    pub is_mixed: bool,
}

/// The finished cases of some batches.
pub struct Parts<'a> {
    cases: BTreeMap<String, (State, &'a Path)>,
    left_out: Vec<LeftOut>,
    shared: u64,
}

impl<'a> Parts<'a> {
    /// Reads the finished cases of `folders`. A case that several have is taken from the one
    /// whose path comes first, with the paths of all.
    ///
    /// # Errors
    /// When one of the folders is no finished batch's, or a case would count twice.
    pub fn read(folders: &'a [PathBuf]) -> Result<Parts<'a>, MergeError> {
        let mut parts = Parts {
            cases: BTreeMap::new(),
            left_out: Vec::new(),
            shared: 0,
        };
        for folder in folders {
            parts.add(folder)?;
        }
        parts.left_out.sort();
        parts.left_out.dedup();
        parts.is_each_once()?;
        Ok(parts)
    }

    fn add(&mut self, folder: &'a Path) -> Result<(), MergeError> {
        let fail = |why| MergeError::Part {
            folder: folder.to_owned(),
            why,
        };
        if is_batch(folder) && !folder.join("cases.jsonl").exists() {
            return Err(MergeError::Unfinished(folder.to_owned()));
        }
        let paths = listed(folder).map_err(fail)?;
        for mut state in read_finished(folder).map_err(fail)? {
            // Results of other inputs or options may lie beside those that are listed.
            let Some(all) = paths.get(&state.record.key) else {
                continue;
            };
            state.record.paths.clone_from(all);
            let key = state.record.key.clone();
            let mine = (state, folder);
            let kept = match self.cases.remove(&key) {
                Some(other) => {
                    self.shared += 1;
                    either(other, mine)
                }
                None => mine,
            };
            self.cases.insert(key, kept);
        }
        self.left_out.extend(left_out_of(folder).map_err(fail)?);
        Ok(())
    }

    /// Of each content there may be one result only.
    fn is_each_once(&self) -> Result<(), MergeError> {
        let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
        for (state, folder) in self.cases.values() {
            if let Some(other) = seen.insert(&state.record.content, folder) {
                return Err(MergeError::Twice {
                    path: state.record.path.clone(),
                    one: other.to_owned(),
                    two: (*folder).to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Paths that stand in several cases.
    fn changed(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let paths = self
            .cases
            .values()
            .flat_map(|(state, _)| &state.record.paths);
        paths.filter(|path| !seen.insert(path.as_str())).count() as u64
    }

    fn is_mixed(&self) -> bool {
        let measure = |(state, _): &'_ (State, &Path)| {
            (state.options.clone(), state.record.tool_version.clone())
        };
        let measures: BTreeSet<(String, String)> = self.cases.values().map(measure).collect();
        measures.len() > 1
    }

    /// Results that lie in `store` already must be of these cases: others would stay there
    /// without being listed.
    fn fits(&self, store: &Store) -> Result<(), MergeError> {
        let others = store.keys().map_err(MergeError::Whole)?;
        let others = others.iter().filter(|key| !self.cases.contains_key(*key));
        match others.count() as u64 {
            0 => Ok(()),
            many => Err(MergeError::Used {
                folder: store.root().to_owned(),
                results: counted(many, "result"),
            }),
        }
    }

    /// Writes them and all results into `store`.
    ///
    /// # Errors
    /// When the whole cannot be written, or lies where something else does.
    pub fn write(self, store: &Store, since: Option<&[State]>) -> Result<Merged, MergeError> {
        self.fits(store)?;
        let (changed, is_mixed) = (self.changed(), self.is_mixed());
        let mut states = Vec::with_capacity(self.cases.len());
        for (state, folder) in self.cases.into_values() {
            take(&state, folder, store).map_err(|why| MergeError::Part {
                folder: folder.to_owned(),
                why,
            })?;
            states.push(state);
        }
        states
            .sort_by(|a, b| (&a.record.path, &a.record.key).cmp(&(&b.record.path, &b.record.key)));
        let results = Results {
            states: &states,
            left_out: &self.left_out,
            since,
        };
        publish(store, &results).map_err(MergeError::Whole)?;
        Ok(Merged {
            cases: states.len() as u64,
            failed: states.iter().filter(|s| !s.record.is_ok()).count() as u64,
            shared: self.shared,
            changed,
            is_mixed,
        })
    }
}

/// Of two results of one content the one whose path comes first, with all paths.
fn either<'a>(one: (State, &'a Path), two: (State, &'a Path)) -> (State, &'a Path) {
    let (mut first, second) = match one.0.record.path <= two.0.record.path {
        true => (one, two),
        false => (two, one),
    };
    first.0.record.paths.extend(second.0.record.paths);
    first.0.record.paths.sort();
    first.0.record.paths.dedup();
    first
}

/// The paths of every listed case by its key.
fn listed(folder: &Path) -> io::Result<BTreeMap<String, Vec<String>>> {
    let text = fs::read_to_string(folder.join("cases.jsonl"))?;
    let records = text
        .lines()
        .map(serde_json::from_str::<super::record::Record>);
    records
        .map(|record| record.map(|r| (r.key, r.paths)).map_err(io::Error::from))
        .collect()
}

fn left_out_of(folder: &Path) -> io::Result<Vec<LeftOut>> {
    let text = fs::read_to_string(folder.join("left-out.jsonl"))?;
    let rows = text.lines().map(serde_json::from_str::<LeftOutRow>);
    rows.map(|row| row.map(LeftOut::from).map_err(io::Error::from))
        .collect()
}

/// Copies a finished case with its report.
fn take(state: &State, from: &Path, store: &Store) -> io::Result<()> {
    let mut alone = state.clone();
    alone.record.paths = vec![state.record.path.clone()];
    let Some(report) = &state.record.report else {
        return store.finish(&alone, None);
    };
    let made = store.scratch("case");
    fs::create_dir(&made)?;
    for entry in fs::read_dir(from.join(report))? {
        let entry = entry?;
        fs::copy(entry.path(), made.join(entry.file_name()))?;
    }
    if Some(digest_of_folder(&made)?) != state.files {
        let text = format!("{report}: its files are not as they were written");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    store.finish(&alone, Some(&made))
}
