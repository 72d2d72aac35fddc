//! What is to be taken, decided from names and sizes before anything is read.

use crate::args::Options;
use crate::filetime::FileTime;
use crate::host::{class, Host};
use crate::httperr;
use crate::json::Json;
use crate::modules::{as_name, file_of, parse, Module};
use crate::query::Buffer;
use crate::registry::{self, Service};
use crate::system::windows_folder;
use crate::work::Work;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::PathBuf;

/// Bytes of one file that are taken at most.
pub const MOST_FILE: u64 = 64 << 20;
/// Bytes of snapshots at most; also where a run stops taking more.
pub const MOST_POOL: u64 = 256 << 20;
/// Files of a bundle at most.
const MOST_FILES: usize = 20_000;
/// Files in a folder that are looked at.
const MOST_LISTED: usize = 50_000;

/// What a file of the bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Snapshots.
    Pool,
    /// Handles per process.
    Processes,
    /// Counters.
    Perf,
    /// A log of http.sys.
    HttpErr,
    /// The image of a module that is loaded.
    DriverLoaded,
    /// An image that only lies in the folder.
    DriverFolder,
    /// A catalog that signs one of the images.
    Catalog,
    /// Written by the collector.
    Generated,
}

impl Role {
    /// The word of the manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Pool => "pool",
            Role::Processes => "processes",
            Role::Perf => "perf",
            Role::HttpErr => "httperr",
            Role::DriverLoaded => "driver-loaded",
            Role::DriverFolder => "driver-folder",
            Role::Catalog => "catalog",
            Role::Generated => "generated",
        }
    }
}

/// A file to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub role: Role,
    /// Its name in the bundle.
    pub name: String,
    /// Its path on the machine.
    pub source: String,
    /// Where it is read.
    pub path: PathBuf,
    /// Its size when it was listed.
    pub size: u64,
    /// Last written.
    pub modified: FileTime,
    /// Created, where the volume knows.
    pub created: Option<FileTime>,
}

impl Item {
    /// An item of a file, by its directory entry.
    pub fn new(role: Role, name: String, source: String, path: PathBuf, data: &Metadata) -> Item {
        Item {
            role,
            name,
            source,
            path,
            size: data.len(),
            modified: data.modified().map(FileTime::from).unwrap_or_default(),
            created: data.created().ok().map(FileTime::from),
        }
    }
}

/// A file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub source: String,
    /// Its size, if known.
    pub size: Option<u64>,
    /// Why.
    pub why: String,
}

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was tried.
    pub what: &'static str,
    /// Of which snapshot.
    pub seq: Option<u64>,
    /// With which file or folder.
    pub source: Option<String>,
    /// Windows' error number, or an NTSTATUS in hexadecimal.
    pub code: Json,
}

impl Failure {
    /// A failure with a file or folder.
    pub fn io(what: &'static str, source: &str, error: &io::Error) -> Failure {
        let code = match error.raw_os_error() {
            Some(code) => code.into(),
            None => error.to_string().into(),
        };
        Failure {
            what,
            seq: None,
            source: Some(source.to_owned()),
            code,
        }
    }

    /// For people.
    pub fn sentence(&self) -> String {
        let code = match &self.code {
            Json::Text(text) => text.clone(),
            Json::Number(number) => format!("error {number}"),
            _ => String::new(),
        };
        let subject = match (&self.source, self.seq) {
            (Some(source), _) => format!(" {source}"),
            (None, Some(seq)) => format!(" of snapshot {seq}"),
            _ => String::new(),
        };
        format!("{}{subject}: {code}", self.what)
    }
}

/// Bytes that may still be taken, in all and of each kind, and which limits were met.
#[derive(Clone, Debug)]
pub struct Budget {
    total: u64,
    httperr: u64,
    drivers: u64,
    files: usize,
    /// Names of the limits that were met.
    pub hit: BTreeSet<&'static str>,
}

impl Budget {
    /// The limits of the options.
    pub fn new(options: &Options) -> Budget {
        Budget {
            total: options.max_mb << 20,
            httperr: options.max_httperr_mb << 20,
            drivers: options.max_drivers_mb << 20,
            files: MOST_FILES,
            hit: BTreeSet::new(),
        }
    }

