//! A run: snapshots in time, until enough were taken, a refusal was logged, or somebody ends it.

use crate::args::Schedule;
use crate::gather::MOST_POOL;
use crate::host::{status, Host, Stop};
use crate::httperr::{self, Watch};
use crate::snapshot::{Taken, Taker};
use crate::system::windows_folder;
use crate::work::Work;
use std::io;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Somebody ended it.
    pub stopped: Option<Stop>,
    /// The snapshots reached their limit.
    pub pool_full: bool,
    /// Seconds between snapshots, as they were in the end.
    pub interval: u64,
}

/// Takes snapshots by the schedule.
///
/// # Errors
/// When a snapshot cannot be written; what was written before stays.
pub fn run(
    host: &dyn Host,
    work: &mut Work,
    schedule: Schedule,
    processes: bool,
) -> io::Result<Ended> {
    let folder = httperr::folder(host, &windows_folder(host));
    let mut watch = schedule.until_refused.then(|| Watch::begin(host, &folder));
    let mut taker = Taker::default();
    let mut ended = Ended {
        stopped: None,
        pool_full: false,
        interval: schedule.every,
    };
    let mut due = host.ticks();
    for number in 1..=schedule.count {
        let taken = taker.take(host, work, processes)?;
        report(host, work, &taken, number, schedule.count);
        if number == 1 {
            ended.interval = stretched(host, work, &taken, schedule);
        }
        if work.pool_bytes() + taken.bytes as u64 > MOST_POOL {
            work.log(
                host.now(),
                "snapshots have reached their limit of size: no more are taken",
            );
            ended.pool_full = true;
            break;
        }
        if number == schedule.count {
            break;
        }
        due += ended.interval * 1_000;
        ended.stopped = wait(host, due);
        if ended.stopped.is_some() {
            work.log(host.now(), "stopped before all snapshots were taken");
            break;
        }
        if refused(host, work, &mut watch) {
            let taken = taker.take(host, work, processes)?;
            report(host, work, &taken, number + 1, schedule.count);
            work.log(
                host.now(),
                "http.sys has logged Connections_Refused: this was the last snapshot",
            );
            break;
        }
    }
    Ok(ended)
}

/// Waits until a moment of the host's ticks, or until somebody ends the run.
fn wait(host: &dyn Host, due: u64) -> Option<Stop> {
    loop {
        if let Some(stop) = host.stop() {
            return Some(stop);
        }
        // A machine that slept, or a snapshot that took long, is late: the next one is due at once.
        let left = due.saturating_sub(host.ticks());
        if left == 0 {
            return None;
        }
        host.pause(left);
    }
}

fn refused(host: &dyn Host, work: &Work, watch: &mut Option<Watch>) -> bool {
    match watch.as_mut().map(|watch| watch.refused(host)) {
        Some(Ok(refused)) => refused,
        Some(Err(error)) => {
            work.log(
                host.now(),
                &format!("the HTTPERR logs cannot be watched: {error}"),
            );
            *watch = None;
            false
        }
        None => false,
    }
}

fn report(host: &dyn Host, work: &Work, taken: &Taken, number: u64, count: u64) {
    let text = match taken.status {
        0 => format!(
            "snapshot {} ({number} of {count}): {} rows",
            taken.seq, taken.rows
        ),
        status::INSUFFICIENT_RESOURCES => format!(
            "snapshot {} ({number} of {count}): the kernel has no memory for the answer \
             (0xC000009A); that is recorded",
            taken.seq
        ),
        status => format!(
            "snapshot {} ({number} of {count}): no pool tags, status 0x{status:08X}",
            taken.seq
        ),
    };
    work.log(host.now(), &text);
}

/// The interval at which all snapshots stay within their limit, judged by the first one.
fn stretched(host: &dyn Host, work: &Work, first: &Taken, schedule: Schedule) -> u64 {
    let room = MOST_POOL.saturating_sub(work.pool_bytes());
    let fit = (room / (first.bytes as u64).max(1)).max(1);
    let wanted = schedule.count.saturating_sub(1);
    if wanted <= fit {
        return schedule.every;
    }
    let every = (schedule.every * wanted + fit - 1) / fit;
    let text = format!(
        "one snapshot every {every} s instead of {}: more would not fit",
        schedule.every
    );
    work.log(host.now(), &text);
    every
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::class;
    use crate::testing::{pool_table, FakeHost};

    fn every(seconds: u64, count: u64, until_refused: bool) -> Schedule {
        Schedule {
            every: seconds,
            count,
            until_refused,
        }
    }

    fn host() -> FakeHost {
        let host = FakeHost::default();
        host.answer(
            class::POOL_TAGS,
            pool_table(&[(*b"Leak", (0, 0, 0), (9, 1, 4096))]),
        );
        host
    }

    #[test]
    fn all_snapshots_are_taken_in_time() {
        let host = host();
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        let ended = run(&host, &mut work, every(10, 4, false), true).unwrap();
        assert_eq!(
            ended,
            Ended {
                stopped: None,
                pool_full: false,
                interval: 10
            }
        );
        assert_eq!((work.scan.blocks, host.ticks()), (4, 30_000));
    }

    #[test]
    fn who_ends_it_gets_what_there_is() {
        let host = host();
        host.stop_after.set(Some((2, Stop::Asked)));
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        let ended = run(&host, &mut work, every(10, 99, false), true).unwrap();
        assert_eq!((ended.stopped, work.scan.blocks), (Some(Stop::Asked), 2));
    }

    #[test]
    fn a_refusal_ends_it_with_one_more_snapshot() {
        let host = host();
        let log = "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr1.log";
        host.write(log, b"1_Connections_Refused of yesterday\r\n");
        let renewed = "C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr2.log";
        *host.refuse_after.borrow_mut() = Some((3, renewed.into()));
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        let ended = run(&host, &mut work, every(10, 99, true), true).unwrap();
        assert_eq!((ended.stopped, work.scan.blocks), (None, 4));
    }

    #[test]
    fn the_interval_grows_where_snapshots_would_not_fit() {
        let host = host();
        let tags: Vec<_> = (0..2_000_u32)
            .map(|n| (n.to_le_bytes(), (1, 0, 1), (1, 0, 1)))
            .collect();
        host.answer(class::POOL_TAGS, pool_table(&tags));
        host.stop_after.set(Some((1, Stop::Asked)));
        let mut work = Work::open(&host.folder("work"), true).unwrap();
        let ended = run(&host, &mut work, every(10, 60_000, false), false).unwrap();
        assert!(ended.interval > 500, "{ended:?}");
    }
}
