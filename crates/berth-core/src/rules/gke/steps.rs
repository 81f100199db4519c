//! GKE's calls as steps of a plan: ids, titles, durations and what they do to the bill.
//!
//! Usual seconds are rounded up from the few durations published for GKE (cluster 193 s, pools 105 s to 397 s, deletion of a
//! pool 12 s) and are for progress only. Limits are those
//! Terraform waits, 90 minutes for clusters and 2 hours for pools: GKE itself sits out stockouts for 35 minutes.

use super::pool::{gpus_per_node, most_nodes};
use crate::actions::Action;
use crate::actions::gke::{GkeAction, GkeCluster, GkeClusterRef, GkePool};
use crate::actions::kube::{KubeAction, KubeClusterRef};
use crate::plan::{Billing, Impact, Lasts, Step, StepChange, StepId};
use crate::spec::Provider;

/// Seconds after which an operation on a cluster is given up.
pub const CLUSTER_LIMIT_SECONDS: u32 = 5400;
/// Seconds after which an operation on a pool is given up.
pub const POOL_LIMIT_SECONDS: u32 = 7200;
/// Seconds after which an operation that replaces nodes one after the other is given up: each may be drained for an hour.
pub const ROLLING_LIMIT_SECONDS: u32 = 86_400;

const CREATE_CLUSTER_SECONDS: u32 = 300;
const DELETE_CLUSTER_SECONDS: u32 = 240;
const CHANGE_CLUSTER_SECONDS: u32 = 60;
const CREATE_POOL_SECONDS: u32 = 120;
const CREATE_GPU_POOL_SECONDS: u32 = 300;
const DELETE_POOL_SECONDS: u32 = 90;
const CHANGE_POOL_SECONDS: u32 = 60;
const RELEASE_SECONDS: u32 = 60;
/// A load balancer is taken apart in a minute or two.
const RELEASE_LIMIT_SECONDS: u32 = 1200;

/// Wraps a GKE action.
pub fn action(action: GkeAction) -> Action {
    Action::Gke(action)
}

/// Id of the step that makes the cluster.
pub fn cluster_id() -> StepId {
    StepId("gke/cluster".to_owned())
}

/// Id of the step that makes a pool.
pub fn pool_id(pool: &str) -> StepId {
    StepId(format!("gke/pool/{pool}"))
}

/// Seconds an operation of this kind usually takes in all.
pub fn usual_seconds_of_operation(kind: &str) -> u32 {
    match kind {
        "CREATE_CLUSTER" => CREATE_CLUSTER_SECONDS,
        "DELETE_CLUSTER" => DELETE_CLUSTER_SECONDS,
        "CREATE_NODE_POOL" => CREATE_GPU_POOL_SECONDS,
        "DELETE_NODE_POOL" => DELETE_POOL_SECONDS,
        _ => CHANGE_CLUSTER_SECONDS,
    }
}

/// Makes the cluster with all its pools in one call.
pub fn create_cluster(cluster: &GkeCluster, why: &str, after: Vec<StepId>) -> Step {
    let mut details = vec![format!("project {}, location {}", cluster.cluster.project, cluster.cluster.location)];
    details.extend(cluster.pools.iter().map(|pool| format!("pool {}: {}", pool.name, super::pool::words(pool))));
    let title = format!("create cluster {} with {}", cluster.cluster.name, pools_words(cluster.pools.len()));
    let lasts = Lasts { usual: CREATE_CLUSTER_SECONDS, limit: CLUSTER_LIMIT_SECONDS };
    let action = action(GkeAction::CreateCluster(Box::new(cluster.clone())));
    let step = Step::adding(cluster_id(), title, after, action, lasts);
    Step { why: why.to_owned(), details, billing: Billing::Starts, ..step }
}

/// Waits for a cluster that is being made although no operation shows: the create call itself finds what is under way.
pub fn finish_creating(cluster: &GkeCluster, after: Vec<StepId>) -> Step {
    Step {
        title: format!("wait until cluster {} is made", cluster.cluster.name),
        change: StepChange::Wait,
        billing: Billing::Unchanged,
        details: Vec::new(),
        ..create_cluster(cluster, "it is being made; GKE takes no other change until that ends", after)
    }
}

/// Takes the cluster away with all its pools.
///
/// One call and no draining: a pod disruption budget of a cluster that is going away protects nothing.
pub fn delete_cluster(cluster: &GkeClusterRef, why: &str, impact: Impact, after: Vec<StepId>) -> Step {
    Step {
        id: StepId("gke/cluster/delete".to_owned()),
        title: format!("delete cluster {} with all its pools", cluster.name),
        why: why.to_owned(),
        details: Vec::new(),
        change: StepChange::Remove,
        impact,
        billing: Billing::Stops,
        after,
        usual_seconds: DELETE_CLUSTER_SECONDS,
        limit_seconds: CLUSTER_LIMIT_SECONDS,
        action: action(GkeAction::DeleteCluster { cluster: cluster.clone() }),
    }
}

