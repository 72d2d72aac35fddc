//! Versions in the order of their numbers: 3.2.0.118 before 10.1.0.3, which text is not.

/// Digits of a number in a key: as many as the largest part of a file version (65535) has, and
/// some more for dates written as one number.
const DIGITS: usize = 10;

/// A text that sorts as the version does: each run of digits filled up with zeros.
pub(super) fn sort_key(version: &str) -> String {
    let mut key = String::with_capacity(version.len() * 2);
    let mut digits = String::new();
    for c in version.chars().map(Some).chain([None]) {
        if let Some(digit) = c.filter(char::is_ascii_digit) {
            digits.push(digit);
            continue;
        }
        if !digits.is_empty() {
            let number = digits.trim_start_matches('0');
            key.push_str(&format!("{number:0>DIGITS$}"));
            digits.clear();
        }
        key.extend(c);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_versions_do() {
        let ordered = [
            "2.9",
            "3.2.0.118",
            "3.2.0.118 (build 4)",
            "3.10",
            "10.1.0.3",
            "20260301.1",
        ];
        for pair in ordered.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{pair:?}");
        }
        assert_eq!(sort_key("03.2"), sort_key("3.2"));
        assert_eq!(sort_key("unknown"), "unknown");
    }
}
