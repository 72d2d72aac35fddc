//! Names of months and weekdays that are known in full only.
//!
//! Months stand in the case that long dates use (`5 февраля`). A beginning of one of these names is no
//! name: some are the beginnings of other languages' months. The names are those of .NET's cultures
//! (`MonthGenitiveNames`, `DayNames`), which Windows' long dates show.
//!
//! A name in Latin letters is also known with `?` in place of those outside ASCII (see
//! [`words`](super::words)); one in other letters as its bytes in the code pages of its language.

use std::sync::LazyLock;

use encoding_rs::{Encoding, IBM866, WINDOWS_1251, WINDOWS_1253};

use super::half::bytes_of;
use super::words::folded;

const CYRILLIC: &[&Encoding] = &[WINDOWS_1251, IBM866];
const GREEK: &[&Encoding] = &[WINDOWS_1253];
const LATIN: &[&Encoding] = &[];

/// Letters that a name must keep in ASCII to be known by them.
const MIN_KEPT: usize = 3;

/// January to December.
#[rustfmt::skip]
const MONTHS: &[(&[&Encoding], [&str; 12])] = &[
    // Russian
    (CYRILLIC, ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"]),
    // Ukrainian
    (CYRILLIC, ["січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"]),
    // Bulgarian
    (CYRILLIC, ["януари", "февруари", "март", "април", "май", "юни", "юли", "август", "септември", "октомври", "ноември", "декември"]),
    // Greek
    (GREEK, ["ιανουαρίου", "φεβρουαρίου", "μαρτίου", "απριλίου", "μαΐου", "ιουνίου", "ιουλίου", "αυγούστου", "σεπτεμβρίου", "οκτωβρίου", "νοεμβρίου", "δεκεμβρίου"]),
    // Czech
    (LATIN, ["ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října", "listopadu", "prosince"]),
    // Slovak
    (LATIN, ["januára", "februára", "marca", "apríla", "mája", "júna", "júla", "augusta", "septembra", "októbra", "novembra", "decembra"]),
    // Hungarian
    (LATIN, ["január", "február", "március", "április", "május", "június", "július", "augusztus", "szeptember", "október", "november", "december"]),
    // Romanian
    (LATIN, ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"]),
    // Turkish
    (LATIN, ["ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık"]),
    // Finnish
    (LATIN, ["tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"]),
];

/// Monday to Sunday.
#[rustfmt::skip]
const WEEKDAYS: &[(&[&Encoding], [&str; 7])] = &[
    // Russian
    (CYRILLIC, ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"]),
    // Ukrainian
    (CYRILLIC, ["понеділок", "вівторок", "середа", "четвер", "п'ятниця", "субота", "неділя"]),
    // Bulgarian
    (CYRILLIC, ["понеделник", "вторник", "сряда", "четвъртък", "петък", "събота", "неделя"]),
    // Greek
    (GREEK, ["δευτέρα", "τρίτη", "τετάρτη", "πέμπτη", "παρασκευή", "σάββατο", "κυριακή"]),
    // Czech
    (LATIN, ["pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle"]),
    // Slovak
    (LATIN, ["pondelok", "utorok", "streda", "štvrtok", "piatok", "sobota", "nedeľa"]),
    // Hungarian
    (LATIN, ["hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap"]),
    // Romanian
    (LATIN, ["luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică"]),
    // Turkish
    (LATIN, ["pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi", "pazar"]),
    // Finnish
    (LATIN, ["maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai"]),
    // Danish, Norwegian
    (LATIN, ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"]),
    // Swedish
    (LATIN, ["måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"]),
];

/// Vietnamese months are counted: `Tháng Hai`. Folded, from January, with a second spelling of it.
#[rustfmt::skip]
const VIETNAMESE: &[(u32, &str)] = &[
    (1, "gi?ng"), (1, "m?t"), (2, "hai"), (3, "ba"), (4, "t?"), (5, "n?m"), (6, "s?u"), (7, "b?y"),
    (8, "t?m"), (9, "ch?n"), (10, "m?i"), (11, "m?i m?t"), (12, "m?i hai"),
];

/// A name in every form, with its number from 1.
type Forms = Vec<(String, u32)>;

static MONTH_FORMS: LazyLock<Forms> = LazyLock::new(|| forms(MONTHS));
static WEEKDAY_FORMS: LazyLock<Forms> = LazyLock::new(|| forms(WEEKDAYS));

fn forms<const N: usize>(table: &[(&'static [&'static Encoding], [&str; N])]) -> Forms {
    let mut forms = Forms::new();
    for (pages, names) in table {
        for (number, name) in (1..).zip(names) {
            forms.push(((*name).to_owned(), number));
            let lossy = folded(name);
            if lossy.chars().filter(char::is_ascii_alphabetic).count() >= MIN_KEPT {
                forms.push((lossy, number));
            }
            for spelt in [(*name).to_owned(), capital(name)] {
                let bytes = pages.iter().filter_map(|page| bytes_of(&spelt, page));
                forms.extend(bytes.map(|bytes| (bytes, number)));
            }
        }
    }
    forms
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// The month, from 1, whose whole name this is.
pub(super) fn month(word: &str) -> Option<u32> {
    numbered(&MONTH_FORMS, word)
}

/// The weekday, from Monday as 1, whose whole name this is.
pub(super) fn weekday(word: &str) -> Option<u32> {
    numbered(&WEEKDAY_FORMS, word)
}

/// The month that these words behind `Tháng` count.
pub(super) fn vietnamese_month(words: &str) -> Option<u32> {
    let words: Vec<String> = words.split(' ').map(folded).collect();
    let words = words.join(" ");
    VIETNAMESE
        .iter()
        .find(|(_, counted)| *counted == words)
        .map(|(number, _)| *number)
}

fn numbered(forms: &Forms, word: &str) -> Option<u32> {
    let (lower, lossy) = (word.to_lowercase(), folded(word));
    let is = |form: &str| form == word || form == lower || form == lossy;
    forms.iter().find(|(form, _)| is(form)).map(|(_, n)| *n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_one_number() {
        for forms in [&MONTH_FORMS, &WEEKDAY_FORMS] {
            for (form, number) in forms.iter() {
                let all = forms.iter().filter(|(other, _)| other == form);
                assert!(all.clone().all(|(_, n)| n == number), "{form}");
            }
        }
    }

    #[test]
    fn names_in_letters_bytes_and_lossy() {
        for (word, expected) in [
            ("февраля", 2),
            ("Φεβρουαρίου", 2),
            ("\u{e4}\u{a5}\u{a2}\u{e0}\u{a0}\u{ab}\u{ef}", 2),
            ("\u{f4}\u{e5}\u{e2}\u{f0}\u{e0}\u{eb}\u{ff}", 2),
            ("b?ezna", 3),
            ("B\u{159}ezna", 3),
            ("A?ustos", 8),
            ("marraskuuta", 11),
        ] {
            assert_eq!(month(word), Some(expected), "{word}");
        }
        for word in ["mar", "marras", "?????", "list"] {
            assert_eq!(month(word), None, "{word}");
        }
        assert_eq!(weekday("Szerda"), Some(3));
        assert_eq!(weekday("Pazar"), Some(7));
        assert_eq!(vietnamese_month("M\u{1b0}\u{1edd}i Hai"), Some(12));
        assert_eq!(vietnamese_month("T\u{1b0}"), Some(4));
    }
}
