//! Nodes coming and going: how many a pool makes, where, and what stock and quotas allow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::advance::remove_node_objects;
use super::model::{ClusterStatus, Node, Pool, PoolStatus, Spoil, Step, World, integer};
use crate::compute::Shortage;
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::{after, tail};

impl World {
    /// Begins a new pool's nodes and tells when its making is over, well or not.
    pub(crate) fn begin_pool(&mut self, uid: &str, name: &str, operation: &str, now: Timestamp) -> Timestamp {
        let Some(pool) = self.by_uid(uid).and_then(|cluster| cluster.pool(name)).cloned() else { return now };
        let spoil = self.operations.get(operation).and_then(|operation| operation.spoils.get(name)).cloned();
        let (counts, shortage) = self.allowed(&pool, &pool.wanted, spoil.as_ref());
        self.add_nodes(uid, name, &counts, now);
        if let (Some(shortage), Some(operation)) = (&shortage, self.operations.get_mut(operation)) {
            operation.spoils.insert(name.to_owned(), Spoil::Quota(shortage.message(name)));
        }
        let end = match (&spoil, &shortage) {
            (_, Some(_)) => "short-of-quota",
            (Some(Spoil::Stockout { .. }), _) => "short-of-stock",
            (Some(_), _) => "failed",
            (None, None) => "created",
        };
        let kind = match (end, pool.wanted.values().sum::<u32>(), pool.gpus()) {
            ("created", 0, _) => "empty-pool",
            ("created", _, Some(_)) => "gpu-pool",
            _ => "pool",
        };
        now + after(kind, "requested", end, name)
    }

    /// How many of the wanted nodes can come up, by zone, and the quota that is short.
    fn allowed(
        &self,
        pool: &Pool,
        wanted: &BTreeMap<String, u32>,
        spoil: Option<&Spoil>,
    ) -> (BTreeMap<String, u32>, Option<Shortage>) {
        let mut counts = wanted.clone();
        match spoil {
            Some(Spoil::Stockout { zone: Some(zone), created }) => {
                if let Some(count) = counts.get_mut(zone) {
                    *count = (*count).min(*created);
                }
            }
            Some(Spoil::Stockout { zone: None, created }) => limit(&mut counts, *created),
            Some(Spoil::Failed(..)) => limit(&mut counts, 0),
            Some(Spoil::Quota(_)) | None => {}
        }
        let total: u32 = counts.values().sum();
        let (room, shortage) = self.room(pool, total);
        limit(&mut counts, room);
        (counts, shortage)
    }

    /// Adds nodes to a pool: billing begins, and the agenda holds what follows.
    pub(crate) fn add_nodes(&mut self, uid: &str, name: &str, counts: &BTreeMap<String, u32>, now: Timestamp) {
        for (zone, count) in counts {
            for _ in 0..*count {
                self.add_node(uid, name, zone, now);
            }
        }
    }

    fn add_node(&mut self, uid: &str, name: &str, zone: &str, now: Timestamp) {
        let number = self.number();
        let group = self.hex(&format!("{uid}/{name}/{zone}"), 8);
        let tail = tail(number);
        let Some(cluster) = self.by_uid(uid) else { return };
        let (cluster_id, cluster_name) = (cluster.id.clone(), cluster.name().to_owned());
        let Some(pool) = cluster.pool_mut(name) else { return };
        let node = Node {
            name: format!("gke-{}-{}-{group}-{tail}", cut(&cluster_name, 19), cut(name, 17)),
            zone: zone.to_owned(),
            number,
            made: now,
            registered: None,
            ready: None,
            gpus: false,
        };
        let spans = spans(&cluster_id, pool, &node, now);
        let kind = if pool.gpus().is_some() { "gpu-node" } else { "node" };
        let at = now + after(kind, "requested", "registered", &node.name);
        let step = Step::NodeRegisters(uid.to_owned(), name.to_owned(), node.name.clone());
        pool.nodes.push(node);
        self.ledger.spans.extend(spans);
        self.plan(at, step);
    }

    /// Takes nodes away at once.
    pub(crate) fn drop_nodes(&mut self, cluster_id: &str, pool: &str, nodes: &[String], now: Timestamp) {
        let Some(cluster) = self.clusters.get_mut(cluster_id) else { return };
        if let Some(pool) = cluster.pool_mut(pool) {
            pool.nodes.retain(|node| !nodes.contains(&node.name));
        }
        for node in nodes {
            remove_node_objects(cluster, node, now);
        }
        for node in nodes {
            self.ledger.close(cluster_id, node, now);
        }
    }

