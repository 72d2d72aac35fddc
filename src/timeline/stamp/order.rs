//! Day first or month first? Settled over all stamps of one look in a case together.
//!
//! `05/06/2024` alone cannot be read. But dates of one look in one case come from one
//! program under one locale, so whatever rules out an order for one of them rules it out
//! for all: a field above 12, a weekday beside the date, a prompt that states the order,
//! a point as separator, the order of the stamps in their file, the file's last change,
//! an even interval. Each of these only ever *removes* orders; what remains open after
//! all of them is stated as open, and nothing is guessed.

use std::fmt;

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::written::{Fields, Form, Place, YearPlace};

/// The order in which a date's numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateOrder {
    /// `27/10/2024`
    DayMonthYear,
    /// `10/27/2024`
    MonthDayYear,
    /// `2024-10-27`
    YearMonthDay,
    /// `2024-27-10`, which one known collection script writes.
    YearDayMonth,
}

impl DateOrder {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            DateOrder::DayMonthYear => "day-month-year",
            DateOrder::MonthDayYear => "month-day-year",
            DateOrder::YearMonthDay => "year-month-day",
            DateOrder::YearDayMonth => "year-day-month",
        }
    }
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What settled an order, in the sequence in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderProof {
    /// Only this order makes a calendar day of every stamp.
    CalendarDays,
    /// Every order that is left gives the same days.
    Immaterial,
    /// It was said from outside.
    Told,
    /// The weekdays written beside the dates fit this order only.
    Weekdays,
    /// The prompt of the `date` command states it.
    Prompt,
    /// Points between the numbers: no Windows locale writes the month first with them.
    Points,
    /// In this order only do the stamps of a file ascend.
    Ascending,
    /// In this order only does the last stamp fit the file's last change.
    LastChange,
    /// In this order only are the stamps evenly spaced.
    EvenSpacing,
    /// The name's shape is that of a known script which writes this order.
    KnownScript,
}

impl OrderProof {
    /// One sentence on how the order is known.
    pub const fn sentence(self) -> &'static str {
        match self {
            OrderProof::CalendarDays => "no other order makes a calendar day of every stamp",
            OrderProof::Immaterial => "every possible order gives the same days",
            OrderProof::Told => "the order was given",
            OrderProof::Weekdays => "the weekdays beside the dates fit no other order",
            OrderProof::Prompt => "the prompt of the date command states the order",
            OrderProof::Points => "no Windows locale writes the month first between points",
            OrderProof::Ascending => "in no other order do the stamps of a file ascend",
            OrderProof::LastChange => {
                "in no other order does the last stamp fit the time at which the file was last changed"
            }
            OrderProof::EvenSpacing => "in no other order are the stamps evenly spaced",
            OrderProof::KnownScript => {
                "the file name has the shape that a known collection script gives it"
            }
        }
    }
}

/// How the order of one look of dates was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDecision {
    /// The look: `n/n/yyyy in lines`.
    pub form: String,
    /// The artifact it holds for; `None` for the whole case.
    pub artifact: Option<usize>,
    /// How many stamps have it.
    pub stamps: usize,
    /// The order; `None` if it stays open.
    pub order: Option<DateOrder>,
    /// What settled it.
    pub proof: Option<OrderProof>,
    /// Orders that stay possible. Empty where no single order fits all the stamps.
    pub left: Vec<DateOrder>,
    /// Stamps whose weekday fits none of the possible orders.
    pub wrong_weekdays: usize,
}

/// One stamp as far as the order of its numbers is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub artifact: usize,
    pub fields: Fields,
    pub weekday: Option<Weekday>,
    pub time: Option<NaiveTime>,
    /// The day of the file's last change, where this is the file's last stamp.
    pub last_change: Option<NaiveDate>,
    /// The order that a prompt near the stamp states.
    pub prompt: Option<DateOrder>,
}

impl Sample {
    fn date(&self, order: DateOrder) -> Option<NaiveDate> {
        self.fields.date(order)
    }

    fn at(&self, order: DateOrder) -> Option<NaiveDateTime> {
        Some(
            self.date(order)?
                .and_time(self.time.unwrap_or(NaiveTime::MIN)),
        )
    }
}

/// A clock may be set back by daylight saving, or corrected by a little more, without
/// its stamps being in the wrong order.
const SET_BACK: Duration = Duration::minutes(65);

/// A file is changed last when its last snapshot is written: a day for the zone, a day
/// for the snapshot's own duration and for packing.
const NEAR_LAST_CHANGE_DAYS: i64 = 2;

