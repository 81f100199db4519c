//! Changing a node pool: fields in place, size, and changes that make new nodes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calls::{self, Call};
use super::check::{self, object, text, texts};
use super::check_pool;
use super::create::surroundings;
use super::errors::Refusal;
use super::{change, render, versions};
use crate::lifecycle::after;
use crate::world::{Pool, PoolStatus, World, integer};

/// The fields of UpdateNodePool that lie in the pool's `config` and are taken as they are.
const CONFIG: &[&str] = &[
    "workloadMetadataConfig",
    "linuxNodeConfig",
    "kubeletConfig",
    "gcfsConfig",
    "confidentialNodes",
    "gvnic",
    "fastSocket",
    "loggingConfig",
    "windowsNodeConfig",
    "accelerators",
    "machineType",
    "diskType",
    "diskSizeGb",
    "resourceManagerTags",
    "containerdConfig",
    "storagePools",
    "maxRunDuration",
    "flexStart",
    "bootDisk",
    "imageType",
];

/// Those of them, and the version, that make new nodes.
const RECREATES: &[&str] = &[
    "machineType",
    "diskType",
    "diskSizeGb",
    "bootDisk",
    "containerdConfig",
    "imageType",
    "accelerators",
    "resourceLabels",
];

/// The fields of UpdateNodePool that lie in the pool itself.
const PLAIN: &[&str] = &["upgradeSettings", "queuedProvisioning", "nodeDrainConfig", "maintenancePolicy"];

fn pool<'a>(world: &'a World, call: &Call<'_>) -> Result<&'a Pool, Refusal> {
    let found = calls::cluster(world, call.target)?.pool(&call.target.pool);
    found.ok_or_else(|| Refusal::not_found(&call.target.resource()))
}

/// UpdateNodePool.
pub(crate) fn update(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let old = pool(world, &call)?.clone();
    let found = calls::cluster(world, call.target)?;
    let etag = text(&call.body, "etag");
    if !etag.is_empty() && etag != render::etag(&format!("{}/{}", found.uid, old.name), old.generation) {
        return Err(Refusal::aborted("The etag provided does not match the node pool's current etag."));
    }
    let config = changed_config(&call.body, &old);
    let mut whole = old.fields.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    whole.extend(config.clone());
    let zones = texts(&call.body, "locations");
    let around = surroundings(&call.target.location, &found.fields);
    check_pool::config(&whole, &around)?;
    check::zones(&call.target.location, &zones)?;
    check_pool::machine(&whole, if zones.is_empty() { &old.zones } else { &zones })?;
    let mut changed = Map::new();
    for field in PLAIN {
        if let Some(value) = call.body.get(*field) {
            changed.insert((*field).to_owned(), value.clone());
        }
    }
    if let Some(network) = call.body.get("nodeNetworkConfig") {
        changed.insert("networkConfig".to_owned(), network.clone());
    }
    let mut recreates = config.keys().any(|key| RECREATES.contains(&key.as_str()));
    let wanted = text(&call.body, "nodeVersion");
    if !wanted.is_empty() {
        let Some(version) = versions::resolve(wanted, around.channel) else {
            return Err(Refusal::invalid(format!("Node version \"{wanted}\" is unsupported.")));
        };
        recreates = true;
        changed.insert("version".to_owned(), Value::from(version));
    }
    if !config.is_empty() {
        changed.insert("config".to_owned(), Value::Object(config));
    }
    if changed.is_empty() && zones.is_empty() {
        return Err(Refusal::invalid("Must specify a field to update."));
    }
    let kind = if wanted.is_empty() { "UPDATE_CLUSTER" } else { "UPGRADE_NODES" };
    begin(world, &call, kind, ("pool", "updated"), changed)?;
    let operation = begun_by(world, &call, kind);
    if !zones.is_empty() {
        move_pool(world, &call.target.cluster_id(), &old.name, &zones, &operation, call.now);
    }
    if recreates {
        replace_nodes(world, &call, &operation);
    }
    Ok(calls::begun(world, &operation))
}

