//! What of a folder is one case, decided by content, and said.
//!
//! ```text
//! archive ........................................... one case
//! folder with material directly in it ............... one case, its subfolders are parts
//! folder whose subfolders hold different material ... one case (HTTPERR/, drivers/, System32/, ...)
//! any other folder with material .................... a shelf: each entry is looked at again
//! ```
//! *Material* is what an analysis lives on: HTTPERR logs, poolmon text, kernel images,
//! `systeminfo`, a manifest. Loose material on a shelf with several archives is a case of its
//! own. What holds no material is left out, and said.

mod parts;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use parts::{are_packed_parts, are_parts, is_of_windows};

use super::store::is_batch;
use crate::bundle::{
    ArtifactName, HEAD_BYTES, IoTrouble, Role, classify, has_archive_name, single_within,
};

/// Folders within folders that may be shelves.
const MAX_DEPTH: usize = 12;

/// Files looked into to learn what a folder holds: enough for any part of a case.
const MAX_LOOKED: usize = 4_000;

/// What a part of a case is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Material {
    Logs,
    Pool,
    Images,
    Host,
}

/// One case: where it lies and why it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What to open together; nearly always one path.
    pub paths: Vec<PathBuf>,
    /// Why it is one case, in a sentence.
    pub taken_as: &'static str,
    /// The name of the folder that it lies in.
    pub group: Option<String>,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Something that is no case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Where.
    pub path: PathBuf,
    /// Why, in a sentence.
    pub why: String,
}

/// All cases below some paths.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The cases, in the order of their paths.
    pub cases: Vec<Found>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
    /// What was not even looked at: links, pipes, hidden or forbidden folders. It is said wherever
    /// it lies, also below folders that hold nothing else.
    unseen: Vec<LeftOut>,
}

/// Finds the cases below `paths`. With `as_given` each path is one case, whatever it holds. A
/// path named twice counts once.
pub fn find(paths: &[PathBuf], as_given: bool) -> Shelf {
    let mut shelf = Shelf::default();
    for path in paths {
        match as_given || !path.is_dir() {
            true => shelf.add(vec![path.clone()], "a path that was named"),
            false => shelf.look(path, 0, true),
        }
    }
    shelf.cases.sort_by(|a, b| a.paths.cmp(&b.paths));
    shelf.cases.dedup_by(|a, b| a.paths == b.paths);
    shelf.left_out.append(&mut shelf.unseen);
    shelf.left_out.sort();
    shelf.left_out.dedup();
    shelf
}

/// The entries of one folder.
#[derive(Default)]
struct Entries {
    folders: Vec<PathBuf>,
    archives: Vec<PathBuf>,
    material: Vec<(PathBuf, Material)>,
    others: Vec<PathBuf>,
    unseen: Vec<LeftOut>,
}

impl Shelf {
    fn add(&mut self, paths: Vec<PathBuf>, taken_as: &'static str) {
        let bytes = paths.iter().map(|path| size_of(path)).sum();
        let parent = paths.first().and_then(|p| p.parent());
        let group = parent
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        self.cases.push(Found {
            paths,
            taken_as,
            group,
            bytes,
        });
    }

    fn leave(&mut self, path: &Path, why: impl Into<String>) {
        self.left_out.push(LeftOut {
            path: path.to_owned(),
            why: why.into(),
        });
    }

    /// A folder: a case, a shelf, or nothing.
    fn look(&mut self, folder: &Path, depth: usize, named: bool) {
        if is_batch(folder) {
            return self.leave(folder, "holds the results of a batch");
        }
        let entries = match entries_of(folder) {
            Ok(entries) => entries,
            // One that was named is a case, so that its trouble becomes a record.
            Err(_) if named => return self.add(vec![folder.to_owned()], "a folder that was named"),
            Err(why) => {
                let path = folder.to_owned();
                let why = format!("cannot be listed: {}", IoTrouble::from(&why));
                return self.unseen.push(LeftOut { path, why });
            }
        };
        let parts: Vec<(&PathBuf, BTreeSet<Material>)> = entries
            .folders
            .par_iter()
            .map(|sub| (sub, material_below(sub)))
            .filter(|(_, material)| !material.is_empty())
            .collect();
        let whole = |(path, material): &&(&PathBuf, BTreeSet<Material>)| {
            material.len() > 1 && !is_of_windows(path)
        };
        if are_packed_parts(&entries, &parts) {
            return self.add(
                vec![folder.to_owned()],
                "a folder whose archives are called like parts of one case",
            );
        }
        let several = entries.archives.len() > 1 || parts.iter().filter(whole).count() > 1;
        if !entries.material.is_empty() && !several {
            return self.add(
                vec![folder.to_owned()],
                "a folder with logs, snapshots, images or system facts directly in it",
            );
        }
        if entries.archives.is_empty() && are_parts(&parts) {
            return self.add(
                vec![folder.to_owned()],
                "a folder whose subfolders hold different parts of one case",
            );
        }
        // What a case leaves out is said in its own report.
        self.unseen.extend(entries.unseen.iter().cloned());
        if entries.archives.is_empty() && parts.is_empty() && entries.material.is_empty() {
            return match self.holds_archives(&entries, folder, depth) {
                true => (),
                false if named => self.add(vec![folder.to_owned()], "a folder that was named"),
                false => self.leave(folder, "holds nothing that an analysis can use"),
            };
        }
        self.shelf(folder, entries, depth);
    }

