//! AllocateAddress.

use aws_sdk_ec2::types::{DomainType, ResourceType};
use berth_core::actions::eks::EksAddress;
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::making;
use crate::cloud::EksCloud;
use crate::dates::Dates;
use crate::find;

/// Takes an address, or finds that an earlier try has.
///
/// EC2 has no token for this: after a lost answer a second one can be taken while the first is not shown yet. Its tags say whose
/// it is, so it goes with the cluster.
pub(crate) async fn allocate_address(cloud: &EksCloud, wanted: &EksAddress) -> Result<Started, Fault> {
    if find::address(cloud, &wanted.cluster, &wanted.part).await?.is_some() {
        return Ok(Started::Done);
    }
    let tags = find::tagged(ResourceType::ElasticIp, &wanted.tags);
    let call = cloud.write.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(tags);
    // Its id is only known with the answer.
    let dates = Dates::default();
    let sent = call.customize().interceptor(dates.of(&wanted.part)).send().await;
    let made = sent.map_err(|error| making::not_made(&format!("allocate {}", wanted.part), &error))?;
    if let Some((id, at)) = made.allocation_id().zip(dates.when(&wanted.part)) {
        cloud.begins.keep(id, at);
    }
    Ok(Started::Done)
}
