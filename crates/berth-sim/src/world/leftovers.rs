//! What exists on either cloud that somebody made or caused, billed or not.

use serde_json::{Value, json};

use super::model::World;
use super::things::parts;
use crate::{aws, compute};

impl World {
    /// Every cluster that is there, billed or not: one of EKS's that goes away is billed no more, but is still there.
    pub(crate) fn cluster_ids(&self) -> Vec<&str> {
        let eks = self.aws.clusters.values().map(aws::EksCluster::arn);
        eks.chain(self.clusters.values().map(|cluster| cluster.id.as_str())).collect()
    }

    /// Everything that is left: `cloud` (`aws`, `gke`), `kind`, `id`, `name` and `tags`, GKE's being labels.
    pub(crate) fn leftovers(&self) -> Vec<Value> {
        let mut left = aws::leftovers(&self.aws);
        for cluster in self.clusters.values() {
            let labels = cluster.fields.get("resourceLabels").cloned().unwrap_or_else(|| json!({}));
            let entry = |kind: &str, id: String, name: &str| json!({"cloud": "gke", "kind": kind, "id": id, "name": name, "tags": labels});
            left.push(entry("cluster", cluster.id.clone(), cluster.name()));
            for pool in &cluster.pools {
                left.push(entry("node-pool", format!("{}/nodePools/{}", cluster.id, pool.name), &pool.name));
                for node in &pool.nodes {
                    let id = format!("projects/{}/zones/{}/instances/{}", cluster.project(), node.zone, node.name);
                    left.push(entry("instance", id, &node.name));
                }
            }
        }
        for (id, thing) in &self.things {
            let (plural, _, name) = parts(id);
            let kind = compute::kind_of(plural);
            left.push(json!({"cloud": "gke", "kind": kind, "id": id, "name": name, "tags": thing.labels()}));
        }
        left
    }
}
