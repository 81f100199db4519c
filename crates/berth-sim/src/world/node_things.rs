//! The machines and boot disks of clusters' nodes as Compute Engine sees them: they come and go with the nodes.

use serde_json::{Map, Value, json};

use super::model::{Cluster, Node, Pool, World, integer};
use super::node_object::public_address;

/// The network tag of all nodes of a cluster.
pub(crate) fn tag(cluster: &Cluster) -> String {
    format!("gke-{}-{}-node", cluster.name(), &cluster.uid[..8])
}

/// The labels that GKE puts on what belongs to a cluster: the cluster's own, those that name it, and more.
pub(crate) fn labels(cluster: &Cluster, more: &[(&str, &str)]) -> Map<String, Value> {
    let own = cluster.fields.get("resourceLabels").and_then(Value::as_object).cloned();
    let mut labels = own.unwrap_or_default();
    labels.insert("goog-k8s-cluster-location".to_owned(), json!(cluster.location()));
    labels.insert("goog-k8s-cluster-name".to_owned(), json!(cluster.name()));
    labels.extend(more.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
    labels
}

impl World {
    /// Instances or disks of nodes by their ids; nothing of any other collection.
    pub(crate) fn node_things(&self, plural: &str) -> Vec<(String, Value)> {
        let show: fn(&Cluster, &Pool, &Node) -> Value = match plural {
            "instances" => instance,
            "disks" => disk,
            _ => return Vec::new(),
        };
        let mut things = Vec::new();
        for cluster in self.clusters.values() {
            for pool in &cluster.pools {
                things.extend(pool.nodes.iter().map(|node| (id(cluster, node, plural), show(cluster, pool, node))));
            }
        }
        things
    }
}

fn id(cluster: &Cluster, node: &Node, plural: &str) -> String {
    format!("projects/{}/zones/{}/{plural}/{}", cluster.project(), node.zone, node.name)
}

fn node_labels(cluster: &Cluster, pool: &Pool) -> Map<String, Value> {
    let mut labels = labels(cluster, &[("goog-gke-node", ""), ("goog-k8s-node-pool-name", &pool.name)]);
    labels.extend(pool.config("resourceLabels").as_object().cloned().unwrap_or_default());
    labels
}

fn instance(cluster: &Cluster, pool: &Pool, node: &Node) -> Value {
    let mut tags = vec![json!(tag(cluster))];
    tags.extend(pool.config("tags").as_array().cloned().unwrap_or_default());
    let zone = format!("projects/{}/zones/{}", cluster.project(), node.zone);
    let accelerator = |(name, count): (&str, i64)| json!([{"acceleratorType": format!("{zone}/acceleratorTypes/{name}"), "acceleratorCount": count}]);
    let public = json!([{"name": "external-nat", "type": "ONE_TO_ONE_NAT", "natIP": public_address(node)}]);
    let interface =
        if pool.is_private() { json!({"name": "nic0"}) } else { json!({"name": "nic0", "accessConfigs": public}) };
    json!({
        "networkInterfaces": [interface],
        "guestAccelerators": pool.gpus().map(accelerator).unwrap_or_else(|| json!([])),
        "scheduling": {
            "preemptible": pool.is_spot(), "provisioningModel": if pool.is_spot() { "SPOT" } else { "STANDARD" },
        },
        "machineType": format!("{zone}/machineTypes/{}", pool.machine_type()), "status": "RUNNING",
        "labels": node_labels(cluster, pool), "tags": {"items": tags},
        "disks": [{"boot": true, "autoDelete": true, "source": id(cluster, node, "disks")}],
        "creationTimestamp": super::offset(node.made),
    })
}

fn disk(cluster: &Cluster, pool: &Pool, node: &Node) -> Value {
    let kind = pool.config("diskType").as_str().unwrap_or("pd-balanced");
    let size = integer(Some(pool.config("diskSizeGb"))).unwrap_or(100);
    json!({
        "sizeGb": size.to_string(), "status": "READY", "labels": node_labels(cluster, pool),
        "type": format!("projects/{}/zones/{}/diskTypes/{kind}", cluster.project(), node.zone),
        "creationTimestamp": super::offset(node.made),
    })
}
