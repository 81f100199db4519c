//! How a cluster stands to a budget.

use std::fmt;

use super::amount::{Amount, Cases, Span};
use super::bill::{Money, MonthEnd};

/// What may be spent in a month, in micro-USD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget {
    /// In micro-USD.
    pub monthly_micro_usd: u64,
}

/// How something stands to a budget, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It cannot be over it.
    Within,
    /// What is known is within it, and something is unknown.
    Unknown,
    /// It is over it if it grows or goes on.
    MayExceed,
    /// It is over it however small it stays.
    Over,
}

/// A standing and the figures it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// How it stands.
    pub standing: Standing,
    budget: Budget,
    least: Figure,
    likely: Figure,
    most: Figure,
    of: Of,
}

/// What was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Estimate,
    Month,
}

/// Micro-USD, and whether more is to come of it that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figure {
    micro_usd: u128,
    lacks: bool,
}

impl Budget {
    /// From USD as a spec has them, to the nearest micro-USD; `None` for what is no amount above 0.
    pub fn from_usd(usd: f64) -> Option<Self> {
        let micro = (usd * 1e6).round();
        // Beyond 2^53 a float counts no single micro-USD any more, and no budget is that large.
        (1.0..9e15).contains(&micro).then_some(Self { monthly_micro_usd: micro as u64 })
    }

    /// How an estimate stands: refused if it is over at its fewest nodes, to be asked about if it is over at its most.
    pub fn judge(self, month: Cases<Amount>) -> Judgement {
        let figure = |amount: Amount| Figure { micro_usd: amount.micro_usd(Span::Month), lacks: amount.is_at_least() };
        self.judged(Of::Estimate, month.map(figure))
    }

    /// How a bill's month stands: over if so much was spent already, and perhaps over if it will be at its end.
    pub fn judge_month(self, month: &MonthEnd) -> Judgement {
        let figure = |money: Money| Figure { micro_usd: money.micro_usd(), lacks: money.is_at_least() };
        let (least, most) = (figure(month.so_far), figure(month.expected));
        self.judged(Of::Month, Cases { min: least, expected: most, max: most })
    }

    fn judged(self, of: Of, figures: Cases<Figure>) -> Judgement {
        let is_over = |figure: Figure| figure.micro_usd > u128::from(self.monthly_micro_usd);
        let standing = match figures {
            Cases { min, .. } if is_over(min) => Standing::Over,
            Cases { max, expected, .. } if is_over(max) || is_over(expected) => Standing::MayExceed,
            Cases { min, expected, max } if [min, expected, max].iter().any(|figure| figure.lacks) => Standing::Unknown,
            _ => Standing::Within,
        };
        Judgement { standing, budget: self, least: figures.min, likely: figures.expected, most: figures.max, of }
    }
}

impl fmt::Display for Budget {
    /// `1500.00 USD a month`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} USD a month", usd(u128::from(self.monthly_micro_usd)))
    }
}

impl fmt::Display for Judgement {
    /// One sentence without its full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (budget, least, likely, most) = (self.budget, self.least, self.likely, self.most);
        match (self.standing, self.of) {
            (Standing::Over, Of::Estimate) => {
                write!(f, "at its fewest nodes it costs {least} a month, over the budget of {budget}")
            }
            (Standing::MayExceed, Of::Estimate) if likely.micro_usd > u128::from(budget.monthly_micro_usd) => {
                write!(
                    f,
                    "at the expected nodes it costs {likely} a month, at the most {most}, over the budget of {budget}"
                )
            }
            (Standing::MayExceed, Of::Estimate) => {
                write!(
                    f,
                    "at its most nodes it costs {most} a month, over the budget of {budget}; at the expected ones {likely}"
                )
            }
            (Standing::Over, Of::Month) => write!(f, "{least} were spent this month, over the budget of {budget}"),
            (Standing::MayExceed, Of::Month) => {
                write!(
                    f,
                    "if it goes on, this month comes to {most}, over the budget of {budget}; {least} were spent so far"
                )
            }
            (Standing::Unknown, _) => {
                write!(f, "what is known is within the budget of {budget} with {most}, but not every price is known")
            }
            (Standing::Within, _) => write!(f, "it is within the budget of {budget} with {most} at the most"),
        }
    }
}

impl fmt::Display for Figure {
    /// `1232.58 USD`, `at least 1232.58 USD`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} USD", if self.lacks { "at least " } else { "" }, usd(self.micro_usd))
    }
}

/// To the cent.
fn usd(micro_usd: u128) -> String {
    let cents = (micro_usd + 5000) / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Amount, Budget, Cases, Money, MonthEnd, Standing};

    fn cases(min: u64, expected: u64, max: u64) -> Cases<Amount> {
        Cases { min, expected, max }.map(|usd| Amount::by_the_month(usd * 1_000_000))
    }

    fn judged(month: Cases<Amount>) -> (Standing, String) {
        let judgement = Budget { monthly_micro_usd: 100_000_000 }.judge(month);
        (judgement.standing, judgement.to_string())
    }

    #[test]
    fn an_estimate_is_refused_asked_about_or_within() {
        let over = judged(cases(101, 200, 300));
        assert_eq!(
            over,
            (
                Standing::Over,
                "at its fewest nodes it costs 101.00 USD a month, over the budget of 100.00 USD a month".to_owned()
            )
        );
        let likely = judged(cases(50, 101, 300));
        assert_eq!(likely.0, Standing::MayExceed);
        assert_eq!(
            likely.1,
            "at the expected nodes it costs 101.00 USD a month, at the most 300.00 USD, over the budget of 100.00 USD a month"
        );
        let most = judged(cases(50, 100, 101));
        assert_eq!(most.0, Standing::MayExceed);
        assert!(most.1.starts_with("at its most nodes it costs 101.00 USD a month"), "{}", most.1);
        assert_eq!(judged(cases(50, 99, 100)).0, Standing::Within, "the budget itself may be spent");
    }

    #[test]
    fn an_unknown_is_neither_within_nor_free() {
        let unknown = cases(50, 60, 70).map(|amount| amount + Amount::UNKNOWN);
        assert_eq!(judged(unknown).0, Standing::Unknown);
        assert!(judged(unknown).1.contains("at least 70.00 USD"), "{}", judged(unknown).1);
        let over = cases(101, 101, 101).map(|amount| amount + Amount::UNKNOWN);
        assert_eq!(judged(over).0, Standing::Over);
        assert!(judged(over).1.contains("at least 101.00 USD"));
    }

    #[test]
    fn a_month_is_over_when_it_was_spent_and_may_be_when_it_goes_on() {
        let budget = Budget::from_usd(100.0).expect("a budget");
        let month = |so_far, expected| MonthEnd {
            so_far: Money::of(so_far),
            rate: Amount::NOTHING,
            seconds_left: 3600,
            expected: Money::of(expected),
            clusters: BTreeMap::new(),
        };
        let standing = |so_far, expected| budget.judge_month(&month(so_far, expected)).standing;
        assert_eq!(standing(100_000_001, 200_000_000), Standing::Over);
        assert_eq!(standing(50_000_000, 100_000_001), Standing::MayExceed);
        assert_eq!(standing(50_000_000, 100_000_000), Standing::Within);
    }

    #[test]
    fn only_an_amount_is_a_budget() {
        assert_eq!(Budget::from_usd(1500.5), Some(Budget { monthly_micro_usd: 1_500_500_000 }));
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY, 1e300].iter().all(|usd| Budget::from_usd(*usd).is_none()));
    }
}
