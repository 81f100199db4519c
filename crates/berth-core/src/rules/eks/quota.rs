//! How much of which AWS quota a file needs, beyond what its cluster uses already.
//!
//! EC2 counts vCPUs of a family of machines, not machines or GPUs: one p4d.24xlarge takes 96.

use super::cluster::Wanted;
use super::group::WantedGroup;
use super::network::NAT_PREFIX;
use crate::actions::eks::{EksCapacity, EksPartKind};
use crate::catalog::{self, MachineLookup};
use crate::observed::{Observed, ObservedPool, Phase};
use crate::spec::Provider;

/// Clusters in a region.
pub const CLUSTERS: &str = "L-1194D53C";
/// VPCs in a region.
pub const VPCS: &str = "L-F678F1CE";
/// Elastic addresses in a region.
pub const ADDRESSES: &str = "L-0263D0A3";

/// NAT gateways in a zone.
pub const NATS: &str = "L-FE5A380F";

/// How much of one quota is needed beyond what is used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// AWS's quota code.
    pub code: &'static str,
    /// What it counts: `vCPUs of on-demand P machines`.
    pub counts: &'static str,
    /// The zone it is counted in; `None` for the whole region.
    pub zone: Option<String>,
    /// When every group that is to be made starts.
    pub start: u64,
    /// When every group is at its most nodes.
    pub most: u64,
    /// What needs it.
    pub users: Vec<String>,
}

/// All quota the file needs that is not used by its cluster already.
pub fn needs(wanted: &Wanted, observed: &Observed) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let mut add = |(code, counts): (&'static str, &'static str), (start, most): (u64, u64), user: &str| {
        if most == 0 {
            return;
        }
        match needs.iter_mut().find(|need| need.code == code) {
            Some(need) => {
                need.start += start;
                need.most += most;
                need.users.push(user.to_owned());
            }
            None => needs.push(Need { code, counts, zone: None, start, most, users: vec![user.to_owned()] }),
        }
    };
    for group in &wanted.groups {
        let Some((family, vcpus)) = largest(group) else { continue };
        let running = running(&group.group.name, observed);
        let start = u64::from(group.group.nodes.min).saturating_sub(running) * vcpus;
        let most = u64::from(group.group.nodes.max).saturating_sub(running) * vcpus;
        add(code(family, group.group.capacity), (start, most), &group.group.name);
    }
    for group in wanted.groups.iter().filter(|group| group.tries_first()) {
        // What on-demand would take over; its own groups come only then.
        let is_there = |other: &WantedGroup| other.group.pool == group.group.pool && !other.tries_first();
        let Some((family, vcpus)) = largest(group).filter(|_| !wanted.groups.iter().any(is_there)) else { continue };
        let most = u64::from(group.group.nodes.max) * vcpus;
        add(code(family, EksCapacity::OnDemand), (0, most), &format!("{} without spot", group.group.name));
    }
    if observed.cluster.is_none() {
        add((CLUSTERS, "clusters"), (1, 1), "the cluster");
    }
    if let Some(network) = &wanted.network {
        let there = |kind| observed.around.parts.iter().filter(|part| part.thing.kind == kind).count() as u64;
        let vpcs = 1u64.saturating_sub(there(EksPartKind::Vpc));
        add((VPCS, "VPCs"), (vpcs, vpcs), "the network");
        let addresses = (network.addresses.len() as u64).saturating_sub(there(EksPartKind::Address));
        add((ADDRESSES, "elastic addresses"), (addresses, addresses), "the NAT gateways");
        let is_there = |name: &String| observed.around.parts.iter().any(|part| part.part.as_ref() == Some(name));
        let nats = network.nats.iter().filter(|nat| !is_there(&nat.part));
        needs.extend(nats.map(|nat| Need {
            code: NATS,
            counts: "NAT gateways",
            zone: nat.part.strip_prefix(NAT_PREFIX).map(str::to_owned),
            start: 1,
            most: 1,
            users: vec!["the network".to_owned()],
        }));
    }
    needs
}

/// Family letter and vCPUs of the largest of a group's machine types.
fn largest(group: &WantedGroup) -> Option<(&'static str, u64)> {
    let known = group.group.instance_types.iter().filter_map(|name| match catalog::machine(Provider::Eks, name) {
        MachineLookup::Known(machine) => Some((family(&machine.family), u64::from(machine.vcpus))),
        MachineLookup::NotListed | MachineLookup::Wrong { .. } => None,
    });
    known.max_by_key(|(_, vcpus)| *vcpus)
}

fn family(family: &str) -> &'static str {
    match family.bytes().next() {
        Some(b'p') => "p",
        Some(b'g') => "g",
        _ => "standard",
    }
}

/// Quota codes as several public tools agree on them.
fn code(family: &str, capacity: EksCapacity) -> (&'static str, &'static str) {
    match (family, capacity) {
        ("p", EksCapacity::OnDemand) => ("L-417A185B", "vCPUs of on-demand P machines"),
        ("p", EksCapacity::Spot) => ("L-7212CCBC", "vCPUs of spot P machines"),
        ("g", EksCapacity::OnDemand) => ("L-DB2E81BA", "vCPUs of on-demand G and VT machines"),
        ("g", EksCapacity::Spot) => ("L-3819A6DF", "vCPUs of spot G and VT machines"),
        (_, EksCapacity::OnDemand) => ("L-1216C47A", "vCPUs of on-demand standard machines"),
        (_, EksCapacity::Spot) => ("L-34B43A08", "vCPUs of spot standard machines"),
    }
}

/// Nodes of a group that surely run now; a group that failed or goes away is made again.
fn running(name: &str, observed: &Observed) -> u64 {
    let stays = |pool: &&ObservedPool| !matches!(pool.phase, Phase::Failed | Phase::Deleting);
    let pools = observed.cluster.iter().flat_map(|cluster| &cluster.pools);
    let found = pools.filter(stays).find(|pool| pool.name == name).and_then(super::group_steps::settings);
    found.map_or(0, |group| u64::from(group.desired))
}
