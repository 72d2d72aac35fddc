//! Parts of a batch, for engines that only count.

/// One part of a batch: those cases whose outline falls into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, counted from 1.
    pub nth: u64,
    /// Of how many.
    pub of: u64,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no shard: 2/8 is the second of eight");
        let (nth, of) = text.split_once('/').ok_or_else(wrong)?;
        let shard = Shard {
            nth: nth.trim().parse().map_err(|_| wrong())?,
            of: of.trim().parse().map_err(|_| wrong())?,
        };
        ((1..=shard.of).contains(&shard.nth))
            .then_some(shard)
            .ok_or_else(wrong)
    }
}

impl Shard {
    /// True for digests (in hexadecimal) that fall into this part.
    pub(super) fn holds(self, digest: &str) -> bool {
        let leading = digest.get(..16).unwrap_or(digest);
        u64::from_str_radix(leading, 16).unwrap_or(0) % self.of == self.nth - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_everything_without_overlap() {
        let digests: Vec<String> = (0..200u32)
            .map(|n| crate::bundle::Sha256::of(&n.to_le_bytes()).to_string())
            .collect();
        for of in 1..5 {
            let shards = (1..=of).map(|nth| Shard { nth, of });
            let held: usize = shards
                .map(|shard| digests.iter().filter(|d| shard.holds(d)).count())
                .sum();
            assert_eq!(held, digests.len());
        }
        assert_eq!("2/8".parse(), Ok(Shard { nth: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
