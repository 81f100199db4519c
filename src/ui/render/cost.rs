//! An estimate as tables for people, Markdown, CSV and JSON.

mod flat;
mod sections;
mod words;

use berth_core::cost::Estimate;
use berth_core::spec::ClusterSpec;

pub(crate) use flat::{csv, json};
pub(crate) use sections::{markdown, text};

/// An estimate and what it is of.
pub(crate) struct Shown<'a> {
    pub(crate) spec: &'a ClusterSpec,
    pub(crate) estimate: &'a Estimate,
}
