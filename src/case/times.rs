//! Times as reports write them.

use chrono::{DateTime, SecondsFormat};

/// RFC 3339 in UTC for seconds since 1970; years beyond four digits cannot be written.
pub(super) fn of_seconds(seconds: i64) -> Option<String> {
    let at = DateTime::from_timestamp(seconds, 0)?;
    (0..=253_402_300_799)
        .contains(&seconds)
        .then(|| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// RFC 3339 in UTC for milliseconds since 1970, to the second or, where it has any, to the
/// millisecond.
pub(super) fn of_millis(millis: i64) -> Option<String> {
    if millis.rem_euclid(1_000) == 0 {
        return of_seconds(millis.div_euclid(1_000));
    }
    let at = DateTime::from_timestamp_millis(millis)?;
    (0..253_402_300_800_000)
        .contains(&millis)
        .then(|| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Bytes for people: binary units, one decimal below a hundred.
pub(super) fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match (unit, value.abs() < 100.0) {
        (0, _) => format!("{bytes} bytes"),
        (_, true) => format!("{value:.1} {}", UNITS[unit]),
        (_, false) => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// A stretch of seconds for people.
pub(super) fn duration(seconds: i64) -> String {
    let s = seconds.abs();
    match s {
        0..120 => format!("{s} s"),
        120..7_200 => format!("{} min", s / 60),
        7_200..172_800 => format!("{:.1} h", s as f64 / 3_600.0),
        _ => format!("{:.1} days", s as f64 / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_for_machines_and_for_people() {
        assert_eq!(of_seconds(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(
            of_millis(1_500).as_deref(),
            Some("1970-01-01T00:00:01.500Z")
        );
        assert_eq!(of_seconds(i64::MAX), None);
        assert_eq!(size(-5), "-5 bytes");
        assert_eq!(size(20 << 20), "20.0 MiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
        assert_eq!(duration(90), "90 s");
        assert_eq!(duration(-7_200), "2.0 h");
    }
}
