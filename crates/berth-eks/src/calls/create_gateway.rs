//! CreateInternetGateway, attached to the VPC.

use aws_sdk_ec2::types::{InternetGateway, ResourceType};
use berth_core::actions::eks::EksGateway;
use berth_core::ports::Started;
use berth_core::rules::eks::network;
use berth_core::run::Fault;

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, find};

/// Makes the gateway, or attaches the one an earlier try has made.
pub(crate) async fn create_gateway(cloud: &EksCloud, wanted: &EksGateway) -> Result<Started, Fault> {
    let tried = "create the internet gateway";
    let vpc = find::known_vpc(cloud, &wanted.cluster, tried).await?;
    let filters = find::of_part(&wanted.cluster, network::INTERNET_GATEWAY);
    let call = cloud.read.ec2.describe_internet_gateways().set_filters(Some(filters));
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for internet gateways", &error))?;
    if found.iter().any(|gateway| stands_at(gateway, &vpc)) {
        return Ok(Started::Done);
    }
    let loose = found.into_iter().filter(|gateway| gateway.attachments().is_empty());
    let id = match loose.filter_map(|gateway| gateway.internet_gateway_id).min() {
        Some(id) => id,
        None => {
            let tags = find::tagged(ResourceType::InternetGateway, &wanted.tags);
            let made = cloud.write.ec2.create_internet_gateway().tag_specifications(tags).send().await;
            let made = made.map_err(|error| making::not_made(tried, &error))?;
            making::id_in(made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id), tried)?
        }
    };
    let attached = cloud.write.ec2.attach_internet_gateway().internet_gateway_id(&id).vpc_id(&vpc).send().await;
    attached.map(|_| Started::Done).map_err(|error| {
        let fault = making::not_completed(tried, &error, format!("internet gateway {id}"));
        // An earlier try attached it, and EC2 does not show it yet.
        let already = classify::code_of(&error) == Some("Resource.AlreadyAssociated");
        if already { making::again(fault) } else { fault }
    })
}

fn stands_at(gateway: &InternetGateway, vpc: &str) -> bool {
    gateway.attachments().iter().any(|attachment| attachment.vpc_id() == Some(vpc))
}
