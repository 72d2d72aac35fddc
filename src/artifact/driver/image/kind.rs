//! What a file is when it is not a driver, in words a user can act on.
//!
//! Folders of drivers hold such files under `.sys` names: OS/2 drivers, git-lfs pointers,
//! ELF files, user-mode images of Wine, `config.sys`.

use super::{Image, read_u16, read_u32};

/// Why a file is no kernel-mode image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDriver {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Printable text, such as `config.sys`.
    #[error("it is text")]
    Text,
    /// A git-lfs pointer: the image itself was never fetched.
    #[error("it is a git-lfs pointer, not the image that it points to")]
    GitLfsPointer,
    /// A Unix image.
    #[error("it is an ELF file")]
    Elf,
    /// An OS/2 or 16-bit image (`LX`, `LE`, `NE`), by its two letters.
    #[error("it is a 16-bit or OS/2 image ({0})")]
    OldExecutable(&'static str),
    /// A DOS program without a newer header.
    #[error("it is a DOS program without a PE header")]
    Dos,
    /// A PE image for user mode.
    #[error("it is a user-mode image: {because}")]
    UserMode {
        /// The sign of it: subsystem or imported library.
        because: String,
    },
    /// Bytes of no known kind.
    #[error("it starts with bytes of no known image kind")]
    Unknown,
}

/// Why a file could not be read as a driver image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Something else, recognised.
    #[error("not a driver image: {0}")]
    NotDriver(NotDriver),
    /// A PE file whose headers do not hold together.
    #[error("malformed PE header at offset {offset:#x}: expected {expected}, found {found}")]
    Malformed {
        /// File offset.
        offset: usize,
        /// What should stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
}

/// How far text is looked at: enough to tell `config.sys` from an image.
const TEXT_PROBE: usize = 512;

/// The kind of a file that has no PE header; `new_header` is `e_lfanew` of an `MZ` file.
pub(super) fn of_foreign(bytes: &[u8], new_header: Option<usize>) -> NotDriver {
    match bytes {
        [] => NotDriver::Empty,
        [0x7f, b'E', b'L', b'F', ..] => NotDriver::Elf,
        [b'M', b'Z', ..] => of_dos(bytes, new_header),
        _ if bytes.starts_with(b"version https://git-lfs") => NotDriver::GitLfsPointer,
        _ if is_text(&bytes[..bytes.len().min(TEXT_PROBE)]) => NotDriver::Text,
        _ => NotDriver::Unknown,
    }
}

fn of_dos(bytes: &[u8], new_header: Option<usize>) -> NotDriver {
    match new_header
        .and_then(|at| read_u16(bytes, at))
        .map(u16::to_le_bytes)
    {
        Some([b'L', b'X']) => NotDriver::OldExecutable("LX"),
        Some([b'L', b'E']) => NotDriver::OldExecutable("LE"),
        Some([b'N', b'E']) => NotDriver::OldExecutable("NE"),
        _ => NotDriver::Dos,
    }
}

fn is_text(head: &[u8]) -> bool {
    head.iter()
        .all(|&b| b >= 0x20 && b != 0x7f || matches!(b, b'\t' | b'\r' | b'\n' | 0x1a))
}

/// The subsystem of drivers and of native programs.
const NATIVE: u16 = 1;
/// Libraries that only user mode has; a native program (autochk) imports the first.
const USER_LIBRARIES: [&str; 3] = ["ntdll", "kernel32", "kernelbase"];
/// Libraries that only kernel mode has: they outweigh an odd subsystem number.
const KERNEL_LIBRARIES: [&str; 6] = ["ntoskrnl", "ntkrnlpa", "hal", "ndis", "fltmgr", "wdfldr"];

/// Refuses PE images that run in user mode.
///
/// A driver has subsystem 1 and imports neither ntdll nor kernel32. Images that import the
/// kernel itself are let through with any subsystem, since toolchains other than the WDK
/// forget to set it.
pub(super) fn require_driver(image: &Image<'_>) -> Result<(), ImageError> {
    let user = |because: String| Err(ImageError::NotDriver(NotDriver::UserMode { because }));
    let find = |wanted: &[&str]| image.libraries.iter().find(|l| wanted.contains(&stem(l)));
    if let Some(library) = find(&USER_LIBRARIES) {
        return user(format!("it imports {library}"));
    }
    if image.subsystem != NATIVE && find(&KERNEL_LIBRARIES).is_none() {
        return user(format!(
            "its subsystem is {}, not 1 (native)",
            image.subsystem
        ));
    }
    Ok(())
}

/// The name of a library without its extension.
pub(crate) fn stem(library: &str) -> &str {
    library.rsplit_once('.').map_or(library, |(stem, _)| stem)
}

/// The offset of the PE header, or what the file is instead.
pub(super) fn pe_header_offset(bytes: &[u8]) -> Result<usize, ImageError> {
    let foreign = |at| ImageError::NotDriver(of_foreign(bytes, at));
    if !bytes.starts_with(b"MZ") {
        return Err(foreign(None));
    }
    let at = read_u32(bytes, 0x3c).ok_or_else(|| foreign(None))? as usize;
    match read_u32(bytes, at) {
        Some(0x0000_4550) => Ok(at),
        _ => Err(foreign(Some(at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> NotDriver {
        match Image::parse(bytes) {
            Err(ImageError::NotDriver(kind)) => kind,
            other => panic!("expected a foreign kind, got {other:?}"),
        }
    }

    #[test]
    fn files_that_are_no_images() {
        assert_eq!(kind(b""), NotDriver::Empty);
        assert_eq!(kind(b"\x7fELF\x02\x01\x01\0\0"), NotDriver::Elf);
        assert_eq!(kind(b"DEVICE=HIMEM.SYS\r\nFILES=30\r\n"), NotDriver::Text);
        assert_eq!(
            kind(b"version https://git-lfs.example/v1\n"),
            NotDriver::GitLfsPointer
        );
        assert_eq!(kind(b"\x00\x01\x02\x03"), NotDriver::Unknown);
        assert_eq!(kind(b"MZ"), NotDriver::Dos);
    }

    #[test]
    fn os2_images() {
        let mut bytes = vec![0u8; 0x60];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x40;
        bytes[0x40..0x42].copy_from_slice(b"LX");
        assert_eq!(kind(&bytes), NotDriver::OldExecutable("LX"));
    }
}
