//! The results of a batch, made from its finished cases and nothing else.

use std::io;

use serde::{Deserialize, Serialize};

use super::rollup::Rollup;
use super::shelf::LeftOut;
use super::store::{State, Store};
use super::{columns, index_html};

/// Everything that results are made of.
pub struct Results<'a> {
    /// Finished cases in the order of their paths.
    pub states: &'a [State],
    /// What was no case.
    pub left_out: &'a [LeftOut],
    /// Finished cases of an earlier batch, to tell what is new.
    pub since: Option<&'a [State]>,
}

/// A line of `left-out.jsonl`.
#[derive(Serialize, Deserialize)]
pub(super) struct LeftOutRow {
    path: String,
    why: String,
}

impl From<LeftOutRow> for LeftOut {
    fn from(row: LeftOutRow) -> Self {
        LeftOut {
            path: row.path.into(),
            why: row.why,
        }
    }
}

/// Writes all results.
///
/// # Errors
/// When the folder cannot be written.
pub fn publish(store: &Store, results: &Results<'_>) -> io::Result<()> {
    store.write("cases.jsonl", |out| {
        for state in results.states {
            serde_json::to_writer(&mut *out, &state.record)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    store.write("left-out.jsonl", |out| {
        for left in results.left_out {
            let row = LeftOutRow {
                path: left.path.to_string_lossy().into_owned(),
                why: left.why.clone(),
            };
            serde_json::to_writer(&mut *out, &row)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    let records = || results.states.iter().map(|state| &state.record);
    store.write("cases.csv", |out| columns::write_csv(records(), out))?;
    let scratch = store.scratch("rollup.sqlite");
    let rollup = Rollup::create(&scratch, store.root(), results.states)?;
    store.write("index.html", |out| index_html::write(results, &rollup, out))?;
    drop(rollup);
    store.publish(&scratch, "rollup.sqlite")
}
