//! List, table or CSV: names and values in the order in which systeminfo writes them.

use super::{Layout, text::folded};

/// Most rows looked at: systeminfo has some forty fields; its lists of updates and
/// network cards continue them.
const MAX_ROWS: usize = 20_000;

/// Longest rule of a table that is followed, which also bounds its columns.
const MAX_RULE: usize = 8192;

/// Most cells of one CSV or table row: the fields, and some to spare.
const MAX_CELLS: usize = 200;

/// One name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Folded; empty where the output has no names.
    pub name: String,
    /// As written.
    pub written: String,
    pub value: String,
    pub line: u64,
}

/// Tells the layouts apart and reads the first output in the text.
pub(super) fn rows(text: &str) -> (Layout, Vec<Row>) {
    let lines: Vec<(u64, &str)> = (1u64..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .collect();
    let csv: Vec<&(u64, &str)> = lines
        .iter()
        .filter(|(_, line)| line.starts_with('"') && line.contains("\",\""))
        .collect();
    if let Some((first, rest)) = csv.split_first() {
        return match rest.first() {
            Some(second) => (
                Layout::Csv,
                zipped(&csv_cells(first.1), &csv_cells(second.1), second.0),
            ),
            None => (
                Layout::CsvWithoutNames,
                zipped(&[], &csv_cells(first.1), first.0),
            ),
        };
    }
    if let Some(rows) = table(&lines) {
        return (Layout::Table, rows);
    }
    (Layout::List, list(&lines))
}

fn zipped(names: &[String], values: &[String], line: u64) -> Vec<Row> {
    let mut names = names.iter();
    let row = |value: &String| {
        let written = names.next().cloned().unwrap_or_default();
        Row {
            name: folded(&written),
            written,
            value: value.clone(),
            line,
        }
    };
    values.iter().map(row).collect()
}

/// Cells of one CSV line; a doubled quote is a quote.
fn csv_cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
        if cells.len() >= MAX_CELLS {
            return cells;
        }
    }
    cells.push(cell);
    cells
}

/// `/fo table`: names, a rule of `=`, values; the rule's runs are the columns.
fn table(lines: &[(u64, &str)]) -> Option<Vec<Row>> {
    let is_rule = |line: &str| line.starts_with('=') && line.chars().all(|c| c == '=' || c == ' ');
    let rule_at = lines
        .iter()
        .position(|(_, line)| is_rule(line) && line.contains("= ="))?;
    let (_, names) = lines.get(rule_at.checked_sub(1)?)?;
    let (_, rule) = lines.get(rule_at)?;
    let (line, values) = lines.get(rule_at.checked_add(1)?)?;
    let columns = columns(rule);
    Some(zipped(&cut(names, &columns), &cut(values, &columns), *line))
}

/// Where each run of `=` begins and how long it is, in characters.
fn columns(rule: &str) -> Vec<(usize, usize)> {
    let mut columns: Vec<(usize, usize)> = Vec::new();
    let mut inside = false;
    for (at, c) in rule.chars().enumerate().take(MAX_RULE) {
        if c == '=' {
            match columns.last_mut().filter(|_| inside) {
                Some((_, length)) => *length += 1,
                None => columns.push((at, 1)),
            }
        }
        inside = c == '=';
    }
    columns
}

fn cut(line: &str, columns: &[(usize, usize)]) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let one = |(start, length): &(usize, usize)| {
        let text: String = chars.iter().skip(*start).take(*length).collect();
        text.trim().to_owned()
    };
    columns.iter().map(one).collect()
}

/// A field a line. Lines that begin with a blank continue the field above and are left
/// out: nothing of what is read here stands in them.
fn list(lines: &[(u64, &str)]) -> Vec<Row> {
    let row = |(line, text): &(u64, &str)| {
        if text.starts_with([' ', '\t']) {
            return None;
        }
        let (name, value) = text.split_once(':')?;
        Some(Row {
            name: folded(name),
            written: name.to_owned(),
            value: value.trim().to_owned(),
            line: *line,
        })
    };
    lines.iter().take(MAX_ROWS).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> (Layout, Vec<(String, String)>) {
        let (layout, rows) = rows(text);
        (
            layout,
            rows.into_iter().map(|row| (row.name, row.value)).collect(),
        )
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_four_layouts() {
        let expected = vec![pair("host name", "SRV"), pair("time zone", "(UTC) A, B")];
        assert_eq!(
            pairs("\r\nHost Name:     SRV\r\n               [01]: x\r\nTime Zone:  (UTC) A, B\r\n"),
            (Layout::List, expected.clone())
        );
        assert_eq!(
            pairs("\"Host Name\",\"Time Zone\"\r\n\"SRV\",\"(UTC) A, B\"\r\n"),
            (Layout::Csv, expected.clone())
        );
        assert_eq!(
            pairs("\nHost Name Time Zone \n========= ==========\nSRV       (UTC) A, B\n"),
            (Layout::Table, expected)
        );
        assert_eq!(
            pairs("\"SRV\",\"a \"\"b\"\"\"\n"),
            (
                Layout::CsvWithoutNames,
                vec![pair("", "SRV"), pair("", "a \"b\"")]
            )
        );
    }
}
