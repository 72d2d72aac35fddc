//! HTTPERR files made of events: every column layout, roll-over names, and what happens to logs.

use chrono::{DateTime, Datelike, Duration, Utc};

use super::chance::Chance;
use super::traffic::Event;

const BASE: &str = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri";

/// The columns of a log, and whether it says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    pub fields: Vec<&'static str>,
    pub name: &'static str,
}

impl Columns {
    /// The usual layout of `count` columns.
    pub fn usual(count: usize) -> Self {
        let (name, tail): (&str, &str) = match count {
            12 => ("L12", "sc-status s-siteid s-reason"),
            13 => ("L13", "sc-status s-siteid s-reason s-queuename"),
            14 => ("L14", "streamid sc-status s-siteid s-reason s-queuename"),
            16 => (
                "L16",
                "streamid streamid_ex sc-status s-siteid s-reason s-queuename transport",
            ),
            18 => (
                "L18",
                "streamid streamid_ex sc-status s-siteid s-reason s-queuename transport \
                 fault-code extended-fault-code",
            ),
            other => panic!("no layout of {other} columns"),
        };
        let fields = BASE.split(' ').chain(tail.split_whitespace()).collect();
        Columns { fields, name }
    }

    /// A choice of columns that an administrator made.
    pub fn custom(chance: &mut Chance) -> Self {
        let text = chance.pick(&[
            "date time cs-version cs-method cs-uri sc-status s-reason",
            "date time s-computername c-ip c-port s-ip s-port cs-version cs-method cs(User-Agent) \
             cs-uri cs-host sc-status s-siteid s-reason s-queuename sc-bytes cs-bytes time-taken",
            "date time s-reason s-queuename c-ip c-port cs-uri sc-status",
            "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid \
             s-reason s-queuename correlation-id",
        ]);
        Columns {
            fields: text.split_whitespace().collect(),
            name: "custom",
        }
    }

    fn block(&self, moment: DateTime<Utc>, software: &str, trailing: &str) -> Vec<String> {
        vec![
            format!("#Software: {software}"),
            "#Version: 1.0".to_owned(),
            format!("#Date: {}", moment.format("%Y-%m-%d %H:%M:%S")),
            format!("#Fields: {}{trailing}", self.fields.join(" ")),
        ]
    }

