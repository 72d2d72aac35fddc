//! Microsoft's structures inside an Authenticode signature.
//!
//! Source: Microsoft, "Windows Authenticode Portable Executable Signature Format",
//! "Authenticode-Specific Structures".

use std::fmt;

use der::oid::ObjectIdentifier;

use super::digest::Hash;
use super::name::utf16_be;
use super::tlv::{Element, context, context_primitive};

/// Content type of an Authenticode signature.
pub const INDIRECT_DATA: &str = "1.3.6.1.4.1.311.2.1.4";
/// Signed attribute that carries the programme's name.
pub(super) const OPUS_INFO: &str = "1.3.6.1.4.1.311.2.1.12";
/// Unsigned attribute that carries further whole signatures.
pub(super) const NESTED_SIGNATURE: &str = "1.3.6.1.4.1.311.2.4.1";
/// Bytes kept of a programme's name or address.
const MAX_TEXT: usize = 4096;

/// The digest that a signature or a catalog states for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndirectData {
    pub algorithm: ObjectIdentifier,
    pub digest: Hash,
}

impl IndirectData {
    /// Reads a `SpcIndirectDataContent`.
    pub fn parse(content: Element<'_>) -> Option<IndirectData> {
        let info = content.child(1)?;
        Some(IndirectData {
            algorithm: info.child(0)?.child(0)?.oid()?,
            digest: Hash(info.child(1)?.octets()?.into_owned()),
        })
    }
}

/// What the publisher calls the signed programme.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Programme {
    /// Its name.
    pub name: Option<String>,
    /// Where to read more, usually an address.
    pub more_info: Option<String>,
}

impl fmt::Display for Programme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.name.as_deref(), self.more_info.as_deref()];
        let mut said = parts.into_iter().flatten();
        f.write_str(said.next().unwrap_or_default())?;
        said.try_for_each(|part| write!(f, " <{part}>"))
    }
}

impl Programme {
    /// Reads a `SpcSpOpusInfo`; none when it says nothing, as is usual.
    pub(super) fn parse(opus: Element<'_>) -> Option<Programme> {
        let field = |number| opus.children().find(|e| e.tag == context(number))?.child(0);
        let found = Programme {
            name: field(0).and_then(text),
            more_info: field(1).and_then(link),
        };
        (found != Programme::default()).then_some(found)
    }
}

/// `SpcString`: `[0]` UTF-16, big-endian, or `[1]` ASCII.
fn text(string: Element<'_>) -> Option<String> {
    let bytes = string.body.get(..MAX_TEXT).unwrap_or(string.body);
    let text = match string.tag {
        tag if tag == context_primitive(0) => utf16_be(bytes),
        tag if tag == context_primitive(1) => String::from_utf8_lossy(bytes).into_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// `SpcLink`: `[0]` an address in ASCII, `[2]` a file name; monikers are left out.
fn link(link: Element<'_>) -> Option<String> {
    if link.tag == context(2) {
        return link.child(0).and_then(text);
    }
    let bytes = link.with_tag(context_primitive(0))?.body;
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programme_name_and_address() {
        let der = b"\x30\x12\xa0\x06\x80\x04\0L\0k\xa1\x08\x80\x06http:/";
        let programme = Programme::parse(Element::first(der).unwrap()).unwrap();
        assert_eq!(programme.to_string(), "Lk <http:/>");
        let ascii = b"\x30\x06\xa0\x04\x81\x02ab";
        let programme = Programme::parse(Element::first(ascii).unwrap()).unwrap();
        assert_eq!(
            (programme.name.as_deref(), programme.more_info),
            (Some("ab"), None)
        );
    }

    #[test]
    fn an_empty_programme_is_none() {
        assert_eq!(Programme::parse(Element::first(b"\x30\x00").unwrap()), None);
        let empty = b"\x30\x04\xa0\x02\x80\x00";
        assert_eq!(Programme::parse(Element::first(empty).unwrap()), None);
    }
}
