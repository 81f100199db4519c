//! Load balancers of Services and Ingresses, of any generation, and their target groups.

use berth_core::actions::eks::{EksClusterRef, EksPartKind, EksPartRef};
use berth_core::ports::Progress;
use berth_core::run::Fault;

use super::{outcome, seen};
use crate::cloud::EksCloud;
use crate::read::Place;

/// The most ARNs one call may ask for tags of.
const MOST_TAGGED: usize = 20;

/// A load balancer.
pub(super) async fn delete(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    if !part.id.starts_with("arn:") {
        let call = cloud.write.classic_balancers.delete_load_balancer().load_balancer_name(&part.id);
        return outcome(part, call.send().await);
    }
    let found = cloud.read.balancers.describe_load_balancers().load_balancer_arns(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.load_balancers).unwrap_or_default();
    if found.is_empty() {
        return Ok(Progress::Done);
    }
    let sent = cloud.write.balancers.delete_load_balancer().load_balancer_arn(&part.id).send().await;
    Ok(match outcome(part, sent)? {
        Progress::Done => Progress::Pending(Some("deleting".to_owned())),
        pending @ Progress::Pending(_) => pending,
    })
}

/// Target groups of the cluster that no load balancer uses any more.
pub(super) async fn delete_target_groups(cloud: &EksCloud, place: &Place<'_>) -> Result<Progress, Fault> {
    let Some(groups) = target_groups(cloud, place).await? else {
        return Ok(Progress::Pending(Some("target groups go away".to_owned())));
    };
    let mut progress = Progress::Done;
    for part in groups {
        let sent = cloud.write.balancers.delete_target_group().target_group_arn(&part.id).send().await;
        if let pending @ Progress::Pending(_) = outcome(&part, sent)? {
            progress = pending;
        }
    }
    Ok(progress)
}

/// Those of the cluster; `None` if one went while they were asked for, which fails the question about all.
async fn target_groups(cloud: &EksCloud, place: &Place<'_>) -> Result<Option<Vec<EksPartRef>>, Fault> {
    let part = |id: &str| EksPartRef { kind: EksPartKind::LoadBalancer, id: id.to_owned() };
    let all = part("target groups");
    let found: Result<Vec<_>, _> =
        cloud.read.balancers.describe_target_groups().into_paginator().items().send().collect().await;
    let found = seen(&all, found)?.unwrap_or_default();
    let near = found.into_iter().filter(|group| place.holds(group.vpc_id.as_ref()));
    let loose = near.filter(|group| group.load_balancer_arns().is_empty());
    let loose: Vec<String> = loose.filter_map(|group| group.target_group_arn).collect();
    let mut ours = Vec::new();
    for arns in loose.chunks(MOST_TAGGED) {
        let tags = cloud.read.balancers.describe_tags().set_resource_arns(Some(arns.to_vec())).send().await;
        let Some(tags) = seen(&all, tags)? else { return Ok(None) };
        for described in tags.tag_descriptions.unwrap_or_default() {
            if described.tags().iter().any(|tag| is_of(place.cluster, tag.key().unwrap_or_default(), tag.value())) {
                ours.push(part(described.resource_arn().unwrap_or_default()));
            }
        }
    }
    Ok(Some(ours))
}

/// Whether a tag is that of a load balancer controller for this cluster.
fn is_of(cluster: &EksClusterRef, key: &str, value: Option<&str>) -> bool {
    match key.strip_prefix("kubernetes.io/cluster/") {
        Some(name) => name == cluster.name && value == Some("owned"),
        None => key == "elbv2.k8s.aws/cluster" && value == Some(&cluster.name),
    }
}
