//! UpdateCluster, SetLabels and SetMaintenancePolicy: one kind of change per call.

use std::collections::BTreeMap;

use berth_core::actions::gke::{GkeClusterChange, GkeClusterRef, MaintenanceWindow};
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_container_v1::model;
use google_cloud_gax::error::Error;

use super::under_way;
use crate::client::changing;
use crate::cloud::GkeCloud;
use crate::ticket::{Target, waiting};
use crate::{read, write};

/// How often a change is sent with a fingerprint read anew, before the engine hears that somebody else keeps changing it.
const STALE_TRIES: usize = 3;

/// Makes one change.
pub(crate) async fn change_cluster(
    gke: &GkeCloud,
    cluster: &GkeClusterRef,
    change: &GkeClusterChange,
) -> Result<Started, Fault> {
    let mut update = model::ClusterUpdate::new();
    let what = match change {
        GkeClusterChange::ResourceLabels(labels) => return set_labels(gke, cluster, labels).await,
        GkeClusterChange::Maintenance(window) => return set_maintenance(gke, cluster, window.as_ref()).await,
        GkeClusterChange::ReleaseChannel(channel) => {
            update.desired_release_channel = Some(write::channel(*channel));
            "the release channel"
        }
        GkeClusterChange::Logging(components) => {
            update.desired_logging_config = Some(write::logging(components));
            "logging"
        }
        GkeClusterChange::Monitoring(components) => {
            update.desired_monitoring_config = Some(write::monitoring(components));
            "monitoring"
        }
        GkeClusterChange::AutoscalingProfile(profile) => {
            let wanted = write::autoscaling_profile(*profile);
            update.desired_cluster_autoscaling = Some(with_profile(gke, cluster, wanted).await?);
            "the autoscaling profile"
        }
        GkeClusterChange::WorkloadIdentity(on) => {
            update.desired_workload_identity_config = Some(write::identity(&cluster.project, *on));
            "workload identity"
        }
        GkeClusterChange::ShieldedNodes(on) => {
            update.desired_shielded_nodes = Some(write::shielded(*on));
            "shielded nodes"
        }
    };
    let call = changing(gke.clients.container.update_cluster()).set_name(cluster.path()).set_update(update);
    match gke.clients.call(|| call.clone().send()).await {
        Ok(operation) => Ok(waiting(&operation, &Target::cluster(cluster))),
        Err(error) => Err(fault_of(gke, cluster, what, &error).await),
    }
}

/// Another profile, with the two settings beside it that would be switched off if they were left out: this much gcloud sends,
/// also for clusters whose auto-provisioning has limits and defaults. Much of what is read back may not be sent.
async fn with_profile(
    gke: &GkeCloud,
    at: &GkeClusterRef,
    wanted: model::ClusterAutoscaling,
) -> Result<model::ClusterAutoscaling, Fault> {
    let have = current(gke, at, "the autoscaling profile").await?.autoscaling.unwrap_or_default();
    Ok(wanted
        .set_enable_node_autoprovisioning(have.enable_node_autoprovisioning)
        .set_or_clear_default_compute_class_config(have.default_compute_class_config))
}

async fn set_labels(gke: &GkeCloud, at: &GkeClusterRef, labels: &BTreeMap<String, String>) -> Result<Started, Fault> {
    let mut last = None;
    for _ in 0..STALE_TRIES {
        let have = current(gke, at, "the labels").await?;
        if read::sorted_map(&have.resource_labels) == *labels {
            // Labels read as they will be while the machines still get them; an earlier try may have begun that.
            let target = Target::cluster(at);
            let running = under_way::find(gke, "UPDATE_CLUSTER", &target).await?;
            return Ok(running.map_or(Started::Done, |operation| waiting(&operation, &target)));
        }
        let call = changing(gke.clients.container.set_labels())
            .set_name(at.path())
            .set_resource_labels(labels.clone())
            .set_label_fingerprint(&have.label_fingerprint);
        match gke.clients.call(|| call.clone().send()).await {
            Ok(operation) => return Ok(waiting(&operation, &Target::cluster(at))),
            Err(error) => last = Some(stale(fault_of(gke, at, "the labels", &error).await)?),
        }
    }
    Err(last.unwrap_or_else(|| gone("the labels", at)))
}

async fn set_maintenance(
    gke: &GkeCloud,
    at: &GkeClusterRef,
    window: Option<&MaintenanceWindow>,
) -> Result<Started, Fault> {
    let wanted = window.map(write::maintenance_window).transpose()?.unwrap_or_default();
    let mut last = None;
    for _ in 0..STALE_TRIES {
        let have = current(gke, at, "the maintenance window").await?.maintenance_policy.unwrap_or_default();
        // Exclusions are the user's own; the window is replaced, they stay.
        let exclusions = have.window.unwrap_or_default().maintenance_exclusions;
        let policy = model::MaintenancePolicy::new()
            .set_resource_version(&have.resource_version)
            .set_or_clear_disruption_budget(have.disruption_budget)
            .set_window(wanted.clone().set_maintenance_exclusions(exclusions));
        let call =
            changing(gke.clients.container.set_maintenance_policy()).set_name(at.path()).set_maintenance_policy(policy);
        match gke.clients.call(|| call.clone().send()).await {
            Ok(operation) => return Ok(waiting(&operation, &Target::cluster(at))),
            Err(error) => last = Some(stale(fault_of(gke, at, "the maintenance window", &error).await)?),
        }
    }
    Err(last.unwrap_or_else(|| gone("the maintenance window", at)))
}

async fn fault_of(gke: &GkeCloud, at: &GkeClusterRef, what: &str, error: &Error) -> Fault {
    under_way::fault_of(gke, at, tried(what, at), error, |_| LeftBehind::Nothing).await
}

/// Whether only the fingerprint or resource version was stale; every other fault goes to the engine.
fn stale(fault: Fault) -> Result<Fault, Fault> {
    let text = fault.said.to_ascii_lowercase();
    let is_stale = ["fingerprint", "resource version", "aborted", "http 412"].iter().any(|part| text.contains(part));
    if fault.kind == FaultKind::Busy && is_stale { Ok(fault) } else { Err(fault) }
}

async fn current(gke: &GkeCloud, at: &GkeClusterRef, what: &str) -> Result<model::Cluster, Fault> {
    gke.find_cluster(at).await?.ok_or_else(|| gone(what, at))
}

fn gone(what: &str, at: &GkeClusterRef) -> Fault {
    Fault {
        kind: FaultKind::NotFound,
        tried: tried(what, at),
        said: "the cluster is not there".to_owned(),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

fn tried(what: &str, cluster: &GkeClusterRef) -> String {
    format!("change {what} of cluster {}", cluster.name)
}
