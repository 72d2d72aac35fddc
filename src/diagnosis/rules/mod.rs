//! Known issues: small declarative rules, matched against the tags that leak in a case.
//!
//! A rule names a tag, perhaps the driver that allocates with it and a range of its versions, and
//! says what is known. It matches only where the tag leaks; one that names a driver matches only
//! where that driver is *shown* to allocate with the tag. It is a pointer to what somebody wrote
//! before, never part of the verdict.

mod pack;

use crate::tag::{Pool, Tag};

pub use pack::{Example, MAX_PACK, PackError, Verdict, built_in, parse, test};

/// One known issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A short name, unique among all rules in use.
    pub id: String,
    /// What it is, in a sentence.
    pub title: String,
    /// The tags that leak.
    pub tags: Vec<Tag>,
    /// The pool, if it matters.
    pub pool: Option<Pool>,
    /// The driver's file name or the name it gives itself, in small letters.
    pub driver: Option<String>,
    /// The first file version that has the issue.
    pub from: Option<[u16; 4]>,
    /// The first file version that has it no more.
    pub before: Option<[u16; 4]>,
    /// Where it is fixed, in words.
    pub fixed_in: Option<String>,
    /// Where it is described.
    pub link: Option<String>,
    /// When that was written.
    pub date: Option<String>,
    /// `built in`, or the pack's file name.
    pub pack: String,
    /// What the rule must and must not match.
    pub examples: Vec<Example>,
}

/// A driver that is shown to allocate with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its names in small letters: its own and its file's.
    pub names: Vec<String>,
    /// Its file version, if it states one.
    pub version: Option<[u16; 4]>,
}

/// A tag that leaks, and who is shown to allocate with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The tag.
    pub tag: Tag,
    /// Its pool.
    pub pool: Pool,
    /// The drivers.
    pub holders: Vec<Holder>,
}

/// A rule that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// True where the rule names versions and the driver states none.
    pub version_unknown: bool,
}

/// The rules that fit, in their order, each once.
pub fn matches<'a>(rules: &'a [Rule], suspects: &[Suspect]) -> Vec<Match<'a>> {
    let fit = |rule: &'a Rule| {
        let mut found: Vec<bool> = suspects.iter().filter_map(|s| rule.fits(s)).collect();
        found.sort_unstable();
        found.first().map(|&version_unknown| Match {
            rule,
            version_unknown,
        })
    };
    rules.iter().filter_map(fit).collect()
}

impl Rule {
    /// Whether the rule fits; `Some(true)` if it does for all that is known of the version.
    fn fits(&self, suspect: &Suspect) -> Option<bool> {
        let tag = self
            .tags
            .iter()
            .any(|&tag| crate::artifact::driver::tags::same(tag, suspect.tag));
        if !tag || self.pool.is_some_and(|pool| pool != suspect.pool) {
            return None;
        }
        let Some(driver) = &self.driver else {
            return Some(false);
        };
        let held = suspect
            .holders
            .iter()
            .filter(|holder| holder.names.iter().any(|name| name == driver));
        held.filter_map(|holder| self.covers(holder.version)).min()
    }

    /// Whether a version is in the range; `Some(true)` if the version is not known.
    fn covers(&self, version: Option<[u16; 4]>) -> Option<bool> {
        if self.from.is_none() && self.before.is_none() {
            return Some(false);
        }
        let Some(version) = version else {
            return Some(true);
        };
        let late_enough = self.from.is_none_or(|from| version >= from);
        let early_enough = self.before.is_none_or(|before| version < before);
        (late_enough && early_enough).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Rule {
        Rule {
            id: "x".into(),
            title: "t".into(),
            tags: vec![Tag::new(*b"HsCx")],
            pool: Some(Pool::NonPaged),
            driver: Some("hstorflt.sys".into()),
            from: Some([3, 0, 0, 0]),
            before: Some([3, 2, 1, 0]),
            fixed_in: None,
            link: None,
            date: None,
            pack: "p".into(),
            examples: Vec::new(),
        }
    }

    fn suspect(tag: &[u8; 4], pool: Pool, name: &str, version: Option<[u16; 4]>) -> Suspect {
        Suspect {
            tag: Tag::new(*tag),
            pool,
            holders: vec![Holder {
                names: vec![name.to_owned()],
                version,
            }],
        }
    }

    #[test]
    fn tag_pool_driver_and_version_must_all_fit() {
        let rules = [rule()];
        let fits = |s: Suspect| matches(&rules, &[s]).first().map(|m| m.version_unknown);
        let np = Pool::NonPaged;
        let v = |n: [u16; 4]| Some(n);
        assert_eq!(
            fits(suspect(b"HsCx", np, "hstorflt.sys", v([3, 2, 0, 118]))),
            Some(false)
        );
        assert_eq!(
            fits(suspect(b"HsCx", np, "hstorflt.sys", v([3, 2, 1, 0]))),
            None
        );
        assert_eq!(
            fits(suspect(b"HsCx", np, "hstorflt.sys", v([2, 9, 0, 0]))),
            None
        );
        assert_eq!(fits(suspect(b"HsCx", np, "hstorflt.sys", None)), Some(true));
        assert_eq!(
            fits(suspect(b"HsCx", np, "other.sys", v([3, 2, 0, 0]))),
            None
        );
        assert_eq!(
            fits(suspect(b"HsCx", Pool::Paged, "hstorflt.sys", None)),
            None
        );
        assert_eq!(fits(suspect(b"HsIo", np, "hstorflt.sys", None)), None);
        assert_eq!(matches(&rules, &[]), []);
    }
}
