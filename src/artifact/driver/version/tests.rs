use proptest::prelude::*;

use super::super::signature::tests::fixture;
use super::resources::Leaf;
use super::*;

fn read_file(file: &[u8]) -> (VersionInfo, Vec<VersionNote>) {
    read(file, &Layout::parse(file).unwrap())
}

#[test]
fn every_translation_of_a_linked_image_is_read() {
    let (info, notes) = read_file(&fixture("plain.sys"));
    assert_eq!(notes, []);
    let keys: Vec<_> = info
        .tables()
        .map(|table| (table.key.as_str(), table.language()))
        .collect();
    assert_eq!(
        keys,
        [
            ("040704b0", Some(Language(0x407))),
            ("040904b0", Some(Language(0x409)))
        ]
    );
    let german = info.tables().next().unwrap();
    assert_eq!(german.get("CompanyName"), Some("Müller Prüfstand GmbH"));
    assert_eq!(german.get("filedescription"), Some("Winziger Treiber"));
    let english = info.tables().nth(1).unwrap();
    let names: Vec<_> = english
        .strings
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names.len(), 9);
    assert!(names.contains(&"Ticket") && names.contains(&"Comments"));
    let translations = &info.resources[0].translations;
    assert_eq!(
        translations[..],
        [
            Translation {
                language: Language(0x407),
                code_page: 1200
            },
            Translation {
                language: Language(0x409),
                code_page: 1200
            },
        ]
    );
}

#[test]
fn english_goes_before_other_languages() {
    let (info, _) = read_file(&fixture("plain.sys"));
    assert_eq!(info.company(), Some("Fixture Works"));
    assert_eq!(info.product(), Some("Tiny Suite"));
    assert_eq!(info.description(), Some("Tiny driver"));
    assert_eq!(info.original_name(), Some("tiny.sys"));
    assert_eq!(info.text("LegalCopyright"), Some("© nobody"));
    assert_eq!(info.text("Comments"), None, "an empty value says nothing");
}

#[test]
fn numbers_are_read_from_the_fixed_part() {
    let fixed = read_file(&fixture("plain.sys")).0.fixed().unwrap();
    assert_eq!(
        (fixed.file.to_string(), fixed.product.to_string()),
        ("1.2.3.4".into(), "5.6.7.8".into())
    );
    assert_eq!(
        (fixed.flags, fixed.os, fixed.kind, fixed.subtype),
        (2, 0x40004, 3, 7)
    );
}

// -- blocks built by hand ----------------------------------------------------------------------

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn pad(bytes: &mut Vec<u8>) {
    while !bytes.len().is_multiple_of(4) {
        bytes.push(0);
    }
}

