//! A security group, after its own rules and the rules of others that name it.

use aws_sdk_ec2::types::{IpPermission, SecurityGroup};
use berth_core::actions::eks::{EksClusterRef, EksPartRef};
use berth_core::ports::Progress;
use berth_core::run::Fault;

use super::held::Held;
use super::{outcome, seen};
use crate::cloud::EksCloud;
use crate::find;

/// Empties the group, takes it out of the rules of other groups, then deletes it; one that something still uses is waited for as it
/// is, because without its rules what uses it would be cut off, and that may be somebody else's.
///
/// Groups that name each other hold each other; and the load balancer controllers leave such rules in the cluster's own group.
pub(super) async fn delete(cloud: &EksCloud, cluster: &EksClusterRef, part: &EksPartRef) -> Result<Progress, Fault> {
    let found = cloud.read.ec2.describe_security_groups().group_ids(&part.id).send().await;
    let found = seen(part, found)?.and_then(|found| found.security_groups).unwrap_or_default();
    let Some(group) = found.first() else { return Ok(Progress::Done) };
    let held = Held { cluster, part, by: ("group-id", &part.id) };
    if let Some(holder) = held.holder(cloud).await? {
        return Ok(Progress::Pending(Some(holder)));
    }
    let rules = Rules { ingress: group.ip_permissions().to_vec(), egress: group.ip_permissions_egress().to_vec() };
    if let Progress::Pending(why) = revoke(cloud, part, &part.id, rules).await? {
        return Ok(Progress::Pending(why));
    }
    for other in naming(cloud, part).await? {
        let id = other.group_id().unwrap_or_default();
        let rules = Rules {
            ingress: about(other.ip_permissions(), &part.id),
            egress: about(other.ip_permissions_egress(), &part.id),
        };
        if let Progress::Pending(why) = revoke(cloud, part, id, rules).await? {
            return Ok(Progress::Pending(why));
        }
    }
    let progress = outcome(part, cloud.write.ec2.delete_security_group().group_id(&part.id).send().await)?;
    held.told(cloud, progress).await
}

struct Rules {
    ingress: Vec<IpPermission>,
    egress: Vec<IpPermission>,
}

async fn revoke(cloud: &EksCloud, part: &EksPartRef, group: &str, rules: Rules) -> Result<Progress, Fault> {
    let ec2 = &cloud.write.ec2;
    if !rules.ingress.is_empty() {
        let call = ec2.revoke_security_group_ingress().group_id(group).set_ip_permissions(Some(rules.ingress));
        if let Progress::Pending(why) = outcome(part, call.send().await)? {
            return Ok(Progress::Pending(why));
        }
    }
    if rules.egress.is_empty() {
        return Ok(Progress::Done);
    }
    let call = ec2.revoke_security_group_egress().group_id(group).set_ip_permissions(Some(rules.egress));
    outcome(part, call.send().await)
}

/// Other groups with a rule that names this one.
async fn naming(cloud: &EksCloud, part: &EksPartRef) -> Result<Vec<SecurityGroup>, Fault> {
    let mut groups: Vec<SecurityGroup> = Vec::new();
    for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let call = cloud.read.ec2.describe_security_groups().filters(find::filter(name, &part.id));
        let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let found = seen(part, found)?.unwrap_or_default();
        let is_new = |group: &SecurityGroup| {
            group.group_id() != Some(&part.id) && !groups.iter().any(|known| known.group_id == group.group_id)
        };
        let new: Vec<SecurityGroup> = found.into_iter().filter(is_new).collect();
        groups.extend(new);
    }
    Ok(groups)
}

/// The rules that name a group, and of each only what names it.
fn about(rules: &[IpPermission], group: &str) -> Vec<IpPermission> {
    let only = |rule: &IpPermission| {
        let pairs = rule.user_id_group_pairs().iter().filter(|pair| pair.group_id() == Some(group));
        let pairs: Vec<_> = pairs.cloned().collect();
        let bare = IpPermission::builder()
            .set_ip_protocol(rule.ip_protocol.clone())
            .set_from_port(rule.from_port)
            .set_to_port(rule.to_port);
        (!pairs.is_empty()).then(|| bare.set_user_id_group_pairs(Some(pairs)).build())
    };
    rules.iter().filter_map(only).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpRange, UserIdGroupPair};

    use super::*;

    #[test]
    fn of_a_rule_only_what_names_the_group_is_taken_away() {
        let pair = |id: &str| UserIdGroupPair::builder().group_id(id).build();
        let shared = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(80)
            .to_port(80)
            .user_id_group_pairs(pair("sg-1"))
            .user_id_group_pairs(pair("sg-2"))
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
            .build();
        let other = IpPermission::builder().ip_protocol("-1").user_id_group_pairs(pair("sg-2")).build();
        let found = about(&[shared, other], "sg-1");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].user_id_group_pairs(), [pair("sg-1")]);
        assert_eq!((found[0].ip_protocol(), found[0].from_port, found[0].to_port), (Some("tcp"), Some(80), Some(80)));
        assert!(found[0].ip_ranges().is_empty());
    }
}
