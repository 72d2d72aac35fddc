//! A tar writer for tests that writes exactly what it is told, lies included. It shares
//! no code or table with the reader.

use std::io::Write;

/// One header's fields, as text and numbers.
#[derive(Clone)]
pub struct RawHeader {
    pub name: Vec<u8>,
    pub kind: u8,
    pub link: Vec<u8>,
    /// As the field has it.
    pub size: Vec<u8>,
    pub modified: u64,
    pub magic: [u8; 8],
    pub checksum: Option<u32>,
    /// Bytes written over the header before its checksum is made.
    pub patch: Vec<(usize, Vec<u8>)>,
}

/// 2031-03-04 05:06:07 UTC.
pub const MODIFIED: u64 = 1_930_367_167;

/// A header that tells the truth about a file.
pub fn header(name: &[u8], size: usize) -> RawHeader {
    RawHeader {
        name: name.to_vec(),
        kind: b'0',
        link: Vec::new(),
        size: format!("{size:011o}\0").into_bytes(),
        modified: MODIFIED,
        magic: *b"ustar\x0000",
        checksum: None,
        patch: Vec::new(),
    }
}

impl RawHeader {
    /// Of another type.
    pub fn of(self, kind: u8) -> Self {
        RawHeader { kind, ..self }
    }

    pub fn to(self, link: &[u8]) -> Self {
        RawHeader {
            link: link.to_vec(),
            ..self
        }
    }

    pub fn block(&self) -> Vec<u8> {
        let mut block = vec![0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name[..self.name.len().min(100)]);
        put(100, b"0000644\0");
        put(108, b"0001750\0");
        put(116, b"0001750\0");
        put(124, &self.size);
        put(136, format!("{:011o}\0", self.modified).as_bytes());
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, &self.link[..self.link.len().min(100)]);
        put(257, &self.magic);
        for (at, bytes) in &self.patch {
            put(*at, bytes);
        }
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        let sum = self.checksum.unwrap_or(sum);
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }
}

/// A header and its content, filled up to whole blocks.
pub fn entry(header: &RawHeader, content: &[u8]) -> Vec<u8> {
    let mut out = header.block();
    out.extend_from_slice(content);
    while !out.len().is_multiple_of(512) {
        out.push(0);
    }
    out
}

/// A file that is what it says.
pub fn file(name: &[u8], content: &[u8]) -> Vec<u8> {
    entry(&header(name, content.len()), content)
}

/// One PAX record: its length counts itself.
pub fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length.to_string().len() + rest.len() != length {
        length = length.to_string().len() + rest.len();
    }
    format!("{length}{rest}")
}

/// A header of PAX records for the next entry.
pub fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let text: String = records
        .iter()
        .map(|(key, value)| record(key, value))
        .collect();
    let header = header(b"PaxHeaders.0/x", text.len()).of(b'x');
    entry(&header, text.as_bytes())
}

/// Parts, and the end mark.
pub fn tar(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}

/// The bytes as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}
