//! How far a batch is: a total and a line a worker on a terminal, else a line now and then or
//! JSON events.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Common, ProgressMode};
use super::output::safe;
use crate::batch::record::Record;
use crate::batch::watch::{Stage, Unwatched, Watch};
use crate::report::wording::{count, counted, hours, size_u};

/// Time between two lines of a log.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Longest path shown on a worker's line; its end tells cases apart.
const LONGEST_PATH: usize = 60;

/// The progress that the options ask for.
pub(super) fn of(common: &Common) -> Box<dyn Watch> {
    let terminal = std::io::stderr().is_terminal();
    match common.progress {
        _ if common.quiet => Box::new(Unwatched),
        ProgressMode::None => Box::new(Unwatched),
        ProgressMode::Bar => Box::new(Bars::new()),
        ProgressMode::Auto if terminal => Box::new(Bars::new()),
        ProgressMode::Auto | ProgressMode::Plain => Box::new(Log::new(Form::Plain)),
        ProgressMode::Json => Box::new(Log::new(Form::Json)),
    }
}

/// What is known of the whole, for whichever form.
struct Tally {
    stage: Stage,
    began: Instant,
    cases: u64,
    bytes: u64,
    done_cases: u64,
    done_bytes: u64,
    failed: u64,
    /// Of each worker: bytes of its case, and how many of them count as done already.
    workers: BTreeMap<usize, (u64, u64)>,
}

impl Tally {
    fn new() -> Self {
        Tally {
            stage: Stage::Listing,
            began: Instant::now(),
            cases: 0,
            bytes: 0,
            done_cases: 0,
            done_bytes: 0,
            failed: 0,
            workers: BTreeMap::new(),
        }
    }

    fn begin(&mut self, stage: Stage, cases: u64, bytes: u64) {
        let failed = self.failed;
        *self = Tally {
            stage,
            cases,
            bytes,
            failed,
            ..Tally::new()
        };
    }

    fn advance(&mut self, worker: usize, phase: &str, done: u64, total: u64) {
        let Some((bytes, counted)) = self.workers.get_mut(&worker) else {
            return;
        };
        // Two phases of a case; which takes longer differs, half each never goes back.
        let part = done as f64 / total.max(1) as f64 / 2.0;
        let part = part.min(0.5) + if phase == "images" { 0.5 } else { 0.0 };
        let now = (*bytes as f64 * part) as u64;
        self.done_bytes += now.saturating_sub(*counted);
        *counted = now.max(*counted);
    }

    fn end(&mut self, worker: usize, bytes: u64, record: Option<&Record>) {
        let counted = self
            .workers
            .remove(&worker)
            .map_or(0, |(_, counted)| counted);
        self.done_bytes += bytes.saturating_sub(counted);
        self.done_cases += 1;
        self.failed += u64::from(record.is_some_and(|record| !record.is_ok()));
    }

    /// Hours left by the bytes that are done; nothing before there is something to go by.
    fn left(&self) -> Option<f64> {
        let spent = self.began.elapsed().as_secs_f64() / 3_600.0;
        let done = self.done_bytes as f64 / self.bytes.max(1) as f64;
        (done > 0.01 && self.bytes > 0).then(|| spent * (1.0 - done).max(0.0) / done)
    }
}

/// The end of a path, which tells more than its beginning.
fn short(path: &str) -> String {
    let shown = safe(path);
    let length = shown.chars().count();
    match length > LONGEST_PATH {
        true => {
            let tail: String = shown.chars().skip(length - LONGEST_PATH + 1).collect();
            format!("…{tail}")
        }
        false => shown,
    }
}

fn failure_line(record: &Record) -> Option<String> {
    let why = record.error.as_deref().filter(|_| !record.is_ok())?;
    Some(format!("failed: {}: {}", safe(&record.path), safe(why)))
}

/// A bar for the whole and a line for each worker.
struct Bars {
    multi: MultiProgress,
    total: ProgressBar,
    lines: Mutex<BTreeMap<usize, ProgressBar>>,
    tally: Mutex<Tally>,
}

impl Bars {
    fn new() -> Self {
        let multi = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let total = multi.add(ProgressBar::new(0));
        // Short enough for all words on 80 columns.
        let template = "{prefix:>12} [{bar:14}] {percent:>3}% {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            total.set_style(style.progress_chars("=> "));
        }
        Bars {
            multi,
            total,
            lines: Mutex::default(),
            tally: Mutex::new(Tally::new()),
        }
    }

    fn show(&self, tally: &Tally) {
        self.total.set_position(tally.done_bytes);
        let mut words = match tally.cases {
            0 => counted(tally.done_cases, "case"),
            cases => format!("{}/{}", count(tally.done_cases), counted(cases, "case")),
        };
        // The most wanted first: a narrow terminal cuts the end.
        if tally.failed > 0 {
            words.push_str(&format!(", {} failed", count(tally.failed)));
        }
        if let Some(left) = tally.left() {
            words.push_str(&format!(", {} left", in_words(left)));
        }
        if tally.bytes > 0 {
            words.push_str(&format!(
                ", {} of {}",
                size_u(tally.done_bytes),
                size_u(tally.bytes)
            ));
        }
        self.total.set_message(words);
    }

    fn line(&self, worker: usize, text: String) {
        let Ok(mut lines) = self.lines.lock() else {
            return;
        };
        let line = lines.entry(worker).or_insert_with(|| {
            let line = self.multi.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{prefix:>12} {wide_msg}") {
                line.set_style(style);
            }
            line.set_prefix(format!("worker {}", worker + 1));
            line
        });
        line.set_message(text);
    }
}

