//! Asking the kernel for a table of unknown size.

use crate::host::{status, Answer, Host};

/// First size of the buffer: the table of a busy server has 110 to 130 KB.
const FIRST: usize = 1 << 20;
/// Largest size: no table comes near, and a broken answer must not take the machine's memory.
pub const MOST: usize = 64 << 20;
/// Tables grow while one asks; who still fails after this many tries will fail again.
const TRIES: usize = 12;
/// The kernel refuses buffers that are not aligned as the structures are.
const ALIGNMENT: usize = 16;

/// A buffer that is kept from query to query, so that an exhausted machine is not asked for more.
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

/// What was answered: the bytes, and the address at which the kernel wrote them, to which
/// pointers inside refer.
pub struct Table<'a> {
    /// The answer.
    pub bytes: &'a [u8],
    /// Address of its first byte.
    pub address: u64,
}

impl Default for Buffer {
    fn default() -> Self {
        Buffer::of(FIRST)
    }
}

impl Buffer {
    fn of(size: usize) -> Buffer {
        let bytes = vec![0; size + ALIGNMENT];
        let start = bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Buffer { bytes, start }
    }

    fn room(&self) -> usize {
        self.bytes.len() - ALIGNMENT
    }

    fn slice(&mut self, length: usize) -> &mut [u8] {
        let end = self.start + length.min(self.room());
        &mut self.bytes[self.start..end]
    }

    /// Asks until the answer fits.
    ///
    /// # Errors
    /// The NTSTATUS of the last try.
    pub fn ask(&mut self, host: &dyn Host, class: u32) -> Result<Table<'_>, u32> {
        let mut tries = 0;
        loop {
            let room = self.room();
            let Answer { status, length } = host.query(class, self.slice(room));
            tries += 1;
            if status == status::SUCCESS {
                let length = (length as usize).min(room);
                let bytes = &*self.slice(length);
                return Ok(Table {
                    bytes,
                    address: bytes.as_ptr() as u64,
                });
            }
            let short = matches!(
                status,
                status::INFO_LENGTH_MISMATCH | status::BUFFER_TOO_SMALL
            );
            // A quarter more than asked for: the table may grow before the next try.
            let wanted = (length as usize).max(room).saturating_mul(5) / 4;
            if !short || tries == TRIES || room == MOST {
                return Err(status);
            }
            *self = Buffer::of(wanted.min(MOST));
        }
    }

    /// Asks for a structure of exactly this size; some classes take no other.
    ///
    /// # Errors
    /// The NTSTATUS.
    pub fn ask_exactly(&mut self, host: &dyn Host, class: u32, size: usize) -> Result<&[u8], u32> {
        let buffer = self.slice(size);
        buffer.fill(0);
        let answer = host.query(class, buffer);
        if answer.status == status::SUCCESS {
            Ok(buffer)
        } else {
            Err(answer.status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn the_buffer_grows_until_the_table_fits_and_is_kept() {
        let host = FakeHost::default();
        host.answer(7, vec![5; 3 << 20]);
        let mut buffer = Buffer::default();
        assert_eq!(buffer.ask(&host, 7).map(|t| t.bytes.len()), Ok(3 << 20));
        assert_eq!(host.asked(), 2);
        assert_eq!(buffer.ask(&host, 7).map(|t| t.address % 16), Ok(0));
        assert_eq!(host.asked(), 3);
    }

    #[test]
    fn a_size_that_never_fits_ends() {
        let host = FakeHost::default();
        host.fail(7, status::INFO_LENGTH_MISMATCH);
        let mut buffer = Buffer::default();
        assert_eq!(
            buffer.ask(&host, 7).err(),
            Some(status::INFO_LENGTH_MISMATCH)
        );
        assert!(host.asked() <= TRIES);
        host.fail(7, status::INSUFFICIENT_RESOURCES);
        assert_eq!(
            buffer.ask(&host, 7).err(),
            Some(status::INSUFFICIENT_RESOURCES)
        );
    }
}
