//! Which Compute Engine method a path means, and its answer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{collections, lists, things};
use crate::catalog::{self, REGIONS};
use crate::faults::Effect;
use crate::wire::{Reply, Request};
use crate::world::World;

/// The segments after `/compute/v1/projects/P`.
fn segments(path: &str) -> Option<(String, Vec<String>)> {
    let rest = path.strip_prefix("/compute/v1/projects/")?;
    let mut parts = rest.trim_end_matches('/').split('/').map(str::to_owned);
    let project = parts.next()?;
    Some((project, parts.collect()))
}

/// Methods by the shape of the path after the project; `*` stands for a name.
const METHODS: &[(&str, &str)] = &[
    ("", "compute.projects.get"),
    ("regions", "compute.regions.list"),
    ("regions/*", "compute.regions.get"),
    ("zones", "compute.zones.list"),
    ("zones/*", "compute.zones.get"),
    ("aggregated/operations", "compute.globalOperations.aggregatedList"),
    ("global/operations", "compute.globalOperations.list"),
    ("regions/*/operations", "compute.regionOperations.list"),
    ("zones/*/operations", "compute.zoneOperations.list"),
    ("aggregated/acceleratorTypes", "compute.acceleratorTypes.aggregatedList"),
    ("zones/*/acceleratorTypes", "compute.acceleratorTypes.list"),
    ("zones/*/acceleratorTypes/*", "compute.acceleratorTypes.get"),
    ("aggregated/machineTypes", "compute.machineTypes.aggregatedList"),
    ("zones/*/machineTypes", "compute.machineTypes.list"),
    ("zones/*/machineTypes/*", "compute.machineTypes.get"),
    ("zones/*/instanceGroupManagers/*", "compute.instanceGroupManagers.get"),
];

/// The names of all methods, as ledger and faults know them.
pub(crate) fn methods() -> impl Iterator<Item = String> {
    METHODS.iter().map(|(_, name)| (*name).to_owned()).chain(collections::methods())
}

/// The method's name for a path, as ledger and faults know it.
pub(crate) fn method(request: &Request) -> Option<(String, String)> {
    let (_, parts) = segments(&request.path)?;
    let resource = request.path.trim_start_matches("/compute/v1/").to_owned();
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let Some(asked) = things::asked(&words) {
        return Some((asked.method(&request.method)?, resource));
    }
    let (_, name) = METHODS.iter().find(|(shape, _)| {
        let shape: Vec<&str> = shape.split('/').filter(|word| !word.is_empty()).collect();
        shape.len() == parts.len() && shape.iter().zip(&parts).all(|(word, part)| *word == "*" || word == part)
    })?;
    (request.method == "GET").then(|| ((*name).to_owned(), resource))
}

/// The answer to a request whose method is known.
///
/// A fault may spoil the operation that the call begins.
pub(crate) fn answer(
    world: &mut World,
    request: &Request,
    base: &str,
    effect: Option<&Effect>,
    now: Timestamp,
) -> Reply {
    let Some((project, parts)) = segments(&request.path) else { return not_found(&request.path) };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let Some(asked) = things::asked(&parts) {
        let service = format!("{base}/compute/v1");
        return things::answer(world, &asked, &things::Call { request, project: &project, service, effect, now });
    }
    described(world, request, base, &project, &parts)
}

