//! One file per check; each says what is missing about one pool and why.

mod allocatable;
mod gpu_labels;
mod labels;
mod node_count;
mod ready;
pub(super) mod strangers;
mod taints;

use super::evidence::PoolEvidence;
use super::report::Shortfall;

/// Every check of a pool, the ones that explain the others first.
pub(super) const CHECKS: [fn(&PoolEvidence<'_>) -> Vec<Shortfall>; 6] =
    [node_count::check, ready::check, taints::check, labels::check, gpu_labels::check, allocatable::check];
