//! The roles a cluster needs, and AWS's own policies for them.

use super::{addons, autoscaler, names, tags};
use crate::actions::eks::{EksClusterRef, EksRole, EksRoleRef, EksTrust};
use crate::spec::EksSpec;

/// Purpose of the control plane's role, part of its name.
pub const CLUSTER: &str = "cluster";
/// Purpose of the nodes' role.
pub const NODE: &str = "node";
/// Purpose of the role of the EBS volume driver.
pub const EBS_CSI: &str = "ebs-csi";
/// Purpose of the cluster autoscaler's role.
pub const AUTOSCALER: &str = "autoscaler";
/// Name of a role's own policy.
pub const OWN_POLICY: &str = "berth";

/// The control plane's role.
pub fn cluster(cluster: &EksClusterRef, eks: &EksSpec) -> EksRoleRef {
    reference(cluster, CLUSTER, eks.cluster_role_arn.as_ref())
}

/// The nodes' role.
pub fn node(cluster: &EksClusterRef, eks: &EksSpec) -> EksRoleRef {
    reference(cluster, NODE, eks.node_role_arn.as_ref())
}

fn reference(cluster: &EksClusterRef, purpose: &str, given: Option<&String>) -> EksRoleRef {
    given.map_or_else(|| EksRoleRef::Made(names::role(cluster, purpose)), |arn| EksRoleRef::Given(arn.clone()))
}

/// The roles berth makes: those that are not given, the volume driver's if it is wanted, and the autoscaler's if one runs.
///
/// The network plugin has no role of its own, so the nodes' role carries its policy; without it no node becomes ready.
pub fn made(cluster: &EksClusterRef, eks: &EksSpec, autoscales: bool) -> Vec<(&'static str, EksRole)> {
    let role = |purpose: &'static str, trust, policies: &[&str]| {
        let role = EksRole {
            cluster: cluster.clone(),
            name: names::role(cluster, purpose),
            trust,
            policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
            own_policy: None,
            tags: tags::role_tags(&cluster.name, &cluster.region),
        };
        (purpose, role)
    };
    let mut roles = Vec::new();
    if eks.cluster_role_arn.is_none() {
        let policies = ["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"];
        roles.push(role(CLUSTER, EksTrust::ControlPlane, &policies));
    }
    if eks.node_role_arn.is_none() {
        let policies = [
            "AmazonEKSWorkerNodePolicy",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonEKS_CNI_Policy",
            "AmazonSSMManagedInstanceCore",
        ];
        roles.push(role(NODE, EksTrust::Machines, &policies));
    }
    if eks.has_addon(addons::EBS_CSI) {
        roles.push(role(EBS_CSI, EksTrust::Pods, &["service-role/AmazonEBSCSIDriverPolicy"]));
    }
    if autoscales {
        let (purpose, role) = role(AUTOSCALER, EksTrust::Pods, &[]);
        roles.push((purpose, EksRole { own_policy: Some(autoscaler::policy(cluster)), ..role }));
    }
    roles
}
