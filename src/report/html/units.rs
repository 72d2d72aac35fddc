//! Figures that only the page words; all others are [`wording`]'s.

use crate::report::wording;

/// A size on an axis: `64 MiB`, without the idle digits of [`wording::size`].
pub fn tick(bytes: i64) -> String {
    let shown = wording::size(bytes);
    match shown.split_once(' ') {
        Some((value, unit)) if value.contains('.') => {
            let value = value.trim_end_matches('0').trim_end_matches('.');
            format!("{value} {unit}")
        }
        _ => shown,
    }
}

/// `+12.3 MiB/h`.
pub fn rate(bytes_per: f64, per: &str) -> String {
    let plus = if bytes_per > 0.0 { "+" } else { "" };
    format!("{plus}{}/{per}", wording::size_of(bytes_per))
}

/// A count that a broken row may have made negative.
pub fn count(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", wording::count(number.unsigned_abs()))
}

/// A share; below one percent with the digits that tell it from none.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        size if size >= 0.995 || size == 0.0 || size.is_nan() => wording::share(share),
        size if size >= 0.095 => format!("{percent:.1}%"),
        size if size >= 0.005 => format!("{percent:.2}%"),
        _ => "under 0.01%".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_no_idle_digits() {
        let shown = [0, 512, 64 << 20, 3 << 29, 128 << 20].map(tick);
        assert_eq!(shown, ["0 B", "512 B", "64 MiB", "1.5 GiB", "128 MiB"]);
    }

    #[test]
    fn small_shares_are_not_none() {
        assert_eq!(
            [0.831, 1.0, 0.0085, 0.0004, 1e-9, 0.0].map(percent),
            ["83%", "100%", "0.9%", "0.04%", "under 0.01%", "0%"]
        );
        assert_eq!(percent(f64::NAN), "?");
    }

    #[test]
    fn signs_are_kept() {
        assert_eq!(rate(2048.0, "h"), "+2.00 KiB/h");
        assert_eq!(
            [count(-1_234), count(i64::MIN)],
            ["-1,234", "-9,223,372,036,854,775,808"]
        );
    }
}
