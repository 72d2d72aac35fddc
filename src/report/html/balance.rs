//! A small reader of HTML as this project writes it: strict where a browser forgives. Only for
//! tests, here and in `tests/html`.

/// Elements without an end.
const VOID: &[&str] = &["meta", "br", "input", "!doctype"];

/// One element's opening.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads a page; the message of a failure says where it stands.
pub fn elements(page: &str) -> Result<Vec<Element>, String> {
    let mut rest = page;
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        if text.contains(['>', '\0']) {
            return Err(format!("bare `>` before {}", excerpt(&rest[at..])));
        }
        references(text)?;
        let end =
            tag_end(&rest[at..]).ok_or_else(|| format!("no end: {}", excerpt(&rest[at..])))?;
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!(
                    "`</{name}>` does not match, before {}",
                    excerpt(rest)
                ));
            }
            continue;
        }
        let is_closed = tag.ends_with('/');
        let element = element(tag.trim_end_matches('/'))?;
        let name = element.name.clone();
        if name == "style" || name == "script" {
            let close = format!("</{name}>");
            let at = rest
                .find(&close)
                .ok_or_else(|| format!("{name} has no end"))?;
            rest = &rest[at + close.len()..];
        } else if !is_closed && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
        found.push(element);
    }
    if !open.is_empty() {
        return Err(format!("left open: {open:?}"));
    }
    Ok(found)
}

fn excerpt(text: &str) -> String {
    text.chars().take(90).collect()
}

/// Every `&` must begin one of the references that the escaper writes.
fn references(text: &str) -> Result<(), String> {
    const KNOWN: &[&str] = &["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    for (at, _) in text.match_indices('&') {
        if !KNOWN.iter().any(|known| text[at..].starts_with(known)) {
            return Err(format!("bare `&`: {}", excerpt(&text[at..])));
        }
    }
    Ok(())
}

fn tag_end(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '<' if at > 0 => return None,
            '>' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn element(tag: &str) -> Result<Element, String> {
    let (name, mut rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let rested = rest.trim_start();
        let end = rested.find(['=', ' ']).unwrap_or(rested.len());
        let (key, after) = rested.split_at(end);
        let Some(quoted) = after.strip_prefix("=\"") else {
            attributes.push((key.to_owned(), String::new()));
            rest = after;
            continue;
        };
        let (value, after) = quoted
            .split_once('"')
            .ok_or_else(|| format!("open quote in `{}`", excerpt(tag)))?;
        references(value)?;
        if attributes.iter().any(|(k, _)| k == key) {
            return Err(format!("`{key}` twice in `{}`", excerpt(tag)));
        }
        attributes.push((key.to_owned(), value.to_owned()));
        rest = after;
    }
    Ok(Element {
        name: name.to_ascii_lowercase(),
        attributes,
    })
}
