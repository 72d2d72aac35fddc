//! How far a batch is: a total and a line a worker on a terminal, else a line now and then or
//! JSON events.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Common, ProgressMode};
use super::output::safe;
use crate::batch::record::Record;
use crate::batch::watch::{Stage, Turn, Unwatched, Watch};
use crate::report::wording::{count, counted, hours, size_u};

/// Time between two lines of a log, whatever happens or does not happen meanwhile.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Time between two looks of the bars: often enough for the last update of many to be seen.
const REDRAWN: Duration = Duration::from_millis(250);

/// Columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;

/// Columns of a worker's line before its words: `worker 12` and the blank after it.
const LINE_PREFIX: usize = 13;

/// The least of a path that is shown, however narrow the terminal.
const LEAST_PATH: usize = 20;

/// The progress that the options ask for.
pub(super) fn of(common: &Common) -> Box<dyn Watch> {
    let terminal = std::io::stderr().is_terminal();
    match common.progress {
        _ if common.quiet => Box::new(Unwatched),
        ProgressMode::None => Box::new(Remarks),
        ProgressMode::Bar => Box::new(Bars::new()),
        ProgressMode::Auto if terminal => Box::new(Bars::new()),
        ProgressMode::Auto | ProgressMode::Plain => Box::new(Log::new(Form::Plain)),
        ProgressMode::Json => Box::new(Log::new(Form::Json)),
    }
}

/// No progress, but what is to be known of the work itself.
struct Remarks;

impl Watch for Remarks {
    fn stage(&self, _: Stage, _: u64, _: u64) {}
    fn begins(&self, _: usize, _: &str, _: u64) {}
    fn goes_on(&self, _: usize, _: &str, _: u64, _: u64) {}
    fn ends(&self, _: usize, _: &str, _: u64, _: Turn<'_>) {}
    fn remark(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "poolsleuth: {}", safe(text));
    }
    fn over(&self) {}
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

    fn end(&mut self, worker: usize, bytes: u64, turn: Turn<'_>) {
        let counted = self
            .workers
            .remove(&worker)
            .map_or(0, |(_, counted)| counted);
        self.done_bytes = self.done_bytes.saturating_sub(counted);
        if matches!(turn, Turn::Abandoned) {
            return;
        }
        self.done_bytes += bytes;
        self.done_cases += 1;
        self.failed += u64::from(turn.record().is_some_and(|record| !record.is_ok()));
    }

    /// Hours that the stage has taken so far.
    fn hours(&self) -> f64 {
        self.began.elapsed().as_secs_f64() / 3_600.0
    }

    /// Hours left by the bytes that are done; nothing before there is something to go by.
    fn left(&self) -> Option<f64> {
        let spent = self.hours();
        let done = self.done_bytes as f64 / self.bytes.max(1) as f64;
        (done > 0.01 && self.bytes > 0).then(|| spent * (1.0 - done).max(0.0) / done)
    }
}

/// A worker's case in `width` columns: its size, and the end of its path, which tells more than
/// its beginning.
fn worker_words(path: &str, bytes: u64, width: usize) -> String {
    let size = format!("{:>8}  ", size_u(bytes));
    let taken = LINE_PREFIX + size.chars().count();
    let room = width.saturating_sub(taken + 1).max(LEAST_PATH);
    size + &short(path, room)
}

/// At most so many characters of a path, its end.
fn short(path: &str, room: usize) -> String {
    let shown = safe(path);
    let length = shown.chars().count();
    match length > room {
        true => {
            let tail: String = shown.chars().skip(length - room + 1).collect();
            format!("…{tail}")
        }
        false => shown,
    }
}

fn width() -> usize {
    let known = terminal_size::terminal_size_of(std::io::stderr());
    known.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0))
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
        // Also draws what the bound of redraws has held back, on all lines.
        total.enable_steady_tick(REDRAWN);
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
            0 if tally.stage == Stage::Looking => in_words(tally.hours()),
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
        self.line(worker, worker_words(path, bytes, width()));
    }

    fn goes_on(&self, worker: usize, phase: &str, done: u64, total: u64) {
        let Ok(mut tally) = self.tally.lock() else {
            return;
        };
        tally.advance(worker, phase, done, total);
        self.show(&tally);
    }

    fn ends(&self, worker: usize, _: &str, bytes: u64, turn: Turn<'_>) {
        if let Some(line) = turn.record().and_then(failure_line) {
            let _ = self.multi.println(line);
        }
        let Ok(mut tally) = self.tally.lock() else {
            return;
        };
        tally.end(worker, bytes, turn);
        self.show(&tally);
        self.line(worker, String::new());
    }

    fn remark(&self, text: &str) {
        let _ = self.multi.println(format!("poolsleuth: {}", safe(text)));
    }

    fn over(&self) {
        self.total.disable_steady_tick();
        let _ = self.multi.clear();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Json,
}

/// Lines on stderr: failures at once, how far it is every [`HEARTBEAT`].
struct Log {
    form: Form,
    tally: Arc<Mutex<Tally>>,
    heart: Mutex<Option<Heart>>,
}

