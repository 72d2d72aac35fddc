//! A walker over BER and DER: tag, length, value, borrowed from the input.
//!
//! It cuts a signature into pieces whose exact bytes are needed (digests, thumbprints and
//! signatures are taken over the bytes as they lie, not as a decoder would write them again),
//! and it reads the pieces that the strict decoders refuse. Unlike those it takes indefinite
//! and non-minimal lengths, and says nothing about order. It never descends by itself, so there
//! is no depth to cap. Source: ITU-T X.690, sections 8.1.2 and 8.1.3.

use std::borrow::Cow;

use der::oid::ObjectIdentifier;

pub const OID: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
const HIGH_TAG_NUMBER: u8 = 0x1F;
const INDEFINITE: u8 = 0x80;
/// Bytes of length that are read: more than four would exceed any capped input.
const MAX_LENGTH_BYTES: usize = 4;

/// The tag of a constructed context-specific element.
pub const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// The tag of a primitive context-specific element.
pub const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet: class, constructed bit and number.
    pub tag: u8,
    /// The whole element.
    pub raw: &'a [u8],
    /// Its contents.
    pub body: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element of `bytes`; what follows it is ignored.
    pub fn first(bytes: &'a [u8]) -> Option<Element<'a>> {
        split(bytes).map(|(element, _)| element)
    }

    /// The elements inside, up to the first that is cut off or malformed.
    pub fn children(self) -> Elements<'a> {
        let body = if self.tag & CONSTRUCTED == 0 {
            &[]
        } else {
            self.body
        };
        Elements { rest: body }
    }

    /// The element inside at `index`.
    pub fn child(self, index: usize) -> Option<Element<'a>> {
        self.children().nth(index)
    }

    /// This element, if it has `tag`.
    pub fn with_tag(self, tag: u8) -> Option<Element<'a>> {
        (self.tag == tag).then_some(self)
    }

    /// The object identifier that this element is.
    pub fn oid(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.with_tag(OID)?.body).ok()
    }

    /// The value of an integer that is not negative: its bytes without leading zeros.
    pub fn unsigned(self) -> Option<&'a [u8]> {
        let body = self.with_tag(INTEGER)?.body;
        let zeros = body.iter().take_while(|byte| **byte == 0).count();
        body.get(zeros..)
    }

    /// The value of an octet string, also of one written in segments.
    pub fn octets(self) -> Option<Cow<'a, [u8]>> {
        match self.tag {
            OCTETS => Some(Cow::Borrowed(self.body)),
            tag if tag == OCTETS | CONSTRUCTED => {
                let segments = self.children().filter_map(|part| part.with_tag(OCTETS));
                Some(Cow::Owned(
                    segments.flat_map(|part| part.body).copied().collect(),
                ))
            }
            _ => None,
        }
    }
}

/// Elements that follow one another.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = split(self.rest)?;
        self.rest = rest;
        Some(element)
    }
}

/// Header of an element: tag, length of the header, and of the contents unless indefinite.
struct Header {
    tag: u8,
    size: usize,
    body: Option<usize>,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let (&tag, &length) = (bytes.first()?, bytes.get(1)?);
    if tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
        return None;
    }
    if length < INDEFINITE {
        return Some(Header {
            tag,
            size: 2,
            body: Some(length.into()),
        });
    }
    if length == INDEFINITE {
        return (tag & CONSTRUCTED != 0).then_some(Header {
            tag,
            size: 2,
            body: None,
        });
    }
    let count = usize::from(length & !INDEFINITE);
    let digits = bytes
        .get(2..2 + count)
        .filter(|_| count <= MAX_LENGTH_BYTES)?;
    let body = digits
        .iter()
        .fold(0u32, |sum, digit| sum << 8 | u32::from(*digit));
    Some(Header {
        tag,
        size: 2 + count,
        body: Some(body as usize),
    })
}

fn split(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let header = header(bytes)?;
    // Contents of nought: the end-of-contents marker, or padding behind the last element.
    if header.tag == 0 {
        return None;
    }
    let (body_end, end) = match header.body {
        Some(length) => {
            let end = header.size.checked_add(length)?;
            (end, end)
        }
        None => {
            let end = indefinite_end(bytes, header.size)?;
            (end, end + 2)
        }
    };
    let element = Element {
        tag: header.tag,
        raw: bytes.get(..end)?,
        body: bytes.get(header.size..body_end)?,
    };
    Some((element, bytes.get(end..)?))
}

/// Where the end-of-contents marker lies that closes the element whose contents begin at `at`.
fn indefinite_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 1usize;
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(&[0, 0]) {
            open -= 1;
            if open == 0 {
                return Some(at);
            }
            at += 2;
            continue;
        }
        let header = header(rest)?;
        open += usize::from(header.body.is_none());
        at = at
            .checked_add(header.size)?
            .checked_add(header.body.unwrap_or(0))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn definite_lengths_short_long_and_padded() {
        let short = Element::first(&[0x04, 2, 7, 8, 9]).unwrap();
        assert_eq!((short.body, short.raw.len()), (&[7, 8][..], 4));
        let padded = Element::first(&[0x04, 0x83, 0, 0, 1, 7]).unwrap();
        assert_eq!(padded.body, &[7]);
        assert_eq!(Element::first(&[0x04, 0x85, 0, 0, 0, 0, 1, 7]), None);
        assert_eq!(Element::first(&[0x04, 3, 7, 8]), None);
        assert_eq!(Element::first(&[0x1F, 1, 7]), None);
    }

    #[test]
    fn indefinite_lengths_nest() {
        let bytes = [
            0x30, 0x80, 0x24, 0x80, 4, 1, 0xAA, 4, 1, 0xBB, 0, 0, 2, 1, 5, 0, 0, 0xEE,
        ];
        let outer = Element::first(&bytes).unwrap();
        assert_eq!(outer.raw.len(), bytes.len() - 1);
        let parts: Vec<_> = outer.children().collect();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].octets().unwrap().as_ref(), &[0xAA, 0xBB]);
        assert_eq!(parts[1].unsigned().unwrap(), &[5]);
        assert_eq!(Element::first(&bytes[..bytes.len() - 3]), None);
        // A primitive element cannot be of indefinite length.
        assert_eq!(Element::first(&[0x04, 0x80, 0, 0]), None);
    }

    #[test]
    fn primitives_have_no_children() {
        assert_eq!(Element::first(&[4, 2, 2, 0]).unwrap().children().count(), 0);
    }

    proptest! {
        #[test]
        fn children_lie_inside(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(element) = Element::first(&bytes) {
                prop_assert!(element.raw.len() <= bytes.len());
                let inner: usize = element.children().map(|child| child.raw.len()).sum();
                prop_assert!(inner <= element.body.len());
            }
        }
    }
}
