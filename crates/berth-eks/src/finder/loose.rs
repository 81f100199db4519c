//! What Kubernetes and EKS make for clusters: it bears no mark of ours, but tags or a name that say for which cluster it is.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, NetworkInterface, SecurityGroup, Volume, VolumeState};
use berth_core::gc::{LeftoverKind, LeftoverSize};
use berth_core::run::Fault;
use jiff::Timestamp;

use super::index::{self, Entry};
use super::row::Row;
use crate::classify;
use crate::cloud::EksCloud;
use crate::find::filter;
use crate::read::{self, CLAIM_KEY, LOOSE_KEYS};

/// What was read of kinds, and what it takes to read them.
pub(super) type Read = (&'static [LeftoverKind], &'static str, Result<Vec<Row>, Fault>);

/// The kinds of load balancing in the index.
const BALANCING: [&str; 2] = ["elasticloadbalancing:loadbalancer", "elasticloadbalancing:targetgroup"];
/// Front and end of the name of a control plane's log group.
const LOGS: (&str, &str) = ("/aws/eks/", "/cluster");

/// Everything in the region that names a cluster.
pub(super) async fn look(cloud: &EksCloud) -> [Read; 5] {
    // Boxed, because the futures of the calls are large.
    let (volumes, interfaces, groups, balancers, logs) = futures::join!(
        Box::pin(volumes(cloud, keys(), is_claimed)),
        Box::pin(interfaces(cloud, keys())),
        Box::pin(groups(cloud, keys())),
        Box::pin(balancing(cloud)),
        Box::pin(logs(cloud)),
    );
    let balancing_takes =
        "tag:GetResources, elasticloadbalancing:DescribeLoadBalancers and elasticloadbalancing:DescribeTargetGroups";
    [
        (&[LeftoverKind::Volume], "ec2:DescribeVolumes", volumes),
        (&[LeftoverKind::NetworkInterface], "ec2:DescribeNetworkInterfaces", interfaces),
        (&[LeftoverKind::SecurityGroup], "ec2:DescribeSecurityGroups", groups),
        (&[LeftoverKind::LoadBalancer, LeftoverKind::TargetGroup], balancing_takes, balancers),
        (&[LeftoverKind::LogGroup], "logs:DescribeLogGroups", logs),
    ]
}

/// EC2's filter for what has a tag that may name a cluster.
fn keys() -> Filter {
    let keys = LOOSE_KEYS.iter().map(|key| (*key).to_owned()).collect();
    Filter::builder().name("tag-key").set_values(Some(keys)).build()
}

/// A volume of a claim.
fn is_claimed(volume: &Volume) -> bool {
    volume.tags().iter().any(|tag| tag.key() == Some(CLAIM_KEY))
}

/// Volumes by a filter, of those that count.
pub(super) async fn volumes(cloud: &EksCloud, which: Filter, counts: fn(&Volume) -> bool) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_volumes().filters(which);
    let found: Result<Vec<Volume>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list volumes", &error))?;
    let gone = |one: &Volume| matches!(one.state, Some(VolumeState::Deleting | VolumeState::Deleted));
    let row = |one: Volume| {
        let gigabytes = one.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let kind = one.volume_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        let tags = read::of_ec2(one.tags);
        Some(Row {
            named: read::named(&tags),
            made: one.create_time.and_then(read::time),
            size: Some(LeftoverSize::Disk { kind, gigabytes }),
            ..Row::new(LeftoverKind::Volume, one.volume_id?, cloud.region(), tags)
        })
    };
    Ok(found.into_iter().filter(|one| !gone(one) && counts(one)).filter_map(row).collect())
}

/// Network interfaces by a filter that nothing uses; the others go with what uses them.
pub(super) async fn interfaces(cloud: &EksCloud, which: Filter) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_network_interfaces().filters(which).filters(filter("status", "available"));
    let found: Result<Vec<NetworkInterface>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list network interfaces", &error))?;
    let row = |one: NetworkInterface| {
        let tags = read::of_ec2(one.tag_set);
        Some(Row {
            name: one.description.unwrap_or_default(),
            named: read::named(&tags),
            vpc: one.vpc_id,
            ..Row::new(LeftoverKind::NetworkInterface, one.network_interface_id?, cloud.region(), tags)
        })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

/// Security groups by a filter but for each VPC's own, which cannot be deleted.
pub(super) async fn groups(cloud: &EksCloud, which: Filter) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_security_groups().filters(which);
    let found: Result<Vec<SecurityGroup>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list security groups", &error))?;
    let row = |one: SecurityGroup| {
        let tags = read::of_ec2(one.tags);
        Some(Row {
            name: one.group_name.unwrap_or_default(),
            named: read::named(&tags),
            vpc: one.vpc_id,
            ..Row::new(LeftoverKind::SecurityGroup, one.group_id?, cloud.region(), tags)
        })
    };
    Ok(found.into_iter().filter(|one| one.group_name() != Some("default")).filter_map(row).collect())
}

