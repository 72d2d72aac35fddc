//! What each medium must not hold, told by readers that are not ours.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use pulldown_cmark::{Event, Options, Parser, Tag as Mark};

/// Nothing that a terminal obeys, and nothing that moves or hides text.
pub fn terminal(name: &str, text: &str) {
    let bidi = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hidden = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    for (number, line) in text.split('\n').enumerate() {
        let odd = line
            .chars()
            .find(|c| c.is_control() || bidi(*c) || hidden(*c));
        assert_eq!(odd, None, "{name}, line {}: {line:?}", number + 1);
    }
}

/// As [`terminal`], but for the colours that we set: `ESC [ digits m`.
pub fn coloured(name: &str, text: &str) {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find('m').unwrap_or(0);
        let digits = after[..end]
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b';');
        assert!(
            digits && end < 8,
            "{name}: a sequence that is no colour: {:?}",
            after.get(..20)
        );
        rest = &after[end + 1..];
    }
    terminal(name, &(plain + rest));
}

/// Elements of a page with the names of their attributes, and how often each stands there.
#[derive(Debug, Default)]
pub struct Elements(RefCell<BTreeMap<String, usize>>, RefCell<Vec<String>>);

impl TokenSink for Elements {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind == TagKind::EndTag {
            return TokenSinkResult::Continue;
        }
        let mut names: Vec<String> = tag.attrs.iter().map(|a| a.name.local.to_string()).collect();
        names.sort();
        let element = format!("{} {}", tag.name, names.join(" "));
        *self.0.borrow_mut().entry(element).or_default() += 1;
        for attribute in &tag.attrs {
            let (name, value) = (
                attribute.name.local.to_string(),
                attribute.value.to_string(),
            );
            let leads_out = matches!(
                name.as_str(),
                "href" | "src" | "action" | "formaction" | "data" | "poster" | "xlink:href"
            ) && !value.starts_with('#');
            if leads_out || name.starts_with("on") || name == "srcdoc" {
                self.1
                    .borrow_mut()
                    .push(format!("{}: {name}={value}", tag.name));
            }
        }
        match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

/// The elements of a page, as a browser's tokenizer sees them; and none that leads out or runs.
pub fn elements(name: &str, page: &str) -> BTreeMap<String, usize> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(page));
    let tokenizer = Tokenizer::new(Elements::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let Elements(found, bad) = tokenizer.sink;
    assert_eq!(bad.into_inner(), [""; 0], "{name}");
    found.into_inner()
}

/// What a rendered Markdown text does beyond showing words, by kind.
pub fn marks(text: &str) -> BTreeMap<&'static str, usize> {
    let mut found = BTreeMap::new();
    let mut add = |kind| *found.entry(kind).or_default() += 1;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Mark::Link { .. }) => add("link"),
            Event::Start(Mark::Image { .. }) => add("image"),
            Event::Start(Mark::HtmlBlock) | Event::Html(_) | Event::InlineHtml(_) => add("html"),
            Event::Start(Mark::Heading { .. }) => add("heading"),
            Event::Start(Mark::Table(_)) => add("table"),
            Event::Start(Mark::TableRow) => add("row"),
            Event::Start(Mark::TableCell) => add("cell"),
            Event::Start(Mark::BlockQuote(_)) => add("quote"),
            Event::Start(Mark::Strikethrough) => add("strike"),
            Event::Start(Mark::FootnoteDefinition(_)) | Event::FootnoteReference(_) => {
                add("footnote")
            }
            Event::InlineMath(_) | Event::DisplayMath(_) => add("math"),
            Event::TaskListMarker(_) => add("task"),
            Event::Rule => add("rule"),
            _ => {}
        }
    }
    found
}

/// A table of which every row has the same columns and no cell is a formula; rows and columns.
pub fn table(name: &str, text: &str) -> (usize, usize) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let (mut rows, mut columns) = (0, 0);
    for record in reader.records() {
        let record = record.unwrap_or_else(|error| panic!("{name}: {error}"));
        (rows, columns) = (rows + 1, record.len());
        for cell in &record {
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
            assert!(!formula || cell.parse::<f64>().is_ok(), "{name}: {cell:?}");
            terminal(name, cell);
        }
    }
    (rows, columns)
}
