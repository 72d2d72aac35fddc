//! Every number that decides a class or a rank, in one place, each with its reason.
//!
//! Sources: Microsoft's procedure for finding a kernel leak with poolmon (sample every half
//! hour for at least two hours, look for a Diff and Bytes that keep rising) asks for five
//! points; the literature on software aging finds that a bare Mann–Kendall test alarms far
//! too often on memory counters (Machida et al., ISSREW 2013, DOI 10.1109/ISSREW.2013.6688905;
//! Li et al., DOI 10.1109/ISSREW.2013.6688880), so size of effect comes first here and
//! significance second. Numbers without a source were set on simulated series and are
//! guarded by the tests beside the classifier.

/// Points that a series is reduced to before pairs are formed: 128 make 8,128 pairs, which
/// keeps 2,700 series of 3,000 snapshots under a second. Runs of neighbours are replaced by
/// their medians, so no point is ignored.
pub const MAX_KNOTS: usize = 128;

/// Two-sided 95 % of the normal distribution.
pub const Z_95: f64 = 1.959_964;

/// Fewest points for an interval: with four, even the full range of slopes is no 95 %
/// interval (the two extreme orders alone have a chance of 2/24).
pub const MIN_POINTS_FOR_INTERVAL: usize = 5;

/// Changes below 16 pages are no matter: pool is handed out in pages of 4 KiB, and an
/// exhausted pool is thousands of times larger.
pub const MIN_CHANGE_BYTES: f64 = 65_536.0;

/// Changes below this share of a tag's usual size are its breathing.
pub const MIN_CHANGE_OF_LEVEL: f64 = 0.02;

/// With fewer points than this, noise cannot be told from shape, and guards against noise
/// give way to a coarser floor ([`MIN_SWING_OF_LEVEL_FEW`]).
pub const MIN_POINTS_FOR_NOISE: usize = 6;

/// Floor for swings of series with few points, as a share of the level.
pub const MIN_SWING_OF_LEVEL_FEW: f64 = 0.10;

/// Share of variance that the robust line must explain before growth is called steady.
pub const MIN_R_SQUARED: f64 = 0.6;

/// Growth must exceed the noise of a single point by this factor.
pub const MIN_GROWTH_OVER_NOISE: f64 = 3.0;

/// A last third that is slower than the first third by this factor has levelled off. A
/// cache that closes in with a time constant of a third of the window shows 0.14; a leak
/// under ordinary load stays above a half.
pub const PLATEAU_RATE_RATIO: f64 = 0.33;

/// A last third that is faster than the first third by this factor has sped up.
pub const ACCELERATION_RATE_RATIO: f64 = 2.0;

/// Share of all growth that an acceleration must put into the last third; a straight line
/// puts a third there.
pub const ACCELERATION_LATE_SHARE: f64 = 0.5;

/// Deepest fall below an earlier peak, as a share of all growth, that an acceleration may
/// contain: the last points of plain noise often rise, but seldom without falls before.
pub const ACCELERATION_DRAWDOWN: f64 = 0.25;

/// Standard errors by which first and last third must differ before either is believed.
pub const RATE_DIFFERENCE_ERRORS: f64 = 2.5;

/// Share of all growth that one interval must carry to be a step (a trace session's
/// buffers, a service started).
pub const STEP_SHARE: f64 = 0.7;

/// A step's interval must carry this many times its share of the time: a long gap between
/// snapshots carries much growth of any leak.
pub const STEP_OVER_TIME: f64 = 2.0;

/// Growth after a step, as a share of the step, above which the tag is still growing.
pub const STEP_AFTERGROWTH: f64 = 0.2;

/// A swing is a leg up or down of at least this share of the whole range.
pub const SAWTOOTH_LEG: f64 = 0.5;

/// A sawtooth's last low must lie within this share of the range above the lowest point.
pub const SAWTOOTH_BASE: f64 = 0.3;

/// The range of a sawtooth must exceed the noise of a single point by this factor; 128
/// points of plain normal noise span about five.
pub const SAWTOOTH_OVER_NOISE: f64 = 8.0;

/// Frees below this share of the allocations: blocks that practically never come back.
pub const HARDLY_FREED: f64 = 0.01;

/// A suspect that explains at least this share of its pool's growth is named for it.
pub const NOTABLE_SHARE: f64 = 0.10;

/// Suspects kept per pool and epoch.
pub const MAX_SUSPECTS: usize = 50;

/// How much of a tag's growth counts when suspects are ranked, by class. Size decides
/// within a class; across classes a pattern that ends by itself must be many times larger
/// to outrank a leak.
pub mod weight {
    /// Steady or accelerating growth counts in full.
    pub const LEAK: f64 = 1.0;
    /// Two snapshots cannot tell a leak from anything else that grew.
    pub const TWO_POINTS: f64 = 0.5;
    /// A step may be a leak's first sight, and is more often a buffer.
    pub const STEP: f64 = 0.3;
    /// Growth without a pattern.
    pub const IRREGULAR: f64 = 0.25;
    /// Growth that has levelled off.
    pub const PLATEAU: f64 = 0.1;
    /// Growth that goes back by itself.
    pub const SAWTOOTH: f64 = 0.05;
    /// One sighting: nothing is known of growth, its whole size stands in.
    pub const SINGLE: f64 = 0.01;
}
