//! What workloads, the network plugin and EKS itself make around a cluster: load balancers, volumes, network interfaces, security
//! groups. Nobody plans them, so they are found anew each time.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, NetworkInterface, SecurityGroup, Volume, VolumeState};
use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind};
use berth_core::run::Fault;
use futures::future;

use super::{balancer, logs, part};
use crate::classify;
use crate::cloud::EksCloud;
use crate::find::{self, filter};

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The cluster.
    pub(crate) cluster: &'a EksClusterRef,
    /// VPCs berth made for it: everything in them counts. Without one only tags do.
    pub(crate) vpcs: &'a [String],
    /// The VPC the cluster stands in without berth having made it: what has its tags counts there and in no other. Another program
    /// may run a cluster of the same name in another VPC and tag in the same way.
    pub(crate) near: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The place a sweep names.
    pub(crate) fn of(cluster: &'a EksClusterRef, vpc: Option<&'a String>, near: Option<&'a str>) -> Self {
        Self { cluster, vpcs: vpc.map(std::slice::from_ref).unwrap_or_default(), near }
    }

    /// Whether what serves the cluster may stand in this VPC.
    pub(crate) fn holds(&self, vpc: Option<&String>) -> bool {
        match (self.vpcs, self.near) {
            ([], None) => true,
            ([], Some(near)) => vpc.is_some_and(|vpc| vpc == near),
            (vpcs, _) => vpc.is_some_and(|vpc| vpcs.contains(vpc)),
        }
    }
}

/// All of these kinds that is left of a cluster. Kinds that berth makes itself are not looked for.
///
/// A volume that is in use, or a load balancer that is on its way out, is still there.
///
/// # Errors
/// AWS did not answer, or did not allow one of the calls.
pub(crate) async fn left(cloud: &EksCloud, place: Place<'_>, kinds: &[EksPartKind]) -> Result<Vec<EksPart>, Fault> {
    let looks = kinds.iter().map(|kind| Box::pin(of_kind(cloud, place, *kind)));
    let mut parts: Vec<EksPart> = future::try_join_all(looks).await?.into_iter().flatten().collect();
    parts.sort_by(|a, b| a.thing.cmp(&b.thing));
    Ok(parts)
}

/// Those of one kind.
pub(super) async fn of_kind(cloud: &EksCloud, place: Place<'_>, kind: EksPartKind) -> Result<Vec<EksPart>, Fault> {
    match kind {
        EksPartKind::LoadBalancer => balancer::balancers(cloud, place).await,
        EksPartKind::Volume => volumes(cloud, place.cluster).await,
        EksPartKind::NetworkInterface => interfaces(cloud, place).await,
        EksPartKind::SecurityGroup => security_groups(cloud, place).await,
        EksPartKind::LogGroup => logs::groups(cloud, place.cluster).await,
        _ => Ok(Vec::new()),
    }
}

/// Everything in VPCs of ours, else everything with a tag that may name the cluster, in its VPC if that is known.
fn nearby(place: Place<'_>) -> Vec<Filter> {
    if place.vpcs.is_empty() {
        let near = place.near.map(|vpc| filter("vpc-id", vpc));
        return std::iter::once(tagged(place.cluster)).chain(near).collect();
    }
    vec![Filter::builder().name("vpc-id").set_values(Some(place.vpcs.to_vec())).build()]
}

fn tagged(cluster: &EksClusterRef) -> Filter {
    Filter::builder().name("tag-key").set_values(Some(part::keys(cluster))).build()
}

async fn volumes(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_volumes().filters(tagged(cluster));
    let found: Result<Vec<Volume>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for volumes", &error))?;
    Ok(found.into_iter().filter_map(|found| volume(cluster, found)).collect())
}

