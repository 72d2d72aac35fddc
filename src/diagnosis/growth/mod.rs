//! Which tags grow, how, and how much of the pool's growth each explains.
//!
//! One epoch at a time: [`analyse`] fits a robust line to every series, puts it into a
//! class with a stated test, sets its growth against the pool's, and ranks the suspects.
//! Nothing here knows drivers or refusals, and a pattern is a suspicion, not a proof.

mod account;
mod class;
mod knots;
mod points;
mod sentence;
mod shape;
mod suspects;
pub mod thresholds;
mod trend;

use rayon::prelude::*;

pub use account::{Accounting, PoolTotal, TotalBasis, TotalPoint, accounting, pool_total};
pub use class::{Class, classify};
pub use knots::{Knots, Per};
pub use shape::{Jump, Shape, Swings};
pub use suspects::{Reason, Suspect};
pub use trend::{Interval, Trend, fit};

use crate::tag::{Pool, Tag};
use crate::timeline::series::{Epoch, PoolHistory, Sample, Series};

/// The growth of an epoch's tags.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochGrowth {
    /// Index into the history's epochs.
    pub epoch: usize,
    /// Nonpaged pool as a whole.
    pub nonpaged: Option<PoolTotal>,
    /// Paged pool as a whole.
    pub paged: Option<PoolTotal>,
    /// Header against tags, nonpaged pool.
    pub nonpaged_accounting: Option<Accounting>,
    /// Every series of the epoch, by tag and pool.
    pub series: Vec<SeriesGrowth>,
    /// Suspects of nonpaged pool, most suspect first.
    pub suspects: Vec<Suspect>,
    /// Suspects of paged pool, most suspect first.
    pub paged_suspects: Vec<Suspect>,
}

/// The growth of one tag in one pool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesGrowth {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// Its pattern.
    pub class: Class,
    /// Its robust line over bytes; `None` for a single point.
    pub trend: Option<Trend>,
    /// The figures behind the class; `None` for a single point.
    pub shape: Option<Shape>,
    /// Its first sighting.
    pub first: Sample,
    /// Its last sighting.
    pub last: Sample,
    /// Sightings.
    pub points: usize,
    /// Allocations between first and last sighting, where they were counted.
    pub allocs_made: Option<u64>,
    /// Frees between first and last sighting, where they were counted.
    pub frees_made: Option<u64>,
    /// Share of its pool's growth; `None` where the pool did not grow or has no total.
    pub share: Option<f64>,
}

impl EpochGrowth {
    /// Puts what swings over the `whole` epoch into that class here, too: a part that ends at the
    /// first peak holds one rise and no fall.
    pub fn remember_swings(&mut self, whole: &EpochGrowth) {
        let swings = |s: &&SeriesGrowth| {
            s.class == Class::Sawtooth && s.shape.is_some_and(|shape| shape.swings.legs >= 3)
        };
        let mut swinging: Vec<SeriesGrowth> = whole.series.iter().filter(swings).copied().collect();
        swinging.sort_unstable_by_key(|s| (s.tag, s.pool));
        for series in &mut self.series {
            let key = (series.tag, series.pool);
            if let Ok(place) = swinging.binary_search_by_key(&key, |s| (s.tag, s.pool)) {
                series.class = Class::Sawtooth;
                series.shape = swinging.get(place).and_then(|s| s.shape);
                series.trend = swinging.get(place).and_then(|s| s.trend);
            }
        }
        self.suspects = suspects::rank(&self.series, Pool::NonPaged);
        self.paged_suspects = suspects::rank(&self.series, Pool::Paged);
    }
}

impl SeriesGrowth {
    /// Bytes more at the last sighting than at the first.
    pub fn growth_bytes(&self) -> i64 {
        self.last.bytes.saturating_sub(self.first.bytes)
    }

    /// Live blocks more at the last sighting than at the first, where both counted them.
    pub fn growth_blocks(&self) -> Option<i64> {
        Some(self.last.blocks?.saturating_sub(self.first.blocks?))
    }

    /// Allocations and frees that tell whether blocks come back: those between the first
    /// and the last sighting, or since boot where there is only one. `None` where the source
    /// counts neither.
    pub fn turnover(&self) -> Option<(u64, u64)> {
        if self.points > 1 {
            self.allocs_made.zip(self.frees_made)
        } else {
            self.last.allocs.zip(self.last.frees)
        }
    }

    /// Frees per allocation, 1 where as much is freed as allocated; `None` without
    /// allocations.
    pub fn freed_ratio(&self) -> Option<f64> {
        let (allocs, frees) = self.turnover()?;
        (allocs > 0).then(|| frees as f64 / allocs as f64)
    }

    /// Hours from the first to the last sighting; `None` without a clock.
    pub fn hours(&self) -> Option<f64> {
        let trend = self.trend.filter(|t| t.per == Per::Hour)?;
        Some(trend.span)
    }

    /// The class's stated test: a sentence with the figures.
    pub fn test(&self) -> String {
        sentence::stated(self)
    }
}

/// Analyses every epoch of `history`, in order.
pub fn analyse(history: &PoolHistory) -> Vec<EpochGrowth> {
    let epochs = history.epochs.iter().enumerate();
    epochs
        .map(|(index, epoch)| analyse_epoch(history, index, epoch))
        .collect()
}

/// Analyses one epoch, or a part of it ([`Epoch::clipped`]); `index` is its number in the
/// history. A leak that filled the pool looks like a plateau from then on: what it was
/// shows in the part before.
pub fn analyse_epoch(history: &PoolHistory, index: usize, epoch: &Epoch) -> EpochGrowth {
    let nonpaged = pool_total(history, epoch, Pool::NonPaged);
    let paged = pool_total(history, epoch, Pool::Paged);
    let total_of = |pool| match pool {
        Pool::NonPaged => nonpaged.as_ref(),
        Pool::Paged => paged.as_ref(),
    };
    let series: Vec<SeriesGrowth> = epoch
        .series
        .par_iter()
        .filter_map(|series| series_growth(history, epoch, series, total_of(series.pool)))
        .collect();
    EpochGrowth {
        epoch: index,
        nonpaged_accounting: accounting(history, epoch, Pool::NonPaged),
        suspects: suspects::rank(&series, Pool::NonPaged),
        paged_suspects: suspects::rank(&series, Pool::Paged),
        nonpaged,
        paged,
        series,
    }
}

/// `None` only for a series without samples, which no history holds.
fn series_growth(
    history: &PoolHistory,
    epoch: &Epoch,
    series: &Series,
    total: Option<&PoolTotal>,
) -> Option<SeriesGrowth> {
    let first = series.samples.iter().next()?;
    let last = series.samples.iter().last()?;
    let values = series
        .samples
        .iter()
        .map(|s| (s.snapshot as usize, s.bytes));
    let (per, plotted) = points::points_of(history, epoch, values);
    let knots = Knots::of(&plotted);
    let (trend, shape) = (fit(&knots, per), Shape::of(&knots, per));
    Some(SeriesGrowth {
        tag: series.tag,
        pool: series.pool,
        class: classify(&knots, shape.as_ref(), trend.as_ref()),
        trend,
        shape,
        first,
        last,
        points: series.samples.len(),
        allocs_made: series.allocs_made,
        frees_made: series.frees_made,
        share: total.and_then(|total| total.share_of(series)),
    })
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
