//! What nodes of the pools will offer, and which pods they take: labels, taints and GPUs.

use super::object::{Container, Pod};
use crate::catalog;
use crate::rules::{eks, gke};
use crate::spec::tree::Node;
use crate::spec::{Capacity, CloudSpec, ClusterSpec, GpuSpec, PoolSpec, Sharing, Taint, TaintEffect};

/// What is known of a label of a pool's nodes.
enum Known {
    /// Each node has it with one of these values.
    Values(Vec<String>),
    /// No node has it.
    Absent,
    /// The cloud or something else may put it there.
    Unknown,
}

/// Labels a cloud or Kubernetes puts on nodes by these prefixes, with values that are not known before.
const CLOUDS_PREFIXES: [&str; 8] = [
    "beta.kubernetes.io/",
    "cloud.google.com/",
    "eks.amazonaws.com/",
    "failure-domain.beta.kubernetes.io/",
    "kubernetes.io/",
    "node.kubernetes.io/",
    "topology.gke.io/",
    "topology.kubernetes.io/",
];

/// The label as far as the spec tells; `discovery` says that something in the files labels nodes by their hardware.
fn label(spec: &ClusterSpec, pool: &PoolSpec, key: &str, discovery: bool) -> Known {
    if let Some(value) = pool.labels.get(key) {
        return Known::Values(vec![value.clone()]);
    }
    if let CloudSpec::Existing(existing) = &spec.cloud {
        let selected = existing.selectors.get(&pool.name).and_then(|selector| selector.get(key));
        return selected.map_or(Known::Unknown, |value| Known::Values(vec![value.clone()]));
    }
    let one = |value: &str| Known::Values(vec![value.to_owned()]);
    match key {
        "kubernetes.io/os" | "beta.kubernetes.io/os" => return one("linux"),
        "topology.kubernetes.io/region" | "failure-domain.beta.kubernetes.io/region" => return one(&spec.place.region),
        "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" => {
            return Known::Values(pool.zones.clone());
        }
        "node.kubernetes.io/instance-type" | "beta.kubernetes.io/instance-type" => {
            let types = std::iter::once(&pool.machine_type).chain(&pool.other_machine_types);
            return Known::Values(types.cloned().collect());
        }
        _ => {}
    }
    let of_cloud = match &spec.cloud {
        CloudSpec::Gke(_) => gke_label(pool, key),
        CloudSpec::Eks(_) => eks_label(pool, key),
        CloudSpec::Existing(_) => None,
    };
    if let Some(known) = of_cloud {
        return known;
    }
    let discovered = key.starts_with("nvidia.com/") || key.starts_with("feature.node.kubernetes.io/");
    let is_unknown = CLOUDS_PREFIXES.iter().any(|prefix| key.starts_with(prefix)) || (discovered && discovery);
    if is_unknown { Known::Unknown } else { Known::Absent }
}

fn gke_label(pool: &PoolSpec, key: &str) -> Option<Known> {
    let one = |value: String| Known::Values(vec![value]);
    let gpu = pool.gpu.as_ref();
    let when_shared = |word: fn(&GpuSpec) -> Option<String>| gpu.and_then(word).map_or(Known::Absent, one);
    Some(match key {
        gke::node_labels::POOL => one(pool.name.clone()),
        gke::node_labels::ACCELERATOR => {
            let kind = gpu.and_then(|gpu| catalog::gpu(&gpu.model)).and_then(|gpu| gpu.gke_type);
            kind.map_or(Known::Absent, |kind| one(kind.to_owned()))
        }
        gke::node_labels::SHARING => when_shared(|gpu| match gpu.sharing {
            Sharing::Exclusive => None,
            Sharing::TimeSlicing(_) => Some("time-sharing".to_owned()),
            Sharing::Mps(_) => Some("mps".to_owned()),
        }),
        gke::node_labels::SHARES => {
            when_shared(|gpu| (gpu.sharing != Sharing::Exclusive).then(|| gpu.sharing.shares().to_string()))
        }
        gke::node_labels::DRIVER => when_shared(|gpu| Some(format!("{:?}", gpu.driver).to_lowercase())),
        "cloud.google.com/gke-spot" => match pool.capacity {
            Capacity::Spot | Capacity::SpotThenOnDemand => one("true".to_owned()),
            Capacity::OnDemand => Known::Absent,
        },
        _ => return None,
    })
}

