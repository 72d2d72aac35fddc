//! A machine for tests, made up: kernel answers as bytes, a registry in a map, files in a folder.

use crate::args::Priority;
use crate::filetime::FileTime;
use crate::host::{status, Answer, Facts, Host, Memory, Performance, Space, Stop, Value};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("poolsleuth-collect-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

enum Reply {
    Bytes(Vec<u8>),
    Exactly(Vec<u8>),
    Status(u32),
}

/// The machine. Time passes by pauses only.
pub struct FakeHost {
    files: Scratch,
    replies: RefCell<BTreeMap<u32, Reply>>,
    registry: RefCell<BTreeMap<String, BTreeMap<String, Value>>>,
    now: Cell<FileTime>,
    ticks: Cell<u64>,
    asked: Cell<usize>,
    pub pauses: Cell<u64>,
    /// After this many pauses, the reason to end.
    pub stop_after: Cell<Option<(u64, Stop)>>,
    /// After this many pauses, a refusal in this log.
    pub refuse_after: RefCell<Option<(u64, String)>>,
    pub space: Cell<Option<Space>>,
    pub other_instance: Cell<bool>,
    pub elevated: Cell<bool>,
    pub emulated: Cell<bool>,
}

impl Default for FakeHost {
    fn default() -> Self {
        FakeHost {
            files: Scratch::new(),
            replies: RefCell::default(),
            registry: RefCell::default(),
            now: Cell::new(FileTime(134_398_262_400_000_000)),
            ticks: Cell::new(0),
            asked: Cell::new(0),
            pauses: Cell::new(0),
            stop_after: Cell::new(None),
            refuse_after: RefCell::new(None),
            space: Cell::new(None),
            other_instance: Cell::new(false),
            elevated: Cell::new(true),
            emulated: Cell::new(false),
        }
    }
}

impl FakeHost {
    pub fn answer(&self, class: u32, bytes: Vec<u8>) {
        self.replies.borrow_mut().insert(class, Reply::Bytes(bytes));
    }

    pub fn answer_exactly(&self, class: u32, bytes: Vec<u8>) {
        self.replies
            .borrow_mut()
            .insert(class, Reply::Exactly(bytes));
    }

    pub fn fail(&self, class: u32, status: u32) {
        self.replies
            .borrow_mut()
            .insert(class, Reply::Status(status));
    }

    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    pub fn set(&self, key: &str, name: &str, value: Value) {
        self.registry
            .borrow_mut()
            .entry(key.into())
            .or_default()
            .insert(name.into(), value);
    }

    pub fn set_now(&self, now: FileTime) {
        self.now.set(now);
    }

    /// Writes a file of the machine.
    pub fn write(&self, windows: &str, bytes: &[u8]) {
        let path = self.path(windows);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A folder of this test outside of the machine's own.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

impl Host for FakeHost {
    fn query(&self, class: u32, buffer: &mut [u8]) -> Answer {
        self.asked.set(self.asked.get() + 1);
        let short = status::INFO_LENGTH_MISMATCH;
        match self.replies.borrow().get(&class) {
            None => Answer {
                status: 0xc000_0003,
                length: 0,
            },
            Some(Reply::Status(status)) => Answer {
                status: *status,
                length: 0,
            },
            Some(Reply::Exactly(bytes)) if bytes.len() != buffer.len() => Answer {
                status: short,
                length: bytes.len() as u32,
            },
            Some(Reply::Bytes(bytes)) if bytes.len() > buffer.len() => Answer {
                status: short,
                length: bytes.len() as u32,
            },
            Some(Reply::Bytes(bytes) | Reply::Exactly(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                Answer {
                    status: 0,
                    length: bytes.len() as u32,
                }
            }
        }
    }

    fn now(&self) -> FileTime {
        self.now.get()
    }

    fn ticks(&self) -> u64 {
        self.ticks.get()
    }

    fn performance(&self) -> Option<Performance> {
        None
    }

    fn memory(&self) -> Option<Memory> {
        None
    }

    fn registry_value(&self, key: &str, name: &str) -> Option<Value> {
        self.registry.borrow().get(key)?.get(name).cloned()
    }

    fn registry_keys(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}\\");
        let registry = self.registry.borrow();
        let below = registry
            .keys()
            .filter_map(|k| k.strip_prefix(&prefix)?.split('\\').next());
        let mut names: Vec<String> = below.map(str::to_owned).collect();
        names.dedup();
        names
    }

    fn registry_values(&self, key: &str) -> Vec<(String, Value)> {
        let registry = self.registry.borrow();
        registry
            .get(key)
            .into_iter()
            .flatten()
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    fn facts(&self) -> Facts {
        Facts {
            name: "WEB/01".into(),
            version: (10, 0, 17763),
            product_type: 3,
            arch: "x64",
            cpus: 4,
            elevated: self.elevated.get(),
            zone_name: "W. Europe Standard Time".into(),
            zone_bias: -60,
            zone_bias_now: -120,
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "SystemRoot" => Some("C:\\Windows".into()),
            "SystemDrive" => Some("C:".into()),
            _ => None,
        }
    }

    /// Names are folded, as Windows finds them in any case.
    fn path(&self, windows: &str) -> PathBuf {
        let (folder, name) = windows.rsplit_once('\\').unwrap_or(("", windows));
        let folder = folder.replace([':', '\\'], "/").to_ascii_lowercase();
        let is_file = name.contains('.');
        let name = if is_file {
            name.to_owned()
        } else {
            name.to_ascii_lowercase()
        };
        self.files.path().join("disk").join(folder).join(name)
    }

    fn space(&self, _: &Path) -> Option<Space> {
        self.space.get()
    }

    fn pause(&self, milliseconds: u64) {
        self.pauses.set(self.pauses.get() + 1);
        self.ticks.set(self.ticks.get() + milliseconds);
        self.now
            .set(FileTime(self.now.get().0 + milliseconds * 10_000));
        if let Some((after, log)) = &*self.refuse_after.borrow() {
            if self.pauses.get() == *after {
                self.write(log, b"... 17_Connections_Refused -\r\n");
            }
        }
    }

    fn stop(&self) -> Option<Stop> {
        self.stop_after
            .get()
            .filter(|(after, _)| self.pauses.get() >= *after)
            .map(|(_, stop)| stop)
    }

    fn claim(&self) -> bool {
        !self.other_instance.get()
    }

    fn set_priority(&self, _: Priority) -> bool {
        true
    }

    fn emulated(&self) -> bool {
        self.emulated.get()
    }
}

type Counts = (u32, u32, u64);

/// SYSTEM_POOLTAG_INFORMATION: tags with allocations, frees and bytes, paged then nonpaged.
pub fn pool_table(tags: &[([u8; 4], Counts, Counts)]) -> Vec<u8> {
    let mut out = (tags.len() as u64).to_le_bytes().to_vec();
    for (tag, paged, nonpaged) in tags {
        out.extend(tag);
        out.extend(paged.0.to_le_bytes());
        out.extend(paged.1.to_le_bytes());
        out.extend([0; 4]);
        out.extend(paged.2.to_le_bytes());
        out.extend(nonpaged.0.to_le_bytes());
        out.extend(nonpaged.1.to_le_bytes());
        out.extend(nonpaged.2.to_le_bytes());
    }
    out
}

/// A chain of processes: image, id, handles; two threads and quotas of 7000 and 9000 each.
pub fn process_chain(address: u64, processes: &[(&str, u64, u32)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, (image, id, handles)) in processes.iter().enumerate() {
        let start = out.len();
        let name: Vec<u8> = image.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut entry = vec![0; 256];
        let mut put = |at: usize, bytes: &[u8]| entry[at..at + bytes.len()].copy_from_slice(bytes);
        let size = 256 + name.len();
        if place + 1 < processes.len() {
            put(0, &(size as u32).to_le_bytes());
        }
        put(4, &2_u32.to_le_bytes());
        put(56, &(name.len() as u16).to_le_bytes());
        put(64, &(address + start as u64 + 256).to_le_bytes());
        put(80, &id.to_le_bytes());
        put(96, &handles.to_le_bytes());
        put(160, &9000_u64.to_le_bytes());
        put(176, &7000_u64.to_le_bytes());
        out.extend(entry);
        out.extend(name);
    }
    out
}

/// RTL_PROCESS_MODULES with these paths.
pub fn module_table(paths: &[&str]) -> Vec<u8> {
    let mut out = (paths.len() as u64).to_le_bytes().to_vec();
    for path in paths {
        let mut entry = vec![0; 296];
        entry[24..28].copy_from_slice(&4096_u32.to_le_bytes());
        entry[40..40 + path.len()].copy_from_slice(path.as_bytes());
        out.extend(entry);
    }
    out
}

/// The headers of an x64 image, then some bytes; with or without a certificate table.
pub fn image(content: &[u8], signed: bool) -> Vec<u8> {
    let mut out = vec![0; 0x200];
    out[..2].copy_from_slice(b"MZ");
    out[0x3c] = 0x80;
    out[0x80..0x84].copy_from_slice(b"PE\0\0");
    out[0x84..0x86].copy_from_slice(&0x8664_u16.to_le_bytes());
    out[0x98..0x9a].copy_from_slice(&0x20b_u16.to_le_bytes());
    // The fifth directory of the optional header: 112 + 4 * 8 bytes from its start.
    out[0x98 + 112 + 36] = if signed { 8 } else { 0 };
    out.extend(content);
    out
}

/// Reads a zip by its directory, with another inflater than the writer's deflater.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let half = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()) as usize;
    let end = bytes.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let (mut at, mut entries) = (word(end + 16), BTreeMap::new());
    for _ in 0..half(end + 10) {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        let (name_length, extra, comment) = (half(at + 28), half(at + 30), half(at + 32));
        let name = String::from_utf8(bytes[at + 46..at + 46 + name_length].to_vec()).unwrap();
        let local = word(at + 42);
        assert_eq!(
            bytes[local + 4..local + 30],
            bytes[at + 6..at + 32],
            "both headers agree"
        );
        let start = local + 30 + half(local + 26) + half(local + 28);
        let packed = &bytes[start..start + word(at + 20)];
        let content = miniz_oxide::inflate::decompress_to_vec(packed).unwrap();
        let mut crc = crate::crc32::Crc32::default();
        crc.update(&content);
        assert_eq!(
            (content.len(), crc.value() as usize),
            (word(at + 24), word(at + 16))
        );
        assert!(
            entries.insert(name, content).is_none(),
            "a name occurs once"
        );
        at += 46 + name_length + extra + comment;
    }
    entries
}
