//! Time passing: everything on the agenda happens, in order, when its time has come.

use jiff::Timestamp;
use serde_json::Value;

use super::disks::install_classes;
use super::model::{ClusterStatus, Condition, Operation, OperationStatus, PoolStatus, Spoil, Step, World};
use crate::lifecycle::after;

/// An upper bound on the steps of one call, so that a fault in the agenda cannot hang the simulator.
const MOST_STEPS: usize = 1_000_000;

impl World {
    /// Carries out everything due until `now`, in time order; tells whether anything happened.
    pub(crate) fn advance(&mut self, now: Timestamp) -> bool {
        let mut happened = false;
        for _ in 0..MOST_STEPS {
            let next = self
                .agenda
                .iter()
                .enumerate()
                .filter(|(_, due)| due.at <= now)
                .min_by_key(|(_, due)| (due.at, due.order))
                .map(|(index, due)| (index, due.at));
            // What the clusters' controllers have to do until then comes first.
            if self.settle_apis(next.map(|(_, at)| at), now) {
                happened = true;
                continue;
            }
            let Some((index, _)) = next else { break };
            let due = self.agenda.swap_remove(index);
            self.happen(due.at, due.step);
            happened = true;
        }
        happened
    }

    /// When something happens next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let gke = self.clusters.values().filter(|cluster| cluster.up).filter_map(|cluster| cluster.kube.next_due());
        let eks = self.aws.clusters.values().filter(|cluster| cluster.up).filter_map(|cluster| cluster.kube.next_due());
        self.agenda.iter().map(|due| due.at).chain(gke).chain(eks).min()
    }

    /// Lets the clusters' controllers do what is due before the agenda's next step, or else until `now`; tells whether
    /// they changed anything.
    fn settle_apis(&mut self, next: Option<Timestamp>, now: Timestamp) -> bool {
        let until = next.unwrap_or(now);
        let (mut changed, mut written) = (Vec::new(), Vec::new());
        let gke = self.clusters.values_mut().filter(|cluster| cluster.up);
        let gke = gke.map(|cluster| (&cluster.uid, &mut cluster.kube));
        let eks = self.aws.clusters.values_mut().filter(|cluster| cluster.up);
        let eks = eks.map(|cluster| (&cluster.uid, &mut cluster.kube));
        for (uid, kube) in gke.chain(eks) {
            // What the agenda itself writes is looked at together.
            let due = kube.next_due().is_some_and(|at| at <= until) || (next.is_none() && kube.is_unsettled());
            if !due {
                continue;
            }
            let (before, fresh) = (kube.resource_version(), kube.is_unsettled());
            kube.settle(until);
            if kube.resource_version() != before {
                changed.push(uid.clone());
            } else if fresh {
                written.push(uid.clone());
            }
        }
        for uid in &written {
            self.changes_followed(uid, until);
        }
        for uid in &changed {
            self.kube_changed(uid, until);
        }
        !changed.is_empty()
    }

    fn happen(&mut self, now: Timestamp, step: Step) {
        match step {
            Step::OperationRuns(name) => {
                if let Some(operation) = self.operations.get_mut(&name)
                    && operation.status == OperationStatus::Pending
                {
                    operation.status = OperationStatus::Running;
                }
            }
            Step::OperationEnds(name) => self.operation_ends(&name, now),
            Step::ControlPlaneUp(cluster, operation) => self.control_plane_up(&cluster, &operation, now),
            Step::NodeRegisters(cluster, pool, node) => self.node_registers(&cluster, &pool, &node, now),
            Step::NodeReady(cluster, pool, node) => self.node_ready(&cluster, &pool, &node, now),
            Step::NodeGpus(cluster, pool, node) => self.node_gpus(&cluster, &pool, &node, now),
            Step::Scale(cluster, pool) => self.scale(&cluster, &pool, now),
            Step::Autoscale(cluster) => self.autoscale(&cluster, now),
            Step::ComputeEnds(operation) => self.compute_ends(&operation, now),
            Step::Balance(cluster) => self.balance_gke(&cluster, now),
            Step::Aws(happening) => self.happen_aws(happening, now),
        }
    }

    fn control_plane_up(&mut self, uid: &str, operation: &str, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        if cluster.status != ClusterStatus::Provisioning {
            return;
        }
        cluster.up = true;
        install_classes(cluster, now);
        let pools: Vec<String> = cluster.pools.iter().map(|pool| pool.name.clone()).collect();
        let mut longest = now;
        for pool in pools {
            longest = longest.max(self.begin_pool(uid, &pool, operation, now));
        }
        self.end_at(operation, longest);
    }

    /// Lets an operation end at a time, unless a fault keeps it.
    pub(crate) fn end_at(&mut self, operation: &str, at: Timestamp) {
        if self.operations.get(operation).is_some_and(|operation| !operation.stuck) {
            self.plan(at, Step::OperationEnds(operation.to_owned()));
        }
    }

    fn operation_ends(&mut self, name: &str, now: Timestamp) {
        let Some(operation) = self.operations.get_mut(name) else { return };
        if operation.status == OperationStatus::Done {
            return;
        }
        let cancelled = operation.status == OperationStatus::Aborting;
        operation.status = OperationStatus::Done;
        operation.ended = Some(now);
        let failed = operation.spoils.values().find_map(|spoil| match spoil {
            Spoil::Failed(code, message) => Some((*code, message.clone())),
            Spoil::Stockout { .. } | Spoil::Quota(_) => None,
        });
        operation.error = failed.clone();
        if cancelled {
            operation.error = Some((1, "Operation was cancelled by the user.".to_owned()));
        }
        let whole = operation.clone();
        match whole.kind.as_str() {
            "CREATE_CLUSTER" => self.cluster_created(&whole, cancelled || failed.is_some(), now),
            "DELETE_CLUSTER" => self.cluster_deleted(&whole, cancelled || failed.is_some(), now),
            "CREATE_NODE_POOL" => self.pool_created(&whole, cancelled || failed.is_some()),
            "DELETE_NODE_POOL" => self.pool_deleted(&whole, cancelled || failed.is_some(), now),
            _ => self.change_done(&whole, cancelled || failed.is_some(), now),
        }
    }

    fn cluster_created(&mut self, operation: &Operation, failed: bool, now: Timestamp) {
        let Some(cluster) = self.clusters.get_mut(&operation.cluster) else { return };
        let pools: Vec<String> = cluster.pools.iter().map(|pool| pool.name.clone()).collect();
        cluster.status = if failed || !cluster.up { ClusterStatus::Error } else { ClusterStatus::Running };
        for pool in pools {
            self.settle_pool(operation, &pool, failed);
        }
        let Some(cluster) = self.clusters.get_mut(&operation.cluster) else { return };
        let empty = cluster.pools.iter().all(|pool| pool.status == PoolStatus::Error);
        if empty && !operation.spoils.is_empty() {
            cluster.status = ClusterStatus::Error;
        }
        let conditions: Vec<Condition> = cluster.pools.iter().flat_map(|pool| pool.conditions.clone()).collect();
        cluster.conditions = conditions;
        if !failed {
            let uid = cluster.uid.clone();
            self.autoscale_soon(&uid, now);
        }
    }

    fn pool_created(&mut self, operation: &Operation, failed: bool) {
        let Some(name) = operation.pool.clone() else { return };
        self.settle_pool(operation, &name, failed);
        let Some(uid) = self.clusters.get(&operation.cluster).map(|cluster| cluster.uid.clone()) else { return };
        if !failed {
            let now = operation.ended.unwrap_or(operation.started);
            self.autoscale_soon(&uid, now);
        }
    }

    /// Gives a pool the status its making left it in, and the operation its error.
    fn settle_pool(&mut self, operation: &Operation, name: &str, failed: bool) {
        let location = operation.cluster.split('/').nth(3).unwrap_or_default().to_owned();
        let Some(cluster) = self.clusters.get_mut(&operation.cluster) else { return };
        let cluster_name = cluster.name().to_owned();
        let Some(pool) = cluster.pool_mut(name) else { return };
        let broken = if pool.nodes.is_empty() { PoolStatus::Error } else { PoolStatus::RunningWithError };
        let spoil = operation.spoils.get(name);
        let (code, message) = match spoil {
            None if !failed => {
                pool.status = PoolStatus::Running;
                return;
            }
            None | Some(Spoil::Failed(..)) => {
                pool.status = broken;
                return;
            }
            Some(Spoil::Stockout { zone, .. }) => {
                let zone = zone.clone().or_else(|| pool.zones.first().cloned()).unwrap_or(location);
                let machine = pool.machine_type().to_owned();
                ("GCE_STOCKOUT", stockout_text(&zone, &machine, &cluster_name, name))
            }
            Some(Spoil::Quota(message)) => ("GCE_QUOTA_EXCEEDED", message.clone()),
        };
        pool.status = broken;
        pool.conditions = vec![Condition {
            code: code.to_owned(),
            message: message.clone(),
            canonical_code: "RESOURCE_EXHAUSTED".to_owned(),
        }];
        if let Some(operation) = self.operations.get_mut(&operation.name) {
            operation.error.get_or_insert((8, message));
        }
    }

    fn cluster_deleted(&mut self, operation: &Operation, failed: bool, now: Timestamp) {
        if failed {
            if let Some(cluster) = self.clusters.get_mut(&operation.cluster) {
                cluster.status = ClusterStatus::Error;
            }
            return;
        }
        let Some(cluster) = self.clusters.remove(&operation.cluster) else { return };
        for node in cluster.pools.iter().flat_map(|pool| &pool.nodes) {
            self.ledger.close(&cluster.id, &node.name, now);
        }
        self.ledger.close(&cluster.id, cluster.name(), now);
        self.autoscalers.remove(&cluster.uid);
        self.agenda.retain(|due| !due.step.is_about(&cluster.uid));
    }

    fn pool_deleted(&mut self, operation: &Operation, failed: bool, now: Timestamp) {
        let Some(name) = &operation.pool else { return };
        let Some(cluster) = self.clusters.get_mut(&operation.cluster) else { return };
        if failed {
            if let Some(pool) = cluster.pool_mut(name) {
                pool.status = PoolStatus::RunningWithError;
            }
            return;
        }
        let Some(index) = cluster.pools.iter().position(|pool| pool.name == *name) else { return };
        let pool = cluster.pools.remove(index);
        for node in &pool.nodes {
            remove_node_objects(cluster, &node.name, now);
        }
        for node in &pool.nodes {
            self.ledger.close(&operation.cluster, &node.name, now);
        }
    }

    fn change_done(&mut self, operation: &Operation, failed: bool, now: Timestamp) {
        if let Some(pool) = &operation.pool {
            self.drop_nodes(&operation.cluster, pool, &operation.leaving, now);
        }
        let Some(cluster) = self.clusters.get_mut(&operation.cluster) else { return };
        let Some(name) = &operation.pool else {
            if !failed {
                merge(&mut cluster.fields, &operation.change);
                cluster.generation += 1;
            }
            let uid = cluster.uid.clone();
            self.autoscale_soon(&uid, now);
            return;
        };
        let Some(pool) = cluster.pool_mut(name) else { return };
        pool.status = if pool.conditions.is_empty() { PoolStatus::Running } else { PoolStatus::RunningWithError };
        if failed {
            return;
        }
        merge(&mut pool.fields, &operation.change);
        pool.generation += 1;
        let uid = cluster.uid.clone();
        self.refresh_nodes(&uid, name, now);
        self.autoscale_soon(&uid, now);
    }

    /// Lets the autoscaler look at the pools of a cluster after its usual while.
    pub(crate) fn autoscale_soon(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let pools: Vec<String> = cluster.pools.iter().map(|pool| pool.name.clone()).collect();
        for pool in pools {
            let at = now + after("autoscaler", "minimum-above-size", "scaled", &pool);
            self.plan(at, Step::Scale(uid.to_owned(), pool));
        }
        self.look_soon(uid, now);
    }
}

