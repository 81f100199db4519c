//! Why the machines of a node group cannot become Ready nodes.

use crate::aws::ec2;
use crate::aws::iam::role_name;
use crate::aws::state::text;
use crate::world::World;

/// What keeps machines from joining.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trouble {
    /// The health issue's code.
    pub(crate) code: &'static str,
    /// Its message.
    pub(crate) message: String,
    /// Whether the kubelet registers all the same and only never becomes Ready.
    pub(crate) registers: bool,
    /// Whether EKS sees it before a machine has tried.
    pub(crate) at_once: bool,
    /// Whether EKS has given up.
    pub(crate) final_: bool,
}

fn trouble_of(code: &'static str, message: &str, registers: bool) -> Trouble {
    Trouble { code, message: message.to_owned(), registers, at_once: false, final_: false }
}

const NOT_JOINED: &str = "Instances failed to join the kubernetes cluster";
const NOT_READY: &str =
    "Instances failed to become Ready: container runtime network not ready: cni plugin not initialized";

/// What keeps the machines of a group from joining at present, if anything does.
pub(crate) fn trouble(world: &World, uid: &str, name: &str) -> Option<Trouble> {
    let cluster = world.aws.clusters.values().find(|cluster| cluster.uid == uid)?;
    let group = cluster.groups.get(name)?;
    let subnets = crate::aws::serve::texts(group.fields.get("subnets"));
    for id in &subnets {
        let subnet = world.aws.things.get(*id)?;
        let way = ec2::way_out(world, id);
        if way == ec2::WayOut::Internet && subnet.fields["mapPublicIpOnLaunch"] != true {
            let message = format!(
                "One or more Amazon EC2 Subnets of [{id}] for node group {name} does not automatically assign public IP \
                 addresses to instances launched into it. If you want your instances to be assigned a public IP address, \
                 then you need to enable auto-assign public IP address for the subnet."
            );
            let invalid = trouble_of("Ec2SubnetInvalidConfiguration", &message, false);
            return Some(Trouble { at_once: true, ..invalid });
        }
        let private = cluster.fields["resourcesVpcConfig"]["endpointPrivateAccess"] == true;
        if way == ec2::WayOut::None && !private {
            return Some(trouble_of("NodeCreationFailure", NOT_JOINED, false));
        }
    }
    if !ec2::has_names(world, cluster.network("vpcId")) {
        return Some(trouble_of("NodeCreationFailure", NOT_JOINED, false));
    }
    if !ec2::template_lets_in(world, group, cluster.network("clusterSecurityGroupId")) {
        return Some(trouble_of("NodeCreationFailure", NOT_JOINED, false));
    }
    let role = world.aws.roles.get(role_name(text(&group.fields, "nodeRole")));
    let has = |policy: &str| role.is_some_and(|role| role.attached.iter().any(|arn| arn.ends_with(policy)));
    let inline = role.is_some_and(|role| !role.inline.is_empty());
    if !inline && !has("AmazonEKSWorkerNodePolicy") && !has("AmazonEKSWorkerNodeMinimalPolicy") {
        return Some(trouble_of("NodeCreationFailure", NOT_JOINED, false));
    }
    if !inline && !has("AmazonEC2ContainerRegistryReadOnly") && !has("AmazonEC2ContainerRegistryPullOnly") {
        return Some(trouble_of("NodeCreationFailure", NOT_JOINED, false));
    }
    let cni = cluster.kube.get("daemonsets", Some("kube-system"), "aws-node").is_some();
    let own_role =
        cluster.addons.get("vpc-cni").is_some_and(|addon| addon.fields.contains_key("serviceAccountRoleArn"));
    let identity = cluster.identities.values().any(|one| one["serviceAccount"] == "aws-node");
    if !cni || !(own_role || identity || inline || has("AmazonEKS_CNI_Policy")) {
        return Some(trouble_of("NodeCreationFailure", NOT_READY, true));
    }
    None
}
