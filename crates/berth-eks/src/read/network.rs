//! The network berth has made around a cluster, by its tags.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    Address, InternetGateway, LaunchTemplate, NatGateway, NatGatewayState, RouteState, RouteTable, Subnet, Vpc,
    VpcAttributeName,
};
use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind};
use berth_core::rules::eks::network::{PUBLIC_ROUTES, private_subnet, public_subnet};
use berth_core::run::{Fault, FaultKind};

use super::part;
use crate::classify;
use crate::cloud::EksCloud;
use crate::find;

/// Everywhere.
const WORLD: &str = "0.0.0.0/0";
/// What the part of a private subnet's route table begins with; the zone follows.
const PRIVATE_ROUTES: &str = "routes-private-";

/// VPCs, without what [`has_names`] tells.
pub(super) async fn vpcs(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_vpcs().set_filters(Some(find::of_cluster(cluster)));
    let found: Result<Vec<Vpc>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for VPCs", &error))?;
    let parts = found.into_iter().map(|vpc| {
        let state = vpc.state.as_ref().map_or("", |state| state.as_str());
        part::part(EksPartKind::Vpc, vpc.vpc_id, state, part::of_ec2(vpc.tags))
    });
    Ok(parts.collect())
}

/// Whether machines in the VPC get names in DNS; it is the last thing that making a VPC does.
pub(super) async fn has_names(cloud: &EksCloud, vpc: &str) -> Result<bool, Fault> {
    let call = cloud.read.ec2.describe_vpc_attribute().vpc_id(vpc);
    match call.attribute(VpcAttributeName::EnableDnsHostnames).send().await {
        Ok(found) => Ok(found.enable_dns_hostnames.and_then(|on| on.value).unwrap_or(false)),
        // It went meanwhile; there is nothing to complete.
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(true),
        Err(error) => Err(classify::of_call(format!("read how VPC {vpc} names machines"), &error)),
    }
}

pub(super) async fn subnets(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<Subnet>, Fault> {
    let call = cloud.read.ec2.describe_subnets().set_filters(Some(find::of_cluster(cluster)));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    found.map_err(|error| classify::of_call("look for subnets", &error))
}

/// A public one does its work once machines in it get addresses.
pub(super) fn subnet(subnet: &Subnet) -> EksPart {
    let state = subnet.state.as_ref().map_or("", |state| state.as_str());
    let found = part::part(EksPartKind::Subnet, subnet.subnet_id.clone(), state, part::of_ec2(subnet.tags.clone()));
    let public = found.part.as_ref().is_some_and(|part| part.starts_with(&public_subnet("")));
    EksPart { complete: !public || subnet.map_public_ip_on_launch == Some(true), ..found }
}

pub(super) async fn gateways(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_internet_gateways().set_filters(Some(find::of_cluster(cluster)));
    let found: Result<Vec<InternetGateway>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for internet gateways", &error))?;
    Ok(found.into_iter().map(gateway).collect())
}

/// Its state is that of its attachment; without one it does nothing.
fn gateway(gateway: InternetGateway) -> EksPart {
    let attachment = gateway.attachments().first();
    let state = attachment.map_or("detached", |one| one.state().map_or("", |state| state.as_str())).to_owned();
    let complete = matches!(state.as_str(), "available" | "attached" | "attaching");
    let id = gateway.internet_gateway_id;
    EksPart { complete, ..part::part(EksPartKind::InternetGateway, id, &state, part::of_ec2(gateway.tags)) }
}

pub(super) async fn addresses(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    // EC2 gives all addresses at once.
    let found = cloud.read.ec2.describe_addresses().set_filters(Some(find::of_cluster(cluster))).send().await;
    let found = found.map_err(|error| classify::of_call("look for addresses", &error))?;
    let parts = found
        .addresses
        .unwrap_or_default()
        .into_iter()
        .map(|found: Address| part::part(EksPartKind::Address, found.allocation_id, "", part::of_ec2(found.tags)));
    Ok(parts.collect())
}

pub(super) async fn nats(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_nat_gateways().set_filter(Some(find::of_cluster(cluster)));
    let found: Result<Vec<NatGateway>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for NAT gateways", &error))?;
    Ok(found.into_iter().filter_map(nat).collect())
}

/// EC2 lists deleted ones for an hour.
fn nat(nat: NatGateway) -> Option<EksPart> {
    if nat.state == Some(NatGatewayState::Deleted) {
        return None;
    }
    let complete = nat.state == Some(NatGatewayState::Available);
    let state = nat.state.as_ref().map_or("", |state| state.as_str());
    let found = part::part(EksPartKind::NatGateway, nat.nat_gateway_id, state, part::of_ec2(nat.tags));
    Some(EksPart { complete, ..found })
}

pub(super) async fn tables(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<RouteTable>, Fault> {
    let call = cloud.read.ec2.describe_route_tables().set_filters(Some(find::of_cluster(cluster)));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    found.map_err(|error| classify::of_call("look for route tables", &error))
}

/// It does its work once it has a way to the world and the subnets use it that its part tells, as far as they are there; without
/// `subnets` only its way counts. A VPC's main table is never ours and goes with the VPC.
pub(super) fn table(table: &RouteTable, subnets: Option<&[Subnet]>) -> Option<EksPart> {
    if table.associations().iter().any(|one| one.main == Some(true)) {
        return None;
    }
    let tags = part::of_ec2(table.tags.clone());
    let found = part::part(EksPartKind::RouteTable, table.route_table_id.clone(), "", tags);
    let users = subnets.map(|subnets| users(found.part.as_deref().unwrap_or_default(), table, subnets));
    let uses = |id: &&str| table.associations().iter().any(|one| one.subnet_id() == Some(*id));
    let is_used = users.is_none_or(|users| !users.is_empty() && users.iter().all(uses));
    Some(EksPart { complete: has_way(table) && is_used, ..found })
}

fn has_way(table: &RouteTable) -> bool {
    let leads = |state: Option<&RouteState>| state != Some(&RouteState::Blackhole);
    table.routes().iter().any(|route| route.destination_cidr_block() == Some(WORLD) && leads(route.state()))
}

/// Ids of the subnets in the table's VPC that are to use it.
fn users<'a>(name: &str, table: &RouteTable, subnets: &'a [Subnet]) -> Vec<&'a str> {
    let is_user = |subnet_part: &str| match name.strip_prefix(PRIVATE_ROUTES) {
        Some(zone) => subnet_part == private_subnet(zone),
        None => name == PUBLIC_ROUTES && subnet_part.starts_with(&public_subnet("")),
    };
    let near = subnets.iter().filter(|subnet| subnet.vpc_id == table.vpc_id);
    let wanted = near.filter(|one| subnet(one).part.as_deref().is_some_and(is_user));
    wanted.filter_map(Subnet::subnet_id).collect()
}

