//! Scarce pools first: what a zone is likely not to have is asked for before anything that is easy to get.

use crate::actions::gke::GkePool;

/// Sorts pools by scarcity: GPU pools before others, scarcer GPUs before commoner ones, fewer zones before more.
///
/// Pools that are equally scarce keep the file's order.
/// CreateCluster makes its inline pools together, so there this order only says which one GKE is asked for first; the pool
/// without GPUs that system pods need is in the same call, and the GPU taint does not depend on the order because it is always
/// written (see `taints`).
/// Pools added later are separate calls, of which GKE takes only a few at once, so there the order decides who comes first.
pub fn by_scarcity(pools: &mut [GkePool]) {
    pools.sort_by_key(|pool| match &pool.accelerator {
        Some(accelerator) => (0, scarcity(&accelerator.kind), pool.zones.len()),
        None => (1, 0, 0),
    });
}

/// GKE's GPU types, scarcest first as far as stock-out reports from the field tell.
const SCARCEST_FIRST: [&str; 10] = [
    "nvidia-h200-141gb",
    "nvidia-h100-mega-80gb",
    "nvidia-h100-80gb",
    "nvidia-a100-80gb",
    "nvidia-tesla-a100",
    "nvidia-tesla-v100",
    "nvidia-l4",
    "nvidia-tesla-p100",
    "nvidia-tesla-t4",
    "nvidia-tesla-p4",
];

/// Place of a GPU type among all; types this version does not know count as the scarcest.
fn scarcity(kind: &str) -> usize {
    SCARCEST_FIRST.iter().position(|known| *known == kind).unwrap_or(0)
}
