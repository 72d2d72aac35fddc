//! A tar archive, plain or compressed as a whole: one reel, whose headers are read in a
//! single pass.
//!
//! ```text
//! header │ content, padded to 512 │ header │ content … │ two blocks of zeros
//! ```
//! The reader is our own where crates exist because uploads need what they do not give:
//! entries behind a damaged header, names and records of bounded length, offsets of the
//! content for reading it again, and an end that is a note instead of an error. Formats:
//! V7, POSIX.1 ustar and pax, GNU (long names, sparse files).

mod header;
mod member;
mod pax;
mod tape;

use super::packed::Packing;
use super::solid::{Keeper, Piece, Slot, Solid};
use super::{ContainerKind, Entry, Feed, Listing, Opening};
use crate::bundle::artifact::{SkipReason, Skipped};
use crate::bundle::limits::{Claim, LimitHit};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::note::BundleNote;
use crate::bundle::reader::ReadFault;
use crate::bundle::trouble::OpenErrorKind;
use header::{Extent, Header, Kind};
use member::{Data, Member, modified, padded, pieces};
use pax::Pax;
use std::collections::HashMap;
use std::sync::Arc;
use tape::{Tape, TarReel};

/// Tar's unit: headers are one, contents are padded to it.
const BLOCK: usize = 512;
const BLOCK_LEN: u64 = BLOCK as u64;

/// Bytes of a long name or of PAX records that are read; what is beyond is a name that
/// the limits refuse anyway.
const MAX_RECORD: u64 = 1 << 20;

/// Whether a stream that begins with `head` is a tar archive: a header whose checksum
/// fits, of an entry that has a name.
pub(super) fn begins(head: &[u8]) -> bool {
    let block = head.first_chunk::<BLOCK>().and_then(Header::parse);
    block.is_some_and(|header| !header.name().is_empty() && header.size().is_some())
}

/// Lists the archive in `feed`, after unpacking where it is packed.
pub(super) fn list(
    feed: &Feed,
    packing: Option<Packing>,
    opening: &Opening<'_>,
) -> Result<Listing, OpenErrorKind> {
    let reel = TarReel::new(feed.clone(), packing, opening);
    let tape = reel.tape().map_err(super::trouble_of)?;
    let mut walk = Walk::new(tape, opening, ContainerKind::Tar(packing));
    walk.run();
    Ok(walk.finish(reel, opening))
}

/// What headers of their own say of the entry that follows.
#[derive(Default)]
struct Ahead {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Option<Pax>,
}

/// The pass over one archive.
struct Walk<'a> {
    opening: &'a Opening<'a>,
    tape: Tape,
    keeper: Keeper<'a>,
    slots: Vec<Slot>,
    listing: Listing,
    /// Slots by name, for links to them.
    by_name: HashMap<Vec<u8>, usize>,
    ahead: Ahead,
    global: Pax,
    headers: usize,
    /// Two blocks of zeros were met, and nothing behind them yet.
    ended: bool,
    /// Where something that is no header began, while a header is looked for.
    lost_at: Option<u64>,
}

/// Whether the pass goes on.
type Onward = Result<(), Stop>;

/// Why it does not.
enum Stop {
    /// The archive's end, or what is behind it.
    End,
    /// The stream breaks.
    Fault(ReadFault),
}

impl From<ReadFault> for Stop {
    fn from(fault: ReadFault) -> Self {
        Stop::Fault(fault)
    }
}

impl<'a> Walk<'a> {
    fn new(tape: Tape, opening: &'a Opening<'a>, kind: ContainerKind) -> Self {
        Walk {
            opening,
            tape,
            keeper: Keeper::new(opening.hoard),
            slots: Vec::new(),
            listing: Listing::empty(kind),
            by_name: HashMap::new(),
            ahead: Ahead::default(),
            global: Pax::default(),
            headers: 0,
            ended: false,
            lost_at: None,
        }
    }

