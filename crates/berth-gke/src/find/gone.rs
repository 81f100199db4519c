//! Machines that are gone, as Compute Engine's own operations tell: it keeps them for two weeks and more.
//!
//! An operation names a machine and no labels, so the pool is found by the name of its group of machines, and what such a machine was by
//! what the pool makes now. Source of the operations: `globalOperations.aggregatedList` of Compute Engine's reference.

use std::collections::BTreeMap;

use berth_core::actions::gke::GkePool;
use berth_core::cost::Bought;
use berth_core::metering::Machine;
use berth_core::observed::ObservedPoolSettings;
use berth_core::rules::ownership;
use berth_core::spec::{Place, Provider};
use google_cloud_container_v1::model;
use jiff::Timestamp;
use serde_json::Value;

use crate::cloud::GkeCloud;
use crate::compute::Trouble;
use crate::read;

const PAGE: &str = "500";
/// More pages than this mean that the service goes in circles.
const MOST_PAGES: usize = 10_000;
/// What begins and ends machines.
const FILTER: &str =
    r#"(operationType = "insert") OR (operationType = "delete") OR (operationType = "compute.instances.preempted")"#;

/// A group of machines of a pool of ours.
pub(super) struct Group {
    /// What the names of its machines begin with.
    front: String,
    cluster: String,
    location: String,
    pool: GkePool,
}

/// The groups of all pools of ours.
pub(super) fn groups(clusters: &[model::Cluster], project: &str) -> Vec<Group> {
    let mut groups = Vec::new();
    for cluster in clusters {
        let observed = read::cluster(cluster, project);
        if !ownership::is_ours(&observed.labels) {
            continue;
        }
        for (pool, seen) in cluster.node_pools.iter().zip(&observed.pools) {
            let ObservedPoolSettings::Gke(settings) = &seen.settings else { continue };
            let names = pool.instance_group_urls.iter().filter_map(|url| url.rsplit('/').next()?.strip_suffix("-grp"));
            groups.extend(names.map(|name| Group {
                front: format!("{name}-"),
                cluster: observed.name.clone(),
                location: observed.place.location().to_owned(),
                pool: settings.as_ref().clone(),
            }));
        }
    }
    groups
}

/// Machines of these groups that came and went.
///
/// # Errors
/// The operations cannot be listed.
pub(super) async fn gone(gke: &GkeCloud, groups: &[Group]) -> Result<Vec<Machine>, Trouble> {
    let path = format!("projects/{}/aggregated/operations", gke.project());
    let mut happened = Vec::new();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let mut query = vec![("maxResults", PAGE), ("returnPartialSuccess", "true"), ("filter", FILTER)];
        if !token.is_empty() {
            query.push(("pageToken", &token));
        }
        let page = gke.clients.compute.get(&path, &query).await?;
        let scopes = page["items"].as_object().into_iter().flat_map(|scopes| scopes.values());
        happened.extend(
            scopes.flat_map(|scope| scope["operations"].as_array().into_iter().flatten()).filter_map(Happening::read),
        );
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    Ok(lives(happened, groups))
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
fn lives(mut happened: Vec<Happening>, groups: &[Group]) -> Vec<Machine> {
    happened.sort_by_key(|one| (one.at, one.is_end));
    let mut began: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut machines = Vec::new();
    for one in happened {
        let Some(group) = groups.iter().find(|group| one.machine.starts_with(&group.front)) else { continue };
        let key = (one.zone.clone(), one.machine.clone());
        if !one.is_end {
            began.insert(key, one.at);
        } else if let Some(from) = began.remove(&key) {
            // A preempted machine is deleted after: the first end counts, the second has no beginning.
            machines.push(machine(group, &one, from));
        }
    }
    machines
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
        addresses: 0,
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
        let machines = lives(told.iter().filter_map(Happening::read).collect(), &[group()]);
        let minutes: Vec<String> = machines
            .iter()
            .map(|one| format!("{} {} {}", one.machine_type, one.from.strftime("%M"), one.to.unwrap().strftime("%M")))
            .collect();
        assert_eq!(minutes, ["e2-standard-4 01 05", "e2-standard-4 07 09"]);
    }
}
