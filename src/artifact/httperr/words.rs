//! The reason column's words, met millions of times and looked up in a few instructions.

use std::borrow::Cow;

use super::reason::{self, RefusalCount};

/// Slots of the direct-mapped cache; a log uses a dozen words and a few refusal counts.
const SLOTS: usize = 512;

/// Longest token that the cache holds: four machine words. Longer ones take the slow way.
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
    pub(super) rival: Option<&'static str>,
    pub(super) rows: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    len: usize,
    words: [u64; 4],
}

pub(super) struct Words {
    slots: Vec<Option<(Key, Word)>>,
    names: Vec<Name>,
}

impl Default for Words {
    fn default() -> Self {
        Words { slots: vec![None; SLOTS], names: Vec::new() }
    }
}

impl Words {
    /// What was met of the token before, if it is still in the cache.
    #[inline(always)]
    pub(super) fn cached(&self, token: &[u8]) -> Option<Word> {
        let key = Key::of(token)?;
        match self.slots.get(key.slot()) {
            Some(Some((held, word))) if *held == key => Some(*word),
            _ => None,
        }
    }

    /// The meaning of a token that is known to stand in the reason's place.
    pub(super) fn learn(&mut self, token: &[u8]) -> Word {
        if let Some(word) = self.cached(token) {
            return word;
        }
        let word = match reason::refusal(token) {
            Some(count) => Word::Refusal(count),
            None => self.name(token),
        };
        if let Some(key) = Key::of(token) {
            self.slots[key.slot()] = Some((key, word));
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
        let rival = known.filter(|known| known.class.is_rival()).map(|known| known.name);
        self.names.push(Name { name, rival, rows: 0 });
        Word::Reason((self.names.len() - 1) as u16)
    }

    /// Counts one row of a reason; returns its name if it is a rival of the refusals.
    #[inline(always)]
    pub(super) fn count(&mut self, index: u16) -> Option<&'static str> {
        let name = self.names.get_mut(usize::from(index))?;
        name.rows += 1;
        name.rival
    }

    /// Hands over the counts.
    pub(super) fn drain(&mut self) -> Vec<Name> {
        self.slots.fill(None);
        std::mem::take(&mut self.names)
    }
}

impl Key {
    #[inline(always)]
    fn of(token: &[u8]) -> Option<Key> {
        let len = token.len();
        let word = |at: usize| token.get(at..).and_then(|t| t.first_chunk()).map(|b| u64::from_le_bytes(*b));
        let words = match len {
            16..=MAX_CACHED => [word(0)?, word(8)?, word(len - 16)?, word(len - 8)?],
            8..=15 => [word(0)?, word(len - 8)?, 0, 0],
            1..=7 => {
                let mut padded = [0; 8];
                padded[..len].copy_from_slice(token);
                [u64::from_le_bytes(padded), 0, 0, 0]
            }
            _ => return None,
        };
        Some(Key { len, words })
    }

    #[inline(always)]
    fn slot(&self) -> usize {
        let mixed = (self.words[0] ^ self.words[1].rotate_left(23) ^ self.words[3].rotate_left(41))
            .wrapping_add(self.len as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 55) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_is_learned_once_and_counted_under_its_settled_name() {
        let mut words = Words::default();
        assert_eq!(words.cached(b"queuefull"), None);
        let word = words.learn(b"queuefull");
        assert_eq!(words.cached(b"queuefull"), Some(word));
        assert_eq!(words.learn(b"QueueFull"), word);
        let Word::Reason(index) = word else { panic!("not a reason") };
        assert_eq!(words.count(index), Some("QueueFull"));
        assert_eq!(words.learn(b"9_Connections_Refused"), Word::Refusal(RefusalCount::Stated(9)));
    }

    proptest! {
        #[test]
        fn the_cache_never_confuses_two_tokens(a in "[ -~]{1,34}", b in "[ -~]{1,34}") {
            let mut words = Words::default();
            let first = words.learn(a.as_bytes());
            let second = words.learn(b.as_bytes());
            let same = a == b || matches!((reason::known(a.as_bytes()), reason::known(b.as_bytes())), (Some(x), Some(y)) if x == y)
                || (reason::refusal(a.as_bytes()).is_some() && reason::refusal(a.as_bytes()) == reason::refusal(b.as_bytes()));
            prop_assert_eq!(first == second, same);
        }
    }
}
