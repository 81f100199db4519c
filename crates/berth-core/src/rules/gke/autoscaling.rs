//! Autoscaling limits are written as totals, so that a file means the same on both clouds; a fixed pool has none.

use crate::actions::gke::GkeAutoscaling;
use crate::spec::{Capacity, NodeRange, PoolSpec};

/// The autoscaling a pool is wanted to have; `None` for a fixed size.
///
/// Spot pools take `locationPolicy: ANY`: GKE then prefers zones with less risk of losing the machines, where `BALANCED` would
/// insist on equal zones.
pub fn autoscaling(pool: &PoolSpec) -> Option<GkeAutoscaling> {
    let NodeRange { min, max } = pool.nodes;
    (min != max).then(|| GkeAutoscaling {
        nodes: pool.nodes,
        per_zone: false,
        any_zone: pool.capacity != Capacity::OnDemand,
    })
}

/// In words, for a plan: `1 to 8 in total, any zone`.
pub fn words(autoscaling: Option<&GkeAutoscaling>) -> String {
    let Some(autoscaling) = autoscaling else { return "off".to_owned() };
    let NodeRange { min, max } = autoscaling.nodes;
    let unit = if autoscaling.per_zone { "per zone" } else { "in total" };
    let policy = if autoscaling.any_zone { "any zone" } else { "balanced zones" };
    format!("{min} to {max} {unit}, {policy}")
}
