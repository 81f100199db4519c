//! Node pools of GKE with autoscaling, as the autoscaler sees them: a group in each zone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Fleet, Grower};
use crate::kube::Offer;
use crate::world::model::{Cluster, Node, Pool, PoolStatus, World};
use crate::world::node_object::{self, Described};

impl World {
    /// The pools of a cluster whose API answers.
    pub(super) fn gke_fleet(&self, uid: &str, now: Timestamp) -> Option<Fleet> {
        let cluster = self.clusters.values().find(|cluster| cluster.uid == uid && cluster.up)?;
        let mut fleet = Fleet::default();
        for pool in &cluster.pools {
            for zone in &pool.zones {
                self.add_zone(&mut fleet, cluster, (pool, zone), now);
            }
        }
        Some(fleet)
    }

    fn add_zone(&self, fleet: &mut Fleet, cluster: &Cluster, (pool, zone): (&Pool, &str), now: Timestamp) {
        let wanted = pool.wanted.get(zone).copied().unwrap_or_default();
        let (ready, rest): (Vec<&Node>, Vec<&Node>) =
            pool.nodes.iter().filter(|node| node.zone == zone).partition(|node| is_whole(pool, node));
        fleet.coming.extend(rest.iter().map(|node| fresh(cluster, pool, zone, &node.name, now)));
        let missing = wanted.saturating_sub(pool.nodes_in(zone));
        if pool.conditions.is_empty() {
            let names = (0..missing).map(|number| format!("coming/{}/{zone}/{number}", pool.name));
            fleet.coming.extend(names.map(|name| fresh(cluster, pool, zone, &name, now)));
        }
        let Some((least, most, per_pool)) = limits(pool) else { return };
        let (budget, size) = if per_pool {
            (pool.name.clone(), pool.wanted.values().sum::<u32>())
        } else {
            (format!("{}/{zone}", pool.name), wanted)
        };
        let id = format!(
            "https://www.googleapis.com/compute/v1/projects/{}/zones/{zone}/instanceGroups/{}",
            cluster.project(),
            self.group_name(cluster, pool, zone)
        );
        let resting = matches!(pool.status, PoolStatus::Running | PoolStatus::RunningWithError | PoolStatus::Error);
        let busy = !resting || self.busy(&cluster.id, Some(&pool.name)).is_some();
        let barred = match (busy, pool.conditions.is_empty()) {
            (true, _) => Some("not ready for scale-up"),
            (false, false) => Some(super::IN_BACKOFF),
            (false, true) => None,
        };
        let index = fleet.growers.len();
        fleet.nodes.extend(ready.iter().map(|node| (node.name.clone(), index)));
        fleet.offers.push(Offer {
            node: fresh(cluster, pool, zone, "fresh", now),
            budget: budget.clone(),
            room: most.saturating_sub(size),
            barred,
            rank: 0,
            size: wanted,
        });
        let spare = if busy { 0 } else { size.saturating_sub(least) };
        fleet.growers.push(Grower { pool: pool.name.clone(), zone: zone.to_owned(), id, most, spare, budget });
    }

    /// Adds nodes to a pool's zone; tells what is short when not all can come.
    pub(super) fn gke_grows(&mut self, uid: &str, grower: &Grower, more: u32, now: Timestamp) -> Option<&'static str> {
        let cluster = self.clusters.values().find(|cluster| cluster.uid == uid)?;
        let pool = cluster.pool(&grower.pool)?.clone();
        if self.faults.out_of_stock(&format!("{}/nodePools/{}", cluster.id, grower.pool)) {
            return Some("GCE out of resources");
        }
        let (room, shortage) = self.room(&pool, more);
        let come = more.min(room);
        let pool = self.by_uid(uid)?.pool_mut(&grower.pool)?;
        *pool.wanted.entry(grower.zone.clone()).or_default() += come;
        self.add_nodes(uid, &grower.pool, &BTreeMap::from([(grower.zone.clone(), come)]), now);
        shortage.is_some().then_some("GCE quota exceeded")
    }

    /// Takes a node of a pool away and does not want it back.
    pub(super) fn gke_shrinks(&mut self, uid: &str, grower: &Grower, node: &str, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let id = cluster.id.clone();
        let Some(pool) = cluster.pool_mut(&grower.pool) else { return };
        if let Some(wanted) = pool.wanted.get_mut(&grower.zone) {
            *wanted = wanted.saturating_sub(1);
        }
        self.drop_nodes(&id, &grower.pool, &[node.to_owned()], now);
    }
}

/// The least and the most nodes, and whether they are those of the whole pool; else they are those of each zone.
fn limits(pool: &Pool) -> Option<(u32, u32, bool)> {
    let total = pool.autoscaling("totalMaxNodeCount")?;
    if total > 0 {
        return Some((pool.autoscaling("totalMinNodeCount")?, total, true));
    }
    Some((pool.autoscaling("minNodeCount")?, pool.autoscaling("maxNodeCount")?, false))
}

/// Whether a node is Ready with all it will have.
fn is_whole(pool: &Pool, node: &Node) -> bool {
    node.ready.is_some() && (pool.gpus().is_none() || node.gpus)
}

/// A node of a pool as it is when it is Ready.
fn fresh(cluster: &Cluster, pool: &Pool, zone: &str, name: &str, now: Timestamp) -> Value {
    let node = Node {
        name: name.to_owned(),
        zone: zone.to_owned(),
        number: 0,
        made: now,
        registered: Some(now),
        ready: Some(now),
        gpus: true,
    };
    let described = Described {
        project: cluster.project(),
        network: "default",
        version: pool.fields.get("version").and_then(Value::as_str).unwrap_or_default(),
        pool,
        node: &node,
    };
    node_object::object(&described, None, now)
}
