//! What differs between a node group that is there and the one that is wanted, and what it takes to change it.
//!
//! EKS changes labels, taints and limits in place. Machine types, image, capacity, subnets, role and launch template are for the
//! group's life: it is made again.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{WantedGroup, capacity_words, nodes_words};
use crate::actions::eks::{EksGroup, EksGroupChange, EksPart, EksSubnets};
use crate::rules::ownership;
use crate::spec::Taint;

/// The change of limits and of the nodes wanted now.
pub const SCALING: &str = "scaling";

/// One kind of change to make in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Last part of the step's id.
    pub field: &'static str,
    /// `field: old -> new`.
    pub details: Vec<String>,
    /// The change.
    pub change: EksGroupChange,
}

/// What differs about one node group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupDiff {
    /// Changes EKS makes in place, in the order they are to be made.
    pub in_place: Vec<GroupChange>,
    /// `field: old -> new` of what only a new group can have; if any, `in_place` does not matter.
    pub recreate: Vec<String>,
    /// Tags the group of machines behind it lacks.
    pub autoscaling_tags: BTreeMap<String, String>,
}

/// Compares a node group that is there with the one that is wanted; `parts` tell the ids of subnets of ours.
pub fn diff(have: &EksGroup, want: &WantedGroup, parts: &[EksPart]) -> GroupDiff {
    let lacks = |(key, value): &(&String, &String)| have.autoscaling_tags.get(*key) != Some(*value);
    GroupDiff {
        in_place: in_place(have, want),
        recreate: recreate(have, want, parts),
        autoscaling_tags: want.autoscaling_tags.iter().filter(lacks).map(|(k, v)| (k.clone(), v.clone())).collect(),
    }
}

fn recreate(have: &EksGroup, want: &WantedGroup, parts: &[EksPart]) -> Vec<String> {
    let mut details = Vec::new();
    let mut field = |name: &str, have: String, want: String| {
        if have != want {
            details.push(format!("{name}: {have} -> {want}"));
        }
    };
    let group = &want.group;
    field("machine types", have.instance_types.join(", "), group.instance_types.join(", "));
    field("image", have.ami_type.as_str().to_owned(), group.ami_type.as_str().to_owned());
    field("capacity", capacity_words(have.capacity).to_owned(), capacity_words(group.capacity).to_owned());
    if have.template != group.template {
        let disk = &want.template.disk;
        let old = have.template.clone().unwrap_or_else(|| "no launch template".to_owned());
        field("machines", old, format!("launch template with {} GB {}", disk.size_gb, disk.kind));
    }
    if let (Some(old), Some(new)) = (ids(&have.subnets, parts), ids(&group.subnets, parts)) {
        field("subnets", words(&old), words(&new));
    }
    details
}

/// Subnet ids; `None` if not all are known, or if given ones are to be filtered by zone, which the cloud does.
fn ids(subnets: &EksSubnets, parts: &[EksPart]) -> Option<BTreeSet<String>> {
    match subnets {
        EksSubnets::Given { ids, zones } => zones.is_empty().then(|| ids.iter().cloned().collect()),
        EksSubnets::Made(names) => names
            .iter()
            .map(|name| parts.iter().find(|part| part.part.as_ref() == Some(name)).map(|part| part.thing.id.clone()))
            .collect(),
    }
}

fn words(ids: &BTreeSet<String>) -> String {
    ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn in_place(have: &EksGroup, want: &WantedGroup) -> Vec<GroupChange> {
    let group = &want.group;
    // Labels and taints before the size, because nodes that are added shall have them.
    let changes = [tags(have, group), labels(have, group), taints(have, group), scaling(have, group, want.is_part)];
    changes.into_iter().flatten().collect()
}

fn tags(have: &EksGroup, want: &EksGroup) -> Option<GroupChange> {
    (!ownership::is_ours(&have.tags)).then(|| GroupChange {
        field: "tags",
        details: vec!["taken over: berth's own tags are added".to_owned()],
        change: EksGroupChange::Tags(want.tags.clone()),
    })
}

/// Labels of AWS's own domains are kept and are no difference.
fn labels(have: &EksGroup, want: &EksGroup) -> Option<GroupChange> {
    let set: BTreeMap<String, String> = want
        .labels
        .iter()
        .filter(|(key, value)| have.labels.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let remove: Vec<String> = have
        .labels
        .keys()
        .filter(|key| !want.labels.contains_key(*key) && !key.starts_with("eks.amazonaws.com/"))
        .cloned()
        .collect();
    if set.is_empty() && remove.is_empty() {
        return None;
    }
    let old = |key: &String| have.labels.get(key).map_or("(none)", String::as_str);
    let details = set
        .iter()
        .map(|(key, value)| format!("label {key}: {} -> {value}", old(key)))
        .chain(remove.iter().map(|key| format!("label {key}: {} -> (none)", old(key))))
        .collect();
    Some(GroupChange { field: "labels", details, change: EksGroupChange::Labels { set, remove } })
}

fn taints(have: &EksGroup, want: &EksGroup) -> Option<GroupChange> {
    let old: BTreeSet<&Taint> = have.taints.iter().collect();
    let new: BTreeSet<&Taint> = want.taints.iter().collect();
    let set: Vec<Taint> = new.difference(&old).map(|taint| (*taint).clone()).collect();
    // A new value of the same key and effect replaces the old one; naming it in both lists would be refused.
    let replaced = |taint: &&&Taint| set.iter().any(|new| new.key == taint.key && new.effect == taint.effect);
    let remove: Vec<Taint> =
        old.difference(&new).filter(|taint| !replaced(taint)).map(|taint| (*taint).clone()).collect();
    if set.is_empty() && remove.is_empty() {
        return None;
    }
    let words = |taint: &Taint| format!("{}={}:{:?}", taint.key, taint.value, taint.effect);
    let details = remove
        .iter()
        .map(|taint| format!("taint {} -> (none)", words(taint)))
        .chain(set.iter().map(|taint| format!("taint (none) -> {}", words(taint))))
        .collect();
    Some(GroupChange { field: "taints", details, change: EksGroupChange::Taints { set, remove } })
}

/// How many nodes a group has within its limits is the autoscaler's. One of several groups of a pool gives up nodes that another
/// one has taken over, unless an autoscaler has raised it: then it also takes them away when nobody needs them.
fn scaling(have: &EksGroup, want: &EksGroup, is_part: bool) -> Option<GroupChange> {
    let is_raised = have.desired > have.nodes.min;
    let desired = if is_part && !is_raised { want.nodes.min } else { have.desired };
    let desired = desired.clamp(want.nodes.min, want.nodes.max);
    if have.nodes == want.nodes && have.desired == desired {
        return None;
    }
    let mut details = vec![format!("limits: {} -> {}", nodes_words(have.nodes), nodes_words(want.nodes))];
    if have.desired != desired {
        details.push(format!("nodes wanted now: {} -> {desired}", have.desired));
    }
    Some(GroupChange { field: SCALING, details, change: EksGroupChange::Scaling { nodes: want.nodes, desired } })
}
