//! The text report of `msinfo32`, whose summary says what systeminfo says under other names.
//!
//! ```text
//! System Information report written at: 03/02/26 13:00:00
//! [System Summary]
//! Item<TAB>Value
//! OS Name<TAB>Microsoft Windows Server 2019 Standard
//! Time Zone<TAB>W. Europe Standard Time
//! ```
//! Only reports in English are read so; the names of others differ from those of systeminfo.

/// The line with which a report begins.
const FIRST: &str = "System Information report written at:";

/// Names of the summary, and those that systeminfo has for the same.
const NAMES: &[(&str, &str)] = &[
    ("OS Name", "OS Name"),
    ("Version", "OS Version"),
    ("System Name", "Host Name"),
    ("System Type", "System Type"),
    ("Time Zone", "Time Zone"),
    ("Total Physical Memory", "Total Physical Memory"),
];

/// The report in systeminfo's words, line by line, if it is one.
pub(super) fn as_systeminfo(text: &str) -> Option<String> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if !first.starts_with(FIRST) {
        return None;
    }
    let mut out = String::new();
    let mut summary = true;
    for line in text.lines() {
        // The summary is the first part; others have items of the same names.
        let other = line.starts_with('[') && !line.starts_with("[System Summary]");
        summary &= !other;
        if summary && let Some(row) = row(line) {
            out.push_str(&row);
        }
        out.push('\n');
    }
    Some(out)
}

fn row(line: &str) -> Option<String> {
    let (item, value) = line.split_once('\t')?;
    let (_, name) = NAMES.iter().find(|(theirs, _)| *theirs == item.trim())?;
    let value = value.trim();
    let value = match *name {
        "Total Physical Memory" => mebibytes(value)?,
        // `10.0.17763 Build 17763` stands as it is; systeminfo has a word more.
        _ => value.to_owned(),
    };
    Some(format!("{:<27}{value}", format!("{name}:")))
}

/// `8.00 GB` as `8192 MB`.
fn mebibytes(value: &str) -> Option<String> {
    let (number, unit) = value.split_once(' ')?;
    let number: f64 = number.replace(',', "").parse().ok()?;
    let factor = match unit {
        "MB" => 1.0,
        "GB" => 1024.0,
        "TB" => 1024.0 * 1024.0,
        _ => return None,
    };
    let mib = number * factor;
    (0.0..1e9).contains(&mib).then(|| format!("{mib:.0} MB"))
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, parse};

    const REPORT: &str = "System Information report written at: 03/02/26 13:00:00\r\nSystem Name: WEB01\r\n[System Summary]\r\n\r\n\
        Item\tValue\t\r\nOS Name\tMicrosoft Windows Server 2019 Standard\t\r\nVersion\t10.0.17763 Build 17763\t\r\n\
        System Name\tWEB01\t\r\nSystem Type\tx64-based PC\t\r\nTime Zone\tW. Europe Standard Time\t\r\n\
        Total Physical Memory\t8.00 GB\t\r\n[Components]\r\nVersion\t1.2.3\t\r\n";

    #[test]
    fn a_report_says_what_systeminfo_says() {
        let mark = std::iter::once(0xfeff);
        let wide: Vec<u8> = mark
            .chain(REPORT.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [REPORT.as_bytes(), &wide] {
            let info = parse(bytes);
            assert_eq!(info.host.unwrap().value, "WEB01");
            let name = info.os_name.unwrap();
            assert_eq!(
                (name.value.as_str(), name.line),
                ("Microsoft Windows Server 2019 Standard", 6)
            );
            assert_eq!(info.os_version.unwrap().value.build, 17763);
            assert_eq!(info.architecture.unwrap().value, Architecture::X64);
            assert_eq!(info.ram_bytes.unwrap().value, 8 << 30);
            assert_eq!(info.time_zone.unwrap().value, "W. Europe Standard Time");
        }
    }
}
