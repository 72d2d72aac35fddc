//! Who does what when: the largest first, so that no large case is left for the end alone, and
//! memory shared out so that the whole stays within its bound.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::crew::{Stop, Worker, WorkerCommand};

/// Memory that the parent itself may take: records, curves and queues of some ten thousand cases.
const PARENT_MEMORY: u64 = 96 << 20;

/// The least that a worker can begin with: its threads' stacks and the tables of the program.
pub const LEAST_WORKER: u64 = 64 << 20;

/// What a worker's share should be: the least, a dictionary of 64 MB as `xz -9` and `7z -mx9`
/// make it, and as much for what is kept of the contents. Sooner fewer workers than smaller
/// shares: what does not fit is done again, alone.
pub const GOOD_WORKER: u64 = LEAST_WORKER + (64 << 20) + (64 << 20);
/// The least for a whole batch: the program itself and one worker.
pub const LEAST_MEMORY: u64 = PARENT_MEMORY + LEAST_WORKER;

/// How the machine is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Workers at once.
    pub workers: usize,
    /// Threads of each.
    pub threads: usize,
    /// Bytes of memory of each.
    pub memory: u64,
}

impl Shares {
    /// Shares for `cases` cases under a bound of memory and threads. Fewer workers than threads
    /// where the bound is small, or where there are fewer cases.
    pub fn of(cases: usize, jobs: usize, max_memory: u64) -> Self {
        let room = max_memory.saturating_sub(PARENT_MEMORY).max(LEAST_WORKER);
        let by_memory = usize::try_from(room / GOOD_WORKER).unwrap_or(usize::MAX);
        let workers = jobs.min(by_memory).min(cases).max(1);
        Shares {
            workers,
            threads: jobs.div_ceil(workers).max(1),
            memory: room / workers as u64,
        }
    }

    /// One worker with everything, for what did not fit into a share.
    pub fn alone(jobs: usize, max_memory: u64) -> Self {
        Shares::of(1, jobs, max_memory)
    }
}

/// Does all `tasks`, the largest first; `size` is in bytes. Ends early when asked to.
pub fn run<T: Send>(
    mut tasks: Vec<T>,
    shares: Shares,
    command: &WorkerCommand,
    stop: &Stop,
    size: impl Fn(&T) -> u64,
    work: impl Fn(usize, T, &mut Worker<'_>) + Sync,
) {
    // Stable: those of one size stay in the order of their paths.
    tasks.sort_by_key(|task| std::cmp::Reverse(size(task)));
    let queue = Mutex::new(VecDeque::from(tasks));
    let next = || queue.lock().ok()?.pop_front();
    std::thread::scope(|scope| {
        for place in 0..shares.workers {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                let mut worker = Worker::new(command, shares.memory, shares.threads);
                while !stop.is_asked()
                    && let Some(task) = next()
                {
                    work(place, task, &mut worker);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_the_bound_and_leave_no_thread_idle() {
        for (cases, jobs, memory) in [(500, 2, 512 << 20), (1, 8, 1 << 30), (3, 64, 256 << 20)] {
            let shares = Shares::of(cases, jobs, memory);
            assert!(shares.workers * shares.threads >= jobs);
            assert!(shares.memory * shares.workers as u64 + PARENT_MEMORY <= memory);
            assert!(shares.memory >= LEAST_WORKER && shares.workers <= cases);
        }
        assert_eq!(Shares::of(1, 8, 1 << 30).threads, 8);
        let many = Shares::of(500, 64, 1 << 30);
        assert!(many.workers > 1 && many.memory >= GOOD_WORKER);
        assert_eq!(Shares::of(500, 2, 256 << 20).workers, 1);
        assert_eq!(Shares::of(9, 8, 0).workers, 1);
    }
}
