//! A case in which everything that can name the customer does: the sample `leak-x64` with secrets
//! planted in every field of every artifact that takes text.

use std::fs;
use std::path::Path;

use crate::support::bundle::{File, Modified};

/// What must not be found in any output, in any form, each a word by itself.
pub const SECRETS: &[&str] = &[
    // people and companies
    "ottoline",
    "marchbanks",
    "zebediah",
    "quuxley",
    "umbriel",
    // machines and domains
    "wren-sql07",
    "wren-dc2",
    "grebe-app3",
    // addresses
    "10.77.3.9",
    "172.20.9.4",
    "192.168.77.41",
    "203.0.113.77",
    "fd12:3456:789a::7",
    "fe80::dead:beef",
    "2001:db8:77::5",
    // what clients asked for, and of whom
    "s3cr3tval",
    "portalsecret",
    "queuesecret",
    "reasonsecret",
    "methodsecret",
    "versionsecret",
    "statussecret",
    "sitesecret",
    "portsecret",
    // words in files
    "titlesecret",
    "junksecret",
    "commentsecret",
    "zonesecret",
    "namesecret",
    "archivesecret",
    "foldersecret",
    "unknownsecret",
    "memorysecret",
    "errorsecret",
    "listsecret",
    "headsecret",
    "skipsecret",
    "prosesecret",
];

/// Secrets that the plain report does show: what is planted arrives, or the test would prove
/// nothing.
pub const SHOWN_IN_PLAIN: &[&str] = &[
    "ottoline",
    "umbriel",
    "wren-sql07",
    "10.77.3.9",
    "fd12:3456:789a::7",
    "s3cr3tval",
    "queuesecret",
    "reasonsecret",
    "commentsecret",
    "foldersecret",
    "unknownsecret",
    "memorysecret",
    "errorsecret",
    "methodsecret",
    "zonesecret",
    "listsecret",
    "skipsecret",
];

/// Name of the bundle.
pub const BUNDLE: &str = "umbriel-archivesecret";

/// The case's files.
pub fn files() -> Vec<File> {
    let leak = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/leak-x64");
    let mut files = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        files.push(File {
            name: name.to_owned(),
            bytes,
            modified: noon(),
        });
    };
    let text = |name: &str| fs::read_to_string(leak.join(name)).unwrap();
    for log in ["httperr9.log", "httperr10.log"] {
        add(
            &format!("foldersecret/{log}"),
            text(&format!("HTTPERR/{log}")).into_bytes(),
        );
    }
    add(
        "HTTPERR/wren-sql07 httperr11.log",
        log(&text("HTTPERR/httperr11.log")),
    );
    add("poolmon ottoline.log", snapshots(&text("poolmon.log")));
    add("systeminfo.txt", systeminfo(&text("systeminfo.txt")));
    for driver in ["genport", "hstormon", "kvaudit", "tarnusb", "vltdisk"] {
        let name = format!("drivers/{driver}.sys");
        add(&name, fs::read(leak.join(&name)).unwrap());
    }
    let image = fs::read(leak.join("drivers/hstorflt.sys")).unwrap();
    add("drivers/hstorflt.sys", image_naming_its_customer(&image));
    add(
        "drivers/copy of Zebediah/hstorflt.sys",
        image_naming_its_customer(&image),
    );
    add(
        "listsecret/pooltag.txt",
        b"HsCx - umbrielflt.sys - commentsecret, ask Ottoline at 10.77.3.9\r\nMmCa - <unknown> - commentsecret\r\n".to_vec(),
    );
    add("the other/systeminfo.txt", other_systeminfo());
    add("namesecret/grebe.reg", registry());
    add("unknownsecret of 192.168.77.41.bin", vec![1, 2, 3, 0, 255]);
    add(
        "letters/prosesecret.txt",
        b"Dear Ottoline, prosesecret\r\n".to_vec(),
    );
    add("skipsecret/desktop.ini", b"x".to_vec());
    files
}

fn noon() -> Modified {
    let local = chrono::NaiveDate::from_ymd_opt(2020, 1, 1)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .unwrap();
    Modified {
        unix: local.and_utc().timestamp(),
        local,
    }
}