    /// Folders whose cases lie deeper, in archives.
    fn holds_archives(&mut self, entries: &Entries, folder: &Path, depth: usize) -> bool {
        if depth >= MAX_DEPTH {
            self.leave(folder, "lies too deep to look for cases in it");
            return true;
        }
        let before = self.cases.len();
        let mut inner = Shelf::default();
        inner.look_into(&entries.folders, depth);
        self.cases.append(&mut inner.cases);
        self.unseen.append(&mut inner.unseen);
        let any = self.cases.len() > before;
        if any {
            self.left_out.append(&mut inner.left_out);
            for path in &entries.others {
                self.leave(path, "a loose file that an analysis cannot use");
            }
        }
        any
    }

    fn shelf(&mut self, folder: &Path, entries: Entries, depth: usize) {
        if !entries.material.is_empty() {
            let loose = entries.material.into_iter().map(|(path, _)| path).collect();
            self.add(loose, "loose files on a shelf of several cases");
        }
        for path in entries.archives {
            self.add(vec![path], "an archive");
        }
        for path in &entries.others {
            self.leave(path, "a loose file that an analysis cannot use");
        }
        match depth >= MAX_DEPTH && !entries.folders.is_empty() {
            true => self.leave(folder, "lies too deep to look for cases in it"),
            false => self.look_into(&entries.folders, depth),
        }
    }

    /// Each of some folders of one depth, several at once; what is found keeps their order.
    fn look_into(&mut self, folders: &[PathBuf], depth: usize) {
        let look = |sub: &PathBuf| {
            let mut inner = Shelf::default();
            inner.look(sub, depth + 1, false);
            inner
        };
        let found: Vec<Shelf> = folders.par_iter().map(look).collect();
        for mut inner in found {
            self.cases.append(&mut inner.cases);
            self.left_out.append(&mut inner.left_out);
            self.unseen.append(&mut inner.unseen);
        }
    }
}

fn entries_of(folder: &Path) -> std::io::Result<Entries> {
    let mut listed: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    listed.sort_by_key(fs::DirEntry::file_name);
    let looked: Vec<(PathBuf, Looked)> = listed
        .par_iter()
        .enumerate()
        .map(|(nth, entry)| {
            let (path, kind) = (entry.path(), entry.file_type()?);
            let looked = match kind {
                _ if is_hidden(&path) => Looked::Unseen("hidden, or housekeeping of a desktop"),
                kind if kind.is_symlink() => Looked::Unseen("a link, not followed"),
                kind if kind.is_dir() => Looked::Folder,
                kind if kind.is_file() => look_at(&path, nth),
                _ => Looked::Unseen("a pipe, socket or device"),
            };
            Ok((path, looked))
        })
        .collect::<std::io::Result<_>>()?;
    let mut entries = Entries::default();
    for (path, looked) in looked {
        match looked {
            Looked::Folder => entries.folders.push(path),
            Looked::Archive => entries.archives.push(path),
            Looked::Material(material) => entries.material.push((path, material)),
            Looked::Other => entries.others.push(path),
            Looked::Unseen(why) => entries.unseen.push(LeftOut {
                path,
                why: why.to_owned(),
            }),
        }
    }
    Ok(entries)
}

/// Housekeeping of desktops and version control.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name == "__MACOSX"
}

