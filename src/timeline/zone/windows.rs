//! Windows zone ids and display names, and the IANA zones they stand for.
//!
//! Windows has ids of its own (`W. Europe Standard Time`) and display names
//! (`(UTC+01:00) Amsterdam, Berlin, ...`) which are translated on localized systems and
//! state the *standard* offset all year round. The pairs of id and zone are those that
//! the Unicode CLDR project maintains for the territory "world" (windowsZones, 2021a);
//! retired ids and the names that Windows itself uses in place of some ids are added.
//! The places are those the display names list, cut to what tells zones of one offset
//! apart, with the spellings of a few other languages.

use chrono_tz::Tz;

use super::places::PLACES;
use super::{Zone, ZoneFact, offset_words};

/// One zone as Windows knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowsZone {
    /// The id, always English: `W. Europe Standard Time`.
    pub id: &'static str,
    /// The IANA zone with the same rules.
    pub iana: &'static str,
    /// Minutes east of UTC in the display name, which never shows daylight saving.
    pub standard_minutes: i32,
    /// Lower-case places of the display name, separated by `|`.
    places: &'static str,
}

const fn row(
    id: &'static str,
    iana: &'static str,
    standard_minutes: i32,
    places: &'static str,
) -> WindowsZone {
    WindowsZone {
        id,
        iana,
        standard_minutes,
        places,
    }
}

