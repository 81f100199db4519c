//! Looking once at what goes on.

pub(crate) mod look;
mod nat;
mod part;
mod poll;
mod sweep;
mod update;
pub(crate) mod verdict;

pub(crate) use look::Look;
pub(crate) use poll::{poll, unseen};
pub(crate) use update::ended;
