//! A pool as CreateNodePool takes it, and its parts as the update calls take them.

use berth_core::actions::gke::{GkeAccelerator, GkeAutoscaling, GkeDriver, GkePool};
use berth_core::spec::{Sharing, Taint, TaintEffect};
use google_cloud_container_v1::model;

/// What the machines may do with Google's APIs: what gcloud gives nodes that run as the default service account.
const SCOPES: [&str; 6] = [
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/monitoring",
    "https://www.googleapis.com/auth/service.management.readonly",
    "https://www.googleapis.com/auth/servicecontrol",
    "https://www.googleapis.com/auth/trace.append",
];

/// A pool.
pub(crate) fn pool(pool: &GkePool) -> model::NodePool {
    let mut written = model::NodePool::new();
    written.name.clone_from(&pool.name);
    written.initial_node_count = count(pool.initial_nodes_per_zone);
    written.locations.clone_from(&pool.zones);
    written.config = Some(config(pool));
    // Clusters in a release channel refuse nodes that do not upgrade, and an absent field means false.
    written.management = Some(model::NodeManagement::new().set_auto_upgrade(true).set_auto_repair(true));
    written.autoscaling = pool.autoscaling.as_ref().map(|limits| autoscaling(Some(limits)));
    written
}

fn config(pool: &GkePool) -> model::NodeConfig {
    // Fields, not setters, as for the cluster.
    let mut config = model::NodeConfig::new();
    config.machine_type.clone_from(&pool.machine_type);
    config.disk_size_gb = count(pool.disk.size_gb);
    config.disk_type.clone_from(&pool.disk.kind);
    config.oauth_scopes = SCOPES.map(ToOwned::to_owned).to_vec();
    config.spot = pool.spot;
    config.labels = pool.labels.clone().into_iter().collect();
    config.resource_labels = pool.resource_labels.clone().into_iter().collect();
    config.taints = pool.taints.iter().map(node_taint).collect();
    config.shielded_instance_config = Some(
        model::ShieldedInstanceConfig::new()
            .set_enable_secure_boot(pool.secure_boot)
            .set_enable_integrity_monitoring(pool.integrity_monitoring),
    );
    config.workload_metadata_config = Some(metadata(pool.workload_metadata));
    config.accelerators = pool.accelerator.iter().map(accelerator).collect();
    config
}

fn accelerator(gpu: &GkeAccelerator) -> model::AcceleratorConfig {
    use model::gpu_driver_installation_config::GPUDriverVersion;
    use model::gpu_sharing_config::GPUSharingStrategy;
    let driver = match gpu.driver {
        GkeDriver::Default => GPUDriverVersion::Default,
        GkeDriver::Latest => GPUDriverVersion::Latest,
        GkeDriver::Disabled => GPUDriverVersion::InstallationDisabled,
    };
    let config = model::AcceleratorConfig::new()
        .set_accelerator_type(&gpu.kind)
        .set_accelerator_count(gpu.count)
        .set_gpu_driver_installation_config(model::GPUDriverInstallationConfig::new().set_gpu_driver_version(driver));
    let (strategy, shares) = match gpu.sharing {
        Sharing::Exclusive => return config,
        Sharing::TimeSlicing(shares) => (GPUSharingStrategy::TimeSharing, shares),
        Sharing::Mps(shares) => (GPUSharingStrategy::Mps, shares),
    };
    config.set_gpu_sharing_config(
        model::GPUSharingConfig::new().set_gpu_sharing_strategy(strategy).set_max_shared_clients_per_gpu(shares),
    )
}

/// Autoscaling limits; `None` switches it off.
pub(crate) fn autoscaling(autoscaling: Option<&GkeAutoscaling>) -> model::NodePoolAutoscaling {
    use model::node_pool_autoscaling::LocationPolicy;
    let Some(autoscaling) = autoscaling else {
        return model::NodePoolAutoscaling::new().set_enabled(false);
    };
    let policy = if autoscaling.any_zone { LocationPolicy::Any } else { LocationPolicy::Balanced };
    let written = model::NodePoolAutoscaling::new().set_enabled(true).set_location_policy(policy);
    let (min, max) = (count(autoscaling.nodes.min), count(autoscaling.nodes.max));
    // The two pairs exclude each other.
    if autoscaling.per_zone {
        written.set_min_node_count(min).set_max_node_count(max)
    } else {
        written.set_total_min_node_count(min).set_total_max_node_count(max)
    }
}

/// Which metadata server workloads reach.
pub(crate) fn metadata(workload: bool) -> model::WorkloadMetadataConfig {
    use model::workload_metadata_config::Mode;
    model::WorkloadMetadataConfig::new().set_mode(if workload { Mode::GkeMetadata } else { Mode::GceMetadata })
}

/// A taint in the API's spelling.
pub(crate) fn node_taint(taint: &Taint) -> model::NodeTaint {
    use model::node_taint::Effect;
    let effect = match taint.effect {
        TaintEffect::NoSchedule => Effect::NoSchedule,
        TaintEffect::PreferNoSchedule => Effect::PreferNoSchedule,
        TaintEffect::NoExecute => Effect::NoExecute,
    };
    model::NodeTaint::new().set_key(&taint.key).set_value(&taint.value).set_effect(effect)
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
