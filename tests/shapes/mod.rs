//! The labelled drivers of our own, and the comparison of an analysis with their labels.
//!
//! `built.zip` holds one image for every shape, compiler, machine and optimisation
//! (`clang-x64-O2/wrapper_depth2.sys`), built from `src/` by `scripts/build-shapes`;
//! `truth.tsv` says of each what the machine code does. The labels come from source and
//! disassembly, never from the analyser under test.
//!
//! ```text
//! images() ──► analyser, or `scan --format jsonl` ──► Vec<Record> ──► grade() ──► Report
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test support: a failed assumption is the message"
)]

pub mod grader;
pub mod truth;

use std::io::{Cursor, Read};

use zip::ZipArchive;

pub use grader::{Asked, Record, grade};
pub use truth::Truth;

/// One built driver.
pub struct Image {
    /// Compiler, machine and optimisation: `clang-x64-O2`.
    pub build: String,
    /// File name with extension: `wrapper_depth2.sys`.
    pub file: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// All images, in the order of the archive. It is an archive in an archive: stored
/// inside, compressed outside, because neighbouring images are alike.
pub fn images() -> Vec<Image> {
    let outer = include_bytes!("built.zip");
    let inner = entry(&mut ZipArchive::new(Cursor::new(&outer[..])).unwrap(), 0).1;
    let mut archive = ZipArchive::new(Cursor::new(inner)).unwrap();
    (0..archive.len())
        .map(|index| {
            let (name, bytes) = entry(&mut archive, index);
            let (build, file) = name.split_once('/').expect("build/file");
            Image {
                build: build.to_owned(),
                file: file.to_owned(),
                bytes,
            }
        })
        .collect()
}

fn entry<R: Read + std::io::Seek>(archive: &mut ZipArchive<R>, index: usize) -> (String, Vec<u8>) {
    let mut file = archive.by_index(index).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    (file.name().unwrap().into_owned(), bytes)
}
