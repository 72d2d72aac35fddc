//! The kernel's modules (class 11, x64 layout) and where their files are.
//!
//! Number u32 at 0, entries of 296 bytes from 8: base 16, size u32 24, offset of the file name
//! u16 38, path 40 (256 bytes, ending at a NUL) (phnt's RTL_PROCESS_MODULES). `EnumDeviceDrivers`
//! is not used: on Windows 11 24H2 it hides what this class still names.

use crate::bytes::{narrow_text, u32_at, u64_at};

const FIRST: usize = 8;
const ENTRY: usize = 296;
/// Modules that are read at most; busy servers have 300.
const MOST: usize = 10_000;

/// A module in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its path as the kernel has it.
    pub path: String,
    /// Where it was loaded; zero where Windows hides it.
    pub base: u64,
    /// Its size in memory.
    pub size: u32,
}

/// Reads an answer, whatever its length.
pub fn parse(bytes: &[u8]) -> Vec<Module> {
    let count = u32_at(bytes, 0).unwrap_or(0) as usize;
    let entries = bytes.get(FIRST..).unwrap_or(&[]).chunks_exact(ENTRY);
    entries
        .take(count.min(MOST))
        .filter_map(|entry| {
            Some(Module {
                base: u64_at(entry, 16)?,
                size: u32_at(entry, 24)?,
                path: narrow_text(entry.get(40..)?),
            })
        })
        .filter(|module| !module.path.is_empty())
        .collect()
}

/// A module's file as a path with a drive letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// `C:\Windows\System32\drivers\x.sys`.
    pub path: String,
    /// True for a copy in memory (`dump_x.sys`), whose file is that of another module.
    pub copy: bool,
}

/// Where the file of a module is. `windows` is the Windows folder with its drive.
///
/// Forms that occur: `\SystemRoot\…`, `\??\C:\…`, `C:\…`, `\Windows\…`, `system32\…`, and a bare
/// name, which lies in `System32\drivers`. `dump_storport.sys` and its like are made by the crash
/// dump's port driver from the file without `dump_`.
pub fn file_of(path: &str, windows: &str) -> File {
    let path = path.trim().replace('/', "\\");
    let drive = windows.get(..2).unwrap_or("C:");
    let below = |prefix: &str| strip(&path, prefix).map(str::to_owned);
    let full = if let Some(rest) = below("\\SystemRoot\\") {
        format!("{windows}\\{rest}")
    } else if let Some(rest) = below("\\??\\").or_else(|| below("\\\\?\\")) {
        rest
    } else if has_drive(&path) {
        path.clone()
    } else if path.starts_with('\\') {
        format!("{drive}{path}")
    } else if path.contains('\\') {
        format!("{windows}\\{path}")
    } else {
        format!("{windows}\\System32\\drivers\\{path}")
    };
    let (folder, name) = full.rsplit_once('\\').unwrap_or(("", &full));
    match strip(name, "dump_") {
        Some(original) => File {
            path: format!("{folder}\\{original}"),
            copy: true,
        },
        None => File {
            path: full,
            copy: false,
        },
    }
}

fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && bytes[2] == b'\\'
}

/// A path as a name below a folder: `C:\Windows\x.sys` is `C/Windows/x.sys`.
pub fn as_name(path: &str) -> String {
    let parts = path
        .split('\\')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    parts
        .map(|part| part.trim_end_matches(':'))
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module_table;

    #[test]
    fn entries_are_read_as_far_as_they_go() {
        let bytes = module_table(&["\\SystemRoot\\system32\\ntoskrnl.exe", "x.sys"]);
        let modules = parse(&bytes);
        assert_eq!(modules[0].path, "\\SystemRoot\\system32\\ntoskrnl.exe");
        assert_eq!((modules[1].size, modules.len()), (4096, 2));
        assert_eq!(parse(&bytes[..bytes.len() - 1]).len(), 1);
        assert!(parse(&[]).is_empty());
    }

    #[test]
    fn every_form_of_a_path_leads_to_a_file() {
        let windows = "D:\\Windows";
        for (path, expected) in [
            (
                "\\SystemRoot\\System32\\drivers\\a.sys",
                "D:\\Windows\\System32\\drivers\\a.sys",
            ),
            (
                "\\systemroot\\system32\\hal.dll",
                "D:\\Windows\\system32\\hal.dll",
            ),
            (
                "\\??\\C:\\ProgramData\\av\\b.sys",
                "C:\\ProgramData\\av\\b.sys",
            ),
            ("C:\\x\\c.sys", "C:\\x\\c.sys"),
            ("\\Windows\\system32\\d.sys", "D:\\Windows\\system32\\d.sys"),
            (
                "system32\\DRIVERS\\e.sys",
                "D:\\Windows\\system32\\DRIVERS\\e.sys",
            ),
            ("f.sys", "D:\\Windows\\System32\\drivers\\f.sys"),
        ] {
            assert_eq!(
                file_of(path, windows),
                File {
                    path: expected.into(),
                    copy: false
                },
                "{path}"
            );
        }
        let dump = file_of(
            "\\SystemRoot\\System32\\drivers\\dump_storahci.sys",
            "C:\\Windows",
        );
        assert_eq!(dump.path, "C:\\Windows\\System32\\drivers\\storahci.sys");
        assert!(dump.copy);
    }

    #[test]
    fn names_in_the_bundle_stay_below_their_folder() {
        assert_eq!(as_name("C:\\Windows\\a.sys"), "C/Windows/a.sys");
        assert_eq!(
            as_name("\\\\server\\..\\share\\.\\a.sys"),
            "server/share/a.sys"
        );
    }
}
