//! A bundle held in memory, written out as a folder or as an archive.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{Datelike, NaiveDateTime, Timelike};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
    pub modified: Modified,
}

/// When a file was last written. Folders keep the instant, zip archives the
/// local wall clock without saying of which zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modified {
    pub unix: i64,
    pub local: NaiveDateTime,
}

/// How a bundle reaches the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    Folder,
    ZipStored,
    ZipDeflated,
}

/// Writes `files` below `parent` as a bundle called `name`; the path to analyse comes back.
pub fn write(files: &[File], container: Container, parent: &Path, name: &str) -> PathBuf {
    match container {
        Container::Folder => write_folder(files, &parent.join(name)),
        Container::ZipStored => write_zip(
            files,
            CompressionMethod::Stored,
            parent.join(format!("{name}.zip")),
        ),
        Container::ZipDeflated => write_zip(
            files,
            CompressionMethod::Deflated,
            parent.join(format!("{name}.zip")),
        ),
    }
}

fn write_folder(files: &[File], folder: &Path) -> PathBuf {
    for file in files {
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file.bytes).unwrap();
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(file.modified.unix as u64);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(moment)
            .unwrap();
    }
    folder.to_path_buf()
}

fn write_zip(files: &[File], method: CompressionMethod, path: PathBuf) -> PathBuf {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(dos_time(file.modified.local));
        archive.start_file(&file.name, options).unwrap();
        archive.write_all(&file.bytes).unwrap();
    }
    fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
    path
}

/// Archives count in steps of two seconds.
fn dos_time(local: NaiveDateTime) -> DateTime {
    DateTime::from_date_and_time(
        u16::try_from(local.year()).unwrap(),
        local.month() as u8,
        local.day() as u8,
        local.hour() as u8,
        local.minute() as u8,
        local.second() as u8 & !1,
    )
    .unwrap()
}