    fn row(&self, event: &Event, moment: DateTime<Utc>) -> String {
        let cell = |name: &&str| match *name {
            "date" => moment.format("%Y-%m-%d").to_string(),
            "time" => moment.format("%H:%M:%S").to_string(),
            other => event.field(other).to_owned(),
        };
        self.fields.iter().map(cell).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Header {
    Absent,
    Once,
    Repeated,
    /// Another layout from somewhere in the second half of a file on.
    Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rollover {
    Size,
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

/// What happened to the files on their way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mess {
    pub line_feeds: bool,
    pub nul_run: bool,
    pub nul_tail: bool,
    pub torn_tail: bool,
    pub invalid_utf8: bool,
    pub duplicate: bool,
    pub overlap: bool,
    pub utf16: bool,
    pub header_only_file: bool,
}

/// How one case's logs are written.
#[derive(Clone, Debug)]
pub struct Style {
    pub columns: Columns,
    pub changed: Columns,
    pub header: Header,
    pub rollover: Rollover,
    pub mess: Mess,
}

impl Style {
    pub fn draw(chance: &mut Chance, columns: &[usize]) -> Self {
        let any = [12, 13, 14, 16, 18];
        let count = if chance.odds(0.6) {
            chance.pick(columns)
        } else {
            chance.pick(&any)
        };
        let usual = Columns::usual(count);
        let custom = chance.odds(0.12);
        let header = match chance.whole(0, 9) {
            _ if count == 12 && chance.odds(0.7) => Header::Absent,
            0 if !custom => Header::Absent,
            1 | 2 => Header::Repeated,
            3 => Header::Changed,
            _ => Header::Once,
        };
        let custom = custom && header != Header::Absent;
        Style {
            columns: if custom {
                Columns::custom(chance)
            } else {
                usual
            },
            changed: Columns::usual(chance.pick(&[13, 14, 16, 18])),
            header,
            rollover: chance.pick(&[
                Rollover::Size,
                Rollover::Size,
                Rollover::Size,
                Rollover::Hourly,
                Rollover::Daily,
                Rollover::Weekly,
                Rollover::Monthly,
            ]),
            mess: Mess::draw(chance, custom),
        }
    }
}

impl Mess {
    fn draw(chance: &mut Chance, custom: bool) -> Self {
        Mess {
            line_feeds: chance.odds(0.15),
            nul_run: chance.odds(0.1),
            nul_tail: chance.odds(0.1),
            torn_tail: chance.odds(0.15),
            invalid_utf8: chance.odds(0.1),
            duplicate: chance.odds(0.12),
            // Rows of a narrow custom layout may be equal without being one: no overlaps there.
            overlap: !custom && chance.odds(0.12),
            utf16: chance.odds(0.03),
            header_only_file: chance.odds(0.08),
        }
    }
}

/// One log before its lines become bytes.
struct Log<'a> {
    name: String,
    events: &'a [Event],
}

/// The files of a case, by name; `events` are in order of time.
pub fn files(
    chance: &mut Chance,
    style: &Style,
    events: &[Event],
    start: DateTime<Utc>,
) -> Vec<(String, Vec<u8>)> {
    let folder = chance.pick(&[
        "HTTPERR",
        "httperr",
        "LogFiles/HTTPERR",
        "System32/LogFiles/HTTPERR",
    ]);
    let logs = split(chance, style, events, start);
    let changing = chance.whole(0, logs.len().max(1) as u64 - 1) as usize;
    let mut made = Vec::new();
    for (at, log) in logs.iter().enumerate() {
        let changed = at >= changing && style.header == Header::Changed;
        let mut bytes = text(chance, style, log.events, start, changed, at == changing);
        if at + 1 == logs.len() {
            end(style, &mut bytes, log.events, start);
        }
        made.push((format!("{folder}/{}", log.name), bytes));
    }
    copies(chance, style, &mut made, folder);
    if style.mess.header_only_file {
        let block = style
            .columns
            .block(start, "Microsoft HTTP API 2.0", "")
            .join("\r\n");
        made.push((
            format!("{folder}/httperr99.log"),
            format!("{block}\r\n").into_bytes(),
        ));
    }
    if style.mess.utf16 {
        made.iter_mut().for_each(|(_, bytes)| *bytes = utf16(bytes));
    }
    made
}

/// Text as PowerShell saves it again: a mark, then two bytes a character.
pub fn utf16(bytes: &[u8]) -> Vec<u8> {
    let mut wide = vec![0xff, 0xfe];
    wide.extend(bytes.iter().flat_map(|&byte| [byte, 0]));
    wide
}

fn split<'a>(
    chance: &mut Chance,
    style: &Style,
    events: &'a [Event],
    start: DateTime<Utc>,
) -> Vec<Log<'a>> {
    let named = |event: &Event| name(style.rollover, start + Duration::seconds(event.second));
    if style.rollover == Rollover::Size {
        // Numbers from eight on: their order is not the order of their names.
        let (first, parts) = (chance.pick(&[1, 8, 9, 42]), chance.whole(1, 4) as usize);
        let size = events.len().div_ceil(parts).max(1);
        let chunks = events.chunks(size).enumerate();
        return chunks
            .map(|(at, events)| Log {
                name: format!("httperr{}.log", first + at),
                events,
            })
            .collect();
    }
    let chunks = events.chunk_by(|a, b| named(a) == named(b));
    chunks
        .map(|events| Log {
            name: named(&events[0]),
            events,
        })
        .collect()
}