/// Swapping day and month moves a date by 27 days or more (2 January, 1 February: 30).
const FAR_FROM_LAST_CHANGE_DAYS: i64 = 20;

/// Spacing is even when the longest gap is at most this many times the median: one or
/// two missed snapshots, not more.
const EVEN_RATIO: i64 = 3;

/// Spacing is uneven beyond doubt when the longest gap is this many times the median;
/// in between nothing is concluded.
const UNEVEN_RATIO: i64 = 20;

/// Fewer gaps have no median worth the name.
const MIN_GAPS: usize = 2;

/// Settles the order for stamps of one form, given in file order.
pub(super) fn decide(form: Form, samples: &[Sample], told: Option<DateOrder>) -> OrderDecision {
    let mut decision = OrderDecision {
        form: form.to_string(),
        artifact: None,
        stamps: samples.len(),
        order: None,
        proof: None,
        left: form.orders().to_vec(),
        wrong_weekdays: 0,
    };
    decision
        .left
        .retain(|order| samples.iter().all(|s| s.date(*order).is_some()));
    if decision.left.is_empty() {
        return decision;
    }
    if decision.settle(OrderProof::CalendarDays) {
        decision.check_weekdays(samples);
        return decision;
    }
    if same_days(samples, &decision.left) {
        decision.left.truncate(1);
        decision.settle(OrderProof::Immaterial);
        return decision;
    }
    decision.narrow(OrderProof::Told, |order| {
        told.is_none_or(|said| said == order)
    });
    decision.check_weekdays(samples);
    decision.narrow(OrderProof::Weekdays, |order| {
        samples
            .iter()
            .all(|s| s.weekday.is_none() || weekday_fits(s, order))
    });
    decision.narrow(OrderProof::Prompt, |order| {
        samples
            .iter()
            .all(|s| s.prompt.is_none_or(|said| said == order))
    });
    decision.narrow(OrderProof::Points, |order| {
        form.separator != Some('.') || order != DateOrder::MonthDayYear
    });
    decision.narrow(OrderProof::Ascending, |order| {
        form.place == Place::Name || ascends(samples, order)
    });
    decision.narrow_far(OrderProof::LastChange, |order| last_change(samples, order));
    decision.narrow_far(OrderProof::EvenSpacing, |order| {
        spacing(form, samples, order)
    });
    decision.narrow(OrderProof::KnownScript, |order| {
        form.year != YearPlace::First || order == DateOrder::YearDayMonth
    });
    decision
}

/// How well an order fits a test that has a middle ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    Unclear,
    Misfits,
}

impl OrderDecision {
    /// Drops the orders that do not pass, unless none would be left.
    fn narrow(&mut self, proof: OrderProof, passes: impl Fn(DateOrder) -> bool) {
        if self.order.is_some() {
            return;
        }
        let kept: Vec<DateOrder> = self.left.iter().copied().filter(|o| passes(*o)).collect();
        if !kept.is_empty() {
            self.left = kept;
        }
        self.settle(proof);
    }

    /// Drops the orders that clearly misfit, if some order clearly fits.
    fn narrow_far(&mut self, proof: OrderProof, fit: impl Fn(DateOrder) -> Fit) {
        if self.left.iter().any(|order| fit(*order) == Fit::Fits) {
            self.narrow(proof, |order| fit(order) != Fit::Misfits);
        }
    }

    fn settle(&mut self, proof: OrderProof) -> bool {
        if let ([only], None) = (self.left.as_slice(), self.order) {
            self.order = Some(*only);
            self.proof = Some(proof);
        }
        self.order.is_some()
    }

    fn check_weekdays(&mut self, samples: &[Sample]) {
        let wrong = |s: &&Sample| {
            s.weekday.is_some() && !self.left.iter().any(|order| weekday_fits(s, *order))
        };
        self.wrong_weekdays = samples.iter().filter(wrong).count();
    }
}

fn weekday_fits(sample: &Sample, order: DateOrder) -> bool {
    use chrono::Datelike;
    sample.date(order).map(|date| date.weekday()) == sample.weekday
}

fn same_days(samples: &[Sample], orders: &[DateOrder]) -> bool {
    samples.iter().all(|s| {
        let mut dates = orders.iter().map(|order| s.date(*order));
        let first = dates.next();
        dates.all(|date| Some(date) == first)
    })
}

/// Pairs of neighbouring stamps of one artifact.
fn neighbours(samples: &[Sample]) -> impl Iterator<Item = (&Sample, &Sample)> {
    samples
        .iter()
        .zip(samples.iter().skip(1))
        .filter(|(a, b)| a.artifact == b.artifact)
}

