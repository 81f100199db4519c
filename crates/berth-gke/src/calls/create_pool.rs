//! CreateNodePool.

use berth_core::actions::gke::{GkeClusterRef, GkePool};
use berth_core::ports::Started;
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind};

use super::under_way;
use crate::client::changing;
use crate::cloud::GkeCloud;
use crate::ticket::{Target, waiting};
use crate::{classify, read, write};

/// Makes the pool, or finds that an earlier try has.
pub(crate) async fn create_pool(gke: &GkeCloud, cluster: &GkeClusterRef, pool: &GkePool) -> Result<Started, Fault> {
    let target = Target::pool(cluster, &pool.name);
    let call =
        changing(gke.clients.container.create_node_pool()).set_parent(cluster.path()).set_node_pool(write::pool(pool));
    match gke.clients.call(|| call.clone().send()).await {
        Ok(operation) => Ok(waiting(&operation, &target)),
        Err(error) if classify::kind_of(&error) == FaultKind::AlreadyExists => there_already(gke, &target, pool).await,
        Err(error) => {
            let tried = format!("create {}", target.words());
            let fault = under_way::fault_of(gke, cluster, tried, &error, classify::left_by_create).await;
            // A cluster that is busy may be so because an earlier try of this very call took effect.
            match fault.kind {
                FaultKind::Busy => under_way::or_running(gke, "CREATE_NODE_POOL", &target, fault).await,
                _ => Err(fault),
            }
        }
    }
}

async fn there_already(gke: &GkeCloud, target: &Target, wanted: &GkePool) -> Result<Started, Fault> {
    let Some(pool) = gke.find_pool(&target.cluster, &wanted.name).await.map_err(classify::unseen)? else {
        return Err(under_way::free_again(target));
    };
    let labels = pool.config.as_ref().map(|config| read::sorted_map(&config.resource_labels)).unwrap_or_default();
    if !ownership::is_ours(&labels) {
        return Err(under_way::foreign(target));
    }
    under_way::creation(gke, "CREATE_NODE_POOL", target).await
}
