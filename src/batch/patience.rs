//! Waiting that heeds the wish to end: for stdin that says nothing, for a search in a large tree.
//!
//! Neither can be ended from outside. Each runs on a thread of its own, which is left to itself
//! when the wish comes: it writes nothing, and the end of the process ends it.

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::Duration;

use super::crew::Stop;
use super::inputs::{Between, Given, ListError, Paths};

/// How often a wait looks up.
const TICK: Duration = Duration::from_millis(50);

/// Paths that are read ahead of the workers: enough that none waits for a slow reader's lock.
const READ_AHEAD: usize = 64;

/// What `work` comes to; `None` if the wish to end came first.
pub fn unless_stopped<T: Send + 'static>(
    stop: &Stop,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (send, done) = channel();
    std::thread::spawn(move || {
        // Nobody listens any more once the wish to end came.
        let _ = send.send(work());
    });
    next(&done, stop)
}

fn next<T>(from: &Receiver<T>, stop: &Stop) -> Option<T> {
    loop {
        match from.recv_timeout(TICK) {
            Ok(one) => return Some(one),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if stop.is_asked() => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Paths as they come, from a thread that may wait for them without end.
pub struct Feed(Receiver<Result<Given, ListError>>);

impl Feed {
    /// Begins to read the paths behind `words`. `stdin` is opened on the thread that reads it.
    pub fn begin<R: BufRead>(
        words: Vec<PathBuf>,
        between: Between,
        stdin: impl FnOnce() -> R + Send + 'static,
    ) -> Feed {
        let (send, receive) = sync_channel(READ_AHEAD);
        std::thread::spawn(move || {
            for path in Paths::new(words, between, stdin()) {
                let is_last = path.is_err();
                if send.send(path).is_err() || is_last {
                    break;
                }
            }
        });
        Feed(receive)
    }

    /// The next path; `None` at the end, and when the wish to end came while none was there.
    ///
    /// # Errors
    /// When a list cannot be read.
    pub fn next(&self, stop: &Stop) -> Result<Option<Given>, ListError> {
        next(&self.0, stop).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    /// Says something, and then nothing for longer than any test waits.
    struct Slow(&'static [u8]);

    impl Read for Slow {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                std::thread::sleep(Duration::from_secs(3_600));
            }
            self.0.read(room)
        }
    }

    #[test]
    fn what_has_come_is_there_and_the_wish_to_end_ends_the_wait_for_more() {
        let stop = Stop::default();
        let slow = || BufReader::new(Slow(b"a\nb\n"));
        let feed = Feed::begin(vec!["-".into()], Between::Lines, slow);
        let path = || feed.next(&stop).unwrap().map(|given| given.path);
        assert_eq!(path(), Some("a".into()));
        assert_eq!(path(), Some("b".into()));
        stop.ask();
        assert_eq!(path(), None);
    }

    #[test]
    fn work_that_ends_is_waited_for_and_endless_work_is_left() {
        let stop = Stop::default();
        assert_eq!(unless_stopped(&stop, || 7), Some(7));
        stop.ask();
        let endless = || std::thread::sleep(Duration::from_secs(3_600));
        assert_eq!(unless_stopped(&stop, endless), None);
    }
}
