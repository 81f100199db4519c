//! Tags say whose a thing on AWS is, which cluster it belongs to and which part of it it is.
//!
//! AWS allows 50 tags, keys of 128 and values of 256 characters, out of letters, digits, spaces and `+ - = . _ : / @`.

use std::collections::BTreeMap;

use crate::rules::ownership;
use crate::spec::ClusterSpec;

/// Tag key that says which part of a cluster's surroundings a thing is, for example `subnet-public-us-east-1a`.
pub const PART_KEY: &str = "berth-part";
/// Tag key that says which pool of the file a node group or launch template belongs to.
pub const POOL_KEY: &str = "berth-pool";
/// Tag key that says in which region the cluster stands, for what is global (IAM).
pub const REGION_KEY: &str = "berth-region";
/// Tag key AWS's consoles show as the name.
pub const NAME_KEY: &str = "Name";
/// Tag of a public subnet in which load balancers for the world may stand.
pub const PUBLIC_LOAD_BALANCER_KEY: &str = "kubernetes.io/role/elb";
/// Tag of a private subnet in which inner load balancers may stand.
pub const INNER_LOAD_BALANCER_KEY: &str = "kubernetes.io/role/internal-elb";

/// Longest value of a tag.
const VALUE_LIMIT: usize = 256;

/// Tags of the cluster object: the user's and, stronger, berth's own.
pub fn cluster_tags(spec: &ClusterSpec) -> BTreeMap<String, String> {
    let mut tags: BTreeMap<String, String> =
        spec.labels.iter().map(|(key, value)| (key.clone(), value.chars().take(VALUE_LIMIT).collect())).collect();
    tags.extend(ownership::labels(&spec.name));
    tags
}

/// Tags of a part of the cluster's surroundings.
pub fn part_tags(cluster: &str, part: &str) -> BTreeMap<String, String> {
    let mut tags = ownership::labels(cluster);
    tags.insert(PART_KEY.to_owned(), part.to_owned());
    tags.insert(NAME_KEY.to_owned(), format!("{cluster}/{part}"));
    tags
}

/// Tags of a role; IAM is global, so they also name the region.
pub fn role_tags(cluster: &str, region: &str) -> BTreeMap<String, String> {
    let mut tags = ownership::labels(cluster);
    tags.insert(REGION_KEY.to_owned(), region.to_owned());
    tags
}

/// Tags of a node group, its launch template, and the machines, volumes and network interfaces made from it.
pub fn pool_tags(cluster: &str, pool: &str) -> BTreeMap<String, String> {
    let mut tags = ownership::labels(cluster);
    tags.insert(POOL_KEY.to_owned(), pool.to_owned());
    tags
}