    /// Brings a pool's size within its autoscaling limits and up to what its zones should have.
    pub(crate) fn scale(&mut self, uid: &str, name: &str, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let cluster_id = cluster.id.clone();
        let busy = self.busy(&cluster_id, Some(name)).is_some();
        let Some(pool) = self.by_uid(uid).and_then(|cluster| cluster.pool_mut(name)) else { return };
        let resting = matches!(pool.status, PoolStatus::Running | PoolStatus::RunningWithError | PoolStatus::Error);
        if busy || !resting {
            return;
        }
        raise_to_minimum(pool);
        let pool = pool.clone();
        if self.faults.out_of_stock(&format!("{cluster_id}/nodePools/{name}")) && !pool.conditions.is_empty() {
            return;
        }
        let missing: BTreeMap<String, u32> = pool
            .wanted
            .iter()
            .map(|(zone, count)| (zone.clone(), count.saturating_sub(pool.nodes_in(zone))))
            .filter(|(_, count)| *count > 0)
            .collect();
        let (counts, shortage) = self.allowed(&pool, &missing, None);
        self.add_nodes(uid, name, &counts, now);
        if shortage.is_some() {
            return;
        }
        let Some(cluster) = self.by_uid(uid) else { return };
        if let Some(pool) = cluster.pool_mut(name).filter(|pool| !pool.conditions.is_empty()) {
            pool.conditions.clear();
            pool.status = PoolStatus::Running;
            if cluster.status == ClusterStatus::Error {
                cluster.status = ClusterStatus::Running;
            }
        }
        cluster.conditions = cluster.pools.iter().flat_map(|pool| pool.conditions.clone()).collect();
    }

    /// Takes ready spot nodes of a pool away, as Compute Engine does; the group makes up for them later.
    pub(crate) fn preempt(&mut self, pool_name: &str, count: u32, now: Timestamp) {
        let mut taken = Vec::new();
        for cluster in self.clusters.values() {
            let Some(pool) = cluster.pool(pool_name).filter(|pool| pool.is_spot()) else { continue };
            let nodes = pool.nodes.iter().filter(|node| node.ready.is_some());
            let nodes: Vec<String> = nodes.take(count as usize).map(|node| node.name.clone()).collect();
            taken.push((cluster.id.clone(), cluster.uid.clone(), nodes));
        }
        for (id, uid, nodes) in taken {
            self.drop_nodes(&id, pool_name, &nodes, now);
            let at = now + after("instance", "preempted", "recreated", pool_name);
            self.plan(at, Step::Scale(uid, pool_name.to_owned()));
        }
    }
}

impl Pool {
    /// How many nodes a zone has.
    pub(crate) fn nodes_in(&self, zone: &str) -> u32 {
        let count = self.nodes.iter().filter(|node| node.zone == zone).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

fn raise_to_minimum(pool: &mut Pool) {
    if let Some(each) = pool.autoscaling("minNodeCount") {
        for count in pool.wanted.values_mut() {
            *count = (*count).max(each);
        }
    }
    let total = pool.autoscaling("totalMinNodeCount").unwrap_or(0);
    while !pool.wanted.is_empty() && pool.wanted.values().sum::<u32>() < total {
        let fewest = pool.zones.iter().min_by_key(|zone| pool.wanted.get(*zone).copied().unwrap_or(0)).cloned();
        let Some(count) = fewest.and_then(|zone| pool.wanted.get_mut(&zone)) else { return };
        *count += 1;
    }
}

/// Cuts counts down to a total, the last zones first.
fn limit(counts: &mut BTreeMap<String, u32>, total: u32) {
    let mut left = total;
    for count in counts.values_mut() {
        *count = (*count).min(left);
        left -= *count;
    }
}

fn cut(name: &str, letters: usize) -> &str {
    name.get(..letters).unwrap_or(name).trim_end_matches('-')
}

fn spans(cluster: &str, pool: &Pool, node: &Node, now: Timestamp) -> Vec<Span> {
    let gpu = pool.gpus().map(|(name, count)| format!("{count}x{name}")).unwrap_or_default();
    let machine = Span {
        kind: SpanKind::Node,
        cluster: cluster.to_owned(),
        pool: pool.name.clone(),
        name: node.name.clone(),
        machine_type: pool.machine_type().to_owned(),
        gpu,
        size_gb: None,
        spot: pool.is_spot(),
        zone: node.zone.clone(),
        from: now,
        to: None,
    };
    let disk = Span {
        kind: SpanKind::Disk,
        machine_type: pool.config("diskType").as_str().unwrap_or("pd-balanced").to_owned(),
        gpu: String::new(),
        size_gb: integer(Some(pool.config("diskSizeGb")).filter(|size| **size != Value::Null)).or(Some(100)),
        spot: false,
        ..machine.clone()
    };
    let address = (!pool.is_private()).then(|| Span {
        kind: SpanKind::Address,
        machine_type: String::new(),
        gpu: String::new(),
        spot: false,
        ..machine.clone()
    });
    [machine, disk].into_iter().chain(address).collect()
}