fn eks_label(pool: &PoolSpec, key: &str) -> Option<Known> {
    let own = eks::node_labels::gpu_labels(pool).into_iter().find(|(own, _)| *own == key);
    if let Some((_, value)) = own {
        return Some(Known::Values(vec![value]));
    }
    Some(match key {
        eks::node_labels::GROUP => Known::Values(eks::group::group_names(pool)),
        "eks.amazonaws.com/capacityType" => Known::Values(match pool.capacity {
            Capacity::OnDemand => vec!["ON_DEMAND".to_owned()],
            Capacity::Spot => vec!["SPOT".to_owned()],
            Capacity::SpotThenOnDemand => vec!["SPOT".to_owned(), "ON_DEMAND".to_owned()],
        }),
        _ => return None,
    })
}

/// A cluster's pools as pods meet them.
#[derive(Clone, Copy)]
pub(super) struct Pools<'a> {
    pub(super) spec: &'a ClusterSpec,
    /// Something in the files labels nodes by their hardware.
    pub(super) discovery: bool,
}

impl<'a> Pools<'a> {
    /// All pools.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a PoolSpec> {
        self.spec.pools.iter()
    }

    /// Pools whose nodes may have all labels the pod asks for.
    pub(super) fn selected(&self, pod: &Pod<'_>) -> Vec<&'a PoolSpec> {
        self.all().filter(|pool| self.selects(pod, pool)).collect()
    }

    /// Pools where the pod may run: selected ones without a taint that keeps it away.
    pub(super) fn fitting(&self, pod: &Pod<'_>) -> Vec<&'a PoolSpec> {
        self.selected_by_taints(pod).0
    }

    /// The selected pools in two: those where the pod may run, and those whose taints keep it away.
    pub(super) fn selected_by_taints(&self, pod: &Pod<'_>) -> (Vec<&'a PoolSpec>, Vec<&'a PoolSpec>) {
        self.selected(pod).into_iter().partition(|pool| untolerated(pod, pool).is_empty())
    }

    fn selects(&self, pod: &Pod<'_>, pool: &PoolSpec) -> bool {
        let selector = pod.spec.get("nodeSelector").map(Node::entries).unwrap_or_default();
        let selector_fits =
            selector.iter().all(|entry| self.may_have(pool, &entry.key, &entry.node.scalar().unwrap_or_default()));
        let terms = required_terms(pod);
        selector_fits && (terms.is_empty() || terms.iter().any(|term| self.fits(pool, term)))
    }

    /// Whether nodes of the pool may have a label of this value.
    pub(super) fn may_have(&self, pool: &PoolSpec, key: &str, value: &str) -> bool {
        match label(self.spec, pool, key, self.discovery) {
            Known::Values(values) => values.iter().any(|have| have == value),
            Known::Absent => false,
            Known::Unknown => true,
        }
    }

    /// Whether nodes of any pool may have a label of this name.
    pub(super) fn is_known(&self, key: &str) -> bool {
        self.all().any(|pool| !matches!(label(self.spec, pool, key, self.discovery), Known::Absent))
    }

    /// Whether nodes of the pool may fit a term of a node affinity.
    pub(super) fn fits(&self, pool: &PoolSpec, term: &Node) -> bool {
        let expressions = term.get("matchExpressions").map(Node::items).unwrap_or_default();
        let has_fields = term.get("matchFields").is_some();
        // A term without any condition fits no node.
        (has_fields || !expressions.is_empty()) && expressions.iter().all(|expression| self.holds(pool, expression))
    }

    fn holds(&self, pool: &PoolSpec, expression: &Node) -> bool {
        let key = expression.get("key").and_then(Node::text).unwrap_or_default();
        let items = expression.get("values").map(Node::items).unwrap_or_default();
        let wanted: Vec<String> = items.iter().filter_map(Node::scalar).collect();
        let known = label(self.spec, pool, key, self.discovery);
        match (expression.get("operator").and_then(Node::text), known) {
            (Some("In"), Known::Values(values)) => values.iter().any(|value| wanted.contains(value)),
            (Some("In" | "Exists" | "Gt" | "Lt"), Known::Absent) | (Some("DoesNotExist"), Known::Values(_)) => false,
            (Some("NotIn"), Known::Values(values)) => values.iter().any(|value| !wanted.contains(value)),
            _ => true,
        }
    }

    /// Whether any pool offers this resource.
    pub(super) fn offers(&self, resource: &str) -> bool {
        self.all().any(|pool| pool.gpu_resource() == Some(resource))
    }

    /// The names under which the pools offer GPUs, for messages.
    pub(super) fn offered_words(&self) -> String {
        let mut offered: Vec<&str> = self.all().filter_map(PoolSpec::gpu_resource).collect();
        offered.dedup();
        if offered.is_empty() { "no GPUs at all".to_owned() } else { offered.join(", ") }
    }
}

/// The terms of the required node affinity, of which one has to fit.
pub(super) fn required_terms<'a>(pod: &Pod<'a>) -> &'a [Node] {
    let way = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
    pod.spec.along(&way).map(Node::items).unwrap_or_default()
}

