//! Moving a lease's end: the cluster's own labels change, and nothing else does.
//!
//! The cluster's end is the truth while the cluster is there. Changing labels of pools would replace nodes on GKE, and everything else
//! goes with the cluster.

use super::labels::{marks, stale};
use super::terms::Lease;
use crate::actions::eks::{EksAction, EksClusterChange, EksClusterRef};
use crate::actions::gke::GkeClusterRef;
use crate::observed::{ObservedCloud, ObservedCluster};
use crate::plan::{Impact, Plan, Refusal, Step};
use crate::rules::eks::absent::refuse_foreign;
use crate::rules::{eks, gke};

/// The plan that puts these terms on a cluster of ours; empty if it bears them.
///
/// # Errors
/// The cluster is not ours, or stands on no cloud.
pub fn relabel(cluster: &ObservedCluster, lease: &Lease) -> Result<Plan, Refusal> {
    refuse_foreign(cluster, false)?;
    let want = lease.labels();
    let remove = stale(&cluster.labels, &want);
    if marks(&cluster.labels) == want {
        return Ok(Plan { steps: Vec::new(), notes: Vec::new() });
    }
    let details = vec![lease.to_string()];
    let step = match &cluster.cloud {
        ObservedCloud::Gke(_) => {
            let reference = GkeClusterRef {
                project: cluster.account.clone(),
                location: cluster.place.location().to_owned(),
                name: cluster.name.clone(),
            };
            let mut labels = cluster.labels.clone();
            labels.retain(|key, _| !remove.contains(key));
            labels.extend(want);
            let change = crate::actions::gke::GkeClusterChange::ResourceLabels(labels);
            let change = gke::diff_cluster::ClusterChange { field: "labels", details, impact: Impact::InPlace, change };
            gke::steps::change_cluster(&reference, change, Vec::new())
        }
        ObservedCloud::Eks(_) => {
            let at = EksClusterRef {
                account: cluster.account.clone(),
                region: cluster.place.region.clone(),
                name: cluster.name.clone(),
            };
            let title = format!("change tags of cluster {}", at.name);
            let change = EksClusterChange::Tags { set: want, remove };
            let action = EksAction::ChangeCluster { cluster: at, change };
            eks::steps::changing("cluster/tags", title, details, Vec::new(), action)
        }
        ObservedCloud::Existing(_) => {
            let why = "it stands already; only a namespace of it can be leased".to_owned();
            return Err(Refusal::Impossible { about: format!("a lease of cluster {}", cluster.name), why });
        }
    };
    let why = "its lease has other terms now".to_owned();
    Ok(Plan { steps: vec![Step { why, ..step }], notes: Vec::new() })
}
