//! A pool of the file as managed node groups with their launch templates.

use std::collections::BTreeMap;

use super::shares::Share;
use super::slots::Slot;
use super::{bottlerocket, fallback, names, network, node_labels, roles, shares, slots, tags};
use crate::actions::eks::{EksAmiType, EksCapacity, EksClusterRef, EksGroup, EksSubnets, EksTemplate};
use crate::observed::ObservedPool;
use crate::plan::{Note, Refusal};
use crate::spec::{AmiFamily, ClusterSpec, EksSpec, NodeRange, PoolSpec, Taint};

/// Where the images of Amazon Linux have their only volume.
const ROOT_DEVICE: &str = "/dev/xvda";
/// Longest key of a tag on a group of machines.
const TAG_KEY_LIMIT: usize = 128;
/// Most tags berth puts on a group of machines, of the 50 AWS takes; EKS puts its own there too.
const MOST_TAGS: usize = 40;
/// How a cluster autoscaler reads what a node of an empty group would be like.
const TEMPLATE_PREFIX: &str = "k8s.io/cluster-autoscaler/node-template/";

/// A node group that is wanted, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedGroup {
    /// The node group.
    pub group: EksGroup,
    /// Its launch template.
    pub template: EksTemplate,
    /// Tags of the group of machines behind it, for scaling from zero.
    pub autoscaling_tags: BTreeMap<String, String>,
    /// GPUs of each node.
    pub gpus_per_node: u32,
    /// It is one of several groups of its pool, between which nodes are moved.
    pub is_part: bool,
    /// Its pool has on-demand groups for what spot cannot give.
    pub has_fallback: bool,
    /// The cloud has no machines for it and the others of its pool take over what it lacks; it holds this many nodes.
    pub relieved: Option<u32>,
}

impl WantedGroup {
    /// On-demand takes over if the cloud has no machines for it. It is made without nodes and then told to get some, because EKS takes
    /// no change any more to a group that failed while it was made.
    pub fn tries_first(&self) -> bool {
        self.has_fallback && self.group.capacity == EksCapacity::Spot
    }
}

/// Where a pool's nodes may stand.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The cluster.
    pub cluster: &'a EksClusterRef,
    /// Zones that have subnets of ours; `None` when subnets are given.
    pub zones: Option<&'a [String]>,
    /// Node groups that are there.
    pub have: &'a [ObservedPool],
}

/// Names of the node groups of a pool: one, or several that count as one pool; see [`super::slots`].
pub fn group_names(pool: &PoolSpec) -> Vec<String> {
    slots::slots(pool).into_iter().map(|slot| slot.name).collect()
}

/// The node groups of a pool, and what is worth knowing about how its nodes are shared out; `have` are the groups that are there.
///
/// # Errors
/// The pool has no zone in which it can stand.
pub fn wanted(
    spec: &ClusterSpec,
    eks: &EksSpec,
    pool: &PoolSpec,
    ground: Ground<'_>,
) -> Result<(Vec<WantedGroup>, Vec<Note>), Refusal> {
    let here = PoolSpec { zones: zones(pool, ground)?, ..pool.clone() };
    // The whole pool's zones give the names, so that a zone that goes away renames no group.
    let slots: Vec<_> = slots::slots(pool)
        .into_iter()
        .filter(|slot| slot.zone.as_ref().is_none_or(|zone| here.zones.contains(zone)))
        .map(|slot| {
            let standing = shares::standing(ground.have.iter().find(|have| have.name == slot.name));
            (slot, standing)
        })
        .collect();
    let shares = shares::shares(pool.nodes, &slots);
    let notes = fallback::notes(pool, &slots, &shares, ground.have);
    let is_part = slots.len() > 1;
    let has_fallback = slots.iter().any(|(slot, _)| slot.is_fallback);
    let group = |(slot, share): (&Slot, &Share)| {
        let template = template(ground.cluster, pool, &slot.name);
        let zones = slot.zone.as_ref().map_or_else(|| here.zones.clone(), |zone| vec![zone.clone()]);
        let group = EksGroup {
            cluster: ground.cluster.clone(),
            name: slot.name.clone(),
            pool: pool.name.clone(),
            ami_type: ami_type(pool),
            capacity: slot.capacity,
            instance_types: instance_types(pool),
            nodes: share.nodes,
            desired: share.nodes.min,
            running: None,
            subnets: subnets(eks, zones, ground),
            role: roles::node(ground.cluster, eks),
            template: Some(template.name.clone()),
            labels: labels(pool),
            taints: taints(pool),
            tags: tags::pool_tags(&spec.name, &pool.name),
            autoscaling_groups: Vec::new(),
            autoscaling_tags: BTreeMap::new(),
        };
        let autoscaling_tags = autoscaling_tags(pool, &group);
        let gpus_per_node = pool.gpu.as_ref().map_or(0, |gpu| gpu.count);
        let relieved = share.relieved;
        WantedGroup { group, template, autoscaling_tags, gpus_per_node, is_part, has_fallback, relieved }
    };
    let with_share = slots.iter().zip(&shares).filter_map(|((slot, _), share)| Some((slot, share.as_ref()?)));
    let groups = with_share.map(group).collect();
    Ok((groups, notes))
}

