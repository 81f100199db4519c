//! Kubernetes' cluster autoscaler, without which no node group of EKS grows or shrinks; never on GKE, which has its own.
//!
//! It finds the groups of machines by the two tags EKS puts on them, grows the one that stands first in the file's order, and takes
//! nodes away that stay below a share of use for a while. Its rights in AWS are [`crate::rules::eks::autoscaler`]'s. Sources: the
//! autoscaler's flags and its documentation for AWS; the newest patch release of each minor version as other installers name it.

use serde_json::{Value, json};

use super::device_plugin::HASH_KEY;
use super::own;
use crate::actions::kube::KubeObjectRef;
use crate::rules::eks::node_labels::ACCELERATOR;
use crate::rules::eks::{names, slots};
use crate::spec::{ClusterSpec, PoolSpec};

/// Its name among the groups of objects berth applies.
pub const GROUP: &str = "cluster-autoscaler";
/// Name of its objects; also of the service account its role is for.
pub const NAME: &str = "berth-cluster-autoscaler";
/// Name of the ConfigMap with the order of groups; the autoscaler looks for no other.
pub const ORDER: &str = "cluster-autoscaler-priority-expander";
/// Namespace of those that have one; pods that are critical to clusters may only stand here.
pub const NAMESPACE: &str = "kube-system";

/// Its own name for its lease; berth keeps it, so that two autoscalers in a cluster never work against each other.
const LEASE: &str = "cluster-autoscaler";
/// Where it tells what it does.
const STATUS: &str = "cluster-autoscaler-status";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
/// The newest patch release for each minor version of Kubernetes; it is built and tested for that one alone.
const RELEASES: [(u32, &str); 7] = [
    (30, "v1.30.3"),
    (31, "v1.31.5"),
    (32, "v1.32.7"),
    (33, "v1.33.5"),
    (34, "v1.34.4"),
    (35, "v1.35.1"),
    (36, "v1.36.0"),
];
/// EKS's default while the cluster is not there and the file names no version.
const USUAL_MINOR: u32 = 34;
/// A node used less than this share of its capacity may go, if the file does not say.
const UTILIZATION: f64 = 0.5;
/// Seconds a node has to be unneeded before it goes, if the file does not say.
const AFTER_SECONDS: u64 = 600;

/// The cluster autoscaler's objects.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterAutoscaler {
    /// Whole manifests of what its pod needs.
    pub settings: Vec<Value>,
    /// The Deployment, which is applied last: its hash then says that all of it is there.
    pub deployment: Value,
    /// Hash of all of them; a difference has them applied again.
    pub hash: String,
}

/// The cluster autoscaler for the pools of this file; `None` if none of them can grow, or the file wants none.
///
/// `version` is the cluster's, such as `1.34`; `None` if neither the cluster nor the file says it.
pub fn cluster_autoscaler(spec: &ClusterSpec, version: Option<&str>) -> Option<ClusterAutoscaler> {
    if !spec.autoscales() {
        return None;
    }
    let settings = vec![
        object("v1", "ServiceAccount", NAME, true, json!({})),
        object(RBAC, "ClusterRole", NAME, false, json!({"rules": cluster_rules()})),
        object(RBAC, "ClusterRoleBinding", NAME, false, binding("ClusterRole")),
        object(RBAC, "Role", NAME, true, json!({"rules": rules()})),
        object(RBAC, "RoleBinding", NAME, true, binding("Role")),
        object("v1", "ConfigMap", ORDER, true, json!({"data": {"priorities": order(spec)}})),
    ];
    let mut deployment = deployment(spec, &image(version));
    let hash = names::hash(&[&json!(settings).to_string(), &deployment.to_string()]);
    // Its pod rolls when its own template changes; it follows the ConfigMap by itself.
    deployment["metadata"]["annotations"] = json!({HASH_KEY: hash});
    Some(ClusterAutoscaler { settings, deployment, hash })
}

/// All objects the cluster autoscaler may have, last made first.
pub fn refs() -> Vec<KubeObjectRef> {
    let reference = |api_version: &str, kind: &str, name: &str, namespaced: bool| KubeObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespaced.then(|| NAMESPACE.to_owned()),
        name: name.to_owned(),
    };
    vec![
        reference("apps/v1", "Deployment", NAME, true),
        reference("v1", "ConfigMap", ORDER, true),
        reference(RBAC, "RoleBinding", NAME, true),
        reference(RBAC, "Role", NAME, true),
        reference(RBAC, "ClusterRoleBinding", NAME, false),
        reference(RBAC, "ClusterRole", NAME, false),
        reference("v1", "ServiceAccount", NAME, true),
    ]
}

/// The image for a cluster's version. Newer and older clusters than it knows get the nearest.
pub fn image(version: Option<&str>) -> String {
    format!("registry.k8s.io/autoscaling/cluster-autoscaler:{}", release(minor(version).unwrap_or(USUAL_MINOR)))
}

/// What is to be known of the image for a cluster's version that it has none for; `None` if it has one.
pub fn unknown_version(version: Option<&str>) -> Option<String> {
    let minor = minor(version)?;
    if RELEASES.iter().any(|(known, _)| *known == minor) {
        return None;
    }
    let taken = release(minor);
    Some(format!("this version of berth knows no release for Kubernetes 1.{minor} and takes the nearest, {taken}"))
}

fn minor(version: Option<&str>) -> Option<u32> {
    version?.split('.').nth(1)?.parse().ok()
}

fn release(minor: u32) -> &'static str {
    RELEASES.iter().rev().find(|(known, _)| *known <= minor).unwrap_or(&RELEASES[0]).1
}

