//! A node pool as read back.

use berth_core::actions::gke::{GkeAccelerator, GkeAutoscaling, GkeDriver, GkePool};
use berth_core::observed::{ObservedPool, ObservedPoolSettings};
use berth_core::spec::{Disk, NodeRange, Sharing, Taint, TaintEffect};
use google_cloud_container_v1::model;

use super::words::{issues, phase, sorted_map};

/// A pool of a cluster whose own zones are the default for pools that name none.
pub(crate) fn pool(pool: &model::NodePool, cluster_zones: &[String]) -> ObservedPool {
    let phase = phase(pool.status.name());
    #[expect(deprecated, reason = "read only when the pool is broken and no condition says why")]
    let status_text = &pool.status_message;
    ObservedPool {
        name: pool.name.clone(),
        phase,
        issues: issues(&pool.conditions, phase, status_text),
        settings: ObservedPoolSettings::Gke(Box::new(settings(pool, cluster_zones))),
    }
}

fn settings(pool: &model::NodePool, cluster_zones: &[String]) -> GkePool {
    let config = pool.config.clone().unwrap_or_default();
    let shielded = config.shielded_instance_config.clone().unwrap_or_default();
    let mut zones = if pool.locations.is_empty() { cluster_zones.to_vec() } else { pool.locations.clone() };
    zones.sort();
    let mut taints: Vec<Taint> = config.taints.iter().filter_map(taint).collect();
    taints.sort();
    GkePool {
        name: pool.name.clone(),
        machine_type: config.machine_type.clone(),
        accelerator: config.accelerators.first().map(accelerator),
        spot: config.spot,
        zones,
        initial_nodes_per_zone: count(pool.initial_node_count),
        autoscaling: pool.autoscaling.as_ref().and_then(autoscaling),
        labels: sorted_map(&config.labels),
        taints,
        disk: disk(&config),
        secure_boot: shielded.enable_secure_boot,
        integrity_monitoring: shielded.enable_integrity_monitoring,
        workload_metadata: config
            .workload_metadata_config
            .as_ref()
            .is_some_and(|metadata| metadata.mode.name() == Some("GKE_METADATA")),
        resource_labels: sorted_map(&config.resource_labels),
    }
}

/// Newer answers say the disk in `bootDisk` as well; the old fields win, because they are what berth writes.
fn disk(config: &model::NodeConfig) -> Disk {
    let boot = config.boot_disk.clone().unwrap_or_default();
    let size_gb = if config.disk_size_gb > 0 { i64::from(config.disk_size_gb) } else { boot.size_gb };
    let kind = if config.disk_type.is_empty() { boot.disk_type } else { config.disk_type.clone() };
    Disk { size_gb: u32::try_from(size_gb).unwrap_or(0), kind }
}

fn accelerator(config: &model::AcceleratorConfig) -> GkeAccelerator {
    let sharing = config.gpu_sharing_config.as_ref().map_or(Sharing::Exclusive, |sharing| {
        let shares = u32::try_from(sharing.max_shared_clients_per_gpu).unwrap_or(0);
        match sharing.gpu_sharing_strategy.as_ref().and_then(|strategy| strategy.name()) {
            Some("MPS") => Sharing::Mps(shares),
            Some("TIME_SHARING") => Sharing::TimeSlicing(shares),
            _ => Sharing::Exclusive,
        }
    });
    let driver = config.gpu_driver_installation_config.as_ref().and_then(|driver| driver.gpu_driver_version.as_ref());
    let driver = match driver.and_then(|driver| driver.name()) {
        Some("LATEST") => GkeDriver::Latest,
        Some("INSTALLATION_DISABLED") => GkeDriver::Disabled,
        // Saying nothing has meant DEFAULT since GKE 1.30.1.
        _ => GkeDriver::Default,
    };
    GkeAccelerator {
        kind: config.accelerator_type.clone(),
        count: u32::try_from(config.accelerator_count).unwrap_or(0),
        sharing,
        driver,
    }
}

fn autoscaling(autoscaling: &model::NodePoolAutoscaling) -> Option<GkeAutoscaling> {
    if !autoscaling.enabled {
        return None;
    }
    let per_zone = autoscaling.total_max_node_count == 0 && autoscaling.max_node_count > 0;
    let (min, max) = if per_zone {
        (autoscaling.min_node_count, autoscaling.max_node_count)
    } else {
        (autoscaling.total_min_node_count, autoscaling.total_max_node_count)
    };
    Some(GkeAutoscaling {
        nodes: NodeRange { min: count(min), max: count(max) },
        per_zone,
        any_zone: autoscaling.location_policy.name() == Some("ANY"),
    })
}

fn taint(taint: &model::NodeTaint) -> Option<Taint> {
    let effect = match taint.effect.name()? {
        "NO_SCHEDULE" => TaintEffect::NoSchedule,
        "PREFER_NO_SCHEDULE" => TaintEffect::PreferNoSchedule,
        "NO_EXECUTE" => TaintEffect::NoExecute,
        _ => return None,
    };
    Some(Taint { key: taint.key.clone(), value: taint.value.clone(), effect })
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
