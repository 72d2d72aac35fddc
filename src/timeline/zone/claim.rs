//! What a case says about its own zone, by whom, and whom to believe.

use std::fmt;

use chrono::NaiveDateTime;

use super::{LocalResolution, WindowsZone, Zone};

/// Who stated the zone, weakest first: a later variant is believed over an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneSource {
    /// The `Time Zone` line of a `systeminfo` output.
    SystemInfo,
    /// The header of a perfmon CSV file, which names zone and bias.
    PdhHeader,
    /// The event log's daily event 6013, which names zone and bias.
    EventLog,
    /// A registry export of `TimeZoneInformation`.
    Registry,
    /// The manifest that a collector wrote beside its files.
    Manifest,
    /// A time stamp that carries its own zone, as Clue's first line does.
    Stamp,
    /// The option `--tz`: the engineer said so.
    Option,
}

impl ZoneSource {
    /// Every source, weakest first; `docs/inputs.md` has a row for each.
    pub const ALL: [ZoneSource; ZoneSource::Option as usize + 1] = [
        ZoneSource::SystemInfo,
        ZoneSource::PdhHeader,
        ZoneSource::EventLog,
        ZoneSource::Registry,
        ZoneSource::Manifest,
        ZoneSource::Stamp,
        ZoneSource::Option,
    ];

    /// One sentence on how this source knows.
    pub const fn sentence(self) -> &'static str {
        match self {
            ZoneSource::SystemInfo => "systeminfo names the machine's zone",
            ZoneSource::PdhHeader => "a perfmon CSV header names the zone it was written in",
            ZoneSource::EventLog => "an event 6013 of the event log names the machine's zone",
            ZoneSource::Registry => "a registry export names the machine's zone",
            ZoneSource::Manifest => "the collector's manifest names the machine's zone",
            ZoneSource::Stamp => "a time stamp beside a snapshot carries its own zone",
            ZoneSource::Option => "the zone was given with --tz",
        }
    }

    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            ZoneSource::SystemInfo => "systeminfo",
            ZoneSource::PdhHeader => "pdh_header",
            ZoneSource::EventLog => "event_log",
            ZoneSource::Registry => "registry",
            ZoneSource::Manifest => "manifest",
            ZoneSource::Stamp => "stamp",
            ZoneSource::Option => "option",
        }
    }
}

impl fmt::Display for ZoneSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much a source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneFact {
    /// The zone with its daylight saving.
    Zone(Zone),
    /// Only the offset of standard time: in summer the clock may run an hour ahead. It is used
    /// where nothing names the whole zone, and said to be no more than that.
    StandardOffset {
        /// Minutes east of UTC.
        minutes: i32,
    },
}

/// One statement about the zone of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneClaim {
    /// What is stated.
    pub fact: ZoneFact,
    /// By whom.
    pub source: ZoneSource,
    /// The words that state it, for the evidence.
    pub text: String,
}

impl ZoneClaim {
    /// A zone known in full.
    pub fn new(zone: Zone, source: ZoneSource, text: impl Into<String>) -> Self {
        ZoneClaim {
            fact: ZoneFact::Zone(zone),
            source,
            text: text.into(),
        }
    }

    /// What the `Time Zone` line of systeminfo says, in full or its offset alone; that of msinfo32
    /// is Windows' name of the zone.
    pub fn from_systeminfo(display_name: &str) -> Option<Self> {
        let by_id = || {
            super::windows_zone(display_name.trim())?
                .zone()
                .map(ZoneFact::Zone)
        };
        let fact = super::display_name(display_name).or_else(by_id)?;
        let text = display_name.trim().to_owned();
        Some(ZoneClaim {
            fact,
            source: ZoneSource::SystemInfo,
            text,
        })
    }

    /// What a collector's manifest says: Windows' name of the zone, or, where that is not known
    /// or cannot have that bias, the offset of standard time alone. `bias_minutes` counts west.
    pub fn from_manifest(name: &str, bias_minutes: Option<i32>) -> Option<Self> {
        Self::by_name_and_bias(name, bias_minutes, ZoneSource::Manifest)
    }

    /// What the key `TimeZoneInformation` says: as a manifest does, and whether daylight saving is
    /// switched off, so that the machine keeps standard time all year.
    pub fn from_registry(
        name: &str,
        bias_minutes: Option<i32>,
        without_daylight: bool,
    ) -> Option<Self> {
        let standard = bias_minutes.and_then(i32::checked_neg);
        if without_daylight && let Some(zone) = standard.and_then(Zone::from_minutes) {
            let text = format!("{name}, without daylight saving")
                .trim_start_matches(", ")
                .to_owned();
            return Some(ZoneClaim::new(zone, ZoneSource::Registry, text));
        }
        Self::by_name_and_bias(name, bias_minutes, ZoneSource::Registry)
    }