/// Takes a node and its lease out of the cluster's Kubernetes API.
pub(crate) fn remove_node_objects(cluster: &mut super::Cluster, node: &str, now: Timestamp) {
    cluster.kube.remove(now, "leases", Some("kube-node-lease"), node);
    cluster.kube.remove(now, "nodes", None, node);
}

/// Lays changed fields over the old; a nested `config` is laid over field by field.
fn merge(fields: &mut serde_json::Map<String, Value>, change: &serde_json::Map<String, Value>) {
    for (key, value) in change {
        match (fields.get_mut(key), value) {
            (_, Value::Null) => {
                fields.remove(key);
            }
            (Some(Value::Object(old)), Value::Object(new)) if key == "config" => merge(old, new),
            _ => {
                fields.insert(key.clone(), value.clone());
            }
        }
    }
}

fn stockout_text(zone: &str, machine: &str, cluster: &str, pool: &str) -> String {
    format!(
        "Google Compute Engine: The zone '{zone}' does not have enough resources available to fulfill the request \
         for {machine} instances of node pool '{pool}' in cluster '{cluster}'. Try a different zone, or try again later. \
         [GCE_STOCKOUT]"
    )
}

impl Step {
    fn is_about(&self, uid: &str) -> bool {
        match self {
            Step::OperationRuns(_) | Step::OperationEnds(_) | Step::ComputeEnds(_) | Step::Aws(_) => false,
            Step::ControlPlaneUp(cluster, _)
            | Step::NodeRegisters(cluster, ..)
            | Step::NodeReady(cluster, ..)
            | Step::NodeGpus(cluster, ..)
            | Step::Scale(cluster, _)
            | Step::Autoscale(cluster)
            | Step::Balance(cluster) => cluster == uid,
        }
    }
}
