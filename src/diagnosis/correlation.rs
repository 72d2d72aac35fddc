//! Do refusals begin when nonpaged pool runs out?
//!
//! For each episode the level of the pool is read off the snapshots around it; then one of
//! several readings is chosen, each with its own test. The readings exclude each other, and the
//! first that fits from the top of [`Reading`] is taken:
//!
//! * no common time: the snapshots cover none of the refusals;
//! * the pool was far from its limit, or lay flat, or fell, when connections were refused;
//! * the pool stood high, after growing, when connections were refused.
//!
//! The answer is tried again with the snapshots' clock set wrong by up to a day either way: the
//! band around zero in which the reading stays the same is how much clock error it survives.

mod level;

use std::ops::Range;

use crate::timeline::episode::Episode;

pub use level::{At, How, Level, Source};

/// What is to be correlated.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The pool over time, by time.
    pub levels: &'a [Level],
    /// The outages, by time.
    pub episodes: &'a [Episode],
    /// Hours since 1970 in which any log has a row: there the logs were alive.
    pub alive_hours: &'a [i64],
    /// The limit of nonpaged pool, if known.
    pub limit: Option<i64>,
    /// Bytes of headroom below which http.sys is documented to refuse.
    pub threshold: i64,
}

/// Snapshots further than this from an episode, in milliseconds, say nothing about it. Twice
/// the half hour that Microsoft's procedure puts between snapshots.
pub const REACH: i64 = 60 * 60 * 1000;

/// Two snapshots of one epoch further apart than this, in milliseconds, do not bracket what lies
/// between: in a quarter of a day a pool can rise and fall again.
pub const BRACKET: i64 = 6 * 60 * 60 * 1000;

/// Headroom counts as run out below the threshold and this share of the limit, in percent:
/// limits are nominal, and between two snapshots the pool moves.
const NEAR_LIMIT_PERCENT: i64 = 15;

/// Where pool is bound by memory: memory counts as run out below this multiple of the threshold,
/// or below this share of the limit, in percent, if the pool itself holds the share below.
const MEMORY_MARGIN: i64 = 4;
const MEMORY_LEFT_PERCENT: i64 = 2;
const POOL_HOLDS_PERCENT: i64 = 30;

/// With more than this share of the limit still free, in percent, the limit does not explain a
/// refusal whatever the pool does.
const FAR_FROM_LIMIT_PERCENT: i64 = 50;

/// A pool whose highest and lowest level differ by less than this share of the highest, in
/// percent, lies flat. Healthy pools breathe by a few percent over a day.
const FLAT_PERCENT: i64 = 10;

/// Where the limit is not known, "high" means at least this share of the highest level seen
/// in the epoch, in percent.
const HIGH_PERCENT: i64 = 85;

/// Steps of the trial of clock errors, and how far it goes, in minutes.
const SHIFT_STEP: i64 = 15;
const SHIFT_MAX: i64 = 24 * 60;

/// What the case says about pool and refusals together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// The snapshots cover no refusal.
    Apart,
    /// Most of the limit was free when connections were refused.
    FarFromLimit,
    /// The pool hardly moved, and was not near a known limit.
    FlatPool,
    /// The pool was low or falling when connections were refused, high at other times.
    LowPool,
    /// The pool was high and near its limit when connections were refused.
    Exhausted,
    /// The pool was at its highest when connections were refused; the limit is not known or
    /// was not reached.
    HighPool,
}

