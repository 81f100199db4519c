//! A role, after everything that hangs on it.

use aws_sdk_iam::types::InstanceProfile;
use berth_core::actions::eks::EksPartRef;
use berth_core::ports::Progress;
use berth_core::rules::ownership;
use berth_core::run::Fault;

use super::{outcome, seen};
use crate::cloud::EksCloud;

/// Detaches AWS's policies, deletes inline ones, takes it out of instance profiles (those of ours go), then deletes it.
pub(super) async fn delete(cloud: &EksCloud, part: &EksPartRef) -> Result<Progress, Fault> {
    let (name, iam) = (part.id.as_str(), &cloud.read.iam);
    let attached: Result<Vec<_>, _> =
        iam.list_attached_role_policies().role_name(name).into_paginator().items().send().collect().await;
    let Some(attached) = seen(part, attached)? else { return Ok(Progress::Done) };
    for policy in attached {
        let arn = policy.policy_arn.unwrap_or_default();
        let sent = cloud.write.iam.detach_role_policy().role_name(name).policy_arn(arn).send().await;
        if let Progress::Pending(why) = outcome(part, sent)? {
            return Ok(Progress::Pending(why));
        }
    }
    let inline: Result<Vec<_>, _> =
        iam.list_role_policies().role_name(name).into_paginator().items().send().collect().await;
    for policy in seen(part, inline)?.unwrap_or_default() {
        let sent = cloud.write.iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
        if let Progress::Pending(why) = outcome(part, sent)? {
            return Ok(Progress::Pending(why));
        }
    }
    let profiles: Result<Vec<_>, _> =
        iam.list_instance_profiles_for_role().role_name(name).into_paginator().items().send().collect().await;
    for profile in seen(part, profiles)?.unwrap_or_default() {
        if let Progress::Pending(why) = leave(cloud, part, &profile).await? {
            return Ok(Progress::Pending(why));
        }
    }
    outcome(part, cloud.write.iam.delete_role().role_name(name).send().await)
}

/// Takes the role out of a profile. The list does not show tags, so the profile is read for itself.
async fn leave(cloud: &EksCloud, part: &EksPartRef, profile: &InstanceProfile) -> Result<Progress, Fault> {
    let name = profile.instance_profile_name();
    let call = cloud.write.iam.remove_role_from_instance_profile().instance_profile_name(name).role_name(&part.id);
    if let Progress::Pending(why) = outcome(part, call.send().await)? {
        return Ok(Progress::Pending(why));
    }
    let found = cloud.read.iam.get_instance_profile().instance_profile_name(name).send().await;
    let found = seen(part, found)?.and_then(|found| found.instance_profile);
    let is_ours = found.is_some_and(|profile| {
        let mut tags = profile.tags().iter();
        tags.any(|tag| tag.key() == ownership::OWNER_KEY && tag.value() == ownership::OWNER_VALUE)
    });
    if !is_ours {
        return Ok(Progress::Done);
    }
    outcome(part, cloud.write.iam.delete_instance_profile().instance_profile_name(name).send().await)
}
