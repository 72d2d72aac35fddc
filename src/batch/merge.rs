//! Joining batches that did parts of a whole: the result is that of one batch over all.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::publish::{LeftOutRow, Results, publish};
use super::shelf::LeftOut;
use super::store::{State, Store, digest_of_folder, read_finished};

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
}

/// Joins the finished cases of `folders` in `store`. A case that several have is taken from the
/// one whose path comes first, with the paths of all.
///
/// # Errors
/// When one of the folders is no finished batch's, or the whole cannot be written.
pub fn merge(
    folders: &[PathBuf],
    store: &Store,
    since: Option<&[State]>,
) -> Result<Merged, MergeError> {
    let mut cases: BTreeMap<String, (State, &Path)> = BTreeMap::new();
    let mut left_out: Vec<LeftOut> = Vec::new();
    for folder in folders {
        let fail = |why| MergeError::Part {
            folder: folder.clone(),
            why,
        };
        let paths = listed(folder).map_err(fail)?;
        for mut state in read_finished(folder).map_err(fail)? {
            // Results of other inputs or options may lie beside those that are listed.
            let Some(all) = paths.get(&state.record.key) else {
                continue;
            };
            state.record.paths.clone_from(all);
            let key = state.record.key.clone();
            match cases.remove(&key) {
                Some(other) => {
                    let both = either(other, (state, folder));
                    cases.insert(key, both);
                }
                None => {
                    cases.insert(key, (state, folder));
                }
            }
        }
        left_out.extend(left_out_of(folder).map_err(fail)?);
    }
    left_out.sort();
    left_out.dedup();
    let mut states = Vec::with_capacity(cases.len());
    for (state, folder) in cases.into_values() {
        take(&state, folder, store).map_err(|why| MergeError::Part {
            folder: folder.to_owned(),
            why,
        })?;
        states.push(state);
    }
    states.sort_by(|a, b| (&a.record.path, &a.record.key).cmp(&(&b.record.path, &b.record.key)));
    let results = Results {
        states: &states,
        left_out: &left_out,
        since,
    };
    publish(store, &results).map_err(MergeError::Whole)?;
    Ok(Merged {
        cases: states.len() as u64,
        failed: states.iter().filter(|s| !s.record.is_ok()).count() as u64,
    })
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