/// Every column of refusals, which reports quote, and of other rows holds a secret.
fn log(plain: &str) -> Vec<u8> {
    let first = "23:04:23 - - - - - - - - - 1_Connections_Refused -";
    assert!(plain.contains(first));
    let planted = "23:04:23 10.77.3.9 portsecret fd12:3456:789a::7 [fe80::dead:beef%4]:443 versionsecret methodsecret \
        http://intra.umbriel.example/portalsecret/ottoline?t=s3cr3tval&u=marchbanks statussecret sitesecret 1_Connections_Refused queuesecret";
    let more = "\r\n2014-02-18 23:04:24 172.20.9.4 1 203.0.113.77 80 HTTP/1.1 GET /%6f%74%74%6f%6c%69%6e%65 400 1 URL queuesecret\
        \r\n2014-02-18 23:04:24 2001:db8:77::5 1 ::ffff:10.77.3.9 80 HTTP/1.1 GET / 400 1 reasonsecret queuesecret\
        \r\njunksecret of Ottoline\r\n#headsecret: umbriel";
    plain
        .replacen(first, &format!("{planted}{more}"), 1)
        .into_bytes()
}

fn snapshots(plain: &str) -> Vec<u8> {
    format!("titlesecret of Marchbanks on WREN-SQL07, 10.77.3.9\r\n{plain}\r\nC:\\Users\\ottoline>exit titlesecret\r\nError Opening file C:\\Users\\ottoline\\errorsecret.log\r\n")
        .replacen(" Tag  Type", " titlesecret ottoline\r\n Tag  Type", 2)
        .into_bytes()
}

fn systeminfo(plain: &str) -> Vec<u8> {
    let line = |name: &str, value: &str| format!("{name:<27}{value}\r\n");
    let mut text = String::new();
    for row in plain.lines() {
        let name = row.split(':').next().unwrap_or_default();
        text.push_str(&match name {
            "Host Name" => line("Host Name:", "WREN-SQL07"),
            "OS Name" => line(
                "OS Name:",
                "Microsoft Windows Server 2008 R2 Enterprise for Umbriel",
            ),
            "Registered Owner" => line("Registered Owner:", "Ottoline Marchbanks"),
            "Registered Organization" => line("Registered Organization:", "Umbriel Holding"),
            "Domain" => line("Domain:", "ad.umbriel.example"),
            "Logon Server" => line("Logon Server:", "\\\\WREN-DC2"),
            "Time Zone" => line("Time Zone:", "(UTC-06:00) Central Time (US & Canada)"),
            "Total Physical Memory" => {
                line("Total Physical Memory:", "memorysecret MB") + row + "\r\n"
            }
            _ => format!("{row}\r\n"),
        });
    }
    text.push_str(&line(
        "Network Card(s):",
        "1 NIC(s): [01]: 10.77.3.9 [02]: fe80::dead:beef",
    ));
    text.into_bytes()
}

/// A second machine, which disagrees on the zone.
fn other_systeminfo() -> Vec<u8> {
    b"Host Name:     GREBE-APP3\r\nOS Name:       Microsoft Windows Server 2008 R2\r\nOS Version:    6.1.7601 Service Pack 1\r\n\
        System Type:   x64-based PC\r\nTime Zone:     (UTC+09:00) zonesecret\r\n"
        .to_vec()
}

fn registry() -> Vec<u8> {
    let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\umbriel]\r\n\
        \"ComputerName\"=\"GREBE-APP3\"\r\n\"RegisteredOwner\"=\"Zebediah Quuxley\"\r\n\"EnableAggressiveMemoryUsage\"=dword:00000000\r\n";
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// Texts of the version resource, each overwritten by one of the same length.
fn image_naming_its_customer(plain: &[u8]) -> Vec<u8> {
    let mut image = plain.to_vec();
    for (from, to) in [
        ("Harrow write cache filter", "for Ottoline at 10.77.3.9"),
        ("Harrow Write Cache", "umbriel.example 07"),
        ("Harrow Storage Ltd", "Umbriel Harrow Ltd"),
    ] {
        assert_eq!(from.len(), to.len());
        let wide = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<u8>>()
        };
        let (from, to) = (wide(from), wide(to));
        let at = image
            .windows(from.len())
            .position(|part| part == from)
            .unwrap();
        image[at..at + to.len()].copy_from_slice(&to);
    }
    image
}