impl Reading {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Reading::Apart => "apart",
            Reading::FarFromLimit => "far_from_limit",
            Reading::FlatPool => "flat_pool",
            Reading::LowPool => "low_pool",
            Reading::Exhausted => "exhausted",
            Reading::HighPool => "high_pool",
        }
    }

    /// What it means, in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Reading::Apart => "no snapshot lies within an hour of any refusal",
            Reading::FarFromLimit => {
                "connections were refused while most of the nonpaged pool's limit was free"
            }
            Reading::FlatPool => "connections were refused while nonpaged pool lay flat",
            Reading::LowPool => {
                "connections were refused while nonpaged pool was lower than at other times"
            }
            Reading::Exhausted => {
                "connections were refused when the headroom of nonpaged pool had run out"
            }
            Reading::HighPool => "connections were refused when nonpaged pool was at its highest",
        }
    }

    /// True if pool and refusals fit together.
    pub const fn supports(self) -> bool {
        matches!(self, Reading::Exhausted | Reading::HighPool)
    }

    /// True if they contradict each other.
    pub const fn contradicts(self) -> bool {
        matches!(
            self,
            Reading::FarFromLimit | Reading::FlatPool | Reading::LowPool
        )
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// What pool and refusals say together.
    pub reading: Reading,
    /// The pool at the start of each episode; `None` out of reach.
    pub at: Vec<Option<At>>,
    /// Share of episodes, weighted by refused connections, that the snapshots cover.
    pub covered: f64,
    /// Chance that the pool is higher in ten minutes with refusals than in ten minutes of a
    /// living log without, 0.5 is none (the area under the ROC curve, or Mann–Whitney's U over
    /// its maximum). `None` where one of the two never happened within reach.
    pub separation: Option<f64>,
    /// Seconds from the moment when the headroom fell to the threshold to the first covered
    /// refusal; negative when refusals came first.
    pub lag: Option<i64>,
    /// Errors of the snapshots' clock that the reading survives, in minutes: (back, forward).
    pub survives: (i64, i64),
}

/// Answers the question; `None` without levels or without episodes.
pub fn correlate(question: &Question<'_>) -> Option<Correlation> {
    if question.levels.is_empty() || question.episodes.is_empty() {
        return None;
    }
    let at = levels_at_episodes(question, 0);
    let reading = read(question, &at);
    let total: u64 = question.episodes.iter().map(|e| e.connections.max(1)).sum();
    let covered: u64 = (question.episodes.iter().zip(&at))
        .filter(|(_, at)| at.is_some())
        .map(|(e, _)| e.connections.max(1))
        .sum();
    Some(Correlation {
        reading,
        separation: separation(question),
        lag: lag(question, &at),
        survives: survives(question, reading),
        covered: covered as f64 / total as f64,
        at,
    })
}

fn levels_at_episodes(question: &Question<'_>, shift_ms: i64) -> Vec<Option<At>> {
    let starts = question
        .episodes
        .iter()
        .map(|e| e.start().saturating_mul(1_000));
    starts
        .map(|start| level_at(question.levels, start.saturating_add(shift_ms)))
        .collect()
}

/// The pool at `moment`, if a snapshot is near enough, and how it grew until then.
pub fn level_at(levels: &[Level], moment: i64) -> Option<At> {
    let found = reading_at(levels, moment)?;
    let first = first_of(levels, found.epoch)?;
    Some(At {
        grown: (first.at < moment).then_some(found.bytes - first.bytes),
        before_ms: (moment - first.at).max(0),
        ..found
    })
}