/// A volume of a claim, or one that a machine of ours has left; that of a machine that runs goes with it.
fn volume(cluster: &EksClusterRef, volume: Volume) -> Option<EksPart> {
    let tags = part::of_ec2(volume.tags);
    let stray = part::is_ours(cluster, &tags) && volume.state == Some(VolumeState::Available);
    let state = volume.state.as_ref().map_or("", |state| state.as_str());
    if volume.state == Some(VolumeState::Deleted) || !(stray || part::is_claimed(cluster, &tags)) {
        return None;
    }
    Some(part::part(EksPartKind::Volume, volume.volume_id, state, tags))
}

/// Network interfaces that nothing uses; the others go with what uses them.
async fn interfaces(cloud: &EksCloud, place: Place<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_network_interfaces().set_filters(Some(nearby(place)));
    let call = call.filters(filter("status", "available"));
    let found: Result<Vec<NetworkInterface>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for network interfaces", &error))?;
    let parts = found.into_iter().map(|one| {
        let state = one.status.as_ref().map_or("", |status| status.as_str());
        part::part(EksPartKind::NetworkInterface, one.network_interface_id, state, part::of_ec2(one.tag_set))
    });
    let (mut ours, others): (Vec<EksPart>, Vec<EksPart>) = parts.partition(|found| counts(place, found));
    ours.extend(of_machines(cloud, place.cluster, others).await);
    Ok(ours)
}

/// Interfaces of the network plugin that name no cluster, only a machine: those whose machine is the cluster's. EC2 tells a machine's
/// tags for about an hour after its end; what it does not know any more, or may not be asked about, is nobody's.
async fn of_machines(cloud: &EksCloud, cluster: &EksClusterRef, mut found: Vec<EksPart>) -> Vec<EksPart> {
    found.retain(|part| part::named(&part.tags).is_none() && part.tags.contains_key(part::MACHINE_KEY));
    let machine = |part: &EksPart| part.tags[part::MACHINE_KEY].clone();
    let ids: BTreeSet<String> = found.iter().map(machine).collect();
    let ours = find::machines(cloud, ids)
        .await
        .into_iter()
        .filter(|machine| part::is_of(cluster, &part::of_ec2(machine.tags.clone())));
    let ours: BTreeSet<String> = ours.filter_map(|machine| machine.instance_id).collect();
    found.retain(|part| ours.contains(&machine(part)));
    found
}

/// Security groups but for each VPC's own, which cannot be deleted.
async fn security_groups(cloud: &EksCloud, place: Place<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_security_groups().set_filters(Some(nearby(place)));
    let found: Result<Vec<SecurityGroup>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for security groups", &error))?;
    let made = found.into_iter().filter(|group| group.group_name() != Some("default"));
    let parts = made.map(|one| part::part(EksPartKind::SecurityGroup, one.group_id, "", part::of_ec2(one.tags)));
    Ok(parts.filter(|found| counts(place, found)).collect())
}

fn counts(place: Place<'_>, found: &EksPart) -> bool {
    !place.vpcs.is_empty() || part::is_of(place.cluster, &found.tags)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Tag;

    use super::*;

    #[test]
    fn a_machines_volume_counts_once_the_machine_is_gone() {
        let cluster = EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() };
        let read = |state: VolumeState, pairs: &[(&str, &str)]| {
            let tags = pairs.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
            let found = Volume::builder().volume_id("vol-1").state(state).set_tags(Some(tags)).build();
            volume(&cluster, found).map(|part| part.state)
        };
        let machines = [("managed-by", "berth"), ("berth-cluster", "c")];
        assert_eq!(read(VolumeState::InUse, &machines), None);
        assert_eq!(read(VolumeState::Available, &machines).as_deref(), Some("available"));
        let claims = [("kubernetes.io/created-for/pvc/name", "models"), ("KubernetesCluster", "c")];
        assert_eq!(read(VolumeState::InUse, &claims).as_deref(), Some("in-use"));
        assert_eq!(read(VolumeState::Deleted, &claims), None);
    }
}
