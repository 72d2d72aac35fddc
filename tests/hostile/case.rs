//! Two cases whose every field that takes text holds the payload of its turn, and their clean
//! twins, which hold harmless words there and are the same otherwise.

use std::fs;
use std::path::Path;

use crate::support::bundle::{File, Modified};

use super::payloads::{PAYLOADS, long};

/// Hands out what to plant: payloads in turn, or a harmless word each time.
struct Planter {
    clean: bool,
    next: usize,
}

impl Planter {
    /// Begins with the payload of this number.
    fn new(clean: bool, next: usize) -> Self {
        Planter { clean, next }
    }

    fn one(&mut self) -> String {
        self.next += 1;
        match self.clean {
            true => format!("word{}", self.next),
            false => PAYLOADS[self.next % PAYLOADS.len()].to_owned(),
        }
    }

    /// For a field that ends at a blank or a line's end. A NUL ends a line too: http.sys fills
    /// the ends of its logs with them.
    fn word(&mut self) -> String {
        self.one().replace([' ', '\r', '\n', '\0'], "+")
    }

    /// For a file's name: parts of paths are no matter here.
    fn name(&mut self) -> String {
        let one = self.one();
        one.replace(['/', '\\', '\0'], "_")
            .chars()
            .take(120)
            .collect()
    }

    /// Of exactly so many UTF-16 units.
    fn of_length(&mut self, units: usize) -> Vec<u16> {
        let mut wide: Vec<u16> = self.one().encode_utf16().filter(|u| *u != 0).collect();
        // Cutting may leave half a surrogate pair, which is welcome.
        wide.resize(units, u16::from(b'.'));
        wide
    }

    /// A tag's four bytes.
    fn tag(&self, hostile: &'static str, clean: &'static str) -> &'static str {
        if self.clean { clean } else { hostile }
    }
}

fn leak() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/leak-x64")
}

fn file(name: impl Into<String>, bytes: Vec<u8>) -> File {
    let local = chrono::NaiveDate::from_ymd_opt(2020, 1, 1)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .unwrap();
    File {
        name: name.into(),
        bytes,
        modified: Modified {
            unix: local.and_utc().timestamp(),
            local,
        },
    }
}

