//! What is gone, as the clouds' own operations tell: they are kept for two weeks and more.
//!
//! An operation names a machine and no labels, so the pool is found by the name of its group of machines, and what such a machine was
//! by what the pool makes now; of machines of other groups only their lives are told. Source of the operations:
//! `globalOperations.aggregatedList` of Compute Engine's reference.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::actions::gke::GkePool;
use berth_core::cost::Bought;
use berth_core::metering::{Life, Machine, Told, cluster_id};
use berth_core::observed::{ObservedCloud, ObservedPoolSettings};
use berth_core::rules::ownership;
use berth_core::spec::{Place, Provider};
use google_cloud_container_v1::model;
use jiff::Timestamp;
use serde_json::Value;

use crate::client::reading;
use crate::cloud::GkeCloud;
use crate::compute::{Trouble, path_of};
use crate::{read, ticket};

const PAGE: &str = "500";
/// More pages than this mean that the service goes in circles.
const MOST_PAGES: usize = 10_000;
/// What begins and ends machines.
const FILTER: &str =
    r#"(operationType = "insert") OR (operationType = "delete") OR (operationType = "compute.instances.preempted")"#;

/// What else is paid for by itself, as the collections in the links of operations.
const PAID: [&str; 3] = ["disks", "forwardingRules", "addresses"];

/// What operations tell of.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Gone {
    /// Machines of pools that stand.
    pub(super) machines: Vec<Machine>,
    /// Machines of other groups, or of whose beginning nothing is told.
    pub(super) lives: Vec<Life>,
    /// Disks, addresses and forwarding rules.
    pub(super) ends: Vec<Told>,
}

/// A group of machines of a pool of ours.
pub(super) struct Group {
    /// What the names of its machines begin with.
    front: String,
    cluster: String,
    location: String,
    pool: GkePool,
    /// Public addresses of each machine.
    addresses: u64,
}

/// The groups of all pools of ours.
pub(super) fn groups(clusters: &[model::Cluster], project: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    for cluster in clusters {
        let observed = read::cluster(cluster, project);
        if !ownership::is_ours(&observed.labels) {
            continue;
        }
        let private = matches!(&observed.cloud, ObservedCloud::Gke(settings) if settings.private_nodes);
        let addresses = u64::from(!private);
        for (pool, seen) in cluster.node_pools.iter().zip(&observed.pools) {
            let ObservedPoolSettings::Gke(settings) = &seen.settings else { continue };
            let names = pool.instance_group_urls.iter().filter_map(|url| url.rsplit('/').next()?.strip_suffix("-grp"));
            groups.extend(names.map(|name| Group {
                front: format!("{name}-"),
                cluster: observed.name.clone(),
                location: observed.place.location().to_owned(),
                pool: settings.as_ref().clone(),
                addresses,
            }));
        }
    }
    groups
}

/// When clusters were deleted.
///
/// # Errors
/// Why the operations cannot be listed.
pub(super) async fn clusters(gke: &GkeCloud) -> Result<Vec<Told>, String> {
    let parent = format!("projects/{}/locations/-", gke.project());
    let call = reading(gke.clients.container.list_operations()).set_parent(parent);
    let listed = gke.clients.call(|| call.clone().send()).await.map_err(|error| error.to_string())?;
    let deleted = |operation: &model::Operation| {
        let is_deletion = ticket::kind(operation) == "DELETE_CLUSTER" && read::is_done(operation);
        let cluster = ticket::linked(operation).filter(|_| is_deletion && read::failure(operation).is_none())?.cluster;
        Some(Told { id: cluster_id(&operation.location, &cluster), at: operation.end_time.parse().ok()? })
    };
    Ok(listed.operations.iter().filter_map(deleted).collect())
}

/// Whatever of Compute Engine came and went.
///
/// # Errors
/// The operations cannot be listed.
pub(super) async fn gone(gke: &GkeCloud, groups: &[Group]) -> Result<Gone, Trouble> {
    let path = format!("projects/{}/aggregated/operations", gke.project());
    let (mut happened, mut ends) = (Vec::new(), Vec::new());
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let mut query = vec![("maxResults", PAGE), ("returnPartialSuccess", "true"), ("filter", FILTER)];
        if !token.is_empty() {
            query.push(("pageToken", &token));
        }
        let page = gke.clients.compute.get(&path, &query).await?;
        let scopes = page["items"].as_object().into_iter().flat_map(|scopes| scopes.values());
        for operation in scopes.flat_map(|scope| scope["operations"].as_array().into_iter().flatten()) {
            happened.extend(Happening::read(operation));
            ends.extend(end(operation));
        }
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    Ok(Gone { ends, ..lives(happened, groups) })
}

/// The end of something that is paid for and no machine, by its path from `projects/` on.
fn end(operation: &Value) -> Option<Told> {
    if operation["error"].is_object() || operation["status"] != "DONE" || operation["operationType"] != "delete" {
        return None;
    }
    let path = path_of(operation["targetLink"].as_str()?)?;
    let collection = path.rsplit('/').nth(1)?;
    let at = operation["endTime"].as_str()?.parse().ok()?;
    PAID.contains(&collection).then(|| Told { id: path.to_owned(), at })
}

/// A machine began or ended.
#[derive(Debug, PartialEq)]
struct Happening {
    zone: String,
    machine: String,
    at: Timestamp,
    is_end: bool,
}

