//! Numbers as people read them: bytes in binary units, counts with thousands parted.

const STEPS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// `117 MiB`: three digits and a unit; exact below 1,024.
pub fn bytes(count: f64) -> String {
    if !count.is_finite() {
        return "unknown".to_owned();
    }
    let sign = if count < 0.0 { "−" } else { "" };
    let mut size = count.abs();
    if size < 1024.0 {
        return format!("{sign}{size:.0} B");
    }
    let mut unit = "";
    for step in STEPS {
        // 1,023.5 would be shown as 1024.
        if size < 1023.5 && !unit.is_empty() {
            break;
        }
        size /= 1024.0;
        unit = step;
    }
    format!("{sign}{} {unit}", three_digits(size))
}

/// `+12.3 MiB/h`.
pub fn rate(bytes_per: f64, per: &str) -> String {
    let plus = if bytes_per > 0.0 { "+" } else { "" };
    format!("{plus}{}/{per}", bytes(bytes_per))
}

fn three_digits(size: f64) -> String {
    let decimals = match size {
        s if s < 9.995 => 2,
        s if s < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{size:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// `12,345`.
pub fn count(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 snapshot`, `2 snapshots`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `83 %`; small shares keep a digit.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        _ if !percent.is_finite() => "unknown".to_owned(),
        size if size >= 9.95 => format!("{percent:.0} %"),
        size if size >= 0.095 => format!("{} %", (percent * 10.0).round() / 10.0),
        size if size >= 0.005 => format!("{percent:.2} %"),
        size if size > 0.0 => "under 0.01 %".to_owned(),
        _ => "0 %".to_owned(),
    }
}

/// `2 d 5 h`, `3 h 20 min`, `45 s`: the two largest units.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "unknown".to_owned();
    }
    let total = seconds.abs().round().min(1e15) as u64;
    let (days, hours) = (total / 86_400, total / 3_600 % 24);
    let (minutes, rest) = (total / 60 % 60, total % 60);
    let two = |a: u64, unit: &str, b: u64, small: &str| {
        if b == 0 {
            format!("{} {unit}", count(a))
        } else {
            format!("{} {unit} {b} {small}", count(a))
        }
    };
    match total {
        86_400.. => two(days, "d", hours, "h"),
        3_600.. => two(hours, "h", minutes, "min"),
        60.. => two(minutes, "min", rest, "s"),
        _ => format!("{rest} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_three_digits() {
        let shown: Vec<String> = [0.0, 1023.0, 1024.0, 1_572_864.0, 1_073_741_312.0, -5e6]
            .map(bytes)
            .to_vec();
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1 KiB", "1.5 MiB", "1 GiB", "−4.77 MiB"]
        );
        assert_eq!(bytes(134_217_728.0), "128 MiB");
        assert!(bytes(f64::MAX).contains("PiB"));
        assert_eq!(rate(2048.0, "h"), "+2 KiB/h");
    }

    #[test]
    fn counts_are_parted() {
        assert_eq!(
            [count(0u64), count(1_000u64), count(-1_234_567i64)],
            ["0", "1,000", "−1,234,567"]
        );
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }

    #[test]
    fn durations_have_two_units() {
        assert_eq!(
            [45.0, 60.0, 3_725.0, 180_000.0].map(duration),
            ["45 s", "1 min", "1 h 2 min", "2 d 2 h"]
        );
    }

    #[test]
    fn shares() {
        assert_eq!(
            [0.831, 0.0123, 1.0, 0.05, 0.0004, 1e-9, 0.0].map(percent),
            [
                "83 %",
                "1.2 %",
                "100 %",
                "5 %",
                "0.04 %",
                "under 0.01 %",
                "0 %"
            ]
        );
    }
}
