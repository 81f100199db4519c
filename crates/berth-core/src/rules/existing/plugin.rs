//! Whether berth puts NVIDIA's device plugin into a cluster it did not make.

use std::collections::BTreeSet;

use crate::actions::kube::{KubeObjectRef, Manifest};
use crate::manifests::device_plugin::{self, DevicePlugin};
use crate::observed::{Standing, StandingNode};
use crate::plan::{Note, Refusal};
use crate::spec::{ClusterSpec, ExistingSpec, PoolSpec, Taint};

/// Annotation of the plugin's objects with the name of the file they were applied for.
pub const FILE_KEY: &str = "berth.dev/existing";
/// Names a node's pool on GKE, where Google's own plugin looks after GPUs.
const GKE_POOL: &str = "cloud.google.com/gke-nodepool";
/// Kubernetes' own taints, which every DaemonSet tolerates.
const OWN_TAINTS: [&str; 2] = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

/// What is to be done about the plugin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decided {
    /// berth's plugin, if GPUs are to be offered by it.
    pub wanted: Option<DevicePlugin>,
    /// Why not, where somebody else offers them.
    pub notes: Vec<Note>,
}

/// Decides whether berth's own plugin is to be there.
///
/// # Errors
/// Somebody else offers the GPUs, and not in the shares the file says.
pub fn decide(spec: &ClusterSpec, own: &ExistingSpec, standing: &Standing, has_ours: bool) -> Result<Decided, Refusal> {
    let with_gpus: Vec<&PoolSpec> = spec.pools.iter().filter(|pool| pool.gpu.is_some()).collect();
    if with_gpus.is_empty() {
        return Ok(Decided::default());
    }
    let nodes = |pool: &PoolSpec| -> Vec<&StandingNode> {
        standing.nodes.iter().filter(|node| own.selects(&pool.name, &node.labels)).collect()
    };
    let Some(other) = foreign(standing, has_ours, &with_gpus, &nodes) else {
        let tolerating: Vec<PoolSpec> = with_gpus.iter().map(|pool| tolerating(pool, &nodes(pool))).collect();
        return Ok(Decided {
            wanted: device_plugin::device_plugin(&tolerating).map(|own| named(own, spec)),
            notes: Vec::new(),
        });
    };
    for pool in &with_gpus {
        let shared = pool.gpu.as_ref().is_some_and(|gpu| gpu.sharing.shares() > 1);
        let offers = |node: &&StandingNode| node.gpus == Some(u64::from(pool.shares_per_node()));
        // Of a cluster's nodes berth's plugin only serves those of the file it was put there for.
        if let Some((object, file)) = of_another_file(standing)
            && !nodes(pool).iter().all(offers)
        {
            let why = format!(
                "{object} belongs to the file of {file}, and a cluster has one; say the GPU pools of both in one file, or take \
                 that one's away first with `berth destroy`"
            );
            return Err(Refusal::Impossible { about: format!("the GPUs of pool {}", pool.name), why });
        }
        if shared && !nodes(pool).iter().all(offers) {
            let why = format!(
                "{other} offers the GPUs already, and of two plugins the last one to register decides; share them in its \
                 configuration, or take it off these nodes, or leave the sharing out of the file"
            );
            return Err(Refusal::Impossible { about: format!("the sharing of pool {}", pool.name), why });
        }
    }
    let text = format!("not put there, because {other} offers the GPUs already");
    Ok(Decided { wanted: None, notes: vec![Note { about: "NVIDIA device plugin".to_owned(), text }] })
}

/// An object of berth's plugin that was put there for another file, and the file.
fn of_another_file(standing: &Standing) -> Option<(&KubeObjectRef, &str)> {
    let own = device_plugin::refs();
    let mut claimed = standing.claimed.iter().filter(|(object, _)| own.contains(object));
    claimed.next().map(|(object, file)| (object, file.as_str()))
}

/// Who else offers the GPUs of these pools, in words.
fn foreign<'a>(
    standing: &Standing,
    has_ours: bool,
    pools: &[&PoolSpec],
    nodes: &dyn Fn(&PoolSpec) -> Vec<&'a StandingNode>,
) -> Option<String> {
    if let Some(plugin) = standing.plugins.first() {
        return Some(plugin.words.clone());
    }
    if let Some((object, file)) = of_another_file(standing) {
        return Some(format!("{object} of the file of {file}"));
    }
    let all: Vec<&StandingNode> = pools.iter().flat_map(|pool| nodes(pool)).collect();
    if all.iter().any(|node| node.labels.contains_key(GKE_POOL)) {
        return Some("GKE's own device plugin".to_owned());
    }
    // A plugin may run beside Kubernetes, or under a name nobody knows.
    let offering = all.iter().find(|node| node.gpus.is_some_and(|gpus| gpus > 0)).filter(|_| !has_ours);
    offering.map(|node| format!("something on node {}", node.name))
}

/// Taints that stand on the nodes already would keep the plugin off as well as the file's own.
fn tolerating(pool: &PoolSpec, nodes: &[&StandingNode]) -> PoolSpec {
    let is_others = |taint: &&Taint| !OWN_TAINTS.iter().any(|prefix| taint.key.starts_with(prefix));
    let there = nodes.iter().flat_map(|node| &node.taints).filter(is_others);
    let taints: BTreeSet<Taint> = pool.taints.iter().chain(there).cloned().collect();
    PoolSpec { taints: taints.into_iter().collect(), ..pool.clone() }
}

/// The plugin with the name of the file on it, so that no other file takes it away.
fn named(mut plugin: DevicePlugin, spec: &ClusterSpec) -> DevicePlugin {
    for object in &mut plugin.objects {
        object["metadata"]["annotations"][FILE_KEY] = spec.name.as_str().into();
    }
    plugin
}

/// The plugin's objects as they are applied.
pub(super) fn manifests(plugin: &DevicePlugin) -> Vec<Manifest> {
    plugin.objects.iter().cloned().map(Manifest::new).collect()
}