/// The pool at `moment` alone, for asking often.
pub(super) fn reading_at(levels: &[Level], moment: i64) -> Option<At> {
    let after = levels.partition_point(|l| l.at <= moment);
    let before = after.checked_sub(1).and_then(|i| levels.get(i));
    let after = levels.get(after);
    let (bytes, headroom, memory_left, how, nearest) = match (before, after) {
        (Some(a), Some(b)) if a.epoch == b.epoch => {
            let part = (moment - a.at) as f64 / (b.at - a.at).max(1) as f64;
            let line = |x: i64, y: i64| x + ((y - x) as f64 * part) as i64;
            let headroom = a.headroom.zip(b.headroom).map(|(x, y)| line(x, y));
            let memory_left = a.memory_left.zip(b.memory_left).map(|(x, y)| line(x, y));
            let nearest = if part <= 0.5 { a } else { b };
            (
                line(a.bytes, b.bytes),
                headroom,
                memory_left,
                How::Between,
                nearest,
            )
        }
        _ => {
            let distance = |l: &&Level| (l.at - moment).abs();
            let nearest = before.into_iter().chain(after).min_by_key(distance)?;
            (
                nearest.bytes,
                nearest.headroom,
                nearest.memory_left,
                How::Nearest,
                nearest,
            )
        }
    };
    let distance = (nearest.at - moment).abs();
    let bracketed = how == How::Between
        && before
            .zip(after)
            .is_some_and(|(a, b)| b.at - a.at <= BRACKET);
    if distance > REACH && !bracketed {
        return None;
    }
    Some(At {
        bytes,
        headroom,
        memory_left,
        how,
        distance,
        source: nearest.source,
        epoch: nearest.epoch,
        grown: None,
        before_ms: 0,
    })
}

/// The reading in which most of the refused connections agree.
fn read(question: &Question<'_>, at: &[Option<At>]) -> Reading {
    let mut weights: Vec<(Reading, u64)> = Vec::new();
    for (episode, at) in question.episodes.iter().zip(at) {
        let Some(at) = at else { continue };
        let reading = read_one(question, at);
        match weights.iter_mut().find(|(r, _)| *r == reading) {
            Some((_, weight)) => *weight += episode.connections.max(1),
            None => weights.push((reading, episode.connections.max(1))),
        }
    }
    weights
        .into_iter()
        .max_by_key(|&(reading, weight)| (weight, reading))
        .map_or(Reading::Apart, |(r, _)| r)
}

fn read_one(question: &Question<'_>, at: &At) -> Reading {
    let (low, high) = range_of(question.levels, at.epoch);
    let near = is_near_limit(question, at.bytes, at.headroom, at.memory_left);
    let flat = (high - low).saturating_mul(100) < high.saturating_mul(FLAT_PERCENT);
    let far = match (question.limit, at.headroom) {
        (Some(limit), Some(left)) => {
            left.saturating_mul(100) > limit.saturating_mul(FAR_FROM_LIMIT_PERCENT)
        }
        _ => false,
    };
    let is_high = at.bytes.saturating_mul(100) >= high.saturating_mul(HIGH_PERCENT);
    if near {
        Reading::Exhausted
    } else if flat {
        Reading::FlatPool
    } else if far {
        Reading::FarFromLimit
    } else if is_high && at.grown.is_none_or(|grown| grown > 0) {
        Reading::HighPool
    } else {
        Reading::LowPool
    }
}

/// True if the pool at `bytes` has run out of headroom, or of the memory that it is made of.
pub fn is_near_limit(
    question: &Question<'_>,
    bytes: i64,
    headroom: Option<i64>,
    memory_left: Option<i64>,
) -> bool {
    let Some(limit) = question.limit else {
        return false;
    };
    let percent = |share: i64| (limit / 100).saturating_mul(share);
    let pool = headroom.is_some_and(|left| {
        left <= question
            .threshold
            .saturating_add(percent(NEAR_LIMIT_PERCENT))
    });
    let scarce = question
        .threshold
        .saturating_mul(MEMORY_MARGIN)
        .max(percent(MEMORY_LEFT_PERCENT));
    let memory =
        memory_left.is_some_and(|left| left <= scarce) && bytes >= percent(POOL_HOLDS_PERCENT);
    pool || memory
}

/// The first level of an epoch. Epochs are numbered in the order of time but for those that hold
/// counters only, so a search most often finds it at once.
fn first_of(levels: &[Level], epoch: usize) -> Option<&Level> {
    let guess = levels.partition_point(|l| l.epoch < epoch);
    let before = guess.checked_sub(1).and_then(|p| levels.get(p));
    let found = levels.get(guess).filter(|l| l.epoch == epoch);
    found
        .filter(|_| before.is_none_or(|l| l.epoch < epoch))
        .or_else(|| levels.iter().find(|l| l.epoch == epoch))
}