    fn by_name_and_bias(name: &str, bias_minutes: Option<i32>, source: ZoneSource) -> Option<Self> {
        let east = bias_minutes.and_then(i32::checked_neg);
        let zone = super::windows_zone(name)
            .filter(|row| east.is_none_or(|east| east == row.standard_minutes))
            .and_then(|row| row.zone());
        let fact = match (zone, east) {
            (Some(zone), _) => ZoneFact::Zone(zone),
            (None, Some(minutes)) if minutes.abs() <= 840 => ZoneFact::StandardOffset { minutes },
            (None, _) => return None,
        };
        Some(ZoneClaim {
            fact,
            source,
            text: name.to_owned(),
        })
    }

    /// What an event 6013 says: the zone when its name is known and can have that bias, nothing
    /// when not. `bias_minutes` counts west of UTC.
    pub fn from_event_log(name: &str, bias_minutes: i32) -> Option<Self> {
        let claim = ZoneClaim::from_pdh_header(name, bias_minutes)?;
        Some(ZoneClaim {
            source: ZoneSource::EventLog,
            text: format!("{bias_minutes} {name}"),
            ..claim
        })
    }

    /// What the first cell of a perfmon CSV says: the zone when its name is known and
    /// can have that bias, nothing when not. `bias_minutes` counts west of UTC.
    pub fn from_pdh_header(name: &str, bias_minutes: i32) -> Option<Self> {
        let row = super::windows_zone(name)?;
        let east = bias_minutes.checked_neg()?;
        let plausible = (0..=120).contains(&east.checked_sub(row.standard_minutes)?);
        let zone = row.zone().filter(|_| plausible)?;
        Some(ZoneClaim::new(
            zone,
            ZoneSource::PdhHeader,
            format!("({name})({bias_minutes})"),
        ))
    }
}

/// The zone that is used, and every claim that would have dated something otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenZone {
    /// The zone used for local stamps that do not carry their own.
    pub zone: Zone,
    /// Who stated it.
    pub source: ZoneSource,
    /// The words that stated it.
    pub text: String,
    /// Only the offset of standard time is known, and some zone with it had its clocks set forward
    /// at one of the stamps: they may be an hour late.
    pub daylight_unknown: bool,
    /// Claims under which at least one local stamp would be another instant.
    pub conflicts: Vec<ZoneClaim>,
}

impl ChosenZone {
    /// Believes the strongest claim that names a whole zone, and where none does the strongest
    /// standard offset; among equals the first. `stamps` are the local readings that the zone is
    /// wanted for: claims are in conflict only where they disagree about those.
    pub fn from_claims(claims: &[ZoneClaim], stamps: &[NaiveDateTime]) -> Option<Self> {
        let whole = |claim: &ZoneClaim| match claim.fact {
            ZoneFact::Zone(zone) => Some((zone, false)),
            ZoneFact::StandardOffset { .. } => None,
        };
        let standard = |claim: &ZoneClaim| match claim.fact {
            ZoneFact::Zone(_) => None,
            ZoneFact::StandardOffset { minutes } => Some((
                Zone::from_minutes(minutes)?,
                daylight_may_matter(minutes, stamps),
            )),
        };
        let (claim, (zone, daylight_unknown)) =
            strongest(claims, whole).or_else(|| strongest(claims, standard))?;
        let conflicts = claims
            .iter()
            .filter(|other| disagrees(other.fact, zone, stamps))
            .cloned()
            .collect();
        Some(ChosenZone {
            zone,
            source: claim.source,
            text: claim.text.clone(),
            daylight_unknown,
            conflicts,
        })
    }
}

/// The first of the most trusted claims that say what is wanted.
fn strongest<T>(
    claims: &[ZoneClaim],
    says: impl Fn(&ZoneClaim) -> Option<T>,
) -> Option<(&ZoneClaim, T)> {
    let mut best: Option<(&ZoneClaim, T)> = None;
    for claim in claims {
        if let Some(said) = says(claim)
            && best
                .as_ref()
                .is_none_or(|(other, _)| claim.source > other.source)
        {
            best = Some((claim, said));
        }
    }
    best
}

/// True where a zone of Windows with this standard offset showed one of the stamps at another
/// instant.
fn daylight_may_matter(minutes: i32, stamps: &[NaiveDateTime]) -> bool {
    let Some(fixed) = Zone::from_minutes(minutes) else {
        return true;
    };
    super::WINDOWS_ZONES
        .iter()
        .filter(|row| row.standard_minutes == minutes)
        .filter_map(WindowsZone::zone)
        .any(|zone| {
            stamps
                .iter()
                .any(|at| zone.resolve(*at) != fixed.resolve(*at))
        })
}

fn disagrees(fact: ZoneFact, zone: Zone, stamps: &[NaiveDateTime]) -> bool {
    stamps.iter().any(|local| match fact {
        ZoneFact::Zone(other) => other.resolve(*local) != zone.resolve(*local),
        ZoneFact::StandardOffset { minutes } => !may_show(zone, *local, minutes),
    })
}

