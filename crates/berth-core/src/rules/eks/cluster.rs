//! The file's cluster with all that has to stand around it on AWS.

use super::autoscaler::WantedAutoscaler;
use super::group::{Ground, WantedGroup};
use super::network::{self, Network};
use super::{addons, autoscaler, group, roles, tags, zones};
use crate::actions::eks::{EksAddon, EksCluster, EksClusterRef, EksRole, EksSettings, EksSubnets};
use crate::lease;
use crate::manifests::device_plugin::{self, DevicePlugin};
use crate::observed::{Observed, ObservedCloud, Phase};
use crate::plan::{Note, Refusal};
use crate::spec::{AmiFamily, ClusterSpec, EksSpec, NetworkPolicy, PoolSpec, Sharing};

/// What the file means on EKS.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Roles berth makes, with their purposes.
    pub roles: Vec<(&'static str, EksRole)>,
    /// The network berth makes; `None` when subnets are given.
    pub network: Option<Network>,
    /// The cluster object.
    pub cluster: EksCluster,
    /// Principals that become cluster administrators.
    pub admins: Vec<String>,
    /// Add-ons, in the order in which they are made.
    pub addons: Vec<EksAddon>,
    /// Whether the file says that NetworkPolicies are enforced, also of a cluster that stands.
    pub network_policy: NetworkPolicy,
    /// Node groups, in the order of the file, GPU pools first.
    pub groups: Vec<WantedGroup>,
    /// What is worth knowing about how the pools' nodes are shared out over their groups.
    pub notes: Vec<Note>,
    /// The device plugin; `None` without GPU pools.
    pub device_plugin: Option<DevicePlugin>,
    /// The cluster autoscaler; `None` if no pool can grow.
    pub autoscaler: Option<WantedAutoscaler>,
}

/// What the file means on EKS, in this account, given the zones that were seen.
///
/// # Errors
/// Something in it cannot be had on EKS.
pub fn wanted(spec: &ClusterSpec, eks: &EksSpec, account: &str, observed: &Observed) -> Result<Wanted, Refusal> {
    let cluster =
        EksClusterRef { account: account.to_owned(), region: spec.place.region.clone(), name: spec.name.clone() };
    let given = given_subnets(eks, observed);
    let (network, subnets) = match &given {
        Some(ids) => (None, EksSubnets::Given { ids: ids.clone(), zones: Vec::new() }),
        None => {
            let zones = zones::zones(spec, &observed.around.zones)?;
            let network = network::network(&cluster, eks, &zones)?;
            let both = |zone: &String| [network::private_subnet(zone), network::public_subnet(zone)];
            let parts = zones.control_plane.iter().flat_map(both).collect();
            (Some((network, zones)), EksSubnets::Made(parts))
        }
    };
    let here = EksSpec { subnet_ids: given.unwrap_or_default(), ..eks.clone() };
    let stays = observed.cluster.as_ref().filter(|c| !matches!(c.phase, Phase::Failed | Phase::Deleting));
    let have = stays.map_or(&[][..], |cluster| &cluster.pools);
    let zones = network.as_ref().map(|(_, zones)| zones.all.as_slice());
    let ground = Ground { cluster: &cluster, zones, have };
    let (mut groups, mut notes) = (Vec::new(), Vec::new());
    for pool in &spec.pools {
        refuse_mps(pool)?;
        let (groups_of_pool, notes_of_pool) = group::wanted(spec, &here, pool, ground)?;
        groups.extend(groups_of_pool);
        notes.extend(notes_of_pool);
    }
    let version = stays.map(|cluster| cluster.version.as_str()).or(eks.version.as_deref());
    notes.extend(autoscaler::notes(spec, version));
    // What is hard to get is asked for first.
    groups.sort_by_key(|wanted| wanted.gpus_per_node == 0);
    let mut wanted = Wanted {
        roles: roles::made(&cluster, eks, spec.autoscales()),
        cluster: EksCluster {
            cluster: cluster.clone(),
            role: roles::cluster(&cluster, eks),
            subnets,
            version: eks.version.clone(),
            settings: settings(eks),
            tags: tags::cluster_tags(spec),
        },
        admins: eks.admin_arns.clone(),
        addons: addons::wanted(&cluster, eks, spec.network_policy),
        network_policy: spec.network_policy,
        groups,
        notes,
        device_plugin: device_plugin::device_plugin(&spec.pools),
        autoscaler: autoscaler::wanted(&cluster, spec, version),
        network: network.map(|(network, _)| network),
    };
    tags::bear(&mut wanted, &lease::marks(&spec.labels));
    Ok(wanted)
}

/// MPS takes a control daemon on each node, which Bottlerocket's image has and berth does not render for others.
fn refuse_mps(pool: &PoolSpec) -> Result<(), Refusal> {
    match pool.gpu.as_ref().map(|gpu| gpu.sharing) {
        Some(Sharing::Mps(_)) if pool.ami_family != AmiFamily::Bottlerocket => Err(Refusal::Impossible {
            about: format!("pool {}", pool.name),
            why: "on EKS only Bottlerocket's image has the daemon MPS needs; choose it by `eks: {amiFamily: bottlerocket}`, or share by time-slicing".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The subnets to use instead of making a network: the file's, or those of a cluster that stands in a network not of ours.
fn given_subnets(eks: &EksSpec, observed: &Observed) -> Option<Vec<String>> {
    if !eks.subnet_ids.is_empty() {
        return Some(eks.subnet_ids.clone());
    }
    let cluster = observed.cluster.as_ref()?;
    let ObservedCloud::Eks(description) = &cluster.cloud else { return None };
    let vpc = description.vpc.as_ref()?;
    let ours =
        observed.around.parts.iter().any(|part| part.thing.id == *vpc && part.part.as_deref() == Some(network::VPC));
    (!ours).then(|| description.subnets.clone())
}

fn settings(eks: &EksSpec) -> EksSettings {
    let mut logging = eks.logging.clone();
    logging.sort();
    let mut public_access_cidrs = eks.public_access_cidrs.clone();
    if public_access_cidrs.is_empty() {
        public_access_cidrs.push("0.0.0.0/0".to_owned());
    }
    public_access_cidrs.sort();
    let (private_access, standard_support) = (eks.private_access, eks.standard_support);
    EksSettings { logging, public_access_cidrs, private_access, standard_support }
}