fn range_of(levels: &[Level], epoch: usize) -> (i64, i64) {
    let bytes = || levels.iter().filter(|l| l.epoch == epoch).map(|l| l.bytes);
    (bytes().min().unwrap_or(0), bytes().max().unwrap_or(0))
}

/// Ten minutes, in seconds: the grain in which refusals and quiet are compared.
const GRAIN: i64 = 600;

fn separation(question: &Question<'_>) -> Option<f64> {
    let (first, last) = (
        question.levels.first()?.at / 1_000,
        question.levels.last()?.at / 1_000,
    );
    let refused: Vec<Range<i64>> = question
        .episodes
        .iter()
        .map(|e| e.start().div_euclid(GRAIN)..e.last_refusal().div_euclid(GRAIN) + 1)
        .collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for &hour in question.alive_hours {
        for grain in (hour * 3_600 / GRAIN)..((hour + 1) * 3_600 / GRAIN) {
            let middle = grain * GRAIN + GRAIN / 2;
            if !(first..=last).contains(&middle) {
                continue;
            }
            let Some(at) = reading_at(question.levels, middle * 1_000) else {
                continue;
            };
            let place = refused.partition_point(|r| r.end <= grain);
            let is_refused = refused.get(place).is_some_and(|r| r.contains(&grain));
            if is_refused { &mut with } else { &mut without }.push(at.bytes);
        }
    }
    mann_whitney(&with, &mut without)
}

/// U over its maximum: the chance that a value of `with` exceeds one of `without`, ties half.
pub(super) fn mann_whitney(with: &[i64], without: &mut [i64]) -> Option<f64> {
    if with.is_empty() || without.is_empty() {
        return None;
    }
    without.sort_unstable();
    let wins: usize = with
        .iter()
        .map(|value| {
            without.partition_point(|w| w < value) + without.partition_point(|w| w <= value)
        })
        .sum();
    Some(wins as f64 / 2.0 / with.len() as f64 / without.len() as f64)
}

/// When the headroom fell to the threshold, against the first covered refusal of that epoch.
fn lag(question: &Question<'_>, at: &[Option<At>]) -> Option<i64> {
    let (episode, at) = question
        .episodes
        .iter()
        .zip(at)
        .find_map(|(e, at)| at.map(|at| (e, at)))?;
    let mut before: Option<&Level> = None;
    for level in question.levels.iter().filter(|l| l.epoch == at.epoch) {
        let left = level.headroom?;
        if left <= question.threshold {
            let crossing = match before.and_then(|b| b.headroom.map(|h| (b, h))) {
                Some((b, h)) => {
                    let part = (h - question.threshold) as f64 / (h - left).max(1) as f64;
                    b.at + ((level.at - b.at) as f64 * part) as i64
                }
                None => level.at,
            };
            return Some(episode.start() - crossing / 1_000);
        }
        before = Some(level);
    }
    None
}

