//! DeleteNodePool.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind};

use super::under_way;
use crate::classify;
use crate::client::changing;
use crate::cloud::GkeCloud;
use crate::ticket::{Target, waiting};

/// Removes the pool, or finds that it is gone or going.
pub(crate) async fn delete_pool(gke: &GkeCloud, cluster: &GkeClusterRef, pool: &str) -> Result<Started, Fault> {
    let target = Target::pool(cluster, pool);
    let call = changing(gke.clients.container.delete_node_pool()).set_name(cluster.pool_path(pool));
    let error = match gke.clients.call(|| call.clone().send()).await {
        Ok(operation) => return Ok(waiting(&operation, &target)),
        Err(error) => error,
    };
    let tried = format!("delete {}", target.words());
    let left = |kind| classify::left_by_delete(kind, target.words());
    let fault = under_way::fault_of(gke, cluster, tried, &error, left).await;
    match fault.kind {
        FaultKind::NotFound => Ok(Started::Done),
        FaultKind::Busy | FaultKind::Refused => under_way::or_running(gke, "DELETE_NODE_POOL", &target, fault).await,
        _ => Err(fault),
    }
}
