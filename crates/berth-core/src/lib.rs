//! What berth knows and decides.
//!
//! Pure: no clock, environment, files, network, async runtime or printing.
//! The spine reads `spec` (the wish) and `observed` (what the cloud has), and `plan` decides what to do about the difference.
//!
//! In reading order: [`spec`] the wish, [`catalog`] what the clouds sell, [`observed`] what is there, [`actions`] what can be done,
//! [`rules`] each cloud's quirks, [`plan`] the decision, [`run`] what happened, [`verify`] whether the promise holds,
//! [`cost`] what it will cost, [`metering`] what was used of what the clouds list, [`lint`] what workloads' manifests will run into,
//! [`lease`] environments with a time to live, [`gc`] what is left of clusters and which of it is to go, [`iam`] the rights each command
//! needs on the clouds, [`ports`] the doors to the outside that other crates implement.

pub mod actions;
pub mod catalog;
pub mod cost;
pub mod gc;
pub mod iam;
pub mod lease;
pub mod lint;
pub mod manifests;
pub mod metering;
pub mod observed;
pub mod plan;
pub mod ports;
pub mod rules;
pub mod run;
pub mod spec;
pub mod verify;