/// A template's name is its part.
pub(super) async fn templates(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let call = cloud.read.ec2.describe_launch_templates().set_filters(Some(find::of_cluster(cluster)));
    let found: Result<Vec<LaunchTemplate>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for launch templates", &error))?;
    let parts = found.into_iter().map(|one| {
        let tags: BTreeMap<String, String> = part::of_ec2(one.tags);
        let found = part::part(EksPartKind::LaunchTemplate, one.launch_template_id, "", tags);
        EksPart { part: one.launch_template_name, ..found }
    });
    Ok(parts.collect())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        AttachmentStatus, InternetGatewayAttachment, Route, RouteTableAssociation, SubnetState, Tag,
    };

    use super::*;

    fn tags(part: &str) -> Option<Vec<Tag>> {
        let pairs = [("managed-by", "berth"), ("berth-cluster", "c"), ("berth-part", part)];
        Some(pairs.map(|(key, value)| Tag::builder().key(key).value(value).build()).to_vec())
    }

    fn a_subnet(id: &str, part: &str, gives_addresses: bool) -> Subnet {
        let made = Subnet::builder().subnet_id(id).vpc_id("vpc-1").state(SubnetState::Available);
        made.map_public_ip_on_launch(gives_addresses).set_tags(tags(part)).build()
    }

    fn a_table(part: &str, way: Option<RouteState>, users: &[&str]) -> RouteTable {
        let route = way.map(|state| Route::builder().destination_cidr_block(WORLD).state(state).build());
        let used = users.iter().map(|id| RouteTableAssociation::builder().subnet_id(*id).build()).collect();
        let made = RouteTable::builder().route_table_id("rtb-1").vpc_id("vpc-1").set_tags(tags(part));
        made.set_routes(Some(route.into_iter().collect())).set_associations(Some(used)).build()
    }

    #[test]
    fn a_public_subnet_gives_addresses() {
        let complete = |part: &str, gives: bool| subnet(&a_subnet("subnet-1", part, gives)).complete;
        assert!(complete("subnet-public-us-east-1a", true));
        assert!(!complete("subnet-public-us-east-1a", false));
        assert!(complete("subnet-private-us-east-1a", false));
    }

    #[test]
    fn a_table_needs_its_way_and_its_subnets() {
        let subnets = [
            a_subnet("subnet-1", "subnet-public-us-east-1a", true),
            a_subnet("subnet-2", "subnet-public-us-east-1b", true),
            a_subnet("subnet-3", "subnet-private-us-east-1a", false),
        ];
        let complete = |part: &str, way: Option<RouteState>, users: &[&str]| {
            table(&a_table(part, way, users), Some(&subnets)).unwrap().complete
        };
        let active = Some(RouteState::Active);
        assert!(complete("routes-public", active.clone(), &["subnet-1", "subnet-2"]));
        assert!(!complete("routes-public", active.clone(), &["subnet-1"]));
        assert!(!complete("routes-public", None, &["subnet-1", "subnet-2"]));
        assert!(!complete("routes-public", Some(RouteState::Blackhole), &["subnet-1", "subnet-2"]));
        assert!(complete("routes-private-us-east-1a", active.clone(), &["subnet-3"]));
        // Its subnet is still to be made, and is then to use it.
        assert!(!complete("routes-private-us-east-1b", active, &[]));
    }

    #[test]
    fn a_gateway_is_attached_and_a_nat_gateway_available() {
        let loose = gateway(InternetGateway::builder().set_tags(tags("internet-gateway")).build());
        assert_eq!((loose.state.as_str(), loose.complete), ("detached", false));
        let attachment =
            InternetGatewayAttachment::builder().vpc_id("vpc-1").state(AttachmentStatus::from("available"));
        let held = gateway(InternetGateway::builder().attachments(attachment.build()).build());
        assert_eq!((held.state.as_str(), held.complete), ("available", true));
        let read = |state| nat(NatGateway::builder().state(state).build()).map(|nat| nat.complete);
        assert_eq!(read(NatGatewayState::Available), Some(true));
        assert_eq!(read(NatGatewayState::Pending), Some(false));
        assert_eq!(read(NatGatewayState::Failed), Some(false));
        assert_eq!(read(NatGatewayState::Deleted), None);
    }
}