/// The fields of `config` a request changes.
fn changed_config(body: &Map<String, Value>, old: &Pool) -> Map<String, Value> {
    let mut config = Map::new();
    for field in CONFIG {
        if let Some(value) = body.get(*field) {
            let value = if *field == "diskSizeGb" { json!(integer(Some(value))) } else { value.clone() };
            config.insert((*field).to_owned(), value);
        }
    }
    for field in ["labels", "resourceLabels", "taints", "tags"] {
        let Some(wrapped) = object(body, field) else { continue };
        let empty = if matches!(field, "taints" | "tags") { json!([]) } else { json!({}) };
        let mut value = wrapped.get(if field == "resourceLabels" { "labels" } else { field }).cloned().unwrap_or(empty);
        if field == "taints"
            && old.gpu_taint
            && let Some(taints) = value.as_array_mut()
            && !taints.iter().any(|taint| taint["key"] == "nvidia.com/gpu")
        {
            taints.push(json!({"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}));
        }
        config.insert(field.to_owned(), value);
    }
    config
}

/// Begins an operation that changes a pool's fields when it ends.
fn begin(
    world: &mut World,
    call: &Call<'_>,
    kind: &str,
    duration: (&str, &str),
    changed: Map<String, Value>,
) -> Result<(), Refusal> {
    let cluster = calls::changeable(world, call.target)?;
    if let Some(pool) = cluster.pool_mut(&call.target.pool) {
        pool.status = PoolStatus::Reconciling;
    }
    let id = call.target.cluster_id();
    let operation = world.begin_change(kind, (&id, Some(&call.target.pool)), duration, changed, call.now);
    calls::spoil(world, &operation, call.effect);
    Ok(())
}

/// The operation just begun on a pool.
fn begun_by(world: &World, call: &Call<'_>, kind: &str) -> String {
    let id = call.target.cluster_id();
    let mut running = world.running(&id).filter(|operation| operation.pool.as_deref() == Some(&call.target.pool));
    running.find(|operation| operation.kind == kind).map(|operation| operation.name.clone()).unwrap_or_default()
}

/// Moves the end of an operation, unless it is stuck.
fn end_later(world: &mut World, operation: &str, at: Timestamp) {
    world.agenda.retain(|due| due.step != crate::world::Step::OperationEnds(operation.to_owned()));
    world.end_at(operation, at);
}

/// Makes new nodes beside the old, which go when the operation ends.
fn replace_nodes(world: &mut World, call: &Call<'_>, operation: &str) {
    let id = call.target.cluster_id();
    let Some(change) = world.operations.get(operation).map(|operation| operation.change.clone()) else { return };
    let Some(cluster) = world.clusters.get_mut(&id) else { return };
    let uid = cluster.uid.clone();
    let Some(pool) = cluster.pool_mut(&call.target.pool) else { return };
    let leaving: Vec<String> = pool.nodes.iter().map(|node| node.name.clone()).collect();
    let counts = pool.wanted.clone();
    let kind = if pool.gpus().is_some() { "gpu-pool" } else { "pool" };
    // New nodes are made from the new template, so the fields change now and not at the end.
    if let (Some(Value::Object(config)), Some(Value::Object(new))) =
        (pool.fields.get_mut("config"), change.get("config"))
    {
        config.extend(new.clone());
    }
    if let Some(version) = change.get("version") {
        pool.fields.insert("version".to_owned(), version.clone());
    }
    world.add_nodes(&uid, &call.target.pool, &counts, call.now);
    if let Some(operation) = world.operations.get_mut(operation) {
        operation.leaving.extend(leaving);
    }
    end_later(world, operation, call.now + after(kind, "requested", "created", &id));
}

/// Gives a pool other zones: new ones get its initial size, nodes of those that go leave.
fn move_pool(world: &mut World, id: &str, name: &str, zones: &[String], operation: &str, now: Timestamp) {
    let Some(cluster) = world.clusters.get_mut(id) else { return };
    let uid = cluster.uid.clone();
    let Some(pool) = cluster.pool_mut(name) else { return };
    let each = integer(pool.fields.get("initialNodeCount")).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let added: std::collections::BTreeMap<String, u32> =
        zones.iter().filter(|zone| !pool.zones.contains(zone)).map(|zone| (zone.clone(), each)).collect();
    let gone = pool.nodes.iter().filter(|node| !zones.contains(&node.zone));
    let leaving: Vec<String> = gone.map(|node| node.name.clone()).collect();
    pool.zones = zones.to_vec();
    pool.wanted.retain(|zone, _| zones.contains(zone));
    pool.wanted.extend(added.clone());
    pool.fields.insert("locations".to_owned(), json!(zones));
    let kind = if pool.gpus().is_some() { "gpu-pool" } else { "pool" };
    world.add_nodes(&uid, name, &added, now);
    if operation.is_empty() {
        world.drop_nodes(id, name, &leaving, now);
        return;
    }
    if let Some(operation) = world.operations.get_mut(operation) {
        operation.leaving.extend(leaving);
    }
    end_later(world, operation, now + after(kind, "requested", "created", id));
}

/// Gives all pools of a cluster its new zones, as changing the cluster's locations does.
pub(crate) fn move_all(world: &mut World, id: &str, zones: &[String], now: Timestamp) {
    let pools: Vec<String> = world
        .clusters
        .get(id)
        .map(|cluster| cluster.pools.iter().map(|pool| pool.name.clone()).collect())
        .unwrap_or_default();
    for pool in pools {
        move_pool(world, id, &pool, zones, "", now);
    }
}

/// SetNodePoolSize: the number is each zone's.
pub(crate) fn set_size(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let old = pool(world, &call)?.clone();
    let each = integer(call.body.get("nodeCount")).unwrap_or(0);
    let Some(each) = u32::try_from(each).ok().filter(|each| *each <= 1000) else {
        return Err(Refusal::invalid("SetNodePoolSizeRequest.node_count must be between 0 and 1000."));
    };
    // A resize changes the pool's initial size as well; a default value is not kept.
    let initial = if each == 0 { Value::Null } else { json!(each) };
    let changed = Map::from_iter([("initialNodeCount".to_owned(), initial)]);
    begin(world, &call, "SET_NODE_POOL_SIZE", ("pool", "resized-down"), changed)?;
    let operation = begun_by(world, &call, "SET_NODE_POOL_SIZE");
    let id = call.target.cluster_id();
    let mut added = std::collections::BTreeMap::new();
    let mut leaving = Vec::new();
    for zone in &old.zones {
        let here: Vec<&str> =
            old.nodes.iter().filter(|node| node.zone == *zone).map(|node| node.name.as_str()).collect();
        leaving.extend(here.iter().skip(each as usize).map(|name| (*name).to_owned()));
        added.insert(zone.clone(), each.saturating_sub(u32::try_from(here.len()).unwrap_or(0)));
    }
    let Some(cluster) = world.clusters.get_mut(&id) else { return Err(Refusal::not_found(&id)) };
    let uid = cluster.uid.clone();
    if let Some(pool) = cluster.pool_mut(&old.name) {
        pool.wanted = old.zones.iter().map(|zone| (zone.clone(), each)).collect();
        // The new size is also that of zones added later, and GKE shows it in the same field.
        pool.fields.insert("initialNodeCount".to_owned(), json!(each));
    }
    if added.values().any(|count| *count > 0) {
        world.add_nodes(&uid, &old.name, &added, call.now);
        let kind = if old.gpus().is_some() { "gpu-pool" } else { "pool" };
        end_later(world, &operation, call.now + after(kind, "requested", "created", &id));
    }
    if let Some(operation) = world.operations.get_mut(&operation) {
        operation.leaving = leaving;
    }
    Ok(calls::begun(world, &operation))
}

/// SetNodePoolAutoscaling.
pub(crate) fn set_autoscaling(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    pool(world, &call)?;
    let autoscaling = object(&call.body, "autoscaling").cloned().unwrap_or_default();
    check_pool::autoscaling(&autoscaling)?;
    let changed = Map::from_iter([("autoscaling".to_owned(), Value::Object(autoscaling))]);
    begin(world, &call, "SET_NODE_POOL_SIZE", ("pool", "updated"), changed)?;
    let operation = begun_by(world, &call, "SET_NODE_POOL_SIZE");
    Ok(calls::begun(world, &operation))
}

/// SetNodePoolManagement.
pub(crate) fn set_management(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    pool(world, &call)?;
    let found = calls::cluster(world, call.target)?;
    let management = object(&call.body, "management").cloned().unwrap_or_default();
    check_pool::management(&management, surroundings(&call.target.location, &found.fields).channel)?;
    let changed = Map::from_iter([("management".to_owned(), Value::Object(management))]);
    begin(world, &call, "SET_NODE_POOL_MANAGEMENT", ("pool", "managed"), changed)?;
    let operation = begun_by(world, &call, "SET_NODE_POOL_MANAGEMENT");
    Ok(calls::begun(world, &operation))
}

/// A change of a pool by UpdateCluster, as older clients send it.
pub(crate) fn through_cluster(
    world: &mut World,
    mut call: Call<'_>,
    desired: &Map<String, Value>,
) -> Result<Value, Refusal> {
    let mut target = call.target.clone();
    text(desired, "desiredNodePoolId").clone_into(&mut target.pool);
    if target.pool.is_empty() {
        "default-pool".clone_into(&mut target.pool);
    }
    if desired.contains_key("desiredNodePoolAutoscaling") {
        let autoscaling = change::checked_autoscaling(desired)?;
        call.body = Map::from_iter([("autoscaling".to_owned(), autoscaling)]);
        return set_autoscaling(world, Call { target: &target, ..call });
    }
    let version = text(desired, "desiredNodeVersion");
    call.body = Map::from_iter([("nodeVersion".to_owned(), Value::from(version))]);
    if let Some(image) = desired.get("desiredImageType") {
        call.body.insert("imageType".to_owned(), image.clone());
    }
    update(world, Call { target: &target, ..call })
}
