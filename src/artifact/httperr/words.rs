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
    rival: Option<&'static str>,
    pub(super) rows: u64,
    /// Rows that [`Words::new_rivals`] has told of.
    told: u64,
}

/// A token of at most 32 bytes: its length, and its bytes at the end of four machine words.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    len: u64,
    words: [u64; 4],
}

pub(super) struct Words {
    slots: Vec<(Key, Word)>,
    names: Vec<Name>,
    /// Places in `names` of the rivals of the refusals: a handful.
    rivals: Vec<u16>,
}

impl Default for Words {
    fn default() -> Self {
        Words {
            slots: vec![(Key::NONE, Word::OverLimit); SLOTS],
            names: Vec::new(),
            rivals: Vec::new(),
        }
    }
}

impl Words {
    /// What `block[begin..stop]` was found to mean before, if that is still in the cache.
    ///
    /// Reads the 32 bytes before `stop` whatever the token's length, so that rows with long and
    /// short reasons take one path.
    #[inline(always)]
    pub(super) fn cached(&self, block: &[u8], begin: usize, stop: usize) -> Option<Word> {
        let window = block
            .get(stop.checked_sub(MAX_CACHED)?..stop)?
            .first_chunk()?;
        let key = Key::of(window, stop.wrapping_sub(begin))?;
        match self.slots.get(key.slot()) {
            Some((held, word)) if held.is(&key) => Some(*word),
            _ => None,
        }
    }

    /// The meaning of a token that is known to stand in the reason's place.
    pub(super) fn learn(&mut self, token: &[u8]) -> Word {
        let word = match reason::refusal(token) {
            Some(count) => Word::Refusal(count),
            None => self.name(token),
        };
        if let Some(key) = Key::of_token(token) {
            self.slots[key.slot()] = (key, word);
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
        self.slots.fill((Key::NONE, Word::OverLimit));
        self.rivals.clear();
        std::mem::take(&mut self.names)
    }
}

impl Key {
    /// No token has this key: its length is none.
    const NONE: Key = Key {
        len: 0,
        words: [0; 4],
    };

    /// The key of the last `len` bytes of a window.
    #[inline(always)]
    fn of(window: &[u8; MAX_CACHED], len: usize) -> Option<Key> {
        if !(1..=MAX_CACHED).contains(&len) {
            return None;
        }
        let keep = &KEEP[len];
        let (chunks, _) = window.as_chunks::<8>();
        let mut words = [0; 4];
        for ((word, chunk), keep) in words.iter_mut().zip(chunks).zip(keep) {
            *word = u64::from_le_bytes(*chunk) & keep;
        }
        Some(Key {
            len: len as u64,
            words,
        })
    }

    /// Equality in machine words. The derived one is compiled to a load of all 32 bytes, which
    /// waits until narrower stores before it have reached the cache.
    #[inline(always)]
    fn is(&self, other: &Key) -> bool {
        let [a, b, c, d] = self.words;
        let [e, f, g, h] = other.words;
        ((a ^ e) | (b ^ f) | (c ^ g) | (d ^ h) | (self.len ^ other.len)) == 0
    }

    fn of_token(token: &[u8]) -> Option<Key> {
        let mut window = [0; MAX_CACHED];
        window
            .get_mut(MAX_CACHED.checked_sub(token.len())?..)?
            .copy_from_slice(token);
        Key::of(&window, token.len())
    }

    /// Where the key stands in the cache, if anywhere. The first word is left out: it only differs
    /// between words longer than any reason.
    #[inline(always)]
    fn slot(&self) -> usize {
        let [_, b, c, d] = self.words;
        let mixed = (b.rotate_left(42) ^ c.rotate_left(21) ^ d)
            .wrapping_add(self.len)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 55) as usize % SLOTS
    }
}

/// For each token length, the bits of a window's four words that belong to the token.
const KEEP: [[u64; 4]; MAX_CACHED + 1] = {
    let mut keep = [[0; 4]; MAX_CACHED + 1];
    let mut len = 1;
    while len <= MAX_CACHED {
        let mut word = 0;
        while word < 4 {
            // The last word of the window holds the token's last eight bytes, and so on.
            let behind = 8 * (3 - word);
            let bytes = len.saturating_sub(behind);
            keep[len][word] = top_bytes(if bytes > 8 { 8 } else { bytes });
            word += 1;
        }
        len += 1;
    }
    keep
};

/// A mask of the `count` most significant bytes: the last ones in memory.
const fn top_bytes(count: usize) -> u64 {
    if count == 0 {
        0
    } else {
        u64::MAX << (64 - 8 * count as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_is_learned_once_and_counted_under_its_settled_name() {
        let mut words = Words::default();
        let row = b"2026-01-01 00:00:00 - - - - - queuefull -";
        assert_eq!(words.cached(row, 30, 39), None);
        let word = words.learn(b"queuefull");
        assert_eq!(words.cached(row, 30, 39), Some(word));
        assert_eq!(words.cached(row, 30, 38), None);
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
            let row = format!("{:40}{a}|{b}", "");
            if a.len() <= MAX_CACHED {
                prop_assert_eq!(words.cached(row.as_bytes(), 40, 40 + a.len()), Some(first));
            }
            let b_at = 41 + a.len();
            let early = words.cached(row.as_bytes(), b_at, b_at + b.len());
            prop_assert!(early.is_none() || a == b);
            let second = words.learn(b.as_bytes());
            let same = a == b || matches!((reason::known(a.as_bytes()), reason::known(b.as_bytes())), (Some(x), Some(y)) if x == y)
                || (reason::refusal(a.as_bytes()).is_some() && reason::refusal(a.as_bytes()) == reason::refusal(b.as_bytes()));
            prop_assert_eq!(first == second, same);
        }
    }
}
