//! CreateVpc and its DNS attributes.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType};
use berth_core::actions::eks::EksVpc;
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::making;
use crate::cloud::EksCloud;
use crate::find;

/// Makes the VPC, or completes the one an earlier try has made. Nodes register only if both DNS attributes are on.
pub(crate) async fn create_vpc(cloud: &EksCloud, wanted: &EksVpc) -> Result<Started, Fault> {
    let tried = "create the VPC";
    let id = match find::vpc(cloud, &wanted.cluster).await? {
        Some(id) => id,
        None => {
            let call = cloud.write.ec2.create_vpc().cidr_block(&wanted.cidr);
            let call = call.tag_specifications(find::tagged(ResourceType::Vpc, &wanted.tags));
            let made = call.send().await.map_err(|error| making::not_made(tried, &error))?;
            making::id_in(made.vpc.and_then(|vpc| vpc.vpc_id), tried)?
        }
    };
    let on = || AttributeBooleanValue::builder().value(true).build();
    let call = || cloud.write.ec2.modify_vpc_attribute().vpc_id(&id);
    // One attribute a call; names need the service first.
    for call in [call().enable_dns_support(on()), call().enable_dns_hostnames(on())] {
        call.send().await.map_err(|error| making::not_completed(tried, &error, format!("VPC {id}")))?;
    }
    Ok(Started::Done)
}
