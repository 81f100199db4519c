//! An estimate or a bill as tables for people, Markdown, one HTML page, CSV, JSON, and metrics.

pub(crate) mod bill;
pub(crate) mod comparison;
pub(crate) mod difference;
mod document;
mod flat;
mod html;
mod metrics;
mod sections;
pub(crate) mod short;
mod words;

use berth_core::cost::{Amount, Budget, Cases, Estimate, Schedule, Scheduled};
use berth_core::spec::ClusterSpec;

use crate::price_cache::Told;

pub(crate) use flat::{csv, json};
pub(crate) use html::{bill as html_of_bill, html};
pub(crate) use metrics::prometheus;
pub(crate) use sections::{markdown, text};

/// An estimate and what it is of.
pub(crate) struct Shown<'a> {
    pub(crate) spec: &'a ClusterSpec,
    pub(crate) estimate: &'a Estimate,
    /// When clouds told the live prices that lie over the book.
    pub(crate) told: &'a [Told],
    /// What a month may cost, if the file says.
    pub(crate) budget: Option<Budget>,
    /// The hours it works, if not all.
    pub(crate) schedule: Option<OnSchedule>,
}

/// What an estimate comes to in some hours of the week.
pub(crate) struct OnSchedule {
    pub(crate) schedule: Schedule,
    pub(crate) scheduled: Scheduled,
}

impl Shown<'_> {
    /// Everything together, by the schedule if there is one.
    pub(crate) fn total(&self) -> Cases<Amount> {
        self.schedule.as_ref().map_or_else(|| self.estimate.total(), |on| on.scheduled.total())
    }
}