    fn run(&mut self) {
        let stop = loop {
            if let Err(stop) = self.step() {
                break stop;
            }
        };
        self.found_again();
        let fault = match stop {
            Stop::Fault(fault) => Some(fault),
            // The checksums of what was packed stand at its end.
            Stop::End => self.tape.drain().err(),
        };
        if let Some(because) = fault {
            let at = self.tape.at();
            self.note(BundleNote::ArchiveCut { at, because });
        }
    }

    fn note(&mut self, note: BundleNote) {
        self.listing.notes.push(note);
    }

    /// One block where a header may stand, and what belongs to it.
    fn step(&mut self) -> Onward {
        let at = self.tape.at();
        let block = match self.tape.block() {
            Ok(Some(block)) => block,
            // Some tools pad less than a block behind the end.
            Err(ReadFault::Truncated) if self.ended => return Err(Stop::End),
            Err(fault) => return Err(fault.into()),
            Ok(None) => {
                if !self.ended {
                    self.note(BundleNote::NoEndMarker);
                }
                return Err(Stop::End);
            }
        };
        if block.iter().all(|&byte| byte == 0) {
            self.found_again();
            self.ended = true;
            return Ok(());
        }
        let Some(header) = Header::parse(&block) else {
            if self.ended {
                let behind = self.tape.left_behind(at)?;
                self.note(BundleNote::TrailingBytes { bytes: behind });
                return Err(Stop::End);
            }
            self.lost_at.get_or_insert(at);
            return Ok(());
        };
        self.found_again();
        self.ended = false;
        self.headers += 1;
        if self.headers > self.opening.limits.entries {
            let limit = self.opening.limits.entries;
            self.listing.limits_hit.push(LimitHit::Entries { limit });
            return Err(Stop::End);
        }
        self.entry(&header, at)
    }

    /// Ends a search for a header, and says what was passed over.
    fn found_again(&mut self) {
        if let Some(from) = self.lost_at.take() {
            // The block that ended the search, if one did, has been read already.
            let bytes = self
                .tape
                .at()
                .saturating_sub(from)
                .saturating_sub(BLOCK_LEN);
            self.note(BundleNote::BytesPassedOver {
                at: from,
                bytes: bytes.max(BLOCK_LEN),
            });
        }
    }

    fn entry(&mut self, header: &Header, at: u64) -> Onward {
        let kind = header.kind();
        let Some(size) = header.size() else {
            // Where its content ends is not known: the next header is looked for.
            self.lost_at = Some(at);
            return Ok(());
        };
        match kind {
            Kind::LongName => self.ahead.name = Some(self.long_text(size)?),
            Kind::LongLink => self.ahead.link = Some(self.long_text(size)?),
            Kind::PaxGlobal => {
                let records = self.record(size)?;
                self.global.add(&records);
            }
            Kind::Pax => {
                let records = self.record(size)?;
                let global = &self.global;
                self.ahead
                    .pax
                    .get_or_insert_with(|| global.clone())
                    .add(&records);
            }
            _ => return self.member(header, kind, size),
        }
        Ok(())
    }

    fn long_text(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        let mut text = self.record(size)?;
        while text.last() == Some(&0) {
            text.pop();
        }
        Ok(text)
    }

    /// The content of a header that only speaks of the next.
    fn record(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        let mut record = Vec::new();
        let kept = size.min(MAX_RECORD);
        self.tape
            .pass(kept, &mut |bytes| record.extend_from_slice(bytes))?;
        self.tape.skip(padded(size).saturating_sub(kept))?;
        Ok(record)
    }