fn name(rollover: Rollover, moment: DateTime<Utc>) -> String {
    let week = (moment.day() - 1) / 7 + 1;
    match rollover {
        Rollover::Size => String::new(),
        Rollover::Hourly => moment.format("ht%y%m%d%H.log").to_string(),
        Rollover::Daily => moment.format("ht%y%m%d.log").to_string(),
        Rollover::Weekly => format!("ht{}{week:02}.log", moment.format("%y%m")),
        Rollover::Monthly => moment.format("ht%y%m.log").to_string(),
    }
}

fn text(
    chance: &mut Chance,
    style: &Style,
    events: &[Event],
    start: DateTime<Utc>,
    changed: bool,
    mid_file: bool,
) -> Vec<u8> {
    let at = |event: &Event| start + Duration::seconds(event.second);
    let software = chance.pick(&["Microsoft HTTP API 1.0", "Microsoft HTTP API 2.0"]);
    let trailing = chance.pick(&["", "", " "]);
    let switch = if changed && mid_file {
        events.len() * 2 / 3
    } else {
        0
    };
    let repeat = events.len() / 2;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let block = |lines: &mut Vec<Vec<u8>>, columns: &Columns, event: &Event| {
        lines.extend(
            columns
                .block(at(event), software, trailing)
                .into_iter()
                .map(String::into_bytes),
        );
    };
    for (number, event) in events.iter().enumerate() {
        let columns = if changed && number >= switch {
            &style.changed
        } else {
            &style.columns
        };
        let again = match style.header {
            Header::Absent => false,
            Header::Once => number == 0,
            Header::Repeated => number == 0 || number == repeat,
            Header::Changed => number == 0 || (changed && number == switch),
        };
        if again {
            block(&mut lines, columns, event);
        }
        lines.push(columns.row(event, at(event)).into_bytes());
    }
    spoil(style, &mut lines);
    let end: &[u8] = if style.mess.line_feeds {
        b"\n"
    } else {
        b"\r\n"
    };
    lines
        .iter()
        .flat_map(|line| [line.as_slice(), end].concat())
        .collect()
}

/// A run of NULs before one line, bytes that are no UTF-8 in some URIs.
fn spoil(style: &Style, lines: &mut [Vec<u8>]) {
    let middle = lines.len() / 2;
    if let Some(line) = lines.get_mut(middle).filter(|_| style.mess.nul_run) {
        let row = std::mem::replace(line, vec![0; 300]);
        line.extend(row);
    }
    if style.mess.invalid_utf8 {
        for line in lines.iter_mut() {
            if let Some(at) = line.windows(9).position(|seen| seen == b"/default.") {
                line[at + 1] = 0xe9;
            }
        }
    }
}

/// The end of the last file: cut in the middle of a row, or padded with NULs.
fn end(style: &Style, bytes: &mut Vec<u8>, events: &[Event], start: DateTime<Utc>) {
    let last = events.last().map_or(0, |event| event.second);
    if style.mess.torn_tail {
        let moment = start + Duration::seconds(last + 2);
        bytes.extend(format!("{} 192.0.2", moment.format("%Y-%m-%d %H:%M:%S")).bytes());
    }
    if style.mess.nul_tail {
        bytes.extend([0; 700]);
    }
}

/// Files that are in the bundle twice, whole or in part.
fn copies(chance: &mut Chance, style: &Style, made: &mut Vec<(String, Vec<u8>)>, folder: &str) {
    let chosen = chance.whole(0, made.len().max(1) as u64 - 1) as usize;
    let Some((name, bytes)) = made.get(chosen).cloned() else {
        return;
    };
    let file = name.rsplit('/').next().unwrap_or(&name).to_owned();
    if style.mess.duplicate {
        made.push((format!("{folder}/Copy of {file}"), bytes.clone()));
    }
    if style.mess.overlap {
        made.push((format!("earlier/{folder}/{file}"), part(&bytes)));
    }
}

/// The first three fifths of a log, to the end of a line: what was copied a few hours before.
fn part(bytes: &[u8]) -> Vec<u8> {
    let near = bytes.len() * 3 / 5;
    let end = bytes[near..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(near, |at| near + at + 1);
    bytes[..end.min(bytes.len())].to_vec()
}