    /// Takes a file's bytes off; or says which limit leaves it out.
    ///
    /// # Errors
    /// The limit's name.
    pub fn spend(&mut self, role: Role, size: u64) -> Result<(), &'static str> {
        let mut unlimited = u64::MAX;
        let (kind, limit) = match role {
            Role::HttpErr => (&mut self.httperr, "httperr_mb"),
            Role::DriverLoaded | Role::DriverFolder | Role::Catalog => {
                (&mut self.drivers, "drivers_mb")
            }
            _ => (&mut unlimited, "total_mb"),
        };
        let why = if self.files == 0 {
            "files"
        } else if size > *kind {
            limit
        } else if size > self.total {
            "total_mb"
        } else {
            *kind -= size;
            self.total -= size;
            self.files -= 1;
            return Ok(());
        };
        self.hit.insert(why);
        Err(why)
    }
}

/// What was found.
pub struct Gathered {
    /// To be taken, in this order.
    pub items: Vec<Item>,
    /// Left out.
    pub skipped: Vec<Skipped>,
    /// Failed.
    pub failures: Vec<Failure>,
    /// What is left of the limits.
    pub budget: Budget,
    /// The kernel's modules with their files.
    pub modules: Vec<(Module, String)>,
    /// Services of drivers.
    pub services: Vec<Service>,
    /// The Windows folder.
    pub windows: String,
    taken: BTreeSet<String>,
}

/// Lists everything. Without a work folder (`plan`) its files are left out.
pub fn gather(
    host: &dyn Host,
    options: &Options,
    work: Option<&Work>,
    buffer: &mut Buffer,
) -> Gathered {
    let mut gathered = Gathered {
        items: Vec::new(),
        skipped: Vec::new(),
        failures: Vec::new(),
        budget: Budget::new(options),
        modules: Vec::new(),
        services: registry::driver_services(host),
        windows: windows_folder(host),
        taken: BTreeSet::new(),
    };
    if let Some(work) = work {
        gathered.of_work(work);
    }
    gathered.logs(host, options);
    gathered.kernel_modules(host, buffer);
    if options.drivers {
        gathered.loaded(host);
        gathered.folder(host);
    }
    gathered
}

impl Gathered {
    fn of_work(&mut self, work: &Work) {
        let beside = [("processes.tsv", Role::Processes), ("perf.tsv", Role::Perf)];
        let beside = beside
            .iter()
            .map(|(name, role)| (work.folder().join("pool").join(name), *role));
        let pool = work.pool_files().into_iter().map(|path| (path, Role::Pool));
        for (path, role) in pool.chain(beside) {
            let data = match fs::metadata(&path) {
                Ok(data) => data,
                Err(_) => continue,
            };
            let file = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let source = path.display().to_string();
            self.add(Item::new(role, format!("pool/{file}"), source, path, &data));
        }
        for name in work.full() {
            self.budget.hit.insert("pool_mb");
            let why = "nothing more was added: limit file_mb".to_owned();
            self.skipped.push(Skipped {
                source: format!("pool/{name}"),
                size: None,
                why,
            });
        }
    }

    fn logs(&mut self, host: &dyn Host, options: &Options) {
        let folder = httperr::folder(host, &self.windows);
        let logs = match httperr::list(host, &folder) {
            Ok(logs) => logs,
            Err(error) => return self.failures.push(Failure::io("list", &folder, &error)),
        };
        let oldest = options
            .httperr_days
            .map(|days| host.now().minus_seconds(days * 86_400));
        for log in logs {
            if oldest.map_or(false, |oldest| log.modified < oldest) {
                let why = "older than --httperr-days".to_owned();
                self.skipped.push(Skipped {
                    source: log.source,
                    size: Some(log.size),
                    why,
                });
                continue;
            }
            let created = fs::metadata(&log.path)
                .and_then(|d| d.created())
                .ok()
                .map(FileTime::from);
            self.add(Item {
                role: Role::HttpErr,
                name: format!("httperr/{}", log.name),
                source: log.source,
                path: log.path,
                size: log.size.min(MOST_FILE),
                modified: log.modified,
                created,
            });
        }
    }

