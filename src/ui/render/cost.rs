//! An estimate as tables for people, Markdown, one HTML page, CSV, JSON, and metrics.

mod flat;
mod html;
mod metrics;
mod sections;
mod words;

use berth_core::cost::{Amount, Estimate};
use berth_core::spec::ClusterSpec;

pub(crate) use flat::{csv, json};
pub(crate) use html::html;
pub(crate) use metrics::prometheus;
pub(crate) use sections::{markdown, text};

/// An estimate and what it is of.
pub(crate) struct Shown<'a> {
    pub(crate) spec: &'a ClusterSpec,
    pub(crate) estimate: &'a Estimate,
    /// What a month may cost, if the file says.
    pub(crate) budget: Option<Amount>,
}
