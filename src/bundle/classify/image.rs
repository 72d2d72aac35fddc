//! PE images by their headers, and what else is called `.sys`.
//!
//! A kernel-mode image is one whose subsystem is native, whatever its extension: drivers
//! are renamed, and `.dll` and `.exe` images are loaded into the kernel too.

use super::role::{Basis, NotAnImage, Role};
use crate::bundle::name::ArtifactName;

/// Offset of the PE header's offset in the DOS header.
const E_LFANEW: usize = 0x3c;
/// Offset of `Subsystem` from the PE signature: 4 (signature), 20 (file header), 68 in
/// the optional header, the same for PE32 and PE32+.
const SUBSYSTEM: usize = 4 + 20 + 68;
/// `IMAGE_SUBSYSTEM_NATIVE`.
const NATIVE: u16 = 1;

pub(super) fn recognise(head: &[u8]) -> Option<(Role, Basis)> {
    let header = new_header(head)?.strip_prefix(b"PE\0\0")?;
    let subsystem = header.get(SUBSYSTEM - 4..)?.first_chunk::<2>()?;
    Some(match u16::from_le_bytes(*subsystem) {
        NATIVE => (
            Role::Driver,
            Basis::Magic("a PE header with the native subsystem"),
        ),
        _ => (Role::Program, Basis::Magic("a PE header")),
    })
}

/// What the DOS header points to.
fn new_header(head: &[u8]) -> Option<&[u8]> {
    let offset = head
        .strip_prefix(b"MZ")?
        .get(E_LFANEW - 2..)?
        .first_chunk::<4>()?;
    head.get(usize::try_from(u32::from_le_bytes(*offset)).ok()?..)
}

/// Why a file that is called a driver is no image.
pub(super) fn why_not(name: &ArtifactName, head: &[u8]) -> Basis {
    Basis::NotAnImage(match name.base_name_folded().as_str() {
        "pagefile.sys" | "hiberfil.sys" | "swapfile.sys" => NotAnImage::MemoryFile,
        _ if head.starts_with(b"MZ") => dos_kind(head),
        _ if head.starts_with(b"\x7fELF") => NotAnImage::Elf,
        _ if head.starts_with(b"version https://git-lfs") => NotAnImage::LfsPointer,
        base => text_kind(base, head),
    })
}

fn dos_kind(head: &[u8]) -> NotAnImage {
    match new_header(head) {
        Some([b'N', b'E', ..]) => NotAnImage::NewExecutable,
        Some([b'L', b'E' | b'X', ..]) => NotAnImage::LinearExecutable,
        _ => NotAnImage::DosOnly,
    }
}

/// Commands of DOS's `CONFIG.SYS`.
const CONFIG_COMMANDS: &[&str] = &[
    "device=",
    "devicehigh=",
    "files=",
    "buffers=",
    "dos=",
    "shell=",
    "stacks=",
    "lastdrive=",
];

fn text_kind(base: &str, head: &[u8]) -> NotAnImage {
    let Some(text) = super::text::TextHead::decode(head) else {
        return NotAnImage::Data;
    };
    let is_command = |line: &str| {
        let line = line.trim().to_lowercase().replace(' ', "");
        CONFIG_COMMANDS
            .iter()
            .any(|command| line.starts_with(command))
    };
    if base == "config.sys" || text.lines().any(is_command) {
        return NotAnImage::ConfigSys;
    }
    NotAnImage::Text
}