/// What an entry of a folder turned out to be.
enum Looked {
    Folder,
    Archive,
    Material(Material),
    Other,
    /// Not looked at, for this reason.
    Unseen(&'static str),
}

/// A file by its name and first bytes; beyond [`MAX_LOOKED`] by its name alone.
fn look_at(path: &Path, nth: usize) -> Looked {
    let name = path.file_name().unwrap_or_default();
    let mut head = Vec::new();
    if nth < MAX_LOOKED
        && let Ok(file) = fs::File::open(path)
    {
        // What cannot be read is classified by its name, and noted when the case is opened.
        let _ = file.take(HEAD_BYTES as u64).read_to_end(&mut head);
    }
    let mut name = ArtifactName::new(name.as_encoded_bytes());
    // `httperr1.log.gz` is a log, and no case of its own.
    if let Some((inner, unpacked)) = single_within(path, &head) {
        (name, head) = (inner, unpacked);
    }
    let (role, _) = classify(&name, &head);
    match role {
        Role::Archive => Looked::Archive,
        _ if has_archive_name(path) => Looked::Archive,
        Role::HttpErr => Looked::Material(Material::Logs),
        role if role.has_snapshots() => Looked::Material(Material::Pool),
        Role::Driver => Looked::Material(Material::Images),
        Role::SystemInfo | Role::Manifest => Looked::Material(Material::Host),
        _ => Looked::Other,
    }
}

/// Kinds of material anywhere below a folder; ends as soon as all are seen.
fn material_below(folder: &Path) -> BTreeSet<Material> {
    let mut seen = BTreeSet::new();
    let walk = WalkDir::new(folder)
        .follow_links(false)
        .max_depth(MAX_DEPTH)
        .sort_by_file_name();
    let files = walk
        .into_iter()
        .filter_entry(|entry| !entry.file_type().is_dir() || !is_batch(entry.path()))
        .flatten()
        .filter(|e| e.file_type().is_file());
    for (nth, entry) in files.enumerate() {
        if nth >= MAX_LOOKED || seen.len() == 4 {
            break;
        }
        // A folder of thousands of images need not be read to know that it holds images.
        let is_image = entry
            .path()
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("sys"));
        if is_image && seen.contains(&Material::Images) {
            continue;
        }
        if let Looked::Material(material) = look_at(entry.path(), 0) {
            seen.insert(material);
        }
    }
    // Facts about the host go with any part.
    if seen.len() > 1 {
        seen.remove(&Material::Host);
    }
    seen
}

