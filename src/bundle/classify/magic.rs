//! Binary formats by their signatures. Each is the format's own, from its public
//! specification; an offset other than 0 stands beside it.

use super::role::{Basis, Role};
use crate::bundle::name::ArtifactName;

struct Magic {
    at: usize,
    bytes: &'static [u8],
    role: Role,
    what: &'static str,
}

const fn magic(at: usize, bytes: &'static [u8], role: Role, what: &'static str) -> Magic {
    Magic {
        at,
        bytes,
        role,
        what,
    }
}

const MAGICS: &[Magic] = &[
    magic(
        0,
        b"ElfFile\0",
        Role::EventLog,
        "an event log's signature (evtx)",
    ),
    magic(4, b"LfLe", Role::EventLog, "an event log's signature (evt)"),
    magic(0, b"7z\xbc\xaf\x27\x1c", Role::Archive, "a 7-Zip signature"),
    magic(0, b"MSCF\0\0\0\0", Role::Archive, "a cabinet's signature"),
    magic(0, b"\x1f\x8b\x08", Role::Archive, "a gzip signature"),
    magic(0, b"BZh", Role::Archive, "a bzip2 signature"),
    magic(0, b"\xfd7zXZ\0", Role::Archive, "an xz signature"),
    magic(0, b"\x28\xb5\x2f\xfd", Role::Archive, "a zstd signature"),
    magic(0, b"Rar!\x1a\x07", Role::Archive, "a RAR signature"),
    magic(257, b"ustar", Role::Archive, "a tar header"),
    magic(0, b"PAGEDU", Role::Dump, "a memory dump's signature"),
    magic(0, b"MDMP", Role::Dump, "a minidump's signature"),
    magic(0, b"\x89PNG\r\n\x1a\n", Role::Picture, "a PNG signature"),
    magic(0, b"\xff\xd8\xff", Role::Picture, "a JPEG signature"),
    magic(0, b"GIF8", Role::Picture, "a GIF signature"),
    magic(8, b"WEBP", Role::Picture, "a WebP signature"),
    magic(0, b"%PDF-", Role::Document, "a PDF signature"),
    magic(0, b"{\\rtf", Role::Document, "an RTF signature"),
    magic(
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Role::Document,
        "an OLE document's signature",
    ),
    magic(0, b"regf", Role::Other, "a registry hive's signature"),
    magic(0, b"SQLite format 3\0", Role::Other, "an SQLite signature"),
    magic(0, b"\x7fELF", Role::Other, "an ELF signature"),
];

/// Extensions of documents that are zip archives inside.
const ZIPPED_DOCUMENTS: &[&str] = &["docx", "xlsx", "pptx", "odt", "ods", "odp", "vsdx", "epub"];

/// DER of the two object identifiers of a catalog: PKCS #7 signed data
/// (1.2.840.113549.1.7.2), and in it a certificate trust list (1.3.6.1.4.1.311.10.1).
const OID_SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const OID_CTL: &[u8] = b"\x06\x09\x2b\x06\x01\x04\x01\x82\x37\x0a\x01";
/// Bytes within which both stand: the outer sequence, version and digest algorithms.
const CATALOG_PREFIX: usize = 256;

pub(super) fn recognise(name: &ArtifactName, head: &[u8]) -> Option<(Role, Basis)> {
    let starts = |m: &&Magic| {
        head.get(m.at..)
            .is_some_and(|rest| rest.starts_with(m.bytes))
    };
    // An ELF object called `.sys` is told of as what a driver is not.
    let elf_driver = head.starts_with(b"\x7fELF") && name.extension_folded() == "sys";
    if elf_driver {
        return None;
    }
    if let Some(found) = MAGICS.iter().find(starts) {
        return Some((found.role, Basis::Magic(found.what)));
    }
    if matches!(
        head,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..]
    ) {
        let document = ZIPPED_DOCUMENTS.contains(&name.extension_folded().as_str());
        let role = if document {
            Role::Document
        } else {
            Role::Archive
        };
        return Some((role, Basis::Magic("a zip signature")));
    }
    let prefix = head.get(..CATALOG_PREFIX).unwrap_or(head);
    let holds = |oid| memchr::memmem::find(prefix, oid).is_some();
    let catalog = head.first() == Some(&0x30) && holds(OID_SIGNED_DATA) && holds(OID_CTL);
    catalog.then_some((
        Role::Catalog,
        Basis::Magic("a signed certificate trust list"),
    ))
}
