//! TagResource and UntagResource, for a cluster or a node group.

use std::collections::BTreeMap;

use berth_core::ports::Started;
use berth_core::run::Fault;

use super::making;
use crate::classify;
use crate::cloud::EksCloud;

/// Sets these tags and takes these keys away; both may be repeated. A cluster's or group's tags are none of what it made.
pub(super) async fn tag(
    cloud: &EksCloud,
    arn: Option<&str>,
    (set, remove): (&BTreeMap<String, String>, &[String]),
    tried: &str,
) -> Result<Started, Fault> {
    let arn = making::id_in(arn.map(str::to_owned), tried)?;
    if !set.is_empty() {
        let tags = set.clone().into_iter().collect();
        let sent = cloud.write.eks.tag_resource().resource_arn(&arn).set_tags(Some(tags)).send().await;
        sent.map_err(|error| classify::of_call(tried, &error))?;
    }
    if !remove.is_empty() {
        let sent = cloud.write.eks.untag_resource().resource_arn(&arn).set_tag_keys(Some(remove.to_vec())).send().await;
        sent.map_err(|error| classify::of_call(tried, &error))?;
    }
    Ok(Started::Done)
}
