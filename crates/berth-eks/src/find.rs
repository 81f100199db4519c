//! Finding by tags what berth has made around a cluster: actions name parts, AWS wants ids.
//!
//! EC2 shows what was just made a little later, and VPCs, subnets and addresses have no idempotency token; so a part can be there
//! twice after a lost answer. All choices here are stable (the VPC in use, then the least id), so that every verb goes on with the
//! same one; the other one is seen and taken away with the cluster.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Instance, NatGateway, NatGatewayState, ResourceType, Subnet, Tag, TagSpecification};
use berth_core::actions::eks::{EksClusterRef, EksSubnets};
use berth_core::rules::eks::{network, tags};
use berth_core::rules::ownership;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::classify;
use crate::cloud::EksCloud;

/// An EC2 filter with one value.
pub(crate) fn filter(name: impl Into<String>, value: impl Into<String>) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// EC2 takes no more values of filters in one call.
const MOST_VALUES: usize = 200;

/// Machines with these ids, as far as EC2 still knows them and tells. A filter, because an id that is forgotten already would fail
/// the call.
pub(crate) async fn machines(cloud: &EksCloud, ids: BTreeSet<String>) -> Vec<Instance> {
    let ids: Vec<String> = ids.into_iter().collect();
    let mut machines = Vec::new();
    for ids in ids.chunks(MOST_VALUES) {
        let by_id = Filter::builder().name("instance-id").set_values(Some(ids.to_vec())).build();
        let call = cloud.read.ec2.describe_instances().filters(by_id);
        let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        machines.extend(found.unwrap_or_default().into_iter().flat_map(|one| one.instances.unwrap_or_default()));
    }
    machines
}

/// Filters for everything of ours around a cluster.
pub(crate) fn of_cluster(cluster: &EksClusterRef) -> Vec<Filter> {
    let tag = |key: &str, value: &str| filter(format!("tag:{key}"), value);
    vec![tag(ownership::OWNER_KEY, ownership::OWNER_VALUE), tag(ownership::CLUSTER_KEY, &cluster.name)]
}

/// Filters for one part of a cluster's surroundings.
pub(crate) fn of_part(cluster: &EksClusterRef, part: &str) -> Vec<Filter> {
    let mut filters = of_cluster(cluster);
    filters.push(filter(format!("tag:{}", tags::PART_KEY), part));
    filters
}

/// Tags for the call that makes a thing of this kind.
pub(crate) fn tagged(kind: ResourceType, tags: &BTreeMap<String, String>) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