/// The node image: of the pool's family, with NVIDIA's driver for GPUs, for the processor of the machine type.
///
/// EKS does not choose the NVIDIA image by itself when types are mixed. The driver it carries still drives V100.
pub fn ami_type(pool: &PoolSpec) -> EksAmiType {
    match (pool.ami_family, pool.gpu.is_some(), is_arm(&pool.machine_type)) {
        (AmiFamily::AmazonLinux2023, false, false) => EksAmiType::Al2023X86,
        (AmiFamily::AmazonLinux2023, false, true) => EksAmiType::Al2023Arm,
        (AmiFamily::AmazonLinux2023, true, false) => EksAmiType::Al2023X86Nvidia,
        (AmiFamily::AmazonLinux2023, true, true) => EksAmiType::Al2023ArmNvidia,
        (AmiFamily::Bottlerocket, false, false) => EksAmiType::BottlerocketX86,
        (AmiFamily::Bottlerocket, false, true) => EksAmiType::BottlerocketArm,
        (AmiFamily::Bottlerocket, true, false) => EksAmiType::BottlerocketX86Nvidia,
        (AmiFamily::Bottlerocket, true, true) => EksAmiType::BottlerocketArmNvidia,
    }
}

/// Graviton machines have a `g` after the generation's digit: `m7g.large`, `g5g.xlarge`; `a1` is the first of them.
fn is_arm(machine_type: &str) -> bool {
    let family = machine_type.split('.').next().unwrap_or_default();
    let after_digits =
        family.trim_start_matches(|c: char| c.is_ascii_lowercase()).trim_start_matches(|c: char| c.is_ascii_digit());
    family == "a1" || after_digits.starts_with('g')
}

fn instance_types(pool: &PoolSpec) -> Vec<String> {
    std::iter::once(&pool.machine_type).chain(&pool.other_machine_types).cloned().collect()
}

/// The pool's zones that can be used.
fn zones(pool: &PoolSpec, ground: Ground<'_>) -> Result<Vec<String>, Refusal> {
    let Some(zones) = ground.zones else { return Ok(pool.zones.clone()) };
    let here: Vec<String> = pool.zones.iter().filter(|zone| zones.contains(zone)).cloned().collect();
    if here.is_empty() {
        return Err(Refusal::Impossible {
            about: format!("pool {}", pool.name),
            why: format!("this account has none of its zones {}; it has {}", pool.zones.join(", "), zones.join(", ")),
        });
    }
    Ok(here)
}

fn subnets(eks: &EksSpec, zones: Vec<String>, ground: Ground<'_>) -> EksSubnets {
    match ground.zones {
        None => EksSubnets::Given { ids: eks.subnet_ids.clone(), zones },
        Some(_) => EksSubnets::Made(zones.iter().map(|zone| network::private_subnet(zone)).collect()),
    }
}

