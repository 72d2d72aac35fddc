//! Boot epochs: the stretches between restarts, seen in counters that only rise.
//!
//! Allocations, frees and page faults count up from zero at boot. When many of them are
//! lower in the later of two snapshots, the kernel was restarted between them, and what
//! was measured before says nothing about a slope after. No clock is needed.
//!
//! Limits: a restart after which every counter overtook its old value before the next
//! snapshot cannot be seen. A client's "Shut down" with Fast Startup keeps the kernel and
//! its counters, so it is rightly no border here: an epoch is a life of the kernel, not a
//! time between two power buttons.

use std::fmt;

use super::series::observation::Facts;
use super::series::packed::{Packed, Sample};

/// Counters of pool tags are 32 bits wide on most systems (`ULONG` in the structure that
/// the listing is made from); from this half on a fall may be a wrap.
const UPPER_HALF_OF_32_BITS: u64 = 1 << 31;
const WRAP_OF_32_BITS: u64 = 1 << 32;

/// A tag that one listing left out (a filter, a screen's edge) is compared over at most
/// this many snapshots. Alternating listings of one pool each need two.
const MAX_GAP: usize = 4;

/// A restart lowers nearly every busy counter; nothing legitimate lowers any. A quarter
/// leaves room for counters that already overtook their old value.
const RESET_SHARE_PERCENT: u32 = 25;

/// With fewer fallen counters than this a damaged row is as likely as a restart, and the
/// majority of all moving counters must have fallen.
const RESET_MIN_FALLEN: u32 = 3;

/// From this share of fallen counters on, a border is worth a note even if it is no reset.
const DOUBT_SHARE_PERCENT: u32 = 5;

/// How counters moved over one border between neighbouring snapshots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movement {
    /// Accounts (tag and pool) seen on both sides.
    pub shared: u32,
    /// Accounts with a counter that fell.
    pub fell: u32,
    /// Accounts whose counters rose.
    pub rose: u32,
    /// Accounts whose counter passed 2^32 and began again.
    pub wrapped: u32,
    /// The page-fault counter.
    pub page_faults: FaultCounter,
}

/// What the page-fault counter did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FaultCounter {
    /// Not known on both sides.
    #[default]
    Unknown,
    /// It rose, or passed 2^32.
    Rose,
    /// It fell.
    Fell,
}

/// What a border between neighbouring snapshots is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// One life of the kernel.
    Continuous,
    /// Some counters fell, too few for a restart: damaged rows, or another machine's list.
    Doubtful,
    /// The kernel was restarted between the two.
    Reset,
}

impl fmt::Display for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moving = self.fell.saturating_add(self.rose);
        write!(f, "{} of {moving} moving counters fell", self.fell)?;
        match self.page_faults {
            FaultCounter::Unknown => Ok(()),
            FaultCounter::Rose => write!(f, ", page faults rose"),
            FaultCounter::Fell => write!(f, ", page faults fell"),
        }
    }
}

impl Movement {
    fn add(&mut self, other: Movement) {
        self.shared = self.shared.saturating_add(other.shared);
        self.fell = self.fell.saturating_add(other.fell);
        self.rose = self.rose.saturating_add(other.rose);
        self.wrapped = self.wrapped.saturating_add(other.wrapped);
    }

    fn count(&mut self, change: Change) {
        self.shared = self.shared.saturating_add(1);
        let counter = match change {
            Change::None => return,
            Change::Rose => &mut self.rose,
            Change::Fell => &mut self.fell,
            Change::Wrapped => &mut self.wrapped,
        };
        *counter = counter.saturating_add(1);
    }

