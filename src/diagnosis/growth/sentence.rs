//! The stated test: one sentence that gives the figures a class stands on.

use super::SeriesGrowth;
use super::class::Class;
use super::knots::Per;
use super::shape::Shape;
use super::trend::Trend;

/// Bytes with a unit of 1,024, one decimal.
pub(super) fn size(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes;
    let mut unit = "B";
    for next in UNITS {
        if value.abs() < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{value:.0} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

fn rate(bytes: f64, per: Per) -> String {
    let unit = match per {
        Per::Hour => "h",
        Per::Snapshot => "snapshot",
    };
    format!("{}/{unit}", size(bytes))
}

fn line(trend: &Trend) -> String {
    let interval = trend.interval.map_or_else(
        || "too few points for an interval".to_owned(),
        |i| {
            format!(
                "95 % {} to {}",
                rate(i.low, trend.per),
                rate(i.high, trend.per)
            )
        },
    );
    format!(
        "Theil–Sen {} ({interval}), R² {:.2}",
        rate(trend.slope, trend.per),
        trend.r_squared
    )
}

fn thirds(shape: &Shape, per: Per) -> String {
    format!(
        "last third {}, first third {}",
        rate(shape.late_rate(), per),
        rate(shape.early_rate(), per)
    )
}

/// The sentence for `series`.
pub(super) fn stated(series: &SeriesGrowth) -> String {
    let (Some(shape), Some(trend)) = (&series.shape, &series.trend) else {
        let sentence = "seen in one snapshot only: its size can be ranked, its growth is unknown";
        return sentence.to_owned();
    };
    let moves = shape.rising + shape.falling;
    match series.class {
        Class::SinglePoint => "seen at one time only: its growth is unknown".to_owned(),
        Class::TwoPoints => format!(
            "grew by {} between two snapshots; two points cannot tell a leak from a cache",
            size(shape.rise)
        ),
        Class::SteadyLeak => format!(
            "rises in {} of {moves} changes, {}; {}; Mann–Kendall tau {:.2}, p {:.3}",
            shape.rising,
            line(trend),
            thirds(shape, trend.per),
            trend.tau,
            trend.p_value
        ),
        Class::Accelerating => {
            format!("speeds up: {}; {}", thirds(shape, trend.per), line(trend))
        }
        Class::Step => format!(
            "one interval carries {} of a rise of {}, then {}",
            size(shape.jump.bytes),
            size(shape.rise),
            size(shape.jump.after)
        ),
        Class::PlateauOrWarmUp => {
            format!(
                "rose by {} and levelled off: {}",
                size(shape.rise),
                thirds(shape, trend.per)
            )
        }
        Class::Sawtooth => format!(
            "{} swings within {}, falls by as much as {} between its rises; ends {} from its start",
            shape.swings.legs,
            size(shape.range),
            size(shape.drawdown),
            size(shape.rise)
        ),
        Class::Irregular => format!(
            "changes by {} without a pattern: {}",
            size(shape.rise),
            line(trend)
        ),
        Class::Flat => format!(
            "moves within {} of {}: {}",
            size(shape.range),
            size(shape.level),
            line(trend)
        ),
        Class::Shrinking => format!("falls by {}: {}", size(-shape.rise), line(trend)),
    }
}
