//! UpdateNodePool, SetNodePoolAutoscaling and SetNodePoolSize: one kind of change per call.

use berth_core::actions::gke::{GkeClusterRef, GkePoolChange};
use berth_core::ports::Started;
use berth_core::run::{Fault, LeftBehind};
use google_cloud_container_v1::model;
use google_cloud_gax::error::Error;

use super::under_way;
use crate::client::changing;
use crate::cloud::GkeCloud;
use crate::ticket::{Target, waiting};
use crate::write;

/// Makes one change.
pub(crate) async fn change_pool(
    gke: &GkeCloud,
    cluster: &GkeClusterRef,
    pool: &str,
    change: &GkePoolChange,
) -> Result<Started, Fault> {
    let container = &gke.clients.container;
    let target = Target::pool(cluster, pool);
    let path = cluster.pool_path(pool);
    let update = changing(container.update_node_pool()).set_name(&path);
    let (what, update) = match change {
        GkePoolChange::Autoscaling(autoscaling) => {
            let call = changing(container.set_node_pool_autoscaling())
                .set_name(&path)
                .set_autoscaling(write::autoscaling(autoscaling.as_ref()));
            let sent = gke.clients.call(|| call.clone().send()).await;
            return started(gke, sent, "autoscaling", &target).await;
        }
        GkePoolChange::NodesPerZone(nodes) => {
            let nodes = i32::try_from(*nodes).unwrap_or(i32::MAX);
            let call = changing(container.set_node_pool_size()).set_name(&path).set_node_count(nodes);
            let sent = gke.clients.call(|| call.clone().send()).await;
            return started(gke, sent, "the size", &target).await;
        }
        GkePoolChange::Labels(labels) => {
            ("the node labels", update.set_labels(model::NodeLabels::new().set_labels(labels.clone())))
        }
        GkePoolChange::Taints(taints) => {
            let taints = taints.iter().map(write::node_taint);
            ("the taints", update.set_taints(model::NodeTaints::new().set_taints(taints)))
        }
        GkePoolChange::Zones(zones) => ("the zones", update.set_locations(zones.clone())),
        GkePoolChange::WorkloadMetadata(on) => {
            ("the metadata server", update.set_workload_metadata_config(write::metadata(*on)))
        }
    };
    let sent = gke.clients.call(|| update.clone().send()).await;
    started(gke, sent, what, &target).await
}

async fn started(
    gke: &GkeCloud,
    sent: Result<model::Operation, Error>,
    what: &str,
    target: &Target,
) -> Result<Started, Fault> {
    match sent {
        Ok(operation) => Ok(waiting(&operation, target)),
        Err(error) => {
            let tried = format!("change {what} of {}", target.words());
            Err(under_way::fault_of(gke, &target.cluster, tried, &error, |_| LeftBehind::Nothing).await)
        }
    }
}
