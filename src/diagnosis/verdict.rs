//! What happened, and how sure that is: a table of cases, decided from a brief of the facts.
//!
//! ```text
//! refusals?  leak?    pool and refusals together     outcome
//! yes        yes      fit                            leak_explains_refusals
//! yes        no       fit (headroom ran out)         pool_pressure_without_leak
//! yes        any      contradict                     refusals_without_pool_pressure
//! yes        no       memory ran out, not pool       refusals_without_pool_pressure
//! yes        yes      memory ran out, not pool       inconclusive
//! yes        any      apart, or cannot be compared   inconclusive
//! no         yes      -                              leak_without_refusals
//! no         no       pool near its limit            pool_pressure_without_leak
//! no         no       -                              no_problem_found
//! ```
//!
//! "No leak" is said only of tags that were seen. Where the snapshots show a part of them, and the
//! pool's total does not tell that the rest stayed as it was, the last line of either half and
//! `pool_pressure_without_leak` become `inconclusive`.

use super::attribution::Answer;
use super::capture::Seen;
use super::correlation::pressure::Closeness;
use super::correlation::{Correlation, Reading};
use super::growth::Class;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A tag leaks, and connections were refused when the pool ran out.
    LeakExplainsRefusals,
    /// A tag leaks; no refusals are seen.
    LeakWithoutRefusals,
    /// Connections were refused while the pool was not short.
    RefusalsWithoutPoolPressure,
    /// The pool is short, and no single tag's growth explains it.
    PoolPressureWithoutLeak,
    /// Neither refusals nor a leak nor shortage.
    NoProblemFound,
    /// The facts do not decide.
    Inconclusive,
}

impl Outcome {
    /// The word of the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::LeakExplainsRefusals => "leak_explains_refusals",
            Outcome::LeakWithoutRefusals => "leak_without_refusals",
            Outcome::RefusalsWithoutPoolPressure => "refusals_without_pool_pressure",
            Outcome::PoolPressureWithoutLeak => "pool_pressure_without_leak",
            Outcome::NoProblemFound => "no_problem_found",
            Outcome::Inconclusive => "inconclusive",
        }
    }

    /// True if the verdict speaks of a leaking tag.
    pub const fn names_a_leak(self) -> bool {
        matches!(
            self,
            Outcome::LeakExplainsRefusals | Outcome::LeakWithoutRefusals
        )
    }
}

/// How sure, strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Too little to say anything.
    Insufficient,
    /// One reading among others.
    Possible,
    /// The reading that fits best, with a link missing.
    Probable,
    /// Every link is shown: growth, timing, headroom, and the image that allocates.
    Confirmed,
}

impl Confidence {
    /// The word of the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Insufficient => "insufficient",
            Confidence::Possible => "possible",
            Confidence::Probable => "probable",
            Confidence::Confirmed => "confirmed",
        }
    }
}

/// Growth below this share of the pool's growth does not explain it.
pub const MIN_SHARE: f64 = 0.3;

/// From this share on, a tag explains the growth on its own.
pub const MAIN_SHARE: f64 = 0.5;

/// A tag's growth below this share of the pool it lies in is of no consequence yet.
pub const MIN_GROWTH_OF_POOL: f64 = 0.02;

/// Points from which on a trend has an interval; fewer make no more than a possible verdict.
const MIN_POINTS: usize = 4;

/// Share of refused connections that snapshots must be near to.
const MIN_COVERED: f64 = 0.5;

/// The verdict must survive at least so much error of the snapshots' clock, in minutes, on one
/// side to be more than possible.
const MIN_SURVIVES: i64 = 15;

/// Load goes up and down within a day: growth that was seen for fewer hours may be its morning.
pub const WHOLE_DAY: f64 = 24.0;

/// Frees per allocation from which on a tag's memory mostly comes back: nine blocks of ten. What
/// leaks for itself frees next to nothing; a leak in what is also used rightly cannot be told
/// from more use until the load has gone down.
pub const CHURN: f64 = 0.9;

