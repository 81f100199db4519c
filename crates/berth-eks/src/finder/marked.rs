//! What bears our mark in EC2, as EC2 itself tells it: the index shows also what is gone, and nobody's age.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Instance, InstanceLifecycleType, InstanceStateName, NatGatewayState, Tag, Volume};
use berth_core::gc::{LeftoverKind, LeftoverSize, Machines};
use berth_core::rules::ownership::{OWNER_KEY, OWNER_VALUE};
use berth_core::run::Fault;
use futures::future::{self, BoxFuture, FutureExt};

use super::index::Entry;
use super::loose;
use super::row::Row;
use crate::classify;
use crate::cloud::EksCloud;
use crate::find::filter;
use crate::read;

/// What was read of a kind, and what it takes to read it.
pub(super) type Read = (LeftoverKind, &'static str, Result<Vec<Row>, Fault>);

/// EC2's kinds by their names in ARNs.
const KINDS: [(&str, LeftoverKind); 11] = [
    ("vpc", LeftoverKind::Vpc),
    ("subnet", LeftoverKind::Subnet),
    ("internet-gateway", LeftoverKind::InternetGateway),
    ("route-table", LeftoverKind::RouteTable),
    ("natgateway", LeftoverKind::NatGateway),
    ("elastic-ip", LeftoverKind::Address),
    ("launch-template", LeftoverKind::LaunchTemplate),
    ("instance", LeftoverKind::Instance),
    ("volume", LeftoverKind::Volume),
    ("network-interface", LeftoverKind::NetworkInterface),
    ("security-group", LeftoverKind::SecurityGroup),
];

/// Lists those kinds of which the index tells, or all of them where it could not be read; what is paid for by itself also where it tells
/// only of other things, because it may not know a new one yet.
pub(super) async fn look(cloud: &EksCloud, entries: Option<&[Entry]>) -> Vec<Read> {
    let told: Option<BTreeSet<&str>> =
        entries.map(|all| all.iter().map(Entry::kind).filter(|kind| kind.0 == "ec2").map(|kind| kind.1).collect());
    let wanted = KINDS.into_iter().filter(|(name, _)| told.as_ref().is_none_or(|told| is_wanted(told, name)));
    future::join_all(wanted.map(|(_, kind)| list(cloud, kind))).await
}

fn is_wanted(told: &BTreeSet<&str>, name: &str) -> bool {
    told.contains(name) || !told.is_empty() && matches!(name, "natgateway" | "elastic-ip")
}

fn list(cloud: &EksCloud, kind: LeftoverKind) -> BoxFuture<'_, Read> {
    let told = |permission: &'static str, read: BoxFuture<'static, Result<Vec<Row>, Fault>>| {
        async move { (kind, permission, read.await) }.boxed()
    };
    let cloud = cloud.clone();
    match kind {
        LeftoverKind::Vpc => told("ec2:DescribeVpcs", async move { vpcs(&cloud).await }.boxed()),
        LeftoverKind::Subnet => told("ec2:DescribeSubnets", async move { subnets(&cloud).await }.boxed()),
        LeftoverKind::InternetGateway => {
            told("ec2:DescribeInternetGateways", async move { gateways(&cloud).await }.boxed())
        }
        LeftoverKind::RouteTable => told("ec2:DescribeRouteTables", async move { tables(&cloud).await }.boxed()),
        LeftoverKind::NatGateway => told("ec2:DescribeNatGateways", async move { nats(&cloud).await }.boxed()),
        LeftoverKind::Address => told("ec2:DescribeAddresses", async move { addresses(&cloud).await }.boxed()),
        LeftoverKind::LaunchTemplate => {
            told("ec2:DescribeLaunchTemplates", async move { templates(&cloud).await }.boxed())
        }
        LeftoverKind::Instance => told("ec2:DescribeInstances", async move { instances(&cloud).await }.boxed()),
        LeftoverKind::Volume => {
            told("ec2:DescribeVolumes", async move { loose::volumes(&cloud, mark(), is_stray).await }.boxed())
        }
        LeftoverKind::NetworkInterface => {
            told("ec2:DescribeNetworkInterfaces", async move { loose::interfaces(&cloud, mark()).await }.boxed())
        }
        _ => told("ec2:DescribeSecurityGroups", async move { loose::groups(&cloud, mark()).await }.boxed()),
    }
}

