//! The blocks inside a version resource: length, key, value, children, each aligned to four.

use super::super::layout::{u16_at, u32_at};
use super::resources::Leaf;
use super::{
    FixedInfo, Language, MAX_STRINGS, MAX_TABLES, StringTable, Translation, VersionNote,
    VersionNumber, VersionResource,
};

/// `wLength`, `wValueLength`, `wType`.
const HEADER_SIZE: usize = 6;
const ALIGNMENT: usize = 4;
const FIXED_SIGNATURE: u32 = 0xFEEF_04BD;
const FIXED_SIZE: usize = 52;

/// One block; offsets count from the start of the resource, to which alignment refers.
struct Block {
    key: String,
    value: usize,
    value_length: usize,
    end: usize,
}

/// Reads the resource; none when it is not version information at all.
pub(super) fn version_resource(
    leaf: &Leaf<'_>,
    notes: &mut Vec<VersionNote>,
) -> Option<VersionResource> {
    let data = leaf.data;
    let root = block(data, 0, data.len(), notes).filter(|root| root.key == "VS_VERSION_INFO");
    let Some(root) = root else {
        notes.push(VersionNote::NotVersionInfo { rva: leaf.rva });
        return None;
    };
    let fixed = match root.value_length {
        0 => None,
        _ => fixed_info(data.get(root.value..root.end).unwrap_or_default()).or_else(|| {
            notes.push(VersionNote::BadFixedInfo);
            None
        }),
    };
    let mut found = VersionResource {
        language: leaf.language,
        fixed,
        tables: Vec::new(),
        translations: Vec::new(),
    };
    let children = align(root.value.saturating_add(root.value_length));
    for child in blocks(data, children, root.end, MAX_TABLES, "parts", notes) {
        match child.key.as_str() {
            "StringFileInfo" => found.tables.extend(string_tables(data, &child, notes)),
            "VarFileInfo" => found.translations.extend(translations(data, &child, notes)),
            _ => {}
        }
    }
    Some(found)
}

fn fixed_info(value: &[u8]) -> Option<FixedInfo> {
    let fixed = value.get(..FIXED_SIZE)?;
    let field = |index: usize| u32_at(fixed, 4 * index);
    if field(0)? != FIXED_SIGNATURE {
        return None;
    }
    Some(FixedInfo {
        file: version_number(field(2)?, field(3)?),
        product: version_number(field(4)?, field(5)?),
        flags: field(6)? & field(7)?,
        os: field(8)?,
        kind: field(9)?,
        subtype: field(10)?,
    })
}

fn version_number(high: u32, low: u32) -> VersionNumber {
    let halves = |word: u32| [(word >> 16) as u16, (word & 0xFFFF) as u16];
    let ([a, b], [c, d]) = (halves(high), halves(low));
    VersionNumber([a, b, c, d])
}

fn string_tables(data: &[u8], info: &Block, notes: &mut Vec<VersionNote>) -> Vec<StringTable> {
    let tables = blocks(
        data,
        info.value,
        info.end,
        MAX_TABLES,
        "string tables",
        notes,
    );
    let table = |table: Block, notes: &mut Vec<VersionNote>| StringTable {
        strings: blocks(data, table.value, table.end, MAX_STRINGS, "strings", notes)
            .into_iter()
            .map(|string| {
                let value = data.get(string.value..string.end).unwrap_or_default();
                // A length of nought is an empty value, whatever padding follows. Otherwise
                // the length is not used: compilers disagree on bytes or characters.
                let text = if string.value_length == 0 {
                    String::new()
                } else {
                    text(value)
                };
                (string.key, text)
            })
            .collect(),
        key: table.key,
    };
    tables
        .into_iter()
        .map(|found| table(found, notes))
        .collect()
}

fn translations(data: &[u8], info: &Block, notes: &mut Vec<VersionNote>) -> Vec<Translation> {
    blocks(data, info.value, info.end, MAX_TABLES, "variables", notes)
        .into_iter()
        .filter(|variable| variable.key == "Translation")
        .flat_map(|variable| {
            let end = variable
                .value
                .saturating_add(variable.value_length)
                .min(variable.end);
            data.get(variable.value..end)
                .unwrap_or_default()
                .chunks_exact(4)
        })
        .take(MAX_TABLES)
        .filter_map(|pair| {
            Some(Translation {
                language: Language(u16_at(pair, 0)?),
                code_page: u16_at(pair, 2)?,
            })
        })
        .collect()
}

/// The blocks that follow one another from `at` to `end`.
fn blocks(
    data: &[u8],
    at: usize,
    end: usize,
    limit: usize,
    what: &'static str,
    notes: &mut Vec<VersionNote>,
) -> Vec<Block> {
    let mut found = Vec::new();
    let mut next = align(at);
    while next.saturating_add(HEADER_SIZE) <= end {
        // Padding beyond what alignment asks for, between blocks or behind the last.
        if u16_at(data, next) == Some(0) {
            next += ALIGNMENT;
            continue;
        }
        if found.len() == limit {
            notes.push(VersionNote::TooMany { what, limit });
            break;
        }
        let Some(block) = block(data, next, end, notes) else {
            break;
        };
        next = align(block.end);
        found.push(block);
    }
    found
}

fn block(data: &[u8], at: usize, end: usize, notes: &mut Vec<VersionNote>) -> Option<Block> {
    let body = data.get(..end.min(data.len()))?;
    let stated = usize::from(u16_at(body, at)?);
    let value_length = usize::from(u16_at(body, at + 2)?);
    let available = body.len().checked_sub(at)?;
    if stated > available || stated < HEADER_SIZE {
        notes.push(VersionNote::BlockLength {
            offset: at,
            stated,
            available,
        });
    }
    if stated < HEADER_SIZE {
        return None;
    }
    let end = at + stated.min(available);
    let rest = body.get(at + HEADER_SIZE..end)?;
    let units = rest
        .chunks_exact(2)
        .take_while(|unit| *unit != [0, 0])
        .count();
    let key = text(rest.get(..2 * units)?);
    let value = align(at + HEADER_SIZE + 2 * (units + 1)).min(end);
    Some(Block {
        key,
        value,
        value_length,
        end,
    })
}

/// UTF-16LE up to the first NUL; what is no character becomes U+FFFD.
fn text(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .filter_map(|unit| unit.first_chunk().copied().map(u16::from_le_bytes))
        .take_while(|unit| *unit != 0);
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

const fn align(at: usize) -> usize {
    at.saturating_add(ALIGNMENT - 1) & !(ALIGNMENT - 1)
}
