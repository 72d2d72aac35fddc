//! From facts and images to the decision: who allocates with which tag, which tag leads, and what
//! that comes to.

use std::collections::{BTreeMap, BTreeSet};

use super::counters::Counters;
use super::driver_names::is_misnamed;
use super::facts::{CaseFacts, is_cache, is_kernel_owned};
use super::images::{ImageFacts, Images, Proof};
use super::logs::LogFacts;
use super::pools::Pools;
use super::wanted::Holder;
use crate::artifact::driver::api::Role;
use crate::artifact::driver::image::Machine;
use crate::artifact::driver::tags::{Finding, Grade, same};
use crate::artifact::pooltag::{Blame, well_known};
use crate::diagnosis::attribution::{Answer, Naming, Ranked, Suspicion, attribute};
use crate::diagnosis::headroom::Arch;
use crate::diagnosis::lockstep::Tie;
use crate::diagnosis::verdict::{Brief, Decision, Leader, Leak, Outcome, decide};
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

    /// Files of the driver of `image` that are shown to allocate with the tag.
    pub(super) fn files_of(&self, image: usize) -> usize {
        let shown = |r: &&Ranked| {
            r.suspicion.grade == Grade::CallSite && r.suspicion.role == Some(Role::Allocate)
        };
        let mine = self.ranked.iter().find(|r| r.suspicion.image == image);
        let same = |r: &&Ranked| mine.is_some_and(|m| m.suspicion.name == r.suspicion.name);
        self.ranked.iter().filter(shown).filter(same).count()
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
    /// Other tags that leak beside the leader, by share of the pool's growth.
    pub(super) beside: Vec<Beside>,
    /// The leader, where it leads for what it holds of a full pool and not for its growth.
    pub(super) holder: Option<Holder>,
    pub(super) decision: Decision,
    /// True if the leak that the verdict names may be a day's load.
    pub(super) may_be_load: bool,
}

/// A tag that leaks beside the leader, and not in lockstep with it.
pub(super) struct Beside {
    pub(super) tag: Tag,
    pub(super) pool: Pool,
    pub(super) share: f64,
    pub(super) bytes: i64,
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
    let beside = leader.map_or_else(Vec::new, |leader| beside(leader, facts));
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
        leader: leader.and_then(|leader| brief_of(leader, share, facts, pools)),
        correlation: facts.correlation.as_ref(),
        pressed: facts.pressed,
        seen: facts.capture.seen,
        level_presumed: facts.level_presumed,
        beside: !beside.is_empty(),
        holder: facts.holder.is_some(),
        answer: leader
            .and_then(|(tag, pool)| answers.iter().find(|a| a.tag == tag && a.pool == pool))
            .map(|a| a.answer),
        logs_cover: facts.logs_cover,
        clock_doubt: facts.clock.minutes,
        whole: facts.whole,
    };
    let decision = decide(&brief);
    if let Some(holder) = facts.holder.filter(|_| leads_by_size(decision, &brief)) {
        return of_holder(answers, holder, decision);
    }
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
        beside: match decision.leak {
            Leak::No => Vec::new(),
            _ => beside,
        },
        holder: None,
    }
}

/// The conclusion where what holds the pool leads, and no growth.
fn of_holder(answers: Vec<TagAnswer>, holder: Holder, decision: Decision) -> Conclusion {
    Conclusion {
        answers,
        leader: Some((holder.tag, holder.pool)),
        in_lockstep_with: None,
        companions: Vec::new(),
        share: None,
        beside: Vec::new(),
        holder: Some(holder),
        decision,
        may_be_load: false,
    }
}

/// True where no growth explains a full pool, so that what holds it is named instead. A single
/// snapshot ranks by size anyway.
fn leads_by_size(decision: Decision, brief: &Brief<'_>) -> bool {
    let open = match decision.outcome {
        Outcome::PoolPressureWithoutLeak => true,
        Outcome::Inconclusive => brief.snapshots > 1,
        _ => false,
    };
    decision.leak == Leak::No && open
}

/// Growth of a tag beside the leader that matters, as a share of the pool's: without the leader,
/// a fifth of the growth fills the same pool in five times the time.
const BESIDE_SHARE: f64 = 0.2;

/// More leaks than two beside the leader cannot have such a share each and less than it.
const MAX_BESIDE: usize = 3;

fn beside(leader: (Tag, Pool), facts: &CaseFacts) -> Vec<Beside> {
    let group = group_of(leader, facts);
    let Some(growth) = facts.growth().filter(|_| leader.1 == Pool::NonPaged) else {
        return Vec::new();
    };
    let mut found: Vec<Beside> = growth
        .series
        .iter()
        .filter(|s| s.pool == leader.1 && s.class.is_leak_pattern() && !is_cache(s.tag))
        .filter(|s| !group.contains(&(s.tag, s.pool)))
        .filter_map(|s| {
            let share = s.share.filter(|share| *share >= BESIDE_SHARE)?;
            Some(Beside {
                tag: s.tag,
                pool: s.pool,
                share,
                bytes: s.growth_bytes(),
            })
        })
        .collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.tag.cmp(&b.tag)));
    found.truncate(MAX_BESIDE);
    found
}

fn brief_of(
    (tag, pool): (Tag, Pool),
    share: Option<f64>,
    facts: &CaseFacts,
    pools: &Pools,
) -> Option<Leader> {
    let series = facts.series_of(tag, pool)?;
    // Of a pool without a total at least what is listed is there, so a share of that is the most
    // that it can be.
    let listed = || {
        let last = pools.history.snapshots.get(series.last.snapshot as usize);
        last.and_then(|snapshot| snapshot.listed(pool))
    };
    let total = facts
        .growth()
        .and_then(|g| g.nonpaged.as_ref())
        .map(|t| t.last.bytes)
        .or_else(listed)
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
        misnamed: is_misnamed(image),
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
