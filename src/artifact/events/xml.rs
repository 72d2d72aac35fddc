//! Events as XML: what `wevtutil qe LOG /f:xml` prints (elements one after another, without a
//! root), what the Event Viewer saves (one root, often on one line), and what the binary log is
//! made into.
//!
//! Elements are cut out of the stream first, so that memory is bounded and one that is damaged
//! costs no other; then each is read as XML of its own. Names are compared without their prefix.

use std::io::{self, Read};

use memchr::memchr_iter;
use memchr::memmem;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::record::{Place, Record, When, instant, shortened};
use super::unicode::Text;
use super::{EventFile, MAX_EVENT, part};

const OPEN: &[u8] = b"<Event";
const CLOSE: &[u8] = b"</Event>";

/// Elements within elements that are followed; events have four levels.
const MAX_DEPTH: usize = 32;

/// Reads all events of an export.
pub(super) fn read(source: impl Read, file: &mut EventFile) -> io::Result<()> {
    let mut text = Text::new(source);
    let mut buffer = String::new();
    let mut line = 1u64;
    loop {
        let more = text.more(&mut buffer)?;
        loop {
            let done = drain(&buffer, &mut line, file);
            buffer.drain(..done);
            if buffer.len() <= MAX_EVENT {
                break;
            }
            // An element without an end: go on behind its beginning.
            file.damaged += 1;
            let skip = behind_open(&buffer);
            line += newlines(part(&buffer, 0..skip));
            buffer.drain(..skip);
        }
        if !more {
            break;
        }
    }
    if start_of(&buffer).is_some() {
        file.damaged += 1;
    }
    Ok(())
}

/// Reads the events that stand whole in the buffer; says how far it may be forgotten.
fn drain(buffer: &str, line: &mut u64, file: &mut EventFile) -> usize {
    let mut done = 0;
    loop {
        let rest = part(buffer, done..buffer.len());
        let Some(start) = start_of(rest) else {
            // A beginning may stand cut off at the end.
            let keep = floor(rest, rest.len().saturating_sub(OPEN.len() + 1));
            *line += newlines(part(rest, 0..keep));
            return done + keep;
        };
        *line += newlines(part(rest, 0..start));
        let rest = part(rest, start..rest.len());
        done += start;
        let Some(end) = memmem::find(rest.as_bytes(), CLOSE).map(|at| at + CLOSE.len()) else {
            return done;
        };
        // Another beginning before the end: the first was torn.
        let inner = part(rest, OPEN.len()..end);
        if let Some(second) = start_of(inner) {
            file.damaged += 1;
            let skip = OPEN.len() + second;
            *line += newlines(part(rest, 0..skip));
            done += skip;
            continue;
        }
        let element = part(rest, 0..end);
        match record(element) {
            Some(found) => file.add(found, Place::Line(*line)),
            None => file.damaged += 1,
        }
        *line += newlines(element);
        done += end;
    }
}

/// Where an `<Event>` begins; not `<Events>`, `<EventID>` or `<EventData>`.
fn start_of(text: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), OPEN).find(|at| {
        let next = text.as_bytes().get(at + OPEN.len());
        matches!(next, Some(b' ' | b'>' | b'\t' | b'\r' | b'\n'))
    })
}

/// A place behind the first beginning.
fn behind_open(text: &str) -> usize {
    let start = start_of(text).unwrap_or(0);
    floor(text, (start + OPEN.len()).min(text.len()))
}

/// The nearest border of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

fn newlines(text: &str) -> u64 {
    memchr_iter(b'\n', text.as_bytes()).count() as u64
}

/// One event; `None` if its XML is broken or it has no id.
pub(super) fn record(element: &str) -> Option<Record> {
    let mut reader = Reader::from_str(element);
    reader.config_mut().check_end_names = true;
    let mut found = Record::default();
    let mut path: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if path.len() >= MAX_DEPTH {
                    return None;
                }
                let element = opened(&start, &path, &mut found);
                has_child(&mut path);
                path.push(element);
            }
            Event::Empty(start) => {
                let element = opened(&start, &path, &mut found);
                has_child(&mut path);
                closed(element, &path, &mut found);
            }
            Event::End(_) => {
                let element = path.pop()?;
                closed(element, &path, &mut found);
            }
            Event::Text(text) => append(&mut path, &text.xml10_content()),
            Event::CData(text) => append(&mut path, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => {
                        quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                            .unwrap_or_default()
                            .to_owned()
                    }
                };
                append(&mut path, &character);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    (path.is_empty() && found.id.is_some()).then_some(found)
}

/// An element that is open.
struct Element {
    /// Name without prefix.
    name: String,
    /// Its attribute `Name`, for values.
    label: String,
    text: String,
    has_children: bool,
}

/// What an element says by its attributes.
fn opened(start: &BytesStart<'_>, path: &[Element], found: &mut Record) -> Element {
    let name: String = start.local_name().as_ref().chars().take(128).collect();
    let mut label = String::new();
    let within = |parent: &str| path.last().is_some_and(|e| e.name == parent);
    for attribute in start.attributes().with_checks(false).flatten() {
        let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else {
            continue;
        };
        let key = attribute.key.local_name();
        match (name.as_str(), key.as_ref()) {
            ("Provider", "Name") if within("System") => found.provider = shortened(&value),
            ("Provider", "EventSourceName") if within("System") => {
                found.source = Some(shortened(&value));
            }
            ("TimeCreated", "SystemTime") if within("System") => {
                found.when = instant(&value).map_or(When::Unknown, When::Utc);
            }
            (_, "Name") => label = shortened(&value),
            _ => {}
        }
    }
    Element {
        name,
        label,
        text: String::new(),
        has_children: false,
    }
}

/// What an element says by its text; `path` are those around it.
fn closed(element: Element, path: &[Element], found: &mut Record) {
    let text = element.text.trim();
    let parent = path.last().map(|e| e.name.as_str());
    match (parent, element.name.as_str()) {
        (Some("System"), "EventID") => found.id = text.parse().ok(),
        (Some("System"), "EventRecordID") => found.number = text.parse().ok(),
        (Some("System"), "Computer") => found.computer = Some(shortened(text)),
        (Some("RenderingInfo"), "Message") => found.message = Some(shortened(text)),
        (Some("EventData"), "Data") => found.add_value(element.label, text),
        _ if path.iter().any(|e| e.name == "UserData") && !element.has_children => {
            found.add_value(element.name, text);
        }
        _ => {}
    }
}

fn has_child(path: &mut [Element]) {
    if let Some(parent) = path.last_mut() {
        parent.has_children = true;
    }
}

fn append(path: &mut [Element], text: &str) {
    if let Some(element) = path.last_mut() {
        element.text.push_str(text);
    }
}
