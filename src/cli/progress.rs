//! Progress on stderr: a bar for people at a terminal, lines for everyone else.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Common, ProgressMode};
use crate::case::{NoProgress, Phase, Progress};

/// Time between two lines of a log.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The progress that the options ask for.
pub(super) fn of(common: &Common) -> Box<dyn Progress> {
    let terminal = std::io::stderr().is_terminal();
    match common.progress {
        _ if common.quiet => Box::new(NoProgress),
        ProgressMode::None => Box::new(NoProgress),
        ProgressMode::Bar => Box::new(Bar::new()),
        ProgressMode::Auto if terminal => Box::new(Bar::new()),
        ProgressMode::Auto | ProgressMode::Plain => Box::new(Lines::new(LineForm::Plain)),
        ProgressMode::Json => Box::new(Lines::new(LineForm::Json)),
    }
}

/// A bar that goes away when the work is done.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) =
            ProgressStyle::with_template("{msg:>8} [{bar:30}] {bytes}/{total_bytes}  {eta}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        Bar { bar }
    }
}

impl Progress for Bar {
    fn begin(&self, phase: Phase, bytes: u64) {
        self.bar.reset();
        self.bar.set_message(phase.label());
        self.bar.set_length(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[derive(Clone, Copy)]
enum LineForm {
    Plain,
    Json,
}

/// A line every ten seconds; work that takes less is silent.
struct Lines {
    form: LineForm,
    total: AtomicU64,
    done: AtomicU64,
    beat: Mutex<(Instant, &'static str)>,
}

impl Lines {
    fn new(form: LineForm) -> Self {
        Lines {
            form,
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            beat: Mutex::new((Instant::now(), "")),
        }
    }
}

impl Progress for Lines {
    fn begin(&self, phase: Phase, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        if let Ok(mut beat) = self.beat.lock() {
            beat.1 = phase.label();
        }
        if let LineForm::Json = self.form {
            say(&format!(
                "{{\"event\":\"phase\",\"phase\":\"{}\",\"total_bytes\":{bytes}}}",
                phase.label()
            ));
        }
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let Ok(mut beat) = self.beat.try_lock() else {
            return;
        };
        if beat.0.elapsed() < HEARTBEAT {
            return;
        }
        beat.0 = Instant::now();
        let (total, phase) = (self.total.load(Ordering::Relaxed), beat.1);
        say(&match self.form {
            LineForm::Plain => {
                format!("poolsleuth: {phase}: {} of {} MiB", done >> 20, total >> 20)
            }
            LineForm::Json => format!(
                "{{\"event\":\"progress\",\"phase\":\"{phase}\",\"bytes\":{done},\"total_bytes\":{total}}}"
            ),
        });
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
