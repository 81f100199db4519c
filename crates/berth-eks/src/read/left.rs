//! What workloads, the network plugin and EKS itself make around a cluster: load balancers, volumes, network interfaces, security
//! groups. Nobody plans them, so they are found anew each time.

use aws_sdk_ec2::types::{Filter, NetworkInterface, SecurityGroup, Volume, VolumeState};
use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind};
use berth_core::run::Fault;
use futures::future;

use super::{balancer, part};
use crate::classify;
use crate::cloud::EksCloud;
use crate::find::filter;

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// The cluster.
    pub(super) cluster: &'a EksClusterRef,
    /// VPCs berth made for it: everything in them counts. Without one only tags do.
    pub(super) vpcs: &'a [String],
}

/// All of these kinds that is left of a cluster. Kinds that berth makes itself are not looked for.
///
/// A volume that is in use, or a load balancer that is on its way out, is still there.
///
/// # Errors
/// AWS did not answer, or did not allow one of the calls.
pub(crate) async fn left(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    vpc: Option<&str>,
    kinds: &[EksPartKind],
) -> Result<Vec<EksPart>, Fault> {
    let vpcs: Vec<String> = vpc.map(ToOwned::to_owned).into_iter().collect();
    let around = Around { cluster, vpcs: &vpcs };
    let looks = kinds.iter().map(|kind| Box::pin(of_kind(cloud, around, *kind)));
    let mut parts: Vec<EksPart> = future::try_join_all(looks).await?.into_iter().flatten().collect();
    parts.sort_by(|a, b| a.thing.cmp(&b.thing));
    Ok(parts)
}

/// Those of one kind.
pub(super) async fn of_kind(cloud: &EksCloud, around: Around<'_>, kind: EksPartKind) -> Result<Vec<EksPart>, Fault> {
    match kind {
        EksPartKind::LoadBalancer => balancer::balancers(cloud, around).await,
        EksPartKind::Volume => volumes(cloud, around.cluster).await,
        EksPartKind::NetworkInterface => interfaces(cloud, around).await,
        EksPartKind::SecurityGroup => security_groups(cloud, around).await,
        _ => Ok(Vec::new()),
    }
}

/// Everything in VPCs of ours, else everything with a tag that may name the cluster.
fn nearby(around: Around<'_>) -> Filter {
    if around.vpcs.is_empty() {
        return tagged(around.cluster);
    }
    Filter::builder().name("vpc-id").set_values(Some(around.vpcs.to_vec())).build()
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
async fn interfaces(cloud: &EksCloud, around: Around<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_network_interfaces().filters(nearby(around));
    let call = call.filters(filter("status", "available"));
    let found: Result<Vec<NetworkInterface>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for network interfaces", &error))?;
    let parts = found.into_iter().map(|one| {
        let state = one.status.as_ref().map_or("", |status| status.as_str());
        part::part(EksPartKind::NetworkInterface, one.network_interface_id, state, part::of_ec2(one.tag_set))
    });
    Ok(parts.filter(|found| counts(around, found)).collect())
}

/// Security groups but for each VPC's own, which cannot be deleted.
async fn security_groups(cloud: &EksCloud, around: Around<'_>) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_security_groups().filters(nearby(around));
    let found: Result<Vec<SecurityGroup>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for security groups", &error))?;
    let made = found.into_iter().filter(|group| group.group_name() != Some("default"));
    let parts = made.map(|one| part::part(EksPartKind::SecurityGroup, one.group_id, "", part::of_ec2(one.tags)));
    Ok(parts.filter(|found| counts(around, found)).collect())
}

fn counts(around: Around<'_>, found: &EksPart) -> bool {
    !around.vpcs.is_empty() || part::is_of(around.cluster, &found.tags)
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