/// The tag in front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leader {
    /// The pattern of its growth.
    pub class: Class,
    /// Share of its pool's growth, with the tags in lockstep; unknown where the pool did not
    /// grow or has no total.
    pub share: Option<f64>,
    /// Its growth as a share of its pool at the end.
    pub growth_of_pool: Option<f64>,
    /// Snapshots in which it was seen.
    pub points: usize,
    /// True for caches and trace buffers, which grow without leaking.
    pub cache: bool,
    /// Hours over which it was seen, where a clock is known.
    pub hours: Option<f64>,
    /// Frees per allocation meanwhile, where both were counted.
    pub freed: Option<f64>,
}

/// Whether the leader leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leak {
    /// It does not, or nothing shows it.
    No,
    /// Growth between two snapshots, or by a tag that explains only part of it.
    Weak,
    /// A leak's pattern, and a main part of the pool's growth.
    Strong,
}

impl Leader {
    /// True if the growth may be a day's load: less than a whole day of it was seen, and what is
    /// allocated comes back but for a small part.
    pub fn may_be_load(&self) -> bool {
        self.freed.is_some_and(|freed| freed >= CHURN) && self.hours.is_none_or(|h| h < WHOLE_DAY)
    }

    /// Whether this is a leak.
    pub fn leak(&self) -> Leak {
        let share = self.share.unwrap_or(0.0);
        let of_consequence = self
            .growth_of_pool
            .is_none_or(|part| part >= MIN_GROWTH_OF_POOL);
        if !of_consequence {
            return Leak::No;
        }
        match self.class {
            _ if self.share.is_some_and(|s| s < MIN_SHARE) => Leak::No,
            Class::SteadyLeak | Class::Accelerating if self.cache => Leak::Weak,
            Class::SteadyLeak | Class::Accelerating if share >= MAIN_SHARE => Leak::Strong,
            Class::SteadyLeak | Class::Accelerating => Leak::Weak,
            Class::TwoPoints if share >= MAIN_SHARE && !self.cache => Leak::Weak,
            Class::Irregular if share >= MAIN_SHARE && !self.cache => Leak::Weak,
            _ => Leak::No,
        }
    }
}

/// The facts that decide.
#[derive(Clone, Debug)]
pub struct Brief<'a> {
    /// Logs that could be read for their reasons.
    pub analysable_logs: u64,
    /// Logs that lack the reason.
    pub unanalysable_logs: u64,
    /// Refusal rows.
    pub refusal_rows: u64,
    /// Snapshots.
    pub snapshots: usize,
    /// Dated samples of performance counters, which know no tags.
    pub samples: usize,
    /// True if no snapshot could be placed in UTC: what grows in them is not tied to the refusals.
    pub tags_undated: bool,
    /// The most snapshots in which any one tag was seen.
    pub most_points: usize,
    /// The tag in front, if any grew or there is only one snapshot.
    pub leader: Option<Leader>,
    /// Pool and refusals together; `None` if they could not be compared.
    pub correlation: Option<&'a Correlation>,
    /// True if the pool was near its limit in some snapshot; `None` if the limit is not known.
    pub pressed: Option<bool>,
    /// How much of the tags of nonpaged pool the snapshots show.
    pub seen: Seen,
    /// True if the pool's level is the sum of a listing that is whole by its looks only: a tag
    /// that was left out would be missing from it.
    pub level_presumed: bool,
    /// True if other tags leak beside the leader with shares that matter.
    pub beside: bool,
    /// True if one tag holds most of a pool near its limit: it may have leaked before.
    pub holder: bool,
    /// Who allocates with the leader's tag.
    pub answer: Option<Answer>,
    /// True if the logs cover most of the time of the snapshots.
    pub logs_cover: bool,
    /// Minutes by which the machine's clock was set near the refusals; 0 if it was not.
    pub clock_doubt: i64,
    /// False if the upload is known to be cut or spoilt: what is not in it may have been in the
    /// part that is missing.
    pub whole: bool,
}