fn ascends(samples: &[Sample], order: DateOrder) -> bool {
    neighbours(samples).all(|(a, b)| match (a.at(order), b.at(order)) {
        (Some(a), Some(b)) => b.signed_duration_since(a) >= -SET_BACK,
        _ => false,
    })
}

fn last_change(samples: &[Sample], order: DateOrder) -> Fit {
    let mut overall = Fit::Unclear;
    for sample in samples {
        let (Some(changed), Some(date)) = (sample.last_change, sample.date(order)) else {
            continue;
        };
        let days = changed.signed_duration_since(date).num_days().abs();
        if days > FAR_FROM_LAST_CHANGE_DAYS {
            return Fit::Misfits;
        }
        if days <= NEAR_LAST_CHANGE_DAYS {
            overall = Fit::Fits;
        }
    }
    overall
}

/// Longest gap against the median gap. Names of several files have no order of their
/// own, so they are sorted first.
fn spacing(form: Form, samples: &[Sample], order: DateOrder) -> Fit {
    let mut gaps: Vec<i64> = match form.place {
        Place::Line => neighbours(samples)
            .filter_map(|(a, b)| Some((b.at(order)? - a.at(order)?).num_seconds()))
            .collect(),
        Place::Name => {
            let mut times: Vec<NaiveDateTime> =
                samples.iter().filter_map(|s| s.at(order)).collect();
            times.sort_unstable();
            let pairs = times.iter().zip(times.iter().skip(1));
            pairs
                .map(|(a, b)| b.signed_duration_since(*a).num_seconds())
                .collect()
        }
    };
    gaps.sort_unstable();
    let (Some(median), Some(longest)) = (gaps.get(gaps.len() / 2), gaps.last()) else {
        return Fit::Unclear;
    };
    if gaps.len() < MIN_GAPS || *median <= 0 {
        return Fit::Unclear;
    }
    match longest / median {
        ratio if ratio <= EVEN_RATIO => Fit::Fits,
        ratio if ratio >= UNEVEN_RATIO => Fit::Misfits,
        _ => Fit::Unclear,
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.separator.map(String::from).unwrap_or_default();
        match self.year {
            YearPlace::First => write!(f, "yyyy{s}n{s}n"),
            YearPlace::Last => write!(f, "n{s}n{s}yyyy"),
            YearPlace::TwoDigits => write!(f, "n{s}n{s}n"),
        }?;
        f.write_str(match self.place {
            Place::Line => " in lines",
            Place::Name => " in file names",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SLASHED: Form = Form {
        place: Place::Line,
        separator: Some('/'),
        year: YearPlace::Last,
    };

    fn sample(form: Form, numbers: [u16; 3], hour: u32) -> Sample {
        Sample {
            artifact: 0,
            fields: Fields { numbers, form },
            weekday: None,
            time: NaiveTime::from_hms_opt(hour, 0, 0),
            last_change: None,
            prompt: None,
        }
    }

    fn settled(samples: &[Sample]) -> Option<(DateOrder, OrderProof)> {
        let form = samples.first()?.fields.form;
        let decision = decide(form, samples, None);
        decision.order.zip(decision.proof)
    }

    #[test]
    fn one_alone_stays_open() {
        let decision = decide(SLASHED, &[sample(SLASHED, [5, 6, 2024], 1)], None);
        assert_eq!(decision.order, None);
        assert_eq!(
            decision.left,
            [DateOrder::DayMonthYear, DateOrder::MonthDayYear]
        );
    }

    #[test]
    fn each_proof_settles_it() {
        use DateOrder::{DayMonthYear as Dmy, MonthDayYear as Mdy};
        let a = sample(SLASHED, [5, 6, 2024], 1);
        assert_eq!(
            settled(&[a, sample(SLASHED, [27, 6, 2024], 1)]),
            Some((Dmy, OrderProof::CalendarDays))
        );
        assert_eq!(
            settled(&[sample(SLASHED, [5, 5, 2024], 1)]),
            Some((Dmy, OrderProof::Immaterial))
        );
        // 5 June 2024 was a Wednesday, 6 May 2024 a Monday.
        assert_eq!(
            settled(&[Sample {
                weekday: Some(Weekday::Mon),
                ..a
            }]),
            Some((Mdy, OrderProof::Weekdays))
        );
        assert_eq!(
            settled(&[Sample {
                prompt: Some(Mdy),
                ..a
            }]),
            Some((Mdy, OrderProof::Prompt))
        );
        let points = Form {
            separator: Some('.'),
            ..SLASHED
        };
        assert_eq!(
            settled(&[sample(points, [5, 6, 2024], 1)]),
            Some((Dmy, OrderProof::Points))
        );
        // 12 May then 1 June, or 5 December then 6 January.
        assert_eq!(
            settled(&[
                sample(SLASHED, [12, 5, 2024], 1),
                sample(SLASHED, [1, 6, 2024], 1)
            ]),
            Some((Dmy, OrderProof::Ascending))
        );
        let changed = NaiveDate::from_ymd_opt(2024, 5, 7);
        assert_eq!(
            settled(&[Sample {
                last_change: changed,
                ..a
            }]),
            Some((Mdy, OrderProof::LastChange))
        );
        let told = decide(SLASHED, &[a], Some(Mdy));
        assert_eq!(
            (told.order, told.proof),
            (Some(Mdy), Some(OrderProof::Told))
        );
    }

    #[test]
    fn an_even_interval_over_midnight() {
        let series = [(1, 22), (1, 23), (2, 0), (2, 1), (2, 2)];
        let samples: Vec<Sample> = series
            .iter()
            .map(|(d, h)| sample(SLASHED, [*d, 2, 2024], *h))
            .collect();
        assert_eq!(
            settled(&samples),
            Some((DateOrder::DayMonthYear, OrderProof::EvenSpacing))
        );
    }

    #[test]
    fn days_in_a_row_may_be_months_in_a_row() {
        let samples: Vec<Sample> = (1..=6)
            .map(|day| sample(SLASHED, [day, 2, 2024], 4))
            .collect();
        assert_eq!(settled(&samples), None);
    }

    #[test]
    fn a_file_time_from_unpacking_settles_nothing() {
        let a = sample(SLASHED, [5, 6, 2024], 1);
        let unpacked = NaiveDate::from_ymd_opt(2025, 1, 20);
        assert_eq!(
            settled(&[Sample {
                last_change: unpacked,
                ..a
            }]),
            None
        );
    }

    #[test]
    fn two_locales_in_one_case_contradict() {
        let samples = [
            sample(SLASHED, [27, 10, 2024], 1),
            sample(SLASHED, [10, 27, 2024], 1),
        ];
        let decision = decide(SLASHED, &samples, None);
        assert_eq!((decision.order, decision.left.len()), (None, 0));
    }

    #[test]
    fn two_digit_years_need_proof() {
        let form = Form {
            year: YearPlace::TwoDigits,
            ..SLASHED
        };
        assert_eq!(settled(&[sample(form, [5, 6, 24], 1)]), None);
        assert_eq!(
            settled(&[sample(form, [27, 10, 32], 1), sample(form, [28, 10, 32], 1)]),
            Some((DateOrder::DayMonthYear, OrderProof::CalendarDays))
        );
        assert_eq!(
            settled(&[sample(form, [24, 10, 27], 1)]),
            None,
            "24 October 2027 or 27 October 2024"
        );
    }

    #[test]
    fn names_of_the_known_script() {
        let form = Form {
            place: Place::Name,
            separator: Some('-'),
            year: YearPlace::First,
        };
        assert_eq!(
            settled(&[sample(form, [2024, 5, 6], 1)]),
            Some((DateOrder::YearDayMonth, OrderProof::KnownScript))
        );
        assert_eq!(
            settled(&[sample(form, [2024, 10, 27], 1)]),
            Some((DateOrder::YearMonthDay, OrderProof::CalendarDays))
        );
    }

    proptest! {
        /// A monotone series written in either order is read in that order or not at all.
        #[test]
        fn never_the_wrong_order(start in 0i64..9000, step_hours in 1i64..100, count in 1usize..40, month_first: bool) {
            use chrono::Datelike;
            let first = NaiveDate::from_ymd_opt(2004, 1, 1).unwrap().and_hms_opt(5, 0, 0).unwrap();
            let truth: Vec<NaiveDateTime> = (0..count)
                .map(|i| first + Duration::days(start) + Duration::hours(step_hours * i as i64))
                .collect();
            let samples: Vec<Sample> = truth.iter().map(|at| {
                let (d, m) = (at.day() as u16, at.month() as u16);
                let (a, b) = if month_first { (m, d) } else { (d, m) };
                let mut made = sample(SLASHED, [a, b, at.year() as u16], 0);
                made.time = Some(at.time());
                made
            }).collect();
            if let Some((order, _)) = settled(&samples) {
                let read: Vec<NaiveDateTime> =
                    samples.iter().map(|s| s.at(order).unwrap()).collect();
                prop_assert_eq!(read, truth);
            }
        }
    }
}
