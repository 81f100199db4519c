//! A cluster as read back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_core::actions::gke::{AutoscalingProfile, GkeSettings, MaintenanceWindow, ReleaseChannel};
use berth_core::observed::{ClusterAccess, ObservedCloud, ObservedCluster};
use berth_core::spec::Place;
use google_cloud_container_v1::model;
use google_cloud_container_v1::model::maintenance_window::Policy;

use super::words::{issues, name_of, phase, sorted_map, time};
use crate::read;

/// A cluster of this project.
pub(crate) fn cluster(cluster: &model::Cluster, project: &str) -> ObservedCluster {
    let phase = phase(cluster.status.name());
    #[expect(deprecated, reason = "read only when the cluster is broken and no condition says why")]
    let status_text = &cluster.status_message;
    let mut zones = cluster.locations.clone();
    zones.sort();
    ObservedCluster {
        name: cluster.name.clone(),
        account: project.to_owned(),
        place: Place::from_gke_location(&cluster.location),
        labels: sorted_map(&cluster.resource_labels),
        phase,
        issues: issues(&cluster.conditions, phase, status_text),
        version: cluster.current_master_version.clone(),
        created_at: time(&cluster.create_time),
        access: access(cluster),
        pools: cluster.node_pools.iter().map(|pool| read::pool(pool, &zones)).collect(),
        cloud: ObservedCloud::Gke(Box::new(settings(cluster))),
    }
}

/// The address GKE gives it while it lives: the IP endpoint with its own authority, else the DNS endpoint, whose
/// certificate is a public authority's. There is none while the cluster is provisioned.
fn access(cluster: &model::Cluster) -> Option<ClusterAccess> {
    if !cluster.endpoint.is_empty() {
        let encoded = cluster.master_auth.as_ref().map(|auth| auth.cluster_ca_certificate.as_str()).unwrap_or_default();
        let ca_pem = STANDARD.decode(encoded).ok().and_then(|pem| String::from_utf8(pem).ok());
        return Some(ClusterAccess {
            server: format!("https://{}", cluster.endpoint),
            ca_pem: ca_pem.filter(|pem| !pem.is_empty()),
        });
    }
    let dns = cluster.control_plane_endpoints_config.as_ref()?.dns_endpoint_config.as_ref()?;
    let reachable = dns.allow_external_traffic == Some(true) && !dns.endpoint.is_empty();
    reachable.then(|| ClusterAccess { server: format!("https://{}", dns.endpoint), ca_pem: None })
}

fn settings(cluster: &model::Cluster) -> GkeSettings {
    GkeSettings {
        release_channel: channel(cluster.release_channel.as_ref()),
        version: Some(cluster.initial_cluster_version.clone()).filter(|version| !version.is_empty()),
        network: name_of(&cluster.network),
        subnetwork: name_of(&cluster.subnetwork),
        private_nodes: private_nodes(cluster),
        workload_identity: cluster
            .workload_identity_config
            .as_ref()
            .is_some_and(|identity| !identity.workload_pool.is_empty()),
        shielded_nodes: cluster.shielded_nodes.as_ref().is_some_and(|shielded| shielded.enabled),
        maintenance: cluster.maintenance_policy.as_ref().and_then(maintenance),
        logging: logging(cluster),
        monitoring: monitoring(cluster),
        autoscaling_profile: match cluster.autoscaling.as_ref().and_then(|scaling| scaling.autoscaling_profile.name()) {
            Some("OPTIMIZE_UTILIZATION") => AutoscalingProfile::OptimizeUtilization,
            _ => AutoscalingProfile::Balanced,
        },
    }
}

fn private_nodes(cluster: &model::Cluster) -> bool {
    let new = cluster.network_config.as_ref().and_then(|network| network.default_enable_private_nodes);
    #[expect(deprecated, reason = "clusters made before the new field say it here")]
    let old = cluster.private_cluster_config.as_ref().is_some_and(|private| private.enable_private_nodes);
    new.unwrap_or(old)
}

fn channel(channel: Option<&model::ReleaseChannel>) -> ReleaseChannel {
    match channel.and_then(|channel| channel.channel.name()) {
        Some("RAPID") => ReleaseChannel::Rapid,
        Some("REGULAR") => ReleaseChannel::Regular,
        Some("STABLE") => ReleaseChannel::Stable,
        Some("EXTENDED") => ReleaseChannel::Extended,
        _ => ReleaseChannel::None,
    }
}

fn maintenance(policy: &model::MaintenancePolicy) -> Option<MaintenanceWindow> {
    match policy.window.as_ref()?.policy.as_ref()? {
        Policy::DailyMaintenanceWindow(daily) => Some(MaintenanceWindow::Daily(daily.start_time.clone())),
        Policy::RecurringWindow(recurring) => {
            let window = recurring.window.as_ref()?;
            Some(MaintenanceWindow::Recurring {
                start: String::from(window.start_time?),
                end: String::from(window.end_time?),
                recurrence: recurring.recurrence.clone(),
            })
        }
        _ => None,
    }
}

fn logging(cluster: &model::Cluster) -> Vec<String> {
    let config = cluster.logging_config.as_ref().and_then(|logging| logging.component_config.as_ref());
    let components = config.map(|config| config.enable_components.as_slice()).unwrap_or_default();
    sorted(components.iter().filter_map(|component| component.name()))
}

fn monitoring(cluster: &model::Cluster) -> Vec<String> {
    let config = cluster.monitoring_config.as_ref().and_then(|monitoring| monitoring.component_config.as_ref());
    let components = config.map(|config| config.enable_components.as_slice()).unwrap_or_default();
    sorted(components.iter().filter_map(|component| component.name()))
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(ToOwned::to_owned).collect();
    names.sort();
    names
}
