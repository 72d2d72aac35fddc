//! zstd frames, one behind the other, skippable ones included.

use super::{MAX_WINDOW, at_end};
use crate::bundle::reader::ReadFault;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// The content of all frames.
pub(super) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    /// Within a frame.
    inside: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(u64::from(MAX_WINDOW));
        Frames {
            input,
            decoder,
            inside: false,
        }
    }

    /// Reads the next frame's header, past frames that are to be skipped; false at the end.
    fn enter(&mut self) -> io::Result<bool> {
        while !at_end(&mut self.input)? {
            match self.decoder.init(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut (&mut self.input).take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(ReadFault::Truncated.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// At a frame's end: whether its checksum, where it has one, fits.
    fn check(&self) -> io::Result<()> {
        let stated = self.decoder.get_checksum_from_data();
        let found = self.decoder.get_calculated_checksum();
        match stated {
            Some(_) if stated != found => Err(ReadFault::ChecksumMismatch.into()),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside {
                if !self.enter()? {
                    return Ok(0);
                }
                self.inside = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buf)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.is_finished() {
                self.check()?;
                self.inside = false;
            }
        }
    }
}
