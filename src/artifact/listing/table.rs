//! Cells of a listing: under a ruler, or separated by commas.

use crate::artifact::perfmon::Fields;

/// The columns of a table, as its ruler draws them: where each begins, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ruler(Vec<usize>);

impl Ruler {
    /// A line of nothing but `=` or `-` and blanks, with two runs or more.
    pub(super) fn of(line: &str) -> Option<Ruler> {
        let line = line.trim_end();
        let mark = line.trim_start().chars().next()?;
        if !matches!(mark, '=' | '-') || !line.chars().all(|c| c == mark || c == ' ') {
            return None;
        }
        let mut starts = Vec::new();
        let mut before = ' ';
        for (place, c) in line.chars().enumerate() {
            if c == mark && before == ' ' {
                starts.push(place);
            }
            before = c;
        }
        (starts.len() > 1).then_some(Ruler(starts))
    }

    pub(super) fn columns(&self) -> usize {
        self.0.len()
    }

    /// The cells of a row, without blanks around.
    pub(super) fn cells(&self, line: &str) -> Vec<String> {
        let letters: Vec<char> = line.chars().collect();
        let ends = self.0.iter().skip(1).copied().chain([letters.len()]);
        self.0
            .iter()
            .zip(ends)
            .map(|(&from, to)| {
                let cell = letters.get(from..to.min(letters.len())).unwrap_or_default();
                cell.iter().collect::<String>().trim().to_owned()
            })
            .collect()
    }
}

/// The cells of a row in quotes; none for other lines.
pub(super) fn quoted(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    line.starts_with('"').then(|| {
        Fields::new(line, ',')
            .map(|cell| cell.trim().replace("\"\"", "\""))
            .collect()
    })
}

/// The rows of a listing: line, from 1, and cells. The row of headings, which has no ruler below it
/// in the form with commas, is the first and is given as well; under a ruler it is left out.
pub(super) fn rows(text: &str) -> impl Iterator<Item = (u64, Vec<String>)> + '_ {
    let mut ruler: Option<Ruler> = None;
    (1_u64..)
        .zip(text.lines())
        .filter_map(move |(number, line)| {
            if let Some(found) = Ruler::of(line) {
                ruler = Some(found);
                return None;
            }
            if let Some(cells) = quoted(line) {
                return Some((number, cells));
            }
            let ruler = ruler.as_ref()?;
            (!line.trim().is_empty()).then(|| (number, ruler.cells(line)))
        })
}

/// Letters of ASCII in lower case, for words whose accents depend on the encoding.
pub(super) fn folded(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphabetic);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
