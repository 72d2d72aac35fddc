//! The machine of a case: Windows version, memory, nonpaged limit, zone; its systeminfo text.

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::{OffsetComponents, Tz};

use super::chance::Chance;
use super::pool::MB;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    X86,
    X64,
}

/// A Windows version and how much of memory its nonpaged pool may take.
#[derive(Clone, Copy, Debug)]
pub struct System {
    pub name: &'static str,
    pub version: &'static str,
    pub arch: Arch,
    pub years: (i32, i32),
    /// The real limit lies between these shares of RAM, or these bytes where RAM says nothing.
    limit: Limit,
    /// Column counts that this Windows writes in HTTPERR logs.
    pub columns: &'static [usize],
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    Share(f64, f64),
    Bytes(f64, f64),
}

pub const SYSTEMS: [System; 9] = [
    System {
        name: "Microsoft(R) Windows(R) Server 2003, Standard Edition",
        version: "5.2.3790 Service Pack 2 Build 3790",
        arch: Arch::X86,
        years: (2006, 2010),
        limit: Limit::Bytes(255.0 * MB, 262.0 * MB),
        columns: &[12, 13],
    },
    System {
        name: "Microsoft(R) Windows(R) Server 2003 Standard x64 Edition",
        version: "5.2.3790 Service Pack 2 Build 3790",
        arch: Arch::X64,
        years: (2006, 2011),
        limit: Limit::Share(0.396, 0.404),
        columns: &[13],
    },
    System {
        name: "Microsoft\u{ae} Windows Server\u{ae} 2008 Standard ",
        version: "6.0.6002 Service Pack 2 Build 6002",
        arch: Arch::X64,
        years: (2009, 2012),
        limit: Limit::Share(0.738, 0.748),
        columns: &[13],
    },
    System {
        name: "Microsoft Windows Server 2008 R2 Standard ",
        version: "6.1.7601 Service Pack 1 Build 7601",
        arch: Arch::X64,
        years: (2011, 2016),
        limit: Limit::Share(0.738, 0.748),
        columns: &[13],
    },
    System {
        name: "Microsoft Windows Server 2012 Standard",
        version: "6.2.9200 N/A Build 9200",
        arch: Arch::X64,
        years: (2013, 2017),
        limit: Limit::Share(0.985, 0.995),
        columns: &[13],
    },
    System {
        name: "Microsoft Windows Server 2012 R2 Standard",
        version: "6.3.9600 N/A Build 9600",
        arch: Arch::X64,
        years: (2014, 2019),
        limit: Limit::Share(0.985, 0.995),
        columns: &[13],
    },
    System {
        name: "Microsoft Windows Server 2016 Standard",
        version: "10.0.14393 N/A Build 14393",
        arch: Arch::X64,
        years: (2017, 2022),
        limit: Limit::Share(0.985, 0.995),
        columns: &[14],
    },
    System {
        name: "Microsoft Windows Server 2019 Standard",
        version: "10.0.17763 N/A Build 17763",
        arch: Arch::X64,
        years: (2019, 2024),
        limit: Limit::Share(0.985, 0.995),
        columns: &[14, 16],
    },
    System {
        name: "Microsoft Windows Server 2022 Standard",
        version: "10.0.20348 N/A Build 20348",
        arch: Arch::X64,
        years: (2022, 2024),
        limit: Limit::Share(0.985, 0.995),
        columns: &[16, 18],
    },
];

/// A zone under its three names: IANA's, Windows' own, and systeminfo's (offset, places).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    pub tz: Tz,
    pub windows: &'static str,
    pub shown: (&'static str, &'static str),
}

