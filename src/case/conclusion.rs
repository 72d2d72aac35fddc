//! From facts and images to the decision: who allocates with which tag, which tag leads, and what
//! that comes to.

use std::collections::{BTreeMap, BTreeSet};

use super::counters::Counters;
use super::facts::{CaseFacts, is_cache, is_kernel_owned};
use super::images::{ImageFacts, Images, Proof};
use super::logs::LogFacts;
use super::pools::Pools;
use crate::artifact::driver::api::Role;
use crate::artifact::driver::image::Machine;
use crate::artifact::driver::tags::{Finding, Grade, same};
use crate::artifact::pooltag::{Blame, well_known};
use crate::diagnosis::attribution::{Answer, Naming, Ranked, Suspicion, attribute};
use crate::diagnosis::headroom::Arch;
use crate::diagnosis::lockstep::Tie;
use crate::diagnosis::verdict::{Brief, Decision, Leader, decide};
use crate::tag::{Pool, Tag};

/// Who allocates with one tag.
pub(super) struct TagAnswer {
    pub(super) tag: Tag,
    pub(super) pool: Pool,
    pub(super) answer: Answer,
    /// Candidates, likeliest first; places in [`Images::holding`].
    pub(super) ranked: Vec<Ranked>,
    /// Images in which the bytes occur without meaning anything.
    pub(super) text_only: u64,
}

impl TagAnswer {
    /// Drivers (not files) that are shown to allocate with the tag.
    pub(super) fn allocators(&self) -> usize {
        let shown = |r: &&Ranked| {
            r.suspicion.grade == Grade::CallSite && r.suspicion.role == Some(Role::Allocate)
        };
        let names: BTreeSet<&str> = self
            .ranked
            .iter()
            .filter(shown)
            .map(|r| r.suspicion.name.as_str())
            .collect();
        names.len()
    }
}

/// What the case comes to.
pub(super) struct Conclusion {
    pub(super) answers: Vec<TagAnswer>,
    /// The tag in front.
    pub(super) leader: Option<(Tag, Pool)>,
    /// The tag that grew most, where a tag in lockstep with it was put in front.
    pub(super) in_lockstep_with: Option<Tag>,
    /// The other tags of the leader's pool that grow in lockstep with it.
    pub(super) companions: Vec<Tag>,
    /// Share of the pool's growth that the leader and the tags in lockstep with it explain.
    pub(super) share: Option<f64>,
    pub(super) decision: Decision,
    /// True if the leak that the verdict names may be a day's load.
    pub(super) may_be_load: bool,
}

impl Conclusion {
    pub(super) fn answer_of(&self, tag: Tag, pool: Pool) -> Option<&TagAnswer> {
        self.answers.iter().find(|a| a.tag == tag && a.pool == pool)
    }

    /// The answer for the tag in front.
    pub(super) fn leading_answer(&self) -> Option<&TagAnswer> {
        let (tag, pool) = self.leader?;
        self.answer_of(tag, pool)
    }
}

pub(super) fn conclude(
    log: &LogFacts,
    pools: &Pools,
    counters: &Counters,
    facts: &CaseFacts,
    images: &Images,
) -> Conclusion {
    let answers: Vec<TagAnswer> = facts
        .wanted
        .iter()
        .map(|&(tag, pool)| answer(tag, pool, facts, images))
        .collect();
    let first = facts.wanted.first().copied();
    let leader =
        first.map(|first| third_party_in_lockstep(first, facts, &answers, images).unwrap_or(first));
    let share = leader.and_then(|leader| group_share(leader, facts));
    let brief = Brief {
        analysable_logs: log.analysable,
        unanalysable_logs: log.unanalysable,
        refusal_rows: log.refusal_rows,
        snapshots: pools.history.snapshots.len(),
        samples: counters.samples.len(),
        tags_undated: facts.withheld.is_some(),
        most_points: facts
            .growth()
            .map_or(0, |g| g.series.iter().map(|s| s.points).max().unwrap_or(0)),
        leader: leader.and_then(|leader| brief_of(leader, share, facts)),
        correlation: facts.correlation.as_ref(),
        pressed: facts.pressed,
        answer: leader
            .and_then(|(tag, pool)| answers.iter().find(|a| a.tag == tag && a.pool == pool))
            .map(|a| a.answer),
        logs_cover: facts.logs_cover,
        clock_doubt: facts.clock.minutes,
        whole: facts.whole,
    };
    let decision = decide(&brief);
    Conclusion {
        may_be_load: decision.outcome.names_a_leak()
            && brief.leader.is_some_and(|leader| leader.may_be_load()),
        companions: leader
            .map(|leader| companions(leader, facts))
            .unwrap_or_default(),
        in_lockstep_with: first
            .filter(|first| Some(*first) != leader)
            .map(|(tag, _)| tag),
        decision,
        answers,
        leader,
        share,
    }
}

