//! Text of strangers, made harmless once, at the last step, for the medium it goes to.
//!
//! Everything that came out of a case may have been written to deceive whoever reads the
//! report, or the program that shows it. Each medium has one function here; a renderer calls
//! it on every string of the report and never on its result.
//!
//! | medium | function | beyond what is common to all |
//! |---|---|---|
//! | terminal | [`terminal`], [`fit`], [`wrap`] | counts columns, never bytes |
//! | HTML text | [`html`] | `& < > " '` |
//! | HTML attribute in quotes | [`html_attribute`] | also `` ` ``, `=`, blanks |
//! | JSON in a `<script>` | [`script_json`] | `< > &` and the line separators |
//! | Markdown prose, code, block | [`markdown`], [`markdown_code`], [`markdown_block`] | no link, mention, HTML, cell border |
//! | CSV | [`csv_cell`] | no formula, in any common locale |
//! | JSON | none | serde_json writes `"`, `\` and U+0000 to U+001F as escapes; the rest is exact |
//!
//! Common to all but JSON: what does not show, or moves what does, is written out as `\xNN`
//! or `\u{N}` ([`visible`]). A backslash stays single, so the escapes can be told from the
//! same letters in the case only in the JSON, which is exact.
//!
//! Limits: letters of right-to-left scripts are kept; a terminal that reorders lines may set
//! them the other way round. HTML should isolate them (`<bdi>`).

mod csv;
mod html;
mod markdown;
mod terminal;
mod visible;

pub use csv::{Neutral, csv_cell};
pub use html::{html, html_attribute, push_html, script_json};
pub use markdown::{markdown, markdown_block, markdown_code};
pub use terminal::{Charset, columns, fit, fit_end, terminal, wrap};
pub use visible::visible;
