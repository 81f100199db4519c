//! Clusters, pools and operations as the API shows them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::catalog;
use crate::lifecycle::digest;
use crate::world::{Cluster, ClusterStatus, Operation, OperationStatus, Pool, World};

/// Where the real service's links point.
const LINKS: &str = "https://container.googleapis.com/v1";

/// A cluster with its pools.
pub(crate) fn cluster(world: &World, cluster: &Cluster) -> Value {
    let mut fields = cluster.fields.clone();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    let nodes: usize = cluster.pools.iter().map(|pool| pool.nodes.len()).sum();
    let zonal = catalog::region_of(cluster.location()) != Some(cluster.location());
    let word = if zonal { "zones" } else { "locations" };
    let link =
        format!("{LINKS}/projects/{}/{word}/{}/clusters/{}", cluster.project(), cluster.location(), cluster.name());
    put("name", json!(cluster.name()));
    put("id", json!(format!("{}{}", cluster.uid, cluster.uid)));
    put("selfLink", json!(link));
    put("location", json!(cluster.location()));
    put("zone", json!(cluster.location()));
    put("createTime", json!(time(cluster.created)));
    put("status", json!(status(world, cluster)));
    put("etag", json!(etag(&cluster.uid, cluster.generation)));
    put("labelFingerprint", json!(label_fingerprint(cluster)));
    put("nodePools", cluster.pools.iter().map(|pool| self::pool(world, cluster, pool)).collect());
    if nodes > 0 {
        put("currentNodeCount", json!(nodes));
    }
    if let Some(first) = cluster.pools.first() {
        put("currentNodeVersion", first.fields.get("version").cloned().unwrap_or_default());
        put("nodeConfig", first.fields.get("config").cloned().unwrap_or_default());
        let groups: Vec<Value> = cluster.pools.iter().flat_map(|pool| groups(world, cluster, pool)).collect();
        put("instanceGroupUrls", json!(groups));
    }
    put(
        "nodePoolDefaults",
        json!({"nodeConfigDefaults": {"loggingConfig": {"variantConfig": {"variant": "DEFAULT"}}}}),
    );
    if !cluster.conditions.is_empty() {
        put("conditions", json!(cluster.conditions));
        put("statusMessage", json!(cluster.conditions.first().map(|condition| &condition.message)));
    }
    if cluster.up
        && let Some(tls) = &cluster.tls
    {
        let mut auth = fields.get("masterAuth").and_then(Value::as_object).cloned().unwrap_or_default();
        auth.insert("clusterCaCertificate".to_owned(), json!(STANDARD.encode(&tls.ca_pem)));
        fields.insert("masterAuth".to_owned(), Value::Object(auth));
        if cluster.status != ClusterStatus::Provisioning {
            fields.insert("endpoint".to_owned(), json!(format!("127.0.0.1:{}", tls.port)));
        }
    }
    Value::Object(fields)
}

/// RUNNING becomes RECONCILING while an operation runs.
fn status(world: &World, cluster: &Cluster) -> Value {
    if cluster.status == ClusterStatus::Running && world.running(&cluster.id).next().is_some() {
        return json!("RECONCILING");
    }
    json!(cluster.status)
}

/// A node pool.
pub(crate) fn pool(world: &World, cluster: &Cluster, pool: &Pool) -> Value {
    let mut fields = pool.fields.clone();
    let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    put("name", json!(pool.name));
    put("status", json!(pool.status));
    put("etag", json!(etag(&format!("{}/{}", cluster.uid, pool.name), pool.generation)));
    let link = format!(
        "{LINKS}/projects/{}/locations/{}/clusters/{}/nodePools/{}",
        cluster.project(),
        cluster.location(),
        cluster.name(),
        pool.name
    );
    put("selfLink", json!(link));
    put("instanceGroupUrls", json!(groups(world, cluster, pool)));
    put("podIpv4CidrSize", json!(24));
    if !pool.conditions.is_empty() {
        put("conditions", json!(pool.conditions));
        put("statusMessage", json!(pool.conditions.first().map(|condition| &condition.message)));
    }
    if let Some(config) = fields.get_mut("config").and_then(Value::as_object_mut) {
        drop_empty(config);
    }
    Value::Object(fields)
}

