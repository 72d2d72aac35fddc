//! The reason column's words, met millions of times and looked up in a few instructions.

use std::borrow::Cow;

use super::lanes::Lanes;
use super::reason::{self, RefusalCount};

/// Slots of the direct-mapped cache; a log uses a dozen words and a few refusal counts.
const SLOTS: usize = 512;

/// Longest token that the cache holds: one comparison. Longer ones take the slow way.
const MAX_CACHED: usize = 32;

/// Distinct names kept apart in one stretch of a log.
const MAX_NAMES: usize = 1_024;

/// What a token in the reason column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Refused connections.
    Refusal(RefusalCount),
    /// Another reason, by its index.
    Reason(u16),
    /// An unknown reason for which there is no more room.
    OverLimit,
}

/// A reason met in this stretch.
pub(super) struct Name {
    pub(super) name: Cow<'static, str>,
    rival: Option<&'static str>,
    pub(super) rows: u64,
    /// Rows that [`Words::new_rivals`] has told of.
    told: u64,
}

/// A token of at most 32 bytes and what it means. A cache line each.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Slot {
    /// The token, at the end.
    bytes: [u8; MAX_CACHED],
    /// Bytes of the token; 0 in an empty slot.
    len: usize,
    word: Word,
}

impl Slot {
    const EMPTY: Slot = Slot {
        bytes: [0; MAX_CACHED],
        len: 0,
        word: Word::OverLimit,
    };

    fn of(token: &[u8], word: Word) -> Option<Slot> {
        let mut bytes = [0; MAX_CACHED];
        bytes
            .get_mut(MAX_CACHED.checked_sub(token.len())?..)?
            .copy_from_slice(token);
        let len = token.len();
        Some(Slot { bytes, len, word })
    }
}

/// Where a token of this length stands in the cache, if anywhere, by its first eight bytes; what
/// they hold behind a shorter token does not matter. Reasons that begin alike differ in length,
/// and counts of refusals begin with the count.
#[inline(always)]
fn place(head: [u8; 8], len: usize) -> usize {
    let unused = 64 - 8 * len.min(8) as u32;
    let head = u64::from_le_bytes(head) << (unused & 63);
    let mixed = head
        .wrapping_add(len as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize % SLOTS
}

pub(super) struct Words {
    slots: Box<[Slot; SLOTS]>,
    names: Vec<Name>,
    /// Places in `names` of the rivals of the refusals: a handful.
    rivals: Vec<u16>,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            slots: Box::new([Slot::EMPTY; SLOTS]),
            names: Vec::new(),
            rivals: Vec::new(),
        }
    }
}

impl Words {
    /// What `block[begin..stop]` was found to mean before, if that is still in the cache.
    ///
    /// Reads the 32 bytes before `stop` and the 8 from `begin` on whatever the token's length, so
    /// that rows with long and short reasons take one path; near an end of the block the cache
    /// is of no use.
    #[inline(always)]
    pub(super) fn cached(
        &self,
        block: &[u8],
        begin: usize,
        stop: usize,
        lanes: &impl Lanes,
    ) -> Option<Word> {
        let len = stop.wrapping_sub(begin);
        if len.wrapping_sub(1) >= MAX_CACHED {
            return None;
        }
        let head = block.get(begin..)?.first_chunk()?;
        let window = block.get(..stop)?.last_chunk()?;
        let slot = &self.slots[place(*head, len)];
        let wanted = u32::MAX << (MAX_CACHED - len);
        let same = lanes.same(&slot.bytes, window) & wanted == wanted;
        (same & (slot.len == len)).then_some(slot.word)
    }

    /// The meaning of a token that is known to stand in the reason's place.
    pub(super) fn learn(&mut self, token: &[u8]) -> Word {
        let word = match reason::refusal(token) {
            Some(count) => Word::Refusal(count),
            None => self.name(token),
        };
        if let Some(slot) = Slot::of(token, word) {
            let mut head = [0; 8];
            let known = token.len().min(8);
            head[..known].copy_from_slice(&token[..known]);
            self.slots[place(head, token.len())] = slot;
        }
        word
    }

