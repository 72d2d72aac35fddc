//! The end of a batch: the wish to end early, and what is said in the end.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::exit::Exit;
use crate::batch::crew::{GRACE, Stop};
use crate::batch::images::ImageWork;
use crate::batch::merge::Merged;
use crate::batch::names::quoted;
use crate::batch::run::Summary;
use crate::report::wording::{count, counted};

/// Beyond the grace of current cases, time for what cannot be cut short (results of many cases
/// being written). After that the process ends where it stands, which a batch survives: it may
/// be killed at any instant.
const BEYOND_GRACE: Duration = Duration::from_secs(5);

/// The same after a second wish.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The wish to end early and the command that goes on afterwards.
pub(super) struct End {
    stop: Stop,
    is_quiet: bool,
    goes_on: Mutex<GoesOn>,
}

/// How a batch goes on.
enum GoesOn {
    /// By the same command, which reads no list that is gone.
    Command(String),
    /// The list on stdin was not read to its end.
    ListUnread,
    /// A stream: whoever drives the program hands the paths out again.
    Nowhere,
}

impl End {
    /// Hears of Ctrl-C and SIGTERM from now on. Where no handler can be set they end the process
    /// at once; what is finished is kept anyway.
    pub(super) fn listening(is_stream: bool, is_quiet: bool) -> Arc<End> {
        let end = Arc::new(End {
            stop: Stop::default(),
            is_quiet,
            goes_on: Mutex::new(match is_stream {
                true => GoesOn::Nowhere,
                false => GoesOn::ListUnread,
            }),
        });
        let asked = Arc::clone(&end);
        let _ = ctrlc::set_handler(move || {
            asked.stop.ask();
            let patience = match asked.stop.is_urgent() {
                true => AT_ONCE,
                false => GRACE + BEYOND_GRACE,
            };
            let late = Arc::clone(&asked);
            // On a thread of its own: this one must hear the next signal.
            std::thread::spawn(move || {
                std::thread::sleep(patience);
                late.tell_early(None);
                std::process::exit(i32::from(Exit::Interrupted.status()));
            });
        });
        end
    }

    /// The wish.
    pub(super) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// From now on the batch can go on: by `given`, in which the file `list` stands for what
    /// was read from stdin.
    pub(super) fn can_go_on(&self, given: &[PathBuf], list: Option<&Path>) {
        let words = going_on(std::env::args_os().collect(), given, list);
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        if let Ok(mut goes_on) = self.goes_on.lock() {
            *goes_on = GoesOn::Command(words.join(" "));
        }
    }

    /// Says that the batch ended early, how far it is, and how it goes on.
    pub(super) fn tell_early(&self, summary: Option<&Summary>) {
        let Ok(goes_on) = self.goes_on.lock() else {
            return;
        };
        if self.is_quiet || matches!(*goes_on, GoesOn::Nowhere) {
            return;
        }
        let mut err = io::stderr().lock();
        if let Some(s) = summary.filter(|s| s.cases > 0) {
            let done = s.cases + s.duplicates;
            let _ = writeln!(
                err,
                "poolsleuth: {} of {} done, {} failed",
                count(done),
                counted(s.found, "case"),
                count(s.failed)
            );
        }
        let _ = match &*goes_on {
            GoesOn::Command(command) => {
                writeln!(err, "poolsleuth: ended early; this goes on: {command}")
            }
            _ => writeln!(
                err,
                "poolsleuth: ended early, before the list of paths on stdin was read to its end; the same command with the same list goes on"
            ),
        };
    }
}

/// The words of a command line, `-` among the paths replaced by the list that was kept of it.
fn going_on(words: Vec<OsString>, given: &[PathBuf], list: Option<&Path>) -> Vec<OsString> {
    let Some(list) = list else { return words };
    let mut dashes = given.iter().filter(|path| path.as_os_str() == "-").count();
    let mut named = false;
    let mut replaced = Vec::with_capacity(words.len());
    for word in words {
        // A lone dash is no option's value here: none takes one.
        if word != "-" || dashes == 0 {
            replaced.push(word);
            continue;
        }
        dashes -= 1;
        if !named {
            let mut word = OsString::from("@");
            word.push(list);
            replaced.push(word);
            named = true;
        }
    }
    replaced
}

/// What came of a finished batch, on stderr.
pub(super) fn tell(summary: &Summary, left_out: usize, folder: &Path) {
    let mut err = io::stderr().lock();
    let s = summary;
    let said = |n: u64, words: String| (n > 0).then_some(words);
    let (more, out) = (s.duplicates, left_out as u64);
    let parts = [
        Some(counted(s.cases, "case")),
        said(
            s.taken_over,
            format!("{} taken over from an earlier run", count(s.taken_over)),
        ),
        said(
            s.failed,
            format!("{} failed (see index.html)", count(s.failed)),
        ),
        said(
            s.in_part,
            format!("{} read in part (see index.html)", count(s.in_part)),
        ),
        said(
            more,
            format!("{} of the same content", counted(more, "further path")),
        ),
        said(
            s.elsewhere,
            format!("{} of other shards", count(s.elsewhere)),
        ),
        said(
            out,
            format!("{} left out (see left-out.jsonl)", counted(out, "path")),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let _ = writeln!(err, "poolsleuth: {}", parts.join(", "));
    if s.images != ImageWork::default() {
        let _ = writeln!(
            err,
            "poolsleuth: facts about driver images: {} known from the cache, {} found out",
            count(s.images.known),
            count(s.images.looked_into)
        );
    }
    if s.other_results > 0 {
        let (folder, one) = (folder.display(), s.other_results == 1);
        let (belong, are) = if one {
            ("belongs", "it is")
        } else {
            ("belong", "they are")
        };
        let _ = writeln!(
            err,
            "poolsleuth: {} in {folder} {belong} to other inputs, options or versions; {are} kept and not listed",
            counted(s.other_results, "result"),
        );
    }
}

/// What came of a merge, and what makes it another whole than one batch would be.
pub(super) fn tell_merged(merged: &Merged, folders: u64) {
    let mut err = io::stderr().lock();
    let mut say = |text: String| drop(writeln!(err, "poolsleuth: {text}"));
    say(format!(
        "{} from {}, {} failed",
        counted(merged.cases, "case"),
        counted(folders, "folder"),
        count(merged.failed)
    ));
    if merged.shared > 0 {
        let cases = counted(merged.shared, "case");
        say(format!("{cases} in several of the folders, counted once"));
    }
    if merged.changed > 0 {
        let paths = counted(merged.changed, "path");
        say(format!(
            "{paths} with another content in another folder: each content is a case"
        ));
    }
    if merged.is_mixed {
        say("the folders are of different options or versions of the program: their cases were not judged alike".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_from_stdin_is_read_from_its_list_the_next_time() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(Into::into).collect() };
        let given = ["a".into(), "-".into()];
        let again = |list| going_on(words("poolsleuth batch a - -0 -o out"), &given, list);
        assert_eq!(again(None), words("poolsleuth batch a - -0 -o out"));
        let list = Path::new("out/.paths");
        assert_eq!(
            again(Some(list)),
            words("poolsleuth batch a @out/.paths -0 -o out")
        );
    }
}
