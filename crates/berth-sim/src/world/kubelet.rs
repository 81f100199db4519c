//! Nodes as they come up: registered, Ready, and later with their GPUs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Cluster, Node, Pool, Step, World};
use super::node_object::{self, Described};
use crate::lifecycle::after;

impl World {
    pub(crate) fn node_registers(&mut self, uid: &str, pool: &str, node: &str, now: Timestamp) {
        let Some(gpus) = self.change_node(uid, pool, node, now, |node| node.registered = Some(now)) else { return };
        let kind = if gpus { "gpu-node" } else { "node" };
        let at = now + after(kind, "registered", "ready", node);
        self.plan(at, Step::NodeReady(uid.to_owned(), pool.to_owned(), node.to_owned()));
    }

    pub(crate) fn node_ready(&mut self, uid: &str, pool: &str, node: &str, now: Timestamp) {
        let Some(gpus) = self.change_node(uid, pool, node, now, |node| node.ready = Some(now)) else { return };
        if gpus {
            let at = now + after("gpu", "node-ready", "allocatable", node);
            self.plan(at, Step::NodeGpus(uid.to_owned(), pool.to_owned(), node.to_owned()));
        }
    }

    pub(crate) fn node_gpus(&mut self, uid: &str, pool: &str, node: &str, now: Timestamp) {
        self.change_node(uid, pool, node, now, |node| node.gpus = true);
    }

    /// Writes the objects of a pool's nodes anew after its labels, taints or sharing changed.
    pub(crate) fn refresh_nodes(&mut self, uid: &str, pool: &str, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let Some(pool) = cluster.pool(pool).cloned() else { return };
        for node in pool.nodes.iter().filter(|node| node.registered.is_some()) {
            write(cluster, &pool, node, now);
        }
    }

    /// Changes a node and writes its object; tells whether its pool has GPUs, nothing when the node is gone.
    fn change_node(
        &mut self,
        uid: &str,
        pool: &str,
        node: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Node),
    ) -> Option<bool> {
        let cluster = self.by_uid(uid)?;
        let found = cluster.pool_mut(pool)?.nodes.iter_mut().find(|candidate| candidate.name == node)?;
        change(found);
        let pool = cluster.pool(pool)?.clone();
        let node = pool.nodes.iter().find(|candidate| candidate.name == node)?;
        write(cluster, &pool, node, now);
        Some(pool.gpus().is_some())
    }
}

fn write(cluster: &mut Cluster, pool: &Pool, node: &Node, now: Timestamp) {
    let old = cluster.kube.get("nodes", None, &node.name).cloned();
    let described = Described {
        project: cluster.project(),
        network: cluster.fields.get("network").and_then(Value::as_str).unwrap_or("default"),
        version: pool.fields.get("version").and_then(Value::as_str).unwrap_or_default(),
        pool,
        node,
    };
    let object = node_object::object(&described, old.as_ref(), now);
    cluster.kube.put(now, "nodes", None, object);
    cluster.kube.put(now, "leases", Some("kube-node-lease"), lease(&node.name, now));
}

fn lease(node: &str, now: Timestamp) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": node, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": micros(now)},
    })
}

/// A time with microseconds, as Lease objects carry it.
fn micros(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
