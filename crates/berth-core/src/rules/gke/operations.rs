//! Which running operations have to be waited for, and by which step.

use super::steps;
use crate::actions::gke::{GkeAction, GkeClusterRef};
use crate::observed::ObservedOperation;
use crate::plan::{Billing, Impact, Note, Step, StepChange, StepId};

/// Operations that run now, as steps that wait for them.
#[derive(Debug, Clone, Default)]
pub struct Waits {
    /// Steps for all that has to be waited for.
    pub steps: Vec<Step>,
    /// Of these, the ones that work on the whole cluster.
    pub cluster: Vec<StepId>,
    /// Of these, the ones that work on one pool: pool name, step and the operation's kind.
    pub pools: Vec<PoolWait>,
    /// Kinds of everything that runs, for example `CREATE_CLUSTER`.
    pub kinds: Vec<String>,
    /// Operations that GKE runs by itself and that nobody has to wait for unless something else is to be done.
    pub own: Vec<Step>,
}

/// A step that waits for an operation on a pool.
#[derive(Debug, Clone)]
pub struct PoolWait {
    /// Pool name.
    pub pool: String,
    /// The step.
    pub id: StepId,
    /// The operation's kind, for example `CREATE_NODE_POOL`.
    pub kind: String,
}

impl Waits {
    /// Steps that wait for anything on this pool or on the whole cluster.
    pub fn before_pool(&self, pool: &str) -> Vec<StepId> {
        let pools = self.pools.iter().filter(|wait| wait.pool == pool).map(|wait| wait.id.clone());
        self.cluster.iter().cloned().chain(pools).collect()
    }

    /// All steps: operations on the cluster exclude those on its pools, so a change of the cluster waits for every one.
    pub fn before_cluster(&self) -> Vec<StepId> {
        self.steps.iter().map(|step| step.id.clone()).collect()
    }

    /// Whether an operation of this kind runs.
    pub fn runs(&self, kind: &str) -> bool {
        self.kinds.iter().any(|running| running == kind)
    }

    /// Whether an operation of this kind runs on the pool.
    pub fn runs_on(&self, pool: &str, kind: &str) -> bool {
        self.pools.iter().any(|wait| wait.pool == pool && wait.kind == kind)
    }

    /// Makes the waits for GKE's own operations part of the plan, because something else is to be done after them.
    pub fn take_own(&mut self) {
        self.cluster.extend(self.own.iter().map(|step| step.id.clone()));
        self.steps.append(&mut self.own);
    }

    /// Says of GKE's own operations that nobody waits for them.
    pub fn own_notes(&self) -> impl Iterator<Item = Note> {
        self.own.iter().map(|step| Note {
            about: step.id.to_string(),
            text: "GKE is working on the cluster by itself; nothing has to be done, so berth does not wait for it"
                .to_owned(),
        })
    }
}

/// What has to be waited for of the operations that run on a cluster.
///
/// Upgrades and repairs are GKE's own and may take hours: they only matter when something else is to be done.
pub fn waits(cluster: &GkeClusterRef, operations: &[ObservedOperation]) -> Waits {
    let mut waits = Waits::default();
    for operation in operations {
        let step = await_step(cluster, operation);
        waits.kinds.push(operation.kind.clone());
        if is_gkes_own(&operation.kind) {
            waits.own.push(step);
            continue;
        }
        match &operation.pool {
            Some(pool) => {
                let (pool, id, kind) = (pool.clone(), step.id.clone(), operation.kind.clone());
                waits.pools.push(PoolWait { pool, id, kind });
            }
            None => waits.cluster.push(step.id.clone()),
        }
        waits.steps.push(step);
    }
    waits
}

fn is_gkes_own(kind: &str) -> bool {
    matches!(kind, "UPGRADE_MASTER" | "UPGRADE_NODES" | "AUTO_REPAIR_NODES" | "REPAIR_CLUSTER" | "AUTO_UPGRADE_NODES")
}

fn await_step(cluster: &GkeClusterRef, operation: &ObservedOperation) -> Step {
    let target = operation.pool.as_ref().map_or_else(|| "the cluster".to_owned(), |pool| format!("pool {pool}"));
    Step {
        id: StepId(format!("gke/operation/{}", operation.name)),
        title: format!("wait for {} on {target}", operation.kind),
        why: "it was started before and still runs; GKE takes no other change there until it ends".to_owned(),
        details: Vec::new(),
        change: StepChange::Wait,
        impact: Impact::InPlace,
        billing: Billing::Unchanged,
        after: Vec::new(),
        usual_seconds: steps::usual_seconds_of_operation(&operation.kind),
        limit_seconds: if is_gkes_own(&operation.kind) {
            steps::ROLLING_LIMIT_SECONDS
        } else {
            steps::CLUSTER_LIMIT_SECONDS
        },
        action: steps::action(GkeAction::AwaitOperation {
            cluster: cluster.clone(),
            operation: operation.name.clone(),
        }),
    }
}
