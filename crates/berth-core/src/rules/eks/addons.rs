//! Managed add-ons in an order that does not deadlock.
//!
//! Nodes are not ready without the network plugin, so it comes before them; DNS cannot be active without nodes, so nobody waits
//! for it before there are some; what needs running nodes comes after them.

use super::{names, roles, tags};
use crate::actions::eks::{EksAddon, EksClusterRef, EksIdentity, EksRoleRef};
use crate::spec::EksSpec;

/// The network plugin.
pub const VPC_CNI: &str = "vpc-cni";
/// The volume driver.
pub const EBS_CSI: &str = "aws-ebs-csi-driver";
/// Cluster DNS.
pub const COREDNS: &str = "coredns";
/// The agent that hands roles to pods.
pub const POD_IDENTITY: &str = "eks-pod-identity-agent";
/// Those made before nodes; EKS calls none of them but DNS unhealthy for want of nodes.
const BEFORE_NODES: [&str; 4] = [VPC_CNI, "kube-proxy", POD_IDENTITY, COREDNS];

/// Whether the add-on is made before there are nodes.
pub fn is_before_nodes(name: &str) -> bool {
    BEFORE_NODES.contains(&name)
}

/// The add-ons a file wants, in the order in which they are made.
pub fn wanted(cluster: &EksClusterRef, eks: &EksSpec) -> Vec<EksAddon> {
    let place = |name: &str| BEFORE_NODES.iter().position(|known| *known == name).unwrap_or(BEFORE_NODES.len());
    let mut wanted: Vec<&String> = eks.addons.iter().collect();
    wanted.sort_by_key(|name| (place(name), (*name).clone()));
    wanted.into_iter().map(|name| addon(cluster, name)).collect()
}

fn addon(cluster: &EksClusterRef, name: &str) -> EksAddon {
    let identity = (name == EBS_CSI).then(|| EksIdentity {
        service_account: "ebs-csi-controller-sa".to_owned(),
        role: EksRoleRef::Made(names::role(cluster, roles::EBS_CSI)),
    });
    EksAddon {
        cluster: cluster.clone(),
        name: name.to_owned(),
        identity,
        wait: !is_before_nodes(name),
        tags: tags::part_tags(&cluster.name, &format!("addon-{name}")),
    }
}
