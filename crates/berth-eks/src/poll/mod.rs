//! Looking once at what goes on.

pub(crate) mod look;
mod nat;
mod once;
mod part;
mod sweep;
mod update;
pub(crate) mod verdict;

pub(crate) use look::Look;
pub(crate) use once::{poll, unseen};
pub(crate) use update::ended;