/// Every zone id of current Windows, west to east, then retired ids and other names.
#[rustfmt::skip]
pub const WINDOWS_ZONES: &[WindowsZone] = &[
    row("Dateline Standard Time", "Etc/GMT+12", -720, "date line|datumsgrenze|changement de date"),
    row("UTC-11", "Etc/GMT+11", -660, "universal time-11|midway"),
    row("Aleutian Standard Time", "America/Adak", -600, "aleutian|al\u{e9}outiennes"),
    row("Hawaiian Standard Time", "Pacific/Honolulu", -600, "hawai"),
    row("Marquesas Standard Time", "Pacific/Marquesas", -570, "marquesas|marquises"),
    row("Alaskan Standard Time", "America/Anchorage", -540, "alaska"),
    row("UTC-09", "Etc/GMT+9", -540, "universal time-09"),
    row("Pacific Standard Time (Mexico)", "America/Tijuana", -480, "baja california|basse-californie|niederkalifornien"),
    row("UTC-08", "Etc/GMT+8", -480, "universal time-08"),
    row("Pacific Standard Time", "America/Los_Angeles", -480, "pacific time|pacific zeit|pacifique|pac\u{ed}fico"),
    row("US Mountain Standard Time", "America/Phoenix", -420, "arizona"),
    row("Mountain Standard Time (Mexico)", "America/Mazatlan", -420, "mazatl|chihuahua"),
    row("Mountain Standard Time", "America/Denver", -420, "mountain time|mountain zeit|rocheuses|monta\u{f1}as"),
    row("Yukon Standard Time", "America/Whitehorse", -420, "yukon"),
    row("Central America Standard Time", "America/Guatemala", -360, "central america|zentralamerika|am\u{e9}rique centrale|am\u{e9}rica central"),
    row("Central Standard Time", "America/Chicago", -360, "central time|central zeit|centre (|hora central"),
    row("Easter Island Standard Time", "Pacific/Easter", -360, "easter island|osterinsel|p\u{e2}ques|pascua"),
    row("Central Standard Time (Mexico)", "America/Mexico_City", -360, "guadalajara|mexico city|monterrey|mexiko|mexico|m\u{e9}xico"),
    row("Canada Central Standard Time", "America/Regina", -360, "saskatchewan"),
    row("SA Pacific Standard Time", "America/Bogota", -300, "bogot|lima|quito|rio branco"),
    row("Eastern Standard Time (Mexico)", "America/Cancun", -300, "chetumal"),
    row("Eastern Standard Time", "America/New_York", -300, "eastern time|eastern zeit|est (|hora oriental|hora del este"),
    row("Haiti Standard Time", "America/Port-au-Prince", -300, "haiti|ha\u{ef}ti|hait\u{ed}"),
    row("Cuba Standard Time", "America/Havana", -300, "havan|la havane"),
    row("US Eastern Standard Time", "America/Indiana/Indianapolis", -300, "indiana"),
    row("Turks And Caicos Standard Time", "America/Grand_Turk", -300, "turks"),
    row("Paraguay Standard Time", "America/Asuncion", -240, "asunci"),
    row("Atlantic Standard Time", "America/Halifax", -240, "atlantic time|atlantic zeit|atlantik|atlantique|atl\u{e1}ntico"),
    row("Venezuela Standard Time", "America/Caracas", -240, "caracas"),
    row("Central Brazilian Standard Time", "America/Cuiaba", -240, "cuiab"),
    row("SA Western Standard Time", "America/La_Paz", -240, "georgetown|la paz|manaus|san juan"),
    row("Pacific SA Standard Time", "America/Santiago", -240, "santiago"),
    row("Newfoundland Standard Time", "America/St_Johns", -210, "newfoundland|neufundland|terre-neuve|terranova"),
    row("Tocantins Standard Time", "America/Araguaina", -180, "aragua"),
    row("E. South America Standard Time", "America/Sao_Paulo", -180, "brasilia|bras\u{ed}lia"),
    row("SA Eastern Standard Time", "America/Cayenne", -180, "cayenne|fortaleza|cayena"),
    row("Argentina Standard Time", "America/Argentina/Buenos_Aires", -180, "buenos aires"),
    row("Greenland Standard Time", "America/Nuuk", -120, "greenland|gr\u{f6}nland|groenland"),
    row("Montevideo Standard Time", "America/Montevideo", -180, "montevideo"),
    row("Magallanes Standard Time", "America/Punta_Arenas", -180, "punta arenas"),
    row("Saint Pierre Standard Time", "America/Miquelon", -180, "miquelon|miquel\u{f3}n"),
    row("Bahia Standard Time", "America/Bahia", -180, "salvador"),
    row("UTC-02", "Etc/GMT+2", -120, "universal time-02"),
    row("Azores Standard Time", "Atlantic/Azores", -60, "azores|azoren|a\u{e7}ores"),
    row("Cape Verde Standard Time", "Atlantic/Cape_Verde", -60, "cabo verde|cape verde|kapverd|cap vert|cap-vert"),
    row("UTC", "Etc/UTC", 0, "coordinated universal|koordinierte weltzeit|temps universel|tiempo universal|utc"),
    row("GMT Standard Time", "Europe/London", 0, "dublin|edinburgh|lisbon|london|lissabon|lisbonne|londres|lisboa|edimbur"),
    row("Greenwich Standard Time", "Atlantic/Reykjavik", 0, "monrovia|reykjav"),
    row("Sao Tome Standard Time", "Africa/Sao_Tome", 0, "tome|tom\u{e9}"),
    row("Morocco Standard Time", "Africa/Casablanca", 60, "casablanca"),
    row("W. Europe Standard Time", "Europe/Berlin", 60, "amsterdam|berlin|bern|rome|stockholm|vienna|rom,|wien|vienne|estocolmo"),
    row("Central Europe Standard Time", "Europe/Budapest", 60, "belgrad|bratislava|budapest|ljubljana|prag"),
    row("Romance Standard Time", "Europe/Paris", 60, "brussels|copenhagen|madrid|paris|kopenhagen|copenhague|br\u{fc}ssel|bruxelles"),
    row("Central European Standard Time", "Europe/Warsaw", 60, "sarajevo|skopje|warsaw|zagreb|warschau|varsovi"),
    row("W. Central Africa Standard Time", "Africa/Lagos", 60, "west central africa|westl. zentralafrika|afrique centrale|\u{e1}frica central"),
    row("Jordan Standard Time", "Asia/Amman", 180, "amman"),
    row("GTB Standard Time", "Europe/Bucharest", 120, "athen|buchar|bukarest|bucarest|ath\u{e8}nes|atenas"),
    row("Middle East Standard Time", "Asia/Beirut", 120, "beir|beyrouth"),
    row("Egypt Standard Time", "Africa/Cairo", 120, "cairo|kairo|le caire"),
    row("E. Europe Standard Time", "Europe/Chisinau", 120, "chisinau|chi\u{15f}in\u{103}u"),
    row("Syria Standard Time", "Asia/Damascus", 180, "damas"),
    row("West Bank Standard Time", "Asia/Hebron", 120, "gaza|hebron"),
    row("South Africa Standard Time", "Africa/Johannesburg", 120, "harare|pretoria"),
    row("FLE Standard Time", "Europe/Kyiv", 120, "helsinki|kyiv|kiev|riga|sofia|tallinn|vilnius|kiew"),
    row("Israel Standard Time", "Asia/Jerusalem", 120, "jerusal"),
    row("South Sudan Standard Time", "Africa/Juba", 120, "juba"),
    row("Kaliningrad Standard Time", "Europe/Kaliningrad", 120, "kaliningrad"),
    row("Sudan Standard Time", "Africa/Khartoum", 120, "khart|jartum"),
    row("Libya Standard Time", "Africa/Tripoli", 120, "tripoli"),
    row("Namibia Standard Time", "Africa/Windhoek", 120, "windhoek"),
    row("Arabic Standard Time", "Asia/Baghdad", 180, "baghdad|bagdad"),
    row("Turkey Standard Time", "Europe/Istanbul", 180, "istanbul|estambul"),
    row("Arab Standard Time", "Asia/Riyadh", 180, "kuwait|riyadh|riad|kowe"),
    row("Belarus Standard Time", "Europe/Minsk", 180, "minsk"),
    row("Russian Standard Time", "Europe/Moscow", 180, "moscow|petersburg|moskau|moscou|mosc\u{fa}"),
    row("E. Africa Standard Time", "Africa/Nairobi", 180, "nairobi"),
    row("Iran Standard Time", "Asia/Tehran", 210, "tehran|teheran|t\u{e9}h\u{e9}ran"),
    row("Arabian Standard Time", "Asia/Dubai", 240, "abu dhabi|muscat|abou dabi|maskat"),
    row("Astrakhan Standard Time", "Europe/Astrakhan", 240, "astrakhan|ulyanovsk|astrachan"),
    row("Azerbaijan Standard Time", "Asia/Baku", 240, "baku|bakou|bak\u{fa}"),
    row("Russia Time Zone 3", "Europe/Samara", 240, "izhevsk|samara"),
    row("Mauritius Standard Time", "Indian/Mauritius", 240, "port louis"),
    row("Saratov Standard Time", "Europe/Saratov", 240, "sarat"),
    row("Georgian Standard Time", "Asia/Tbilisi", 240, "tbilisi|tiflis"),
    row("Volgograd Standard Time", "Europe/Volgograd", 180, "volgograd|wolgograd"),
    row("Caucasus Standard Time", "Asia/Yerevan", 240, "yerevan|eriwan|erevan"),
    row("Afghanistan Standard Time", "Asia/Kabul", 270, "kabul|kaboul"),
    row("West Asia Standard Time", "Asia/Tashkent", 300, "ashgabat|tashkent|taschkent|tachkent"),
    row("Ekaterinburg Standard Time", "Asia/Yekaterinburg", 300, "ekaterin|jekaterin"),
    row("Pakistan Standard Time", "Asia/Karachi", 300, "islamabad|karachi|karatschi"),
    row("Qyzylorda Standard Time", "Asia/Qyzylorda", 300, "qyzylorda"),
    row("India Standard Time", "Asia/Kolkata", 330, "chennai|kolkata|mumbai|delhi"),
    row("Sri Lanka Standard Time", "Asia/Colombo", 330, "jayawardene"),
    row("Nepal Standard Time", "Asia/Kathmandu", 345, "kathmandu|katmand"),
    row("Central Asia Standard Time", "Asia/Bishkek", 360, "astana|nur-sultan|bishkek"),
    row("Bangladesh Standard Time", "Asia/Dhaka", 360, "dhaka|dacca"),
    row("Omsk Standard Time", "Asia/Omsk", 360, "omsk"),
    row("Myanmar Standard Time", "Asia/Yangon", 390, "yangon|rangoon|rangun"),
    row("SE Asia Standard Time", "Asia/Bangkok", 420, "bangkok|hanoi|jakarta"),
    row("Altai Standard Time", "Asia/Barnaul", 420, "barna"),
    row("W. Mongolia Standard Time", "Asia/Hovd", 420, "hovd"),
    row("North Asia Standard Time", "Asia/Krasnoyarsk", 420, "krasnoyarsk|krasnojarsk|krasno\u{ef}arsk"),
    row("N. Central Asia Standard Time", "Asia/Novosibirsk", 420, "novosibirsk|nowosibirsk"),
    row("Tomsk Standard Time", "Asia/Tomsk", 420, "tomsk"),
    row("China Standard Time", "Asia/Shanghai", 480, "beijing|chongqing|hong kong|urumqi|peking|p\u{e9}kin|pek\u{ed}n|hongkong"),
    row("North Asia East Standard Time", "Asia/Irkutsk", 480, "irkutsk|irkoutsk"),
    row("Singapore Standard Time", "Asia/Singapore", 480, "kuala lumpur|singap"),
    row("W. Australia Standard Time", "Australia/Perth", 480, "perth"),
    row("Taipei Standard Time", "Asia/Taipei", 480, "taip"),
    row("Ulaanbaatar Standard Time", "Asia/Ulaanbaatar", 480, "ulaanbaatar|ulan"),
    row("Aus Central W. Standard Time", "Australia/Eucla", 525, "eucla"),
    row("Transbaikal Standard Time", "Asia/Chita", 540, "chita|tschita|tchita"),
    row("Tokyo Standard Time", "Asia/Tokyo", 540, "osaka|sapporo|tokyo|tokio"),
    row("North Korea Standard Time", "Asia/Pyongyang", 540, "pyongyang|pj\u{f6}ngjang"),
    row("Korea Standard Time", "Asia/Seoul", 540, "seoul|s\u{e9}oul|se\u{fa}l"),
    row("Yakutsk Standard Time", "Asia/Yakutsk", 540, "yakutsk|jakutsk|iakoutsk"),
    row("Cen. Australia Standard Time", "Australia/Adelaide", 570, "adela"),
    row("AUS Central Standard Time", "Australia/Darwin", 570, "darwin"),
    row("E. Australia Standard Time", "Australia/Brisbane", 600, "brisbane"),
    row("AUS Eastern Standard Time", "Australia/Sydney", 600, "canberra|melbourne|sydney|s\u{ed}dney"),
    row("West Pacific Standard Time", "Pacific/Port_Moresby", 600, "guam|port moresby"),
    row("Tasmania Standard Time", "Australia/Hobart", 600, "hobart"),
    row("Vladivostok Standard Time", "Asia/Vladivostok", 600, "vladivostok|wladiwostok"),
    row("Lord Howe Standard Time", "Australia/Lord_Howe", 630, "lord howe|lord-howe"),
    row("Bougainville Standard Time", "Pacific/Bougainville", 660, "bougainville"),
    row("Russia Time Zone 10", "Asia/Srednekolymsk", 660, "chokurdakh"),
    row("Magadan Standard Time", "Asia/Magadan", 660, "magadan"),
    row("Norfolk Standard Time", "Pacific/Norfolk", 660, "norfolk"),
    row("Sakhalin Standard Time", "Asia/Sakhalin", 660, "sakhalin|sachalin"),
    row("Central Pacific Standard Time", "Pacific/Guadalcanal", 660, "solomon|new caledonia|salom|neukaledonien|nouvelle-cal"),
    row("Russia Time Zone 11", "Asia/Kamchatka", 720, "anadyr|petropavlovsk-kamchatsky"),
    row("New Zealand Standard Time", "Pacific/Auckland", 720, "auckland|wellington"),
    row("UTC+12", "Etc/GMT-12", 720, "universal time+12"),
    row("Fiji Standard Time", "Pacific/Fiji", 720, "fiji|fidschi|fidji"),
    row("Chatham Islands Standard Time", "Pacific/Chatham", 765, "chatham"),
    row("UTC+13", "Etc/GMT-13", 780, "universal time+13"),
    row("Tonga Standard Time", "Pacific/Tongatapu", 780, "nuku"),
    row("Samoa Standard Time", "Pacific/Apia", 780, "samoa"),
    row("Line Islands Standard Time", "Pacific/Kiritimati", 840, "kiritimati"),
    // Retired ids.
    row("Kamchatka Standard Time", "Asia/Kamchatka", 720, "petropavlovsk-kamchatsky - old"),
    row("Mid-Atlantic Standard Time", "Atlantic/South_Georgia", -120, "mid-atlantic"),
    row("Mexico Standard Time", "America/Mexico_City", -360, ""),
    row("Mexico Standard Time 2", "America/Mazatlan", -420, ""),
    row("Armenian Standard Time", "Asia/Yerevan", 240, ""),
    // Names that Windows shows in place of the id.
    row("Coordinated Universal Time", "Etc/UTC", 0, ""),
    row("Greenwich Mean Time", "Europe/London", 0, ""),
    row("Jerusalem Standard Time", "Asia/Jerusalem", 120, ""),
    row("Malay Peninsula Standard Time", "Asia/Singapore", 480, ""),
    row("Cabo Verde Standard Time", "Atlantic/Cape_Verde", -60, ""),
    row("Novosibirsk Standard Time", "Asia/Novosibirsk", 420, ""),
    row("Russia TZ 1 Standard Time", "Europe/Kaliningrad", 120, ""),
    row("Russia TZ 2 Standard Time", "Europe/Moscow", 180, ""),
    row("Russia TZ 3 Standard Time", "Europe/Samara", 240, ""),
    row("Russia TZ 4 Standard Time", "Asia/Yekaterinburg", 300, ""),
    row("Russia TZ 5 Standard Time", "Asia/Omsk", 360, ""),
    row("Russia TZ 6 Standard Time", "Asia/Krasnoyarsk", 420, ""),
    row("Russia TZ 7 Standard Time", "Asia/Irkutsk", 480, ""),
    row("Russia TZ 8 Standard Time", "Asia/Yakutsk", 540, ""),
    row("Russia TZ 9 Standard Time", "Asia/Vladivostok", 600, ""),
    row("Mitteleurop\u{e4}ische Zeit", "Europe/Berlin", 60, ""),
    row("Mitteleurop\u{e4}ische Sommerzeit", "Europe/Berlin", 60, ""),
];

