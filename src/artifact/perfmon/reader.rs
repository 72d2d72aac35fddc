//! A log, row by row.

use std::collections::BTreeMap;
use std::io::{self, Read};

use chrono::{Datelike, NaiveDateTime};

use super::collected::Collected;
use super::columns::{Counter, Path, folded, zone};
use super::fields::{Cell, Fields, cell, delimiter};
use super::lines::{Line, Lines};
use super::stamps::{Order, Written};
use super::{
    Form, MAX_MACHINES, MAX_PROCESSES, MAX_SAMPLES, Machine, PerfLog, Places, Process, Sample, When,
};

/// Reads a log as a stream; what went wrong on the way stands in its notes.
pub fn read(source: impl Read) -> PerfLog {
    let mut log = PerfLog::default();
    if let Err(why) = read_all(source, &mut log) {
        log.notes.failure = Some(why.to_string());
    }
    log
}

fn read_all(source: impl Read, log: &mut PerfLog) -> io::Result<()> {
    let mut lines = Lines::new(source);
    let mut line = Line::default();
    let mut table: Option<Table> = None;
    while lines.next(&mut line)? {
        if line.cut {
            log.notes.cut += 1;
            continue;
        }
        if line.text.trim().is_empty() {
            continue;
        }
        match Table::of_header(&line.text, log) {
            Some(header) => table = Some(header),
            None => {
                if let Some(table) = &mut table {
                    table.row(&line, log);
                }
            }
        }
    }
    if let Some(table) = table {
        table.finish(log);
    }
    Ok(())
}

/// The columns of a header, and what its rows have told so far.
enum Table {
    Pdh(Box<Pdh>),
    Collected(Collected),
}

impl Table {
    fn of_header(line: &str, log: &mut PerfLog) -> Option<Table> {
        if line.contains("(PDH-") {
            let first = line.trim_start().trim_start_matches('"');
            if first.starts_with("(PDH-") {
                return Some(Table::Pdh(Box::new(Pdh::of_header(line, log))));
            }
        }
        let collected = Collected::of_header(line)?;
        log.form = Form::Collected;
        Some(Table::Collected(collected))
    }

    fn row(&mut self, line: &Line, log: &mut PerfLog) {
        log.notes.rows += 1;
        match self {
            Table::Pdh(pdh) => pdh.row(line, log),
            Table::Collected(collected) => match collected.row(&line.text, line.number) {
                Some(sample) => {
                    if log.machines.is_empty() {
                        log.machines.push(Machine::default());
                    }
                    let machine = log.machines.first_mut();
                    machine.into_iter().for_each(|m| m.keep(sample));
                }
                None => count(&mut log.notes.undated, line.number),
            },
        }
    }

    fn finish(self, log: &mut PerfLog) {
        if let Table::Pdh(pdh) = self {
            pdh.finish(log);
        }
    }
}

/// Counts, and keeps the first line.
fn count((times, first): &mut (u64, u64), line: u64) {
    *times += 1;
    if *first == 0 {
        *first = line;
    }
}

/// A column in use.
struct Column {
    place: usize,
    machine: usize,
    counter: Counter,
    /// Of a counter of a process: which instance.
    instance: usize,
}

/// A counter log.
struct Pdh {
    delimiter: char,
    columns: Vec<Column>,
    /// Instances of processes: whose, and the name.
    instances: Vec<(usize, String)>,
    /// Processes by machine, instance and id, each with its place in the machine's list.
    processes: BTreeMap<(usize, usize, Option<u64>), usize>,
    order: Option<Order>,
    rewritten: u64,
    /// The figures of one row, by machine, and those of processes, by instance.
    row: Vec<Option<Sample>>,
    ids: Vec<Option<u64>>,
    held: Vec<Option<u64>>,
}

impl Pdh {
    /// The columns of a header. A log that was appended to has several; machines keep their places.
    fn of_header(line: &str, log: &mut PerfLog) -> Pdh {
        let delimiter = delimiter(line);
        let mut cells = Fields::new(line, delimiter);
        let stated = cells.next().and_then(zone);
        log.zone = log.zone.take().or(stated);
        let mut pdh = Pdh {
            delimiter,
            columns: Vec::new(),
            instances: Vec::new(),
            processes: BTreeMap::new(),
            order: None,
            rewritten: 0,
            row: Vec::new(),
            ids: Vec::new(),
            held: Vec::new(),
        };
        let mut machines: Places = log
            .machines
            .iter()
            .enumerate()
            .map(|(place, m)| (key(m.name.as_deref()), place))
            .collect();
        let mut instances: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let notes = &mut log.notes;
        (notes.columns, notes.used_columns) = (0, 0);
        for (index, text) in cells.enumerate() {
            notes.columns += 1;
            let Some(path) = Path::parse(text) else {
                continue;
            };
            let Some(counter) = path.known() else {
                notes.example.get_or_insert_with(|| text.trim().to_owned());
                continue;
            };
            let machine = match machines.get(&key(path.host)) {
                Some(&place) => place,
                None if log.machines.len() >= MAX_MACHINES => {
                    notes.beyond += 1;
                    continue;
                }
                None => {
                    machines.insert(key(path.host), log.machines.len());
                    log.machines.push(Machine {
                        name: path.host.map(str::to_owned),
                        one_in: 1,
                        ..Machine::default()
                    });
                    log.machines.len() - 1
                }
            };
            let mut instance = 0;
            if let (Some(name), Counter::Handles | Counter::ProcessId) = (path.instance, counter) {
                let next = instances.len();
                instance = *instances.entry((machine, name.to_owned())).or_insert(next);
                if instance == next {
                    pdh.instances.push((machine, name.to_owned()));
                }
            }
            notes.used_columns += 1;
            pdh.columns.push(Column {
                place: index + 1,
                machine,
                counter,
                instance,
            });
        }
        pdh.row = vec![None; log.machines.len()];
        pdh.ids = vec![None; pdh.instances.len()];
        pdh.held = vec![None; pdh.instances.len()];
        pdh
    }