/// EC2's filter for what bears our mark.
pub(super) fn mark() -> Filter {
    filter(format!("tag:{OWNER_KEY}"), OWNER_VALUE)
}

/// A volume that a machine has goes with it.
fn is_stray(volume: &Volume) -> bool {
    volume.state == Some(aws_sdk_ec2::types::VolumeState::Available)
}

fn tags(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    read::of_ec2(tags)
}

async fn vpcs(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_vpcs().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list VPCs of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::Vpc| {
        let vpc = one.vpc_id.clone();
        Some(Row { vpc, ..Row::new(LeftoverKind::Vpc, one.vpc_id?, cloud.region(), tags(one.tags)) })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

async fn subnets(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_subnets().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list subnets of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::Subnet| {
        let row = Row::new(LeftoverKind::Subnet, one.subnet_id?, cloud.region(), tags(one.tags));
        Some(Row { vpc: one.vpc_id, ..row })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

async fn gateways(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_internet_gateways().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list internet gateways of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::InternetGateway| {
        Some(Row::new(LeftoverKind::InternetGateway, one.internet_gateway_id?, cloud.region(), tags(one.tags)))
    };
    Ok(found.into_iter().filter_map(row).collect())
}

async fn tables(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_route_tables().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list route tables of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::RouteTable| {
        let row = Row::new(LeftoverKind::RouteTable, one.route_table_id?, cloud.region(), tags(one.tags));
        Some(Row { vpc: one.vpc_id, ..row })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

/// NAT gateways but for those that are gone and only remembered.
async fn nats(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_nat_gateways().filter(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list NAT gateways of ours", &error))?;
    let live = found.into_iter().filter(|one| one.state != Some(NatGatewayState::Deleted));
    let row = |one: aws_sdk_ec2::types::NatGateway| {
        let row = Row::new(LeftoverKind::NatGateway, one.nat_gateway_id?, cloud.region(), tags(one.tags));
        Some(Row { vpc: one.vpc_id, made: one.create_time.and_then(read::time), ..row })
    };
    Ok(live.filter_map(row).collect())
}

/// Elastic addresses; EC2 tells them all at once.
async fn addresses(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let found = cloud.read.ec2.describe_addresses().filters(mark()).send().await;
    let found = found.map_err(|error| classify::of_call("list addresses of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::Address| {
        let row = Row::new(LeftoverKind::Address, one.allocation_id?, cloud.region(), tags(one.tags));
        Some(Row { name: one.public_ip.unwrap_or_default(), ..row })
    };
    Ok(found.addresses.unwrap_or_default().into_iter().filter_map(row).collect())
}

async fn templates(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_launch_templates().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list launch templates of ours", &error))?;
    let row = |one: aws_sdk_ec2::types::LaunchTemplate| {
        let made = one.create_time.and_then(read::time);
        let row = Row::new(LeftoverKind::LaunchTemplate, one.launch_template_id?, cloud.region(), tags(one.tags));
        Some(Row { name: one.launch_template_name.unwrap_or_default(), made, ..row })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

/// Machines but for those that are gone and only remembered.
async fn instances(cloud: &EksCloud) -> Result<Vec<Row>, Fault> {
    let call = cloud.read.ec2.describe_instances().filters(mark());
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("list machines of ours", &error))?;
    let instances = found.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
    Ok(instances.filter_map(|one| instance(cloud.region(), one)).collect())
}

fn instance(region: &str, one: Instance) -> Option<Row> {
    let state = one.state.as_ref().and_then(|state| state.name.as_ref());
    if state == Some(&InstanceStateName::Terminated) {
        return None;
    }
    let machines = Machines {
        machine_type: one.instance_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        spot: one.instance_lifecycle == Some(InstanceLifecycleType::Spot),
        count: u32::from(state != Some(&InstanceStateName::Stopped)),
        accelerator: None,
    };
    let made = one.launch_time.and_then(read::time);
    let row = Row::new(LeftoverKind::Instance, one.instance_id?, region, tags(one.tags));
    Some(Row { vpc: one.vpc_id, made, size: Some(LeftoverSize::Machines(vec![machines])), ..row })
}