/// What is there whether or not anybody made something.
fn described(world: &World, request: &Request, base: &str, project: &str, parts: &[&str]) -> Reply {
    let root = format!("{base}/compute/v1/projects/{project}");
    match parts {
        [] => Reply::ok(json!({
            "kind": "compute#project", "id": "1000000000000", "name": project, "selfLink": root,
            "defaultServiceAccount": "1000000000000-compute@developer.gserviceaccount.com",
            "quotas": world.project_quotas(),
        })),
        ["regions"] => {
            let items = REGIONS.iter().map(|(name, _)| (*name, region(world, &root, name))).collect();
            lists::page(request, "compute#regionList", &format!("{root}/regions"), items)
        }
        ["regions", name] => {
            found(REGIONS.iter().any(|(known, _)| known == name), &request.path, || region(world, &root, name))
        }
        ["zones"] => {
            let zones: Vec<String> = REGIONS.iter().flat_map(|(name, _)| catalog::zones_of(name)).collect();
            let items = zones.iter().map(|name| (name.as_str(), zone(&root, name))).collect();
            lists::page(request, "compute#zoneList", &format!("{root}/zones"), items)
        }
        ["zones", name] => found(is_zone(name), &request.path, || zone(&root, name)),
        ["aggregated", "operations"] => super::operations::all(world, request, &root, project),
        ["global", "operations"] => super::operations::of_scope(world, request, (&root, project), "global"),
        [place @ ("regions" | "zones"), name, "operations"] if *place == "regions" || is_zone(name) => {
            super::operations::of_scope(world, request, (&root, project), &format!("{place}/{name}"))
        }
        ["aggregated", "acceleratorTypes"] => lists::aggregated(request, &root, "acceleratorType", lists::accelerators),
        ["aggregated", "machineTypes"] => lists::aggregated(request, &root, "machineType", lists::machines),
        ["zones", zone, _] | ["zones", zone, _, _] if !is_zone(zone) => {
            not_found(&format!("/compute/v1/projects/{project}/zones/{zone}"))
        }
        ["zones", zone, "acceleratorTypes"] => {
            lists::of_zone(request, &root, zone, "acceleratorType", lists::accelerators(&root, zone))
        }
        ["zones", zone, "machineTypes"] => {
            lists::of_zone(request, &root, zone, "machineType", lists::machines(&root, zone))
        }
        ["zones", zone, "acceleratorTypes", name] => one(lists::accelerators(&root, zone), name, &request.path),
        ["zones", zone, "machineTypes", name] => one(lists::machines(&root, zone), name, &request.path),
        ["zones", zone, "instanceGroupManagers", name] => group(world, &root, zone, name, &request.path),
        _ => not_found(&request.path),
    }
}

fn is_zone(name: &str) -> bool {
    catalog::region_of(name).is_some_and(|region| region != name)
}

fn one(items: Vec<(String, Value)>, name: &str, path: &str) -> Reply {
    let item = items.into_iter().find(|(known, _)| known == name);
    item.map_or_else(|| not_found(path), |(_, item)| Reply::ok(item))
}

fn found(exists: bool, path: &str, item: impl FnOnce() -> Value) -> Reply {
    if exists { Reply::ok(item()) } else { not_found(path) }
}

/// Compute Engine's own form of a refusal, which has no canonical status.
pub(super) fn refused(code: u16, reason: &str, message: &str) -> Reply {
    let body = json!({"error": {
        "code": code,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
    }});
    Reply { status: code, body }
}

/// There is no such thing.
pub(crate) fn not_found(path: &str) -> Reply {
    let resource = path.trim_start_matches("/compute/v1/");
    refused(404, "notFound", &format!("The resource '{resource}' was not found"))
}

fn region(world: &World, root: &str, name: &str) -> Value {
    let zones: Vec<String> = catalog::zones_of(name).iter().map(|zone| format!("{root}/zones/{zone}")).collect();
    json!({
        "kind": "compute#region", "id": id(name), "name": name, "description": name, "status": "UP",
        "selfLink": format!("{root}/regions/{name}"), "zones": zones, "quotas": world.region_quotas(name),
    })
}

fn zone(root: &str, name: &str) -> Value {
    let region = catalog::region_of(name).unwrap_or_default();
    json!({
        "kind": "compute#zone", "id": id(name), "name": name, "description": name, "status": "UP",
        "region": format!("{root}/regions/{region}"), "selfLink": format!("{root}/zones/{name}"),
    })
}

/// The instance group behind a pool's zone, which `gcloud` asks for when it counts nodes.
fn group(world: &World, root: &str, zone: &str, name: &str, path: &str) -> Reply {
    let size = world.clusters.values().find_map(|cluster| {
        let pool = cluster.pools.iter().find(|pool| world.group_name(cluster, pool, zone) == name)?;
        Some(pool.wanted.get(zone).copied().unwrap_or(0))
    });
    let Some(size) = size else { return not_found(path) };
    Reply::ok(json!({
        "kind": "compute#instanceGroupManager", "id": id(name), "name": name,
        "zone": format!("{root}/zones/{zone}"), "baseInstanceName": name.trim_end_matches("-grp"),
        "instanceGroup": format!("{root}/zones/{zone}/instanceGroups/{name}"),
        "selfLink": format!("{root}/zones/{zone}/instanceGroupManagers/{name}"), "targetSize": size,
    }))
}

/// A stable number for a name, as Compute Engine's ids are.
pub(crate) fn id(name: &str) -> String {
    (crate::lifecycle::digest(name) >> 1).to_string()
}