    /// An entry proper, with all that was said of it.
    fn member(&mut self, header: &Header, kind: Kind, size: u64) -> Onward {
        let ahead = std::mem::take(&mut self.ahead);
        let pax = ahead.pax.unwrap_or_else(|| self.global.clone());
        let given = pax.sparse.name.clone();
        let given = given.or_else(|| pax.path.clone()).or(ahead.name);
        let given = given.unwrap_or_else(|| header.name());
        let link = pax.link.clone().or(ahead.link);
        let link = link.unwrap_or_else(|| header.link());
        let size = pax.size.unwrap_or(size);
        let member = Member {
            name: ArtifactName::new(&given),
            is_folder: kind == Kind::Directory || given.ends_with(b"/"),
            modified: modified(header, &pax),
        };
        if pax.broken {
            self.note(BundleNote::BadRecords {
                entry: member.name.clone(),
            });
        }
        let data = match kind {
            // A link has no content, whatever its header says; but for POSIX's own archives,
            // in which it may be the file once more.
            Kind::HardLink if size > 0 => Data::File(size),
            Kind::HardLink => Data::Link(ArtifactName::new(&link)),
            Kind::Symlink => Data::None(SkipReason::Symlink),
            Kind::Special => Data::None(SkipReason::SpecialFile),
            Kind::Volume => Data::Skipped(SkipReason::SpecialFile, size),
            Kind::Directory => Data::Skipped(SkipReason::DirectoryWithContent, size),
            Kind::Sparse => return self.old_sparse(header, member, size),
            _ if pax.sparse.map_in_data => return self.sparse_1_0(&pax, member, size),
            _ => match &pax.sparse.map {
                Some(map) => {
                    let real = pax.sparse.real_size;
                    Data::Sparse(map.clone(), real, size)
                }
                None => Data::File(size),
            },
        };
        self.take(member, data)
    }

    /// An old GNU sparse file: its map may go on in blocks before its content.
    fn old_sparse(&mut self, header: &Header, member: Member, size: u64) -> Onward {
        let (mut map, mut more) = header.sparse();
        while more {
            let Some(block) = self.tape.block()? else {
                return Err(ReadFault::Truncated.into());
            };
            let (extents, further) = header::more_extents(&block);
            // A map that says that it goes on, but is full of nothing, would go on for ever.
            more = further && !extents.is_empty() && map.len() < MAX_RECORD as usize;
            map.extend(extents);
        }
        self.take(member, Data::Sparse(map, header.real_size(), size))
    }

    /// A sparse file of PAX version 1.0: its map stands before its content, padded.
    fn sparse_1_0(&mut self, pax: &Pax, member: Member, size: u64) -> Onward {
        let mut bytes: Vec<u8> = Vec::new();
        let found = loop {
            match pax::map_in_data(&bytes) {
                Some((map, _)) => break Some(map),
                None if bytes.len() as u64 >= size.min(MAX_RECORD) => break None,
                None => {
                    self.tape
                        .pass(BLOCK_LEN, &mut |block| bytes.extend_from_slice(block))?;
                }
            }
        };
        let left = size.saturating_sub(bytes.len() as u64);
        match found {
            Some(map) => self.take(member, Data::Sparse(map, pax.sparse.real_size, left)),
            None => {
                self.note(BundleNote::BadRecords { entry: member.name });
                self.tape.skip(padded(left))?;
                Ok(())
            }
        }
    }

    /// Adds an entry, or says why it is none, and passes its content.
    fn take(&mut self, member: Member, data: Data) -> Onward {
        let Member { name, .. } = &member;
        if let Some(hit) = super::refused_by_name(name, self.opening.limits) {
            self.listing.limits_hit.push(hit);
            return Ok(self.tape.skip(padded(data.stored()))?);
        }
        let why = super::junk(name).or(match &data {
            Data::None(why) => Some(*why),
            Data::Skipped(why, stored) if *stored > 0 => Some(*why),
            Data::Link(target) if !self.by_name.contains_key(target.as_bytes()) => {
                Some(SkipReason::LinkTargetMissing)
            }
            _ => None,
        });
        let is_folder = member.is_folder && data.stored() == 0;
        match (is_folder, why, data) {
            (true, _, data) => Ok(self.tape.skip(padded(data.stored()))?),
            (false, Some(why), data) => {
                let name = member.name;
                self.listing.skipped.push(Skipped { name, why });
                Ok(self.tape.skip(padded(data.stored()))?)
            }
            (false, None, Data::Link(target)) => {
                self.link(member, &target);
                Ok(())
            }
            (false, None, Data::Sparse(map, real, stored)) => {
                self.sparse_file(member, &map, real, stored)
            }
            (false, None, Data::File(size)) => self.file(member, size),
            // A folder or label without content.
            (false, None, Data::None(_) | Data::Skipped(..)) => Ok(()),
        }
    }