/// A stretch of hours, to the minute or second.
fn in_words(left: f64) -> String {
    let seconds = (left * 3_600.0).round();
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        _ => hours(left),
    }
}

impl Watch for Bars {
    fn stage(&self, stage: Stage, cases: u64, bytes: u64) {
        let Ok(mut tally) = self.tally.lock() else {
            return;
        };
        tally.begin(stage, cases, bytes);
        if let Ok(mut lines) = self.lines.lock() {
            for (_, line) in std::mem::take(&mut *lines) {
                line.finish_and_clear();
                self.multi.remove(&line);
            }
        }
        self.total.reset();
        self.total.set_length(bytes.max(1));
        self.total.set_prefix(stage.label());
        self.show(&tally);
    }

    fn begins(&self, worker: usize, path: &str, bytes: u64) {
        if let Ok(mut tally) = self.tally.lock() {
            tally.workers.insert(worker, (bytes, 0));
        }
        self.line(worker, format!("{} ({})", short(path), size_u(bytes)));
    }

    fn goes_on(&self, worker: usize, phase: &str, done: u64, total: u64) {
        let Ok(mut tally) = self.tally.lock() else {
            return;
        };
        tally.advance(worker, phase, done, total);
        self.show(&tally);
    }

    fn ends(&self, worker: usize, _: &str, bytes: u64, record: Option<&Record>) {
        if let Some(line) = record.and_then(failure_line) {
            let _ = self.multi.println(line);
        }
        let Ok(mut tally) = self.tally.lock() else {
            return;
        };
        tally.end(worker, bytes, record);
        self.show(&tally);
        self.line(worker, String::new());
    }

    fn remark(&self, text: &str) {
        let _ = self.multi.println(format!("poolsleuth: {}", safe(text)));
    }

    fn over(&self) {
        let _ = self.multi.clear();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Json,
}

/// Lines on stderr: failures at once, how far it is now and then.
struct Log {
    form: Form,
    tally: Mutex<(Tally, Instant)>,
}

impl Log {
    fn new(form: Form) -> Self {
        Log {
            form,
            tally: Mutex::new((Tally::new(), Instant::now())),
        }
    }

    fn say(&self, plain: Option<String>, event: serde_json::Value) {
        let line = match self.form {
            Form::Plain => plain.map(|text| format!("poolsleuth: {text}")),
            Form::Json => Some(event.to_string()),
        };
        if let Some(line) = line {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    fn beat(&self) {
        let Ok(mut state) = self.tally.lock() else {
            return;
        };
        if state.1.elapsed() < HEARTBEAT {
            return;
        }
        state.1 = Instant::now();
        let tally = &state.0;
        let left = tally.left().map_or_else(String::new, |left| {
            format!(", about {} left", in_words(left))
        });
        let plain = format!(
            "{}: {} of {}, {} of {}, {} failed{left}",
            tally.stage.label(),
            count(tally.done_cases),
            counted(tally.cases, "case"),
            size_u(tally.done_bytes),
            size_u(tally.bytes),
            count(tally.failed)
        );
        let event = serde_json::json!({
            "event": "progress", "stage": tally.stage.label(), "cases": tally.done_cases,
            "total_cases": tally.cases, "bytes": tally.done_bytes, "total_bytes": tally.bytes,
            "failed": tally.failed,
        });
        self.say(Some(plain), event);
    }
}

impl Watch for Log {
    fn stage(&self, stage: Stage, cases: u64, bytes: u64) {
        if let Ok(mut state) = self.tally.lock() {
            state.0.begin(stage, cases, bytes);
        }
        let event = serde_json::json!({
            "event": "stage", "stage": stage.label(), "total_cases": cases, "total_bytes": bytes,
        });
        let plain = (cases > 0).then(|| {
            format!(
                "{}: {}, {}",
                stage.label(),
                counted(cases, "case"),
                size_u(bytes)
            )
        });
        self.say(plain, event);
    }

    fn begins(&self, worker: usize, path: &str, bytes: u64) {
        if let Ok(mut state) = self.tally.lock() {
            state.0.workers.insert(worker, (bytes, 0));
        }
        let event = serde_json::json!({
            "event": "begin", "worker": worker + 1, "path": path, "bytes": bytes,
        });
        self.say(None, event);
    }

    fn goes_on(&self, worker: usize, phase: &str, done: u64, total: u64) {
        if let Ok(mut state) = self.tally.lock() {
            state.0.advance(worker, phase, done, total);
        }
        self.beat();
    }

    fn ends(&self, worker: usize, path: &str, bytes: u64, record: Option<&Record>) {
        if let Ok(mut state) = self.tally.lock() {
            state.0.end(worker, bytes, record);
        }
        let event = serde_json::json!({
            "event": "end", "worker": worker + 1, "path": path,
            "status": record.map(|r| r.status.as_str()),
            "error": record.and_then(|r| r.error.as_deref()),
        });
        self.say(record.and_then(failure_line), event);
        self.beat();
    }

    fn remark(&self, text: &str) {
        let event = serde_json::json!({ "event": "remark", "text": text });
        self.say(Some(safe(text)), event);
    }

    fn over(&self) {}
}
