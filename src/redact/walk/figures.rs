//! What logs and snapshots say: figures and times, which are kept, and the words beside them.

use crate::report::model::*;

use super::super::Redactor;
use super::super::pseudonym::Class;

impl Redactor {
    pub(super) fn refusals(&mut self, refusals: Refusals) -> Refusals {
        let Refusals {
            rows,
            total,
            uncounted_rows,
            first,
            last,
            episodes,
            counts,
            reasons,
            logs,
            unanalysable_logs,
            log_first,
            log_last,
            log_spans,
        } = refusals;
        Refusals {
            rows,
            total,
            uncounted_rows,
            first,
            last,
            episodes: self.each(episodes, Self::episode),
            counts: self.each(counts, |_, count| {
                let RefusalCount {
                    start,
                    seconds,
                    total,
                } = count;
                RefusalCount {
                    start,
                    seconds,
                    total,
                }
            }),
            reasons: self.by_reason(reasons),
            logs,
            unanalysable_logs,
            log_first,
            log_last,
            log_spans: self.each(log_spans, |r, span| {
                let LogSpan {
                    artifact,
                    first,
                    last,
                } = span;
                LogSpan {
                    artifact: r.path(&artifact),
                    first,
                    last,
                }
            }),
        }
    }

    fn by_reason(
        &mut self,
        rows: std::collections::BTreeMap<String, u64>,
    ) -> std::collections::BTreeMap<String, u64> {
        rows.into_iter()
            .map(|(reason, rows)| (self.log_reason(reason), rows))
            .collect()
    }

    fn episode(&mut self, episode: Episode) -> Episode {
        let Episode {
            start,
            end,
            ended,
            rows,
            total,
            worst_minute,
            worst_minute_total,
            pool_bytes,
            pool_low,
            pool_high,
            headroom_bytes,
            pool_basis,
            rivals,
            evidence,
        } = episode;
        Episode {
            start,
            end,
            ended,
            rows,
            total,
            worst_minute,
            worst_minute_total,
            pool_bytes,
            pool_low,
            pool_high,
            headroom_bytes,
            pool_basis,
            rivals: self.by_reason(rivals),
            evidence,
        }
    }

    /// The pool of a report.
    pub(super) fn pool(&mut self, pool: Pool) -> Pool {
        let Pool {
            snapshots,
            first,
            last,
            order,
            epochs,
            nonpaged,
            counter_samples,
            counters,
            limit,
            threshold,
            time_to_limit,
            tags,
            tags_not_listed,
            lockstep,
        } = pool;
        Pool {
            snapshots,
            first,
            last,
            order: self.maybe_sentence(order),
            epochs: self.each(epochs, Self::epoch),
            counter_samples,
            counters: self.each(counters, |_, point| {
                let CounterPoint {
                    at,
                    epoch,
                    bytes,
                    headroom_bytes,
                } = point;
                CounterPoint {
                    at,
                    epoch,
                    bytes,
                    headroom_bytes,
                }
            }),
            nonpaged: self.each(nonpaged, |_, point| {
                let PoolPoint {
                    snapshot,
                    at,
                    epoch,
                    bytes,
                    headroom_bytes,
                } = point;
                PoolPoint {
                    snapshot,
                    at,
                    epoch,
                    bytes,
                    headroom_bytes,
                }
            }),
            limit: limit.map(|limit| self.limit(limit)),
            threshold: threshold.map(|Threshold { bytes, basis }| Threshold {
                bytes,
                basis: self.sentence(&basis),
            }),
            time_to_limit: time_to_limit.map(|to| self.time_to_limit(to)),
            tags: self.each(tags, Self::tag_row),
            tags_not_listed,
            lockstep: self.each(lockstep, Self::lockstep),
        }
    }