    fn name(&mut self, token: &[u8]) -> Word {
        let known = reason::known(token);
        let name = match known {
            Some(known) => Cow::Borrowed(known.name),
            None => Cow::Owned(String::from_utf8_lossy(token).into_owned()),
        };
        if let Some(index) = self.names.iter().position(|n| n.name == name) {
            return Word::Reason(index as u16);
        }
        if self.names.len() >= MAX_NAMES {
            return Word::OverLimit;
        }
        let rival = known
            .filter(|known| known.class.is_rival())
            .map(|known| known.name);
        let place = self.names.len() as u16;
        if rival.is_some() {
            self.rivals.push(place);
        }
        self.names.push(Name {
            name,
            rival,
            rows: 0,
            told: 0,
        });
        Word::Reason(place)
    }

    /// Counts one row of a reason.
    #[inline(always)]
    pub(super) fn count(&mut self, index: u16) {
        if let Some(name) = self.names.get_mut(usize::from(index)) {
            name.rows += 1;
        }
    }

    /// The rivals of the refusals with their rows since the last call; none without rows.
    pub(super) fn new_rivals(&mut self) -> impl Iterator<Item = (&'static str, u64)> {
        let Words { names, rivals, .. } = self;
        rivals.iter().filter_map(|&place| {
            let name = names.get_mut(usize::from(place))?;
            let rows = name.rows - std::mem::replace(&mut name.told, name.rows);
            name.rival.filter(|_| rows > 0).map(|rival| (rival, rows))
        })
    }

    /// Hands over the counts.
    pub(super) fn drain(&mut self) -> Vec<Name> {
        self.slots.fill(Slot::EMPTY);
        self.rivals.clear();
        std::mem::take(&mut self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::httperr::lanes::Narrow;
    use proptest::prelude::*;

    fn cached(words: &Words, row: &[u8], begin: usize, stop: usize) -> Option<Word> {
        words.cached(row, begin, stop, &Narrow::default())
    }

    #[test]
    fn a_word_is_learned_once_and_counted_under_its_settled_name() {
        let mut words = Words::default();
        let row = b"2026-01-01 00:00:00 - - - - - queuefull - ...";
        assert_eq!(cached(&words, row, 30, 39), None);
        let word = words.learn(b"queuefull");
        assert_eq!(cached(&words, row, 30, 39), Some(word));
        assert_eq!(cached(&words, row, 30, 38), None);
        assert_eq!(words.learn(b"QueueFull"), word);
        let Word::Reason(index) = word else {
            panic!("not a reason")
        };
        words.count(index);
        words.count(index);
        assert_eq!(words.new_rivals().collect::<Vec<_>>(), [("QueueFull", 2)]);
        assert_eq!(words.new_rivals().count(), 0);
        assert_eq!(
            words.learn(b"9_Connections_Refused"),
            Word::Refusal(RefusalCount::Stated(9))
        );
    }

    proptest! {
        #[test]
        fn the_cache_never_confuses_two_tokens(a in "[ -~]{1,34}", b in "[ -~]{1,34}") {
            let mut words = Words::default();
            let first = words.learn(a.as_bytes());
            let row = format!("{:40}{a}|{b}        ", "");
            if a.len() <= MAX_CACHED {
                prop_assert_eq!(cached(&words, row.as_bytes(), 40, 40 + a.len()), Some(first));
            }
            let b_at = 41 + a.len();
            let early = cached(&words, row.as_bytes(), b_at, b_at + b.len());
            prop_assert!(early.is_none() || a == b);
            let second = words.learn(b.as_bytes());
            let same = a == b || matches!((reason::known(a.as_bytes()), reason::known(b.as_bytes())), (Some(x), Some(y)) if x == y)
                || (reason::refusal(a.as_bytes()).is_some() && reason::refusal(a.as_bytes()) == reason::refusal(b.as_bytes()));
            prop_assert_eq!(first == second, same);
        }
    }
}
