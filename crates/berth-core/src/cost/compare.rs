//! Estimates side by side.

use super::amount::{Amount, Cases, Span};
use super::diff::{Delta, diff};
use super::estimate::Estimate;
use super::quote::Quote;

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
        self.estimate().map(Estimate::total)
    }

    fn estimate(&self) -> Option<&Estimate> {
        match &self.outcome {
            Outcome::Estimated { estimate, .. } => Some(estimate),
            Outcome::Unserved { .. } => None,
        }
    }
}

impl Comparison {
    /// The cheapest at its expected nodes; `None` if a price that nobody knows could make another one the cheapest.
    pub fn cheapest(&self) -> Option<&Column> {
        let mut estimated = self.columns.iter().filter_map(|column| Some((column, column.estimate()?)));
        let others = estimated.clone();
        let cheapest = estimated.find(|(_, one)| others.clone().all(|(_, other)| is_no_dearer(one, other)));
        cheapest.map(|(column, _)| column)
    }
}

/// Whether one costs no more than the other at their expected nodes, whatever the prices are that nobody knows.
fn is_no_dearer(one: &Estimate, other: &Estimate) -> bool {
    let known = |estimate: &Estimate| estimate.total().expected.micro_usd(Span::Month);
    let shared: Vec<Unknown<'_>> = unknowns(other).collect();
    known(one) <= known(other) && unknowns(one).all(|line| shared.contains(&line))
}

/// What is unknown of an estimate at its expected nodes: of which pool, what, how many, and why.
type Unknown<'a> = (Option<&'a str>, &'a str, u64, &'a Quote);

fn unknowns(estimate: &Estimate) -> impl Iterator<Item = Unknown<'_>> {
    let lines = estimate.all_lines().filter(|(_, line)| line.amount().expected.is_at_least());
    lines.map(|(pool, line)| (pool, line.what.as_str(), line.quantity.expected, &line.quote))
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
