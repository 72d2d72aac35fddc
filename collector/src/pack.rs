//! The bundle: everything that was gathered, streamed into one zip.
//!
//! Each source is read once: the bytes pass SHA-256, CRC and deflate on their way. The zip is
//! written as `.partial` and gets its name when it is whole and on the disk.

use crate::app::Run;
use crate::authenticode::{Authenticode, Digests};
use crate::catalogs::{Wanted, MOST_SEARCHED, STORE};
use crate::digest::hex;
use crate::filetime::FileTime;
use crate::gather::{self, Failure, Gathered, Item, Role, Skipped, MOST_FILE};
use crate::host::Host;
use crate::manifest::{Manifest, Packed};
use crate::modules::as_name;
use crate::query::Buffer;
use crate::sha256::Sha256;
use crate::system::System;
use crate::work::Work;
use crate::zip::{Open, Zip};
use crate::{readme, registry, NAME};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// Catalogs larger than this are not searched.
const MOST_CATALOG: u64 = 16 << 20;

/// A finished bundle.
#[derive(Debug)]
pub struct Bundle {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Files in it, the manifest not counted.
    pub files: usize,
    /// What failed.
    pub failures: Vec<Failure>,
    /// Limits that were met.
    pub hit: Vec<&'static str>,
}

/// Where the bundle goes: a file that is named, or a name of its own in a folder.
pub fn destination(out: Option<&str>, host_name: &str, now: FileTime) -> PathBuf {
    let forbidden = |c: char| c.is_control() || "\\/:*?\"<>| ".contains(c);
    let host: String = host_name
        .chars()
        .map(|c| if forbidden(c) { '_' } else { c })
        .collect();
    let name = format!("{NAME}_{host}_{}.zip", now.compact());
    match out {
        None => PathBuf::from(name),
        Some(out) if out.ends_with(['/', '\\']) || Path::new(out).is_dir() => {
            Path::new(out).join(name)
        }
        Some(out) => PathBuf::from(out),
    }
}

