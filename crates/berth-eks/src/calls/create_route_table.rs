//! CreateRouteTable, its default route and its associations.

use aws_sdk_ec2::types::{NatGatewayState, ResourceType, RouteState, RouteTable};
use berth_core::actions::eks::{EksRoute, EksRouteTable};
use berth_core::ports::Started;
use berth_core::rules::eks::network;
use berth_core::run::{Fault, FaultKind};

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, find};

/// Everywhere.
const WORLD: &str = "0.0.0.0/0";

/// Makes the table, or completes the one an earlier try has made.
pub(crate) async fn create_route_table(cloud: &EksCloud, wanted: &EksRouteTable) -> Result<Started, Fault> {
    let tried = format!("create {}", wanted.part);
    let vpc = find::known_vpc(cloud, &wanted.cluster, &tried).await?;
    // Looked for before anything is made: without it the table could not be completed.
    let way = way_out(cloud, wanted, &vpc, &tried).await?;
    let mut subnets = Vec::new();
    for part in &wanted.subnets {
        let found = find::subnet(cloud, &wanted.cluster, &vpc, part).await?;
        let id = found.and_then(|subnet| subnet.subnet_id);
        subnets.push(id.ok_or_else(|| find::unseen(&tried, part))?);
    }
    let table = match find_table(cloud, wanted, &vpc).await? {
        Some(table) => table,
        None => {
            let call = cloud.write.ec2.create_route_table().vpc_id(&vpc);
            let call = call.tag_specifications(find::tagged(ResourceType::RouteTable, &wanted.tags));
            let made = call.send().await.map_err(|error| making::not_made(&tried, &error))?;
            made.route_table.unwrap_or_else(|| RouteTable::builder().build())
        }
    };
    let id = making::id_in(table.route_table_id.clone(), &tried)?;
    route(cloud, &table, &id, &way, &tried).await?;
    for subnet in &subnets {
        associate(cloud, &id, subnet, &tried).await?;
    }
    Ok(Started::Done)
}

/// The thing the default route goes to.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Gateway(String),
    Nat(String),
}

async fn way_out(cloud: &EksCloud, wanted: &EksRouteTable, vpc: &str, tried: &str) -> Result<Way, Fault> {
    match &wanted.default_route {
        EksRoute::InternetGateway => {
            let mut filters = find::of_part(&wanted.cluster, network::INTERNET_GATEWAY);
            filters.push(find::filter("attachment.vpc-id", vpc));
            let call = cloud.read.ec2.describe_internet_gateways().set_filters(Some(filters));
            let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
            let found = found.map_err(|error| classify::of_call("look for internet gateways", &error))?;
            let id = found.into_iter().filter_map(|gateway| gateway.internet_gateway_id).min();
            id.map(Way::Gateway).ok_or_else(|| find::unseen(tried, "the internet gateway at its VPC"))
        }
        EksRoute::Nat(part) => {
            let found = find::nats(cloud, &wanted.cluster, part).await?;
            let nat = found.into_iter().find(|nat| nat.vpc_id.as_deref() == Some(vpc));
            let nat = nat.ok_or_else(|| find::unseen(tried, part))?;
            let id = nat.nat_gateway_id.unwrap_or_default();
            match nat.state {
                Some(NatGatewayState::Available) => Ok(Way::Nat(id)),
                state => {
                    let state = state.map_or_else(|| "in no state".to_owned(), |state| state.as_str().to_owned());
                    let said = format!("{part} ({id}) is {state}");
                    Err(Fault { kind: FaultKind::Busy, said, ..find::unseen(tried, part) })
                }
            }
        }
    }
}

/// Of several tables that are this part, the one that is most used.
async fn find_table(cloud: &EksCloud, wanted: &EksRouteTable, vpc: &str) -> Result<Option<RouteTable>, Fault> {
    let mut filters = find::of_part(&wanted.cluster, &wanted.part);
    filters.push(find::filter("vpc-id", vpc));
    let call = cloud.read.ec2.describe_route_tables().set_filters(Some(filters));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let mut found: Vec<RouteTable> = found.map_err(|error| classify::of_call("look for route tables", &error))?;
    found.sort_by(|a, b| b.route_table_id.cmp(&a.route_table_id));
    Ok(found.into_iter().max_by_key(|table| table.associations().len()))
}

/// Sets the default route; one that goes elsewhere, or to what is gone, is taken away first.
async fn route(cloud: &EksCloud, table: &RouteTable, id: &str, way: &Way, tried: &str) -> Result<(), Fault> {
    let thing = || format!("route table {id}");
    let current = table.routes().iter().find(|route| route.destination_cidr_block() == Some(WORLD));
    if let Some(current) = current {
        let goes_there = match way {
            Way::Gateway(gateway) => current.gateway_id() == Some(gateway),
            Way::Nat(nat) => current.nat_gateway_id() == Some(nat),
        };
        if goes_there && current.state != Some(RouteState::Blackhole) {
            return Ok(());
        }
        let call = cloud.write.ec2.delete_route().route_table_id(id).destination_cidr_block(WORLD);
        match call.send().await {
            Ok(_) => {}
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {}
            Err(error) => return Err(making::not_completed(tried, &error, thing())),
        }
    }
    let call = cloud.write.ec2.create_route().route_table_id(id).destination_cidr_block(WORLD);
    let call = match way {
        Way::Gateway(gateway) => call.gateway_id(gateway),
        Way::Nat(nat) => call.nat_gateway_id(nat),
    };
    call.send().await.map(|_| ()).map_err(|error| {
        let fault = making::not_completed(tried, &error, thing());
        // An earlier try has set it, and EC2 does not show it yet.
        if fault.kind == FaultKind::AlreadyExists { making::again(fault) } else { fault }
    })
}

/// Makes the subnet use the table, whatever table it used before.
async fn associate(cloud: &EksCloud, id: &str, subnet: &str, tried: &str) -> Result<(), Fault> {
    let thing = || format!("route table {id}");
    let call = cloud.read.ec2.describe_route_tables().filters(find::filter("association.subnet-id", subnet));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for route tables", &error))?;
    let current = found.iter().flat_map(RouteTable::associations).find(|one| one.subnet_id() == Some(subnet));
    if let Some(current) = current {
        if current.route_table_id() == Some(id) {
            return Ok(());
        }
        let association = current.route_table_association_id().unwrap_or_default();
        let call = cloud.write.ec2.disassociate_route_table().association_id(association);
        match call.send().await {
            Ok(_) => {}
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {}
            Err(error) => return Err(making::not_completed(tried, &error, thing())),
        }
    }
    let call = cloud.write.ec2.associate_route_table().route_table_id(id).subnet_id(subnet);
    call.send().await.map(|_| ()).map_err(|error| {
        let fault = making::not_completed(tried, &error, thing());
        if fault.kind == FaultKind::AlreadyExists { making::again(fault) } else { fault }
    })
}
