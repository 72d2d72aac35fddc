//! ASN.1 times, with the fractions and the short years that signatures use.

use chrono::{DateTime, NaiveDate, Utc};

use super::tlv::Element;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The instant that `element` states: `UTCTime` or `GeneralizedTime` in UTC, to the second
/// (a fraction is dropped, seconds may be missing). Years of two digits from 50 on lie in the
/// last century (RFC 5280, section 4.1.2.5.1). Times in another zone are not used by any
/// signature profile and give none.
pub fn from_element(element: Element<'_>) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(element.body).ok()?.strip_suffix('Z')?;
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let short = number(year)?;
            (
                if short < 50 {
                    2000 + short
                } else {
                    1900 + short
                },
                rest,
            )
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let digits = rest.split(['.', ',']).next()?;
    let field = |from: usize| number(digits.get(from..from + 2)?);
    let seconds = if digits.len() == 8 { 0 } else { field(8)? };
    if digits.len() > 10 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, field(0)?, field(2)?)?;
    Some(date.and_hms_opt(field(4)?, field(6)?, seconds)?.and_utc())
}

fn number(digits: &str) -> Option<u32> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        let mut der = vec![tag, u8::try_from(text.len()).unwrap()];
        der.extend(text.bytes());
        from_element(Element::first(&der).unwrap()).map(|time| time.to_rfc3339())
    }

    #[test]
    fn both_kinds_are_read() {
        assert_eq!(
            read(0x17, "140111143819Z").unwrap(),
            "2014-01-11T14:38:19+00:00"
        );
        assert_eq!(
            read(0x17, "9912312359Z").unwrap(),
            "1999-12-31T23:59:00+00:00"
        );
        assert_eq!(
            read(0x18, "20210203040506.789Z").unwrap(),
            "2021-02-03T04:05:06+00:00"
        );
        assert_eq!(
            read(0x18, "99991231235959Z").unwrap(),
            "9999-12-31T23:59:59+00:00"
        );
    }

    #[test]
    fn other_zones_and_nonsense_give_none() {
        for text in [
            "140111143819+0100",
            "141311143819Z",
            "1401111438x9Z",
            "Z",
            "",
            "14011114381900Z",
        ] {
            assert_eq!(read(0x17, text), None, "{text}");
        }
        assert_eq!(read(0x04, "140111143819Z"), None);
    }

    proptest! {
        #[test]
        fn never_panics(tag in 0x17u8..0x19, text in "[0-9Z.+é]{0,20}") {
            read(tag, &text);
        }
    }
}
