//! A zip writer for tests that writes exactly what it is told, lies included. It shares
//! no code or table with the reader.

use std::io::{Cursor, Read, Write};

/// One entry, with every field that a test may want wrong.
#[derive(Clone)]
pub struct RawEntry {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    pub data: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub claimed: u32,
    pub packed: Option<u32>,
    pub dos: (u16, u16),
    pub central_extra: Vec<u8>,
    pub host: u8,
    pub attributes: u32,
    pub at: Option<u32>,
    pub descriptor: bool,
}

/// A stored entry that tells the truth.
pub fn stored(name: &[u8], content: &[u8]) -> RawEntry {
    RawEntry {
        name: name.to_vec(),
        local_name: None,
        data: content.to_vec(),
        method: 0,
        flags: 0,
        crc: checksum(content),
        claimed: content.len() as u32,
        packed: None,
        // 2031-03-04 05:06:08
        dos: (0x6664, 0x28c4),
        central_extra: Vec::new(),
        host: 0,
        attributes: 0,
        at: None,
        descriptor: false,
    }
}

/// A deflated entry that tells the truth.
pub fn deflated(name: &[u8], content: &[u8]) -> RawEntry {
    RawEntry {
        data: deflate(content),
        method: 8,
        ..stored(name, content)
    }
}

/// CRC-32, by long division.
pub fn checksum(bytes: &[u8]) -> u32 {
    let mut register = 0xffff_ffff_u32;
    for &byte in bytes {
        register ^= u32::from(byte);
        for _ in 0..8 {
            let carry = register & 1;
            register >>= 1;
            if carry == 1 {
                register ^= 0xedb8_8320;
            }
        }
    }
    register ^ 0xffff_ffff
}

/// A raw deflate stream, cut out of an archive that the zip crate writes.
pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("x", options).unwrap();
    writer.write_all(content).unwrap();
    let mut archive = zip::ZipArchive::new(writer.finish().unwrap()).unwrap();
    let mut packed = Vec::new();
    archive
        .by_index_raw(0)
        .unwrap()
        .read_to_end(&mut packed)
        .unwrap();
    packed
}

fn words(out: &mut Vec<u8>, words: &[u16]) {
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

fn longs(out: &mut Vec<u8>, longs: &[u32]) {
    for long in longs {
        out.extend_from_slice(&long.to_le_bytes());
    }
}

/// The archive's entries alone, and where each begins.
pub fn bodies(entries: &[RawEntry]) -> (Vec<u8>, Vec<u32>) {
    let (mut out, mut starts) = (Vec::new(), Vec::new());
    for entry in entries {
        starts.push(out.len() as u32);
        let name = entry.local_name.as_ref().unwrap_or(&entry.name);
        let packed = entry.data.len() as u32;
        let flags = if entry.descriptor {
            entry.flags | 8
        } else {
            entry.flags
        };
        longs(&mut out, &[0x0403_4b50]);
        words(
            &mut out,
            &[20, flags, entry.method, entry.dos.1, entry.dos.0],
        );
        if entry.descriptor {
            longs(&mut out, &[0, 0, 0]);
        } else {
            longs(&mut out, &[entry.crc, packed, entry.claimed]);
        }
        words(&mut out, &[name.len() as u16, 0]);
        out.extend_from_slice(name);
        out.extend_from_slice(&entry.data);
        if entry.descriptor {
            longs(&mut out, &[0x0807_4b50, entry.crc, packed, entry.claimed]);
        }
    }
    (out, starts)
}

/// One directory header.
pub fn central(entry: &RawEntry, start: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = if entry.descriptor {
        entry.flags | 8
    } else {
        entry.flags
    };
    longs(&mut out, &[0x0201_4b50]);
    let made_by = u16::from(entry.host) << 8 | 20;
    words(
        &mut out,
        &[made_by, 20, flags, entry.method, entry.dos.1, entry.dos.0],
    );
    let packed = entry.packed.unwrap_or(entry.data.len() as u32);
    longs(&mut out, &[entry.crc, packed, entry.claimed]);
    words(
        &mut out,
        &[
            entry.name.len() as u16,
            entry.central_extra.len() as u16,
            0,
            0,
            0,
        ],
    );
    longs(&mut out, &[entry.attributes, entry.at.unwrap_or(start)]);
    out.extend_from_slice(&entry.name);
    out.extend_from_slice(&entry.central_extra);
    out
}

/// The end record for a directory of `count` headers and `size` bytes at `offset`.
pub fn end_record(count: u16, size: u32, offset: u32) -> Vec<u8> {
    let mut out = Vec::new();
    longs(&mut out, &[0x0605_4b50]);
    words(&mut out, &[0, 0, count, count]);
    longs(&mut out, &[size, offset]);
    words(&mut out, &[0]);
    out
}

/// A whole archive.
pub fn archive(entries: &[RawEntry]) -> Vec<u8> {
    let (mut out, starts) = bodies(entries);
    let offset = out.len() as u32;
    for (entry, &start) in entries.iter().zip(&starts) {
        out.extend(central(entry, start));
    }
    let size = out.len() as u32 - offset;
    out.extend(end_record(entries.len() as u16, size, offset));
    out
}