/// Packs a work folder and the machine's files to `path`.
///
/// # Errors
/// When the bundle cannot be written. What could not be read is in the bundle's manifest.
pub fn pack(host: &dyn Host, work: &mut Work, run: &Run, path: &Path) -> io::Result<Bundle> {
    let partial = beside(path, ".partial");
    let result = write(host, work, run, &partial);
    let (files, failures, hit) = match result {
        Ok(done) => done,
        Err(error) => {
            let _ = fs::remove_file(&partial);
            return Err(error);
        }
    };
    fs::rename(&partial, path)?;
    let (sha256, size) = digest_of(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    fs::write(
        beside(path, ".sha256"),
        format!("{} *{name}\r\n", hex(&sha256)),
    )?;
    Ok(Bundle {
        path: path.to_owned(),
        size,
        sha256,
        files,
        failures,
        hit,
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// SHA-256 and size of a file.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(path: &Path) -> io::Result<([u8; 32], u64)> {
    let (mut file, mut digest, mut size) = (File::open(path)?, Sha256::default(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((digest.finish(), size)),
            count => {
                size += count as u64;
                digest.update(&piece[..count]);
            }
        }
    }
}

type Done = (usize, Vec<Failure>, Vec<&'static str>);

fn write(host: &dyn Host, work: &mut Work, run: &Run, partial: &Path) -> io::Result<Done> {
    let mut buffer = Buffer::default();
    let system = System::of(host, &mut buffer);
    let mut gathered = gather::gather(host, &run.options, Some(work), &mut buffer);
    let pool = work.scan.failures.iter().map(|(seq, status)| Failure {
        what: "pooltag",
        seq: Some(*seq),
        source: None,
        code: status.clone().into(),
    });
    gathered.failures.splice(0..0, pool.collect::<Vec<_>>());
    if run.pool_full {
        gathered.budget.hit.insert("pool_mb");
    }
    let file = BufWriter::with_capacity(PIECE, File::create(partial)?);
    let mut packer = Packer {
        zip: Zip::new(file),
        files: Vec::new(),
        piece: vec![0; PIECE],
        now: host.now(),
    };
    let wanted = packer.items(&mut gathered)?;
    packer.catalogs(host, &mut gathered, &wanted)?;
    packer.generated(host, &gathered, &system)?;
    for failure in &gathered.failures {
        work.log(host.now(), &failure.sentence());
    }
    for hit in &gathered.budget.hit {
        work.log(
            host.now(),
            &format!("limit {hit} was met; what was left out is in system/skipped.tsv"),
        );
    }
    let log = fs::read(work.folder().join("collector.log")).unwrap_or_default();
    packer.text("collector.log", &log)?;
    let manifest = Manifest {
        run,
        created: host.now(),
        system: &system,
        scan: &work.scan,
        budget: &gathered.budget,
        failures: &gathered.failures,
        files: &packer.files,
    };
    let manifest = manifest.to_json().to_text();
    let files = packer.files.len();
    packer.text("manifest.json", manifest.as_bytes())?;
    let file = packer
        .zip
        .finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((
        files,
        gathered.failures,
        gathered.budget.hit.into_iter().collect(),
    ))
}

struct Packer {
    zip: Zip<BufWriter<File>>,
    files: Vec<Packed>,
    piece: Vec<u8>,
    now: FileTime,
}

/// A file as it was streamed.
struct Streamed {
    size: u64,
    sha256: [u8; 32],
    authenticode: Option<Digests>,
    truncated: bool,
    failure: Option<io::Error>,
}

impl Packer {
    /// Writes all items; returns the digests of images that carry no signature.
    fn items(&mut self, gathered: &mut Gathered) -> io::Result<Wanted> {
        let mut wanted = Wanted::default();
        for item in std::mem::take(&mut gathered.items) {
            let image = matches!(item.role, Role::DriverLoaded | Role::DriverFolder);
            let digests = self.item(&item, &mut gathered.failures)?;
            if let Some(digests) = digests.filter(|_| image) {
                wanted.add(digests);
            }
        }
        Ok(wanted)
    }

    /// Writes an item; a source that cannot be read is a failure of the bundle, not of packing.
    fn item(&mut self, item: &Item, failures: &mut Vec<Failure>) -> io::Result<Option<Digests>> {
        let (file, cut) = match open(item) {
            Ok(opened) => opened,
            Err(error) => {
                failures.push(Failure::io("open", &item.source, &error));
                return Ok(None);
            }
        };
        let mut entry = self.zip.begin(&item.name, item.modified)?;
        let streamed = stream(&mut entry, file, &mut self.piece)?;
        entry.finish()?;
        if let Some(error) = &streamed.failure {
            failures.push(Failure::io("read", &item.source, error));
        }
        self.files.push(Packed {
            path: item.name.clone(),
            role: item.role,
            source: Some(item.source.clone()),
            size: streamed.size,
            sha256: streamed.sha256,
            modified: item.modified,
            created: item.created,
            truncated: cut || streamed.truncated,
        });
        Ok(streamed.authenticode)
    }

    /// Finds and writes the catalogs of Windows' store that name the images.
    fn catalogs(
        &mut self,
        host: &dyn Host,
        gathered: &mut Gathered,
        wanted: &Wanted,
    ) -> io::Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let folder = format!("{}\\{STORE}", gathered.windows);
        let listing = match fs::read_dir(host.path(&folder)) {
            Ok(listing) => listing,
            Err(error) => {
                gathered.failures.push(Failure::io("list", &folder, &error));
                return Ok(());
            }
        };
        let names = listing
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names
            .filter(|name| name.to_ascii_lowercase().ends_with(".cat"))
            .collect();
        names.sort();
        let mut searched = 0;
        for name in names {
            let source = format!("{folder}\\{name}");
            let path = host.path(&source);
            let data = match fs::metadata(&path) {
                Ok(data) if data.len() <= MOST_CATALOG => data,
                _ => continue,
            };
            searched += data.len();
            if searched > MOST_SEARCHED {
                let why = "not searched for drivers: enough catalogs were".to_owned();
                gathered.skipped.push(Skipped {
                    source,
                    size: Some(data.len()),
                    why,
                });
                break;
            }
            let found = File::open(&path).and_then(|file| wanted.in_catalog(file));
            if matches!(found, Ok(true)) && !gathered.knows(&source) {
                let name = format!("catalogs/{}", as_name(&source));
                gathered.add(Item::new(Role::Catalog, name, source, path, &data));
            }
        }
        self.items(gathered)?;
        Ok(())
    }

    /// Writes what the collector itself has to say.
    fn generated(
        &mut self,
        host: &dyn Host,
        gathered: &Gathered,
        system: &System,
    ) -> io::Result<()> {
        let table = registry::table;
        self.text("system/registry.txt", registry::export(host).as_bytes())?;
        self.text("system/os.json", system.to_json().to_text().as_bytes())?;
        let modules = table(gather::MODULE_COLUMNS, &gathered.module_rows());
        self.text("system/loaded_modules.tsv", modules.as_bytes())?;
        let services = table(
            registry::SERVICE_COLUMNS,
            &registry::service_rows(&gathered.services),
        );
        self.text("system/driver_services.tsv", services.as_bytes())?;
        let filters = table(
            registry::FILTER_COLUMNS,
            &registry::filter_rows(&gathered.services),
        );
        self.text("system/filters.tsv", filters.as_bytes())?;
        let row = |s: &Skipped| {
            let size = s.size.map_or_else(String::new, |n| n.to_string());
            vec![s.source.clone(), size, s.why.clone()]
        };
        let skipped: Vec<_> = gathered.skipped.iter().map(row).collect();
        self.text(
            "system/skipped.tsv",
            table("source\tsize\treason", &skipped).as_bytes(),
        )?;
        self.text("README.txt", readme::TEXT.as_bytes())
    }

    fn text(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let now = self.now;
        let mut entry = self.zip.begin(name, now)?;
        entry.write(content)?;
        entry.finish()?;
        self.files.push(Packed {
            path: name.to_owned(),
            role: Role::Generated,
            source: None,
            size: content.len() as u64,
            sha256: Sha256::of(content),
            modified: now,
            created: None,
            truncated: false,
        });
        Ok(())
    }
}

/// Opens a source; of a log that is too large, its newest part from the beginning of a line.
fn open(item: &Item) -> io::Result<(File, bool)> {
    let mut file = File::open(&item.path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let log = item.role == Role::HttpErr;
    if !log || length <= MOST_FILE {
        file.seek(SeekFrom::Start(0))?;
        return Ok((file, false));
    }
    let start = length - MOST_FILE;
    let mut head = vec![0; PIECE];
    file.seek(SeekFrom::Start(start))?;
    let count = file.read(&mut head)?;
    let line = head[..count]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    file.seek(SeekFrom::Start(start + line as u64))?;
    Ok((file, true))
}

/// Passes a source into an entry. What ends the reading is kept; what ends the writing is an error.
fn stream<W: io::Write + Seek>(
    entry: &mut Open<'_, W>,
    file: File,
    piece: &mut [u8],
) -> io::Result<Streamed> {
    let (mut digest, mut authenticode) = (Sha256::default(), Authenticode::default());
    let (mut size, mut failure) = (0, None);
    let mut source = file.take(MOST_FILE);
    loop {
        match source.read(piece) {
            Ok(0) => break,
            Ok(count) => {
                let bytes = &piece[..count];
                size += count as u64;
                digest.update(bytes);
                authenticode.update(bytes);
                entry.write(bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    // A log may have grown beyond the limit meanwhile.
    let more = size == MOST_FILE && matches!(source.into_inner().read(&mut [0]), Ok(1));
    Ok(Streamed {
        size,
        sha256: digest.finish(),
        authenticode: authenticode.finish(),
        truncated: failure.is_some() || more,
        failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{image, module_table, pool_table, unzip, FakeHost};
    use crate::{host::class, snapshot::Taker};

    fn packed(host: &FakeHost) -> (Bundle, std::collections::BTreeMap<String, Vec<u8>>) {
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        Taker::default().take(host, &mut work, true).unwrap();
        let out = host.folder("out").join("bundle.zip");
        let bundle = pack(host, &mut work, &Run::of_test(), &out).unwrap();
        let entries = unzip(&fs::read(&bundle.path).unwrap());
        (bundle, entries)
    }

    #[test]
    fn the_manifest_names_every_file_with_its_hash() {
        let host = FakeHost::default();
        host.answer(
            class::POOL_TAGS,
            pool_table(&[(*b"Leak", (0, 0, 0), (9, 1, 4096))]),
        );
        host.answer(
            class::MODULES,
            module_table(&["\\SystemRoot\\System32\\drivers\\leak.sys"]),
        );
        let driver = image(b"driver", false);
        host.write("C:\\Windows\\System32\\drivers\\leak.sys", &driver);
        host.write(
            "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log",
            b"#Software\r\n",
        );
        let mut running = Authenticode::default();
        running.update(&driver);
        let (sha1, _) = running.finish().unwrap();
        let catalog = [&[0x30, 0x82, 4, 20][..], &sha1, b"rest"].concat();
        host.write(&format!("C:\\Windows\\{STORE}\\oem7.cat"), &catalog);
        host.write(
            &format!("C:\\Windows\\{STORE}\\other.cat"),
            b"nothing of ours",
        );
        let (bundle, entries) = packed(&host);
        assert_eq!(bundle.failures, []);
        let manifest = String::from_utf8(entries["manifest.json"].clone()).unwrap();
        assert!(manifest.contains("\"complete\": true"), "{manifest}");
        for (name, content) in entries.iter().filter(|(name, _)| *name != "manifest.json") {
            assert!(
                manifest.contains(&format!("\"path\": \"{name}\"")),
                "{name}"
            );
            assert!(manifest.contains(&hex(&Sha256::of(content))), "{name}");
        }
        assert_eq!(bundle.files, entries.len() - 1);
        for name in ["os.json", "registry.txt", "filters.tsv", "skipped.tsv"] {
            assert!(entries.contains_key(&format!("system/{name}")), "{name}");
        }
        assert!(entries.keys().any(|name| name.ends_with("/oem7.cat")));
        assert!(!entries.keys().any(|name| name.ends_with("/other.cat")));
        assert_eq!(
            entries["drivers/loaded/C/Windows/System32/drivers/leak.sys"],
            driver
        );
        let stated = fs::read_to_string(host.folder("out").join("bundle.zip.sha256")).unwrap();
        let (digest, size) = digest_of(&bundle.path).unwrap();
        assert_eq!(stated, format!("{} *bundle.zip\r\n", hex(&digest)));
        assert_eq!((bundle.sha256, bundle.size), (digest, size));
        assert!(!host.folder("out").join("bundle.zip.partial").exists());
    }

    #[test]
    fn what_is_missing_is_said_and_the_rest_is_packed() {
        let host = FakeHost::default();
        host.answer(class::MODULES, module_table(&["gone.sys"]));
        let (bundle, entries) = packed(&host);
        let failures: Vec<_> = bundle.failures.iter().map(Failure::sentence).collect();
        assert_eq!(failures[0], "pooltag of snapshot 1: 0xC0000003");
        assert!(failures
            .iter()
            .any(|f| f.starts_with("open C:\\Windows\\System32\\drivers\\gone.sys")));
        assert!(failures
            .iter()
            .any(|f| f.starts_with("list C:\\Windows\\System32\\LogFiles\\HTTPERR")));
        let manifest = String::from_utf8(entries["manifest.json"].clone()).unwrap();
        assert!(manifest.contains("\"complete\": false"), "{manifest}");
        assert!(manifest.contains("\"code\": \"0xC0000003\""), "{manifest}");
        let log = String::from_utf8(entries["collector.log"].clone()).unwrap();
        assert!(log.contains("gone.sys"), "{log}");
    }

    #[test]
    fn of_a_large_log_the_newest_lines_are_taken() {
        let host = FakeHost::default();
        let line = "2026-11-22 13:00:00 10.0.0.1 - - - - - - - - Timer_ConnectionIdle -\r\n";
        let log = "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log";
        let lines = MOST_FILE as usize / line.len() + 100;
        host.write(log, line.repeat(lines).as_bytes());
        let (_, entries) = packed(&host);
        let taken = &entries["httperr/httperr1.log"];
        assert!(taken.starts_with(line.as_bytes()) && taken.len() as u64 <= MOST_FILE);
        assert!(taken.len() as u64 > MOST_FILE - 200);
        let manifest = String::from_utf8(entries["manifest.json"].clone()).unwrap();
        assert!(manifest.contains("\"truncated\": true"));
    }

    #[test]
    fn where_a_bundle_goes() {
        let now = FileTime(134_398_262_400_000_000);
        let name = "poolsleuth-collect_WEB_01_20261122T130400Z.zip";
        assert_eq!(destination(None, "WEB/01", now), Path::new(name));
        assert_eq!(
            destination(Some("x/"), "WEB 01", now),
            Path::new("x").join(name)
        );
        assert_eq!(destination(Some("x.zip"), "WEB", now), Path::new("x.zip"));
    }

    #[test]
    fn a_bundle_that_cannot_be_written_leaves_nothing() {
        let host = FakeHost::default();
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        let out = host.folder("out").join("no such folder").join("bundle.zip");
        assert!(pack(&host, &mut work, &Run::of_test(), &out).is_err());
    }
}