/// How far the snapshots' clock may be wrong before the reading changes sides.
fn survives(question: &Question<'_>, reading: Reading) -> (i64, i64) {
    let same_side = |minutes: i64| {
        let at = levels_at_episodes(question, minutes * 60_000);
        let shifted = read(question, &at);
        shifted.supports() == reading.supports() && shifted.contradicts() == reading.contradicts()
    };
    let reach = |direction: i64| {
        let steps = (1..=SHIFT_MAX / SHIFT_STEP)
            .take_while(|step| same_side(direction * step * SHIFT_STEP));
        steps.count() as i64 * SHIFT_STEP
    };
    // A snapshot clock that runs fast puts levels later than they were: refusals then meet
    // levels of later stamps.
    (reach(-1), reach(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::episode::{RefusalPoint, episodes};

    const MB: i64 = 1 << 20;
    const HOUR: i64 = 3_600;

    fn levels(limit: Option<i64>, megabytes: &[i64]) -> Vec<Level> {
        let level = |(i, mb): (usize, &i64)| Level {
            at: i as i64 * HOUR * 1_000,
            bytes: mb * MB,
            headroom: limit.map(|limit| limit - mb * MB),
            memory_left: None,
            epoch: 0,
            source: Source::Snapshot(i),
        };
        megabytes.iter().enumerate().map(level).collect()
    }

    fn ask(limit: Option<i64>, megabytes: &[i64], refusals: &[i64]) -> Correlation {
        let levels = levels(limit, megabytes);
        let points = refusals
            .iter()
            .map(|&at| RefusalPoint {
                at,
                log: 0,
                line: 1,
                rows: 1,
                connections: 3,
            })
            .collect();
        let episodes = episodes(points, None);
        let alive: Vec<i64> = (0..megabytes.len() as i64).collect();
        let question = Question {
            levels: &levels,
            episodes: &episodes,
            alive_hours: &alive,
            limit,
            threshold: 20 * MB,
        };
        correlate(&question).unwrap()
    }

    #[test]
    fn refusals_at_the_end_of_a_rise_are_exhaustion() {
        let found = ask(
            Some(128 * MB),
            &[40, 55, 70, 85, 100, 112],
            &[5 * HOUR - 600, 5 * HOUR - 300],
        );
        assert_eq!(found.reading, Reading::Exhausted);
        assert!(found.separation.unwrap() > 0.95);
        let at = found.at[0].unwrap();
        assert_eq!((at.how, at.bytes / MB), (How::Between, 110));
        assert_eq!(at.grown.map(|g| g / MB), Some(70));
        // 108 MB, 20 under the limit, is reached two thirds through the last hour.
        assert_eq!(found.lag, Some(600));
    }

    #[test]
    fn the_other_readings_are_told_apart() {
        let flat = ask(Some(1_000 * MB), &[300, 301, 300, 302], &[HOUR * 2]);
        assert_eq!(flat.reading, Reading::FlatPool);
        let far = ask(Some(10_000 * MB), &[300, 400, 500, 600], &[HOUR * 3]);
        assert_eq!(far.reading, Reading::FarFromLimit);
        let low = ask(Some(1_000 * MB), &[700, 600, 560, 520], &[HOUR * 3]);
        assert_eq!(low.reading, Reading::LowPool);
        let high = ask(None, &[300, 400, 500, 600], &[HOUR * 3]);
        assert_eq!(high.reading, Reading::HighPool);
        let apart = ask(Some(1_000 * MB), &[300, 400], &[HOUR * 30]);
        assert_eq!((apart.reading, apart.covered), (Reading::Apart, 0.0));
    }

    #[test]
    fn a_reading_says_how_much_clock_error_it_survives() {
        let found = ask(
            Some(128 * MB),
            &[40, 40, 40, 40, 40, 115, 115, 115],
            &[6 * HOUR],
        );
        assert_eq!(found.reading, Reading::Exhausted);
        let (back, forward) = found.survives;
        // Headroom counts as run out from 89 MB on, 39 minutes into the hour of the rise.
        assert_eq!(back, 75);
        assert_eq!(forward, 2 * 60);
    }

    #[test]
    fn a_restart_between_snapshots_is_not_interpolated_over() {
        let mut two = levels(Some(128 * MB), &[110, 30]);
        two[1].epoch = 1;
        assert_eq!(level_at(&two, HOUR * 300).unwrap().bytes, 110 * MB);
        assert_eq!(level_at(&two, HOUR * 700).unwrap().bytes, 30 * MB);
    }

    #[test]
    fn separation_is_the_rank_statistic() {
        assert_eq!(mann_whitney(&[3, 4], &mut [1, 2]), Some(1.0));
        assert_eq!(mann_whitney(&[1], &mut [1]), Some(0.5));
        assert_eq!(mann_whitney(&[], &mut [1]), None);
    }
}