    fn epoch(&mut self, epoch: Epoch) -> Epoch {
        let Epoch {
            snapshots,
            first,
            last,
            began,
            nonpaged_first,
            nonpaged_last,
            nonpaged_peak,
            nonpaged_growth_bytes_per_hour,
            basis,
            evidence,
        } = epoch;
        Epoch {
            snapshots,
            first,
            last,
            began,
            nonpaged_first,
            nonpaged_last,
            nonpaged_peak,
            nonpaged_growth_bytes_per_hour,
            basis: self.maybe_sentence(basis),
            evidence,
        }
    }

    fn limit(&mut self, limit: Limit) -> Limit {
        let Limit {
            bytes,
            low,
            high,
            basis,
            quality,
            evidence,
        } = limit;
        Limit {
            bytes,
            low,
            high,
            basis: self.sentence(&basis),
            quality,
            evidence,
        }
    }

    fn time_to_limit(&mut self, to: TimeToLimit) -> TimeToLimit {
        let TimeToLimit {
            hours,
            soonest,
            latest,
            basis,
        } = to;
        TimeToLimit {
            hours,
            soonest,
            latest,
            basis: self.sentence(&basis),
        }
    }

    fn tag_row(&mut self, row: TagRow) -> TagRow {
        let TagRow {
            tag,
            tag_hex,
            pool,
            epoch,
            class,
            test,
            bytes_first,
            bytes_last,
            blocks_first,
            blocks_last,
            growth_bytes_per_hour,
            growth_low,
            growth_high,
            growth_bytes_per_snapshot,
            share_of_growth,
            freed_ratio,
            points,
            owner_hint,
            evidence,
            series,
        } = row;
        TagRow {
            tag,
            tag_hex,
            pool,
            epoch,
            class,
            test: self.sentence(&test),
            bytes_first,
            bytes_last,
            blocks_first,
            blocks_last,
            growth_bytes_per_hour,
            growth_low,
            growth_high,
            growth_bytes_per_snapshot,
            share_of_growth,
            freed_ratio,
            points,
            owner_hint: owner_hint.map(|hint| self.owner_hint(&hint)),
            evidence,
            series,
        }
    }

    fn lockstep(&mut self, group: Lockstep) -> Lockstep {
        let Lockstep { members, text } = group;
        Lockstep {
            members: self.each(members, |_, member| {
                let LockstepMember {
                    tag,
                    tag_hex,
                    pool,
                    ratio,
                } = member;
                LockstepMember {
                    tag,
                    tag_hex,
                    pool,
                    ratio,
                }
            }),
            text: self.sentence(&text),
        }
    }

    /// Events are told in clauses of ours; the files that were installed are names.
    pub(super) fn events(&mut self, events: Events) -> Events {
        let Events {
            logs,
            read,
            first,
            last,
            counts,
            marks,
            marks_not_listed,
            undated,
            undated_reason,
        } = events;
        Events {
            logs,
            read,
            first,
            last,
            counts,
            marks: self.each(marks, |r, mark| {
                let EventMark {
                    at,
                    kind,
                    id,
                    text,
                    image,
                    evidence,
                } = mark;
                EventMark {
                    at,
                    kind,
                    id,
                    text: r.sentence(&text),
                    image: image.map(|image| r.installed(&image)),
                    evidence,
                }
            }),
            marks_not_listed,
            undated,
            undated_reason: self.maybe_sentence(undated_reason),
        }
    }

    /// A driver's file keeps its name; a service's may be an application of the customer's own.
    pub(super) fn installed(&mut self, image: &str) -> String {
        match image.to_ascii_lowercase().ends_with(".sys") {
            true => self.driver_name(image),
            false => self.component(image, Class::File),
        }
    }

    pub(super) fn correlation(&mut self, correlation: Correlation) -> Correlation {
        let Correlation {
            reading,
            text,
            covered,
            separation,
            lag_seconds,
            survives_minutes_back,
            survives_minutes_forward,
            withheld,
        } = correlation;
        Correlation {
            reading,
            text: self.maybe_sentence(text),
            covered,
            separation,
            lag_seconds,
            survives_minutes_back,
            survives_minutes_forward,
            withheld: withheld.map(|withheld| self.withheld(withheld)),
        }
    }
}
