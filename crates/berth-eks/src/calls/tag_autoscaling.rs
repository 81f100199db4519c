//! Auto scaling's CreateOrUpdateTags on the groups of machines behind a node group.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::Tag;
use berth_core::actions::eks::EksClusterRef;
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::under_way;
use crate::cloud::EksCloud;
use crate::poll::look;
use crate::{classify, find, there};

/// Most tags auto scaling takes in a call.
const BATCH: usize = 25;

/// Sets the tags; a repeated call sets them again.
pub(crate) async fn tag_autoscaling(
    cloud: &EksCloud,
    at: &EksClusterRef,
    group: &str,
    tags: &BTreeMap<String, String>,
) -> Result<Started, Fault> {
    let tried = format!("tag the machines' group of node group {group}");
    let have = there::group(cloud, at, group).await?.ok_or_else(|| under_way::not_there(&tried))?;
    let names = look::scaling_groups(&have);
    if names.is_empty() {
        return Err(find::unseen(&tried, &format!("the auto scaling group of node group {group}")));
    }
    let tag = |name: &str, key: &str, value: &str| {
        let tag = Tag::builder().resource_id(name).resource_type("auto-scaling-group");
        tag.key(key).value(value).propagate_at_launch(false).build()
    };
    let all: Vec<Tag> = names.iter().flat_map(|name| tags.iter().map(|(key, value)| tag(name, key, value))).collect();
    for batch in all.chunks(BATCH) {
        let sent = cloud.write.autoscaling.create_or_update_tags().set_tags(Some(batch.to_vec())).send().await;
        // Tags alone cost nothing and go with the group: they count as nothing left behind.
        sent.map_err(|error| {
            let fault = classify::of_call(&tried, &error);
            let text = fault.said.to_ascii_lowercase();
            // Auto scaling does not show the group yet that EKS names.
            if text.contains("not found") { find::unseen(&tried, &fault.said) } else { fault }
        })?;
    }
    Ok(Started::Done)
}