fn wide(text: &str) -> Vec<u8> {
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// A case with a leak that is traced to a driver, or, with `hostile_tags`, one whose tags are
/// payloads too.
pub fn files(clean: bool, hostile_tags: bool) -> Vec<File> {
    // Each case has other payloads in the fields that there are only once.
    let first = if hostile_tags { PAYLOADS.len() / 2 } else { 0 };
    let mut plant = Planter::new(clean, first);
    let mut files = vec![
        file(format!("HTTPERR/{}.log", plant.name()), log(&mut plant)),
        file("HTTPERR/httperr12.log", wide_log(&mut plant)),
        file("poolmon.log", snapshots(&mut plant, hostile_tags)),
        file("systeminfo.txt", systeminfo(&mut plant)),
        file("pooltag.txt", pooltag(&mut plant)),
        file(format!("{}.reg", plant.name()), registry(&mut plant)),
        file("manifest.json", manifest(&mut plant)),
    ];
    for (place, driver) in ["hstorflt", "hstormon", "kvaudit"].into_iter().enumerate() {
        let bytes = fs::read(leak().join(format!("drivers/{driver}.sys"))).unwrap();
        let name = match place {
            0 => format!("drivers/{}.sys", plant.name()),
            _ => format!("drivers/{driver}.sys"),
        };
        files.push(file(name, image(&mut plant, bytes)));
    }
    for turn in 0..PAYLOADS.len() {
        // Every payload is a file's name once.
        plant.next = turn;
        let unknown = format!("{turn} {}", plant.name());
        let folder = if turn % 3 == 0 {
            plant.name() + "/"
        } else {
            String::new()
        };
        files.push(file(folder + &unknown, plant.one().into_bytes()));
    }
    files
}

fn log(plant: &mut Planter) -> Vec<u8> {
    let plain = fs::read_to_string(leak().join("HTTPERR/httperr11.log")).unwrap();
    let mut text = String::new();
    let mut quoted = 0;
    for line in plain.lines() {
        // The first refusals are those that reports quote.
        if line.ends_with("1_Connections_Refused -") && quoted < 6 {
            quoted += 1;
            let (stamp, reason) = (&line[..19], line.split(' ').nth(11).unwrap());
            let fields: Vec<String> = (0..8).map(|_| plant.word()).collect();
            let extra = format!("{} {} {}", fields[0], fields[1], fields[2]);
            text.push_str(&format!(
                "{stamp} {extra} {} {} {} {} 503 1 {reason} {}\r\n",
                fields[3], fields[4], fields[5], fields[6], fields[7]
            ));
            continue;
        }
        text.push_str(line);
        text.push_str("\r\n");
    }
    for _ in PAYLOADS {
        // Unknown reasons are kept as written.
        let row = format!(
            "2014-02-18 23:59:58 10.0.0.1 1 10.0.0.2 80 HTTP/1.1 GET /{} 400 1 {} {}\r\n",
            plant.word(),
            plant.word(),
            plant.word()
        );
        text.push_str(&row);
    }
    if !plant.clean {
        text.push_str(&format!("{}\r\n", long()));
    } else {
        text.push_str("word\r\n");
    }
    text.into_bytes()
}

/// A log in UTF-16 with halves of surrogate pairs in it.
fn wide_log(plant: &mut Planter) -> Vec<u8> {
    let mut bytes = wide(
        "#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n",
    );
    let odd: u16 = if plant.clean { u16::from(b'x') } else { 0xdc00 };
    let row = format!("2014-02-19 00:30:00 - - - - - - {}", plant.word());
    let units = row
        .encode_utf16()
        .chain([odd, odd])
        .chain(" - - 5_Connections_Refused ".encode_utf16());
    bytes.extend(units.chain([odd, 13, 10]).flat_map(u16::to_le_bytes));
    bytes
}

fn snapshots(plant: &mut Planter, hostile_tags: bool) -> Vec<u8> {
    let plain = fs::read_to_string(leak().join("poolmon.log")).unwrap();
    let mut text = plain;
    if hostile_tags {
        for (from, hostile, clean) in [
            ("HsCx", "<a>`", "Abc1"),
            ("MmCa", "=1|\u{7}", "Abc2"),
            ("FMsl", "\u{1b}[2J", "Abc3"),
            ("EtwB", "[x](", "Abc4"),
            ("CM31", "-1+@", "Abc5"),
        ] {
            text = text.replace(
                &format!(" {from} "),
                &format!(" {} ", plant.tag(hostile, clean)),
            );
        }
    }
    let head = plant.one().replace(['\r', '\n'], " ");
    format!("{head}\r\n{text}\r\n{head}\r\n").into_bytes()
}

fn systeminfo(plant: &mut Planter) -> Vec<u8> {
    let plain = fs::read_to_string(leak().join("systeminfo.txt")).unwrap();
    let mut text = String::new();
    let line =
        |name: &str, value: String| format!("{name:<27}{}\r\n", value.replace(['\r', '\n'], " "));
    for row in plain.lines() {
        let name = row.split(':').next().unwrap_or_default();
        text.push_str(&match name {
            "Host Name" => line("Host Name:", plant.one()),
            "OS Name" => line(
                "OS Name:",
                format!("Microsoft Windows Server 2008 R2 {}", plant.one()),
            ),
            "Registered Owner" => line("Registered Owner:", plant.one()),
            "Total Physical Memory" => line("Total Physical Memory:", plant.one()) + row + "\r\n",
            _ => format!("{row}\r\n"),
        });
    }
    text.into_bytes()
}

fn pooltag(plant: &mut Planter) -> Vec<u8> {
    let rows: Vec<String> = ["HsCx", "MmCa", "FMsl", "<a>`", "Abc1"]
        .iter()
        .map(|tag| {
            let (binary, words) = (plant.word(), plant.one().replace(['\r', '\n'], " "));
            format!("{tag} - {binary}.sys - {words}\r\n")
        })
        .collect();
    rows.concat().into_bytes()
}

fn registry(plant: &mut Planter) -> Vec<u8> {
    let (name, value) = (plant.one(), plant.one());
    wide(&format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{name}]\r\n\"ComputerName\"=\"{value}\"\r\n\"EnableAggressiveMemoryUsage\"=dword:00000000\r\n"
    ))
}

/// The collector's manifest: it lists files that are not here, and none that is.
fn manifest(plant: &mut Planter) -> Vec<u8> {
    let files: Vec<serde_json::Value> = PAYLOADS
        .iter()
        .map(|_| {
            let path = format!("letters/{}", plant.name());
            serde_json::json!({"path": path, "role": plant.one(), "size": 1, "sha256": plant.one()})
        })
        .collect();
    let error = |plant: &mut Planter| serde_json::json!({"what": plant.one(), "source": plant.one(), "code": plant.one()});
    let errors: Vec<serde_json::Value> = PAYLOADS.iter().map(|_| error(plant)).collect();
    let hit: Vec<String> = PAYLOADS.iter().map(|_| plant.one()).collect();
    let schema = format!("poolsleuth-collect-manifest/1{}", plant.one());
    let manifest = serde_json::json!({
        "schema": schema,
        "collector": {"name": plant.one(), "version": plant.one()},
        "created_utc": plant.one(),
        "host": {"name": plant.one(), "product_name": plant.one(), "tz_name": plant.one()},
        "complete": false, "errors": errors, "limits": {"hit": hit}, "files": files
    });
    manifest.to_string().into_bytes()
}

/// The version resource says what it is told to, at the same length.
fn image(plant: &mut Planter, mut image: Vec<u8>) -> Vec<u8> {
    for from in [
        "Harrow write cache filter",
        "Harrow Write Cache",
        "Harrow Storage Ltd",
        "3.2.0.118",
    ] {
        let pattern: Vec<u8> = from.encode_utf16().flat_map(u16::to_le_bytes).collect();
        while let Some(at) = image
            .windows(pattern.len())
            .position(|part| part == pattern)
        {
            let units = plant.of_length(from.len());
            let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
            image[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }
    image
}
