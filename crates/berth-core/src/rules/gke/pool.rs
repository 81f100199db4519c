//! A pool of the file as GKE's node pool.

use super::zone_counts::{ZoneCounts, zone_counts};
use super::{accelerator, autoscaling, labels, taints};
use crate::actions::gke::GkePool;
use crate::plan::Refusal;
use crate::spec::{Capacity, ClusterSpec, GkeSpec, PoolSpec};

/// What a pool of the file is to be on GKE, and how its totals map to zones.
///
/// # Errors
/// GKE does not sell the GPU, or has no such way to buy machines.
pub fn wanted(spec: &ClusterSpec, gke: &GkeSpec, pool: &PoolSpec) -> Result<(GkePool, ZoneCounts), Refusal> {
    if pool.capacity == Capacity::SpotThenOnDemand {
        return Err(Refusal::Impossible {
            about: format!("pool {}", pool.name),
            why: "a GKE node pool is either spot or on-demand; write one pool of each".to_owned(),
        });
    }
    let counts = zone_counts(pool.nodes, &pool.zones);
    let wanted = GkePool {
        name: pool.name.clone(),
        machine_type: pool.machine_type.clone(),
        accelerator: accelerator::accelerator(pool)?,
        spot: pool.capacity == Capacity::Spot,
        zones: counts.zones.clone(),
        initial_nodes_per_zone: counts.per_zone,
        autoscaling: autoscaling::autoscaling(pool),
        labels: pool.labels.clone(),
        taints: taints::taints(pool),
        disk: pool.disk.clone(),
        secure_boot: gke.secure_boot,
        // GKE turns integrity monitoring on by default; sending only one of the two would override that, so both are sent.
        integrity_monitoring: true,
        workload_metadata: gke.settings.workload_identity,
        resource_labels: labels::pool_labels(spec),
    };
    Ok((wanted, counts))
}

/// What a pool is in one line: `n1-standard-8, 1 x nvidia-tesla-v100, spot, 100 GB pd-ssd`.
pub fn words(pool: &GkePool) -> String {
    let mut parts = vec![pool.machine_type.clone()];
    if pool.accelerator.is_some() {
        parts.push(accelerator::words(pool.accelerator.as_ref()));
    }
    parts.push(capacity_words(pool.spot).to_owned());
    parts.push(disk_words(pool));
    parts.join(", ")
}

/// `spot` or `on-demand`.
pub fn capacity_words(spot: bool) -> &'static str {
    if spot { "spot" } else { "on-demand" }
}

/// `200 GB pd-ssd`.
pub fn disk_words(pool: &GkePool) -> String {
    format!("{} GB {}", pool.disk.size_gb, pool.disk.kind)
}

/// Most nodes a pool may have over all its zones, as far as its settings tell.
pub fn most_nodes(pool: &GkePool) -> u32 {
    let zones = u32::try_from(pool.zones.len()).unwrap_or(u32::MAX);
    match &pool.autoscaling {
        Some(autoscaling) if autoscaling.per_zone => autoscaling.nodes.max.saturating_mul(zones),
        Some(autoscaling) => autoscaling.nodes.max,
        None => pool.initial_nodes_per_zone.saturating_mul(zones),
    }
}

/// GPUs on each node.
pub fn gpus_per_node(pool: &GkePool) -> u32 {
    pool.accelerator.as_ref().map_or(0, |accelerator| accelerator.count)
}