/// Empty lists and maps are not shown.
fn drop_empty(fields: &mut Map<String, Value>) {
    fields.retain(|key, value| match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => {
            !entries.is_empty() || !matches!(key.as_str(), "labels" | "resourceLabels" | "metadata")
        }
        _ => true,
    });
}

fn groups(world: &World, cluster: &Cluster, pool: &Pool) -> Vec<Value> {
    let urls = pool.zones.iter().map(|zone| {
        json!(format!(
            "https://www.googleapis.com/compute/v1/projects/{}/zones/{zone}/instanceGroupManagers/{}",
            cluster.project(),
            world.group_name(cluster, pool, zone)
        ))
    });
    urls.collect()
}

impl World {
    /// The name of the instance group of a pool's zone.
    pub(crate) fn group_name(&self, cluster: &Cluster, pool: &Pool, zone: &str) -> String {
        let cut = |name: &str, letters: usize| name.get(..letters).unwrap_or(name).trim_end_matches('-').to_owned();
        let group = self.hex(&format!("{}/{}/{zone}", cluster.uid, pool.name), 8);
        format!("gke-{}-{}-{group}-grp", cut(cluster.name(), 19), cut(&pool.name, 17))
    }
}

/// An operation.
pub(crate) fn operation(world: &World, operation: &Operation) -> Value {
    let mut parts = operation.cluster.split('/').skip(1).step_by(2);
    let (project, location) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let zonal = catalog::region_of(location) != Some(location);
    let place = if zonal { format!("zones/{location}") } else { format!("locations/{location}") };
    let name = parts.next().unwrap_or_default();
    let mut target = format!("{LINKS}/projects/{project}/{place}/clusters/{name}");
    if let Some(pool) = &operation.pool {
        target = format!("{target}/nodePools/{pool}");
    }
    let mut fields = json!({
        "name": operation.name,
        "zone": location,
        "location": location,
        "operationType": operation.kind,
        "status": operation.status,
        "selfLink": format!("{LINKS}/projects/{project}/{place}/operations/{}", operation.name),
        "targetLink": target,
        "startTime": nanos(operation.started),
    });
    if operation.status == OperationStatus::Running
        && let Some(metrics) = metrics(world, operation)
    {
        fields["progress"] = json!({"status": "RUNNING", "metrics": metrics});
    }
    if let Some(ended) = operation.ended {
        fields["endTime"] = json!(nanos(ended));
    }
    if let Some((code, message)) = &operation.error {
        fields["error"] = json!({"code": code, "message": message});
        fields["statusMessage"] = json!(message);
    }
    fields
}

/// How far an operation is that makes nodes: of the pools it is about, how many are Ready of how many.
fn metrics(world: &World, operation: &Operation) -> Option<Value> {
    let makes_nodes = ["CREATE_CLUSTER", "CREATE_NODE_POOL", "SET_NODE_POOL_SIZE"].contains(&operation.kind.as_str());
    let cluster = world.clusters.get(&operation.cluster).filter(|_| makes_nodes)?;
    let about = |pool: &&Pool| operation.pool.as_ref().is_none_or(|name| *name == pool.name);
    let pools: Vec<&Pool> = cluster.pools.iter().filter(about).collect();
    let total: u32 = pools.iter().flat_map(|pool| pool.wanted.values()).sum();
    let ready = pools.iter().flat_map(|pool| &pool.nodes).filter(|node| node.ready.is_some()).count();
    let metric = |name: &str, value: String| json!({"name": name, "intValue": value});
    Some(json!([metric("NODES_DONE", ready.to_string()), metric("NODES_TOTAL", total.to_string())]))
}

/// The tag of a version of a thing.
pub(crate) fn etag(thing: &str, generation: u64) -> String {
    format!("{:016x}", digest(&format!("{thing}/{generation}")))
}

/// The fingerprint of a cluster's resource labels.
pub(crate) fn label_fingerprint(cluster: &Cluster) -> String {
    let labels = cluster.fields.get("resourceLabels").map(Value::to_string).unwrap_or_default();
    format!("{:08x}", digest(&labels) & 0xffff_ffff)
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn nanos(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}
