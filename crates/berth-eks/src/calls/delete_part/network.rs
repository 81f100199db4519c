//! The network berth made.

use aws_sdk_ec2::types::NatGatewayState;
use berth_core::actions::eks::{EksClusterRef, EksPartRef};
use berth_core::ports::Progress;
use berth_core::run::Fault;

use super::held::Held;
use super::{outcome, seen};
use crate::cloud::EksCloud;

/// A NAT gateway; gone when EC2 says `deleted`, because until then it has its address and its place in the subnet.
pub(super) async fn nat(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_nat_gateways().nat_gateway_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.nat_gateways).unwrap_or_default();
    let Some(nat) = found.first() else { return Ok(Progress::Done) };
    let deleting = || Progress::Pending(Some(NatGatewayState::Deleting.as_str().to_owned()));
    let delete = || cloud.write.ec2.delete_nat_gateway().nat_gateway_id(&part.id).send();
    match nat.state {
        Some(NatGatewayState::Deleted) => Ok(Progress::Done),
        // It holds nothing, and EC2 may list it so for an hour.
        Some(NatGatewayState::Failed) => outcome(part, delete().await),
        Some(NatGatewayState::Deleting) => Ok(deleting()),
        // Accepted is not gone.
        _ => Ok(match outcome(part, delete().await)? {
            Progress::Done => deleting(),
            pending @ Progress::Pending(_) => pending,
        }),
    }
}

/// An address, once nothing has it any more.
pub(super) async fn address(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_addresses().allocation_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.addresses).unwrap_or_default();
    let Some(address) = found.first() else { return Ok(Progress::Done) };
    if address.association_id.is_some() {
        let holder = address.network_interface_id().unwrap_or("something");
        return Ok(Progress::Pending(Some(format!("associated with {holder}"))));
    }
    let call = cloud.write.ec2.release_address().allocation_id(&part.id);
    outcome(part, call.customize().interceptor(cloud.ends.of(&part.id)).send().await)
}

/// A route table; its subnets go back to the VPC's main one first.
pub(super) async fn route_table(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_route_tables().route_table_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.route_tables).unwrap_or_default();
    let Some(table) = found.first() else { return Ok(Progress::Done) };
    for association in table.associations().iter().filter(|association| association.main != Some(true)) {
        let id = association.route_table_association_id().unwrap_or_default();
        let sent = cloud.write.ec2.disassociate_route_table().association_id(id).send().await;
        if let Progress::Pending(why) = outcome(part, sent)? {
            return Ok(Progress::Pending(why));
        }
    }
    outcome(part, cloud.write.ec2.delete_route_table().route_table_id(&part.id).send().await)
}

/// A subnet.
pub(super) async fn subnet(cloud: &EksCloud, cluster: &EksClusterRef, part: &EksPartRef) -> Result<Progress, Fault> {
    let progress = outcome(part, cloud.write.ec2.delete_subnet().subnet_id(&part.id).send().await)?;
    Held { cluster, part, by: ("subnet-id", &part.id) }.cleared(cloud, progress).await
}

/// An internet gateway, detached first.
pub(super) async fn internet_gateway(
    cloud: &EksCloud,
    cluster: &EksClusterRef,
    part: &EksPartRef,
) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_internet_gateways().internet_gateway_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.internet_gateways).unwrap_or_default();
    let Some(gateway) = found.first() else { return Ok(Progress::Done) };
    for vpc in gateway.attachments().iter().filter_map(|attachment| attachment.vpc_id()) {
        let sent = cloud.write.ec2.detach_internet_gateway().internet_gateway_id(&part.id).vpc_id(vpc).send().await;
        let progress = match sent {
            // A repeated call finds it detached before EC2 shows that.
            Err(error) if crate::classify::code_of(&error) == Some("Gateway.NotAttached") => Progress::Done,
            sent => outcome(part, sent)?,
        };
        if progress != Progress::Done {
            return Held { cluster, part, by: ("vpc-id", vpc) }.told(cloud, progress).await;
        }
    }
    outcome(part, cloud.write.ec2.delete_internet_gateway().internet_gateway_id(&part.id).send().await)
}

/// A VPC, with its own route table and security group.
pub(super) async fn vpc(cloud: &EksCloud, cluster: &EksClusterRef, part: &EksPartRef) -> Result<Progress, Fault> {
    let progress = outcome(part, cloud.write.ec2.delete_vpc().vpc_id(&part.id).send().await)?;
    Held { cluster, part, by: ("vpc-id", &part.id) }.told(cloud, progress).await
}
