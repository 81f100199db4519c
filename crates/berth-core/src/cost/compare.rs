//! Estimates side by side.

use super::amount::{Amount, Cases, Span};
use super::diff::{Delta, diff};
use super::estimate::Estimate;

/// Estimates of the same wish, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// In the order they were given; what cannot be had is among them.
    pub columns: Vec<Column>,
}

/// One of the things to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What it is called, for example `eks` or `l4`.
    pub label: String,
    /// What it will cost, or why it cannot be had: sentences without their full stops, one at least.
    pub estimate: Result<Estimate, Vec<String>>,
    /// What has to be known of it.
    pub notes: Vec<String>,
}

/// One of the things compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What it is called, for example `eks` or `l4`.
    pub label: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one of the things compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It has an estimate.
    Estimated {
        /// What it will cost.
        estimate: Box<Estimate>,
        /// What has to be known of it.
        notes: Vec<String>,
        /// Against the first that has an estimate.
        delta: Cases<Delta>,
    },
    /// It cannot be had.
    Unserved {
        /// Why, each a sentence without its full stop; never empty.
        why: Vec<String>,
    },
}

impl Column {
    /// Its total, if it has an estimate.
    pub fn total(&self) -> Option<Cases<Amount>> {
        match &self.outcome {
            Outcome::Estimated { estimate, .. } => Some(estimate.total()),
            Outcome::Unserved { .. } => None,
        }
    }
}

impl Comparison {
    /// The cheapest at its expected nodes; `None` if a price that nobody knows could make another one the cheapest.
    pub fn cheapest(&self) -> Option<&Column> {
        let month = |amounts: Cases<Amount>| (amounts.expected.micro_usd(Span::Month), amounts.expected.is_at_least());
        let totals = self.columns.iter().filter_map(|column| Some((column, month(column.total()?))));
        let mut known = totals.clone().filter(|(_, (_, lacks))| !lacks);
        let first = known.next()?;
        let (cheapest, least) = known.fold(first, |best, next| if next.1.0 < best.1.0 { next } else { best });
        let mut unsure = totals.filter(|(_, (micro_usd, lacks))| *lacks && *micro_usd <= least.0);
        unsure.next().is_none().then_some(cheapest)
    }
}

/// Puts estimates side by side.
pub fn compare(candidates: Vec<Candidate>) -> Comparison {
    let first = candidates.iter().find_map(|candidate| candidate.estimate.as_ref().ok()).cloned();
    let column = |Candidate { label, estimate, notes }| {
        let outcome = match estimate {
            Ok(estimate) => {
                let delta = diff(first.as_ref(), Some(&estimate)).total.delta;
                Outcome::Estimated { estimate: Box::new(estimate), notes, delta }
            }
            Err(why) => Outcome::Unserved { why },
        };
        Column { label, outcome }
    };
    Comparison { columns: candidates.into_iter().map(column).collect() }
}
