//! CreateSubnet, and addresses at launch for a public one.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Tag};
use berth_core::actions::eks::EksSubnet;
use berth_core::ports::Started;
use berth_core::rules::ownership;
use berth_core::run::Fault;

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, find};

/// Makes the subnet, or completes the one an earlier try has made.
pub(crate) async fn create_subnet(cloud: &EksCloud, wanted: &EksSubnet) -> Result<Started, Fault> {
    let tried = format!("create {}", wanted.part);
    let vpc = find::known_vpc(cloud, &wanted.cluster, &tried).await?;
    let (id, gives_addresses) = match find::subnet(cloud, &wanted.cluster, &vpc, &wanted.part).await? {
        Some(found) => (found.subnet_id.unwrap_or_default(), found.map_public_ip_on_launch == Some(true)),
        None => (create(cloud, wanted, &vpc, &tried).await?, false),
    };
    if wanted.public && !gives_addresses {
        let on = AttributeBooleanValue::builder().value(true).build();
        let call = cloud.write.ec2.modify_subnet_attribute().subnet_id(&id).map_public_ip_on_launch(on);
        call.send().await.map_err(|error| making::not_completed(&tried, &error, format!("subnet {id}")))?;
    }
    Ok(Started::Done)
}

async fn create(cloud: &EksCloud, wanted: &EksSubnet, vpc: &str, tried: &str) -> Result<String, Fault> {
    let call = cloud.write.ec2.create_subnet().vpc_id(vpc).cidr_block(&wanted.cidr).availability_zone(&wanted.zone);
    let call = call.tag_specifications(find::tagged(ResourceType::Subnet, &wanted.tags));
    match call.send().await {
        Ok(made) => making::id_in(made.subnet.and_then(|subnet| subnet.subnet_id), tried),
        Err(error) => {
            let fault = making::not_made(tried, &error);
            let taken = classify::code_of(&error) == Some("InvalidSubnet.Conflict");
            Err(if taken { taken_by(cloud, vpc, fault).await? } else { fault })
        }
    }
}

/// The range is taken: by our own subnet, which an earlier try has made and EC2 did not show yet, unless somebody else's is there.
async fn taken_by(cloud: &EksCloud, vpc: &str, fault: Fault) -> Result<Fault, Fault> {
    let call = cloud.read.ec2.describe_subnets().filters(find::filter("vpc-id", vpc));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for subnets", &error))?;
    let is_ours = |tag: &Tag| tag.key() == Some(ownership::OWNER_KEY) && tag.value() == Some(ownership::OWNER_VALUE);
    let foreign = found.iter().find(|subnet| !subnet.tags().iter().any(is_ours));
    Ok(match foreign {
        Some(subnet) => {
            let id = subnet.subnet_id().unwrap_or_default();
            let said = format!("{}; subnet {id} is in the VPC, and its tags do not say that it is berth's", fault.said);
            Fault { said, ..fault }
        }
        None => making::again(fault),
    })
}
