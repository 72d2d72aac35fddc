//! What belongs to one look: commands about a dump that stands still.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::line::Command;
use super::table::Totals;
use super::vm::Sizes;
use crate::artifact::look::{
    Lack, Look, MAX_ROWS, Memory, Origin, Row, Spot, Stamp, StampTime, WHOLE_TABLE_ROWS,
};
use crate::tag::{Pool, Tag};

/// A table of `!poolused`, read so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub rows: Vec<Row>,
    pub tags: usize,
    pub session: bool,
    pub pattern: Option<String>,
    pub totals: Option<Totals>,
    pub cut: bool,
    pub lost: u64,
    pub offset: u64,
}

impl Table {
    pub fn of(command: &Command) -> Table {
        match command {
            Command::PoolUsed { session, pattern } => Table {
                session: *session,
                pattern: pattern.clone(),
                ..Table::default()
            },
            _ => Table::default(),
        }
    }

    pub fn add(&mut self, rows: Vec<Row>, offset: u64) {
        if self.rows.is_empty() {
            self.offset = offset;
        }
        self.tags += 1;
        if self.rows.len() < MAX_ROWS {
            self.rows.extend(rows);
        } else {
            self.lost += 1;
        }
    }

    /// Why rows may be missing.
    fn lacks(&self) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let adds_up = self.totals.as_ref().map(|totals| self.adds_up(totals));
        if self.session {
            lacks.push(Lack::Session);
        }
        if let Some(pattern) = &self.pattern {
            lacks.push(Lack::TagsChosen(pattern.clone()));
        }
        if self.lost > 0 {
            lacks.push(Lack::RowsLost(self.lost));
        }
        match adds_up {
            Some(false) => lacks.push(Lack::Torn),
            _ if self.cut => lacks.push(Lack::Torn),
            Some(true) if self.tags >= WHOLE_TABLE_ROWS => {}
            _ if lacks.is_empty() => lacks.push(Lack::Unknown(self.tags)),
            _ => {}
        }
        lacks
    }

    fn adds_up(&self, Totals(totals): &Totals) -> bool {
        totals.iter().all(|(pool, _, bytes)| {
            let rows = self.rows.iter().filter(|r| r.pool == *pool);
            rows.map(|r| i128::from(r.bytes)).sum::<i128>() == *bytes
        })
    }
}

/// A look that is being put together.
#[derive(Default)]
pub(super) struct Session {
    look: Look,
    values: BTreeMap<(Tag, Pool), Row>,
    uptime: Option<Duration>,
    whole: bool,
    begun: bool,
}

impl Session {
    /// True when a table or sizes are in it.
    pub fn has_content(&self) -> bool {
        !self.look.says_nothing()
    }

    fn begin(&mut self, first: Spot, offset: u64) {
        if !self.begun {
            self.begun = true;
            self.look.first = first;
            self.look.offset = offset;
        }
    }

    /// True if a table shows other figures of a tag than one before: the target lives.
    pub fn contradicts(&self, table: &Table) -> bool {
        let differs = |row: &Row| {
            let known = self.values.get(&(row.tag, row.pool));
            known.is_some_and(|k| (k.blocks, k.bytes) != (row.blocks, row.bytes))
        };
        table.rows.iter().any(differs)
    }

    pub fn add_table(&mut self, table: Table) {
        let Some(first) = table.rows.first().map(|row| row.spot) else {
            return;
        };
        self.begin(first, table.offset);
        let lacks = table.lacks();
        // Of several tables of one moment the most complete one counts.
        let had_table = !self.look.rows.is_empty();
        if lacks.is_empty() {
            self.whole = true;
        } else if !had_table || self.look.lacks.len() > lacks.len() {
            self.look.lacks = lacks;
        }
        for row in table.rows {
            if self.look.rows.len() < MAX_ROWS && !self.values.contains_key(&(row.tag, row.pool)) {
                self.values.insert((row.tag, row.pool), row);
                self.look.rows.push(row);
            }
        }
    }

    /// True if `!vm` states other sizes than before.
    pub fn contradicts_sizes(&self, memory: &Memory) -> bool {
        self.look.memory.contradicts(memory)
    }

    pub fn add_sizes(&mut self, sizes: &Sizes, memory: Memory) {
        self.begin(Spot::Line(sizes.line), sizes.offset);
        self.look.memory = self.look.memory.or(memory);
    }

    /// The time of the dump. False if another one is known: another dump's.
    pub fn set_time(&mut self, at: Option<DateTime<Utc>>, text: &str, line: u64) -> bool {
        if let Some(known) = &self.look.stamp {
            return known.text == text;
        }
        // Without an offset from UTC the words are the local time of the debugger's machine.
        let Some(at) = at else {
            return true;
        };
        self.look.stamp = Some(Stamp {
            origin: Origin::DebugSession,
            time: StampTime::Instant(at),
            text: text.to_owned(),
            line,
        });
        true
    }

    pub fn set_uptime(&mut self, uptime: Duration) {
        self.uptime = self.uptime.or(Some(uptime));
    }

    /// The finished look, if there is anything in it.
    pub fn close(&mut self) -> Option<Look> {
        let mut done = std::mem::take(self);
        if !done.has_content() {
            return None;
        }
        if done.whole {
            done.look.lacks.clear();
        }
        let at = done.look.stamp.as_ref().map(|stamp| stamp.time);
        if let (Some(StampTime::Instant(at)), Some(uptime)) = (at, done.uptime) {
            done.look.boot = at.checked_sub_signed(uptime);
        }
        Some(done.look)
    }
}
