//! A cluster as read back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berth_core::actions::gke::{AutoscalingProfile, GkeSettings, MaintenanceWindow, ReleaseChannel};
use berth_core::observed::{ClusterAccess, ObservedCloud, ObservedCluster};
use berth_core::spec::Place;
use google_cloud_container_v1::model;
use google_cloud_container_v1::model::control_plane_endpoints_config::IPEndpointsConfig;
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

/// The address to call it by: a public IP endpoint, else the DNS endpoint, else an IP endpoint inside the network. There is
/// none while the cluster is provisioned.
fn access(cluster: &model::Cluster) -> Option<ClusterAccess> {
    let ip = ip_access(cluster);
    if is_public(cluster) && ip.is_some() { ip } else { dns_access(cluster).or(ip) }
}

/// The IP endpoint with the cluster's own authority; `None` where it is switched off, though an address may still be told.
fn ip_access(cluster: &model::Cluster) -> Option<ClusterAccess> {
    let off = ip_endpoints(cluster).is_some_and(|ip| ip.enabled == Some(false));
    if off || cluster.endpoint.is_empty() {
        return None;
    }
    let encoded = cluster.master_auth.as_ref().map(|auth| auth.cluster_ca_certificate.as_str()).unwrap_or_default();
    let ca_pem = STANDARD.decode(encoded).ok().and_then(|pem| String::from_utf8(pem).ok());
    let server = format!("https://{}", cluster.endpoint);
    Some(ClusterAccess { server, ca_pem: ca_pem.filter(|pem| !pem.is_empty()) })
}

/// The DNS endpoint, whose certificate is a public authority's, where users may call it.
fn dns_access(cluster: &model::Cluster) -> Option<ClusterAccess> {
    let dns = cluster.control_plane_endpoints_config.as_ref()?.dns_endpoint_config.as_ref()?;
    let reachable = dns.allow_external_traffic == Some(true) && !dns.endpoint.is_empty();
    reachable.then(|| ClusterAccess { server: format!("https://{}", dns.endpoint), ca_pem: None })
}

/// Whether the IP endpoint can be reached from outside the network.
fn is_public(cluster: &model::Cluster) -> bool {
    let ip = ip_endpoints(cluster);
    // gcloud takes it for off when this is not said; here the address stays the last resort then.
    if ip.is_some_and(|ip| ip.enabled != Some(true)) {
        return false;
    }
    #[expect(deprecated, reason = "clusters made before the new field say it here")]
    let private = cluster.private_cluster_config.as_ref().is_some_and(|private| private.enable_private_endpoint);
    ip.and_then(|ip| ip.enable_public_endpoint).unwrap_or(!private)
}

fn ip_endpoints(cluster: &model::Cluster) -> Option<&IPEndpointsConfig> {
    cluster.control_plane_endpoints_config.as_ref()?.ip_endpoints_config.as_ref()
}

fn settings(cluster: &model::Cluster) -> GkeSettings {
    GkeSettings {
        release_channel: channel(cluster.release_channel.as_ref()),
        version: Some(cluster.initial_cluster_version.clone()).filter(|version| !version.is_empty()),
        network: name_of(&cluster.network),
        subnetwork: name_of(&cluster.subnetwork),
        private_nodes: private_nodes(cluster),
        network_policy: network_policy(cluster),
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

/// Dataplane V2 enforces them by itself, the older network by the Calico add-on.
fn network_policy(cluster: &model::Cluster) -> bool {
    let provider = cluster.network_config.as_ref().and_then(|network| network.datapath_provider.name());
    let calico = cluster.network_policy.as_ref().is_some_and(|policy| policy.enabled);
    provider == Some("ADVANCED_DATAPATH") || calico
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn server(ip: &Value, dns_open: bool, old: &Value) -> Option<String> {
        let cluster = json!({
            "endpoint": "10.0.0.2", "privateClusterConfig": old,
            "controlPlaneEndpointsConfig": {
                "ipEndpointsConfig": ip,
                "dnsEndpointConfig": {"endpoint": "x.gke.goog", "allowExternalTraffic": dns_open},
            },
        });
        access(&serde_json::from_value(cluster).unwrap()).map(|access| access.server)
    }

    #[test]
    fn policies_are_enforced_by_dataplane_v2_or_by_calico() {
        let read = |cluster: Value| network_policy(&serde_json::from_value(cluster).unwrap());
        assert!(read(json!({"networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}})));
        assert!(read(json!({"networkPolicy": {"enabled": true, "provider": "CALICO"}})));
        assert!(!read(json!({"networkConfig": {"datapathProvider": "LEGACY_DATAPATH"}, "networkPolicy": {}})));
        assert!(!read(json!({})));
    }

    #[test]
    fn the_endpoint_that_can_be_reached_is_taken() {
        let (by_ip, by_dns) = (Some("https://10.0.0.2".to_owned()), Some("https://x.gke.goog".to_owned()));
        let none = Value::Null;
        assert_eq!(server(&json!({"enabled": true, "enablePublicEndpoint": true}), true, &none), by_ip);
        assert_eq!(server(&none, true, &none), by_ip);
        let private = json!({"enabled": true, "enablePublicEndpoint": false});
        assert_eq!(server(&private, true, &none), by_dns);
        assert_eq!(server(&none, true, &json!({"enablePrivateEndpoint": true})), by_dns);
        // From inside the network it can still be called.
        assert_eq!(server(&private, false, &none), by_ip);
        let unsaid = json!({"privateEndpoint": "10.0.0.2"});
        assert_eq!((server(&unsaid, true, &none), server(&unsaid, false, &none)), (by_dns.clone(), by_ip.clone()));
        let off = json!({"enabled": false});
        assert_eq!(server(&off, true, &none), by_dns);
        assert_eq!(server(&off, false, &none), None);
    }
}