/// The file's pools in the order in which they are to grow: the preferred ones, then the others as they stand in the file.
pub fn preferred(spec: &ClusterSpec) -> Vec<&PoolSpec> {
    let prefer = &spec.autoscaler.prefer;
    let named = prefer.iter().filter_map(|name| spec.pools.iter().find(|pool| pool.name == *name));
    named.chain(spec.pools.iter().filter(|pool| !prefer.contains(&pool.name))).collect()
}

/// The order of the node groups as the autoscaler reads it: a number, larger ones first, and patterns of names.
///
/// The groups of a pool's zones are alike and share a number. What takes only what a pool's other groups cannot give comes after
/// those, and before the next pool. Groups of somebody else come last, because one that matches nothing is never grown.
pub fn order(spec: &ClusterSpec) -> String {
    let mut ranks: Vec<Vec<String>> = Vec::new();
    for pool in preferred(spec) {
        for is_fallback in [false, true] {
            let of_tier = slots::slots(pool).into_iter().filter(|slot| slot.is_fallback == is_fallback);
            let patterns: Vec<String> = of_tier.map(|slot| pattern(&slot.name)).collect();
            ranks.extend((!patterns.is_empty()).then_some(patterns));
        }
    }
    ranks.push(vec![".*".to_owned()]);
    let mut text = String::new();
    for (rank, patterns) in ranks.iter().enumerate() {
        text += &format!("{}:\n", (ranks.len() - rank) * 10);
        for pattern in patterns {
            text += &format!("- '{pattern}'\n");
        }
    }
    text
}

/// EKS calls the group of machines behind a node group `eks-GROUP-UUID`; a group's name may begin with another's.
fn pattern(group: &str) -> String {
    format!("^eks-{group}-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$")
}

fn object(api_version: &str, kind: &str, name: &str, namespaced: bool, rest: Value) -> Value {
    own::object(NAME, (api_version, kind), namespaced.then_some(NAMESPACE), name, rest)
}

fn binding(kind: &str) -> Value {
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    })
}

/// What it does in the whole cluster: it plays the scheduler over all that a scheduler reads, marks nodes, and evicts pods.
fn cluster_rules() -> Value {
    let watch = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]});
    let volumes = ["storageclasses", "csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"];
    json!([
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch", "update", "patch"]},
        {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
        watch("", &["namespaces", "pods", "services", "replicationcontrollers", "persistentvolumeclaims", "persistentvolumes"]),
        watch("apps", &["daemonsets", "replicasets", "statefulsets"]),
        watch("batch", &["jobs"]),
        watch("policy", &["poddisruptionbudgets"]),
        watch("storage.k8s.io", &volumes),
        watch("resource.k8s.io", &["deviceclasses", "resourceclaims", "resourceslices"]),
    ])
}

/// What it does in its own namespace: its lease, its status, and the order of groups.
fn rules() -> Value {
    json!([
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [STATUS], "verbs": ["update", "delete"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [LEASE], "verbs": ["get", "update"]},
    ])
}

fn deployment(spec: &ClusterSpec, image: &str) -> Value {
    let container = json!({
        "name": "cluster-autoscaler",
        "image": image,
        "command": flags(spec),
        "env": [{"name": "AWS_REGION", "value": spec.place.region}],
        "ports": [{"name": "metrics", "containerPort": 8085}],
        "livenessProbe": {"httpGet": {"path": "/health-check", "port": 8085}, "initialDelaySeconds": 60},
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    let pod = json!({
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        // No tolerations: it belongs on the nodes of the system's own pods.
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "affinity": affinity(),
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    });
    // An autoscaler that moves its own pod is away while it is needed.
    let annotations = json!({"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"});
    object(
        "apps/v1",
        "Deployment",
        NAME,
        true,
        json!({"spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
            "template": {"metadata": {"labels": own::labels(NAME), "annotations": annotations}, "spec": pod},
        }}),
    )
}

/// Never on nodes with GPUs, whose pools may shrink to none; rather not on machines that may be taken back.
fn affinity() -> Value {
    let of = |key: &str, operator: &str| json!({"key": key, "operator": operator});
    let mut lasting = of("eks.amazonaws.com/capacityType", "NotIn");
    lasting["values"] = json!(["SPOT"]);
    json!({"nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [of(ACCELERATOR, "DoesNotExist")]}],
        },
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "preference": {"matchExpressions": [lasting]}},
        ],
    }})
}

fn flags(spec: &ClusterSpec) -> Vec<String> {
    let utilization = spec.autoscaler.scale_down_utilization.unwrap_or(UTILIZATION);
    let after = spec.autoscaler.scale_down_after_seconds.unwrap_or(AFTER_SECONDS);
    let tags = format!("k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{}", spec.name);
    vec![
        "./cluster-autoscaler".to_owned(),
        "--cloud-provider=aws".to_owned(),
        format!("--namespace={NAMESPACE}"),
        format!("--node-group-auto-discovery=asg:tag={tags}"),
        "--expander=priority".to_owned(),
        // Groups look alike by their machines, so balancing would even out pools that the order keeps apart. The groups of one
        // pool's zones need none: they share a rank, and one without stock is left alone for a while.
        "--balance-similar-node-groups=false".to_owned(),
        // A node of GPUs is used as much as its GPUs are, whatever its CPUs do; each kind has a threshold of its own.
        format!("--scale-down-utilization-threshold={utilization}"),
        format!("--scale-down-gpu-utilization-threshold={utilization}"),
        format!("--scale-down-unneeded-time={after}s"),
        // Scratch space is lost with any machine; without this a pod that has some would keep its node, and its GPUs, for good.
        "--skip-nodes-with-local-storage=false".to_owned(),
        // DNS and the volume driver run twice and move.
        "--skip-nodes-with-system-pods=false".to_owned(),
        "--stderrthreshold=info".to_owned(),
        "--v=2".to_owned(),
    ]
}
