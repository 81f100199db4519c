//! The SDK's models as berth's words.

mod cluster;
mod operation;
mod pool;
mod words;

pub(crate) use cluster::cluster;
pub(crate) use operation::{detail, failure, is_done, operation};
pub(crate) use pool::pool;
pub(crate) use words::{name_of, sorted_map};
