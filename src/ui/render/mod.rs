//! From values to text, pure: nothing here prints.

pub(crate) mod ci;
pub(crate) mod cluster;
pub(crate) mod failure;
pub(crate) mod gc;
pub(crate) mod ledger;
pub(crate) mod plan;
pub(crate) mod preflight;
pub(crate) mod verification;
