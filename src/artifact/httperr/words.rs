//! The reason column's words, met millions of times and looked up in a few instructions.

use std::borrow::Cow;
use std::ops::Range;

use super::lanes::Lanes;
use super::reason::{self, RefusalCount};

/// Sets of the cache for each length of a token.
const ENDS: usize = 8;

/// Sets of the cache, of two tokens each; a log uses a dozen words.
const SETS: usize = (MAX_CACHED + 1) * ENDS;

/// Longest token that the cache holds: one comparison. Longer ones take the slow way.
const MAX_CACHED: usize = 32;

/// Digits of a count that are read on the fast way; more take the slow one.
const MAX_DIGITS: usize = 10;

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
    /// Which of these bytes must be there.
    mask: u32,
    /// Bytes of the token.
    len: u32,
    meaning: Meaning,
}

/// What a token in the cache means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A reason, by its index.
    Reason(u16),
    /// Refused connections: what stands before the token's last `word` bytes says how many.
    Refusals {
        /// Bytes of the word and the dash before it.
        word: usize,
    },
}

impl Slot {
    /// Matches nothing: no token is as long.
    const EMPTY: Slot = Slot {
        bytes: [0; MAX_CACHED],
        mask: 0,
        len: u32::MAX,
        meaning: Meaning::Reason(0),
    };

    /// `None` for what is too long, or has no meaning that stays.
    fn of(token: &[u8], word: Word) -> Option<Slot> {
        let mut bytes = [b' '; MAX_CACHED];
        bytes
            .get_mut(MAX_CACHED.checked_sub(token.len())?..)?
            .copy_from_slice(token);
        let digits = token.iter().take_while(|b| b.is_ascii_digit()).count();
        let (meaning, fixed) = match word {
            Word::Reason(index) => (Meaning::Reason(index), token.len()),
            Word::Refusal(RefusalCount::Stated(_)) => {
                let word = token.len() - digits;
                (Meaning::Refusals { word }, word)
            }
            Word::Refusal(RefusalCount::AtLeastOne) | Word::OverLimit => return None,
        };
        Some(Slot {
            bytes,
            mask: u32::MAX << (MAX_CACHED - fixed),
            len: token.len() as u32,
            meaning,
        })
    }
}

/// The set in which a token stands, if anywhere: by its length and last byte. Reasons differ in
/// these, but for a few pairs.
#[inline(always)]
fn set_of(len: usize, last: u8) -> usize {
    (len * ENDS + usize::from(last) % ENDS) % SETS
}

/// The count that these digits state, as [`reason::refusal`] reads it.
#[inline(always)]
pub(super) fn stated(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    digits.iter().try_fold(0, |count, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| count * 10 + u64::from(digit))
    })
}

pub(super) struct Words {
    slots: Box<[[Slot; 2]; SETS]>,
    names: Vec<Name>,
    /// Places in `names` of the rivals of the refusals: a handful.
    rivals: Vec<u16>,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            slots: Box::new([[Slot::EMPTY; 2]; SETS]),
            names: Vec::new(),
            rivals: Vec::new(),
        }
    }
}

impl Words {
    /// What `block[token]` was found to mean before, if that is still in the cache.
    ///
    /// Reads the 32 bytes before its end whatever the token's length, so that rows with long and
    /// short reasons take one path; near the beginning of the block the cache is of no use.
    #[inline(always)]
    pub(super) fn cached(
        &self,
        block: &[u8],
        token: Range<usize>,
        lanes: &impl Lanes,
    ) -> Option<Meaning> {
        let window: &[u8; MAX_CACHED] = block.get(..token.end)?.last_chunk()?;
        for slot in &self.slots[set_of(token.len(), window[MAX_CACHED - 1])] {
            let same = lanes.same(&slot.bytes, window) & slot.mask;
            if (same == slot.mask) & (slot.len as usize == token.len()) {
                return Some(slot.meaning);
            }
        }
        None
    }

    /// The meaning of a token that is known to stand in the reason's place.
    pub(super) fn learn(&mut self, token: &[u8]) -> Word {
        let word = match reason::refusal(token) {
            Some(count) => Word::Refusal(count),
            None => self.name(token),
        };
        if let (Some(slot), Some(&last)) = (Slot::of(token, word), token.last()) {
            let [newer, older] = &mut self.slots[set_of(token.len(), last)];
            *older = std::mem::replace(newer, slot);
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
        self.slots.fill([Slot::EMPTY; 2]);
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
        match words.cached(row, begin..stop, &Narrow)? {
            Meaning::Reason(index) => Some(Word::Reason(index)),
            Meaning::Refusals { word } => {
                stated(&row[begin..stop - word]).map(|n| Word::Refusal(RefusalCount::Stated(n)))
            }
        }
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
