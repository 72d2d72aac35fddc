//! Driver images for a case: the sample images, their tags exchanged for the case's own.

use std::fs;
use std::path::Path;

use super::chance::Chance;
use super::machine::Arch;

/// A sample image and a tag that it allocates nonpaged pool with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Culprit {
    pub file: &'static str,
    pub tag: [u8; 4],
    /// The tag reaches the allocator only through the driver's own wrapper.
    pub wrapped: bool,
}

const fn culprit(file: &'static str, tag: &[u8; 4], wrapped: bool) -> Culprit {
    Culprit {
        file,
        tag: *tag,
        wrapped,
    }
}

const ON_X64: [Culprit; 8] = [
    culprit("hstorflt.sys", b"HsCx", false),
    culprit("hstorflt.sys", b"HsIo", false),
    culprit("myfault.sys", b"Leak", false),
    culprit("ostnet.sys", b"OsNb", false),
    culprit("ostnet.sys", b"OsRx", false),
    culprit("tarnusb.sys", b"TrUr", false),
    culprit("genport.sys", b"GnBf", false),
    culprit("vltdisk.sys", b"VlRq", true),
];
const ON_X86: [Culprit; 5] = [
    culprit("myfault.sys", b"Leak", false),
    culprit("ostnet.sys", b"OsNb", false),
    culprit("ostnet.sys", b"OsRx", false),
    culprit("genport.sys", b"GnBf", false),
    culprit("vltdisk.sys", b"VlRq", true),
];
const INNOCENT_ON_X64: [&str; 9] = [
    "genport.sys",
    "hstorflt.sys",
    "hstormon.sys",
    "kvaudit.sys",
    "myfault.sys",
    "objwalk.sys",
    "ostnet.sys",
    "tarnusb.sys",
    "vltdisk.sys",
];
const INNOCENT_ON_X86: [&str; 6] = [
    "genport.sys",
    "kvaudit.sys",
    "myfault.sys",
    "objwalk.sys",
    "ostnet.sys",
    "vltdisk.sys",
];

/// Tags that a case may use instead of an image's own; with odd ones that parsers stumble over.
const OTHER_TAGS: [&[u8; 4]; 16] = [
    b"QzAb", b"Xm3 ", b"Brt1", b"KwUp", b"zFil", b"4321", b"Q(1)", b"Hx) ", b"Lak\0", b"Ug\0\0",
    b"Dh 7", b"NpqL", b"vWxY", b"IXZB", b"Gd#5", b"OoQ\"",
];

impl Culprit {
    pub fn draw(chance: &mut Chance, arch: Arch) -> Self {
        match arch {
            Arch::X64 => chance.pick(&ON_X64),
            Arch::X86 => chance.pick(&ON_X86),
        }
    }
}

/// A tag to use in place of a culprit's own.
pub fn other_tag(chance: &mut Chance) -> [u8; 4] {
    *chance.pick(&OTHER_TAGS)
}

/// The drivers folder of a case: some bystanders and `guilty`, `own` exchanged for `tag` in all.
pub fn folder(
    chance: &mut Chance,
    arch: Arch,
    guilty: Option<&str>,
    without: Option<&str>,
    exchange: Option<([u8; 4], [u8; 4])>,
) -> Vec<(String, Vec<u8>)> {
    let all: &[&str] = match arch {
        Arch::X64 => &INNOCENT_ON_X64,
        Arch::X86 => &INNOCENT_ON_X86,
    };
    let mut names: Vec<&str> = all
        .iter()
        .copied()
        .filter(|name| Some(*name) == guilty || (Some(*name) != without && chance.odds(0.5)))
        .collect();
    names.sort_unstable();
    let place = chance.pick(&["drivers", "System32/drivers", "Drivers"]);
    names
        .into_iter()
        .map(|name| (format!("{place}/{name}"), image(arch, name, exchange)))
        .collect()
}

fn image(arch: Arch, name: &str, exchange: Option<([u8; 4], [u8; 4])>) -> Vec<u8> {
    let machine = match arch {
        Arch::X86 => "x86",
        Arch::X64 => "x64",
    };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/drivers");
    let mut bytes = fs::read(samples.join(machine).join(name)).unwrap();
    if let Some((own, tag)) = exchange {
        replace(&mut bytes, own, tag);
        seal(&mut bytes);
    }
    bytes
}

/// The four bytes of a sample's tag stand in its file only as that tag.
fn replace(bytes: &mut [u8], own: [u8; 4], tag: [u8; 4]) {
    for at in 0..bytes.len() - 3 {
        if bytes[at..at + 4] == own {
            bytes[at..at + 4].copy_from_slice(&tag);
        }
    }
}

/// Writes the header checksum anew: the folded 16-bit sum of the file, plus its length.
fn seal(bytes: &mut [u8]) {
    let header = u32::from_le_bytes(bytes[0x3c..0x40].try_into().unwrap()) as usize;
    let field = header + 24 + 64;
    bytes[field..field + 4].fill(0);
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) | u32::from(*pair.get(1).unwrap_or(&0)) << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let total = sum + bytes.len() as u32;
    bytes[field..field + 4].copy_from_slice(&total.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn culprits_hold_their_tags_and_seals_match_the_build() {
        for (arch, culprits) in [(Arch::X64, &ON_X64[..]), (Arch::X86, &ON_X86[..])] {
            for culprit in culprits {
                let whole = image(arch, culprit.file, None);
                assert!(
                    whole.windows(4).any(|seen| seen == culprit.tag),
                    "{culprit:?}"
                );
                let same = image(arch, culprit.file, Some((culprit.tag, culprit.tag)));
                assert_eq!(whole, same, "{} is sealed another way", culprit.file);
                let other = image(arch, culprit.file, Some((culprit.tag, *b"zzzz")));
                assert!(
                    !other.windows(4).any(|seen| seen == culprit.tag),
                    "{culprit:?}"
                );
            }
        }
    }
}
