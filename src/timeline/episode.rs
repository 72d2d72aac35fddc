//! Outages: refusals that belong together.
//!
//! http.sys writes a line only when it refused someone since the last one, and with light
//! traffic such lines are minutes apart inside one outage. A gap is therefore not an end. An
//! episode ends with its last refusal only if the log then goes on long enough without one;
//! otherwise its end is not known.

/// Refusals at one moment, from one place in one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusalPoint {
    /// Start of the second (of the minute or hour, in logs with very many refusals), in seconds
    /// since 1970 UTC.
    pub at: i64,
    /// Which log.
    pub log: usize,
    /// Line of the first row, counted from 1.
    pub line: u64,
    /// Refusal rows.
    pub rows: u64,
    /// Connections refused.
    pub connections: u64,
}

/// An outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The first refusal.
    pub first: RefusalPoint,
    /// The last refusal.
    pub last: RefusalPoint,
    /// Refusal rows.
    pub rows: u64,
    /// Connections refused.
    pub connections: u64,
    /// The worst minute: its start and the connections refused in it.
    pub worst_minute: (i64, u64),
    /// How it ended.
    pub end: EpisodeEnd,
}

/// What is known of an episode's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpisodeEnd {
    /// The log goes on without refusals for longer than episodes pause.
    LogGoesOn,
    /// The log ends before that can be told.
    LogEnds,
}

impl EpisodeEnd {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            EpisodeEnd::LogGoesOn => "log_goes_on",
            EpisodeEnd::LogEnds => "log_ends",
        }
    }
}

/// Refusals further apart than this, in seconds, are two episodes. The public log with the
/// longest pauses inside one outage has five minutes between lines; three times that keeps an
/// outage whole under light traffic and still parts two outages around a restart, which takes
/// a server minutes to half an hour including the time until pool runs low again.
pub const PAUSE: i64 = 15 * 60;

impl Episode {
    /// Start in seconds since 1970 UTC. The row reports what happened since the line before, so
    /// the outage may have begun seconds earlier.
    pub fn start(&self) -> i64 {
        self.first.at
    }

    /// Time of the last refusal.
    pub fn last_refusal(&self) -> i64 {
        self.last.at
    }

    fn new(point: RefusalPoint) -> Self {
        Episode {
            first: point,
            last: point,
            rows: 0,
            connections: 0,
            worst_minute: (minute_of(point.at), 0),
            end: EpisodeEnd::LogEnds,
        }
    }
}

fn minute_of(at: i64) -> i64 {
    at.div_euclid(60) * 60
}

/// Groups refusals into episodes. `latest_row` is the time of the last row of any log.
pub fn episodes(mut points: Vec<RefusalPoint>, latest_row: Option<i64>) -> Vec<Episode> {
    points.sort_unstable();
    let mut episodes: Vec<Episode> = Vec::new();
    let mut minute = (i64::MIN, 0u64);
    for point in points {
        if episodes
            .last()
            .is_none_or(|e| point.at.saturating_sub(e.last.at) > PAUSE)
        {
            episodes.push(Episode::new(point));
            minute = (i64::MIN, 0);
        }
        let Some(episode) = episodes.last_mut() else {
            continue;
        };
        if minute.0 != minute_of(point.at) {
            minute = (minute_of(point.at), 0);
        }
        minute.1 = minute.1.saturating_add(point.connections);
        if minute.1 > episode.worst_minute.1 {
            episode.worst_minute = minute;
        }
        episode.last = point;
        episode.rows += point.rows;
        episode.connections = episode.connections.saturating_add(point.connections);
    }
    close(&mut episodes, latest_row);
    episodes
}

fn close(episodes: &mut [Episode], latest_row: Option<i64>) {
    let last = episodes.len().saturating_sub(1);
    for (index, episode) in episodes.iter_mut().enumerate() {
        let quiet_until = if index < last {
            Some(i64::MAX)
        } else {
            latest_row
        };
        if quiet_until.is_some_and(|until| until.saturating_sub(episode.last.at) > PAUSE) {
            episode.end = EpisodeEnd::LogGoesOn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(at: i64, connections: u64) -> RefusalPoint {
        RefusalPoint {
            at,
            log: 0,
            line: 1,
            rows: 1,
            connections,
        }
    }

    #[test]
    fn a_pause_of_minutes_is_not_an_end() {
        let found = episodes(
            vec![point(0, 1), point(300, 2), point(5_000, 4), point(5_005, 8)],
            Some(5_010),
        );
        let sums: Vec<_> = found
            .iter()
            .map(|e| (e.start(), e.last_refusal(), e.rows, e.connections))
            .collect();
        assert_eq!(sums, [(0, 300, 2, 3), (5_000, 5_005, 2, 12)]);
        assert_eq!(found[0].end, EpisodeEnd::LogGoesOn);
        assert_eq!(found[1].end, EpisodeEnd::LogEnds);
        assert_eq!(found[1].worst_minute, (4_980, 12));
        assert_eq!(found[0].worst_minute, (300, 2));
    }

    #[test]
    fn the_log_must_go_on_for_an_episode_to_end() {
        let last = |latest| episodes(vec![point(0, 1)], latest)[0].end;
        assert_eq!(last(Some(PAUSE)), EpisodeEnd::LogEnds);
        assert_eq!(last(Some(PAUSE + 1)), EpisodeEnd::LogGoesOn);
        assert_eq!(last(None), EpisodeEnd::LogEnds);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_episodes_are_apart(times in prop::collection::vec((0i64..100_000, 0u64..50), 1..80)) {
            let points: Vec<_> = times.iter().map(|&(at, n)| point(at, n)).collect();
            let found = episodes(points, None);
            prop_assert_eq!(found.iter().map(|e| e.rows).sum::<u64>(), times.len() as u64);
            prop_assert_eq!(found.iter().map(|e| e.connections).sum::<u64>(), times.iter().map(|t| t.1).sum::<u64>());
            for pair in found.windows(2) {
                prop_assert!(pair[1].start() - pair[0].last_refusal() > PAUSE);
            }
        }
    }
}