pub const ZONES: [Zone; 9] = [
    zone(
        Tz::America__New_York,
        "Eastern Standard Time",
        "-05:00",
        "Eastern Time (US & Canada)",
    ),
    zone(
        Tz::America__Chicago,
        "Central Standard Time",
        "-06:00",
        "Central Time (US & Canada)",
    ),
    zone(
        Tz::America__Los_Angeles,
        "Pacific Standard Time",
        "-08:00",
        "Pacific Time (US & Canada)",
    ),
    zone(
        Tz::Europe__London,
        "GMT Standard Time",
        "",
        "Dublin, Edinburgh, Lisbon, London",
    ),
    zone(
        Tz::Europe__Berlin,
        "W. Europe Standard Time",
        "+01:00",
        "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    ),
    zone(
        Tz::Asia__Tokyo,
        "Tokyo Standard Time",
        "+09:00",
        "Osaka, Sapporo, Tokyo",
    ),
    zone(
        Tz::Asia__Kolkata,
        "India Standard Time",
        "+05:30",
        "Chennai, Kolkata, Mumbai, New Delhi",
    ),
    zone(
        Tz::Australia__Sydney,
        "AUS Eastern Standard Time",
        "+10:00",
        "Canberra, Melbourne, Sydney",
    ),
    zone(Tz::Etc__UTC, "UTC", "", "Coordinated Universal Time"),
];

const fn zone(tz: Tz, windows: &'static str, offset: &'static str, places: &'static str) -> Zone {
    Zone {
        tz,
        windows,
        shown: (offset, places),
    }
}

impl Zone {
    pub fn local(&self, moment: DateTime<Utc>) -> NaiveDateTime {
        moment.with_timezone(&self.tz).naive_local()
    }

    /// True when clocks show summer time at `moment`.
    pub fn in_summer(&self, moment: DateTime<Utc>) -> bool {
        !self
            .tz
            .offset_from_utc_datetime(&moment.naive_utc())
            .dst_offset()
            .is_zero()
    }

    /// The offset at `moment` as `±hh:mm`.
    pub fn offset(&self, moment: DateTime<Utc>) -> String {
        moment.with_timezone(&self.tz).format("%:z").to_string()
    }

    /// The hour of `year` at whose start clocks are put back, if they are.
    pub fn fall_back(&self, year: i32) -> Option<DateTime<Utc>> {
        let start = Utc.with_ymd_and_hms(year, 1, 2, 0, 0, 0).unwrap();
        (1..24 * 362)
            .map(|hour| start + Duration::hours(hour))
            .find(|&moment| {
                let before = moment - Duration::hours(1);
                self.local(moment) - self.local(before) < Duration::hours(1)
            })
    }
}

#[derive(Clone, Debug)]
pub struct Machine {
    pub system: System,
    pub ram_mb: u64,
    pub limit: f64,
    pub three_gb: bool,
    pub zone: Zone,
    pub host: String,
}

impl Machine {
    pub fn draw(chance: &mut Chance, system: System) -> Self {
        let ram_mb = match system.arch {
            Arch::X86 => chance.pick(&[2047, 3583, 4095]),
            Arch::X64 => chance.pick(&[2047, 4095, 4095, 6143, 8191]),
        };
        let three_gb = system.arch == Arch::X86 && chance.odds(0.4);
        let limit = match system.limit {
            Limit::Share(low, high) => chance.between(low, high) * ram_mb as f64 * MB,
            Limit::Bytes(low, high) => chance.between(low, high) / if three_gb { 2.0 } else { 1.0 },
        };
        let zone = chance.pick(&ZONES);
        let host = format!(
            "{}{}",
            chance.pick(&["WEB", "APP", "INTRA", "EDGE"]),
            chance.whole(1, 99)
        );
        Machine {
            system,
            ram_mb,
            limit,
            three_gb,
            zone,
            host,
        }
    }

    pub fn ram(&self) -> f64 {
        self.ram_mb as f64 * MB
    }

    /// The text of `systeminfo`, in the ANSI code page (the registered sign is byte 0xAE).
    pub fn systeminfo(&self, boot: DateTime<Utc>, now: DateTime<Utc>) -> Vec<u8> {
        let mut lines = vec![String::new()];
        let mut entry = |label: &str, value: &str| {
            lines.push(format!("{:<27}{value}", format!("{label}:")));
        };
        entry("Host Name", &self.host);
        entry("OS Name", self.system.name);
        entry("OS Version", self.system.version);
        entry("OS Manufacturer", "Microsoft Corporation");
        entry("OS Configuration", "Member Server");
        entry("OS Build Type", "Multiprocessor Free");
        if self.system.version.starts_with("5.2") {
            let up = now - boot;
            let (h, m, s) = (
                up.num_hours() % 24,
                up.num_minutes() % 60,
                up.num_seconds() % 60,
            );
            let days = up.num_days();
            entry(
                "System Up Time",
                &format!("{days} Days, {h} Hours, {m} Minutes, {s} Seconds"),
            );
        } else {
            entry("System Boot Time", &us_moment(self.zone.local(boot)));
        }
        entry("System Type", self.kind());
        entry("System Locale", "en-us;English (United States)");
        entry("Time Zone", &self.zone_line());
        entry(
            "Total Physical Memory",
            &format!("{} MB", grouped(self.ram_mb)),
        );
        entry(
            "Available Physical Memory",
            &format!("{} MB", grouped(self.ram_mb / 9)),
        );
        lines.push(String::new());
        lines
            .join("\r\n")
            .chars()
            .map(|c| u8::try_from(c).unwrap_or(b'?'))
            .collect()
    }

    fn kind(&self) -> &'static str {
        match self.system.arch {
            Arch::X86 => "X86-based PC",
            Arch::X64 => "x64-based PC",
        }
    }

    fn zone_line(&self) -> String {
        let word = if self.system.version.starts_with("5.2") {
            "GMT"
        } else {
            "UTC"
        };
        let (offset, places) = self.zone.shown;
        format!("({word}{offset}) {places}")
    }

    /// `boot.ini` of a 32-bit system with three gigabytes for programs.
    pub fn boot_ini(&self) -> String {
        let entry = "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS";
        format!(
            "[boot loader]\r\ntimeout=30\r\ndefault={entry}\r\n[operating systems]\r\n\
             {entry}=\"Windows Server 2003, Standard\" /fastdetect /3GB\r\n"
        )
    }
}

fn us_moment(local: NaiveDateTime) -> String {
    let (afternoon, hour) = local.hour12();
    let half = if afternoon { "PM" } else { "AM" };
    let (month, day, year) = (local.month(), local.day(), local.year());
    format!(
        "{month}/{day}/{year}, {hour}:{:02}:{:02} {half}",
        local.minute(),
        local.second()
    )
}

fn grouped(number: u64) -> String {
    if number < 1000 {
        return number.to_string();
    }
    format!("{},{:03}", number / 1000, number % 1000)
}