    fn row(&mut self, line: &Line, log: &mut PerfLog) {
        let mut cells = Fields::new(&line.text, self.delimiter);
        let Some(at) = cells.next().and_then(|first| self.time(first, log)) else {
            count(&mut log.notes.undated, line.number);
            return;
        };
        self.row.fill(None);
        self.ids.fill(None);
        self.held.fill(None);
        let mut columns = self.columns.iter().peekable();
        let comma = self.delimiter == ';';
        for (place, text) in (1..).zip(cells) {
            let Some(column) = columns.next_if(|c| c.place == place) else {
                if columns.peek().is_none() {
                    break;
                }
                continue;
            };
            let value = match cell(text, comma) {
                Cell::Value(value) => value,
                Cell::Missing => {
                    log.notes.missing += 1;
                    continue;
                }
                Cell::Unreadable => {
                    count(&mut log.notes.unreadable, line.number);
                    continue;
                }
            };
            match column.counter {
                Counter::Handles => self.held[column.instance] = Some(value),
                Counter::ProcessId => self.ids[column.instance] = Some(value),
                counter => {
                    let empty = Sample::at(line.number, When::Local(at));
                    let sample = self.row[column.machine].get_or_insert(empty);
                    note_value(sample, counter, value);
                }
            }
        }
        for (machine, sample) in log.machines.iter_mut().zip(&self.row) {
            if let Some(sample) = sample.filter(Sample::says_something) {
                machine.keep(sample);
            }
        }
        self.follow_processes(line.number, log);
    }

    /// The time of a row. The first one that proves an order decides for the others.
    fn time(&mut self, text: &str, log: &mut PerfLog) -> Option<NaiveDateTime> {
        let written = Written::parse(text)?;
        self.rewritten += u64::from(written.is_rewritten());
        if self.order.is_none() && written.is_rewritten() {
            self.order = written.proves();
            if self.order == Some(Order::DayFirst) {
                log.notes.day_first = true;
                for machine in &mut log.machines {
                    machine.samples.iter_mut().for_each(swap_day_and_month);
                }
            }
        }
        written.read(self.order.unwrap_or(Order::MonthFirst))
    }

    fn follow_processes(&mut self, line: u64, log: &mut PerfLog) {
        let row = log.notes.rows;
        for (instance, handles) in self.held.iter().enumerate() {
            let (Some(handles), Some((machine, name))) = (*handles, self.instances.get(instance))
            else {
                continue;
            };
            let pid = self.ids.get(instance).copied().flatten();
            let Some(of) = log.machines.get_mut(*machine) else {
                continue;
            };
            let key = (*machine, instance, pid);
            let place = self.processes.get(&key).copied();
            if let Some(known) = place.and_then(|place| of.processes.get_mut(place)) {
                (known.last, known.line) = ((row, handles), line);
            } else if of.processes.len() >= MAX_PROCESSES {
                log.notes.beyond += 1;
            } else {
                self.processes.insert(key, of.processes.len());
                of.processes.push(Process {
                    name: name.clone(),
                    pid,
                    first: (row, handles),
                    last: (row, handles),
                    line,
                });
            }
        }
    }

    fn finish(self, log: &mut PerfLog) {
        log.notes.order_open = self.rewritten > 0 && self.order.is_none();
    }
}

fn key(host: Option<&str>) -> String {
    host.map_or_else(String::new, folded)
}

/// A time that was read as month before day and is day before month.
fn swap_day_and_month(sample: &mut Sample) {
    if let When::Local(at) = sample.when {
        let swapped = at
            .date()
            .with_day(1)
            .and_then(|d| d.with_month(at.day()))
            .and_then(|d| d.with_day(at.month()));
        sample.when = When::Local(swapped.map_or(at, |date| date.and_time(at.time())));
    }
}

fn note_value(sample: &mut Sample, counter: Counter, value: u64) {
    match counter {
        Counter::Nonpaged => sample.nonpaged = Some(value),
        Counter::Paged => sample.paged = Some(value),
        // Of the same memory in several units, the finest counts.
        Counter::Available(unit) => {
            let bytes = value.saturating_mul(unit);
            if unit == 1 || sample.available.is_none() {
                sample.available = Some(bytes);
            }
        }
        Counter::Committed => sample.committed = Some(value),
        Counter::CommitLimit => sample.commit_limit = Some(value),
        Counter::Uptime => sample.uptime = Some(value),
        Counter::AllHandles => sample.handles = Some(value),
        Counter::Handles | Counter::ProcessId => {}
    }
}

impl Machine {
    /// Keeps a sample; where there are too many, drops every second.
    fn keep(&mut self, sample: Sample) {
        self.one_in = self.one_in.max(1);
        self.samples.push(sample);
        if self.samples.len() >= MAX_SAMPLES.saturating_mul(2) {
            self.one_in = self.one_in.saturating_mul(2);
            let pairs = std::mem::take(&mut self.samples);
            let higher = |pair: &[Sample]| pair.iter().copied().max_by_key(|s| s.nonpaged);
            self.samples = pairs.chunks(2).filter_map(higher).collect();
        }
    }
}
