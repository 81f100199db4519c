//! An estimate or a bill as tables for people, Markdown, one HTML page, CSV, JSON, and metrics.
//!
//! Estimates have a file for each form: `sections` makes the tables that `document` writes for terminals and as Markdown, `flat` is CSV and
//! JSON. Bills, comparisons and differences have one each. `html` and `metrics` serve both estimates and bills, `prices` all that is made of
//! estimates.

pub mod bill;
pub mod comparison;
pub mod difference;
mod document;
mod flat;
mod html;
mod metrics;
mod prices;
mod sections;
pub mod short;
mod words;

use berth_core::cost::{Amount, Budget, Cases, Estimate, LiveRead, Schedule, Scheduled};
use berth_core::spec::ClusterSpec;

pub use flat::{csv, json};
pub use html::html;
pub use metrics::prometheus;
pub use sections::{markdown, text};

/// An estimate and what it is of.
pub struct Shown<'a> {
    /// What it is of.
    pub spec: &'a ClusterSpec,
    /// What it costs.
    pub estimate: &'a Estimate,
    /// When clouds told the live prices that lie over the book.
    pub told: &'a [LiveRead],
    /// What a month may cost, if the file says.
    pub budget: Option<Budget>,
    /// The hours it works, if not all.
    pub schedule: Option<OnSchedule>,
}

/// What an estimate comes to in some hours of the week.
pub struct OnSchedule {
    /// The hours.
    pub schedule: Schedule,
    /// What it costs by them, on average over all hours.
    pub scheduled: Scheduled,
}

impl Shown<'_> {
    /// Everything together, by the schedule if there is one.
    pub fn total(&self) -> Cases<Amount> {
        self.schedule.as_ref().map_or_else(|| self.estimate.total(), |on| on.scheduled.total())
    }
}