impl Brief<'_> {
    /// True if the leader's growth may be a day's load.
    fn may_be_load(&self) -> bool {
        self.leader.is_some_and(|leader| leader.may_be_load())
    }

    /// The most points of any one curve of the pool or of a tag in it.
    fn points(&self) -> usize {
        self.most_points.max(self.samples)
    }

    /// True if the verdict that nothing leaks rests on tags that were seen, and no tag stands out
    /// by its size.
    fn all_seen(&self) -> bool {
        matches!(self.seen, Seen::Whole | Seen::Nothing) && !self.holder
    }
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What happened.
    pub outcome: Outcome,
    /// How sure.
    pub confidence: Confidence,
    /// Whether the leader leaks.
    pub leak: Leak,
}

/// Decides.
pub fn decide(brief: &Brief<'_>) -> Decision {
    let leak = brief.leader.map_or(Leak::No, |leader| leader.leak());
    let (outcome, confidence) = if brief.refusal_rows > 0 {
        with_refusals(brief, leak)
    } else {
        without_refusals(brief, leak)
    };
    Decision {
        outcome,
        confidence,
        leak,
    }
}

fn with_refusals(brief: &Brief<'_>, leak: Leak) -> (Outcome, Confidence) {
    let Some(found) = brief
        .correlation
        .filter(|_| brief.most_points > 1 || brief.snapshots > 1 || brief.samples > 1)
    else {
        let confidence = if leak >= Leak::Weak {
            Confidence::Possible
        } else {
            Confidence::Insufficient
        };
        return (Outcome::Inconclusive, confidence);
    };
    match (found.reading, leak) {
        (Reading::Apart | Reading::Unsettled, Leak::No) => {
            (Outcome::Inconclusive, Confidence::Insufficient)
        }
        (Reading::Apart | Reading::Unsettled, _) => (Outcome::Inconclusive, Confidence::Possible),
        // Pool that cannot be had for want of memory is a possible cause that nothing documents.
        (Reading::MemoryShort, Leak::No) => {
            (Outcome::RefusalsWithoutPoolPressure, Confidence::Possible)
        }
        (Reading::MemoryShort, _) => (Outcome::Inconclusive, Confidence::Possible),
        // The pool was high, and what filled it may be a tag that no snapshot lists.
        (Reading::Exhausted | Reading::HighPool, Leak::No) if brief.seen == Seen::Part => {
            (Outcome::Inconclusive, Confidence::Insufficient)
        }
        (Reading::Exhausted, Leak::No) => (
            Outcome::PoolPressureWithoutLeak,
            pressure_confidence(brief, found),
        ),
        // Nothing but the counters' curve: the pool grew, and stood at its highest when
        // connections were refused. No tag is known that could or could not explain it.
        (Reading::HighPool, Leak::No) if brief.most_points == 0 && brief.samples >= MIN_POINTS => {
            let outcome = match brief.pressed {
                Some(false) => Outcome::Inconclusive,
                _ => Outcome::PoolPressureWithoutLeak,
            };
            (outcome, Confidence::Possible)
        }
        (Reading::HighPool, Leak::No) if brief.pressed == Some(false) => {
            (Outcome::RefusalsWithoutPoolPressure, Confidence::Possible)
        }
        (Reading::HighPool, Leak::No) => (Outcome::Inconclusive, Confidence::Possible),
        (Reading::Exhausted | Reading::HighPool, leak) => {
            (Outcome::LeakExplainsRefusals, explained(brief, found, leak))
        }
        (Reading::FarFromLimit | Reading::FlatPool | Reading::LowPool, _) => (
            Outcome::RefusalsWithoutPoolPressure,
            contradiction(brief, found),
        ),
    }
}

