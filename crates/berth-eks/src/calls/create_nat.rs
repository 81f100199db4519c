//! CreateNatGateway.

use aws_sdk_ec2::types::{NatGateway, NatGatewayState, ResourceType};
use berth_core::actions::eks::EksNat;
use berth_core::ports::Started;
use berth_core::rules::eks::names;
use berth_core::run::Fault;

use super::making;
use crate::cloud::EksCloud;
use crate::ticket::Work;
use crate::{classify, find};

/// How often a token that belongs to a dead gateway is replaced.
const TOKENS: usize = 3;

/// Makes the gateway, or finds the one an earlier try has made.
pub(crate) async fn create_nat(cloud: &EksCloud, wanted: &EksNat) -> Result<Started, Fault> {
    let tried = format!("create {}", wanted.part);
    let cluster = &wanted.cluster;
    let vpc = find::known_vpc(cloud, cluster, &tried).await?;
    let found = find::nats(cloud, cluster, &wanted.part).await?;
    let found: Vec<NatGateway> = found.into_iter().filter(|nat| nat.vpc_id.as_ref() == Some(&vpc)).collect();
    if let Some(nat) = found.iter().find(|nat| !is_dead(nat)) {
        return Ok(started(wanted, nat));
    }
    let subnet = find::subnet(cloud, cluster, &vpc, &wanted.subnet).await?;
    let subnet = subnet.and_then(|subnet| subnet.subnet_id).ok_or_else(|| find::unseen(&tried, &wanted.subnet))?;
    let address = find::address(cloud, cluster, &wanted.address).await?;
    let address = address.ok_or_else(|| find::unseen(&tried, &wanted.address))?;
    // A token brings back what it made, also after that failed; so the dead ones are part of it.
    let mut dead: Vec<String> = found.into_iter().filter_map(|nat| nat.nat_gateway_id).collect();
    for _ in 0..TOKENS {
        let nat = create(cloud, wanted, (&subnet, &address), &dead).await?;
        let id = making::id_in(nat.nat_gateway_id.clone(), &tried)?;
        if !is_dead(&nat) && !dead.contains(&id) {
            return Ok(started(wanted, &nat));
        }
        dead.push(id);
    }
    Err(find::unseen(&tried, "a NAT gateway that works"))
}

async fn create(
    cloud: &EksCloud,
    wanted: &EksNat,
    (subnet, address): (&str, &str),
    dead: &[String],
) -> Result<NatGateway, Fault> {
    let tried = format!("create {}", wanted.part);
    let mut parts = vec![address, subnet];
    parts.extend(dead.iter().map(String::as_str));
    let call = cloud.write.ec2.create_nat_gateway().subnet_id(subnet).allocation_id(address);
    let call = call.client_token(names::client_token(&parts));
    let call = call.tag_specifications(find::tagged(ResourceType::Natgateway, &wanted.tags));
    let made = call.send().await.map_err(|error| {
        let fault = making::not_made(&tried, &error);
        match classify::code_of(&error) {
            // The one an earlier try has made has the address and is not shown yet, or a dead one still holds it;
            // or EC2 does not know yet that the VPC's gateway is attached.
            Some("Resource.AlreadyAssociated" | "Gateway.NotAttached") => making::again(fault),
            _ => fault,
        }
    })?;
    Ok(made.nat_gateway.unwrap_or_else(|| NatGateway::builder().build()))
}

fn is_dead(nat: &NatGateway) -> bool {
    !matches!(nat.state, None | Some(NatGatewayState::Available | NatGatewayState::Pending))
}

fn started(wanted: &EksNat, nat: &NatGateway) -> Started {
    if nat.state == Some(NatGatewayState::Available) {
        return Started::Done;
    }
    let id = nat.nat_gateway_id.clone().unwrap_or_default();
    Work::Nat { cluster: wanted.cluster.clone(), id }.waiting()
}
