//! Plain words for the report's fixed words. A word that is not known is shown as it is.

/// The rungs of the confidence ladder, lowest first, each with what it takes.
pub const LADDER: &[(&str, &str)] = &[
    ("insufficient", "the case does not hold enough to tell"),
    ("possible", "it fits, and so do other readings"),
    ("probable", "it fits best; a link rests on inference"),
    ("confirmed", "every link is shown by evidence in this case"),
];

/// A reason's weight: its heading.
pub fn weight(word: &str) -> &str {
    match word {
        "for" => "Speaks for it",
        "against" => "Speaks against it",
        "limit" => "Limits it",
        other => other,
    }
}

/// A tag's pattern of growth.
pub fn class(word: &str) -> &str {
    match word {
        "steady_leak" => "steady leak",
        "accelerating" => "accelerating leak",
        "two_points" => "grew (two points)",
        "step" => "one step",
        "plateau_or_warm_up" => "levelled off",
        "sawtooth" => "rises and returns",
        "irregular" => "irregular",
        "flat" => "flat",
        "shrinking" => "shrinking",
        "single_point" => "seen once",
        other => other,
    }
}

/// A grade of evidence for a tag in an image, with its rank among five.
pub fn grade(word: &str) -> (&str, usize) {
    match word {
        "call_site" => ("the tag reaches a pool call", 5),
        "name" => ("the tag follows from the driver's name", 4),
        "operand" => ("the tag is an operand of an instruction", 3),
        "data" => ("the tag stands alone in data", 2),
        "text" => ("the bytes occur in text only", 1),
        other => (other, 0),
    }
}

/// A finding's kind: its heading.
pub fn finding_kind(word: &str) -> &str {
    match word {
        "rival" => "Other explanations that were tested",
        "pool" => "About the pool",
        "clock" => "About the clock",
        "input" => "About the input",
        "driver" => "About the drivers",
        other => other,
    }
}

/// The reader of a next step.
pub fn audience(word: &str) -> &str {
    match word {
        "engineer" => "For the engineer",
        "customer" => "For the customer",
        "vendor" => "For the driver's vendor",
        other => other,
    }
}

/// What became of an artifact.
pub fn used(word: &str) -> &str {
    match word {
        "used" => "used",
        "partly_used" => "partly used",
        "duplicate" => "duplicate",
        "not_needed" => "not needed",
        "not_understood" => "not understood",
        "unreadable" => "unreadable",
        other => other,
    }
}

/// How well a limit is known.
pub fn quality(word: &str) -> &str {
    match word {
        "stated" => "stated by the machine or the user",
        "documented" => "documented for this Windows",
        "ceiling" => "an upper bound: the machine suffers before",
        "guess" => "a guess: facts are missing",
        other => other,
    }
}

/// What pool and refusals say together.
pub fn reading(word: &str) -> &str {
    match word {
        "apart" => "Snapshots and refusals lie apart in time",
        "far_from_limit" => "Refused with most of the pool free",
        "flat_pool" => "Refused while the pool lay flat",
        "low_pool" => "Refused while the pool was low",
        "memory_short" => "Refused while memory was short, pool was not",
        "unsettled" => "Snapshots do not tell whether the pool was short",
        "exhausted" => "Refused when headroom had run out",
        "high_pool" => "Refused when the pool was at its highest",
        other => other,
    }
}

/// How an episode ended.
pub fn ended(word: &str) -> &str {
    match word {
        "log_goes_on" => "yes: the log goes on",
        "log_ends" => "not known: the log ends",
        other => other,
    }
}

/// How the pool's level at a moment was had.
pub fn basis(word: &str) -> &str {
    match word {
        "between_snapshots" => "between two snapshots",
        "nearest_snapshot" => "nearest snapshot",
        "between_samples" => "between two samples of counters",
        "nearest_sample" => "nearest sample of counters",
        other => other,
    }
}

/// The beginning of a digest, enough to tell cases apart.
pub fn short(digest: &str) -> String {
    /// Hex digits shown.
    const DIGITS: usize = 16;
    digest.chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_has_the_rungs_of_all_renderings() {
        let rungs: Vec<&str> = LADDER.iter().map(|rung| rung.0).collect();
        assert_eq!(rungs, crate::report::wording::CONFIDENCES);
    }
}