fn labels(pool: &PoolSpec) -> BTreeMap<String, String> {
    let own = node_labels::gpu_labels(pool).into_iter().map(|(key, value)| (key.to_owned(), value));
    own.chain(pool.labels.clone()).collect()
}

fn taints(pool: &PoolSpec) -> Vec<Taint> {
    let mut taints = pool.taints.clone();
    taints.sort();
    taints.dedup();
    taints
}

fn template(cluster: &EksClusterRef, pool: &PoolSpec, group: &str) -> EksTemplate {
    let user_data = match pool.ami_family {
        AmiFamily::AmazonLinux2023 => None,
        AmiFamily::Bottlerocket => bottlerocket::user_data(pool),
    };
    let device = match pool.ami_family {
        AmiFamily::AmazonLinux2023 => ROOT_DEVICE,
        AmiFamily::Bottlerocket => bottlerocket::DATA_DEVICE,
    };
    let mut says = format!("{} {}", pool.disk.kind, pool.disk.size_gb);
    if device != ROOT_DEVICE {
        says.push_str(&format!(" {device} {}", user_data.as_deref().unwrap_or_default()));
    }
    let name = names::template(&cluster.name, group, &format!("{} {says}", cluster.region));
    let machine_tags = tags::pool_tags(&cluster.name, &pool.name);
    let mut own = machine_tags.clone();
    own.insert(tags::PART_KEY.to_owned(), name.clone());
    let mut machine_tags = machine_tags;
    machine_tags.insert(tags::NAME_KEY.to_owned(), format!("{}/{group}", cluster.name));
    EksTemplate {
        cluster: cluster.clone(),
        name,
        disk: pool.disk.clone(),
        device: device.to_owned(),
        user_data,
        tags: own,
        machine_tags,
    }
}

/// What an autoscaler has to know of a node that is not there: its labels, taints, and its GPUs times their shares, because its
/// own table knows only physical GPUs. A label whose tag would be too long is left out; EKS tells it by DescribeNodegroup too.
fn autoscaling_tags(pool: &PoolSpec, group: &EksGroup) -> BTreeMap<String, String> {
    let labels = group.labels.iter().map(|(key, value)| (format!("{TEMPLATE_PREFIX}label/{key}"), value.clone()));
    let taints = group
        .taints
        .iter()
        .map(|taint| (format!("{TEMPLATE_PREFIX}taint/{}", taint.key), format!("{}:{:?}", taint.value, taint.effect)));
    let shares = pool.shares_per_node();
    let gpus = (shares > 0).then(|| (format!("{TEMPLATE_PREFIX}resources/nvidia.com/gpu"), shares.to_string()));
    // What is not told here EKS tells by DescribeNodegroup too, but not the shares of GPUs.
    gpus.into_iter().chain(taints).chain(labels).filter(|(key, _)| key.len() <= TAG_KEY_LIMIT).take(MOST_TAGS).collect()
}

/// What a group is in one line: `p4d.24xlarge, spot, 0 to 2 nodes, 200 GB gp3`.
pub fn words(wanted: &WantedGroup) -> String {
    let group = &wanted.group;
    let mut parts = vec![group.instance_types.join(" or ")];
    if wanted.gpus_per_node > 0 {
        parts.push(format!("{} GPUs a node", wanted.gpus_per_node));
    }
    parts.push(capacity_words(group.capacity).to_owned());
    parts.push(nodes_words(group.nodes));
    parts.push(format!("{} GB {}", wanted.template.disk.size_gb, wanted.template.disk.kind));
    parts.join(", ")
}

/// `spot` or `on-demand`.
pub fn capacity_words(capacity: EksCapacity) -> &'static str {
    match capacity {
        EksCapacity::Spot => "spot",
        EksCapacity::OnDemand => "on-demand",
    }
}

/// `0 to 2 nodes`.
pub fn nodes_words(nodes: NodeRange) -> String {
    if nodes.min == nodes.max {
        format!("{} nodes", nodes.min)
    } else {
        format!("{} to {} nodes", nodes.min, nodes.max)
    }
}