impl Log {
    fn new(form: Form) -> Self {
        let tally = Arc::new(Mutex::new(Tally::new()));
        let heart = Heart::begin(form, Arc::clone(&tally));
        Log {
            form,
            tally,
            heart: Mutex::new(Some(heart)),
        }
    }

    fn say(&self, plain: Option<String>, event: serde_json::Value) {
        say(self.form, plain, event);
    }
}

fn say(form: Form, plain: Option<String>, event: serde_json::Value) {
    let line = match form {
        Form::Plain => plain.map(|text| format!("poolsleuth: {text}")),
        Form::Json => Some(event.to_string()),
    };
    if let Some(line) = line {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// A thread that says how far it is, until it is dropped.
struct Heart {
    thread: Option<JoinHandle<()>>,
    alive: Option<Sender<()>>,
}

impl Heart {
    fn begin(form: Form, tally: Arc<Mutex<Tally>>) -> Heart {
        let (alive, ended) = channel::<()>();
        let beat = move || {
            while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                let Ok(tally) = tally.lock() else { return };
                say(form, Some(tally.words()), tally.event());
            }
        };
        Heart {
            thread: Some(std::thread::spawn(beat)),
            alive: Some(alive),
        }
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        drop(self.alive.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Tally {
    /// How far it is, for a line of a log.
    fn words(&self) -> String {
        let mut words = format!("{}: ", self.stage.label());
        match (self.stage, self.cases) {
            (Stage::Looking, _) => {}
            (_, 0) => words.push_str(&format!("{}, ", counted(self.done_cases, "case"))),
            (_, cases) => words.push_str(&format!(
                "{} of {}, {} of {}, ",
                count(self.done_cases),
                counted(cases, "case"),
                size_u(self.done_bytes),
                size_u(self.bytes)
            )),
        }
        if self.stage != Stage::Looking {
            words.push_str(&format!("{} failed, ", count(self.failed)));
        }
        words.push_str(&format!("{} so far", in_words(self.hours())));
        if let Some(left) = self.left() {
            words.push_str(&format!(", about {} left", in_words(left)));
        }
        words
    }

    fn event(&self) -> serde_json::Value {
        serde_json::json!({
            "event": "progress", "stage": self.stage.label(), "cases": self.done_cases,
            "total_cases": self.cases, "bytes": self.done_bytes, "total_bytes": self.bytes,
            "failed": self.failed,
        })
    }
}

impl Watch for Log {
    fn stage(&self, stage: Stage, cases: u64, bytes: u64) {
        if let Ok(mut state) = self.tally.lock() {
            state.begin(stage, cases, bytes);
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
            state.workers.insert(worker, (bytes, 0));
        }
        let event = serde_json::json!({
            "event": "begin", "worker": worker + 1, "path": path, "bytes": bytes,
        });
        self.say(None, event);
    }

    fn goes_on(&self, worker: usize, phase: &str, done: u64, total: u64) {
        if let Ok(mut state) = self.tally.lock() {
            state.advance(worker, phase, done, total);
        }
    }

    fn ends(&self, worker: usize, path: &str, bytes: u64, turn: Turn<'_>) {
        let record = turn.record();
        if let Ok(mut state) = self.tally.lock() {
            state.end(worker, bytes, turn);
        }
        let event = serde_json::json!({
            "event": "end", "worker": worker + 1, "path": path,
            "status": record.map(|r| r.status.as_str()),
            "error": record.and_then(|r| r.error.as_deref()),
        });
        self.say(record.and_then(failure_line), event);
    }

    fn remark(&self, text: &str) {
        let event = serde_json::json!({ "event": "remark", "text": text });
        self.say(Some(safe(text)), event);
    }

    fn over(&self) {
        if let Ok(mut heart) = self.heart.lock() {
            drop(heart.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_abandoned_is_not_done() {
        let mut tally = Tally::new();
        tally.begin(Stage::Analysing, 2, 200);
        for worker in [0, 1] {
            tally.workers.insert(worker, (100, 0));
            tally.advance(worker, "reading", 1, 2);
        }
        tally.end(0, 100, Turn::Known);
        tally.end(1, 100, Turn::Abandoned);
        assert_eq!((tally.done_cases, tally.done_bytes), (1, 100));
        assert!(tally.words().contains("1 of 2 cases"), "{}", tally.words());
    }

    #[test]
    fn a_line_fits_its_terminal_and_keeps_size_and_the_end_of_the_path() {
        let path = format!("shelf/{}/case-0001.zip", "deep/".repeat(60));
        for width in [80, 200] {
            let words = worker_words(&path, 87_000_000, width);
            assert_eq!(LINE_PREFIX + words.chars().count(), width - 1);
            assert!(words.trim_start().starts_with("83"), "{words}");
            assert!(words.ends_with("/case-0001.zip"), "{words}");
        }
        assert!(worker_words("a.zip", 1, 80).ends_with("  a.zip"));
    }

    #[test]
    fn the_search_for_cases_says_how_long_it_takes() {
        let mut tally = Tally::new();
        tally.begin(Stage::Looking, 0, 0);
        assert_eq!(tally.words(), "looking for cases: 0 s so far");
    }
}