fn explained(brief: &Brief<'_>, found: &Correlation, leak: Leak) -> Confidence {
    let points = brief.leader.map_or(0, |l| l.points);
    let robust = found.survives.0.max(found.survives.1) >= MIN_SURVIVES.max(brief.clock_doubt);
    let covered = found.covered >= MIN_COVERED;
    let tied = !brief.tags_undated;
    // High, and known to be short of the limit: what else could have refused is not known.
    let short = found.reading == Reading::HighPool && found.grounds.short_of_limit;
    if leak < Leak::Strong || points < MIN_POINTS || !robust || !covered || !tied || short {
        return Confidence::Possible;
    }
    let proven = matches!(brief.answer, Some(Answer::Named(_)));
    let ran_out = found.reading == Reading::Exhausted && found.grounds.closeness == Closeness::At;
    if ran_out && proven && !brief.beside && !brief.may_be_load() {
        Confidence::Confirmed
    } else {
        Confidence::Probable
    }
}

fn pressure_confidence(brief: &Brief<'_>, found: &Correlation) -> Confidence {
    let ran_out = found.grounds.closeness == Closeness::At;
    let covered = brief.points() >= MIN_POINTS && found.covered >= MIN_COVERED;
    if covered && ran_out && brief.all_seen() {
        Confidence::Probable
    } else {
        Confidence::Possible
    }
}

fn contradiction(brief: &Brief<'_>, found: &Correlation) -> Confidence {
    let limit_known = brief.pressed.is_some();
    if found.grounds.divided {
        return Confidence::Possible;
    }
    // Where pool is bound by memory, a shortage of that is a rival that must be looked at.
    let seen = !found.grounds.memory_unknown;
    match (
        brief.points() >= MIN_POINTS && found.covered >= MIN_COVERED,
        limit_known,
    ) {
        (true, true) if found.reading != Reading::LowPool && seen && !brief.level_presumed => {
            Confidence::Confirmed
        }
        // A pool that is pinned at a limit nobody knows lies flat, too.
        (true, false) if found.reading == Reading::FlatPool => Confidence::Possible,
        (true, _) => Confidence::Probable,
        (false, _) => Confidence::Possible,
    }
}

fn without_refusals(brief: &Brief<'_>, leak: Leak) -> (Outcome, Confidence) {
    let logs = brief.analysable_logs > 0;
    let points = brief.leader.map_or(0, |l| l.points);
    match leak {
        Leak::Strong if logs && points >= MIN_POINTS => {
            let proven = matches!(brief.answer, Some(Answer::Named(_)));
            let confidence = if proven && brief.logs_cover && brief.whole && !brief.may_be_load() {
                Confidence::Confirmed
            } else {
                Confidence::Probable
            };
            (Outcome::LeakWithoutRefusals, confidence)
        }
        Leak::Strong | Leak::Weak => (Outcome::LeakWithoutRefusals, Confidence::Possible),
        // A tag that is not listed may have grown.
        Leak::No if brief.seen == Seen::Part => (Outcome::Inconclusive, Confidence::Insufficient),
        Leak::No if brief.pressed == Some(true) => {
            let confidence = if brief.points() >= MIN_POINTS && brief.all_seen() {
                Confidence::Probable
            } else {
                Confidence::Possible
            };
            (Outcome::PoolPressureWithoutLeak, confidence)
        }
        // Nothing found in a part is not nothing there.
        Leak::No if !brief.whole => (Outcome::Inconclusive, Confidence::Insufficient),
        Leak::No if brief.snapshots == 0 && !logs => {
            (Outcome::Inconclusive, Confidence::Insufficient)
        }
        Leak::No if !logs && brief.most_points < MIN_POINTS => {
            (Outcome::Inconclusive, Confidence::Insufficient)
        }
        Leak::No => {
            let both =
                logs && brief.most_points >= MIN_POINTS && brief.logs_cover && brief.all_seen();
            (
                Outcome::NoProblemFound,
                if both {
                    Confidence::Probable
                } else {
                    Confidence::Possible
                },
            )
        }
    }
}

#[cfg(test)]
mod tests;