    /// Another name of an entry that came before: it has its content too.
    fn link(&mut self, member: Member, target: &ArtifactName) {
        let found = self.by_name.get(target.as_bytes()).copied();
        let Some((slot, entry)) = found
            .and_then(|index| Some((self.slots.get(index)?, self.listing.entries.get(index)?)))
        else {
            return;
        };
        let slot = Slot {
            reel: slot.reel,
            pieces: slot.pieces.clone(),
            crc: slot.crc,
            kept: slot.kept.clone(),
            head: slot.head.clone(),
            refused: slot.refused,
        };
        let (size, claimed) = (entry.size, entry.claimed_size);
        self.push(member, slot, size, claimed);
    }

    fn file(&mut self, member: Member, size: u64) -> Onward {
        let mut slot = Slot::run(0, self.tape.at(), size);
        let outcome = if self.tape.has_random_access() {
            self.tape.skip(size)
        } else {
            self.keeper.begin();
            let keeper = &mut self.keeper;
            let outcome = self.tape.pass(size, &mut |bytes| keeper.add(bytes));
            self.keeper.end(&mut slot, outcome.err());
            outcome
        };
        let known = outcome.is_ok().then_some(size);
        let claimed = outcome.is_err().then_some(size);
        self.push(member, slot, known, claimed);
        outcome?;
        Ok(self.tape.skip(padded(size) - size)?)
    }

    fn sparse_file(
        &mut self,
        member: Member,
        map: &[Extent],
        real: Option<u64>,
        stored: u64,
    ) -> Onward {
        let from = self.tape.at();
        let outcome = self.tape.skip(stored);
        let (pieces, len) = pieces(map, real, from, stored);
        let slot = Slot {
            pieces,
            ..Slot::run(0, from, stored)
        };
        let known = outcome.is_ok().then_some(len);
        let claimed = outcome.is_err().then_some(len);
        self.push(member, slot, known, claimed);
        outcome?;
        Ok(self.tape.skip(padded(stored).saturating_sub(stored))?)
    }

    fn push(&mut self, member: Member, slot: Slot, size: Option<u64>, claimed: Option<u64>) {
        let index = self.slots.len();
        self.by_name.insert(member.name.as_bytes().to_vec(), index);
        self.slots.push(slot);
        let bytes = size.or(claimed).unwrap_or(0);
        self.listing.entries.push(Entry {
            name: member.name,
            name_encoding: NameEncoding::AsGiven,
            size,
            claimed_size: claimed,
            claim: Claim {
                packed: bytes,
                unpacked: bytes,
            },
            modified: member.modified,
            encrypted: false,
            issues: Vec::new(),
        });
    }

    /// The listing, with each entry's share of the packed bytes.
    fn finish(self, reel: TarReel, opening: &Opening<'_>) -> Listing {
        let unpacked = self.tape.at();
        let mut listing = self.listing;
        for (entry, slot) in listing.entries.iter_mut().zip(&self.slots) {
            let stored = slot.pieces.iter().map(|piece| match piece {
                Piece::Bytes { len, .. } => *len,
                Piece::Hole { .. } => 0,
            });
            entry.claim.packed = opening.share(stored.sum(), unpacked);
        }
        listing.container = Arc::new(Solid::new(
            vec![Arc::new(reel)],
            self.slots,
            Arc::clone(opening.garage),
        ));
        listing
    }
}
