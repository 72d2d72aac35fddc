//! Which column of a row means what.
//!
//! http.sys writes a `#Fields:` line since Server 2003 SP1, repeats it whenever logging starts
//! anew, and may change it between two blocks of one file. Older logs, and pieces cut from the
//! middle of a newer one, have none: then the number of columns and the place of a known reason
//! decide, and the layout is marked as inferred.

use super::reason;

/// A column list holds at most this many names: the 64 bits of the field mask that http.sys
/// knows, twice over. More is not a field list.
const MAX_COLUMNS: usize = 128;

/// Longest column name kept, in bytes; `extended-fault-code` has 19.
const MAX_NAME: usize = 64;

/// How a layout became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayoutSource {
    /// A `#Fields:` line of the file names the columns.
    Declared,
    /// No header: the number of columns fits a layout that Windows is known to write.
    Inferred,
}

/// The columns of a block of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    source: LayoutSource,
    names: Vec<String>,
    reason: Option<usize>,
    dated: bool,
}

/// The default layouts by generation of Windows, as column lists (HTTP API documentation and
/// public logs): 12 columns in 2003 RTM, 13 with the queue name, 14 with HTTP/2's stream,
/// 16 with QUIC's, 18 with fault codes.
const GENERATIONS: [&str; 5] = [
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename transport",
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename transport fault-code extended-fault-code",
];

impl Layout {
    fn new(names: Vec<String>, source: LayoutSource) -> Self {
        let position = |name: &str| names.iter().position(|n| n.eq_ignore_ascii_case(name));
        let reason = position("s-reason");
        let dated = position("date") == Some(0) && position("time") == Some(1);
        Layout {
            source,
            names,
            reason,
            dated,
        }
    }

    /// Reads what follows `#Fields:`. `None` when there is no name at all, or far too many.
    pub fn declared(list: &[u8]) -> Option<Self> {
        let names: Vec<String> = list
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty())
            .take(MAX_COLUMNS + 1)
            .map(|name| String::from_utf8_lossy(&name[..name.len().min(MAX_NAME)]).into_owned())
            .collect();
        (!names.is_empty() && names.len() <= MAX_COLUMNS)
            .then(|| Layout::new(names, LayoutSource::Declared))
    }

    /// The default layout that fits a row without header: its column count must be one that
    /// Windows writes, and the word in the reason's place must be a reason.
    pub fn inferred(tokens: &[&[u8]]) -> Option<Self> {
        let list = GENERATIONS
            .iter()
            .find(|list| list.split(' ').count() == tokens.len())?;
        let names = list.split(' ').map(str::to_owned).collect();
        let layout = Layout::new(names, LayoutSource::Inferred);
        let word = tokens.get(layout.reason?)?;
        (reason::refusal(word).is_some() || reason::known(word).is_some()).then_some(layout)
    }

    /// How the layout became known.
    pub fn source(&self) -> LayoutSource {
        self.source
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// The column names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Index of `s-reason`, if the log has that column at all. Without it a log cannot show a
    /// refusal: it is unanalysable, not clean.
    pub fn reason(&self) -> Option<usize> {
        self.reason
    }

    /// How many columns follow the reason.
    pub fn columns_after_reason(&self) -> Option<usize> {
        self.reason.map(|index| self.names.len() - 1 - index)
    }

    /// True when rows begin with `date time`, as every default layout does.
    pub fn is_dated(&self) -> bool {
        self.dated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str) -> Vec<&[u8]> {
        line.split(' ').map(str::as_bytes).collect()
    }

    #[test]
    fn generations_have_the_documented_widths_and_reason_places() {
        let widths: Vec<_> = GENERATIONS
            .iter()
            .map(|list| Layout::declared(list.as_bytes()).unwrap())
            .map(|l| (l.columns(), l.columns_after_reason().unwrap()))
            .collect();
        assert_eq!(widths, [(12, 0), (13, 1), (14, 1), (16, 2), (18, 4)]);
    }

    #[test]
    fn a_custom_field_list_keeps_unknown_columns_and_trailing_blanks() {
        let layout = Layout::declared(b" date time  correlation-id s-reason \t").unwrap();
        assert_eq!(
            layout.names(),
            ["date", "time", "correlation-id", "s-reason"]
        );
        assert_eq!(layout.columns_after_reason(), Some(0));
        assert_eq!(Layout::declared(b"date time").unwrap().reason(), None);
        assert!(Layout::declared(b"  ").is_none());
        assert!(Layout::declared("x ".repeat(MAX_COLUMNS + 1).as_bytes()).is_none());
    }

    #[test]
    fn inference_wants_a_known_word_in_the_reasons_place() {
        let row = "2026-01-02 03:04:05 - - - - - - - - - 3_Connections_Refused -";
        assert_eq!(
            Layout::inferred(&tokens(row)).map(|l| l.columns()),
            Some(13)
        );
        assert!(
            Layout::inferred(&tokens(&row.replace("3_Connections_Refused", "elsewhere"))).is_none()
        );
        assert!(Layout::inferred(&tokens("2026-01-02 03:04:05 3_Connections_Refused")).is_none());
    }
}
