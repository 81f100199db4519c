//! What the month comes to if everything stays as it is.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::money::Money;
use super::usage::Usage;
use super::{Window, bill};
use crate::cost::amount::Amount;
use crate::cost::book::PriceBook;

/// A calendar month in UTC, as clouds bill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthEnd {
    /// What was spent since its first second.
    pub so_far: Money,
    /// What runs now costs so much.
    pub rate: Amount,
    /// Seconds until it ends.
    pub seconds_left: u64,
    /// What it comes to if what runs now goes on as it is.
    pub expected: Money,
}

/// What was spent this month, and what it will have come to.
pub fn month_end(usage: &Usage, book: &PriceBook, now: Timestamp) -> MonthEnd {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    let second = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).map_or(now.as_second(), |zoned| zoned.timestamp().as_second())
    };
    let ends = first.checked_add(1.month()).map_or(now.as_second(), second);
    let since = Timestamp::from_second(second(first)).ok();
    let spent = bill(usage, book, Window { since, now });
    let seconds_left = ends.saturating_sub(now.as_second()).max(0).unsigned_abs();
    let (so_far, rate) = (spent.total(), spent.rate());
    MonthEnd { so_far, rate, seconds_left, expected: so_far + rate.over(seconds_left) }
}
