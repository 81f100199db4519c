//! Whether subnets that are given can hold the cluster. Without this EKS says it after the roles are made, and of a pool's zones
//! only after the control plane has cost a quarter of an hour.

use std::collections::BTreeSet;

use super::preflight::finding;
use super::zones;
use crate::observed::Observed;
use crate::rules::preflight::PreflightVerdict::{Failed, Passed, Unknown, Warning};
use crate::rules::preflight::{CloudFacts, PreflightFinding, SubnetFact};
use crate::spec::{ClusterSpec, EksSpec, PoolSpec};

/// Free addresses EKS needs in each subnet of the control plane (the EKS user guide's network requirements).
const LEAST_FREE: u32 = 6;
/// Free addresses it advises.
const ADVISED_FREE: u32 = 16;
/// Zones a control plane needs.
const CONTROL_PLANE_ZONES: usize = 2;

/// Findings about the subnets a file gives; none if berth makes the network.
pub fn findings(spec: &ClusterSpec, eks: &EksSpec, observed: &Observed, facts: &CloudFacts) -> Vec<PreflightFinding> {
    if eks.subnet_ids.is_empty() {
        return Vec::new();
    }
    let about = "given subnets";
    let Some(known) = &facts.subnets else {
        let text = "could not be looked at; it takes ec2:DescribeSubnets".to_owned();
        return vec![finding(about, Unknown, text)];
    };
    let missing: Vec<&str> =
        eks.subnet_ids.iter().filter(|id| !known.iter().any(|one| one.id == **id)).map(String::as_str).collect();
    if !missing.is_empty() {
        let text = format!("{} not there in {} of this account", missing.join(", "), spec.place.region);
        return vec![finding(about, Failed, text)];
    }
    let mut found = Vec::new();
    // Where a cluster stands already, EKS has taken them.
    if observed.cluster.is_none() {
        found.extend(control_plane(known));
    }
    found.extend(spec.pools.iter().map(|pool| room(pool, known, observed)));
    found
}

fn control_plane(known: &[SubnetFact]) -> Vec<PreflightFinding> {
    let about = "given subnets";
    let all = |of: fn(&SubnetFact) -> &str| known.iter().map(of).collect::<BTreeSet<&str>>();
    let list = |words: &BTreeSet<&str>| words.iter().copied().collect::<Vec<_>>().join(", ");
    let mut found = Vec::new();
    let vpcs = all(|one| &one.vpc);
    if vpcs.len() > 1 {
        found.push(finding(about, Failed, format!("stand in several VPCs ({}); EKS takes those of one", list(&vpcs))));
    }
    let places = all(|one| &one.zone);
    if places.len() < CONTROL_PLANE_ZONES {
        let text = format!("stand in {} alone; EKS needs two zones for its control plane", list(&places));
        found.push(finding(about, Failed, text));
    }
    for one in known.iter().filter(|one| zones::is_refused(&one.zone_id)) {
        let text = format!("{} is in {} ({}), where EKS makes no control plane", one.id, one.zone, one.zone_id);
        found.push(finding(about, Failed, text));
    }
    for one in known.iter().filter(|one| one.free_addresses < ADVISED_FREE) {
        let verdict = if one.free_addresses < LEAST_FREE { Failed } else { Warning };
        let free = one.free_addresses;
        let text = format!("{} has {free} free addresses; EKS needs {LEAST_FREE} and advises {ADVISED_FREE}", one.id);
        found.push(finding(about, verdict, text));
    }
    if found.is_empty() {
        found.push(finding(about, Passed, format!("stand in {}, with free addresses in each", list(&places))));
    }
    found
}

/// Whether the pool's nodes find subnets and addresses; each node takes one at the least, and each pod on it one more.
fn room(pool: &PoolSpec, known: &[SubnetFact], observed: &Observed) -> PreflightFinding {
    let about = format!("given subnets for pool {}", pool.name);
    let near: Vec<&SubnetFact> = known.iter().filter(|one| pool.zones.contains(&one.zone)).collect();
    if near.is_empty() {
        let there: BTreeSet<&str> = known.iter().map(|one| one.zone.as_str()).collect();
        let there = there.into_iter().collect::<Vec<_>>().join(", ");
        let text = format!("none is in its zones {}; they are in {there}", pool.zones.join(", "));
        return finding(&about, Failed, text);
    }
    let free: u32 = near.iter().fold(0, |sum, one| sum.saturating_add(one.free_addresses));
    let groups = super::group::group_names(pool);
    let have = observed.cluster.iter().flat_map(|cluster| &cluster.pools);
    let have = have.filter(|have| groups.contains(&have.name)).filter_map(super::group_steps::settings);
    let running: u32 = have.map(|group| group.desired).sum();
    let (start, most) = (pool.nodes.min.saturating_sub(running), pool.nodes.max.saturating_sub(running));
    let text = format!("{free} free addresses in its zones for {start} more nodes at the start and {most} at most");
    let verdict = match free {
        free if free < start => Failed,
        free if free < most.saturating_mul(ADVISED_FREE) => {
            return finding(&about, Warning, format!("{text}; pods take addresses too, dozens on a large node"));
        }
        _ => Passed,
    };
    finding(&about, verdict, text)
}
