//! Managed add-ons in an order that does not deadlock.
//!
//! Nodes are not ready without the network plugin, so it comes before them; DNS cannot be active without nodes, so nobody waits
//! for it before there are some; what needs running nodes comes after them.

use serde_json::json;

use super::{names, policies, roles, tags};
use crate::actions::eks::{EksAddon, EksClusterRef, EksIdentity, EksRoleRef};
use crate::lease;
use crate::rules::ownership;
use crate::spec::{EksSpec, NetworkPolicy};

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
pub fn wanted(cluster: &EksClusterRef, eks: &EksSpec, network_policy: NetworkPolicy) -> Vec<EksAddon> {
    let place = |name: &str| BEFORE_NODES.iter().position(|known| *known == name).unwrap_or(BEFORE_NODES.len());
    let mut wanted: Vec<&String> = eks.addons.iter().collect();
    wanted.sort_by_key(|name| (place(name), (*name).clone()));
    let enforces = |name: &str| name == VPC_CNI && network_policy.at_creation();
    wanted.into_iter().map(|name| EksAddon { enforces_policies: enforces(name), ..addon(cluster, name) }).collect()
}

/// What an add-on is told when it is made; EKS hands it to the add-on as it is.
///
/// The network plugin is told to enforce NetworkPolicies, and the volume driver to put our mark, and that of a lease, on every volume
/// it makes: its setting is `controller.extraVolumeTags`.
pub fn configuration(addon: &EksAddon) -> Option<String> {
    if addon.enforces_policies {
        return policies::switched(None, true);
    }
    if addon.name != EBS_CSI {
        return None;
    }
    let mut marks = ownership::labels(&addon.cluster.name);
    marks.extend(lease::marks(&addon.tags));
    Some(json!({"controller": {"extraVolumeTags": marks}}).to_string())
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
        enforces_policies: false,
        tags: tags::part_tags(&cluster.name, &format!("addon-{name}")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[test]
    fn volumes_the_driver_makes_bear_our_mark_and_the_leases() {
        let cluster =
            EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "small".to_owned() };
        let told = |name: &str| {
            let mut addon = addon(&cluster, name);
            addon.tags.insert(lease::LEASE_KEY.to_owned(), "pr-1".to_owned());
            configuration(&addon).map(|text| serde_json::from_str::<Value>(&text).expect("JSON"))
        };
        let told_driver = told(EBS_CSI).expect("the driver is told");
        let marks: BTreeMap<String, String> =
            serde_json::from_value(told_driver["controller"]["extraVolumeTags"].clone()).expect("texts");
        let mut want = ownership::labels("small");
        want.insert(lease::LEASE_KEY.to_owned(), "pr-1".to_owned());
        assert_eq!(marks, want);
        assert_eq!(told(VPC_CNI), None);
    }
}