/// Changes one kind of thing about the cluster.
pub fn change_cluster(cluster: &GkeClusterRef, change: super::diff_cluster::ClusterChange, after: Vec<StepId>) -> Step {
    Step {
        id: StepId(format!("gke/cluster/{}", change.field)),
        title: format!("change {} of cluster {}", change.field.replace('-', " "), cluster.name),
        why: "the file says otherwise".to_owned(),
        details: change.details,
        change: StepChange::Change,
        impact: change.impact,
        billing: Billing::Unchanged,
        after,
        usual_seconds: CHANGE_CLUSTER_SECONDS,
        limit_seconds: if change.impact == Impact::Rolling { ROLLING_LIMIT_SECONDS } else { CLUSTER_LIMIT_SECONDS },
        action: action(GkeAction::ChangeCluster { cluster: cluster.clone(), change: change.change }),
    }
}

/// Makes a pool.
pub fn create_pool(cluster: &GkeClusterRef, pool: &GkePool, why: &str, after: Vec<StepId>) -> Step {
    let gpu = pool.accelerator.is_some();
    let starts = if most_nodes(pool) == 0 { Billing::Unchanged } else { Billing::Starts };
    let usual = if gpu { CREATE_GPU_POOL_SECONDS } else { CREATE_POOL_SECONDS };
    let action = action(GkeAction::CreatePool { cluster: cluster.clone(), pool: Box::new(pool.clone()) });
    let lasts = Lasts { usual, limit: POOL_LIMIT_SECONDS };
    let step = Step::adding(pool_id(&pool.name), format!("create pool {}", pool.name), after, action, lasts);
    Step { why: why.to_owned(), details: vec![super::pool::words(pool)], billing: starts, ..step }
}

/// Takes a pool away.
pub fn delete_pool(cluster: &GkeClusterRef, pool: &str, why: &str, impact: Impact, after: Vec<StepId>) -> Step {
    Step {
        id: StepId(format!("gke/pool/{pool}/delete")),
        title: format!("delete pool {pool}"),
        why: why.to_owned(),
        details: Vec::new(),
        change: StepChange::Remove,
        impact,
        billing: Billing::Stops,
        after,
        usual_seconds: DELETE_POOL_SECONDS,
        limit_seconds: POOL_LIMIT_SECONDS,
        action: action(GkeAction::DeletePool { cluster: cluster.clone(), pool: pool.to_owned() }),
    }
}

/// Changes one kind of thing about a pool, in place.
pub fn change_pool(
    cluster: &GkeClusterRef,
    pool: &str,
    change: super::diff_pool::PoolChange,
    after: Vec<StepId>,
) -> Step {
    Step {
        id: StepId(format!("gke/pool/{pool}/{}", change.field)),
        title: format!("change {} of pool {pool}", change.field.replace('-', " ")),
        why: "the file says otherwise".to_owned(),
        details: change.details,
        change: StepChange::Change,
        impact: change.impact,
        billing: Billing::Unchanged,
        after,
        usual_seconds: CHANGE_POOL_SECONDS,
        limit_seconds: if change.impact == Impact::Rolling { ROLLING_LIMIT_SECONDS } else { POOL_LIMIT_SECONDS },
        action: action(GkeAction::ChangePool {
            cluster: cluster.clone(),
            pool: pool.to_owned(),
            change: change.change,
        }),
    }
}

/// Gives back what workloads hold in the cloud; nobody sweeps disks after it.
pub fn release(cluster: &GkeClusterRef, after: Vec<StepId>) -> Step {
    let cluster =
        KubeClusterRef { provider: Provider::Gke, location: cluster.location.clone(), name: cluster.name.clone() };
    Step {
        id: StepId("gke/release".to_owned()),
        title: "delete services, ingresses and claims that hold load balancers and disks".to_owned(),
        why: "GKE does not delete what they hold".to_owned(),
        details: Vec::new(),
        change: StepChange::Remove,
        impact: Impact::InPlace,
        billing: Billing::Unchanged,
        after,
        usual_seconds: RELEASE_SECONDS,
        limit_seconds: RELEASE_LIMIT_SECONDS,
        action: Action::Kube(KubeAction::ReleaseCloudObjects { cluster, disks: true }),
    }
}

/// Nodes and GPUs that may go down with these pools.
pub fn at_risk<'a>(pools: impl IntoIterator<Item = &'a GkePool>) -> (u32, u32) {
    pools.into_iter().fold((0, 0), |(nodes, gpus), pool| {
        let most = most_nodes(pool);
        (nodes.saturating_add(most), gpus.saturating_add(most.saturating_mul(gpus_per_node(pool))))
    })
}

fn pools_words(count: usize) -> String {
    if count == 1 { "1 pool".to_owned() } else { format!("{count} pools") }
}
