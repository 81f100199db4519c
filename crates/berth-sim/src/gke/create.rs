//! Making clusters and node pools.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calls::{self, Call};
use super::check::{self, object, text, texts};
use super::check_pool::{self, Surroundings};
use super::errors::Refusal;
use super::versions;
use crate::catalog;
use crate::faults::Effect;
use crate::kube::Store;
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::after;
use crate::world::{Cluster, ClusterStatus, Pool, PoolStatus, Spoil, Step, World, integer};

/// CreateCluster.
pub(crate) fn cluster(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let Some(mut fields) = object(&call.body, "cluster").cloned() else {
        return Err(Refusal::invalid("Cluster is required."));
    };
    let location = call.target.location.as_str();
    check::location(location)?;
    check::cluster(location, &fields)?;
    let id = format!("{}/clusters/{}", call.target.parent(), text(&fields, "name"));
    if world.clusters.contains_key(&id) {
        return Err(Refusal::already_exists(&id));
    }
    let asked = take_pools(&mut fields);
    complete_cluster(&mut fields, location)?;
    let around = surroundings(location, &fields);
    let mut pools: Vec<Pool> = Vec::new();
    for pool in asked {
        let name = text(&pool, "name");
        if pools.iter().any(|other| other.name == name) {
            return Err(Refusal::invalid(format!("Node pool name \"{name}\" is given twice.")));
        }
        let others = [];
        pools.push(new_pool(pool, &fields, &around, &others)?);
    }
    let plain = pools.iter().any(|pool| pool.gpus().is_none());
    for pool in &mut pools {
        add_gpu_taint(pool, plain);
    }
    let number = world.number();
    let uid = world.hex(&format!("cluster/{number}"), 32);
    let operation = world.begin("CREATE_CLUSTER", &id, None, call.now);
    spoil_pools(world, &operation, &id, &pools, &call);
    let version = text(&fields, "currentMasterVersion").to_owned();
    world.ledger.spans.push(fee(&id, location, call.now));
    let cluster = Cluster {
        id: id.clone(),
        uid: uid.clone(),
        fields,
        created: call.now,
        status: ClusterStatus::Provisioning,
        conditions: Vec::new(),
        generation: 1,
        pools,
        up: false,
        tls: None,
        kube: Store::new(call.now, &format!("v{version}")),
    };
    world.clusters.insert(id.clone(), cluster);
    let up = call.now + after("control-plane", "requested", "up", &id);
    world.plan(up, Step::ControlPlaneUp(uid, operation.clone()));
    Ok(calls::begun(world, &operation))
}

/// CreateNodePool.
pub(crate) fn pool(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let Some(asked) = object(&call.body, "nodePool").cloned() else {
        return Err(Refusal::invalid("NodePool is required."));
    };
    let name = text(&asked, "name").to_owned();
    let id = call.target.cluster_id();
    let found = calls::cluster(world, call.target)?;
    let around = surroundings(call.target.location.as_str(), &found.fields);
    let plain = found.pools.iter().any(|pool| pool.gpus().is_none());
    let mut pool = new_pool(asked, &found.fields, &around, &found.pools)?;
    if found.pool(&name).is_some() {
        return Err(Refusal::already_exists(&format!("{id}/nodePools/{name}")));
    }
    add_gpu_taint(&mut pool, plain);
    let mut target = call.target.clone();
    target.pool.clone_from(&name);
    let cluster = calls::changeable(world, &target)?;
    let uid = cluster.uid.clone();
    cluster.pools.push(pool.clone());
    let operation = world.begin("CREATE_NODE_POOL", &id, Some(&name), call.now);
    spoil_pools(world, &operation, &id, &[pool], &call);
    let end = world.begin_pool(&uid, &name, &operation, call.now);
    world.end_at(&operation, end);
    Ok(calls::begun(world, &operation))
}