fn size_of(path: &Path) -> u64 {
    WalkDir::new(path)
        .follow_links(false)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip\r\n";
    const POOL: &str = " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n Leak Nonp        100          0      100     100000   1000\r\n";

    const IMAGE: &[u8] = include_bytes!("../../samples/leak-x64/drivers/hstorflt.sys");

    /// Cases found below a folder with these files, relative to it, with what was left out.
    fn found(files: &[&str]) -> (Vec<Vec<String>>, Vec<String>) {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("shelf");
        fs::create_dir(&root).unwrap();
        for name in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text: &[u8] = match path.extension().and_then(|e| e.to_str()) {
                Some("log") => LOG.as_bytes(),
                Some("txt") if name.contains("pool") => POOL.as_bytes(),
                Some("zip") => b"PK\x03\x04",
                Some("sys") => IMAGE,
                _ => b"words",
            };
            fs::write(path, text).unwrap();
        }
        let shelf = find(std::slice::from_ref(&root), false);
        let name = |path: &PathBuf| {
            let below = path.strip_prefix(&root).unwrap();
            below.to_string_lossy().into_owned()
        };
        let cases = shelf
            .cases
            .iter()
            .map(|c| c.paths.iter().map(name).collect());
        let left = shelf.left_out.iter().map(|left| name(&left.path));
        (cases.collect(), left.collect())
    }

    fn cases(files: &[&str]) -> Vec<String> {
        found(files).0.iter().map(|paths| paths.join("+")).collect()
    }

    #[test]
    fn a_case_is_known_by_what_lies_in_it() {
        let own = cases(&["HTTPERR/httperr1.log", "poolmon.txt"]);
        assert_eq!(own, [""]);
        let parts = cases(&["HTTPERR/a.log", "pool/pool.txt", "readme.md"]);
        assert_eq!(parts, [""]);
        let again = cases(&["HTTPERR/a.log", "earlier/a.log", "pool/pool.txt"]);
        assert_eq!(again, [""]);
        assert_eq!(cases(&["HTTPERR/a.log", "HTTPERR.old/a.log"]), [""]);
        assert_eq!(cases(&["poolmon.txt", "drivers.zip"]), [""]);
    }

    #[test]
    fn a_shelf_is_what_holds_several() {
        assert_eq!(cases(&["a.zip", "b.zip"]), ["a.zip", "b.zip"]);
        assert_eq!(cases(&["hosta/1.log", "hostb/1.log"]), ["hosta", "hostb"]);
        let deep = cases(&[
            "x/a/1.log",
            "x/a/pool.txt",
            "x/b/1.log",
            "x/b/pool.txt",
            "y/c.zip",
        ]);
        assert_eq!(deep, ["x/a", "x/b", "y/c.zip"]);
        let loose = cases(&["pool1.txt", "pool2.txt", "a.zip", "b.zip"]);
        assert_eq!(loose, ["a.zip", "b.zip", "pool1.txt+pool2.txt"]);
        let one = cases(&["inbox/case7/httperr1.log", "inbox/case7/pool.txt"]);
        assert_eq!(one, ["inbox/case7"]);
    }

    #[test]
    fn a_folder_of_windows_is_a_part_and_no_case_of_its_own() {
        let logs = "System32/LogFiles/HTTPERR/httperr1.log";
        let image = "System32/drivers/a.sys";
        assert_eq!(cases(&[logs, image, "pool/pool.txt", "notes.md"]), [""]);
        assert_eq!(
            cases(&[logs, image, "pool.txt", "Windows/x.log", "Windows/y.sys"]),
            [""]
        );
        assert_eq!(cases(&[logs, image, "earlier/httperr1.log"]), [""]);
        assert_eq!(cases(&["c/1.log", "c/a.sys", "pool/pool.txt"]), [""]);
        let customers = [
            "x/Windows/System32/LogFiles/1.log",
            "x/Windows/System32/drivers/a.sys",
            "x/pool/pool.txt",
            "y/Windows/System32/LogFiles/1.log",
            "y/Windows/System32/drivers/a.sys",
        ];
        assert_eq!(cases(&customers), ["x", "y"]);
        assert_eq!(cases(&customers[..3]), ["x"]);
    }

    #[test]
    fn folders_of_several_hosts_stay_apart() {
        let hosts = ["hosta/1.log", "hosta/a.sys", "hostb/pool.txt"];
        assert_eq!(cases(&hosts), ["hosta", "hostb"]);
        let shelf = [
            "pool uploads/a/1.log",
            "pool uploads/a/pool.txt",
            "pool uploads/b/1.log",
            "pool uploads/b/pool.txt",
        ];
        assert_eq!(cases(&shelf), ["pool uploads/a", "pool uploads/b"]);
    }

    #[test]
    fn archives_that_are_called_like_parts_are_one_case() {
        let parts = ["c/HTTPERR.zip", "c/drivers.zip", "c/pool.txt"];
        assert_eq!(cases(&parts), ["c"]);
        assert_eq!(cases(&["c/httperr.zip", "c/Drivers.zip"]), ["c"]);
        let others = cases(&["c/httperr.zip", "c/drivers.zip", "c/acme.zip"]);
        assert_eq!(others, ["c/acme.zip", "c/drivers.zip", "c/httperr.zip"]);
        let hosts = cases(&["c/httperr-a.zip", "c/httperr-b.zip"]);
        assert_eq!(hosts, ["c/httperr-a.zip", "c/httperr-b.zip"]);
    }

    #[test]
    fn a_broken_archive_is_a_case_by_its_name() {
        let names = ["a.tar.gz", "b.TAR.XZ", "c.tgz", "d.tar.zst"];
        assert_eq!(cases(&names), names);
    }

    #[test]
    fn what_is_not_looked_at_is_said_below_folders_that_hold_nothing_else() {
        let (found, left) = found(&["a.zip", "b.zip", "c/.git/x", ".cache/y", "c/z.md"]);
        assert_eq!(found.len(), 2);
        assert_eq!(left, [".cache", "c", "c/.git"]);
    }

    #[test]
    fn what_is_no_case_is_said() {
        let (cases, left) = found(&["a.zip", "b.zip", "minutes.docx", "photos/1.jpg"]);
        assert_eq!(cases.len(), 2);
        assert_eq!(left, ["minutes.docx", "photos"]);
        let (cases, left) = found(&["customer/2026/a.zip", "empty/x.md"]);
        assert_eq!(cases, [["customer/2026/a.zip"]]);
        assert_eq!(left, ["empty"]);
    }
}
