//! The command line: words become options, the library runs, reports go to streams.
//!
//! stdout is data, stderr is progress and log. Nothing here computes a fact.

mod analyze;
mod args;
mod batch;
mod batch_args;
mod batch_end;
mod batch_progress;
mod batch_words;
mod diff;
mod exit;
mod generate;
mod images;
mod output;
mod password;
mod progress;
mod quick;
mod redact;
mod rules;
mod show;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

pub use exit::Exit;

use args::{Cli, Command};

/// Runs the program on `words` (the first is the program's name) and says how it ended.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
        }
    };
    quiet_panics();
    if let Some(threads) = cli.common.jobs {
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global();
    }
    let result = match &cli.command {
        Command::Analyze(args) => analyze::run(args, &cli.common),
        Command::Refusals(args) => quick::refusals(args, &cli.common),
        Command::Tags(args) => quick::tags(args, &cli.common),
        Command::Scan(args) => images::scan(args, &cli.common),
        Command::Inspect(args) => images::inspect(args, &cli.common),
        Command::Batch(args) => batch::run(args, &cli.common),
        Command::Merge(args) => batch::merge(args, &cli.common),
        Command::Rules { command } => rules::run(command),
        Command::BatchWorker(args) => batch::worker(args),
        Command::Diff(args) => diff::run(args, &cli.common),
        Command::Show(args) => show::run(args, &cli.common),
        Command::Demo(args) => analyze::demo(args, &cli.common),
        Command::Schema => generate::schema(),
        Command::Completions { shell } => generate::completions(*shell),
        Command::Man => generate::man(),
    };
    result.unwrap_or_else(|failure| {
        if !failure.is_broken_pipe() {
            // A path may come from a shell's glob over a stranger's names.
            let said = output::safe(&failure.to_string());
            let _ = writeln!(std::io::stderr(), "poolsleuth: {said}");
        }
        failure.exit()
    })
}

/// An image that breaks the analysis is fenced and reported; the default hook would print a
/// backtrace in the middle of the progress bar as well.
fn quiet_panics() {
    if std::env::var_os("POOLSLEUTH_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
}
