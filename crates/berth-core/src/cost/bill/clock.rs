//! What a thing costs from one second to another, exactly, however often its price moved.

use jiff::Timestamp;

use super::money::{Money, quotient};
use crate::cost::amount::{Amount, MONTH_HOURS};
use crate::cost::book::{Price, Unit};

/// Seconds of the month that clouds price by.
const MONTH_SECONDS: u128 = MONTH_HOURS as u128 * 3600;

/// The prices of one kind of thing over time.
pub(super) struct Tariff {
    /// From which second on, and micro-USD for a month of 730 hours; the first holds before its time too. Empty if nobody knows the price.
    steps: Vec<(i64, u128)>,
}

impl Tariff {
    /// Of some number of things at prices that follow each other.
    pub(super) fn new(prices: &[(Timestamp, Price)], quantity: u64) -> Self {
        let step = |(since, price): &(Timestamp, Price)| {
            let month = match price.unit {
                // What passes through has no hour.
                Unit::Gb => return None,
                Unit::GbMonth => u128::from(price.micro_usd),
                Unit::Hour | Unit::GpuHour | Unit::VmHour => u128::from(price.micro_usd) * u128::from(MONTH_HOURS),
            };
            Some((since.as_second(), month * u128::from(quantity)))
        };
        Self { steps: prices.iter().map_while(step).collect() }
    }

    /// A price nobody knows.
    pub(super) fn unknown() -> Self {
        Self { steps: Vec::new() }
    }

    /// Whether the price does not move between these seconds, so that only the time counts.
    pub(super) fn is_steady(&self, from: i64, to: i64) -> bool {
        self.steps.len() < 2 || self.pieces(from, to).nth(1).is_none()
    }

    /// `from..to` cut where the price moved, each piece with its price in micro-USD a month; 1 for a price nobody knows.
    pub(super) fn pieces(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64, u128)> {
        // The step that holds at the beginning is the last that began by then, or the first of all.
        let first = self.steps.partition_point(|(since, _)| *since <= from).saturating_sub(1);
        let unknown = self.steps.is_empty().then_some((from, to, 1));
        let known = self.steps.iter().enumerate().skip(first).map_while(move |(index, (since, month))| {
            let begin = if index == first { from } else { *since };
            let end = self.steps.get(index + 1).map_or(to, |(next, _)| (*next).min(to));
            (begin < to).then_some((begin, end, *month))
        });
        unknown.into_iter().chain(known).filter(|(begin, end, _)| begin < end)
    }

    /// What is to be paid for `from..to` of something that began at `start`.
    ///
    /// Fractions of a micro-USD are counted from `start`, so that the parts of a time that was cut are the whole time.
    pub(super) fn cost(&self, start: i64, from: i64, to: i64) -> Money {
        if to <= from {
            return Money::NOTHING;
        }
        if self.steps.is_empty() {
            return Money::UNKNOWN;
        }
        let until = |end| if end == start { 0 } else { quotient(self.month_seconds(start, end), MONTH_SECONDS) };
        Money::of(until(to) - until(from))
    }

    /// What it costs now.
    pub(super) fn rate(&self, now: i64) -> Amount {
        let step = self.steps.iter().rev().find(|(since, _)| *since <= now).or_else(|| self.steps.first());
        step.map_or(Amount::UNKNOWN, |(_, month)| Amount::by_the_month(u64::try_from(*month).unwrap_or(u64::MAX)))
    }

    /// Micro-USD a month, times seconds, from one second to another.
    fn month_seconds(&self, start: i64, end: i64) -> u128 {
        self.pieces(start, end).map(|(begin, end, month)| month * u128::from(end.abs_diff(begin))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Tariff;

    /// 1 USD an hour, from second 1000 on 2 USD an hour.
    fn moved() -> Tariff {
        Tariff { steps: vec![(0, 730_000_000), (1000, 1_460_000_000)] }
    }

    #[test]
    fn each_second_has_the_price_of_its_time() {
        // 400 s at 1 USD and 500 s at 2 USD an hour: 1400 / 3600 USD.
        assert_eq!(moved().cost(600, 600, 1500).micro_usd(), 388_888);
        // Before the first price is known, it is taken to have been the same.
        assert_eq!(moved().cost(-3600, -3600, 0).micro_usd(), 1_000_000);
        assert_eq!(moved().cost(2000, 2000, 5600).micro_usd(), 2_000_000);
    }

    #[test]
    fn a_time_that_was_cut_costs_what_the_whole_costs() {
        let whole = moved().cost(7, 7, 3011).micro_usd();
        for cut in [8, 999, 1000, 1001, 2999] {
            assert_eq!(moved().cost(7, 7, cut).micro_usd() + moved().cost(7, cut, 3011).micro_usd(), whole, "{cut}");
        }
    }
}
