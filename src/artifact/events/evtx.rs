//! The binary log: a file header of 4 KiB and chunks of 64 KiB, each with its own strings and
//! templates, so that chunks are read one at a time and a damaged one costs no other.
//!
//! The crate `evtx` reads a chunk and bounds what it makes of it; a panic in it is fenced here.
//! Its records come out as XML and are read as exports are, so that one event means the same in
//! every form.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::DateTime;
use evtx::{EvtxChunkData, ParserSettings};

use super::record::{Place, Record, When};
use super::{EventFile, MAX_EVENT, xml};

/// Bytes of the file header: the format's constant, whatever its field says.
const FILE_HEADER: u64 = 4_096;

/// Bytes of a chunk.
const CHUNK: usize = 64 * 1024;

/// Bytes of a record before its binary XML.
const RECORD_HEADER: u64 = 24;

const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";

/// Reads all records of a log.
pub(super) fn read(mut source: impl Read, file: &mut EventFile) -> io::Result<()> {
    io::copy(&mut source.by_ref().take(FILE_HEADER), &mut io::sink())?;
    let settings = Arc::new(ParserSettings::new().num_threads(1));
    for number in 0u64.. {
        let mut bytes = Vec::with_capacity(CHUNK);
        source.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            break;
        }
        // Room that was set aside and never written.
        if bytes.iter().all(|byte| *byte == 0) {
            continue;
        }
        let torn = bytes.len() < CHUNK;
        let offset = FILE_HEADER + number * CHUNK as u64;
        if !bytes.starts_with(CHUNK_MAGIC) {
            file.damaged_chunks += 1;
            continue;
        }
        if torn {
            // The crate takes whole chunks; what is missing reads as free space.
            bytes.resize(CHUNK, 0);
        }
        let read = catch_unwind(AssertUnwindSafe(|| chunk(bytes, &settings)));
        let Ok(Some(records)) = read else {
            file.damaged_chunks += 1;
            continue;
        };
        file.damaged_chunks += u64::from(torn);
        for record in records {
            match record {
                Some((record, at)) => file.add(record, Place::Offset(offset + at)),
                None => file.damaged += 1,
            }
        }
    }
    Ok(())
}

/// Records of a chunk with their offset in it; `None` for one that could not be read.
type Records = Vec<Option<(Record, u64)>>;

fn chunk(bytes: Vec<u8>, settings: &Arc<ParserSettings>) -> Option<Records> {
    let mut data = EvtxChunkData::new(bytes, false).ok()?;
    let mut chunk = data.parse(Arc::clone(settings)).ok()?;
    let mut records = Vec::new();
    for record in chunk.iter() {
        records.push(record.ok().and_then(|record| {
            let at = record.binxml_offset.saturating_sub(RECORD_HEADER);
            let number = record.event_record_id;
            let millis = record.timestamp.as_millisecond();
            let xml = record.into_xml().ok()?.data;
            let element = xml.find("<Event").and_then(|start| xml.get(start..))?;
            if element.len() > MAX_EVENT {
                return None;
            }
            let mut found = xml::record(element.trim_end())?;
            found.number.get_or_insert(number);
            // The header of the record has the time as well, in case its XML lacks it.
            if found.when == When::Unknown {
                found.when =
                    DateTime::from_timestamp_millis(millis).map_or(When::Unknown, When::Utc);
            }
            Some((found, at))
        }));
    }
    Some(records)
}
