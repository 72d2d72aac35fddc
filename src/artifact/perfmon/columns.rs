//! Paths of counters: whose, what, and under which of Windows' names.

/// A counter that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    Nonpaged,
    Paged,
    /// Memory available, in units of so many bytes.
    Available(u64),
    Committed,
    CommitLimit,
    Uptime,
    /// Handles of all processes together.
    AllHandles,
    /// Handles of one process.
    Handles,
    /// The id of one process.
    ProcessId,
}

/// `\\HOST\Object(instance)\Counter`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) instance: Option<&'a str>,
    pub(super) counter: &'a str,
}

impl<'a> Path<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Path<'a>> {
        let text = text.trim();
        let path = text.trim_start_matches('\\');
        let (host, path) = match text.len() - path.len() {
            0 => return None,
            1 => (None, path),
            _ => {
                let (host, rest) = path.split_once('\\')?;
                (Some(host), rest.trim_start_matches('\\'))
            }
        };
        let (object, counter) = path.rsplit_once('\\')?;
        let object = object.trim_end_matches('\\');
        let instance = object
            .split_once('(')
            .and_then(|(_, rest)| rest.rsplit_once(')'))
            .map(|(instance, _)| instance);
        Some(Path {
            host: host.filter(|h| !h.is_empty()),
            instance,
            counter,
        })
    }

    /// What it counts, if that is of use.
    pub(super) fn known(&self) -> Option<Counter> {
        let counter = by_name(&folded(self.counter))?;
        let of_process = matches!(counter, Counter::Handles | Counter::ProcessId);
        match self.instance {
            None if of_process => None,
            None => Some(counter),
            Some("_Total") if counter == Counter::Handles => Some(Counter::AllHandles),
            // A process has counters of the same names for its own share of the pools; `Idle`
            // stands for no process.
            Some("_Total" | "Idle") => None,
            Some(_) => Some(counter).filter(|_| of_process),
        }
    }
}

/// Letters and digits of ASCII, in lower case: accents are lost in some encodings, and equal
/// names must stay equal.
pub(super) fn folded(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Names of counters as Windows has them in English, German and French, folded. Other languages
/// call them otherwise, and other counters are called much like them: nothing is guessed.
const NAMES: &[(&str, Counter)] = &[
    ("poolnonpagedbytes", Counter::Nonpaged),
    ("nichtauslagerungsseitenbytes", Counter::Nonpaged),
    ("octetsderservenonpagine", Counter::Nonpaged),
    ("poolpagedbytes", Counter::Paged),
    ("auslagerungsseitenbytes", Counter::Paged),
    ("octetsderservepagine", Counter::Paged),
    ("availablebytes", Counter::Available(1)),
    ("availablekbytes", Counter::Available(1 << 10)),
    ("availablembytes", Counter::Available(1 << 20)),
    ("verfgbarebytes", Counter::Available(1)),
    ("verfgbarekb", Counter::Available(1 << 10)),
    ("verfgbaremb", Counter::Available(1 << 20)),
    ("octetsdisponibles", Counter::Available(1)),
    ("committedbytes", Counter::Committed),
    ("zugesichertebytes", Counter::Committed),
    ("octetsvalids", Counter::Committed),
    ("commitlimit", Counter::CommitLimit),
    ("zusagegrenze", Counter::CommitLimit),
    ("limitedemmoireddie", Counter::CommitLimit),
    ("systemuptime", Counter::Uptime),
    ("systembetriebszeit", Counter::Uptime),
    ("handlecount", Counter::Handles),
    ("handleanzahl", Counter::Handles),
    ("idprocess", Counter::ProcessId),
    ("prozesskennung", Counter::ProcessId),
];

fn by_name(folded: &str) -> Option<Counter> {
    let (_, counter) = NAMES.iter().find(|(name, _)| *name == folded)?;
    Some(*counter)
}

/// `(PDH-CSV 4.0) (Pacific Standard Time)(480)`: the zone's name, and its bias. Some versions cut
/// the name at its first character outside ASCII and leave the bias out; a name may itself hold
/// parentheses.
pub(super) fn zone(first: &str) -> Option<super::StatedZone> {
    let at = first.find("(PDH-")?;
    let rest = first.get(at..)?.split_once(')')?.1.trim();
    let (name, bias) = match rest.rsplit_once('(') {
        Some((name, last)) => match last.trim_end().strip_suffix(')').map(str::parse::<i32>) {
            Some(Ok(bias)) => (name, Some(bias)),
            _ => (rest, None),
        },
        None => (rest, None),
    };
    let name = name.trim().trim_start_matches('(');
    let name = name.strip_suffix(')').unwrap_or(name).trim();
    (bias.is_some() || !name.is_empty()).then(|| super::StatedZone {
        name: name.to_owned(),
        bias_minutes: bias,
    })
}
