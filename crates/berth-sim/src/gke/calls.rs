//! One call of the container API: reading, deleting, and the way to the rest.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::check::text;
use super::errors::Refusal;
use super::route::Target;
use super::{change, create, pool_change, render, schema, versions};
use crate::catalog;
use crate::faults::Effect;
use crate::lifecycle::after;
use crate::world::{Cluster, ClusterStatus, OperationStatus, PoolStatus, Spoil, World};

/// A call with what is needed to carry it out.
pub(crate) struct Call<'a> {
    /// What is called.
    pub(crate) target: &'a Target,
    /// The body, read against its message.
    pub(crate) body: Map<String, Value>,
    /// How a fault spoils the operation.
    pub(crate) effect: Option<&'a Effect>,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Carries a call out.
pub(crate) fn serve(
    world: &mut World,
    target: &Target,
    body: &[u8],
    effect: Option<&Effect>,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let body = if target.message.is_empty() { Map::new() } else { parse(target.message, body)? };
    if target.location != "-" && catalog::region_of(&target.location).is_none() {
        super::check::location(&target.location)?;
    }
    let call = Call { target, body, effect, now };
    match target.method {
        "ListClusters" => Ok(list_clusters(world, target)),
        "GetCluster" => cluster(world, target).map(|cluster| render::cluster(world, cluster)),
        "FetchClusterUpgradeInfo" => {
            cluster(world, target).map(|cluster| versions::upgrade_info(text(&cluster.fields, "currentMasterVersion")))
        }
        "CreateCluster" => create::cluster(world, call),
        "DeleteCluster" => delete_cluster(world, call),
        "ListNodePools" => {
            let cluster = cluster(world, target)?;
            let pools: Vec<Value> = cluster.pools.iter().map(|pool| render::pool(world, cluster, pool)).collect();
            Ok(if pools.is_empty() { json!({}) } else { json!({ "nodePools": pools }) })
        }
        "GetNodePool" => {
            let cluster = cluster(world, target)?;
            let pool = cluster.pool(&target.pool).ok_or_else(|| Refusal::not_found(&target.resource()))?;
            Ok(render::pool(world, cluster, pool))
        }
        "CreateNodePool" => create::pool(world, call),
        "DeleteNodePool" => delete_pool(world, call),
        "UpdateNodePool" => pool_change::update(world, call),
        "SetNodePoolSize" => pool_change::set_size(world, call),
        "SetNodePoolAutoscaling" => pool_change::set_autoscaling(world, call),
        "SetNodePoolManagement" => pool_change::set_management(world, call),
        "ListOperations" => Ok(list_operations(world, target)),
        "GetOperation" => operation(world, target),
        "CancelOperation" => cancel(world, call),
        "GetServerConfig" => Ok(versions::server_config()),
        _ => change::serve(world, call),
    }
}

fn parse(message: &str, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
    schema::read(message, &value, "")
}

/// The cluster a call names.
pub(crate) fn cluster<'a>(world: &'a World, target: &Target) -> Result<&'a Cluster, Refusal> {
    let id = target.cluster_id();
    world.clusters.get(&id).ok_or_else(|| Refusal::not_found(&id))
}

/// The cluster a call wants to change: not while it is being made or deleted, nor beside another operation.
pub(crate) fn changeable<'a>(world: &'a mut World, target: &Target) -> Result<&'a mut Cluster, Refusal> {
    let found = cluster(world, target)?;
    if matches!(found.status, ClusterStatus::Provisioning | ClusterStatus::Stopping | ClusterStatus::Error) {
        return Err(Refusal::precondition(
            "Cluster is currently being created, deleted, updated or repaired and cannot be updated.",
        ));
    }
    let id = target.cluster_id();
    let pool = Some(target.pool.as_str()).filter(|pool| !pool.is_empty());
    world.must_be_free(&id, pool)?;
    world.clusters.get_mut(&id).ok_or_else(|| Refusal::not_found(&id))
}

/// Lets a fault spoil an operation that makes no pool.
pub(crate) fn spoil(world: &mut World, operation: &str, effect: Option<&Effect>) {
    let Some(operation) = world.operations.get_mut(operation) else { return };
    match effect {
        Some(Effect::Stuck) => operation.stuck = true,
        Some(Effect::OperationError { code, message }) => {
            operation.spoils.insert(String::new(), Spoil::Failed(*code, message.clone()));
        }
        _ => {}
    }
    if operation.stuck {
        let name = operation.name.clone();
        world.agenda.retain(|due| due.step != crate::world::Step::OperationEnds(name.clone()));
    }
}