    fn kernel_modules(&mut self, host: &dyn Host, buffer: &mut Buffer) {
        match buffer.ask(host, class::MODULES) {
            Ok(table) => {
                let windows = &self.windows;
                let located = parse(table.bytes).into_iter().map(|module| {
                    let file = file_of(&module.path, windows).path;
                    (module, file)
                });
                self.modules = located.collect();
            }
            Err(status) => self.failures.push(Failure {
                what: "modules",
                seq: None,
                source: None,
                code: format!("0x{status:08X}").into(),
            }),
        }
    }

    fn loaded(&mut self, host: &dyn Host) {
        let files: Vec<String> = self.modules.iter().map(|(_, file)| file.clone()).collect();
        let mut packages = BTreeSet::new();
        for file in files {
            let name = format!("drivers/loaded/{}", as_name(&file));
            self.image(host, Role::DriverLoaded, &file, name);
            if let Some((folder, _)) = file.rsplit_once('\\') {
                if folder
                    .to_ascii_lowercase()
                    .contains("\\driverstore\\filerepository\\")
                {
                    packages.insert(folder.to_owned());
                }
            }
        }
        // A package in the driver store has its catalog beside its image.
        for folder in packages {
            for file in self.listed(host, &folder, ".cat") {
                let name = format!("catalogs/{}", as_name(&file));
                self.image(host, Role::Catalog, &file, name);
            }
        }
    }

    /// The rest of `System32\drivers`.
    fn folder(&mut self, host: &dyn Host) {
        let folder = format!("{}\\System32\\drivers", self.windows);
        for file in self.listed(host, &folder, ".sys") {
            let name = file.rsplit('\\').next().unwrap_or(&file).to_owned();
            self.image(
                host,
                Role::DriverFolder,
                &file,
                format!("drivers/system32/{name}"),
            );
        }
    }

    fn listed(&mut self, host: &dyn Host, folder: &str, extension: &str) -> Vec<String> {
        let listing = match fs::read_dir(host.path(folder)) {
            Ok(listing) => listing,
            Err(error) => {
                self.failures.push(Failure::io("list", folder, &error));
                return Vec::new();
            }
        };
        let names = listing.flatten().take(MOST_LISTED);
        let mut names: Vec<String> = names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.to_ascii_lowercase().ends_with(extension))
            .map(|name| format!("{folder}\\{name}"))
            .collect();
        names.sort_by_key(|name| name.to_ascii_lowercase());
        names
    }

    fn image(&mut self, host: &dyn Host, role: Role, source: &str, name: String) {
        if self.taken.contains(&source.to_ascii_lowercase()) {
            return;
        }
        let path = host.path(source);
        match fs::metadata(&path) {
            Ok(data) if data.is_file() => {
                self.add(Item::new(role, name, source.to_owned(), path, &data));
            }
            Ok(_) => {}
            Err(error) => self.failures.push(Failure::io("open", source, &error)),
        }
    }

    /// Adds an item if no limit leaves it out; says whether it did.
    pub fn add(&mut self, item: Item) -> bool {
        let cut = item.role == Role::HttpErr || item.role == Role::Pool;
        let why = if item.size > MOST_FILE && !cut {
            self.budget.hit.insert("file_mb");
            "file_mb"
        } else {
            match self.budget.spend(item.role, item.size) {
                Ok(()) => {
                    self.taken.insert(item.source.to_ascii_lowercase());
                    self.items.push(item);
                    return true;
                }
                Err(why) => why,
            }
        };
        self.taken.insert(item.source.to_ascii_lowercase());
        let why = format!("limit {why}");
        self.skipped.push(Skipped {
            source: item.source,
            size: Some(item.size),
            why,
        });
        false
    }

    /// True if a file was taken or left out already.
    pub fn knows(&self, source: &str) -> bool {
        self.taken.contains(&source.to_ascii_lowercase())
    }

    /// Rows of `system/loaded_modules.tsv`.
    pub fn module_rows(&self) -> Vec<Vec<String>> {
        let row = |(module, file): &(Module, String)| {
            let base = format!("0x{:016x}", module.base);
            vec![
                module.path.clone(),
                file.clone(),
                base,
                module.size.to_string(),
            ]
        };
        self.modules.iter().map(row).collect()
    }
}

