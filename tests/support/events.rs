//! Windows event logs as Windows and its tools write them, made here: the binary log with its
//! chunks, string table, templates and binary XML, and the exports in all their forms.
//!
//! ```text
//! file   header 4096 │ chunk 65536 │ chunk 65536 │ …
//! chunk  header 512: string table, template table, checksums │ record │ record │ …
//! record "**" size id time │ binary XML: template instance and its values │ size again
//! ```
//! Laid out after the public descriptions of the format (libevtx, MS-EVEN6), without the reader's
//! code. Real logs name no field twice; here every record has the fields its event has in Windows.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// What every event of a test says.
#[derive(Clone, Debug)]
pub struct Event {
    pub number: u64,
    pub at: DateTime<Utc>,
    pub provider: &'static str,
    pub id: u16,
    /// Values with their names; older providers have values without.
    pub data: Vec<(&'static str, String)>,
    /// The message that viewers make of it, in the language of the server.
    pub message: String,
}

/// The machine that all events name.
pub const COMPUTER: &str = "SHOPWEB07.example.test";

const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// 100-nanosecond steps from 1601 to 1970.
const FROM_1601: i64 = 116_444_736_000_000_000;

fn filetime(at: DateTime<Utc>) -> u64 {
    (at.timestamp_micros() * 10 + FROM_1601) as u64
}

// -- exports

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn element(event: &Event) -> String {
    let mut data = String::new();
    for (name, value) in &event.data {
        match *name {
            "" => data.push_str(&format!("<Data>{}</Data>", escaped(value))),
            name => data.push_str(&format!("<Data Name='{name}'>{}</Data>", escaped(value))),
        }
    }
    format!(
        "<Event xmlns='{NAMESPACE}'><System><Provider Name='{}' Guid='{{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}}'/><EventID Qualifiers='32768'>{}</EventID><Version>0</Version><Level>4</Level><TimeCreated SystemTime='{}'/><EventRecordID>{}</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/><Channel>System</Channel><Computer>{COMPUTER}</Computer><Security/></System><EventData>{data}</EventData></Event>",
        event.provider,
        event.id,
        stamp(event.at),
        event.number,
    )
}

/// `wevtutil qe System /f:xml`: one element a line, no root.
pub fn wevtutil_xml(events: &[Event]) -> Vec<u8> {
    let lines = events.iter().map(|event| element(event) + "\r\n");
    lines.collect::<String>().into_bytes()
}

/// What the Event Viewer saves as XML: one root, one line, the message beside the data.
pub fn viewer_xml(events: &[Event]) -> Vec<u8> {
    let mut text = String::from(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>",
    );
    for event in events {
        let rendered = format!(
            "</EventData><RenderingInfo Culture='de-DE'><Message>{}</Message><Level>Informationen</Level></RenderingInfo></Event>",
            escaped(&event.message)
        );
        text.push_str(&element(event).replace("</EventData></Event>", &rendered));
    }
    text.push_str("</Events>");
    text.into_bytes()
}

/// A text as PowerShell's `>` writes it.
pub fn utf16(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let units = std::iter::once(0xfeff).chain(text.trim_start_matches('\u{feff}').encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// `wevtutil qe System /f:text`, with dates in UTC as newer versions write them.
pub fn listing(events: &[Event]) -> Vec<u8> {
    let mut text = String::new();
    for (index, event) in events.iter().enumerate() {
        text.push_str(&format!(
            "Event[{index}]:\r\n  Log Name: System\r\n  Source: {}\r\n  Date: {}\r\n  Event ID: {}\r\n  Task: N/A\r\n  Level: Information\r\n  User: N/A\r\n  Computer: {COMPUTER}\r\n  Description: \r\n{}\r\n\r\n",
            event.provider,
            event.at.format("%Y-%m-%dT%H:%M:%S%.3f0000Z"),
            event.id,
            event.message,
        ));
    }
    text.into_bytes()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// `Get-WinEvent -LogName System | Export-Csv`, on a machine this many minutes east of UTC with
/// American dates: newest first, a line about the type above.
pub fn get_winevent(events: &[Event], east: i64) -> Vec<u8> {
    let mut text = String::from(
        "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n\"Message\",\"Id\",\"Version\",\"RecordId\",\"ProviderName\",\"LogName\",\"MachineName\",\"TimeCreated\"\r\n",
    );
    for event in events.iter().rev() {
        let local = event.at + TimeDelta::minutes(east);
        let cells = [
            event.message.clone(),
            event.id.to_string(),
            "0".into(),
            event.number.to_string(),
            event.provider.to_owned(),
            "System".into(),
            COMPUTER.into(),
            local.format("%-m/%-d/%Y %-I:%M:%S %p").to_string(),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// What a German Event Viewer saves as CSV: translated header, short names of providers, the
/// message in a sixth cell without a name, newest first.
pub fn viewer_csv(events: &[Event], east: i64) -> Vec<u8> {
    let mut text =
        String::from("\u{feff}Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n");
    for event in events.iter().rev() {
        let local = event.at + TimeDelta::minutes(east);
        text.push_str(&format!(
            "Informationen,{},{},{},Keine,{}\r\n",
            local.format("%d.%m.%Y %H:%M:%S"),
            event.provider.trim_start_matches("Microsoft-Windows-"),
            event.id,
            quoted(&event.message),
        ));
    }
    text.into_bytes()
}

// -- the binary log

/// How records of a binary log are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Instances of templates, each defined once a chunk, as Windows writes them.
    Templates,
    /// Elements in place.
    Inline,
}

const CHUNK: usize = 65_536;
const CHUNK_HEADER: usize = 512;

/// A binary log of these events, in so few chunks as hold them.
pub fn evtx(events: &[Event], records: Records) -> Vec<u8> {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<Chunk> = None;
    for event in events {
        let mut chunk = open.take().unwrap_or_else(Chunk::new);
        if chunk.bytes.len() > CHUNK - 6_000 {
            chunks.push(chunk.closed());
            chunk = Chunk::new();
        }
        chunk.add(event, records);
        open = Some(chunk);
    }
    chunks.extend(open.map(Chunk::closed));
    let mut file = b"ElfFile\0".to_vec();
    file.extend(0u64.to_le_bytes());
    file.extend((chunks.len() as u64 - 1).to_le_bytes());
    file.extend(events.last().map_or(1, |e| e.number + 1).to_le_bytes());
    file.extend(128u32.to_le_bytes());
    file.extend([1u16, 3, 4_096].into_iter().flat_map(u16::to_le_bytes));
    file.extend((chunks.len() as u16).to_le_bytes());
    file.resize(120, 0);
    file.extend(0u32.to_le_bytes());
    let sum = crc32(&[&file[..120]]);
    file.extend(sum.to_le_bytes());
    file.resize(4_096, 0);
    file.extend(chunks.into_iter().flatten());
    file
}

/// The checksum of zip and PNG, bit by bit.
fn crc32(parts: &[&[u8]]) -> u32 {
    let mut sum = u32::MAX;
    for byte in parts.iter().flat_map(|part| part.iter()) {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

/// A value of an event's XML.
enum Value {
    Text(String),
    Short(u16),
    Long(u64),
    Time(DateTime<Utc>),
}

impl Value {
    fn kind(&self) -> u8 {
        match self {
            Value::Text(_) => 0x01,
            Value::Short(_) => 0x06,
            Value::Long(_) => 0x0a,
            Value::Time(_) => 0x11,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Value::Text(text) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Value::Short(number) => number.to_le_bytes().to_vec(),
            Value::Long(number) => number.to_le_bytes().to_vec(),
            Value::Time(at) => filetime(*at).to_le_bytes().to_vec(),
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Short(number) => number.to_string(),
            Value::Long(number) => number.to_string(),
            Value::Time(at) => stamp(*at),
        }
    }
}

struct Node {
    name: &'static str,
    attributes: Vec<(&'static str, Value)>,
    content: Vec<Content>,
}

enum Content {
    Node(Node),
    Value(Value),
}

fn node(name: &'static str, attributes: Vec<(&'static str, Value)>, content: Vec<Content>) -> Node {
    Node {
        name,
        attributes,
        content,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn leaf(name: &'static str, value: Value) -> Content {
    Content::Node(node(name, vec![], vec![Content::Value(value)]))
}

fn tree(event: &Event) -> Node {
    let data = event.data.iter().map(|(name, value)| {
        let attributes = match *name {
            "" => vec![],
            name => vec![("Name", text(name))],
        };
        let value = if matches!(*name, "OldTime" | "NewTime") {
            Value::Time(value.parse().unwrap())
        } else {
            text(value)
        };
        Content::Node(node("Data", attributes, vec![Content::Value(value)]))
    });
    let system = vec![
        Content::Node(node(
            "Provider",
            vec![("Name", text(event.provider))],
            vec![],
        )),
        leaf("EventID", Value::Short(event.id)),
        Content::Node(node(
            "TimeCreated",
            vec![("SystemTime", Value::Time(event.at))],
            vec![],
        )),
        leaf("EventRecordID", Value::Long(event.number)),
        leaf("Channel", text("System")),
        leaf("Computer", text(COMPUTER)),
    ];
    node(
        "Event",
        vec![("xmlns", text(NAMESPACE))],
        vec![
            Content::Node(node("System", vec![], system)),
            Content::Node(node("EventData", vec![], data.collect())),
        ],
    )
}

struct Chunk {
    bytes: Vec<u8>,
    names: BTreeMap<&'static str, u32>,
    buckets: [u32; 64],
    /// Where the template of a shape is defined.
    templates: BTreeMap<String, u32>,
    first: Option<u64>,
    last: u64,
    last_offset: u32,
}

impl Chunk {
    fn new() -> Self {
        Chunk {
            bytes: vec![0; CHUNK_HEADER],
            names: BTreeMap::new(),
            buckets: [0; 64],
            templates: BTreeMap::new(),
            first: None,
            last: 0,
            last_offset: 0,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn patch(&mut self, at: usize, number: u32) {
        self.bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    /// Space for a length, and where it stands.
    fn length(&mut self) -> usize {
        self.put(&[0; 4]);
        self.bytes.len() - 4
    }

    fn end_length(&mut self, at: usize) {
        let length = (self.bytes.len() - at - 4) as u32;
        self.patch(at, length);
    }

    fn add(&mut self, event: &Event, records: Records) {
        let start = self.bytes.len();
        self.put(b"**\0\0");
        self.put(&[0; 4]);
        self.put(&event.number.to_le_bytes());
        self.put(&filetime(event.at).to_le_bytes());
        let root = tree(event);
        match records {
            Records::Inline => {
                self.put(&[0x0f, 1, 1, 0]);
                self.element(&root, false, &mut None);
                self.put(&[0]);
            }
            Records::Templates => self.instance(&root),
        }
        while self.bytes.len() % 8 != 4 {
            self.put(&[0]);
        }
        let size = (self.bytes.len() + 4 - start) as u32;
        self.put(&size.to_le_bytes());
        self.patch(start + 4, size);
        self.first.get_or_insert(event.number);
        self.last = event.number;
        self.last_offset = start as u32;
    }

    fn instance(&mut self, root: &Node) {
        self.put(&[0x0f, 1, 1, 0, 0x0c, 1]);
        let mut values = Vec::new();
        gather(root, &mut values);
        let shape = shape(root);
        self.put(&(shape.len() as u32).to_le_bytes());
        match self.templates.get(&shape).copied() {
            Some(known) => self.put(&known.to_le_bytes()),
            None => {
                let here = self.bytes.len() as u32 + 4;
                self.put(&here.to_le_bytes());
                self.templates.insert(shape, here);
                self.put(&0u32.to_le_bytes());
                self.put(&[7; 16]);
                let length = self.length();
                self.put(&[0x0f, 1, 1, 0]);
                self.element(root, true, &mut Some(0));
                self.put(&[0]);
                self.end_length(length);
            }
        }
        self.put(&(values.len() as u32).to_le_bytes());
        for value in &values {
            self.put(&(value.bytes().len() as u16).to_le_bytes());
            self.put(&[value.kind(), 0]);
        }
        for value in values {
            let bytes = value.bytes();
            self.put(&bytes);
        }
        self.put(&[0]);
    }

    /// An element; with `slots` its values are places of a template.
    fn element(&mut self, node: &Node, of_template: bool, slots: &mut Option<u16>) {
        self.put(&[if node.attributes.is_empty() {
            0x01
        } else {
            0x41
        }]);
        if of_template {
            self.put(&u16::MAX.to_le_bytes());
        }
        let length = self.length();
        self.name(node.name);
        if !node.attributes.is_empty() {
            let list = self.length();
            for (place, (name, value)) in node.attributes.iter().enumerate() {
                let more = place + 1 < node.attributes.len();
                self.put(&[if more { 0x46 } else { 0x06 }]);
                self.name(name);
                self.value(value, slots);
            }
            self.end_length(list);
        }
        if node.content.is_empty() {
            self.put(&[0x03]);
        } else {
            self.put(&[0x02]);
            for content in &node.content {
                match content {
                    Content::Node(node) => self.element(node, of_template, slots),
                    Content::Value(value) => self.value(value, slots),
                }
            }
            self.put(&[0x04]);
        }
        self.end_length(length);
    }

    fn value(&mut self, value: &Value, slots: &mut Option<u16>) {
        match slots {
            Some(next) => {
                self.bytes.push(0x0d);
                self.bytes.extend(next.to_le_bytes());
                self.bytes.push(value.kind());
                *next += 1;
            }
            None => {
                let units: Vec<u16> = value.text().encode_utf16().collect();
                self.put(&[0x05, 0x01]);
                self.put(&(units.len() as u16).to_le_bytes());
                self.bytes
                    .extend(units.into_iter().flat_map(u16::to_le_bytes));
            }
        }
    }

    /// A name: where it stands in the chunk, and the name itself where it stands first.
    fn name(&mut self, name: &'static str) {
        if let Some(known) = self.names.get(name).copied() {
            self.put(&known.to_le_bytes());
            return;
        }
        let here = self.bytes.len() as u32 + 4;
        self.put(&here.to_le_bytes());
        let units: Vec<u16> = name.encode_utf16().collect();
        let hash = units.iter().fold(0u32, |hash, unit| {
            hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit))
        });
        let bucket = (hash & 0xffff) as usize % 64;
        let next = std::mem::replace(&mut self.buckets[bucket], here);
        self.put(&next.to_le_bytes());
        self.put(&(hash as u16).to_le_bytes());
        self.put(&(units.len() as u16).to_le_bytes());
        self.bytes
            .extend(units.into_iter().flat_map(u16::to_le_bytes));
        self.put(&[0, 0]);
        self.names.insert(name, here);
    }

    /// The chunk with its header and its free space.
    fn closed(self) -> Vec<u8> {
        let mut header = b"ElfChnk\0".to_vec();
        let first = self.first.unwrap_or(1);
        for number in [first, self.last, first, self.last] {
            header.extend(number.to_le_bytes());
        }
        let sum = crc32(&[&self.bytes[CHUNK_HEADER..]]);
        for number in [128, self.last_offset, self.bytes.len() as u32, sum] {
            header.extend(number.to_le_bytes());
        }
        header.resize(128, 0);
        header.extend(self.buckets.iter().flat_map(|offset| offset.to_le_bytes()));
        header.resize(CHUNK_HEADER, 0);
        let sum = crc32(&[&header[..120], &header[128..]]);
        header[124..128].copy_from_slice(&sum.to_le_bytes());
        header.extend_from_slice(&self.bytes[CHUNK_HEADER..]);
        assert!(header.len() <= CHUNK, "a chunk of {} bytes", header.len());
        header.resize(CHUNK, 0);
        header
    }
}

fn gather<'a>(node: &'a Node, values: &mut Vec<&'a Value>) {
    values.extend(node.attributes.iter().map(|(_, value)| value));
    for content in &node.content {
        match content {
            Content::Node(node) => gather(node, values),
            Content::Value(value) => values.push(value),
        }
    }
}

/// Names and kinds of values: what makes two events instances of one template.
fn shape(node: &Node) -> String {
    let mut text = format!("<{}", node.name);
    for (name, value) in &node.attributes {
        text.push_str(&format!(" {name}:{}", value.kind()));
    }
    for content in &node.content {
        match content {
            Content::Node(node) => text.push_str(&shape(node)),
            Content::Value(value) => text.push_str(&format!("={}", value.kind())),
        }
    }
    text + ">"
}