/// The operation as an answer.
pub(crate) fn begun(world: &World, operation: &str) -> Value {
    world.operations.get(operation).map(|operation| render::operation(world, operation)).unwrap_or_default()
}

fn list_clusters(world: &World, target: &Target) -> Value {
    let of_project = world.clusters.values().filter(|cluster| cluster.project() == target.project);
    let here = of_project.filter(|cluster| {
        let place = cluster.location();
        (target.location == "-" || target.location == place) && !world.missing_zones.contains(place)
    });
    let clusters: Vec<Value> = here.map(|cluster| render::cluster(world, cluster)).collect();
    let mut answer = json!({});
    if !clusters.is_empty() {
        answer["clusters"] = Value::from(clusters);
    }
    let missing: Vec<&String> =
        world.missing_zones.iter().filter(|zone| target.location == "-" || target.location == **zone).collect();
    if !missing.is_empty() {
        answer["missingZones"] = json!(missing);
    }
    answer
}

fn list_operations(world: &World, target: &Target) -> Value {
    let prefix = format!("projects/{}/locations/", target.project);
    let here = world.operations.values().filter(|operation| {
        operation
            .cluster
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split('/').next())
            .is_some_and(|place| target.location == "-" || target.location == place)
    });
    let operations: Vec<Value> = here.map(|operation| render::operation(world, operation)).collect();
    let mut answer = if operations.is_empty() { json!({}) } else { json!({ "operations": operations }) };
    if target.location == "-" && !world.missing_zones.is_empty() {
        answer["missingZones"] = json!(world.missing_zones);
    }
    answer
}

fn operation(world: &World, target: &Target) -> Result<Value, Refusal> {
    world
        .operations
        .get(&target.operation)
        .filter(|operation| operation.cluster.starts_with(&format!("{}/", target.parent())))
        .map(|operation| render::operation(world, operation))
        .ok_or_else(|| Refusal::not_found(&target.resource()))
}

fn cancel(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    operation(world, call.target)?;
    let name = &call.target.operation;
    let at = call.now + after("operation", "cancelled", "done", name);
    let Some(operation) = world.operations.get_mut(name) else { return Ok(json!({})) };
    if operation.status == OperationStatus::Done {
        return Err(Refusal::precondition(format!("Operation {name} is already done.")));
    }
    if operation.kind.starts_with("DELETE") {
        return Err(Refusal::precondition(format!("Operation {name} cannot be cancelled.")));
    }
    operation.status = OperationStatus::Aborting;
    world.plan(at, crate::world::Step::OperationEnds(name.clone()));
    Ok(json!({}))
}

fn delete_cluster(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let found = cluster(world, call.target)?;
    let (status, id) = (found.status, found.id.clone());
    if matches!(status, ClusterStatus::Provisioning | ClusterStatus::Stopping) {
        let running = world.running(&id).next();
        let text = match (status, running) {
            (ClusterStatus::Stopping, Some(running)) => format!(
                "Operation {} is currently deleting cluster {}. Please wait and try again once it is done.",
                running.name, call.target.cluster
            ),
            (_, Some(running)) => format!("Cluster is running incompatible operation {}.", running.name),
            _ => "Cluster is currently being created, deleted, updated or repaired and cannot be updated.".to_owned(),
        };
        return Err(Refusal::precondition(text));
    }
    world.must_be_free(&id, None)?;
    let operation = world.begin("DELETE_CLUSTER", &id, None, call.now);
    if let Some(cluster) = world.clusters.get_mut(&id) {
        cluster.status = ClusterStatus::Stopping;
        for pool in &mut cluster.pools {
            pool.status = PoolStatus::Stopping;
        }
    }
    world.end_at(&operation, call.now + after("cluster", "requested", "deleted", &id));
    spoil(world, &operation, call.effect);
    Ok(begun(world, &operation))
}

fn delete_pool(world: &mut World, call: Call<'_>) -> Result<Value, Refusal> {
    let id = call.target.cluster_id();
    let found = cluster(world, call.target)?;
    if found.pool(&call.target.pool).is_none() {
        return Err(Refusal::not_found(&call.target.resource()));
    }
    let cluster = changeable(world, call.target)?;
    if let Some(pool) = cluster.pool_mut(&call.target.pool) {
        pool.status = PoolStatus::Stopping;
    }
    let operation = world.begin("DELETE_NODE_POOL", &id, Some(&call.target.pool), call.now);
    world.end_at(&operation, call.now + after("pool", "requested", "deleted", &id));
    spoil(world, &operation, call.effect);
    Ok(begun(world, &operation))
}
