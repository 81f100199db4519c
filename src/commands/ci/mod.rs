//! `berth ci`: environments for pipelines, which end by themselves.

mod command;
mod down;
mod extend;
mod list;
pub(crate) mod namespace;
mod terms;
mod told;
mod up;
mod which;

pub(crate) use command::{CiArgs, run};
