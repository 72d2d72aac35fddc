//! IANA names that look like what was typed.

use chrono_tz::TZ_VARIANTS;

/// How many names are offered: more would not be read.
const OFFERED: usize = 3;

/// Edits beyond which a name is no longer "like" the words, per eight letters.
const EDITS_PER_EIGHT: usize = 2;

/// Words longer than any zone name by far are not compared at all.
const MAX_COMPARED: usize = 48;

/// Up to three IANA names near `word`, nearest first, equal distances in name order.
pub(super) fn near_names(word: &str) -> Vec<&'static str> {
    if word.len() > MAX_COMPARED {
        return Vec::new();
    }
    let wanted = folded(word);
    let allowed = (wanted.len() * EDITS_PER_EIGHT).div_ceil(8).max(1);
    let mut ranked: Vec<(usize, &'static str)> = TZ_VARIANTS
        .iter()
        .map(|tz| (distance_to(&wanted, tz.name()), tz.name()))
        .filter(|(edits, _)| *edits <= allowed)
        .collect();
    ranked.sort_unstable();
    ranked.truncate(OFFERED);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// Distance to the whole name or to its city alone, whichever is nearer.
fn distance_to(wanted: &[u8], name: &str) -> usize {
    let city = name.rsplit('/').next().unwrap_or(name);
    edits(wanted, &folded(name)).min(edits(wanted, &folded(city)))
}

/// Lower case, with blanks as the underscores that IANA names use.
fn folded(word: &str) -> Vec<u8> {
    word.bytes()
        .map(|b| {
            if b == b' ' {
                b'_'
            } else {
                b.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Levenshtein's edit distance, one row of the table at a time.
fn edits(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (to, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let best = (*above + 1)
                .min(left + 1)
                .min(diagonal + usize::from(from != to));
            diagonal = *above;
            *above = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(edits(b"", b"abc"), 3);
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(edits(b"same", b"same"), 0);
    }

    #[test]
    fn a_city_alone_is_enough() {
        assert_eq!(near_names("new york").first(), Some(&"America/New_York"));
        assert!(near_names("nowhere at all").is_empty());
    }
}