fn brief_of((tag, pool): (Tag, Pool), share: Option<f64>, facts: &CaseFacts) -> Option<Leader> {
    let series = facts.series_of(tag, pool)?;
    let total = facts
        .growth()
        .and_then(|g| g.nonpaged.as_ref())
        .map(|t| t.last.bytes)
        .filter(|b| *b > 0);
    let grown = group_growth((tag, pool), facts).unwrap_or(series.growth_bytes());
    Some(Leader {
        class: series.class,
        share,
        growth_of_pool: total.map(|total| grown as f64 / total as f64),
        points: series.points,
        cache: is_cache(tag),
        hours: series.hours(),
        freed: series.freed_ratio(),
    })
}

/// Members of the leader's group in its own pool, the leader included.
fn group_of((tag, pool): (Tag, Pool), facts: &CaseFacts) -> Vec<(Tag, Pool)> {
    let group = facts
        .groups
        .iter()
        .find(|g| g.members.iter().any(|m| m.tag == tag && m.pool == pool));
    match group {
        Some(group) => group
            .members
            .iter()
            .filter(|m| m.pool == pool)
            .map(|m| (m.tag, m.pool))
            .collect(),
        None => vec![(tag, pool)],
    }
}

fn companions(leader: (Tag, Pool), facts: &CaseFacts) -> Vec<Tag> {
    group_of(leader, facts)
        .into_iter()
        .filter(|member| *member != leader)
        .map(|(tag, _)| tag)
        .collect()
}

fn group_share(leader: (Tag, Pool), facts: &CaseFacts) -> Option<f64> {
    let shares: Vec<f64> = group_of(leader, facts)
        .into_iter()
        .filter_map(|(t, p)| facts.series_of(t, p)?.share)
        .collect();
    (!shares.is_empty()).then(|| shares.iter().sum())
}

fn group_growth(leader: (Tag, Pool), facts: &CaseFacts) -> Option<i64> {
    let grown: Vec<i64> = group_of(leader, facts)
        .into_iter()
        .filter_map(|(t, p)| Some(facts.series_of(t, p)?.growth_bytes()))
        .collect();
    (!grown.is_empty()).then(|| grown.iter().fold(0i64, |sum, g| sum.saturating_add(*g)))
}

/// The member of the leader's lockstep group that a third party's driver is shown to allocate
/// with: the others are what Windows allocates on its behalf.
fn third_party_in_lockstep(
    leader: (Tag, Pool),
    facts: &CaseFacts,
    answers: &[TagAnswer],
    images: &Images,
) -> Option<(Tag, Pool)> {
    let of = |key: (Tag, Pool)| answers.iter().find(|a| (a.tag, a.pool) == key);
    let third_party = |answer: &TagAnswer| {
        let image = answer.answer.image().and_then(|i| images.holding.get(i));
        matches!(answer.answer, Answer::Named(_) | Answer::Likely(_))
            && image.is_some_and(|i| !is_microsoft(i))
    };
    if of(leader).is_some_and(third_party) {
        return None;
    }
    let group = facts
        .groups
        .iter()
        .find(|g| g.members.iter().any(|m| (m.tag, m.pool) == leader))?;
    let tied = |tie: Tie| matches!(tie, Tie::First | Tie::SameCount | Tie::SimpleRatio);
    let leader_tied = group
        .members
        .iter()
        .any(|m| (m.tag, m.pool) == leader && tied(m.tie));
    let member = group
        .members
        .iter()
        .filter(|m| leader_tied && tied(m.tie) && m.pool == leader.1);
    member
        .map(|m| (m.tag, m.pool))
        .find(|&key| key != leader && of(key).is_some_and(third_party))
}

