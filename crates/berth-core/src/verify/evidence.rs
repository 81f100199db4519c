//! What is looked at: the cloud's words and the nodes, sorted by pool, beside what the file promises.

use std::collections::BTreeMap;

use super::report::{Shortfall, Verdict};
use super::running::Running;
use crate::observed::{Observed, ObservedNode, ObservedPool, Phase};
use crate::plan::Refusal;
use crate::rules::{eks, gke};
use crate::spec::{CloudSpec, ClusterSpec, PoolSpec, Provider, Taint};

/// What was seen of a cluster.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The cloud's description.
    pub cluster: &'a Observed,
    /// All nodes the Kubernetes API shows.
    pub nodes: &'a [ObservedNode],
    /// What runs inside; `None` if nothing of it was looked at.
    pub running: Option<&'a Running>,
}

/// What the file promises about each node of a pool.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Promise {
    /// Node labels of the file.
    pub(super) labels: BTreeMap<String, String>,
    /// Labels the cloud puts there for the GPUs the file asks for.
    pub(super) gpu_labels: Vec<(&'static str, String)>,
    /// Taints; more are fine.
    pub(super) taints: Vec<Taint>,
    /// Extended resource the GPUs are offered as.
    pub(super) resource: &'static str,
}

/// One pool of the file with everything that was seen of it.
#[derive(Debug, Clone)]
pub(super) struct PoolEvidence<'a> {
    /// The file's pool.
    pub(super) spec: &'a PoolSpec,
    /// What each of its nodes has to be like.
    pub(super) promise: Promise,
    /// The cloud's pool of that name; several where the cloud needs more than one group of machines for it, none if it is not there.
    pub(super) pools: Vec<&'a ObservedPool>,
    /// Its nodes.
    pub(super) nodes: Vec<&'a ObservedNode>,
}

impl PoolEvidence<'_> {
    /// Something about the whole pool that is not as promised.
    pub(super) fn shortfall(&self, check: &'static str, verdict: Verdict, cause: String) -> Shortfall {
        Shortfall { check, pool: Some(self.spec.name.clone()), node: None, verdict, cause }
    }

    /// Something about one node that is not as promised.
    pub(super) fn node_shortfall(
        &self,
        check: &'static str,
        node: &ObservedNode,
        verdict: Verdict,
        cause: String,
    ) -> Shortfall {
        Shortfall { node: Some(node.name.clone()), ..self.shortfall(check, verdict, cause) }
    }

    /// Whether a node's labels and taints may still change by themselves: they follow a change of the pool.
    pub(super) fn is_changing(&self) -> bool {
        self.pools.iter().any(|pool| matches!(pool.phase, Phase::Creating | Phase::Updating | Phase::Unknown))
    }

    /// Verdict for something that comes with the pool's current change, or not at all.
    pub(super) fn unless_changing(&self) -> Verdict {
        if self.is_changing() { Verdict::Waiting } else { Verdict::Failed }
    }
}

/// Label that names a node's pool, for this cloud.
pub fn pool_label(provider: Provider) -> &'static str {
    match provider {
        Provider::Gke => gke::node_labels::POOL,
        Provider::Eks => eks::node_labels::GROUP,
        // Nobody names pools there; see `is_of_pool`.
        Provider::Existing => "",
    }
}

/// Values of [`pool_label`] on nodes of this pool: one, or several where a pool is bought in two ways or stands in groups by zone.
pub fn pool_names(provider: Provider, pool: &PoolSpec) -> Vec<String> {
    match provider {
        Provider::Gke | Provider::Existing => vec![pool.name.clone()],
        Provider::Eks => eks::group::group_names(pool),
    }
}

/// Whether a node is of this pool of the file.
pub fn is_of_pool(spec: &ClusterSpec, pool: &PoolSpec, node: &ObservedNode) -> bool {
    let provider = spec.cloud.provider();
    match &spec.cloud {
        CloudSpec::Existing(existing) => existing.selects(&pool.name, &node.labels),
        CloudSpec::Gke(_) | CloudSpec::Eks(_) => {
            let names = pool_names(provider, pool);
            node.labels.get(pool_label(provider)).is_some_and(|name| names.contains(name))
        }
    }
}

/// What the file promises about each node of a pool.
///
/// # Errors
/// The cloud cannot make such a pool at all.
pub(super) fn promise(spec: &ClusterSpec, pool: &PoolSpec) -> Result<Promise, Refusal> {
    let resource = "nvidia.com/gpu";
    match &spec.cloud {
        CloudSpec::Gke(cloud) => {
            let (wanted, _) = gke::pool::wanted(spec, cloud, pool)?;
            let gpu_labels = gke::node_labels::gpu_labels(&wanted);
            Ok(Promise { labels: wanted.labels, gpu_labels, taints: wanted.taints, resource })
        }
        CloudSpec::Eks(_) => {
            let gpu_labels = eks::node_labels::gpu_labels(pool);
            Ok(Promise { labels: pool.labels.clone(), gpu_labels, taints: pool.taints.clone(), resource })
        }
        CloudSpec::Existing(_) => {
            let (labels, taints) = (pool.labels.clone(), pool.taints.clone());
            Ok(Promise { labels, gpu_labels: Vec::new(), taints, resource })
        }
    }
}