/// Taints of the pool that keep the pod away.
///
/// For each extended resource a pod asks for, the API server adds a toleration of that key with effect `NoSchedule`.
pub(super) fn untolerated<'p>(pod: &Pod<'_>, pool: &'p PoolSpec) -> Vec<&'p Taint> {
    let tolerations = pod.spec.get("tolerations").map(Node::items).unwrap_or_default();
    let bars = |taint: &&Taint| taint.effect != TaintEffect::PreferNoSchedule;
    let added = |taint: &Taint| {
        taint.effect == TaintEffect::NoSchedule
            && pod.containers().any(|container| container.request(&taint.key).is_some_and(|amount| amount > 0))
    };
    let is_tolerated =
        |taint: &Taint| added(taint) || tolerations.iter().any(|toleration| tolerates(toleration, taint));
    pool.taints.iter().filter(bars).filter(|taint| !is_tolerated(taint)).collect()
}

fn tolerates(toleration: &Node, taint: &Taint) -> bool {
    let text = |key: &str| toleration.get(key).and_then(Node::scalar).unwrap_or_default();
    let (key, effect) = (text("key"), text("effect"));
    let same_effect = effect.is_empty() || effect == format!("{:?}", taint.effect);
    let same_value = match text("operator").as_str() {
        "Exists" => true,
        _ => !key.is_empty() && text("value") == taint.value,
    };
    same_effect && same_value && (key.is_empty() || key == taint.key)
}

/// A toleration for a taint, as YAML in braces.
pub(super) fn toleration_words(taint: &Taint) -> String {
    format!("{{key: {}, operator: Exists, effect: {:?}}}", taint.key, taint.effect)
}

/// GPUs or shares of them that a container of a node of this pool can be given at most; the pool has GPUs.
///
/// Where GPUs are shared a container gets one share: on GKE under time-sharing, and by berth's device plugin on EKS.
/// Under MPS GKE gives more only on nodes with a single GPU.
pub(super) fn most_for_one(spec: &ClusterSpec, pool: &PoolSpec) -> u32 {
    let Some(gpu) = &pool.gpu else { return 0 };
    match (&spec.cloud, gpu.sharing) {
        (_, Sharing::Exclusive) => gpu.count,
        (CloudSpec::Gke(_), Sharing::Mps(shares)) if gpu.count == 1 => shares,
        (_, Sharing::TimeSlicing(_) | Sharing::Mps(_)) => 1,
    }
}

/// Whether the container asks for something a GPU vendor's device plugin offers.
pub(super) fn asks_for_gpu(container: &Container<'_>) -> bool {
    let said = container.said("limits").iter().chain(container.said("requests"));
    said.filter(|entry| is_gpu_resource(&entry.key))
        .any(|entry| container.request(&entry.key).is_some_and(|amount| amount > 0))
}

/// Whether a resource is a vendor's GPU or part of one.
pub(super) fn is_gpu_resource(resource: &str) -> bool {
    ["nvidia.com/", "amd.com/gpu", "gpu.intel.com/"].iter().any(|prefix| resource.starts_with(prefix))
}