/// Notes which pools of an operation a fault spoils.
fn spoil_pools(world: &mut World, operation: &str, id: &str, pools: &[Pool], call: &Call<'_>) {
    calls::spoil(world, operation, call.effect.filter(|effect| !matches!(effect, Effect::Stockout { .. })));
    let inline = pools.iter().map(|pool| {
        let of_pool = world.faults.strike_pool(&format!("{id}/nodePools/{}", pool.name), call.now);
        (pool, if call.target.method == "CreateCluster" { of_pool } else { None })
    });
    let inline: Vec<(&Pool, Option<Effect>)> = inline.collect();
    let has_gpus = pools.iter().any(|pool| pool.gpus().is_some());
    let mut spoils: BTreeMap<String, Spoil> = BTreeMap::new();
    for (pool, of_pool) in inline {
        // A stockout of a whole creation hits the accelerators, where there are any; any other error hits all of it.
        let hits = |effect: &&Effect| !matches!(effect, Effect::Stockout { .. }) || !has_gpus || pool.gpus().is_some();
        let of_call = call.effect.filter(hits);
        match of_pool.as_ref().or(of_call) {
            Some(Effect::Stockout { zone, created }) => {
                spoils.insert(pool.name.clone(), Spoil::Stockout { zone: zone.clone(), created: *created });
            }
            Some(Effect::OperationError { code, message }) => {
                spoils.insert(pool.name.clone(), Spoil::Failed(*code, message.clone()));
            }
            _ => {}
        }
    }
    if let Some(operation) = world.operations.get_mut(operation) {
        operation.spoils.extend(spoils);
    }
}

/// The pools asked for, those of the deprecated fields included.
fn take_pools(fields: &mut Map<String, Value>) -> Vec<Map<String, Value>> {
    let named = fields.remove("nodePools");
    let count = fields.remove("initialNodeCount");
    let config = fields.remove("nodeConfig").unwrap_or_else(|| json!({}));
    match named {
        Some(Value::Array(pools)) => pools.into_iter().filter_map(|pool| pool.as_object().cloned()).collect(),
        _ => {
            let pool = json!({"name": "default-pool", "initialNodeCount": count, "config": config});
            pool.as_object().cloned().into_iter().collect()
        }
    }
}

/// What GKE fills in by itself.
fn complete_cluster(fields: &mut Map<String, Value>, location: &str) -> Result<(), Refusal> {
    for output in
        ["status", "endpoint", "selfLink", "etag", "id", "createTime", "currentMasterVersion", "labelFingerprint"]
    {
        fields.remove(output);
    }
    let wanted = text(fields, "initialClusterVersion").to_owned();
    let given = object(fields, "releaseChannel").map(|channel| text(channel, "channel").to_owned());
    let channel = match given {
        Some(channel) => channel,
        None if wanted.is_empty() || wanted == "-" => "REGULAR".to_owned(),
        None => "STABLE".to_owned(),
    };
    let Some(version) = versions::resolve(&wanted, &channel) else {
        return Err(Refusal::invalid(format!("Master version \"{wanted}\" is unsupported.")));
    };
    if texts(fields, "locations").is_empty() {
        fields.insert("locations".to_owned(), json!(catalog::default_zones(location)));
    }
    let release = if channel.is_empty() { json!({}) } else { json!({ "channel": channel }) };
    fields.insert("releaseChannel".to_owned(), release);
    fields.insert("initialClusterVersion".to_owned(), Value::from(version));
    fields.insert("currentMasterVersion".to_owned(), Value::from(version));
    let defaults = json!({
        "network": "default",
        "subnetwork": "default",
        "clusterIpv4Cidr": "10.8.0.0/14",
        "servicesIpv4Cidr": "34.118.224.0/20",
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "shieldedNodes": {"enabled": true},
        "databaseEncryption": {"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"},
        "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
    });
    fill(fields, &defaults);
    if let Some(policy) = fields.get_mut("ipAllocationPolicy").and_then(Value::as_object_mut) {
        let ranges = json!({"clusterIpv4CidrBlock": "10.8.0.0/14", "servicesIpv4CidrBlock": "34.118.224.0/20", "stackType": "IPV4"});
        fill(policy, &ranges);
    }
    let autoscaling = fields.entry("autoscaling").or_insert_with(|| json!({}));
    if let Some(autoscaling) = autoscaling.as_object_mut() {
        fill(autoscaling, &json!({"autoscalingProfile": "BALANCED"}));
    }
    Ok(())
}

