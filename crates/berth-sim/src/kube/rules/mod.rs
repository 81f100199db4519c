//! What each kind fills in and refuses.

pub(crate) mod config;
pub(crate) mod events;
mod limit_range;
pub(crate) mod metadata;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod priority_class;
pub(crate) mod quantity;
mod resource_quota;
mod resources;
pub(crate) mod service;
mod strategy;
mod unknown;

pub(crate) use strategy::{admit, complete, decode_check, incoming, outgoing, readmit, validate, validate_update};
pub(crate) use unknown::prune;
