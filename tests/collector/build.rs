//! A bundle as the collector makes it, written here with its own format strings.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::bundle::{File, Modified};

/// 2026-03-02 08:00:00 UTC, and when the machine was started before that.
pub const BEGIN: i64 = 1_772_438_400;
pub const BOOT: i64 = BEGIN - 500_000;

/// Snapshots half an hour apart.
pub const STEP: i64 = 1_800;

/// One snapshot to be.
#[derive(Clone, Copy)]
pub struct Look {
    pub seq: u64,
    pub at: i64,
    pub boot: i64,
    /// Live objects of the growing tag, in thousands.
    pub grown: u64,
    pub status: u32,
    pub torn: bool,
}

/// The story of a bundle.
pub struct Story {
    pub tag: &'static str,
    pub object: u64,
    pub looks: Vec<Look>,
    pub handles: bool,
}

impl Story {
    /// Twenty snapshots in which a tag of objects of `object` bytes grows by `each` thousand.
    pub fn growing(tag: &'static str, object: u64, each: u64) -> Story {
        let look = |n: u64| Look {
            seq: n + 1,
            at: BEGIN + STEP * n as i64,
            boot: BOOT,
            grown: 100 + each * n,
            status: 0,
            torn: false,
        };
        Story {
            tag,
            object,
            looks: (0..20).map(look).collect(),
            handles: false,
        }
    }
}

fn utc(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp(at, 0).unwrap();
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn row(tag: &str, allocs: u64, frees: u64, bytes: u64) -> String {
    let live = allocs - frees;
    let each = bytes.checked_div(live).unwrap_or(0);
    format!(
        " {tag:>4} Nonp  {allocs:>18} {frees:>18}  {live:>16} {bytes:>14}     {each:>12}        \r\n"
    )
}

fn snapshot(story: &Story, look: &Look) -> String {
    let live = look.grown * 1_000;
    let grown = live * story.object;
    let uptime = (look.at - look.boot) as u64;
    let fixed: u64 = 300 << 20;
    let mut out = format!(
        "# poolsleuth-collect seq={} utc={} boot={} status=0x{:08X} dur_ms=3\r\n",
        look.seq,
        utc(look.at).replace('Z', ".250Z"),
        utc(look.boot),
        look.status
    );
    let nonpaged = (fixed + grown) >> 10;
    let available = (4 << 20) - nonpaged - 20_000;
    out += &format!(
        " Memory: 4194304K Avail:{available:>8}K  PageFlts:{:>6}   InRam Krnl: 9000K P:70000K\r\n",
        uptime * 40
    );
    out += &format!(
        " Commit:2000000K Limit:9000000K Peak:2500000K            Pool N:{nonpaged:>5}K P:90000K\r\n"
    );
    if look.status != 0 {
        return out + &format!("# end seq={} tags=0\r\n", look.seq);
    }
    out += "\r\n Tag  Type     Allocs            Frees            Diff            Bytes         Per Alloc\r\n\r\n";
    out += &row(story.tag, live + uptime, uptime, grown);
    for n in 0..40_u64 {
        let tag = format!("Zz{n:02}");
        out += &row(
            &tag,
            uptime * (n + 1) + 500,
            uptime * (n + 1),
            (fixed / 40 - n) / 500 * 500,
        );
    }
    if look.torn {
        let cut = out.len() * 2 / 3;
        return out[..cut].to_owned() + &format!(" # cut\r\n# torn seq={}\r\n", look.seq);
    }
    out + &format!("# end seq={} tags=41\r\n", look.seq)
}

fn processes(story: &Story) -> String {
    let mut out = "seq\tpid\timage\thandles\tthreads\tnonpaged_quota\tpaged_quota\r\n".to_owned();
    for look in &story.looks {
        let held = if story.handles {
            look.grown * 1_000
        } else {
            900
        };
        out += &format!("{}\t512\tw3wp.exe\t{held}\t40\t9000\t80000\r\n", look.seq);
        out += &format!("{}\t4\tSystem\t2100\t150\t0\t0\r\n", look.seq);
    }
    out
}

fn httperr(refused: bool) -> String {
    let mut out = "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 07:00:00\r\n\
        #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri s-siteid s-reason s-queuename\r\n"
        .to_owned();
    for n in 0..24 {
        let hour = 7 + n / 2;
        let minute = n % 2 * 30;
        out += &format!(
            "2026-03-02 {hour:02}:{minute:02}:00 10.0.0.9 5000 10.0.0.1 80 - - - - Timer_ConnectionIdle -\r\n"
        );
    }
    if refused {
        for n in 0..30 {
            out += &format!(
                "2026-03-02 17:{:02}:05 - - - - - - - - 40_Connections_Refused -\r\n",
                n + 20
            );
        }
    }
    out + "2026-03-02 19:00:00 10.0.0.9 5000 10.0.0.1 80 - - - - Timer_ConnectionIdle -\r\n"
}

/// All files but the manifest: name, role, content.
pub fn contents(story: &Story, refused: bool) -> Vec<(String, &'static str, Vec<u8>)> {
    let pool: String = story
        .looks
        .iter()
        .map(|look| snapshot(story, look))
        .collect();
    let image = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/drivers/x64/");
        std::fs::read(format!("{path}{name}")).unwrap()
    };
    let loaded =
        "drivers/loaded/C/Windows/System32/DriverStore/FileRepository/hstor.inf_1/hstorflt.sys";
    let text = |name: &str, role, text: String| (name.to_owned(), role, text.into_bytes());
    vec![
        text("pool/poolmon.txt", "pool", pool),
        text("pool/processes.tsv", "processes", processes(story)),
        text("httperr/httperr1.log", "httperr", httperr(refused)),
        (loaded.into(), "driver-loaded", image("hstorflt.sys")),
        (
            "drivers/system32/hstormon.sys".into(),
            "driver-folder",
            image("hstormon.sys"),
        ),
        text("system/os.json", "generated", "{}\n".into()),
        text(
            "collector.log",
            "generated",
            "2026-03-02T08:00:00Z begun\r\n".into(),
        ),
    ]
}

/// The manifest of some files.
pub fn manifest(files: &[(String, &'static str, Vec<u8>)]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(name, role, content)| {
            let digest: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
            json!({"path": name, "role": role, "source": null, "size": content.len(), "sha256": digest})
        })
        .collect();
    json!({
        "schema": "poolsleuth-collect-manifest/1",
        "collector": {"name": "poolsleuth-collect", "version": "0.1.0"},
        "created_utc": "2026-03-02T18:00:00Z",
        "host": {
            "name": "WEB01", "os_version": "10.0.17763", "product_name": "Windows Server 2019 Standard",
            "product_type": 3, "arch": "x64", "ram_bytes": 4_u64 << 30,
            "tz_name": "W. Europe Standard Time", "tz_bias_min": -60
        },
        "complete": true, "stopped_early": false, "errors": [], "limits": {"hit": []},
        "files": files
    })
}

/// The files of a bundle, its manifest last.
pub fn bundle(files: Vec<(String, &'static str, Vec<u8>)>, manifest: &Value) -> Vec<File> {
    let modified = Modified {
        unix: BEGIN,
        local: chrono::DateTime::from_timestamp(BEGIN, 0)
            .unwrap()
            .naive_utc(),
    };
    let last = (
        "manifest.json".to_owned(),
        "",
        manifest.to_string().into_bytes(),
    );
    files
        .into_iter()
        .chain([last])
        .map(|(name, _, bytes)| File {
            name,
            bytes,
            modified,
        })
        .collect()
}
