//! CreateCluster.

use berth_core::actions::gke::GkeCluster;
use berth_core::lease;
use berth_core::ports::Started;
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind};

use super::under_way;
use crate::client::changing;
use crate::cloud::GkeCloud;
use crate::ticket::{Target, waiting};
use crate::{classify, read, write};

/// Makes the cluster, or finds that an earlier try has.
pub(crate) async fn create_cluster(gke: &GkeCloud, wanted: &GkeCluster) -> Result<Started, Fault> {
    let target = Target::cluster(&wanted.cluster);
    let call = changing(gke.clients.container.create_cluster())
        .set_parent(wanted.cluster.parent())
        .set_cluster(write::cluster(wanted)?);
    match gke.clients.call(|| call.clone().send()).await {
        Ok(operation) => Ok(waiting(&operation, &target)),
        Err(error) if classify::kind_of(&error) == FaultKind::AlreadyExists => {
            there_already(gke, wanted, &target).await
        }
        Err(error) => {
            let tried = format!("create {}", target.words());
            Err(under_way::fault_of(gke, &target.cluster, tried, &error, classify::left_by_create).await)
        }
    }
}

/// The name is taken: by an earlier try of this run, or by another run that saw nothing of it either.
async fn there_already(gke: &GkeCloud, wanted: &GkeCluster, target: &Target) -> Result<Started, Fault> {
    let Some(cluster) = gke.find_cluster(&target.cluster).await.map_err(classify::unseen)? else {
        return Err(under_way::free_again(target));
    };
    let labels = read::sorted_map(&cluster.resource_labels);
    if !ownership::is_ours(&labels) {
        return Err(under_way::foreign(target));
    }
    if let Some(why) = lease::why_not_same(&labels, &wanted.resource_labels) {
        return Err(under_way::another_lease(target, &why));
    }
    under_way::creation(gke, "CREATE_CLUSTER", target).await
}