    /// What this movement says of the border.
    pub fn border(&self) -> Border {
        let moving = self.fell.saturating_add(self.rose);
        let reaches = |percent| {
            self.fell > 0 && u64::from(self.fell) * 100 >= u64::from(moving) * u64::from(percent)
        };
        let faults_fell = self.page_faults == FaultCounter::Fell;
        let few_but_most = self.fell > self.rose
            && (self.fell >= RESET_MIN_FALLEN || self.page_faults != FaultCounter::Rose);
        let many = reaches(RESET_SHARE_PERCENT) && (self.fell >= RESET_MIN_FALLEN || faults_fell);
        if few_but_most || many || (moving == 0 && self.shared == 0 && faults_fell) {
            Border::Reset
        } else if reaches(DOUBT_SHARE_PERCENT) {
            Border::Doubtful
        } else {
            Border::Continuous
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Rose,
    Fell,
    Wrapped,
}

fn counter_change(before: u64, after: u64) -> Change {
    if after >= before {
        return if after > before {
            Change::Rose
        } else {
            Change::None
        };
    }
    let wraps = (UPPER_HALF_OF_32_BITS..WRAP_OF_32_BITS).contains(&before)
        && after.wrapping_add(WRAP_OF_32_BITS).wrapping_sub(before) < UPPER_HALF_OF_32_BITS;
    if wraps { Change::Wrapped } else { Change::Fell }
}

/// A row whose numbers contradict each other lost a digit somewhere: it has no vote.
fn is_sound(sample: &Sample) -> bool {
    match (sample.allocs, sample.frees, sample.blocks) {
        (Some(allocs), Some(frees), Some(blocks)) => {
            allocs.wrapping_sub(frees) as u32 == blocks as u32
        }
        _ => true,
    }
}

fn account_change(before: &Sample, after: &Sample) -> Change {
    if !is_sound(before) || !is_sound(after) {
        return Change::None;
    }
    let change = |before: Option<u64>, after: Option<u64>| match (before, after) {
        (Some(before), Some(after)) => counter_change(before, after),
        _ => Change::None,
    };
    let allocs = change(before.allocs, after.allocs);
    let frees = change(before.frees, after.frees);
    match (allocs, frees) {
        (Change::Fell, _) | (_, Change::Fell) => Change::Fell,
        (Change::Wrapped, _) | (_, Change::Wrapped) => Change::Wrapped,
        (Change::Rose, _) | (_, Change::Rose) => Change::Rose,
        (Change::None, Change::None) => Change::None,
    }
}

/// How much a 32-bit counter advanced; `None` when it fell beyond what a wrap explains.
pub(super) fn advance(before: u64, after: u64) -> Option<u64> {
    match counter_change(before, after) {
        Change::None | Change::Rose => Some(after.wrapping_sub(before)),
        Change::Wrapped => Some(after.wrapping_add(WRAP_OF_32_BITS).wrapping_sub(before)),
        Change::Fell => None,
    }
}

/// The fault counter is printed as a signed 32-bit number: compare it as what it is.
fn fault_change(before: Option<i64>, after: Option<i64>) -> FaultCounter {
    let (Some(before), Some(after)) = (before, after) else {
        return FaultCounter::Unknown;
    };
    let fits = |value: i64| (i64::from(i32::MIN)..WRAP_OF_32_BITS.cast_signed()).contains(&value);
    if !fits(before) || !fits(after) {
        return if after >= before {
            FaultCounter::Rose
        } else {
            FaultCounter::Fell
        };
    }
    let word = |value: i64| u64::from(value as u32);
    match counter_change(word(before), word(after)) {
        Change::Fell => FaultCounter::Fell,
        _ => FaultCounter::Rose,
    }
}

/// Movements of every snapshot against those up to [`MAX_GAP`] before it, in one order.
pub(super) struct Movements(Vec<[Movement; MAX_GAP]>);

/// Compares every account with its last sighting, in the order in which snapshot `i`
/// stands at place `rank_of[i]`.
pub(super) fn movements(streams: &[Packed], rank_of: &[u32]) -> Movements {
    let mut all = vec![[Movement::default(); MAX_GAP]; rank_of.len()];
    let mut places: Vec<(u32, Sample)> = Vec::new();
    for stream in streams {
        places.clear();
        places.extend(
            stream
                .iter()
                // What counts nothing is no witness, and stands between no two that do.
                .filter(|sample| sample.allocs.is_some() || sample.frees.is_some())
                .filter_map(|sample| Some((*rank_of.get(sample.snapshot as usize)?, sample))),
        );
        places.sort_by_key(|(rank, _)| *rank);
        for pair in places.windows(2) {
            let [(from, before), (to, after)] = pair else {
                continue;
            };
            let gap = to.saturating_sub(*from) as usize;
            let cell = all
                .get_mut(*to as usize)
                .and_then(|c| c.get_mut(gap.wrapping_sub(1)));
            if let Some(movement) = cell {
                movement.count(account_change(before, after));
            }
        }
    }
    Movements(all)
}

/// A border with what it was judged by; `at` is the place of the later snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    pub at: usize,
    pub border: Border,
    pub movement: Movement,
}

/// True if the kernel states a start that lies after the look before: it was restarted between
/// the two, also where every counter has overtaken its old value. A clock that was set moves the
/// stated start as well, but not past the last look, unless it was set by more than the uptime.
fn restarted(before: Option<&Facts>, after: Option<&Facts>) -> bool {
    let looked = before.and_then(|facts| facts.at);
    let boot = after.and_then(|facts| facts.boot);
    matches!((looked, boot), (Some(looked), Some(boot)) if boot > looked)
}

/// True if the event log has a start of Windows between the two looks. It decides where counters do
/// not: a few fell, or there are none to compare. Where they went on it is no restart of the
/// kernel, as after a shutdown with Fast Startup, which keeps the kernel and its pools.
fn start_logged(before: Option<&Facts>, after: Option<&Facts>) -> bool {
    let looked = before.and_then(|facts| facts.at);
    let started = after.and_then(|facts| facts.started);
    matches!((looked, started), (Some(looked), Some(started)) if started > looked)
}

/// Judges every border in turn. Comparisons that reach back over a reset already found
/// would find it again, so they are left out.
pub(super) fn judge(movements: &Movements, facts: &[Facts]) -> Vec<Judged> {
    let mut judged = Vec::with_capacity(facts.len().saturating_sub(1));
    let mut epoch_start = 0usize;
    for at in 1..facts.len() {
        let mut movement = Movement::default();
        let reach = (at - epoch_start).min(MAX_GAP);
        for cell in movements
            .0
            .get(at)
            .into_iter()
            .flat_map(|cells| cells.iter().take(reach))
        {
            movement.add(*cell);
        }
        let before = facts.get(at - 1).and_then(|f| f.page_faults);
        movement.page_faults = fault_change(before, facts.get(at).and_then(|f| f.page_faults));
        let unsure = match movement.border() {
            Border::Doubtful => true,
            Border::Continuous => {
                movement.shared == 0 && movement.page_faults == FaultCounter::Unknown
            }
            Border::Reset => false,
        };
        let (before, after) = (facts.get(at - 1), facts.get(at));
        let border = if restarted(before, after) || (unsure && start_logged(before, after)) {
            Border::Reset
        } else {
            movement.border()
        };
        if border == Border::Reset {
            epoch_start = at;
        }
        judged.push(Judged {
            at,
            border,
            movement,
        });
    }
    judged
}

#[cfg(test)]
mod tests;
