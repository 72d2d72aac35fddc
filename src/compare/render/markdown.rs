//! The comparison as Markdown for a ticket.

use super::super::Comparison;
use super::rows;
use crate::report::escape::markdown;
use crate::report::markdown::table::{Side, table};
use crate::report::wording::{counted, words};

use Side::Left;

/// Rows of a table; the JSON has all.
const ROWS: usize = 40;

/// Digits of a digest.
const DIGITS: usize = 16;

/// The whole of it.
pub(super) fn text(comparison: &Comparison) -> String {
    let answer = &comparison.answer;
    let sure = answer
        .confidence
        .as_deref()
        .map_or("not known".into(), words);
    let mut blocks = vec![format!("# {}", markdown(&answer.text))];
    let mut because: Vec<String> = answer
        .because
        .iter()
        .filter(|b| !answer.text.contains(*b))
        .map(|b| format!("- {}", markdown(b)))
        .collect();
    because.push(format!(
        "- **How sure:** {}, the lower of the two verdicts",
        markdown(&sure)
    ));
    blocks.push(because.join("\n"));
    blocks.push("## Side by side".into());
    blocks.push(figures(comparison));
    if !comparison.tags.is_empty() {
        blocks.push("## Tags".into());
        blocks.push("Growth per hour with its 95 % interval. Where intervals overlap, no difference is shown; a tag that is not listed or absent is not zero.".into());
        blocks.push(tags(comparison));
        blocks.extend(left_out(comparison.tags.len(), "tag"));
    }
    blocks.push("## Drivers".into());
    if !comparison.drivers.is_empty() {
        blocks.push(drivers(comparison));
        blocks.extend(left_out(comparison.drivers.len(), "image"));
    }
    blocks.push(format!(
        "{} with the same bytes in both.",
        counted(comparison.drivers_same, "other image")
    ));
    if !comparison.cautions.is_empty() {
        blocks.push("## Keep in mind".into());
        let items = comparison.cautions.iter();
        let items: Vec<String> = items.map(|c| format!("- {}", markdown(&c.text))).collect();
        blocks.push(items.join("\n"));
    }
    blocks.join("\n\n") + "\n"
}

fn left_out(all: usize, noun: &str) -> Option<String> {
    let left = all.saturating_sub(ROWS) as u64;
    (left > 0).then(|| format!("{} more in the JSON.", counted(left, noun)))
}

fn figures(comparison: &Comparison) -> String {
    let mut section = "";
    let rows: Vec<[String; 3]> = rows::rows(comparison)
        .iter()
        .map(|row| {
            // Rows that belong to the one above repeat its name: cells have no indent.
            let is_sub = row.label.starts_with(char::is_lowercase);
            let label = match is_sub {
                true => format!("{section}: {}", row.label),
                false => row.label.to_owned(),
            };
            if !is_sub {
                section = row.label;
            }
            [label, markdown(&row.a), markdown(&row.b)]
        })
        .collect();
    table([("", Left), ("A", Left), ("B", Left)], &rows)
}

fn tags(comparison: &Comparison) -> String {
    let shown = comparison.tags.iter().take(ROWS);
    let rows: Vec<[String; 5]> = shown
        .map(|change| {
            [
                markdown(&change.tag),
                markdown(&change.key.pool),
                markdown(&rows::tag_words(&change.a)),
                markdown(&rows::tag_words(&change.b)),
                change.difference.words().to_owned(),
            ]
        })
        .collect();
    let heading = [
        ("Tag", Left),
        ("Pool", Left),
        ("A", Left),
        ("B", Left),
        ("Slopes", Left),
    ];
    table(heading, &rows)
}

fn drivers(comparison: &Comparison) -> String {
    let shown = comparison.drivers.iter().take(ROWS);
    let rows: Vec<[String; 4]> = shown
        .map(|change| {
            [
                markdown(&change.file_name),
                change.state.words().to_owned(),
                markdown(&rows::image_words(change.a.as_ref(), DIGITS)),
                markdown(&rows::image_words(change.b.as_ref(), DIGITS)),
            ]
        })
        .collect();
    let heading = [("Image", Left), ("", Left), ("A", Left), ("B", Left)];
    table(heading, &rows)
}
