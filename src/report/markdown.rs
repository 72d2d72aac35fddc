//! The report as Markdown for a ticket, in two voices.
//!
//! Internal: everything an engineer wants, with evidence ids and commands. Customer: what was
//! seen, what it means, what to do; without the names of the customer's machines, files and
//! addresses (a ticket travels), and without blame: a component is named only where the
//! verdict names it, with what was shown and no more.

mod customer;
mod internal;
pub(crate) mod table;

use std::io;

use super::Report;

/// Who reads the ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Colleagues.
    #[default]
    Internal,
    /// The customer.
    Customer,
}

/// Writes the report as Markdown.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, audience: Audience, out: &mut dyn io::Write) -> io::Result<()> {
    let text = match audience {
        Audience::Internal => internal::text(report),
        Audience::Customer => customer::text(report),
    };
    out.write_all(text.as_bytes())
}

/// Paragraphs, lists and tables, a blank line between them.
#[derive(Default)]
struct Document {
    text: String,
}

impl Document {
    /// Adds a block that is Markdown already.
    fn block(&mut self, block: &str) {
        if block.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
        self.text.push('\n');
    }

    /// Adds a heading in the renderer's own words and what stands below it, unless that is
    /// nothing.
    fn section(&mut self, heading: &str, body: &str) {
        if !body.is_empty() {
            self.block(&format!("## {heading}"));
            self.block(body);
        }
    }
}

/// A list; each item is Markdown already.
fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("- {item}")).collect();
    items.join("\n")
}

#[cfg(test)]
mod tests;
