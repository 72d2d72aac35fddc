//! Names of months and weekdays as long dates and `%DATE%` write them.
//!
//! Letters outside ASCII arrive in whatever code page a collector used, and as `?`
//! from PowerShell's `-Encoding ascii`; both the tables and the words compared with them
//! therefore carry one `?` for any run of such letters. Languages whose names are known in full only
//! are in `names`.

use chrono::Weekday;

use super::names;

/// Full names, one row a month; a word names the month when it is the beginning of
/// these names only. English, German, French, Spanish, Italian, Dutch, Portuguese,
/// Scandinavian, Polish (in the case that dates use).
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "j?nner", "janvier", "enero", "gennaio", "januari", "janeiro", "stycznia"],
    &["february", "februar", "f?vrier", "febrero", "febbraio", "februari", "fevereiro", "lutego"],
    &["march", "m?rz", "mars", "marzo", "maart", "mrt", "mar?o", "marts", "marca"],
    &["april", "avril", "abril", "aprile", "kwietnia"],
    &["may", "mai", "mayo", "maggio", "mei", "maio", "maj", "maja"],
    &["june", "juni", "juin", "junio", "giugno", "junho", "czerwca"],
    &["july", "juli", "juillet", "julio", "luglio", "julho", "lipca"],
    &["august", "ao?t", "agosto", "augustus", "augusti", "sierpnia"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro", "wrze?nia"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro", "pa?dziernika"],
    &["november", "novembre", "noviembre", "novembro", "listopada"],
    &["december", "dezember", "d?cembre", "diciembre", "dicembre", "dezembro", "desember", "grudnia"],
];

#[rustfmt::skip]
const WEEKDAYS: [(Weekday, &[&str]); 7] = [
    (Weekday::Mon, &["monday", "montag", "lundi", "lunes", "luned?", "maandag", "segunda"]),
    (Weekday::Tue, &["tuesday", "dienstag", "mardi", "martes", "marted?", "dinsdag", "ter?a"]),
    (Weekday::Wed, &["wednesday", "mittwoch", "mercredi", "mi?rcoles", "mercoled?", "woensdag", "quarta"]),
    (Weekday::Thu, &["thursday", "donnerstag", "jeudi", "jueves", "gioved?", "donderdag", "quinta"]),
    (Weekday::Fri, &["friday", "freitag", "vendredi", "viernes", "venerd?", "vrijdag", "sexta"]),
    (Weekday::Sat, &["saturday", "samstag", "sonnabend", "samedi", "s?bado", "sabato", "zaterdag"]),
    (Weekday::Sun, &["sunday", "sonntag", "dimanche", "domingo", "domenica", "zondag"]),
];

/// Shortest abbreviation of a month (`May` is whole) and of a weekday (`Mo`).
const MONTH_LETTERS: usize = 3;
const WEEKDAY_LETTERS: usize = 2;

/// A letter of a name, or the `?` that a lossy encoding left of one.
pub(super) fn is_name_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '?' || !c.is_ascii()
}

/// The month (1 to 12) that `word` names in full or in short.
pub(super) fn month(word: &str) -> Option<u32> {
    let numbered = (1u32..).zip(MONTHS);
    names::month(word.trim_end_matches('.')).or_else(|| named(word, MONTH_LETTERS, numbered))
}

/// The weekday that `word` names; `None` also where two languages disagree (`di`).
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let whole = names::weekday(word).and_then(|number| {
        let from_monday = u8::try_from(number.checked_sub(1)?).ok()?;
        Weekday::try_from(from_monday).ok()
    });
    whole.or_else(|| named(word, WEEKDAY_LETTERS, WEEKDAYS))
}

fn named<T: PartialEq + Copy>(
    word: &str,
    shortest: usize,
    table: impl IntoIterator<Item = (T, &'static [&'static str])>,
) -> Option<T> {
    let word = folded(word.trim_end_matches('.'));
    if word.len() < shortest {
        return None;
    }
    let mut hits = table
        .into_iter()
        .filter(|(_, names)| names.iter().any(|name| name.starts_with(word.as_str())))
        .map(|(value, _)| value);
    let first = hits.next()?;
    hits.next().is_none().then_some(first)
}

pub(super) fn folded(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c.to_ascii_lowercase() {
            lower @ 'a'..='z' => out.push(lower),
            _ if out.ends_with('?') => {}
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_encoding() {
        for (word, expected) in [
            ("May", 5),
            ("M\u{e4}rz", 3),
            ("M?rz", 3),
            ("M\u{c3}\u{a4}rz", 3),
            ("d\u{e9}c.", 12),
            ("ao\u{fb}t", 8),
            ("juil.", 7),
            ("mrt", 3),
            ("Okt", 10),
            ("SEPT", 9),
            ("mar\u{e7}o", 3),
        ] {
            assert_eq!(month(word), Some(expected), "{word}");
        }
        assert_eq!(month("jui"), None);
        assert_eq!(month("ma"), None);
        assert_eq!(month("Leak"), None);
    }

    #[test]
    fn weekdays_say_nothing_where_languages_disagree() {
        assert_eq!(weekday("Sun"), Some(Weekday::Sun));
        assert_eq!(weekday("Mo"), Some(Weekday::Mon));
        assert_eq!(weekday("vendredi"), Some(Weekday::Fri));
        assert_eq!(weekday("zo"), Some(Weekday::Sun));
        assert_eq!(weekday("di"), None);
        assert_eq!(weekday("ma"), None);
        assert_eq!(weekday("s?bado"), Some(Weekday::Sat));
    }

    #[test]
    fn every_name_names_its_own_row() {
        for (number, names) in (1u32..).zip(MONTHS) {
            assert!(
                names.iter().all(|name| month(name) == Some(number)),
                "{names:?}"
            );
        }
        for (day, names) in WEEKDAYS {
            assert!(
                names.iter().all(|name| weekday(name) == Some(day)),
                "{names:?}"
            );
        }
    }
}
