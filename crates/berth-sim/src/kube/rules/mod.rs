//! What each kind fills in and refuses.

mod batch;
pub(crate) mod config;
pub(crate) mod custom;
mod defaults;
pub(crate) mod definition;
pub(crate) mod events;
mod horizontal;
mod limit_range;
pub(crate) mod metadata;
pub(crate) mod names;
pub(crate) mod namespace;
mod network;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod priority_class;
pub(crate) mod quantity;
mod resource_quota;
mod resources;
mod roles;
pub(crate) mod service;
mod status;
mod storage;
mod strategy;
mod template;
mod unknown;
mod workload;

pub(crate) use strategy::{admit, complete, decode_check, incoming, outgoing, readmit, validate, validate_update};
pub(crate) use unknown::prune;