/// Puts in what is missing.
fn fill(fields: &mut Map<String, Value>, defaults: &Value) {
    for (key, value) in defaults.as_object().into_iter().flatten() {
        fields.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

/// What of a cluster its pools' rules look at.
pub(crate) fn surroundings<'a>(location: &'a str, fields: &'a Map<String, Value>) -> Surroundings<'a> {
    Surroundings {
        location,
        channel: object(fields, "releaseChannel").map_or("", |channel| text(channel, "channel")),
        workload_pool: object(fields, "workloadIdentityConfig")
            .is_some_and(|config| config.contains_key("workloadPool")),
    }
}

/// A checked pool with everything GKE fills in.
fn new_pool(
    mut fields: Map<String, Value>,
    cluster: &Map<String, Value>,
    around: &Surroundings<'_>,
    others: &[Pool],
) -> Result<Pool, Refusal> {
    let mut zones = texts(&fields, "locations");
    if zones.is_empty() {
        zones = texts(cluster, "locations");
    }
    let given = fields.clone();
    check_pool::pool(&given, &zones, around)?;
    if others.len() >= 1000 {
        return Err(Refusal::invalid("A cluster has at most 1000 node pools."));
    }
    complete_pool(&mut fields, cluster);
    let each = integer(given.get("initialNodeCount")).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    fields.insert("locations".to_owned(), json!(zones));
    Ok(Pool {
        name: text(&fields, "name").to_owned(),
        wanted: zones.iter().map(|zone| (zone.clone(), each)).collect(),
        zones,
        status: PoolStatus::Provisioning,
        conditions: Vec::new(),
        generation: 1,
        gpu_taint: false,
        nodes: Vec::new(),
        fields,
    })
}

fn complete_pool(fields: &mut Map<String, Value>, cluster: &Map<String, Value>) {
    for output in ["status", "statusMessage", "conditions", "selfLink", "etag", "instanceGroupUrls", "podIpv4CidrSize"]
    {
        fields.remove(output);
    }
    let max_pods = cluster.get("defaultMaxPodsConstraint").cloned().unwrap_or_else(|| json!({"maxPodsPerNode": "110"}));
    let defaults = json!({
        "version": text(cluster, "currentMasterVersion"),
        "config": {},
        "management": {"autoUpgrade": true, "autoRepair": true},
        "maxPodsConstraint": max_pods,
        "upgradeSettings": {"maxSurge": 1, "strategy": "SURGE"},
        "networkConfig": {},
    });
    if text(fields, "version").is_empty() || text(fields, "version") == "-" {
        fields.remove("version");
    }
    fill(fields, &defaults);
    let of_cluster =
        |section: &str, field: &str| object(cluster, section).is_some_and(|own| own.get(field) == Some(&json!(true)));
    let private = of_cluster("networkConfig", "defaultEnablePrivateNodes")
        || of_cluster("privateClusterConfig", "enablePrivateNodes");
    if private && let Some(network) = fields.get_mut("networkConfig").and_then(Value::as_object_mut) {
        network.entry("enablePrivateNodes").or_insert(json!(true));
    }
    let Some(config) = fields.get_mut("config").and_then(Value::as_object_mut) else { return };
    let defaults = json!({
        "machineType": "e2-medium",
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "imageType": "COS_CONTAINERD",
        "serviceAccount": "default",
        "oauthScopes": ["https://www.googleapis.com/auth/logging.write", "https://www.googleapis.com/auth/monitoring"],
        "metadata": {"disable-legacy-endpoints": "true"},
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": true},
    });
    fill(config, &defaults);
    if let Some(accelerators) = config.get_mut("accelerators").and_then(Value::as_array_mut) {
        for accelerator in accelerators.iter_mut().filter_map(Value::as_object_mut) {
            fill(accelerator, &json!({"gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"}}));
            if let Some(sharing) = accelerator.get_mut("gpuSharingConfig").and_then(Value::as_object_mut) {
                fill(sharing, &json!({"gpuSharingStrategy": "TIME_SHARING"}));
            }
        }
    }
}

/// GKE taints GPU nodes by itself where other nodes can take the ordinary pods.
pub(crate) fn add_gpu_taint(pool: &mut Pool, cluster_has_plain_nodes: bool) {
    if pool.gpus().is_none() || !cluster_has_plain_nodes {
        return;
    }
    pool.gpu_taint = true;
    let Some(config) = pool.fields.get_mut("config").and_then(Value::as_object_mut) else { return };
    if let Some(taints) = config.entry("taints").or_insert_with(|| json!([])).as_array_mut()
        && !taints.iter().any(|taint| taint["key"] == "nvidia.com/gpu")
    {
        taints.push(json!({"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}));
    }
}

fn fee(id: &str, location: &str, now: Timestamp) -> Span {
    Span {
        kind: SpanKind::ControlPlane,
        cluster: id.to_owned(),
        pool: String::new(),
        name: id.rsplit('/').next().unwrap_or_default().to_owned(),
        machine_type: String::new(),
        gpu: String::new(),
        size_gb: None,
        spot: false,
        zone: location.to_owned(),
        from: now,
        to: None,
    }
}
