//! What is read from the registry, and how it is written down.
//!
//! `system/registry.txt` has the layout of a `.reg` file. Only the keys and names listed here are
//! read: nothing of users, licences or secrets.

use crate::host::{Host, Value};
use std::fmt::Write as _;

/// Values that move the pool's limit (Microsoft's page on memory management's registry keys).
pub const MEMORY: &str = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management";
/// Values of http.sys: its thresholds and where its error logs are (KB 820129).
pub const HTTP: &str = "SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters";
/// Which Windows this is.
pub const VERSION: &str = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
/// Services, drivers among them.
pub const SERVICES: &str = "SYSTEM\\CurrentControlSet\\Services";

/// The names below [`VERSION`] that are taken; others say who the owner is.
const VERSION_NAMES: [&str; 9] = [
    "ProductName",
    "EditionID",
    "InstallationType",
    "CurrentVersion",
    "CurrentBuild",
    "UBR",
    "ReleaseId",
    "DisplayVersion",
    "BuildLabEx",
];

/// A driver's service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key's name.
    pub name: String,
    /// 1 kernel driver, 2 file system driver, 8 recognizer.
    pub kind: u32,
    /// 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled.
    pub start: Option<u32>,
    /// Its load order group.
    pub group: Option<String>,
    /// Its image as the registry names it.
    pub image: Option<String>,
    /// Instances of a minifilter with their altitudes, as `fltmc` shows them.
    pub instances: Vec<(String, String)>,
}

/// The text of `system/registry.txt`.
pub fn export(host: &dyn Host) -> String {
    let mut out = String::from("Windows Registry Editor Version 5.00\r\n");
    for key in [MEMORY, HTTP] {
        section(&mut out, key, host.registry_values(key));
    }
    let version = VERSION_NAMES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), host.registry_value(VERSION, name)?)));
    section(&mut out, VERSION, version.collect());
    out
}

fn section(out: &mut String, key: &str, values: Vec<(String, Value)>) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\r\n[HKEY_LOCAL_MACHINE\\{key}]\r\n");
    for (name, value) in values {
        let _ = write!(out, "\"{}\"={}\r\n", escaped(&name), shown(&value));
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("dword:{number:08x}"),
        Value::Large(number) => list("hex(b)", &number.to_le_bytes()),
        Value::Text(text) => format!("\"{}\"", escaped(text)),
        Value::Texts(texts) => {
            let units = texts
                .iter()
                .flat_map(|t| t.encode_utf16().chain([0]))
                .chain([0]);
            list(
                "hex(7)",
                &units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            )
        }
        Value::Other(3, bytes) => list("hex", bytes),
        Value::Other(kind, bytes) => list(&format!("hex({kind:x})"), bytes),
    }
}

