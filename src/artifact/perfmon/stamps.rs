//! Times of rows. Windows writes `MM/DD/YYYY hh:mm:ss.fff` in every locale; a spreadsheet that
//! opened and saved the file writes its own form, and then the order of day and month is open.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A time as written, with the order of day and month left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    first: u32,
    second: u32,
    year: i32,
    time: NaiveTime,
    /// It has the form that Windows itself writes.
    native: bool,
    /// Its order is plain: year first, or points between.
    order: Option<Order>,
}

/// The order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
}

impl Written {
    pub(super) fn parse(text: &str) -> Option<Written> {
        let text = text.trim();
        let (date, time) = text.split_once([' ', 'T'])?;
        let separator = date.chars().find(|c| !c.is_ascii_digit())?;
        let mut parts = date.split(separator).map(number);
        let (a, b, c) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        let (first, second, year, order) = match separator {
            '-' | '/' if a > 31 => (b, c, a, Some(Order::MonthFirst)),
            '.' => (a, b, c, Some(Order::DayFirst)),
            '/' | '-' => (a, b, c, None),
            _ => return None,
        };
        let year = i32::try_from(year)
            .ok()
            .filter(|y| (1990..2200).contains(y))?;
        let native = separator == '/' && text.len() == 23 && order.is_none();
        Some(Written {
            first,
            second,
            year,
            time: clock(time)?,
            native,
            order: order.or(native.then_some(Order::MonthFirst)),
        })
    }

    /// The order that this one time proves by itself.
    pub(super) fn proves(&self) -> Option<Order> {
        match (self.first > 12, self.second > 12) {
            _ if self.order.is_some() => self.order,
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    /// True if another program than Windows wrote it.
    pub(super) fn is_rewritten(&self) -> bool {
        !self.native
    }

    /// The time, read in that order unless it has its own.
    pub(super) fn read(&self, order: Order) -> Option<NaiveDateTime> {
        let (month, day) = match self.order.unwrap_or(order) {
            Order::MonthFirst => (self.first, self.second),
            Order::DayFirst => (self.second, self.first),
        };
        Some(NaiveDate::from_ymd_opt(self.year, month, day)?.and_time(self.time))
    }
}

fn number(text: &str) -> Option<u32> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `13:04:15.123`, `13:04:15`, `13:04`, `1:04 PM`.
fn clock(text: &str) -> Option<NaiveTime> {
    let folded = text.trim().to_ascii_lowercase();
    let (digits, half) = match folded.strip_suffix("pm").map(|t| (t, 12)) {
        Some(pm) => (pm.0, Some(pm.1)),
        None => match folded.strip_suffix("am") {
            Some(am) => (am, Some(0)),
            None => (folded.as_str(), None),
        },
    };
    let mut parts = digits.trim().split(':');
    let mut hour = number(parts.next()?)?;
    if let Some(add) = half {
        hour = (hour % 12).checked_add(add).filter(|_| hour <= 12)?;
    }
    let minute = number(parts.next()?)?;
    let (seconds, millis) = match parts.next() {
        None => (0, 0),
        Some(rest) => {
            let (seconds, fraction) = rest.split_once(['.', ',']).unwrap_or((rest, ""));
            let padded = format!("{:0<3}", fraction.get(..3).unwrap_or(fraction));
            (number(seconds)?, number(&padded)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    NaiveTime::from_hms_milli_opt(hour, minute, seconds, millis)
}
