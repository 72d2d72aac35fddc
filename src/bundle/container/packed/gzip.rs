//! gzip members, one behind the other.

use super::at_end;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Read};

/// The content of all members. Bytes behind the last one that begin no member are left
/// alone, as gzip itself does: tapes and uploads pad with zeros.
pub(super) struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Members {
            member: Some(GzDecoder::new(input)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buf)?;
            if count > 0 {
                return Ok(count);
            }
            let rest = self.member.take().map(GzDecoder::into_inner);
            let Some(mut rest) = rest else { break };
            if !at_end(&mut rest)? && rest.fill_buf()?.starts_with(b"\x1f") {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}
