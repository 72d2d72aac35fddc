//! The records as rows: the same columns in the roll-up and in the CSV table.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::record::Record;
use crate::report::escape::{Neutral, csv_cell};

/// Fields that are lists and have tables of their own.
const LISTS: [&str; 4] = ["paths", "known_issues", "limits_hit", "curve"];

/// A record's fields in their order.
fn fields(record: &Record) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        // A struct is an object.
        _ => Map::new(),
    }
}

/// The columns of a case, by their names in the roll-up: `group` is a word of SQL.
pub(super) fn names() -> Vec<String> {
    fields(&Record::default())
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !LISTS.contains(&name.as_str()))
        .map(|name| match name.as_str() {
            "group" => "group_name".to_owned(),
            _ => name,
        })
        .collect()
}

/// A record's values in the order of [`names`].
pub(super) fn values(record: &Record) -> Vec<Value> {
    fields(record)
        .into_iter()
        .filter(|(name, _)| !LISTS.contains(&name.as_str()))
        .map(|(_, value)| value)
        .collect()
}

/// Writes the cases as CSV (RFC 4180, whose rows end with CRLF); texts are made harmless for
/// spreadsheets.
pub(super) fn write_csv<'a>(
    records: impl Iterator<Item = &'a Record>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut names = names();
    names.extend(["paths".to_owned(), "known_issues".to_owned()]);
    write!(out, "{}\r\n", names.join(","))?;
    for record in records {
        let mut cells: Vec<String> = values(record).iter().map(cell).collect();
        for list in [&record.paths, &record.known_issues] {
            cells.push(csv_cell(&list.join("\n"), Neutral::Yes));
        }
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => csv_cell(text, Neutral::Yes),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_value_for_each_column() {
        let record = Record {
            path: "=cmd|x".into(),
            refusals_total: 7,
            ..Record::default()
        };
        assert_eq!(names().len(), values(&record).len());
        assert!(names().contains(&"group_name".to_owned()));
        let mut out = Vec::new();
        write_csv([&record].into_iter(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("\"'=cmd|x\"") && text.contains(",7,"),
            "{text}"
        );
        assert_eq!(text.split_terminator("\r\n").count(), 2, "{text}");
        assert!(text.ends_with("\r\n"), "{text}");
    }
}
