//! What the code of one image does with tags, whatever was asked: the part of the analysis that
//! costs time, in a form that can be kept.

use super::finding::{Finding, Grade, Site, SiteCounts, Via};
use crate::artifact::driver::api::{self, Role};
use crate::tag::{Pool, Tag};
use serde::{Deserialize, Serialize};

/// The facts that following an image's code gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeFacts {
    /// For every tag that reaches a routine, zero excepted.
    pub(super) findings: Vec<Finding>,
    /// True when the driver gives the framework a tag of its own.
    pub(super) sets_its_own_tag: bool,
    /// How the calls came out.
    pub(super) calls: SiteCounts,
    /// True when not all code was followed.
    pub(super) limited: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    findings: Vec<KeptFinding>,
    sets_its_own_tag: bool,
    calls: SiteCounts,
    limited: bool,
}

/// A finding with the names that are static otherwise.
#[derive(Serialize, Deserialize)]
struct KeptFinding {
    tag: u32,
    grade: Grade,
    via: Option<Via>,
    role: Option<Role>,
    api: Option<String>,
    pool: Option<Pool>,
    site: Option<Site>,
    sites: Vec<u32>,
    count: u32,
    proof: Vec<u32>,
}

impl CodeFacts {
    /// The facts as JSON, for [`from_json`](Self::from_json) of the same version.
    pub fn to_json(&self) -> String {
        let kept = Kept {
            findings: self.findings.iter().map(KeptFinding::of).collect(),
            sets_its_own_tag: self.sets_its_own_tag,
            calls: self.calls,
            limited: self.limited,
        };
        // Numbers and words only: nothing in it can fail to be written.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Facts that were kept; `None` for anything else.
    pub fn from_json(json: &str) -> Option<CodeFacts> {
        let kept: Kept = serde_json::from_str(json).ok()?;
        let findings: Option<Vec<Finding>> = kept
            .findings
            .into_iter()
            .map(KeptFinding::finding)
            .collect();
        Some(CodeFacts {
            findings: findings?,
            sets_its_own_tag: kept.sets_its_own_tag,
            calls: kept.calls,
            limited: kept.limited,
        })
    }
}

impl KeptFinding {
    fn of(finding: &Finding) -> Self {
        KeptFinding {
            tag: finding.tag.word(),
            grade: finding.grade,
            via: finding.via,
            role: finding.role,
            api: finding.api.map(str::to_owned),
            pool: finding.pool,
            site: finding.site.clone(),
            sites: finding.sites.clone(),
            count: finding.count,
            proof: finding.proof.clone(),
        }
    }

    /// `None` when a routine is not in the table.
    fn finding(self) -> Option<Finding> {
        let api = match &self.api {
            Some(name) => Some(api::name_in_table(name)?),
            None => None,
        };
        Some(Finding {
            tag: Tag::from_word(self.tag),
            grade: self.grade,
            via: self.via,
            role: self.role,
            api,
            pool: self.pool,
            site: self.site,
            sites: self.sites,
            count: self.count,
            proof: self.proof,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TagQuery, Wanted, analyse, analyse_knowing};
    use super::*;
    use crate::artifact::driver::image::Image;
    use std::path::Path;

    /// With and without memory, and with a memory that went through JSON, the same is found.
    #[test]
    fn what_is_remembered_is_what_is_found() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/drivers");
        let mut remembered = 0;
        for machine in ["x64", "x86"] {
            for entry in std::fs::read_dir(folder.join(machine)).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                let image = Image::parse(&bytes).unwrap();
                let first = Wanted::new(&[Tag::new(*b"None")]);
                let (_, learnt) =
                    analyse_knowing(&image, TagQuery::Only(&first), Some("x.sys"), &|| None);
                let json = learnt.unwrap().to_json();
                for tags in [[*b"HsCx", *b"Leak"], [*b"VlRq", *b"kaeL"]] {
                    let wanted = Wanted::new(&tags.map(Tag::new));
                    let query = TagQuery::Only(&wanted);
                    let (found, new) = analyse_knowing(&image, query, Some("x.sys"), &|| {
                        CodeFacts::from_json(&json)
                    });
                    assert_eq!(found, analyse(&image, query, Some("x.sys")));
                    assert_eq!(new, None);
                    remembered += found.findings.len();
                }
            }
        }
        assert!(remembered > 0);
        assert_eq!(CodeFacts::from_json("{}"), None);
    }
}