impl Happening {
    fn read(operation: &Value) -> Option<Self> {
        if operation["error"].is_object() || operation["status"] != "DONE" {
            return None;
        }
        let (front, machine) = operation["targetLink"].as_str()?.rsplit_once("/instances/")?;
        let is_end = operation["operationType"] != "insert";
        // Billing ends when the deletion is over.
        let at = if is_end { &operation["endTime"] } else { &operation["insertTime"] };
        Some(Self {
            zone: front.rsplit('/').next()?.to_owned(),
            machine: machine.to_owned(),
            at: at.as_str()?.parse().ok()?,
            is_end,
        })
    }
}

/// Those that ended. A name can live more than once: a group makes a machine again under it.
fn lives(mut happened: Vec<Happening>, groups: &[Group]) -> Gone {
    happened.sort_by_key(|one| (one.at, one.is_end));
    let mut began: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut ended: BTreeSet<(String, String)> = BTreeSet::new();
    let mut gone = Gone::default();
    for one in happened {
        let key = (one.zone.clone(), one.machine.clone());
        if !one.is_end {
            ended.remove(&key);
            began.insert(key, one.at);
            continue;
        }
        let from = began.remove(&key);
        // A preempted machine is deleted after: the first end counts.
        if !ended.insert(key) {
            continue;
        }
        let group = groups.iter().find(|group| one.machine.starts_with(&group.front));
        match group.zip(from) {
            Some((group, from)) => gone.machines.push(machine(group, &one, from)),
            None => gone.lives.push(Life { machine: one.machine, from, to: one.at }),
        }
    }
    gone
}

fn machine(group: &Group, end: &Happening, from: Timestamp) -> Machine {
    let pool = &group.pool;
    Machine {
        provider: Provider::Gke,
        cluster: group.cluster.clone(),
        cluster_location: Some(group.location.clone()),
        pool: Some(pool.name.clone()),
        id: end.machine.clone(),
        node: end.machine.clone(),
        region: Place::from_gke_location(&end.zone).region,
        zone: end.zone.clone(),
        machine_type: pool.machine_type.clone(),
        bought: if pool.spot { Bought::Spot } else { Bought::OnDemand },
        accelerator: pool.accelerator.as_ref().map(|one| (one.kind.clone(), one.count)),
        disks: vec![(pool.disk.kind.clone(), pool.disk.size_gb.into())],
        addresses: group.addresses,
        from,
        to: Some(end.at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation(kind: &str, machine: &str, minute: u32, status: &str) -> Value {
        let time = format!("2026-01-01T00:{minute:02}:00.000-00:00").replace("-00:00", "Z");
        json!({
            "operationType": kind, "status": status, "insertTime": time, "endTime": time,
            "targetLink": format!("https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/{machine}"),
        })
    }

    fn group() -> Group {
        let config = model::NodeConfig::new().set_machine_type("e2-standard-4").set_disk_size_gb(100);
        let pool = model::NodePool::new()
            .set_name("cpu")
            .set_config(config)
            .set_instance_group_urls(["https://x/zones/us-central1-a/instanceGroupManagers/gke-c-cpu-12345678-grp"]);
        let cluster = model::Cluster::new()
            .set_name("c")
            .set_location("us-central1-a")
            .set_resource_labels([("managed-by", "berth"), ("berth-cluster", "c")])
            .set_node_pools([pool]);
        groups(&[cluster], "p").remove(0)
    }

    #[test]
    fn a_name_that_lives_twice_is_two_machines_and_a_preempted_one_ends_once() {
        let one = "instances/gke-c-cpu-12345678-aaaa";
        let told = [
            operation("insert", one, 1, "DONE"),
            operation("compute.instances.preempted", one, 5, "DONE"),
            operation("delete", one, 6, "DONE"),
            operation("insert", one, 7, "DONE"),
            operation("delete", one, 9, "DONE"),
            operation("insert", one, 10, "DONE"),
            operation("delete", one, 11, "RUNNING"),
            operation("insert", "instances/gke-other-cpu-12345678-aaaa", 1, "DONE"),
            operation("delete", "instances/gke-other-cpu-12345678-aaaa", 2, "DONE"),
            operation("delete", "disks/gke-c-cpu-12345678-aaaa", 8, "DONE"),
        ];
        let gone = lives(told.iter().filter_map(Happening::read).collect(), &[group()]);
        let minutes: Vec<String> = gone
            .machines
            .iter()
            .map(|one| {
                let (from, to) = (one.from.strftime("%M"), one.to.unwrap().strftime("%M"));
                format!("{} {from} {to}, addresses: {}", one.machine_type, one.addresses)
            })
            .collect();
        assert_eq!(minutes, ["e2-standard-4 01 05, addresses: 1", "e2-standard-4 07 09, addresses: 1"]);
        let names: Vec<&str> = gone.lives.iter().map(|life| life.machine.as_str()).collect();
        assert_eq!(names, ["gke-other-cpu-12345678-aaaa"]);
        let ends: Vec<String> = told.iter().filter_map(end).map(|told| told.id).collect();
        assert_eq!(ends, ["projects/p/zones/us-central1-a/disks/gke-c-cpu-12345678-aaaa"]);
    }
}
