//! Money that was spent: whole micro-USD, which never take an unknown for nothing.

use std::iter;
use std::ops::Add;

/// Bits of a weight that count.
const FINEST: u32 = 60;
/// Parts that are divided without a list of their own.
const FEW: usize = 8;

/// Micro-USD that were or will be paid, some parts of which may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Money {
    known: u64,
    lacks: bool,
}

impl Money {
    /// Nothing was paid.
    pub const NOTHING: Self = Self { known: 0, lacks: false };
    /// Something was paid, and nobody knows how much.
    pub const UNKNOWN: Self = Self { known: 0, lacks: true };

    /// So many micro-USD.
    pub fn of(micro_usd: u128) -> Self {
        // More than all money there is; a bill holds millions of these.
        Self { known: u64::try_from(micro_usd).unwrap_or(u64::MAX), lacks: false }
    }

    /// The known part in micro-USD.
    pub fn micro_usd(self) -> u128 {
        self.known.into()
    }

    /// Whether some part of it is unknown, so that the known part is a least value.
    pub fn is_at_least(self) -> bool {
        self.lacks
    }

    /// Whether nothing of it is known.
    pub fn is_unknown(self) -> bool {
        self.lacks && self.known == 0
    }

    /// Divides it by weights so that the parts are it again to the micro-USD: each gets its part rounded down, and what is left over goes,
    /// one micro-USD each, to those who lost most by that; of equals the earlier comes first.
    ///
    /// A part without weight is nothing; a part of an unknown is unknown. Without any weight there is nobody to divide it among, and all parts
    /// are nothing.
    pub fn divide(self, weights: &[u128]) -> Vec<Self> {
        let mut parts = Vec::with_capacity(weights.len());
        self.divide_into(weights, &mut parts);
        parts
    }

    /// The same, into a list that is used again and again.
    pub(super) fn divide_into(self, weights: &[u128], parts: &mut Vec<Self>) {
        parts.clear();
        // Weights beyond that are finer than any micro-USD, and their products would be too large.
        let bits = 128 - weights.iter().fold(0, |all, weight| all | weight).leading_zeros();
        let shift = bits.saturating_sub(FINEST);
        let whole: u128 = weights.iter().map(|weight| weight >> shift).sum();
        if whole == 0 {
            parts.resize(weights.len(), Self::NOTHING);
            return;
        }
        let all = u128::from(self.known);
        let mut left = self.known;
        parts.extend(weights.iter().map(|weight| {
            // No part is more than the whole.
            let known = u64::try_from(quotient(all.saturating_mul(weight >> shift), whole)).unwrap_or(u64::MAX);
            left = left.saturating_sub(known);
            Self { known, lacks: self.lacks && *weight > 0 }
        }));
        if left == 0 {
            return;
        }
        let loss = |weight: u128, part: Self| all.saturating_mul(weight >> shift) - u128::from(part.known) * whole;
        let mut few = [0; FEW];
        let mut many = Vec::new();
        let losses = few.get_mut(..weights.len()).unwrap_or_else(|| {
            many.resize(weights.len(), 0);
            &mut many
        });
        losses.iter_mut().zip(weights).zip(&*parts).for_each(|((into, weight), part)| *into = loss(*weight, *part));
        for _ in 0..left {
            // Of equals the first: `max_by_key` would take the last.
            let most = losses.iter().enumerate().rev().max_by_key(|(_, loss)| **loss).map_or(0, |(index, _)| index);
            losses[most] = 0;
            parts[most].known += 1;
        }
    }
}

/// A quotient rounded down, quicker where both numbers are small.
pub(super) fn quotient(number: u128, by: u128) -> u128 {
    match (u64::try_from(number), u64::try_from(by)) {
        (Ok(number), Ok(by)) => u128::from(number / by),
        _ => number / by,
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { known: self.known.saturating_add(other.known), lacks: self.lacks || other.lacks }
    }
}

impl iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::NOTHING, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn parts_are_the_whole_to_the_micro_usd() {
        let known = |parts: Vec<Money>| parts.into_iter().map(Money::micro_usd).collect::<Vec<_>>();
        assert_eq!(known(Money::of(100).divide(&[1, 1, 1])), [34, 33, 33]);
        // 100 x 2 / 7 = 28.57, 100 x 5 / 7 = 71.43: the first lost more.
        assert_eq!(known(Money::of(100).divide(&[2, 0, 5])), [29, 0, 71]);
        assert_eq!(known(Money::of(100).divide(&[0, 0])), [0, 0]);
    }

    #[test]
    fn a_part_of_an_unknown_is_unknown_and_no_part_of_it_is_nothing() {
        assert_eq!(Money::UNKNOWN.divide(&[1, 0]), [Money::UNKNOWN, Money::NOTHING]);
        let sum = Money::UNKNOWN + Money::of(5);
        assert!(sum.is_at_least() && !sum.is_unknown() && sum.micro_usd() == 5);
    }
}
