//! Which tags to look at first, and why.
//!
//! Rank = bytes grown × the weight of the class. Size of effect leads: a tiny steady leak
//! does not outrank the tag that took the pool. Where all there is is one snapshot, live
//! bytes stand in for growth, and the reasons say so.

use std::fmt;

use super::SeriesGrowth;
use super::class::Class;
use super::knots::Per;
use super::sentence::size;
use super::thresholds::{
    HARDLY_FREED, MAX_SUSPECTS, MIN_CHANGE_BYTES, MIN_POINTS_FOR_INTERVAL, NOTABLE_SHARE,
};
use crate::tag::{Pool, Tag};

/// A tag under suspicion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// Index into the epoch's series.
    pub series: usize,
    /// Weighted bytes; compares suspects of one epoch, means nothing else.
    pub score: f64,
    /// What speaks for it and against it, strongest first.
    pub reasons: Vec<Reason>,
}

/// Something that speaks for or against a suspect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// Its pattern.
    Pattern(Class),
    /// It explains a share of its pool's growth.
    Explains {
        /// Share, 1 is all.
        share: f64,
    },
    /// Blocks practically never come back.
    HardlyFreed {
        /// Allocations counted.
        allocs: u64,
        /// Frees counted.
        frees: u64,
    },
    /// Live blocks grow with the bytes.
    BlocksGrow {
        /// Blocks more at the end.
        blocks: i64,
    },
    /// Bytes grow and blocks do not: larger blocks, not more of them.
    LargerBlocksOnly,
    /// Nothing but its size is known.
    SizeOnly {
        /// Live bytes.
        bytes: i64,
    },
    /// Fewer points than an interval needs.
    FewPoints {
        /// Points.
        points: usize,
    },
    /// No clock: the slope is per snapshot.
    NoClock,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reason::Pattern(class) => write!(f, "its pattern is {class}"),
            Reason::Explains { share } => {
                write!(f, "it explains {:.0} % of the pool's growth", share * 100.0)
            }
            Reason::HardlyFreed { allocs, frees } => {
                write!(f, "hardly freed: {allocs} allocations, {frees} frees")
            }
            Reason::BlocksGrow { blocks } => write!(f, "{blocks} more live blocks"),
            Reason::LargerBlocksOnly => {
                f.write_str("its bytes grow, its number of blocks does not")
            }
            Reason::SizeOnly { bytes } => {
                write!(f, "seen once: {} live, growth unknown", size(bytes as f64))
            }
            Reason::FewPoints { points } => write!(f, "only {points} points"),
            Reason::NoClock => f.write_str("no clock: growth is per snapshot, not per hour"),
        }
    }
}

/// Ranks the growing series of `pool`, most suspect first; ties go by tag.
pub(super) fn rank(series: &[SeriesGrowth], pool: Pool) -> Vec<Suspect> {
    let mut suspects: Vec<Suspect> = series
        .iter()
        .enumerate()
        .filter(|(_, s)| s.pool == pool)
        .map(|(index, s)| (index, s, score(s)))
        .filter(|(_, _, score)| *score > 0.0)
        .map(|(index, s, score)| Suspect {
            tag: s.tag,
            pool,
            series: index,
            score,
            reasons: Vec::new(),
        })
        .collect();
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.tag.cmp(&b.tag)));
    suspects.truncate(MAX_SUSPECTS);
    for suspect in &mut suspects {
        suspect.reasons = series.get(suspect.series).map(reasons).unwrap_or_default();
    }
    suspects
}

fn score(series: &SeriesGrowth) -> f64 {
    let grown = match series.class {
        Class::SinglePoint => series.last.bytes,
        _ => series.growth_bytes(),
    };
    grown.max(0) as f64 * series.class.weight()
}

fn reasons(series: &SeriesGrowth) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(share) = series.share.filter(|share| *share >= NOTABLE_SHARE) {
        reasons.push(Reason::Explains { share });
    }
    if series.class == Class::SinglePoint {
        reasons.push(Reason::SizeOnly {
            bytes: series.last.bytes,
        });
    } else {
        reasons.push(Reason::Pattern(series.class));
    }
    reasons.extend(block_reason(series));
    if let Some((allocs, frees)) = series.turnover()
        && allocs > 0
        && (frees as f64) < HARDLY_FREED * allocs as f64
    {
        reasons.push(Reason::HardlyFreed { allocs, frees });
    }
    if (2..MIN_POINTS_FOR_INTERVAL).contains(&series.points) {
        reasons.push(Reason::FewPoints {
            points: series.points,
        });
    }
    if series.trend.is_some_and(|t| t.per == Per::Snapshot) {
        reasons.push(Reason::NoClock);
    }
    reasons
}

fn block_reason(series: &SeriesGrowth) -> Option<Reason> {
    let blocks = series.growth_blocks()?;
    if (series.growth_bytes() as f64) < MIN_CHANGE_BYTES {
        None
    } else if blocks > 0 {
        Some(Reason::BlocksGrow { blocks })
    } else {
        Some(Reason::LargerBlocksOnly)
    }
}