fn answer(tag: Tag, pool: Pool, facts: &CaseFacts, images: &Images) -> TagAnswer {
    let mut found = Vec::new();
    let mut text_only = 0;
    for (place, image) in images.holding.iter().enumerate() {
        let mine = |f: &&(Finding, Proof)| same(f.0.tag, tag);
        let Some((best, _)) = image
            .findings
            .iter()
            .filter(mine)
            .min_by_key(|(f, _)| (f.grade, f.role))
        else {
            continue;
        };
        if best.grade == Grade::Text {
            text_only += 1;
            continue;
        }
        found.push(suspicion(place, image, best, tag, pool, facts));
    }
    let naming = match well_known(tag) {
        Some(known) if known.blame == Blame::No => Naming::Never,
        Some(known) if known.blame == Blame::NotByTagAlone => Naming::SharedByNature,
        _ => Naming::ByTag,
    };
    let (answer, ranked) = attribute(found, pool, naming, images.searched);
    TagAnswer {
        tag,
        pool,
        answer,
        ranked,
        text_only,
    }
}

fn suspicion(
    place: usize,
    image: &ImageFacts,
    best: &Finding,
    tag: Tag,
    pool: Pool,
    facts: &CaseFacts,
) -> Suspicion {
    let alike: Vec<&Finding> = image
        .findings
        .iter()
        .map(|(f, _)| f)
        .filter(|f| same(f.tag, tag) && f.grade == best.grade && f.role == best.role)
        .collect();
    // Of several calls, one that asks for the leaking pool speaks for the image.
    let pools: Vec<Option<Pool>> = alike.iter().map(|f| f.pool).collect();
    let asked = if pools.contains(&Some(pool)) {
        Some(pool)
    } else if pools.contains(&None) {
        None
    } else {
        best.pool
    };
    Suspicion {
        image: place,
        grade: best.grade,
        role: best.role,
        via: best.via,
        pool: asked,
        sites: alike.iter().map(|f| f.count).sum(),
        only_at_load: best.grade == Grade::CallSite
            && alike
                .iter()
                .all(|f| f.site.as_ref().is_some_and(|s| s.discardable)),
        runs_here: runs_on(image.machine, facts.host.host.arch),
        vendor: vendor_of(image),
        microsoft: is_microsoft(image),
        name: original_name(image),
        version: version_of(image),
        // Modern drivers run from their package in the store: what was loaded is no mere package.
        stored: image.loaded != Some(true)
            && std::iter::once(&image.name)
                .chain(&image.copies)
                .all(|path| is_stored(path)),
        loaded: image.loaded,
    }
}

fn version_of(image: &ImageFacts) -> Option<[u16; 4]> {
    Some(image.identity.as_ref()?.version.fixed()?.file.0)
}

/// True for packages that Windows keeps to install from, and for parts that updates replaced.
fn is_stored(path: &str) -> bool {
    let path = path.to_lowercase().replace('\\', "/");
    path.split('/')
        .any(|folder| matches!(folder, "driverstore" | "filerepository" | "winsxs"))
}

fn runs_on(machine: Machine, arch: Option<Arch>) -> bool {
    match (machine, arch) {
        (Machine::X86, Some(arch)) => arch == Arch::X86,
        (Machine::X64, Some(arch)) => arch == Arch::X64,
        (Machine::Arm64, Some(arch)) => arch == Arch::Arm64,
        _ => true,
    }
}

fn company_of(image: &ImageFacts) -> Option<&str> {
    image
        .identity
        .as_ref()?
        .version
        .company()
        .map(str::trim)
        .filter(|c| !c.is_empty())
}

fn vendor_of(image: &ImageFacts) -> String {
    let named = company_of(image).map(str::to_lowercase);
    named.unwrap_or_else(|| format!("unnamed maker of {}", original_name(image)))
}

/// True by the image's own word in its version resource.
pub(super) fn is_microsoft(image: &ImageFacts) -> bool {
    company_of(image).is_some_and(|c| c.to_lowercase().starts_with("microsoft"))
}

/// The original file name, or the name it has here, folded.
pub(super) fn original_name(image: &ImageFacts) -> String {
    let stated = image
        .identity
        .as_ref()
        .and_then(|i| i.version.original_name())
        .map(str::trim)
        .filter(|n| !n.is_empty());
    stated.unwrap_or(&image.file_name).to_lowercase()
}

/// Whether a tag is the kernel's own, for wording.
pub(super) fn kernel_owned(tag: Tag) -> bool {
    is_kernel_owned(tag)
}

/// Rows of rival reasons within the episodes, by name.
pub(super) fn rivals_within(log: &LogFacts) -> BTreeMap<&'static str, u64> {
    let mut rivals = BTreeMap::new();
    for (&(minute, name), rows) in &log.rivals {
        if log
            .episodes
            .iter()
            .any(|e| e.start() - 60 <= minute && minute <= e.last_refusal())
        {
            *rivals.entry(name).or_default() += rows;
        }
    }
    rivals
}