/// Id of the cluster's VPC, if berth made one. Of several the one with most of our subnets.
pub(crate) async fn vpc(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Option<String>, Fault> {
    let call = cloud.read.ec2.describe_vpcs().set_filters(Some(of_part(cluster, network::VPC)));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for the VPC", &error))?;
    let mut ids: Vec<String> = found.into_iter().filter_map(|vpc| vpc.vpc_id).collect();
    ids.sort();
    if ids.len() < 2 {
        return Ok(ids.pop());
    }
    let subnets = subnets_by(cloud, of_cluster(cluster)).await?;
    let in_use = |id: &String| subnets.iter().filter(|subnet| subnet.vpc_id.as_ref() == Some(id)).count();
    // The last of several that are equal would win, and the least id shall.
    Ok(ids.into_iter().rev().max_by_key(in_use))
}

/// Id of the cluster's VPC, which the plan has made before.
pub(crate) async fn known_vpc(cloud: &EksCloud, cluster: &EksClusterRef, tried: &str) -> Result<String, Fault> {
    let found = vpc(cloud, cluster).await?;
    found.ok_or_else(|| unseen(tried, &format!("the VPC of cluster {}", cluster.name)))
}

/// The subnet that is this part, in the cluster's VPC.
pub(crate) async fn subnet(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    vpc: &str,
    part: &str,
) -> Result<Option<Subnet>, Fault> {
    let mut filters = of_part(cluster, part);
    filters.push(filter("vpc-id", vpc));
    let found = subnets_by(cloud, filters).await?;
    Ok(found.into_iter().min_by(|a, b| a.subnet_id.cmp(&b.subnet_id)))
}

/// Ids of these subnets, sorted.
///
/// # Errors
/// One is not there (yet), or none is in the zones that are asked for.
pub(crate) async fn subnet_ids(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    subnets: &EksSubnets,
    tried: &str,
) -> Result<Vec<String>, Fault> {
    let mut ids = match subnets {
        EksSubnets::Made(parts) => made_ids(cloud, cluster, parts, tried).await?,
        EksSubnets::Given { ids, zones } if zones.is_empty() => ids.clone(),
        EksSubnets::Given { ids, zones } => {
            let call = cloud.read.ec2.describe_subnets().set_subnet_ids(Some(ids.clone()));
            let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
            let found = found.map_err(|error| classify::of_call(tried, &error))?;
            let wanted =
                found.into_iter().filter(|one| one.availability_zone.as_ref().is_some_and(|z| zones.contains(z)));
            let ids: Vec<String> = wanted.filter_map(|subnet| subnet.subnet_id).collect();
            if ids.is_empty() {
                let said = format!("none of the given subnets is in {}", zones.join(", "));
                return Err(Fault {
                    kind: FaultKind::Refused,
                    tried: tried.to_owned(),
                    said,
                    left_behind: LeftBehind::Nothing,
                    retry: Retry::Never,
                });
            }
            ids
        }
    };
    ids.sort();
    Ok(ids)
}

async fn made_ids(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    parts: &[String],
    tried: &str,
) -> Result<Vec<String>, Fault> {
    let mut filters = of_cluster(cluster);
    filters.push(filter("vpc-id", known_vpc(cloud, cluster, tried).await?));
    let found = subnets_by(cloud, filters).await?;
    let id = |part: &String| {
        let is_part = |tag: &Tag| tag.key() == Some(tags::PART_KEY) && tag.value() == Some(part);
        let named = found.iter().filter(|subnet| subnet.tags().iter().any(is_part));
        named.filter_map(|subnet| subnet.subnet_id.clone()).min().ok_or_else(|| unseen(tried, part))
    };
    parts.iter().map(id).collect()
}

async fn subnets_by(cloud: &EksCloud, filters: Vec<Filter>) -> Result<Vec<Subnet>, Fault> {
    let call = cloud.read.ec2.describe_subnets().set_filters(Some(filters));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    found.map_err(|error| classify::of_call("look for subnets", &error))
}

/// Id of the elastic address that is this part. Which NAT gateway has it does not matter: a call repeated after a lost answer has
/// to name the same one.
pub(crate) async fn address(cloud: &EksCloud, cluster: &EksClusterRef, part: &str) -> Result<Option<String>, Fault> {
    let call = cloud.read.ec2.describe_addresses().set_filters(Some(of_part(cluster, part)));
    let found = call.send().await.map_err(|error| classify::of_call("look for addresses", &error))?;
    Ok(found.addresses.unwrap_or_default().into_iter().filter_map(|address| address.allocation_id).min())
}

/// All NAT gateways that are this part, those that are gone or failed as long as EC2 lists them: usable ones first.
pub(crate) async fn nats(cloud: &EksCloud, cluster: &EksClusterRef, part: &str) -> Result<Vec<NatGateway>, Fault> {
    let call = cloud.read.ec2.describe_nat_gateways().set_filter(Some(of_part(cluster, part)));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let mut found: Vec<NatGateway> = found.map_err(|error| classify::of_call("look for NAT gateways", &error))?;
    let rank = |nat: &NatGateway| match nat.state {
        Some(NatGatewayState::Available) => 0,
        Some(NatGatewayState::Pending) => 1,
        _ => 2,
    };
    found.sort_by(|a, b| (rank(a), &a.nat_gateway_id).cmp(&(rank(b), &b.nat_gateway_id)));
    Ok(found)
}

/// A thing that the plan has made before is not shown, for EC2 and IAM show new things a little later.
pub(crate) fn unseen(tried: &str, what: &str) -> Fault {
    Fault {
        kind: FaultKind::Unavailable,
        tried: tried.to_owned(),
        said: format!("{what} is not to be seen (yet)"),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Backoff,
    }
}
