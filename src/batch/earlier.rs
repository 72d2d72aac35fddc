//! Results of an earlier run: which are taken over, which give way.

use std::collections::{BTreeMap, BTreeSet};

use super::case_key::on_disk;
use super::run::{Ahead, Batch, Summary};
use super::store::State;

impl Batch<'_> {
    /// Drops duplicates and what an earlier run finished. The first path of a content speaks
    /// for it, whatever was there before, so that the result does not depend on history.
    pub(super) fn left_to_do(
        &self,
        cases: Vec<Ahead>,
        earlier: Vec<State>,
        summary: &mut Summary,
    ) -> std::io::Result<Vec<Ahead>> {
        let mut earlier: BTreeMap<String, State> = earlier
            .into_iter()
            .map(|state| (state.record.key.clone(), state))
            .collect();
        let paths = cases.iter().map(|case| case.origin.path.clone()).collect();
        let (mut speaks, mut to_do) = (BTreeSet::new(), Vec::new());
        for case in cases {
            let Some(content) = &case.content else {
                to_do.push(case);
                continue;
            };
            let key = self.key(content);
            if !speaks.insert(key.clone()) {
                self.is_also(&key, &case.origin.path);
                continue;
            }
            match earlier.remove(&key) {
                Some(state) if self.is_current(&state, &case) => {
                    summary.taken_over += 1;
                    self.keep(state);
                }
                Some(state) => {
                    self.store.forget(&state.record)?;
                    to_do.push(case);
                }
                None => to_do.push(case),
            }
        }
        for state in self.superseded(&mut earlier, &paths) {
            self.store.forget(&state.record)?;
        }
        summary.other_results = earlier.len() as u64;
        Ok(to_do)
    }

    /// Cases that failed in an earlier run before their contents were known are not read again to
    /// learn that.
    pub(super) fn recognise_failed(&self, cases: &mut [Ahead], earlier: &[State]) {
        if self.settings.retry_failed {
            return;
        }
        let failed: BTreeMap<(&str, &str), &State> = earlier
            .iter()
            .filter(|state| !state.record.is_ok())
            .map(|state| ((state.record.path.as_str(), state.outline.as_str()), state))
            .collect();
        for case in cases.iter_mut().filter(|case| case.content.is_none()) {
            let known = failed.get(&(case.origin.path.as_str(), case.outline.as_str()));
            if let Some(state) = known
                && self.is_current(state, case)
                && state.record.content == on_disk(&case.found.paths)
            {
                case.content = Some(state.record.content.clone());
            }
        }
    }

    /// Takes those results out of `earlier` that are of a path of this run, under these options,
    /// but of a content that it has no more.
    fn superseded(
        &self,
        earlier: &mut BTreeMap<String, State>,
        paths: &BTreeSet<String>,
    ) -> Vec<State> {
        let is_old = |state: &State| {
            let record = &state.record;
            paths.contains(&record.path) && self.key(&record.content) == record.key
        };
        let (old, others) = std::mem::take(earlier)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, state)| is_old(state));
        *earlier = others;
        old.into_values().collect()
    }

    /// True when an earlier result is what this run would make.
    fn is_current(&self, state: &State, case: &Ahead) -> bool {
        let (record, origin) = (&state.record, &case.origin);
        let same = (
            &record.path,
            &record.taken_as,
            &record.group,
            &record.reproduce,
        ) == (
            &origin.path,
            &origin.taken_as,
            &origin.group,
            &origin.reproduce,
        );
        // An archive that was packed again may have the same content, size and times, and yet
        // be another file than the report names.
        let same_input = !record.is_ok() || state.input == case.input;
        same && same_input
            && record.bytes == origin.bytes
            && state.times == case.times
            && (record.is_ok() || !self.settings.retry_failed)
    }
}