fn list(kind: &str, bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("{kind}:{}", bytes.join(","))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The services that are drivers, in the order of the registry.
pub fn driver_services(host: &dyn Host) -> Vec<Service> {
    let names = host.registry_keys(SERVICES);
    names
        .into_iter()
        .filter_map(|name| service(host, name))
        .collect()
}

fn service(host: &dyn Host, name: String) -> Option<Service> {
    let key = format!("{SERVICES}\\{name}");
    let value = |wanted: &str| host.registry_value(&key, wanted);
    let kind = value("Type")?.number()?;
    // Winnt.h: SERVICE_KERNEL_DRIVER, SERVICE_FILE_SYSTEM_DRIVER, SERVICE_RECOGNIZER_DRIVER.
    if !matches!(kind, 1 | 2 | 8) {
        return None;
    }
    let text = |wanted: &str| value(wanted).and_then(|v| v.text().map(str::to_owned));
    Some(Service {
        kind,
        start: value("Start").and_then(|v| v.number()),
        group: text("Group"),
        image: text("ImagePath"),
        instances: instances(host, &key),
        name,
    })
}

/// Instances stand below the service, on newer systems below its parameters.
fn instances(host: &dyn Host, service: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for below in ["Instances", "Parameters\\Instances"] {
        let key = format!("{service}\\{below}");
        for instance in host.registry_keys(&key) {
            let altitude = host.registry_value(&format!("{key}\\{instance}"), "Altitude");
            if let Some(altitude) = altitude.as_ref().and_then(Value::text) {
                found.push((instance, altitude.to_owned()));
            }
        }
    }
    found
}

/// Names of the columns of `system/driver_services.tsv`.
pub const SERVICE_COLUMNS: &str = "name\ttype\tstart\tgroup\timage_path";
/// Names of the columns of `system/filters.tsv`.
pub const FILTER_COLUMNS: &str = "service\tinstance\taltitude";

/// The services as rows.
pub fn service_rows(services: &[Service]) -> Vec<Vec<String>> {
    let number = |n: Option<u32>| n.map_or_else(String::new, |n| n.to_string());
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    services
        .iter()
        .map(|s| {
            let (start, kind) = (number(s.start), s.kind.to_string());
            vec![s.name.clone(), kind, start, text(&s.group), text(&s.image)]
        })
        .collect()
}

/// Their minifilter instances as rows, highest altitude first.
pub fn filter_rows(services: &[Service]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = services
        .iter()
        .flat_map(|s| {
            s.instances
                .iter()
                .map(move |(i, a)| vec![s.name.clone(), i.clone(), a.clone()])
        })
        .collect();
    // Altitudes are decimal numbers of up to 28 digits: compared as text of one length.
    rows.sort_by_key(|row| {
        let whole = row[2].split('.').next().unwrap_or("").len();
        std::cmp::Reverse((whole, row[2].clone()))
    });
    rows
}

/// Rows as text with tabs; tabs and line ends within a field become blanks.
pub fn table(columns: &str, rows: &[Vec<String>]) -> String {
    let mut out = format!("{columns}\r\n");
    for row in rows {
        let clean = |field: &String| -> String {
            field
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect()
        };
        out.push_str(&row.iter().map(clean).collect::<Vec<_>>().join("\t"));
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn the_export_has_every_kind_of_value_and_no_owner() {
        let host = FakeHost::default();
        host.set(MEMORY, "NonPagedPoolSize", Value::Number(10));
        host.set(MEMORY, "PagingFiles", Value::Texts(vec!["é".into()]));
        host.set(
            HTTP,
            "ErrorLoggingDir",
            Value::Text("D:\\logs \"x\"".into()),
        );
        host.set(HTTP, "Big", Value::Large(1));
        host.set(HTTP, "Raw", Value::Other(3, vec![1, 255]));
        host.set(
            VERSION,
            "ProductName",
            Value::Text("Windows Server 2019".into()),
        );
        host.set(VERSION, "RegisteredOwner", Value::Text("Ada".into()));
        let text = export(&host);
        for line in [
            "\"NonPagedPoolSize\"=dword:0000000a",
            "\"PagingFiles\"=hex(7):e9,00,00,00,00,00",
            "\"ErrorLoggingDir\"=\"D:\\\\logs \\\"x\\\"\"",
            "\"Big\"=hex(b):01,00,00,00,00,00,00,00",
            "\"Raw\"=hex:01,ff",
            "\"ProductName\"=\"Windows Server 2019\"",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        assert!(!text.contains("Ada"));
    }

    #[test]
    fn drivers_are_told_from_services_and_filters_have_altitudes() {
        let host = FakeHost::default();
        for (name, kind) in [("WdFilter", 2), ("Tcpip", 1), ("Spooler", 16)] {
            host.set(&format!("{SERVICES}\\{name}"), "Type", Value::Number(kind));
        }
        let altitude = |service: &str, below: &str, text: &str| {
            let key = format!("{SERVICES}\\{service}\\{below}");
            host.set(&key, "Altitude", Value::Text(text.into()));
        };
        altitude("WdFilter", "Instances\\WdFilter Instance", "328010");
        altitude("Tcpip", "Parameters\\Instances\\low", "40500.5");
        host.set(
            &format!("{SERVICES}\\Tcpip"),
            "ImagePath",
            Value::Text("a\tb.sys".into()),
        );
        let services = driver_services(&host);
        assert_eq!(
            services.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["Tcpip", "WdFilter"]
        );
        let filters = filter_rows(&services);
        assert_eq!(filters[0], ["WdFilter", "WdFilter Instance", "328010"]);
        assert_eq!(filters[1][2], "40500.5");
        let text = table(SERVICE_COLUMNS, &service_rows(&services));
        assert!(text.contains("Tcpip\t1\t\t\ta b.sys\r\n"), "{text}");
    }
}
