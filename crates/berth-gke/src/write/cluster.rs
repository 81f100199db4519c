//! A cluster as CreateCluster takes it, and its parts as UpdateCluster takes them.

use berth_core::actions::gke::{AutoscalingProfile, GkeCluster, GkeSettings, MaintenanceWindow, ReleaseChannel};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_container_v1::model;
use google_cloud_container_v1::model::maintenance_window::Policy;

use super::pool::pool;

/// The whole cluster, its pools inline and its ownership labels with it.
///
/// # Errors
/// The maintenance window has times that are no RFC 3339 times.
pub(crate) fn cluster(wanted: &GkeCluster) -> Result<model::Cluster, Fault> {
    let settings = &wanted.settings;
    // Fields, not setters: the model is so large that moving it twenty times costs a good part of a thread's stack.
    let mut cluster = model::Cluster::new();
    cluster.name.clone_from(&wanted.cluster.name);
    cluster.resource_labels = wanted.resource_labels.clone().into_iter().collect();
    cluster.node_pools = wanted.pools.iter().map(pool).collect();
    cluster.release_channel = Some(channel(settings.release_channel));
    cluster.initial_cluster_version = settings.version.clone().unwrap_or_default();
    cluster.network = settings.network.clone().unwrap_or_default();
    cluster.subnetwork = settings.subnetwork.clone().unwrap_or_default();
    cluster.ip_allocation_policy = Some(model::IPAllocationPolicy::new().set_use_ip_aliases(true));
    cluster.shielded_nodes = Some(shielded(settings.shielded_nodes));
    cluster.logging_config = Some(logging(&settings.logging));
    cluster.monitoring_config = Some(monitoring(&settings.monitoring));
    cluster.autoscaling = Some(autoscaling_profile(settings.autoscaling_profile));
    cluster.network_config = network(settings);
    if settings.workload_identity {
        cluster.workload_identity_config = Some(identity(&wanted.cluster.project, true));
    }
    if let Some(window) = &settings.maintenance {
        let window = maintenance_window(window)?;
        cluster.maintenance_policy = Some(model::MaintenancePolicy::new().set_window(window));
    }
    Ok(cluster)
}

/// What of the network has to be said; `None` if all of it is GKE's default.
fn network(settings: &GkeSettings) -> Option<model::NetworkConfig> {
    let mut network = model::NetworkConfig::new();
    if settings.private_nodes {
        network.default_enable_private_nodes = Some(true);
    }
    if settings.network_policy {
        network.datapath_provider = model::DatapathProvider::AdvancedDatapath;
    }
    (settings.private_nodes || settings.network_policy).then_some(network)
}

/// A release channel.
pub(crate) fn channel(channel: ReleaseChannel) -> model::ReleaseChannel {
    use model::release_channel::Channel;
    model::ReleaseChannel::new().set_channel(match channel {
        // No channel is the enum's zero, which the SDK marks as deprecated but GKE takes for this and nothing else.
        ReleaseChannel::None => Channel::default(),
        ReleaseChannel::Rapid => Channel::Rapid,
        ReleaseChannel::Regular => Channel::Regular,
        ReleaseChannel::Stable => Channel::Stable,
        ReleaseChannel::Extended => Channel::Extended,
    })
}

/// Workload identity of a project, or none: an empty pool turns it off.
pub(crate) fn identity(project: &str, on: bool) -> model::WorkloadIdentityConfig {
    let pool = if on { format!("{project}.svc.id.goog") } else { String::new() };
    model::WorkloadIdentityConfig::new().set_workload_pool(pool)
}

/// Shielded nodes on the cluster.
pub(crate) fn shielded(on: bool) -> model::ShieldedNodes {
    model::ShieldedNodes::new().set_enabled(on)
}

/// Logging components by the API's names.
pub(crate) fn logging(components: &[String]) -> model::LoggingConfig {
    let components = components.iter().map(|name| model::logging_component_config::Component::from(name.as_str()));
    model::LoggingConfig::new()
        .set_component_config(model::LoggingComponentConfig::new().set_enable_components(components))
}

/// Monitoring components by the API's names.
pub(crate) fn monitoring(components: &[String]) -> model::MonitoringConfig {
    let components = components.iter().map(|name| model::monitoring_component_config::Component::from(name.as_str()));
    model::MonitoringConfig::new()
        .set_component_config(model::MonitoringComponentConfig::new().set_enable_components(components))
}

/// The autoscaling profile, and nothing else of the cluster's autoscaling.
pub(crate) fn autoscaling_profile(profile: AutoscalingProfile) -> model::ClusterAutoscaling {
    use model::cluster_autoscaling::AutoscalingProfile as Api;
    model::ClusterAutoscaling::new().set_autoscaling_profile(match profile {
        AutoscalingProfile::Balanced => Api::Balanced,
        AutoscalingProfile::OptimizeUtilization => Api::OptimizeUtilization,
    })
}

/// A maintenance window.
///
/// # Errors
/// Its times are no RFC 3339 times.
pub(crate) fn maintenance_window(window: &MaintenanceWindow) -> Result<model::MaintenanceWindow, Fault> {
    let policy = match window {
        MaintenanceWindow::Daily(start) => {
            Policy::DailyMaintenanceWindow(Box::new(model::DailyMaintenanceWindow::new().set_start_time(start)))
        }
        MaintenanceWindow::Recurring { start, end, recurrence } => {
            let mut first = model::TimeWindow::new();
            first.start_time = Some(start.as_str().try_into().map_err(|_| not_a_time(start))?);
            first.end_time = Some(end.as_str().try_into().map_err(|_| not_a_time(end))?);
            let recurring = model::RecurringTimeWindow::new().set_window(first).set_recurrence(recurrence);
            Policy::RecurringWindow(Box::new(recurring))
        }
    };
    Ok(model::MaintenanceWindow::new().set_policy(policy))
}

fn not_a_time(text: &str) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: "set the maintenance window".to_owned(),
        said: format!("{text} is not a time such as 2026-01-03T02:00:00Z"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}
