//! The words that http.sys writes into `s-reason`, and what each one speaks for.
//!
//! Names and groups follow Microsoft's table of HTTP API error kinds (KB 820729) and the
//! reasons seen in public logs beyond it. The list is open: an unknown word is kept as
//! written, never dropped.

/// What a reason can say about the question "why were connections refused?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonClass {
    /// `<N>_Connections_Refused`: http.sys saw nonpaged pool run low.
    Refusal,
    /// Possibly memory, possibly not; never proof on its own.
    Internal,
    /// A configured limit was reached: a rival explanation.
    Capacity,
    /// The worker process failed or was off: a rival explanation.
    Application,
    /// The application answered too slowly.
    SlowApplication,
    /// A client or network timer; shows that the log is alive.
    Timer,
    /// The request was malformed or not allowed; scanner noise.
    Rejected,
    /// Not in any table we trust; kept verbatim.
    Unknown,
}

impl ReasonClass {
    /// True for the classes that may explain failing clients without any pool shortage.
    pub const fn is_rival(self) -> bool {
        matches!(self, ReasonClass::Capacity | ReasonClass::Application)
    }
}

/// A reason with its settled spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReason {
    /// The spelling under which it is counted.
    pub name: &'static str,
    /// What it speaks for.
    pub class: ReasonClass,
}

/// The name under which refusal rows are counted in a table of reasons.
pub const REFUSAL_NAME: &str = "Connections_Refused";

macro_rules! reasons {
    ($($class:ident: $($name:literal)*;)*) => {
        &[$($(KnownReason { name: $name, class: ReasonClass::$class },)*)*]
    };
}

/// Every reason with a public description or a public sample (KB 820729; the win32 page on
/// error kinds; reposted logs for `NotFound`, `SlowResponsiveClient`, `Request_Cancelled`).
static KNOWN: &[KnownReason] = reasons! {
    Internal: "N/A" "Internal";
    Capacity: "QueueFull" "ConnLimit" "Connection_Dropped_List_Full" "AppPoolTimer";
    Application: "AppOffline" "AppShutdown" "Disabled" "Connection_Abandoned_By_AppPool"
        "Connection_Abandoned_By_ReqQueue";
    SlowApplication: "Timer_AppPool" "Timer_ReqQueue" "Connection_Dropped";
    Timer: "Timer_ConnectionIdle" "Timer_HeaderWait" "Timer_EntityBody" "Timer_MinBytesPerSecond"
        "Timer_SslRenegotiation" "Timer_Response" "Client_Reset" "SlowResponsiveClient"
        "Request_Cancelled";
    Rejected: "BadRequest" "Verb" "URL" "URL_Length" "Header" "Hostname" "Invalid_CR/LF" "Number"
        "FieldLength" "RequestLength" "Forbidden" "LengthRequired" "Precondition" "EntityTooLarge"
        "N/I" "Version_N/S" "NotFound";
};

/// The table's entry for `token`, compared without regard to case.
pub fn known(token: &[u8]) -> Option<&'static KnownReason> {
    KNOWN
        .iter()
        .find(|known| known.name.as_bytes().eq_ignore_ascii_case(token))
}

/// The class of a reason by the name under which it was counted.
pub fn class_of(name: &str) -> ReasonClass {
    if name == REFUSAL_NAME {
        return ReasonClass::Refusal;
    }
    known(name.as_bytes()).map_or(ReasonClass::Unknown, |known| known.class)
}

/// How many connections one refusal row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCount {
    /// The number glued to the reason.
    Stated(u64),
    /// No number, or one too large for any counter: at least one.
    AtLeastOne,
}

impl RefusalCount {
    /// The number to add to a total.
    pub const fn connections(self) -> u64 {
        match self {
            RefusalCount::Stated(n) => n,
            RefusalCount::AtLeastOne => 1,
        }
    }
}

/// Reads `<N>_Connections_Refused` in any case, singular or plural, with or without the count.
/// The count has at most ten digits (http.sys counts in 32 bits); a longer one is not believed.
pub fn refusal(token: &[u8]) -> Option<RefusalCount> {
    const WORDS: [&[u8]; 2] = [b"Connections_Refused", b"Connection_Refused"];
    let rest = WORDS.iter().find_map(|word| {
        let (head, tail) = token.split_at_checked(token.len().checked_sub(word.len())?)?;
        tail.eq_ignore_ascii_case(word).then_some(head)
    })?;
    let Some(digits) = rest.strip_suffix(b"_") else {
        return rest.is_empty().then_some(RefusalCount::AtLeastOne);
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits.len() > 10 {
        return Some(RefusalCount::AtLeastOne);
    }
    let count = digits
        .iter()
        .fold(0u64, |n, d| n * 10 + u64::from(d - b'0'));
    Some(RefusalCount::Stated(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_part_of_the_reason() {
        assert_eq!(
            refusal(b"7_Connections_Refused"),
            Some(RefusalCount::Stated(7))
        );
        assert_eq!(
            refusal(b"24_connections_refused"),
            Some(RefusalCount::Stated(24))
        );
        assert_eq!(
            refusal(b"Connections_Refused"),
            Some(RefusalCount::AtLeastOne)
        );
        assert_eq!(
            refusal(b"3_Connection_refused"),
            Some(RefusalCount::Stated(3))
        );
        assert_eq!(
            refusal(b"0_Connections_Refused"),
            Some(RefusalCount::Stated(0))
        );
        assert_eq!(
            refusal(b"12345678901_Connections_Refused"),
            Some(RefusalCount::AtLeastOne)
        );
    }

    #[test]
    fn lookalikes_are_not_refusals() {
        for token in [
            &b"Connections_Refused_"[..],
            b"x_Connections_Refused",
            b"_Connections_Refused",
            b"-1_Connections_Refused",
            b"Number_Connections_refused",
            b"1Connections_Refused",
            b"Connections",
            b"",
        ] {
            assert_eq!(refusal(token), None, "{}", String::from_utf8_lossy(token));
        }
    }

    #[test]
    fn known_words_ignore_case_and_have_one_spelling() {
        assert_eq!(known(b"url").map(|k| k.name), Some("URL"));
        assert_eq!(
            known(b"APPOFFLINE").map(|k| k.class),
            Some(ReasonClass::Application)
        );
        assert_eq!(known(b"Brand_New_Reason"), None);
        assert_eq!(class_of("Brand_New_Reason"), ReasonClass::Unknown);
        assert!(class_of("QueueFull").is_rival());
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = KNOWN.iter().map(|k| k.name.to_ascii_lowercase()).collect();
        names.sort();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
    }
}