impl WindowsZone {
    /// The zone's rules; `None` only if the compiled zone data lacked the name.
    pub fn zone(&self) -> Option<Zone> {
        match self.iana {
            "Etc/UTC" => Some(Zone::Utc),
            name => name.parse::<Tz>().ok().map(Zone::Named),
        }
    }

    fn places(&self) -> impl Iterator<Item = &'static str> {
        let own = self.places.split('|').filter(|place| !place.is_empty());
        let others = PLACES.iter().filter(|(id, _)| *id == self.id);
        own.chain(others.flat_map(|(_, places)| *places).copied())
    }
}

/// The zone with this id, in any case, in its standard or daylight form
/// (`Pacific Daylight Time` names the zone whose id is `Pacific Standard Time`).
pub fn windows_zone(id: &str) -> Option<&'static WindowsZone> {
    let standard = replace_ignoring_case(id.trim(), "Daylight Time", "Standard Time");
    let wanted = standard.to_lowercase();
    WINDOWS_ZONES
        .iter()
        .find(|zone| zone.id.to_lowercase() == wanted)
}

/// The longest zone id that `text` begins with, and the text after it.
pub(crate) fn leading_windows_zone(text: &str) -> Option<(&'static WindowsZone, &str)> {
    let mut found: Option<(&'static WindowsZone, usize)> = None;
    let begins_alike = |id: &str| {
        id.get(..3)
            .zip(text.get(..3))
            .is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    for zone in WINDOWS_ZONES.iter().filter(|zone| begins_alike(zone.id)) {
        let daylight = zone.id.replace("Standard", "Daylight");
        for name in [zone.id, daylight.as_str()] {
            let begins = text
                .split_at_checked(name.len())
                .is_some_and(|(head, tail)| {
                    head.to_lowercase() == name.to_lowercase()
                        && !tail.starts_with(char::is_alphanumeric)
                });
            if begins && found.is_none_or(|(_, length)| name.len() > length) {
                found = Some((zone, name.len()));
            }
        }
    }
    found.and_then(|(zone, length)| Some((zone, text.get(length..)?)))
}

fn replace_ignoring_case(text: &str, from: &str, to: &str) -> String {
    match text.to_ascii_lowercase().find(&from.to_ascii_lowercase()) {
        Some(at) => {
            let head = text.get(..at).unwrap_or_default();
            let tail = text.get(at + from.len()..).unwrap_or_default();
            format!("{head}{to}{tail}")
        }
        None => text.to_owned(),
    }
}

/// What a display name such as `(UTC+01:00) Amsterdam, Berlin, ...` says: the zone when
/// its places single one out, otherwise the standard offset alone.
///
/// The offset shown was changed by Windows updates for a few zones, so places that
/// single out a zone one hour off are believed over the offset.
pub fn display_name(text: &str) -> Option<ZoneFact> {
    let (bracket, places) = text.trim().strip_prefix('(')?.split_once(')')?;
    let minutes = match bracket.trim() {
        "UTC" | "GMT" => 0,
        offset => offset_words(offset)??,
    };
    let places = places.trim().to_lowercase();
    let single = |tolerance: i32| singled_out(&places, minutes, tolerance);
    if let Some(zone) = single(0).or_else(|| single(60)).and_then(WindowsZone::zone) {
        return Some(ZoneFact::Zone(zone));
    }
    match Zone::from_minutes(minutes)? {
        Zone::Utc if places.is_empty() => Some(ZoneFact::Zone(Zone::Utc)),
        _ => Some(ZoneFact::StandardOffset { minutes }),
    }
}

/// The one zone within `tolerance` minutes whose places occur most often in the text.
fn singled_out(places: &str, minutes: i32, tolerance: i32) -> Option<&'static WindowsZone> {
    let lossy = lossy(places);
    let stands = |place: &&str| places.contains(*place) || stands_lossy(&lossy, place);
    let hits = |zone: &WindowsZone| zone.places().filter(stands).count();
    let mut ranked: Vec<(usize, &'static WindowsZone)> = WINDOWS_ZONES
        .iter()
        .filter(|zone| (zone.standard_minutes - minutes).abs() <= tolerance)
        .map(|zone| (hits(zone), zone))
        .filter(|(count, _)| *count > 0)
        .collect();
    ranked.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    match ranked.as_slice() {
        [(_, only)] => Some(only),
        [(most, best), (next, _), ..] if most > next => Some(best),
        _ => None,
    }
}

/// Letters of ASCII that a place must keep to be known by them.
const MIN_KEPT: usize = 4;

/// True where the place has letters outside ASCII and stands in a text that lost its own: which
/// code page a list was written in is not known.
fn stands_lossy(text: &str, place: &str) -> bool {
    let kept = place.chars().filter(char::is_ascii_alphabetic).count();
    !place.is_ascii() && kept >= MIN_KEPT && text.contains(&lossy(place))
}

/// With one `?` for any run of characters outside ASCII.
fn lossy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() && c != '?' => out.push(c),
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
    fn every_row_names_a_real_zone_and_ids_are_distinct() {
        let mut ids = std::collections::BTreeSet::new();
        for zone in WINDOWS_ZONES {
            assert!(zone.zone().is_some(), "{}", zone.iana);
            assert!(ids.insert(zone.id.to_lowercase()), "{} twice", zone.id);
        }
        assert!(WINDOWS_ZONES.len() >= 140);
    }

    /// The displayed offset is the zone's own standard offset in a recent winter or
    /// summer; this would show a slip of one line in the table.
    #[test]
    fn displayed_offsets_agree_with_the_zone_data() {
        use chrono::{TimeZone, Utc};
        for zone in WINDOWS_ZONES {
            let rules = zone.zone().unwrap();
            let offsets = [1, 3, 7].map(|month| {
                let instant = Utc.with_ymd_and_hms(2023, month, 25, 12, 0, 0).unwrap();
                rules.offset_at(instant).local_minus_utc() / 60
            });
            let shown = zone.standard_minutes;
            assert!(
                offsets.contains(&shown),
                "{}: {shown} not in {offsets:?}",
                zone.id
            );
        }
    }

    #[test]
    fn each_display_name_finds_its_own_row() {
        for zone in WINDOWS_ZONES
            .iter()
            .filter(|zone| zone.id != "Kamchatka Standard Time")
        {
            for place in zone.places() {
                let found = singled_out(place, zone.standard_minutes, 0);
                assert_eq!(found.map(|z| z.id), Some(zone.id), "place `{place}`");
            }
        }
    }

    #[test]
    fn display_names_of_systeminfo() {
        let named = |text: &str| match display_name(text) {
            Some(ZoneFact::Zone(zone)) => zone.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(
            named("(UTC+01:00) Amsterdam, Berlin, Bern, Rome"),
            "Europe/Berlin"
        );
        assert_eq!(
            named("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Wien"),
            "Europe/Berlin"
        );
        assert_eq!(
            named("(UTC-08:00) Pacific Time (US & Canada)"),
            "America/Los_Angeles"
        );
        assert_eq!(
            named("(GMT-08:00) Pacific Time (US & Canada); Tijuana"),
            "America/Los_Angeles"
        );
        assert_eq!(
            named("(UTC+01:00) Bruxelles, Copenhague, Madrid, Paris"),
            "Europe/Paris"
        );
        assert_eq!(named("(UTC) Coordinated Universal Time"), "UTC");
        assert_eq!(
            named("(UTC) Dublin, Edinburgh, Lisbon, London"),
            "Europe/London"
        );
        assert_eq!(
            named("(UTC+04:00) Moscow, St. Petersburg, Volgograd"),
            "Europe/Moscow"
        );
        assert_eq!(
            named("(UTC-05:00) Indiana (East)"),
            "America/Indiana/Indianapolis"
        );
        assert_eq!(
            named("(UTC-05:00) Eastern Time (US & Canada)"),
            "America/New_York"
        );
    }

    #[test]
    fn display_names_in_other_languages_and_code_pages() {
        for (text, expected) in [
            ("(UTC+09:00) 大阪、札幌、東京", "Asia/Tokyo"),
            (
                "(UTC+08:00) 北京，重庆，香港特别行政区，乌鲁木齐",
                "Asia/Shanghai",
            ),
            ("(UTC+08:00) 台北", "Asia/Taipei"),
            ("(UTC+09:00) 서울", "Asia/Seoul"),
            ("(UTC+03:00) Москва, Санкт-Петербург", "Europe/Moscow"),
            ("(UTC-03:00) Brasília", "America/Sao_Paulo"),
            ("(UTC-03:00) Bras\u{a1}lia", "America/Sao_Paulo"),
            ("(UTC-03:00) Bras?lia", "America/Sao_Paulo"),
            (
                "(UTC+01:00) Sarajewo, Skopie, Warszawa, Zagrzeb",
                "Europe/Warsaw",
            ),
        ] {
            let zone = Zone::parse(expected).unwrap();
            assert_eq!(display_name(text), Some(ZoneFact::Zone(zone)), "{text}");
        }
    }

    #[test]
    fn places_of_other_languages_belong_to_rows() {
        for (id, places) in PLACES {
            assert!(WINDOWS_ZONES.iter().any(|zone| zone.id == *id), "{id}");
            assert!(places.iter().all(|p| p.to_lowercase() == **p), "{id}");
        }
    }

    #[test]
    fn unknown_places_leave_the_standard_offset() {
        assert_eq!(
            display_name("(UTC+01:00) \u{963f}\u{59c6}"),
            Some(ZoneFact::StandardOffset { minutes: 60 })
        );
        assert_eq!(display_name("Amsterdam"), None);
        assert_eq!(display_name("(UTC+99:00) x"), None);
    }

    #[test]
    fn daylight_names_are_the_same_zone() {
        assert_eq!(
            windows_zone("pacific daylight time").map(|z| z.iana),
            Some("America/Los_Angeles")
        );
        let (zone, rest) = leading_windows_zone("W. Europe Standard Time (local").unwrap();
        assert_eq!((zone.iana, rest), ("Europe/Berlin", " (local"));
        let (zone, _) = leading_windows_zone("Pacific Standard Time (Mexico) x").unwrap();
        assert_eq!(zone.iana, "America/Tijuana");
        assert!(leading_windows_zone("nothing").is_none());
    }
}
