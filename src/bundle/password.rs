//! The password of encrypted archives: held, never shown.

use std::fmt;
use std::sync::Arc;

/// A password as typed, without the end of its line. It has no `Display`, and `Debug`
/// does not show it: reports, messages and logs cannot hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<[u8]>);

impl Password {
    /// The password in `bytes`: their first line. `None` where that is empty.
    pub fn new(bytes: &[u8]) -> Option<Password> {
        let line = bytes.split(|&byte| byte == b'\n').next()?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.is_empty()).then(|| Password(line.into()))
    }

    /// Its bytes, for deciphering and for handing on to a worker.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_counts_and_nothing_shows_it() {
        let of = |text: &str| Password::new(text.as_bytes()).map(|p| p.bytes().to_vec());
        assert_eq!(of("geheim \r\nrest").unwrap(), b"geheim ");
        assert_eq!(of("geheim").unwrap(), b"geheim");
        assert_eq!((of(""), of("\r\n")), (None, None));
        assert!(!format!("{:?}", Password::new(b"geheim")).contains("geheim"));
    }
}
