//! Sums of money, exact, that never take an unknown for nothing.

use std::iter;
use std::ops::{Add, Mul};

use super::bill::Money;

/// Hours of the month that clouds price by.
pub const MONTH_HOURS: u64 = 730;

/// Money for a month of 730 hours in micro-USD, some parts of which may be unknown.
///
/// A month is the unit because prices by the hour and by the month both come out whole in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    known: u128,
    lacks: bool,
}

/// A stretch of time to give an amount for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One hour.
    Hour,
    /// 24 hours.
    Day,
    /// 730 hours.
    Month,
}

impl Amount {
    /// Nothing is to be paid.
    pub const NOTHING: Self = Self { known: 0, lacks: false };
    /// Something is to be paid, and nobody knows how much.
    pub const UNKNOWN: Self = Self { known: 0, lacks: true };

    /// So many micro-USD for each hour.
    pub fn by_the_hour(micro_usd: u64) -> Self {
        Self::by_the_month(micro_usd) * MONTH_HOURS
    }

    /// So many micro-USD for each month.
    pub fn by_the_month(micro_usd: u64) -> Self {
        Self { known: u128::from(micro_usd), lacks: false }
    }

    /// The known part for that time in micro-USD, rounded to the nearest.
    pub fn micro_usd(self, span: Span) -> u128 {
        let month = u128::from(MONTH_HOURS);
        match span {
            Span::Hour => (self.known + month / 2) / month,
            Span::Day => (self.known * 24 + month / 2) / month,
            Span::Month => self.known,
        }
    }

    /// Whether some part of it is unknown, so that the known part is a least value.
    pub fn is_at_least(self) -> bool {
        self.lacks
    }

    /// Whether nothing of it is known.
    pub fn is_unknown(self) -> bool {
        self.lacks && self.known == 0
    }

    /// `part` of `whole` equal parts, rounded down to a micro-USD a month; nothing if there are no parts.
    pub fn part(self, part: u64, whole: u64) -> Self {
        if part == 0 || whole == 0 {
            return Self::NOTHING;
        }
        Self { known: self.known * u128::from(part) / u128::from(whole), lacks: self.lacks }
    }

    /// `part` of `whole` of it and the rest of `other`, rounded to the nearest micro-USD a month; `part` is at most `whole`, which is not 0.
    pub fn blend(self, other: Self, part: u64, whole: u64) -> Self {
        let rest = whole.saturating_sub(part);
        let known = self.known * u128::from(part) + other.known * u128::from(rest);
        let lacks = (self.lacks && part > 0) || (other.lacks && rest > 0);
        Self { known: (known + u128::from(whole) / 2) / u128::from(whole.max(1)), lacks }
    }

    /// The same, lacking what `other` lacks.
    pub(super) fn lacking_as(self, other: Self) -> Self {
        Self { lacks: other.lacks, ..self }
    }

    /// What it comes to in so many seconds, rounded to the nearest micro-USD.
    pub fn over(self, seconds: u64) -> Money {
        let month = u128::from(MONTH_HOURS) * 3600;
        let known = Money::of((self.known.saturating_mul(u128::from(seconds)) + month / 2) / month);
        if self.lacks && seconds > 0 { known + Money::UNKNOWN } else { known }
    }

    /// Divides it by weights so that the parts are it again; see [`Money::divide`].
    pub fn divide(self, weights: &[u128]) -> Vec<Self> {
        let known = Money::of(self.known) + if self.lacks { Money::UNKNOWN } else { Money::NOTHING };
        let part = |part: Money| Self { known: part.micro_usd(), lacks: part.is_at_least() };
        known.divide(weights).into_iter().map(part).collect()
    }

    /// What is left of it without `taken`; parts of an unknown are unknown.
    pub fn without(self, taken: Self) -> Self {
        Self { known: self.known.saturating_sub(taken.known), lacks: self.lacks }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { known: self.known + other.known, lacks: self.lacks || other.lacks }
    }
}

impl Mul<u64> for Amount {
    type Output = Self;

    /// So many of it; none of an unknown costs nothing.
    fn mul(self, count: u64) -> Self {
        if count == 0 {
            return Self::NOTHING;
        }
        Self { known: self.known.saturating_mul(u128::from(count)), lacks: self.lacks }
    }
}

impl iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::NOTHING, Add::add)
    }
}

/// One value for each size a cluster can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cases<T> {
    /// Every pool at its fewest nodes.
    pub min: T,
    /// Every pool halfway between its fewest and its most nodes, rounded up.
    pub expected: T,
    /// Every pool at its most nodes.
    pub max: T,
}

impl<T: Copy> Cases<T> {
    /// The same in all cases.
    pub fn always(value: T) -> Self {
        Self { min: value, expected: value, max: value }
    }

    /// Each case changed alike.
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Cases<U> {
        Cases { min: change(self.min), expected: change(self.expected), max: change(self.max) }
    }

    /// Each case together with the same case of another.
    pub fn with<U: Copy, V>(self, other: Cases<U>, join: impl Fn(T, U) -> V) -> Cases<V> {
        Cases {
            min: join(self.min, other.min),
            expected: join(self.expected, other.expected),
            max: join(self.max, other.max),
        }
    }

    /// From min to max.
    pub fn all(self) -> [T; 3] {
        [self.min, self.expected, self.max]
    }
}

impl iter::Sum for Cases<Amount> {
    fn sum<I: Iterator<Item = Self>>(cases: I) -> Self {
        cases.fold(Self::default(), |sum, next| sum.with(next, Add::add))
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Span};

    #[test]
    fn an_hour_and_a_day_are_rounded_and_a_month_is_exact() {
        let amount = Amount::by_the_month(1_000_000);
        // 1000000 / 730 = 1369.86; x 24 = 32876.71.
        assert_eq!([Span::Hour, Span::Day, Span::Month].map(|span| amount.micro_usd(span)), [1370, 32_877, 1_000_000]);
        assert_eq!(Amount::by_the_hour(100_000).micro_usd(Span::Month), 73_000_000);
    }

    #[test]
    fn an_unknown_stays_in_every_sum_but_none_of_it_is_free() {
        let sum = Amount::by_the_hour(5) + Amount::UNKNOWN;
        assert!(sum.is_at_least() && !sum.is_unknown());
        assert!(Amount::UNKNOWN.is_unknown() && (Amount::UNKNOWN * 3).is_unknown());
        let nothing = 0;
        assert_eq!(Amount::UNKNOWN * nothing, Amount::NOTHING);
        assert!(sum.part(1, 2).is_at_least() && sum.without(sum.part(1, 2)).is_at_least());
    }
}
