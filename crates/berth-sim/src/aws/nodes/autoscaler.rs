//! Node groups as the cluster autoscaler that runs in a cluster sees them, by their Auto Scaling groups and its tags.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;
use serde_json::{Value, json};

use super::object;
use crate::aws::ec2;
use crate::aws::serve::texts;
use crate::aws::state::{Cluster, Group, Happening, Machine};
use crate::aws::types;
use crate::kube::Offer;
use crate::lifecycle::after;
use crate::world::{Fleet, Grower, Step, World};

/// The tag by which the autoscaler finds its groups.
const ENABLED: &str = "k8s.io/cluster-autoscaler/enabled";
/// The front of tags that tell what a machine of an empty group will be.
const TEMPLATE: &str = "k8s.io/cluster-autoscaler/node-template/";
/// A Ready node without its GPUs is waited for so long.
const GPU_SECONDS: i64 = 900;

impl World {
    /// The node groups of a cluster, while an autoscaler runs in it.
    pub(crate) fn eks_fleet(&self, uid: &str, now: Timestamp) -> Option<Fleet> {
        let cluster = self.aws.clusters.values().find(|cluster| cluster.uid == uid && cluster.up)?;
        if !runs(cluster) {
            return None;
        }
        let order = order(cluster);
        let mut fleet = Fleet::default();
        for (name, group) in &cluster.groups {
            let found = matches!(group.status(), "ACTIVE" | "UPDATING" | "DEGRADED");
            if found && group.scaling_tags.contains_key(ENABLED) {
                self.add_group(&mut fleet, cluster, (name, group), &order, now);
            }
        }
        Some(fleet)
    }

    fn add_group(
        &self,
        fleet: &mut Fleet,
        cluster: &Cluster,
        (name, group): (&str, &Group),
        order: &[(i64, Regex)],
        now: Timestamp,
    ) {
        let Some(instance_type) = ec2::types_of(self, group, &cluster.region).into_iter().next() else { return };
        let zones: Vec<String> = texts(group.fields.get("subnets"))
            .into_iter()
            .filter_map(|id| Some(self.aws.things.get(id)?.text("availabilityZone").to_owned()))
            .collect();
        let machines = group.machines.len();
        let zone = zones.get(machines % zones.len().max(1)).cloned().unwrap_or_default();
        let node = |name: &str, zone: &str| template(cluster, group, (&instance_type, zone), name, now);
        let is_gpu = types::named(&instance_type).is_some_and(|kind| kind.gpus.is_some());
        let index = fleet.growers.len();
        for machine in &group.machines {
            let late = |ready: Timestamp| now.duration_since(ready) >= SignedDuration::from_secs(GPU_SECONDS);
            if machine.ready.is_some_and(|ready| !is_gpu || machine.gpus > 0 || late(ready)) {
                fleet.nodes.push((machine.node.clone(), index));
            } else {
                fleet.coming.push(node(&machine.node, &machine.zone));
            }
        }
        let desired = group.size("desiredSize");
        let missing = (machines..desired).map(|number| node(&format!("coming/{name}/{number}"), &zone));
        fleet.coming.extend(missing);
        let count = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let most = count(group.size("maxSize"));
        let rank = order.iter().filter(|(_, names)| names.is_match(&group.scaling_group)).map(|(rank, _)| *rank).max();
        fleet.offers.push(Offer {
            node: node("fresh", &zone),
            budget: name.to_owned(),
            room: most.saturating_sub(count(desired)),
            barred: None,
            rank: rank.unwrap_or(i64::MIN),
            size: count(desired),
        });
        fleet.growers.push(Grower {
            pool: name.to_owned(),
            zone: String::new(),
            id: group.scaling_group.clone(),
            most,
            spare: count(desired.saturating_sub(group.size("minSize"))),
            budget: name.to_owned(),
        });
    }

