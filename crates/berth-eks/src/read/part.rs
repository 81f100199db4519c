//! Tags, and what they say a thing is.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;
use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind, EksPartRef};
use berth_core::rules::eks::tags::PART_KEY;
use berth_core::rules::ownership;

/// The tag of Kubernetes' own controllers, in front of the cluster's name; its value is `owned`.
const OWNED_PREFIX: &str = "kubernetes.io/cluster/";
/// Tag key of EKS on what it makes itself.
const EKS_KEY: &str = "aws:eks:cluster-name";
/// Tag key of the load balancer controller.
const BALANCER_KEY: &str = "elbv2.k8s.aws/cluster";
/// Tag key of the network plugin.
const PLUGIN_KEY: &str = "cluster.k8s.amazonaws.com/name";
/// Tag key of the network plugin that names the machine an interface was made for; older ones put no other.
pub(super) const MACHINE_KEY: &str = "node.k8s.amazonaws.com/instance_id";
/// Tag keys of the volume driver, old and new.
const VOLUME_KEYS: [&str; 2] = ["KubernetesCluster", "ebs.csi.aws.com/cluster-name"];
/// Tag key that names the claim a volume was made for.
pub(crate) const CLAIM_KEY: &str = "kubernetes.io/created-for/pvc/name";

/// Keys of tags with which what is not berth names a cluster, whichever it is; EC2's filters take `*` for anything.
pub(crate) const LOOSE_KEYS: [&str; 6] =
    ["kubernetes.io/cluster/*", EKS_KEY, BALANCER_KEY, PLUGIN_KEY, VOLUME_KEYS[0], VOLUME_KEYS[1]];

/// The cluster these tags name in any way but berth's own, and the tag that names it.
pub(crate) fn named(tags: &BTreeMap<String, String>) -> Option<(String, String)> {
    let owned = tags.iter().filter(|(_, value)| *value == "owned");
    let owned = owned.filter_map(|(key, value)| Some((key.strip_prefix(OWNED_PREFIX)?, format!("{key}={value}"))));
    let fixed = [EKS_KEY, BALANCER_KEY, PLUGIN_KEY, VOLUME_KEYS[0], VOLUME_KEYS[1]].into_iter();
    let fixed = fixed.filter_map(|key| Some((tags.get(key)?.as_str(), format!("{key}={}", tags[key]))));
    let mut names = owned.chain(fixed).filter(|(name, _)| !name.is_empty());
    let (name, words) = names.next()?;
    Some((name.to_owned(), words))
}

/// All keys of tags that can name a cluster, for EC2's filter `tag-key`.
pub(super) fn keys(cluster: &EksClusterRef) -> Vec<String> {
    let theirs = [EKS_KEY, BALANCER_KEY, PLUGIN_KEY, MACHINE_KEY, VOLUME_KEYS[0], VOLUME_KEYS[1]];
    let fixed = std::iter::once(ownership::CLUSTER_KEY).chain(theirs);
    fixed.map(ToOwned::to_owned).chain([format!("{OWNED_PREFIX}{}", cluster.name)]).collect()
}

/// Whether berth made it for this cluster.
pub(super) fn is_ours(cluster: &EksClusterRef, tags: &BTreeMap<String, String>) -> bool {
    ownership::is_ours(tags) && has(tags, ownership::CLUSTER_KEY, &cluster.name)
}

/// Whether berth, EKS or something in the cluster made it for this cluster.
pub(crate) fn is_of(cluster: &EksClusterRef, tags: &BTreeMap<String, String>) -> bool {
    is_ours(cluster, tags)
        || has(tags, &format!("{OWNED_PREFIX}{}", cluster.name), "owned")
        || [EKS_KEY, BALANCER_KEY, PLUGIN_KEY].iter().any(|key| has(tags, key, &cluster.name))
}

/// Whether it is a volume of a claim in this cluster.
pub(super) fn is_claimed(cluster: &EksClusterRef, tags: &BTreeMap<String, String>) -> bool {
    let names = has(tags, &format!("{OWNED_PREFIX}{}", cluster.name), "owned")
        || VOLUME_KEYS.iter().any(|key| has(tags, key, &cluster.name));
    names && tags.contains_key(CLAIM_KEY)
}