/// True when the zone's clock at that reading was ahead of the stated standard offset
/// by no more than daylight saving explains (at most two hours, as in double summer time).
fn may_show(zone: Zone, local: NaiveDateTime, standard_minutes: i32) -> bool {
    let instant = match zone.resolve(local) {
        LocalResolution::Unique(at) | LocalResolution::Ambiguous { early: at, .. } => at,
        LocalResolution::Gap { unshifted, .. } => unshifted,
        LocalResolution::OutOfRange => return true,
    };
    let shown = zone.offset_at(instant).local_minus_utc() / 60;
    (0..=120).contains(&(shown - standard_minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn claim(zone: &str, source: ZoneSource) -> ZoneClaim {
        ZoneClaim::new(Zone::parse(zone).unwrap(), source, zone)
    }

    fn noon(month: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2024, month, 10)
            .unwrap()
            .and_hms_opt(12, 0, 0)
            .unwrap()
    }

    #[test]
    fn the_option_wins_and_the_conflict_is_kept() {
        let claims = [
            claim("Asia/Tokyo", ZoneSource::SystemInfo),
            claim("+02:00", ZoneSource::Option),
        ];
        let chosen = ChosenZone::from_claims(&claims, &[noon(7)]).unwrap();
        assert_eq!(
            (chosen.zone.to_string().as_str(), chosen.source),
            ("+02:00", ZoneSource::Option)
        );
        assert_eq!(chosen.conflicts, vec![claims[0].clone()]);
    }

    #[test]
    fn zones_that_agree_on_the_stamps_are_no_conflict() {
        let claims = [
            claim("Europe/Paris", ZoneSource::SystemInfo),
            claim("Europe/Berlin", ZoneSource::Manifest),
            claim("+01:00", ZoneSource::PdhHeader),
            ZoneClaim {
                fact: ZoneFact::StandardOffset { minutes: 60 },
                source: ZoneSource::SystemInfo,
                text: String::new(),
            },
        ];
        assert!(
            ChosenZone::from_claims(&claims, &[noon(1)])
                .unwrap()
                .conflicts
                .is_empty()
        );
        assert_eq!(
            ChosenZone::from_claims(&claims, &[noon(7)])
                .unwrap()
                .conflicts
                .len(),
            1
        );
    }

    #[test]
    fn a_standard_offset_is_used_where_no_zone_is_named() {
        let offset = |minutes, text: &str| ZoneClaim {
            fact: ZoneFact::StandardOffset { minutes },
            source: ZoneSource::SystemInfo,
            text: text.to_owned(),
        };
        let claims = [offset(60, "(UTC+01:00) ?")];
        let winter = ChosenZone::from_claims(&claims, &[noon(1)]).unwrap();
        assert_eq!(winter.zone.to_string(), "+01:00");
        assert_eq!(winter.source, ZoneSource::SystemInfo);
        // Morocco, whose standard time is an hour ahead, keeps it all winter.
        assert!(!winter.daylight_unknown);
        assert_eq!(winter.conflicts, []);
        let summer = ChosenZone::from_claims(&claims, &[noon(7)]).unwrap();
        assert!(summer.daylight_unknown);
        let india = ChosenZone::from_claims(&[offset(330, "(UTC+05:30) ?")], &[noon(7)]).unwrap();
        assert!(!india.daylight_unknown);
        let both = [offset(60, "?"), claim("Asia/Tokyo", ZoneSource::SystemInfo)];
        let named = ChosenZone::from_claims(&both, &[noon(7)]).unwrap();
        assert_eq!(named.zone.to_string(), "Asia/Tokyo");
        assert_eq!(named.conflicts.len(), 1);
    }

    #[test]
    fn registry_exports() {
        let fact = |name, bias, off| {
            let claim = ZoneClaim::from_registry(name, bias, off)?;
            assert_eq!(claim.source, ZoneSource::Registry);
            Some(claim.fact)
        };
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let name = "W. Europe Standard Time";
        assert_eq!(fact(name, Some(-60), false), Some(ZoneFact::Zone(berlin)));
        let winter = ZoneFact::Zone(Zone::parse("+01:00").unwrap());
        assert_eq!(fact(name, Some(-60), true), Some(winter));
        let offset = ZoneFact::StandardOffset { minutes: 60 };
        assert_eq!(fact("Ortszeit", Some(-60), false), Some(offset));
        assert_eq!(fact("", None, true), None);
        assert_eq!(fact("", Some(i32::MIN), false), None);
    }

    #[test]
    fn perfmon_headers() {
        let zone = |name, bias| ZoneClaim::from_pdh_header(name, bias).map(|c| c.fact);
        let pacific = ZoneFact::Zone(Zone::parse("America/Los_Angeles").unwrap());
        assert_eq!(zone("Pacific Standard Time", 480), Some(pacific));
        assert_eq!(zone("Pacific Daylight Time", 420), Some(pacific));
        assert_eq!(zone("Pacific Standard Time", -60), None);
        assert_eq!(zone("Nowhere Time", 0), None);
    }
}