    /// Raises the desired size of a group; tells that something is short when EC2 does not launch all, and takes back
    /// what it did not launch.
    pub(crate) fn eks_grows(&mut self, uid: &str, grower: &Grower, more: u32, now: Timestamp) -> Option<&'static str> {
        let desired = self.group(uid, &grower.pool)?.size("desiredSize") + more as usize;
        want(self.group(uid, &grower.pool)?, desired);
        self.fit_size(uid, &grower.pool, now);
        let group = self.group(uid, &grower.pool)?;
        let short = group.machines.len() < desired;
        if short {
            want(group, group.machines.len());
        }
        let at = now + after("eks-group", "looked-at", "looked-at-again", "");
        self.plan_once(at, Step::Aws(Happening::Group(uid.to_owned(), grower.pool.clone())));
        short.then_some("EC2 launched too few instances")
    }

    /// Terminates one machine of a group and lowers its desired size.
    pub(crate) fn eks_shrinks(&mut self, uid: &str, grower: &Grower, node: &str, now: Timestamp) {
        let Some(group) = self.group(uid, &grower.pool) else { return };
        let Some(id) = group.machines.iter().find(|one| one.node == node).map(|one| one.id.clone()) else { return };
        want(group, group.size("desiredSize").saturating_sub(1));
        self.terminate(uid, &grower.pool, &[id], now);
    }
}

fn want(group: &mut Group, desired: usize) {
    if let Some(scaling) = group.fields.get_mut("scalingConfig") {
        scaling["desiredSize"] = json!(desired);
    }
}

/// Whether an autoscaler is ready in the cluster.
fn runs(cluster: &Cluster) -> bool {
    cluster.kube.list("deployments").any(|set| {
        let containers = set["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
        let mut images = containers.filter_map(|container| container["image"].as_str());
        set["metadata"]["namespace"] == "kube-system"
            && set["status"]["readyReplicas"].as_i64().is_some_and(|ready| ready > 0)
            && images.any(|image| image.contains("cluster-autoscaler"))
    })
}

/// The order of the priority expander: the greater number first; groups that no pattern names come last.
fn order(cluster: &Cluster) -> Vec<(i64, Regex)> {
    let map = cluster.kube.get("configmaps", Some("kube-system"), "cluster-autoscaler-priority-expander");
    let Some(text) = map.and_then(|map| map["data"]["priorities"].as_str()) else { return Vec::new() };
    let read: BTreeMap<i64, Vec<String>> = serde_saphyr::from_str(text).unwrap_or_default();
    let pairs = read.into_iter().flat_map(|(rank, names)| names.into_iter().map(move |name| (rank, name)));
    pairs.filter_map(|(rank, name)| Some((rank, Regex::new(&name).ok()?))).collect()
}

/// A machine of a group as the autoscaler expects it: what its machines turned out to be, else the type and the tags.
fn template(
    cluster: &Cluster,
    group: &Group,
    (instance_type, zone): (&str, &str),
    name: &str,
    now: Timestamp,
) -> Value {
    let tag = |rest: &str| group.scaling_tags.get(&format!("{TEMPLATE}{rest}"));
    let seen = group.machines.iter().map(|machine| machine.gpus).max().filter(|gpus| *gpus > 0);
    let physical = types::named(instance_type).and_then(|kind| kind.gpus).map_or(0, |gpus| gpus.count);
    let tagged = tag("resources/nvidia.com/gpu").and_then(|count| count.parse().ok());
    let machine = Machine {
        id: name.to_owned(),
        node: name.to_owned(),
        address: String::new(),
        zone: zone.to_owned(),
        instance_type: instance_type.to_owned(),
        launched: now,
        registered: Some(now),
        ready: Some(now),
        gpus: seen.or(tagged).unwrap_or(physical),
    };
    let mut node = object::of(cluster, group, &machine, None, now);
    for (key, value) in &group.scaling_tags {
        let Some(rest) = key.strip_prefix(TEMPLATE) else { continue };
        if let Some(label) = rest.strip_prefix("label/") {
            node["metadata"]["labels"][label] = json!(value);
        } else if let Some(taint) = rest.strip_prefix("taint/") {
            let (own, effect) = value.rsplit_once(':').unwrap_or((value, "NoSchedule"));
            let taint = json!({"key": taint, "value": own, "effect": effect});
            let known = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
            // The autoscaler reads the group's own taints from EKS; those win.
            if !known.iter().any(|one| one["key"] == taint["key"] && one["effect"] == taint["effect"]) {
                node["spec"]["taints"] = known.into_iter().chain([taint]).collect();
            }
        }
    }
    node
}
