//! Distinguished names, as parts in the order of the certificate.

use std::fmt;

use der::Tagged;
use der::oid::ObjectIdentifier;
use x509_cert::name::Name as X509Name;

use super::tlv::{Element, SEQUENCE, SET};

/// Parts kept of one name; real ones have fewer than a dozen.
const MAX_PARTS: usize = 64;

const COMMON_NAME: &str = "CN";
const ORGANIZATION: &str = "O";

/// Keywords of RFC 4514 and the further ones that signers' names use.
const KEYWORDS: [(&str, &str); 14] = [
    ("2.5.4.3", COMMON_NAME),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", ORGANIZATION),
    ("2.5.4.11", "OU"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];

/// Subjects under which Microsoft's hardware programme signs drivers that others made.
const HARDWARE_PROGRAMME: &str = "Windows Hardware Compatibility";

/// One part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePart {
    /// Keyword (`CN`, `O`, …), or the dotted identifier of an attribute without one.
    pub key: String,
    /// The text; what is no character in its encoding becomes U+FFFD.
    pub value: String,
}

/// Whom a certificate names. A name proves nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// In the order of the certificate, usually from country to common name.
    pub parts: Vec<NamePart>,
}

impl Name {
    /// The common name.
    pub fn common_name(&self) -> Option<&str> {
        self.part(COMMON_NAME)
    }

    /// The organization.
    pub fn organization(&self) -> Option<&str> {
        self.part(ORGANIZATION)
    }

    /// The last part with this keyword.
    pub fn part(&self, key: &str) -> Option<&str> {
        self.parts
            .iter()
            .rev()
            .find(|part| part.key == key)
            .map(|part| part.value.as_str())
    }

    /// True for Microsoft's hardware programme, which signs other vendors' drivers: the vendor
    /// is then in the version resource or the programme name, not here.
    pub fn signs_for_other_vendors(&self) -> bool {
        self.common_name()
            .is_some_and(|name| name.contains(HARDWARE_PROGRAMME))
    }

    pub(super) fn from_x509(name: &X509Name) -> Name {
        let part = |part: &x509_cert::attr::AttributeTypeAndValue| NamePart {
            key: keyword(part.oid),
            // A universal, primitive tag is its number; anything else is no string kind.
            value: text(
                u8::try_from(part.value.tag().number().value()).unwrap_or_default(),
                part.value.value(),
            ),
        };
        Name {
            parts: name.iter().take(MAX_PARTS).map(part).collect(),
        }
    }

    /// Reads the name that `element` is, without minding what strict decoders do.
    pub(super) fn from_element(element: Element<'_>) -> Name {
        let parts = element
            .children()
            .filter_map(|set| set.with_tag(SET))
            .flat_map(Element::children)
            .filter_map(|pair| {
                let pair = pair.with_tag(SEQUENCE)?;
                let value = pair.child(1)?;
                Some(NamePart {
                    key: keyword(pair.child(0)?.oid()?),
                    value: text(value.tag, value.body),
                })
            });
        Name {
            parts: parts.take(MAX_PARTS).collect(),
        }
    }
}

impl fmt::Display for Name {
    /// Parts in the certificate's order, `C=US, O=Example, CN=Example`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}={}", part.key, part.value)?;
        }
        Ok(())
    }
}

fn keyword(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    KEYWORDS
        .iter()
        .find(|(id, _)| *id == dotted)
        .map_or(dotted, |(_, key)| (*key).to_string())
}

/// Decodes a string of any of the ASN.1 kinds that directories use.
pub(super) fn text(tag: u8, bytes: &[u8]) -> String {
    const TELETEX: u8 = 0x14;
    const UNIVERSAL: u8 = 0x1C;
    const BMP: u8 = 0x1E;
    match tag {
        BMP => utf16_be(bytes),
        UNIVERSAL => bytes
            .chunks_exact(4)
            .filter_map(|unit| unit.first_chunk().copied().map(u32::from_be_bytes))
            .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        // Written as Latin-1 by everybody, whatever T.61 says.
        TELETEX => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Decodes big-endian UTF-16; what is no character becomes U+FFFD.
pub(super) fn utf16_be(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .filter_map(|unit| unit.first_chunk().copied().map(u16::from_be_bytes));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_string_is_decoded() {
        assert_eq!(text(0x13, b"Plain"), "Plain");
        assert_eq!(text(0x0C, "Füße".as_bytes()), "Füße");
        assert_eq!(text(0x0C, b"bad\xFF"), "bad\u{FFFD}");
        assert_eq!(text(0x14, b"M\xFCller"), "Müller");
        assert_eq!(text(0x1E, b"\x30\xC6\0A"), "テA");
        assert_eq!(text(0x1C, b"\0\0\0A\0\x11\0\0"), "A\u{FFFD}");
    }

    #[test]
    fn names_read_leniently_keep_unknown_parts() {
        // CN=ab, 1.2.3=c
        let der = b"\x30\x18\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x13\x02ab\x31\x09\x30\x07\x06\x02\x2a\x03\x0c\x01c";
        let name = Name::from_element(Element::first(der).unwrap());
        assert_eq!(name.to_string(), "CN=ab, 1.2.3=c");
        assert_eq!(name.common_name(), Some("ab"));
        assert!(!name.signs_for_other_vendors());
    }

    #[test]
    fn the_hardware_programme_is_no_vendor() {
        let value = "Microsoft Windows Hardware Compatibility Publisher".to_string();
        let name = Name {
            parts: vec![NamePart {
                key: "CN".to_string(),
                value,
            }],
        };
        assert!(name.signs_for_other_vendors());
    }
}
