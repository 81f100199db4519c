//! Pods that take every free share of every GPU pool for a moment, to prove that shares can be had and show a GPU.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::actions::kube::Manifest;
use crate::observed::ObservedNode;
use crate::rules::ownership::{OWNER_KEY, OWNER_VALUE};
use crate::spec::{CloudSpec, ClusterSpec, GPU_RESOURCE, PoolSpec};
use crate::verify::{is_of_pool, pool_label, pool_names};

/// Label of the namespaces probes run in; the value is `true`.
pub const LABEL: &str = "berth.dev/probe";
/// Label of a probe's pods with the name of their pool.
pub const POOL_LABEL: &str = "berth.dev/pool";
/// A small image that has what `nvidia-smi` needs; the program itself comes from the node's driver.
pub const IMAGE: &str = "nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04";
/// Seconds a pod holds its share at most, should nobody take it away.
pub const HOLD_SECONDS: u32 = 900;

/// The pods of a probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The namespace they run in, made for them alone.
    pub namespace: Manifest,
    /// What is probed of each GPU pool, in the order of the file.
    pub pools: Vec<PoolProbe>,
}

/// The pods of a probe in one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolProbe {
    /// Pool name.
    pub pool: String,
    /// GPU model by berth's name.
    pub model: String,
    /// Shares the pool's ready nodes offer.
    pub offered: u64,
    /// Shares that pods hold already.
    pub taken: u64,
    /// One pod for each free share.
    pub pods: Vec<Manifest>,
}

/// A probe of all GPU pools, as the cluster stands: `taken` is shares by node, `run` makes the namespace's name unique.
pub fn probe(
    spec: &ClusterSpec,
    nodes: &[ObservedNode],
    taken: &BTreeMap<String, u64>,
    image: &str,
    run: &str,
) -> Probe {
    let namespace = format!("berth-probe-{run}");
    let labels = json!({LABEL: "true", OWNER_KEY: OWNER_VALUE});
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}});
    let with_gpus = spec.pools.iter().filter_map(|pool| Some((pool, pool.gpu.as_ref()?)));
    let pools = with_gpus.map(|(pool, gpu)| {
        let in_pool = expressions(spec, pool);
        let is_of_pool = |node: &&ObservedNode| is_of_pool(spec, pool, node);
        let (mut offered, mut held, mut free) = (0, 0, 0);
        for node in nodes.iter().filter(is_of_pool).filter(|node| node.ready) {
            let offers = node.extended_resources.get(GPU_RESOURCE).copied().unwrap_or(0);
            let takes = taken.get(&node.name).copied().unwrap_or(0);
            offered += offers;
            held += takes;
            free += offers.saturating_sub(takes);
        }
        let pods = (0..free).map(|number| Manifest::new(pod(&namespace, pool, number, &in_pool, image))).collect();
        PoolProbe { pool: pool.name.clone(), model: gpu.model.clone(), offered, taken: held, pods }
    });
    Probe { pools: pools.collect(), namespace: Manifest::new(object) }
}

/// What labels a node of the pool has, as a pod asks for them.
fn expressions(spec: &ClusterSpec, pool: &PoolSpec) -> Vec<Value> {
    let has = |key: &str, values: &[String]| json!({"key": key, "operator": "In", "values": values});
    match &spec.cloud {
        CloudSpec::Existing(existing) => {
            let selector = existing.selectors.get(&pool.name);
            selector.into_iter().flatten().map(|(key, value)| has(key, std::slice::from_ref(value))).collect()
        }
        CloudSpec::Gke(_) | CloudSpec::Eks(_) => {
            let provider = spec.cloud.provider();
            vec![has(pool_label(provider), &pool_names(provider, pool))]
        }
    }
}

/// One pod with one share. It holds the share after it has shown the GPU, so that all shares are held at once.
fn pod(namespace: &str, pool: &PoolSpec, number: u64, expressions: &[Value], image: &str) -> Value {
    let in_pool = json!({"matchExpressions": expressions});
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("{}-{number}", pool.name),
            "namespace": namespace,
            "labels": {POOL_LABEL: pool.name, "app.kubernetes.io/name": "berth-probe"},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": HOLD_SECONDS,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [in_pool]},
            }},
            "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}, {"operator": "Exists", "effect": "PreferNoSchedule"}],
            "containers": [{
                "name": "probe",
                "image": image,
                "command": ["sh", "-c", format!("nvidia-smi -L && sleep {HOLD_SECONDS}")],
                // The image asks for a driver no older than itself, which showing a GPU does not need.
                "env": [{"name": "NVIDIA_DISABLE_REQUIRE", "value": "true"}],
                "resources": {
                    "requests": {"cpu": "10m", "memory": "32Mi", GPU_RESOURCE: "1"},
                    "limits": {"memory": "256Mi", GPU_RESOURCE: "1"},
                },
            }],
        },
    })
}

/// Shares of GPUs that pods hold, by node; takes Pods as a Kubernetes API gives them. What has ended holds nothing.
pub fn taken(pods: &[Value]) -> BTreeMap<String, u64> {
    let mut taken = BTreeMap::new();
    for pod in pods {
        let has_ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let Some(node) = pod["spec"]["nodeName"].as_str().filter(|_| !has_ended) else { continue };
        let of = |list: &str| -> Vec<u64> {
            let containers = pod["spec"][list].as_array().into_iter().flatten();
            let gpus = containers.filter_map(|container| container["resources"]["limits"][GPU_RESOURCE].as_str());
            gpus.filter_map(|gpus| gpus.parse().ok()).collect()
        };
        // Containers that run before the others give theirs back.
        let shares = of("containers").iter().sum::<u64>().max(of("initContainers").into_iter().max().unwrap_or(0));
        if shares > 0 {
            *taken.entry(node.to_owned()).or_insert(0) += shares;
        }
    }
    taken
}
