//! A shelf as a support organisation has it: simulated cases as folders and archives in
//! customers' folders, copies of some, and uploads that are broken or mean harm.

use std::fs;
use std::path::Path;

use super::number;
use crate::sim;

/// What lies on the shelf.
pub struct Shelf {
    /// Cases that can be analysed, copies not counted.
    pub good: usize,
    /// Further paths of the same content.
    pub copies: usize,
    /// Names of uploads that cannot be opened.
    pub broken: Vec<&'static str>,
    /// Names of uploads that are odd but can be analysed.
    pub odd: Vec<&'static str>,
}

/// Fills `folder`.
pub fn fill(folder: &Path) -> Shelf {
    let cases = number("POOLSLEUTH_BATCH_CASES", 24);
    let mut copies = 0;
    for seed in 0..cases {
        let customer = folder.join(format!("customer-{}", seed % 5));
        fs::create_dir_all(&customer).unwrap();
        let (path, _) = sim::write(seed, &customer);
        if seed % 12 == 5 {
            let copy = customer.join(format!("again-{seed}{}", extension(&path)));
            copy_of(&path, &copy);
            copies += 1;
        }
    }
    let hostile = folder.join("hostile");
    fs::create_dir_all(&hostile).unwrap();
    let broken = broken_ones(&hostile);
    let odd = odd_ones(&hostile);
    fs::write(folder.join("notes.docx"), "not a case").unwrap();
    Shelf {
        good: cases as usize,
        copies,
        broken,
        odd,
    }
}

fn extension(path: &Path) -> &'static str {
    if path.is_dir() { "" } else { ".zip" }
}

pub fn copy_of(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(place).unwrap(),
            false => drop(fs::copy(entry.path(), place).unwrap()),
        }
    }
}

/// Archives in which nothing can be found.
fn broken_ones(folder: &Path) -> Vec<&'static str> {
    let names = [
        "cut.zip",
        "empty-directory.zip",
        "random.zip",
        "part.z01.zip",
    ];
    let head = b"PK\x03\x04\x14\0\0\0\x08\0";
    fs::write(folder.join("cut.zip"), head).unwrap();
    // A directory that claims entries and has none.
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([9, 0, 9, 0, 46, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    fs::write(folder.join("empty-directory.zip"), &end).unwrap();
    let mut random = b"PK\x03\x04".to_vec();
    random.extend((0..9_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80));
    fs::write(folder.join("random.zip"), &random).unwrap();
    let mut part = b"PK\x07\x08PK\x03\x04".to_vec();
    part.extend([0; 64]);
    fs::write(folder.join("part.z01.zip"), &part).unwrap();
    names.to_vec()
}

/// Uploads that are odd, but are read as far as they go.
fn odd_ones(folder: &Path) -> Vec<&'static str> {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let log = b"#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r\n";
    put("<script>alert(1)<script>/httperr1.log", log);
    put("line\nbreak \u{202e}gpj/httperr1.log", &log.repeat(2));
    put(
        "zeros/httperr1.log",
        &[log.as_slice(), &[0; 300_000]].concat(),
    );
    put(
        "long/httperr1.log",
        &[log.as_slice(), &[b'A'; 400_000]].concat(),
    );
    let mut image = b"MZ".to_vec();
    image.resize(0x3c, 0);
    image.extend([0xff, 0xff, 0xff, 0x7f]);
    image.resize(4_096, 0x50);
    put("headers/drivers/bad.sys", &image);
    put("headers/httperr1.log", &log.repeat(3));
    put("deep/httperr1.log", &log.repeat(4));
    put(&format!("deep/{}x.txt", "d/".repeat(90)), b"deep");
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", folder.join("deep/loop")).unwrap();
    vec![
        "<script>alert(1)<script>",
        "line\nbreak \u{202e}gpj",
        "zeros",
        "long",
        "headers",
        "deep",
    ]
}
