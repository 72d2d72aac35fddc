//! What is left at one moment, and what runs out first.
//!
//! On 64-bit systems the documented limit is about all of memory, and nonpaged pool is both
//! resident and charged to commit: available memory or commit run out first. Available
//! memory is a soft bound, because Windows trims working sets before it gives up.

use super::limit::{Bound, Limit};
use crate::timeline::series::Facts;

/// What is left for nonpaged pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes until the first bound; negative beyond it.
    pub bytes: i64,
    /// The same with the smallest limit that the facts allow.
    pub low: i64,
    /// The same with the largest limit that the facts allow.
    pub high: i64,
    /// What runs out first.
    pub binding: Binding,
    /// Nonpaged pool in use, in bytes.
    pub used: u64,
}

/// What runs out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The limit of nonpaged pool.
    PoolLimit,
    /// Available physical memory.
    AvailableMemory,
    /// The commit limit.
    Commit,
}

impl Binding {
    /// How the report names it.
    pub const fn name(self) -> &'static str {
        match self {
            Binding::PoolLimit => "limit of nonpaged pool",
            Binding::AvailableMemory => "available memory",
            Binding::Commit => "commit limit",
        }
    }
}

fn less(from: u64, take: u64) -> i64 {
    let difference = i128::from(from) - i128::from(take);
    difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// What `facts` leave below `limit`; `None` where the size of nonpaged pool is unknown.
pub fn room(limit: &Limit, facts: &Facts) -> Option<Room> {
    let used = facts.pool_nonpaged?;
    let mut bounds = vec![(less(limit.bytes, used), Binding::PoolLimit)];
    if limit.bound == Bound::Memory {
        let available = facts.ram_available.map(|left| less(left, 0));
        bounds.extend(available.map(|left| (left, Binding::AvailableMemory)));
        let commit = facts
            .commit_limit
            .zip(facts.commit)
            .map(|(all, charged)| less(all, charged));
        bounds.extend(commit.map(|left| (left, Binding::Commit)));
    }
    let (bytes, binding) = *bounds.iter().min_by_key(|(left, _)| *left)?;
    let others = bounds
        .iter()
        .skip(1)
        .map(|(left, _)| *left)
        .min()
        .unwrap_or(i64::MAX);
    Some(Room {
        bytes,
        low: less(limit.low, used).min(others),
        high: less(limit.high, used).min(others),
        binding,
        used,
    })
}

#[cfg(test)]
mod tests {
    use super::super::limit::Quality;
    use super::*;
    use proptest::prelude::*;

    fn limit(bytes: u64, bound: Bound) -> Limit {
        Limit {
            bytes,
            low: bytes / 2,
            high: bytes,
            quality: Quality::Documented,
            bound,
            basis: String::new(),
        }
    }

    fn facts() -> Facts {
        Facts {
            pool_nonpaged: Some(700),
            ram_available: Some(250),
            commit: Some(900),
            commit_limit: Some(1000),
            ..Facts::default()
        }
    }

    #[test]
    fn the_tightest_bound_binds() {
        let found = room(&limit(1000, Bound::Memory), &facts()).unwrap();
        assert_eq!(
            (found.bytes, found.binding, found.used),
            (100, Binding::Commit, 700)
        );
        let found = room(
            &limit(1000, Bound::Memory),
            &Facts {
                commit: None,
                ..facts()
            },
        )
        .unwrap();
        assert_eq!(
            (found.bytes, found.binding),
            (250, Binding::AvailableMemory)
        );
        let found = room(&limit(1000, Bound::AddressSpace), &facts()).unwrap();
        assert_eq!((found.bytes, found.binding), (300, Binding::PoolLimit));
        assert_eq!((found.low, found.high), (-200, 300));
        assert_eq!(room(&limit(1000, Bound::Memory), &Facts::default()), None);
    }

    #[test]
    fn the_story_of_3gb() {
        // 128 MB limit, about 109 MB used: 19 MB free is below http.sys's 20.
        let used = Facts {
            pool_nonpaged: Some(109 << 20),
            ..Facts::default()
        };
        let found = room(&limit(128 << 20, Bound::AddressSpace), &used).unwrap();
        assert!(found.bytes < super::super::Margin::Default.bytes() as i64);
    }

    proptest! {
        #[test]
        fn never_panics(bytes: u64, used: u64, available: Option<u64>, commit: Option<u64>, all: Option<u64>) {
            let facts = Facts { pool_nonpaged: Some(used), ram_available: available, commit, commit_limit: all, ..Facts::default() };
            let found = room(&limit(bytes, Bound::Memory), &facts).unwrap();
            prop_assert!(found.low <= found.bytes && found.bytes <= found.high);
        }
    }
}