fn has(tags: &BTreeMap<String, String>, key: &str, value: &str) -> bool {
    tags.get(key).is_some_and(|have| have == value)
}

/// EC2's tags in order.
pub(crate) fn of_ec2(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    let pairs = tags.unwrap_or_default().into_iter();
    pairs.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

/// A thing that does its work; which part it is stands in its tags if berth made it.
pub(super) fn part(kind: EksPartKind, id: Option<String>, state: &str, tags: BTreeMap<String, String>) -> EksPart {
    let part = tags.get(PART_KEY).filter(|_| ownership::is_ours(&tags)).cloned();
    let thing = EksPartRef { kind, id: id.unwrap_or_default() };
    EksPart { thing, part, state: state.to_owned(), complete: true, tags }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> EksClusterRef {
        EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() }
    }

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn makers_name_the_cluster_in_their_own_ways() {
        let cluster = cluster();
        let of = |pairs: &[(&str, &str)]| is_of(&cluster, &tags(pairs));
        assert!(of(&[("managed-by", "berth"), ("berth-cluster", "c")]));
        assert!(of(&[("kubernetes.io/cluster/c", "owned")]));
        assert!(of(&[("elbv2.k8s.aws/cluster", "c")]));
        assert!(of(&[("cluster.k8s.amazonaws.com/name", "c")]));
        // Shared things, things of others, and things somebody else tagged like ours.
        assert!(!of(&[("kubernetes.io/cluster/c", "shared")]));
        assert!(!of(&[("kubernetes.io/cluster/c2", "owned")]));
        assert!(!of(&[("berth-cluster", "c")]));
        assert!(!of(&[("managed-by", "berth"), ("berth-cluster", "c2")]));
    }

    #[test]
    fn a_volume_is_a_claims_only_if_it_names_claim_and_cluster() {
        let cluster = cluster();
        let claimed = |pairs: &[(&str, &str)]| is_claimed(&cluster, &tags(pairs));
        assert!(claimed(&[(CLAIM_KEY, "models"), ("KubernetesCluster", "c")]));
        assert!(claimed(&[(CLAIM_KEY, "models"), ("ebs.csi.aws.com/cluster-name", "c")]));
        assert!(claimed(&[(CLAIM_KEY, "models"), ("kubernetes.io/cluster/c", "owned")]));
        assert!(!claimed(&[(CLAIM_KEY, "models"), ("ebs.csi.aws.com/cluster", "true")]));
        assert!(!claimed(&[("kubernetes.io/cluster/c", "owned")]));
    }

    #[test]
    fn the_cluster_is_read_out_of_the_tags_of_others() {
        let read = |pairs: &[(&str, &str)]| named(&tags(pairs));
        let name = |name: &str, words: &str| Some((name.to_owned(), words.to_owned()));
        assert_eq!(read(&[("kubernetes.io/cluster/c", "owned")]), name("c", "kubernetes.io/cluster/c=owned"));
        assert_eq!(read(&[("elbv2.k8s.aws/cluster", "c")]), name("c", "elbv2.k8s.aws/cluster=c"));
        assert_eq!(read(&[("cluster.k8s.amazonaws.com/name", "c")]), name("c", "cluster.k8s.amazonaws.com/name=c"));
        assert_eq!(read(&[("kubernetes.io/cluster/c", "shared"), ("kubernetes.io/cluster/", "owned")]), None);
        assert_eq!(read(&[("managed-by", "berth"), ("berth-cluster", "c")]), None);
    }

    #[test]
    fn only_what_berth_made_is_a_part() {
        let ours = tags(&[("managed-by", "berth"), ("berth-cluster", "c"), ("berth-part", "vpc")]);
        assert_eq!(part(EksPartKind::Vpc, None, "available", ours).part.as_deref(), Some("vpc"));
        let other = tags(&[("berth-part", "vpc")]);
        assert_eq!(part(EksPartKind::Vpc, None, "available", other).part, None);
    }
}
