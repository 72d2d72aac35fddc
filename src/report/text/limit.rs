//! The limit of the pool, http.sys's threshold, and when the limit is reached.

use crate::report::model::{Limit, Pool};
use crate::report::wording::{self, size_u};

use super::Paper;
use super::page::{Para, Section, paragraphs};

/// Limit, threshold, time to the limit.
pub fn limit(paper: Paper<'_>) -> Section<'_> {
    Section {
        name: "Limit",
        group: 1,
        least: 1,
        good: 1,
        most: 2,
        fill: Box::new(move |room| {
            let pool = &paper.report.pool;
            if pool.snapshots == 0 && pool.limit.is_none() {
                return Vec::new();
            }
            let mut texts = vec![Para::plain(limit_text(pool))];
            texts.extend(pool.limit.as_ref().map(|limit| Para::plain(basis(limit))));
            // The basis is the second thing to know: without room for it, it is not counted.
            texts.truncate(room.max(1));
            paragraphs(&texts, room, 1, paper.charset)
        }),
    }
}

fn limit_text(pool: &Pool) -> String {
    let mut text = match &pool.limit {
        Some(limit) => format!("{} {}", size_u(limit.bytes), wording::words(&limit.quality)),
        None => "not known".to_owned(),
    };
    if let Some(threshold) = &pool.threshold {
        text.push_str(&format!(", refuses at {} left", size_u(threshold.bytes)));
    }
    if let Some(time) = &pool.time_to_limit {
        text.push_str(&match (time.hours, time.soonest, time.latest) {
            (Some(_), Some(soonest), Some(latest)) => {
                format!(", full in {}", wording::hours_between(soonest, latest))
            }
            (Some(hours), _, _) => format!(", full in {}", wording::hours(hours)),
            (None, _, _) => format!("; when full not told: {}", time.basis),
        });
    }
    text
}

fn basis(limit: &Limit) -> String {
    match limit.low == limit.high {
        true => limit.basis.clone(),
        false => format!(
            "{}; {} to {}",
            limit.basis,
            size_u(limit.low),
            size_u(limit.high)
        ),
    }
}
