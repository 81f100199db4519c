//! Tags say whose a thing on AWS is, which cluster it belongs to and which part of it it is.
//!
//! AWS allows 50 tags, keys of 128 and values of 256 characters, out of letters, digits, spaces and `+ - = . _ : / @`.

use std::collections::BTreeMap;

use super::autoscaler::WantedAutoscaler;
use super::cluster::Wanted;
use super::group::WantedGroup;
use super::network::Network;
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

/// Puts a lease's tags on everything that is made around the cluster; the cluster and its administrators bear them as the file's labels.
///
/// Everything is named here, so that what is added to the wish cannot be forgotten. The device plugin's objects are Kubernetes' and bear
/// none; nor do associations, routes and policies, which AWS does not tag.
pub fn bear(wanted: &mut Wanted, lease: &BTreeMap<String, String>) {
    let Wanted {
        roles,
        network,
        cluster,
        admins: _,
        addons,
        network_policy: _,
        groups,
        notes: _,
        device_plugin: _,
        autoscaler,
    } = wanted;
    let mut all: Vec<&mut BTreeMap<String, String>> = vec![&mut cluster.tags];
    all.extend(roles.iter_mut().map(|(_, role)| &mut role.tags));
    all.extend(addons.iter_mut().map(|addon| &mut addon.tags));
    if let Some(WantedAutoscaler { identity, objects: _ }) = autoscaler {
        all.push(&mut identity.tags);
    }
    for WantedGroup { group, template, .. } in groups {
        all.extend([&mut group.tags, &mut template.tags, &mut template.machine_tags]);
    }
    if let Some(Network { vpc, gateway, subnets, addresses, nats, tables }) = network {
        all.extend([&mut vpc.tags, &mut gateway.tags]);
        all.extend(subnets.iter_mut().map(|subnet| &mut subnet.tags));
        all.extend(addresses.iter_mut().map(|address| &mut address.tags));
        all.extend(nats.iter_mut().map(|nat| &mut nat.tags));
        all.extend(tables.iter_mut().map(|table| &mut table.tags));
    }
    for tags in all {
        tags.extend(lease.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