/// Names of the columns of `system/loaded_modules.tsv`.
pub const MODULE_COLUMNS: &str = "module\tfile\tbase\tsize";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{image, module_table, FakeHost};

    fn host() -> FakeHost {
        let host = FakeHost::default();
        let store = "System32\\DriverStore\\FileRepository\\leak.inf_1";
        host.answer(
            class::MODULES,
            module_table(&[
                "\\SystemRoot\\system32\\drivers\\good.sys",
                "\\SystemRoot\\System32\\drivers\\dump_good.sys",
                &format!("\\SystemRoot\\{store}\\leak.sys"),
                "\\??\\C:\\gone\\gone.sys",
            ]),
        );
        for name in ["system32\\drivers\\good.sys", "System32\\drivers\\idle.sys"] {
            host.write(
                &format!("C:\\Windows\\{name}"),
                &image(name.as_bytes(), false),
            );
        }
        host.write("C:\\Windows\\System32\\drivers\\readme.txt", b"x");
        host.write(
            &format!("C:\\Windows\\{store}\\leak.sys"),
            &image(b"leak", false),
        );
        host.write(&format!("C:\\Windows\\{store}\\leak.cat"), b"catalog");
        host.write(
            "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log",
            &[b'x'; 3 << 20],
        );
        host
    }

    fn names(gathered: &Gathered) -> Vec<&str> {
        gathered.items.iter().map(|i| i.name.as_str()).collect()
    }

    #[test]
    fn loaded_images_keep_their_path_and_the_folder_gives_the_rest() {
        let gathered = gather(&host(), &Options::default(), None, &mut Buffer::default());
        let store = "C/Windows/System32/DriverStore/FileRepository/leak.inf_1";
        assert_eq!(
            names(&gathered),
            [
                "httperr/httperr1.log",
                "drivers/loaded/C/Windows/system32/drivers/good.sys",
                &format!("drivers/loaded/{store}/leak.sys"),
                &format!("catalogs/{store}/leak.cat"),
                "drivers/system32/idle.sys",
            ]
        );
        let failed: Vec<_> = gathered.failures.iter().map(Failure::sentence).collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(
            failed[0].starts_with("open C:\\gone\\gone.sys: error "),
            "{failed:?}"
        );
        assert_eq!(gathered.module_rows().len(), 4);
    }

    #[test]
    fn limits_leave_out_and_say_so() {
        let options = Options {
            max_httperr_mb: 2,
            max_drivers_mb: 0,
            ..Options::default()
        };
        let gathered = gather(&host(), &options, None, &mut Buffer::default());
        assert!(names(&gathered).is_empty());
        let hit: Vec<_> = gathered.budget.hit.iter().copied().collect();
        assert_eq!(hit, ["drivers_mb", "httperr_mb"]);
        assert!(gathered.skipped.iter().all(|s| s.why.starts_with("limit ")));
        let none = Options {
            drivers: false,
            max_mb: 2,
            ..Options::default()
        };
        let gathered = gather(&host(), &none, None, &mut Buffer::default());
        assert!(gathered.budget.hit.contains("total_mb") && gathered.items.is_empty());
    }

    #[test]
    fn old_logs_stay_where_they_are() {
        let host = host();
        let future = FileTime::from(std::time::SystemTime::now()).0 + 5 * 86_400 * 10_000_000;
        host.set_now(FileTime(future));
        let options = Options {
            httperr_days: Some(2),
            drivers: false,
            ..Options::default()
        };
        let gathered = gather(&host, &options, None, &mut Buffer::default());
        assert!(gathered.items.is_empty());
        assert_eq!(gathered.skipped[0].why, "older than --httperr-days");
    }
}