/// A block as a resource compiler writes it.
fn block(key: &str, value_length: u16, kind: u16, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend(value_length.to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    bytes.extend(wide(key));
    bytes.extend([0, 0]);
    pad(&mut bytes);
    bytes.extend(value);
    for child in children {
        pad(&mut bytes);
        bytes.extend(child);
    }
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[..2].copy_from_slice(&length.to_le_bytes());
    bytes
}

fn string(name: &str, value: &str) -> Vec<u8> {
    let units = u16::try_from(value.encode_utf16().count() + 1).unwrap();
    let mut text = wide(value);
    text.extend([0, 0]);
    block(name, units, 1, &text, &[])
}

fn resource(strings: &[Vec<u8>]) -> Vec<u8> {
    let table = block("040904B0", 0, 1, &[], strings);
    let info = block("StringFileInfo", 0, 1, &[], &[table]);
    block("VS_VERSION_INFO", 0, 0, &[], &[info])
}

fn read_blocks(data: &[u8]) -> (Option<VersionResource>, Vec<VersionNote>) {
    let mut notes = Vec::new();
    let leaf = Leaf {
        language: Language(0),
        rva: 0x4000,
        data,
    };
    let found = blocks::version_resource(&leaf, &mut notes);
    (found, notes)
}

#[test]
fn strings_survive_odd_values() {
    let mut lone = block("Half", 2, 1, &[0x00, 0xD8, b'x', 0], &[]);
    // More padding than alignment asks for.
    pad(&mut lone);
    lone.extend([0; 4]);
    let data = resource(&[
        string("A", "one"),
        lone,
        string("Empty", ""),
        string("A", "two"),
    ]);
    let (found, notes) = read_blocks(&data);
    assert_eq!(notes, []);
    let expected = [
        ("A", "one"),
        ("Half", "\u{FFFD}x"),
        ("Empty", ""),
        ("A", "two"),
    ];
    let strings = &found.unwrap().tables[0].strings;
    let found: Vec<_> = strings
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn lengths_counted_in_bytes_instead_of_characters_do_no_harm() {
    let mut text = wide("Vendor");
    text.extend([0, 0]);
    let wrong = block(
        "CompanyName",
        u16::try_from(text.len()).unwrap(),
        1,
        &text,
        &[],
    );
    let (found, _) = read_blocks(&resource(&[wrong, string("ProductName", "P")]));
    let table = &found.unwrap().tables[0];
    assert_eq!(
        (table.get("CompanyName"), table.get("ProductName")),
        (Some("Vendor"), Some("P"))
    );
}

#[test]
fn a_resource_that_is_cut_off_gives_what_is_there() {
    let data = resource(&[
        string("CompanyName", "Vendor"),
        string("ProductName", "Product"),
    ]);
    let (found, notes) = read_blocks(&data[..data.len() - 10]);
    assert_eq!(found.unwrap().tables[0].get("CompanyName"), Some("Vendor"));
    assert!(
        notes
            .iter()
            .any(|n| matches!(n, VersionNote::BlockLength { .. })),
        "{notes:?}"
    );
}

#[test]
fn other_data_is_no_version_resource() {
    let (found, notes) = read_blocks(&block("SOMETHING", 0, 0, &[], &[]));
    assert_eq!(
        (found, notes),
        (None, vec![VersionNote::NotVersionInfo { rva: 0x4000 }])
    );
    assert_eq!(read_blocks(b"").0, None);
}

#[test]
fn a_fixed_part_without_its_signature_is_noted() {
    let data = block("VS_VERSION_INFO", 52, 0, &[7; 52], &[]);
    let (found, notes) = read_blocks(&data);
    assert_eq!(found.unwrap().fixed, None);
    assert_eq!(notes, [VersionNote::BadFixedInfo]);
}

#[test]
fn floods_of_strings_are_capped() {
    let strings = vec![string("A", "b"); MAX_STRINGS + 9];
    let (found, notes) = read_blocks(&resource(&strings));
    assert_eq!(found.unwrap().tables[0].strings.len(), MAX_STRINGS);
    assert_eq!(
        notes,
        [VersionNote::TooMany {
            what: "strings",
            limit: MAX_STRINGS
        }]
    );
}

#[test]
fn keys_that_state_no_language_are_kept() {
    let table = |key: &str| StringTable {
        key: key.to_string(),
        strings: Vec::new(),
    };
    assert_eq!(table("040904B0").language(), Some(Language(0x409)));
    for key in ["", "409", "zzzz04b0", "040904B0X", "ü4090b0"] {
        assert_eq!(table(key).language(), None, "{key}");
    }
}

// -- hostile trees -------------------------------------------------------------------------------

/// File offset of the resource section of the plain fixture: found by its only `RT_VERSION`
/// entry, a directory at offset 0x18 of the tree.
fn tree_at(file: &[u8]) -> usize {
    memchr::memmem::find(file, &[16, 0, 0, 0, 0x18, 0, 0, 0x80]).unwrap() - 16
}

#[test]
fn directories_that_point_at_themselves_end() {
    let mut file = fixture("plain.sys");
    let tree = tree_at(&file);
    file[tree + 20] = 0;
    let (info, _) = read_file(&file);
    assert!(info.is_empty());
}

#[test]
fn counts_larger_than_the_file_end_with_it() {
    let mut file = fixture("plain.sys");
    let tree = tree_at(&file);
    file[tree + 12..tree + 16].fill(0xFF);
    let (_, notes) = read_file(&file);
    let limit = 8192;
    assert!(
        notes.contains(&VersionNote::TooMany {
            what: "tree entries",
            limit
        }),
        "{notes:?}"
    );
}

#[test]
fn overlapping_directories_do_not_multiply() {
    // Every row is an entry of the version type; every target is a directory of such rows.
    let mut file = fixture("plain.sys");
    let tree = tree_at(&file);
    file.truncate(tree);
    let mut row = 0u32;
    while file.len() < 1 << 20 {
        file.extend(16u32.to_le_bytes());
        file.extend((0x8000_0000 | (row * 8 + 4)).to_le_bytes());
        row = (row + 1) % 60_000;
    }
    let entry = usize::from(file[0x3C]) + 24;
    let sections = entry + usize::from(file[entry - 4]);
    // The section that holds the tree grows over all of it.
    for section in (0..usize::from(file[entry - 18])).map(|index| sections + index * 40) {
        if &file[section..section + 5] == b".rsrc" {
            file[section + 8..section + 12].copy_from_slice(&(1u32 << 20).to_le_bytes());
            file[section + 16..section + 20].copy_from_slice(&(1u32 << 20).to_le_bytes());
        }
    }
    let (info, notes) = read_file(&file);
    assert!(info.is_empty());
    let limit = 8192;
    assert!(
        notes.contains(&VersionNote::TooMany {
            what: "tree entries",
            limit
        }),
        "{notes:?}"
    );
    assert!(notes.len() < 10_000);
}

#[test]
fn resources_outside_the_file_are_noted() {
    let mut file = fixture("plain.sys");
    let entry = usize::from(file[0x3C]) + 24 + 112 + 16;
    file[entry..entry + 4].copy_from_slice(&0x00F0_0000u32.to_le_bytes());
    let (info, notes) = read_file(&file);
    assert!(info.is_empty());
    assert_eq!(
        notes,
        [VersionNote::DirectoryOutsideFile { rva: 0x00F0_0000 }]
    );
}

proptest! {
    #[test]
    fn mutated_resources_do_no_harm(
        changes in proptest::collection::vec((0usize..1536, any::<u8>()), 1..8),
    ) {
        let mut file = fixture("plain.sys");
        let tree = tree_at(&file);
        for (at, byte) in changes {
            if let Some(place) = file.get_mut(tree + at) {
                *place = byte;
            }
        }
        let (info, notes) = read_file(&file);
        prop_assert!(info.resources.len() <= MAX_RESOURCES);
        let _said: Vec<_> = notes.iter().map(ToString::to_string).collect();
    }

    #[test]
    fn arbitrary_blocks_do_no_harm(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut tail = block("VS_VERSION_INFO", 0, 0, &[], std::slice::from_ref(&data));
        let _read = read_blocks(&data);
        tail[0] = 0xFF;
        let _read = read_blocks(&tail);
    }

    #[test]
    fn strings_round_trip(values in proptest::collection::vec("[^\0]{1,20}", 0..10)) {
        let strings: Vec<_> = values.iter().map(|value| string("Name", value)).collect();
        let (found, notes) = read_blocks(&resource(&strings));
        let found: Vec<_> =
            found.unwrap().tables.remove(0).strings.into_iter().map(|(_, value)| value).collect();
        prop_assert_eq!(found, values);
        prop_assert_eq!(notes, vec![]);
    }
}
