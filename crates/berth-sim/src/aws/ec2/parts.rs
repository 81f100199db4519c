//! What EKS itself makes in EC2 for a cluster and its node groups, and takes away with them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::security::make_group;
use super::serve::make;
use super::templates::make_template;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::{Asked, texts};
use crate::world::World;

/// How many network interfaces a control plane has.
const INTERFACES: usize = 2;

/// Makes a cluster's security group and its control plane's interfaces.
pub(crate) fn make_cluster_parts(world: &mut World, uid: &str, now: Timestamp) {
    let Some(cluster) = world.aws.by_uid(uid) else { return };
    let (name, region, vpc) = (cluster.name().to_owned(), cluster.region.clone(), cluster.network("vpcId").to_owned());
    let config = cluster.fields["resourcesVpcConfig"].clone();
    let tags = BTreeMap::from([
        (format!("kubernetes.io/cluster/{name}"), "owned".to_owned()),
        ("aws:eks:cluster-name".to_owned(), name.clone()),
        ("Name".to_owned(), format!("eks-cluster-sg-{name}-{}", now.as_second())),
    ]);
    let group_name = format!("eks-cluster-sg-{name}-{}", crate::lifecycle::digest(uid) % 100_000_000);
    let text = "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.";
    let group = make_group(world, &region, &vpc, (&group_name, text), tags);
    if let Some(thing) = world.aws.things.get_mut(&group) {
        let own = json!([{"ipProtocol": "-1", "groups": [{"groupId": group, "userId": ACCOUNT}], "ipRanges": [], "ipv6Ranges": [], "prefixListIds": []}]);
        thing.fields.insert("ipPermissions".to_owned(), own);
    }
    let groups: Vec<Value> = texts(config.get("securityGroupIds"))
        .into_iter()
        .chain([group.as_str()])
        .map(|id| json!({"groupId": id}))
        .collect();
    for subnet in texts(config.get("subnetIds")).into_iter().take(INTERFACES) {
        let zone = world.aws.things.get(subnet).map(|thing| thing.fields["availabilityZone"].clone());
        make(world, &region, "eni-", BTreeMap::new(), |id| {
            json!({
                "networkInterfaceId": id, "subnetId": subnet, "vpcId": vpc, "ownerId": ACCOUNT, "status": "in-use",
                "interfaceType": "interface", "requesterManaged": true, "availabilityZone": zone,
                "description": format!("Amazon EKS {name}"), "groupSet": groups,
            })
        });
    }
    let Some(cluster) = world.aws.by_uid(uid) else { return };
    cluster.fields["resourcesVpcConfig"]["clusterSecurityGroupId"] = Value::from(group);
}

/// Takes them away; the security group stays when something else still uses it.
pub(crate) fn drop_cluster_parts(world: &mut World, uid: &str) {
    let Some(cluster) = world.aws.by_uid(uid) else { return };
    let description = format!("Amazon EKS {}", cluster.name());
    let (region, group) = (cluster.region.clone(), cluster.network("clusterSecurityGroupId").to_owned());
    world.aws.things.retain(|_, thing| thing.region != region || thing.text("description") != description);
    let used = world.aws.kind("eni-", &region).any(|(_, eni)| {
        eni.fields["groupSet"].as_array().is_some_and(|all| all.iter().any(|one| one["groupId"] == group.as_str()))
    });
    if !used {
        world.aws.things.remove(&group);
    }
}

/// Makes the launch template that EKS keeps of its own for a node group.
pub(crate) fn make_template_for_group(world: &mut World, asked: &Asked<'_>, id: &str) {
    let tags = BTreeMap::from([
        ("eks:cluster-name".to_owned(), asked.text("name").to_owned()),
        ("eks:nodegroup-name".to_owned(), asked.text("nodegroupName").to_owned()),
    ]);
    make_template(world, asked, &format!("eks-{id}"), &json!({}), tags);
}

/// Takes away what EKS made for a node group: its launch template, its instance profile.
pub(crate) fn drop_group_parts(world: &mut World, uid: &str, name: &str) {
    let Some(group) = world.group(uid, name) else { return };
    let id = group.fields["nodegroupArn"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let made = format!("eks-{id}");
    world.aws.things.retain(|_, thing| thing.text("launchTemplateName") != made);
    world.aws.profiles.remove(&made);
}