/// What load balancing itself says of a thing: when it was made, and its VPC.
type Told = BTreeMap<String, (Option<Timestamp>, Option<String>)>;

/// Load balancers of any generation and target groups. Only the index tells the tags of many at once, and only the services which of
/// them are still there; these are not asked where the index has none that name a cluster.
async fn balancing(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let entries = index::of_kinds(cloud, &BALANCING, false).await?;
    let mut rows: Vec<Row> = entries.iter().filter_map(|entry| candidate(cloud.region(), entry)).collect();
    let has = |rows: &[Row], kind| rows.iter().any(|row| row.kind == kind);
    let mut told = Told::new();
    if has(&rows, LeftoverKind::LoadBalancer) {
        let (classic, new) = futures::join!(Box::pin(classic(cloud)), Box::pin(new(cloud)));
        told.extend(classic?);
        told.extend(new?);
    }
    if has(&rows, LeftoverKind::TargetGroup) {
        told.extend(Box::pin(targets(cloud)).await?);
    }
    rows.retain_mut(|row| {
        let Some((made, vpc)) = told.remove(&row.id) else { return false };
        (row.made, row.vpc) = (made, vpc);
        true
    });
    Ok(rows)
}

/// An entry of the index that names a cluster. A classic load balancer's id is its name, the others' their ARN.
fn candidate(region: &str, entry: &Entry) -> Option<Row> {
    let rest = entry.rest();
    let (kind, id) = match entry.kind() {
        (_, "targetgroup") => (LeftoverKind::TargetGroup, entry.arn.as_str()),
        _ if rest.contains('/') => (LeftoverKind::LoadBalancer, entry.arn.as_str()),
        _ => (LeftoverKind::LoadBalancer, rest),
    };
    let name = if rest.starts_with("net/") || rest.starts_with("app/") || rest.starts_with("gwy/") {
        rest.split('/').nth(1)
    } else {
        rest.split('/').next()
    };
    let named = read::named(&entry.tags);
    let row = Row::new(kind, id, region, entry.tags.clone());
    let row = Row { name: name.unwrap_or_default().to_owned(), named, ..row };
    (row.is_marked() || row.named.is_some()).then_some(row)
}

async fn classic(cloud: &EksCloud) -> Result<Told, Fault> {
    let call = cloud.read.classic_balancers.describe_load_balancers();
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list classic load balancers", &error))?;
    let told = found
        .into_iter()
        .filter_map(|one| Some((one.load_balancer_name?, (one.created_time.and_then(read::time), one.vpc_id))));
    Ok(told.collect())
}

async fn new(cloud: &EksCloud) -> Result<Told, Fault> {
    let call = cloud.read.balancers.describe_load_balancers();
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list load balancers", &error))?;
    let told = found
        .into_iter()
        .filter_map(|one| Some((one.load_balancer_arn?, (one.created_time.and_then(read::time), one.vpc_id))));
    Ok(told.collect())
}

async fn targets(cloud: &EksCloud) -> Result<Told, Fault> {
    let call = cloud.read.balancers.describe_target_groups();
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list target groups", &error))?;
    Ok(found.into_iter().filter_map(|one| Some((one.target_group_arn?, (None, one.vpc_id)))).collect())
}

/// Log groups of control planes, which EKS makes without tags: their name tells the cluster. How old one is says nothing of the rest:
/// it may be that of an earlier cluster of its name.
async fn logs(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.logs.describe_log_groups().log_group_name_prefix(LOGS.0);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list log groups", &error))?;
    let row = |one: aws_sdk_cloudwatchlogs::types::LogGroup| {
        let name = one.log_group_name?;
        let cluster = name.strip_prefix(LOGS.0)?.strip_suffix(LOGS.1)?.to_owned();
        let named = Some((cluster, name.clone()));
        Some(Row { named, ..Row::new(LeftoverKind::LogGroup, name, cloud.region(), BTreeMap::new()) })
    };
    Ok(found.into_iter().filter_map(row).collect())
}
