//! NVIDIA's device plugin, without which no node of EKS offers a GPU; never on GKE, which has its own.
//!
//! One ConfigMap with a key for each pool; a node's label says which key is its own, and the plugin's `config-manager` follows the
//! label. Sources: the plugin's chart and its configuration types, version 0.20.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::own;
use crate::actions::kube::KubeObjectRef;
use crate::rules::eks::names;
use crate::rules::eks::node_labels::{GPU_PRESENT, PLUGIN_CONFIG, plugin_config, takes_plugin};
use crate::spec::{PoolSpec, Sharing, Taint};

/// Its name among the groups of objects berth applies.
pub const GROUP: &str = "nvidia-device-plugin";
/// Annotation of the DaemonSet with the hash of all objects.
pub const HASH_KEY: &str = "berth.dev/hash";
/// Name of its objects.
pub const NAME: &str = "berth-nvidia-device-plugin";
/// Namespace of those that have one; pods that are critical to nodes may only stand here.
pub const NAMESPACE: &str = "kube-system";

const IMAGE: &str = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0";
const CONFIGS: &str = "/available-configs";
const CONFIG: &str = "/config";

/// The device plugin's objects.
#[derive(Debug, Clone, PartialEq)]
pub struct DevicePlugin {
    /// Whole manifests, in the order in which they are applied.
    pub objects: Vec<Value>,
    /// Hash of all of them; a difference rolls the plugin.
    pub hash: String,
}

/// The device plugin for those of these pools whose nodes need it; `None` if none does.
pub fn device_plugin(pools: &[PoolSpec]) -> Option<DevicePlugin> {
    let configs: BTreeMap<String, String> =
        pools.iter().filter(|pool| takes_plugin(pool)).map(|pool| (plugin_config(pool), config(pool))).collect();
    if configs.is_empty() {
        return None;
    }
    let tolerations = tolerations(pools);
    let hash = names::hash(&[IMAGE, &json!(configs).to_string(), &json!(tolerations).to_string()]);
    let objects = vec![
        object("v1", "ServiceAccount", true, json!({})),
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            false,
            json!({"rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}]}),
        ),
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            false,
            json!({
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME},
                "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
            }),
        ),
        object("v1", "ConfigMap", true, json!({"data": configs})),
        daemon_set(&hash, &tolerations),
    ];
    Some(DevicePlugin { objects, hash })
}

/// All objects the device plugin may have, last made first.
pub fn refs() -> Vec<KubeObjectRef> {
    let reference = |api_version: &str, kind: &str, namespaced: bool| KubeObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespaced.then(|| NAMESPACE.to_owned()),
        name: NAME.to_owned(),
    };
    vec![
        reference("apps/v1", "DaemonSet", true),
        reference("v1", "ConfigMap", true),
        reference("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", false),
        reference("rbac.authorization.k8s.io/v1", "ClusterRole", false),
        reference("v1", "ServiceAccount", true),
    ]
}

/// The plugin's own configuration for a pool, as YAML.
///
/// Requests for more than one share fail, as on GKE: two shares may be of one GPU and give no twofold part of it.
fn config(pool: &PoolSpec) -> String {
    let sharing = |word: &str, shares: u32| {
        format!(
            "sharing:\n  {word}:\n    renameByDefault: false\n    failRequestsGreaterThanOne: true\n    resources:\n    - name: nvidia.com/gpu\n      replicas: {shares}\n"
        )
    };
    let tail = match pool.gpu.as_ref().map_or(Sharing::Exclusive, |gpu| gpu.sharing) {
        Sharing::Exclusive => String::new(),
        Sharing::TimeSlicing(shares) => sharing("timeSlicing", shares),
        Sharing::Mps(shares) => sharing("mps", shares),
    };
    format!("version: v1\nflags:\n  migStrategy: none\n{tail}")
}

/// Any taint of a GPU pool would keep the plugin off its nodes.
fn tolerations(pools: &[PoolSpec]) -> Vec<Value> {
    let taints: BTreeSet<&Taint> =
        pools.iter().filter(|pool| takes_plugin(pool)).flat_map(|pool| &pool.taints).collect();
    let keyed: BTreeSet<(&str, String)> =
        taints.into_iter().map(|taint| (taint.key.as_str(), format!("{:?}", taint.effect))).collect();
    let own = json!({"key": "CriticalAddonsOnly", "operator": "Exists"});
    std::iter::once(own)
        .chain(keyed.into_iter().map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})))
        .collect()
}

fn object(api_version: &str, kind: &str, namespaced: bool, rest: Value) -> Value {
    own::object(NAME, (api_version, kind), namespaced.then_some(NAMESPACE), NAME, rest)
}

fn daemon_set(hash: &str, tolerations: &[Value]) -> Value {
    let pod = json!({
        "serviceAccountName": NAME,
        "priorityClassName": "system-node-critical",
        // The sidecar signals the plugin when the node's label names another configuration.
        "shareProcessNamespace": true,
        "nodeSelector": {GPU_PRESENT: "true"},
        "tolerations": tolerations,
        "initContainers": [config_manager("config-manager-init", true)],
        "containers": [plugin(), config_manager("config-manager", false)],
        "volumes": [
            {"name": "device-plugins", "hostPath": {"path": "/var/lib/kubelet/device-plugins", "type": "DirectoryOrCreate"}},
            {"name": "cdi", "hostPath": {"path": "/var/run/cdi", "type": "DirectoryOrCreate"}},
            {"name": "available-configs", "configMap": {"name": NAME}},
            {"name": "config", "emptyDir": {}},
        ],
    });
    let template = json!({
        "metadata": {"labels": own::labels(NAME), "annotations": {HASH_KEY: hash}},
        "spec": pod,
    });
    let mut object = object(
        "apps/v1",
        "DaemonSet",
        true,
        json!({"spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": template,
        }}),
    );
    object["metadata"]["annotations"] = json!({HASH_KEY: hash});
    object
}

fn plugin() -> Value {
    json!({
        "name": "nvidia-device-plugin",
        "image": IMAGE,
        "command": ["nvidia-device-plugin"],
        "env": [
            {"name": "CONFIG_FILE", "value": format!("{CONFIG}/config.yaml")},
            {"name": "NVIDIA_MIG_MONITOR_DEVICES", "value": "all"},
            {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
            {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "compute,utility"},
        ],
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "volumeMounts": [
            {"name": "device-plugins", "mountPath": "/var/lib/kubelet/device-plugins"},
            {"name": "cdi", "mountPath": "/var/run/cdi"},
            {"name": "available-configs", "mountPath": CONFIGS},
            {"name": "config", "mountPath": CONFIG},
        ],
    })
}

/// Links the node's configuration: once before the plugin starts, and again whenever the label changes.
fn config_manager(name: &str, once: bool) -> Value {
    let signal = |word: &'static str| if once { "" } else { word };
    json!({
        "name": name,
        "image": IMAGE,
        "command": ["config-manager"],
        "env": [
            {"name": "ONESHOT", "value": once.to_string()},
            {"name": "KUBECONFIG", "value": ""},
            {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "NODE_LABEL", "value": PLUGIN_CONFIG},
            {"name": "CONFIG_FILE_SRCDIR", "value": CONFIGS},
            {"name": "CONFIG_FILE_DST", "value": format!("{CONFIG}/config.yaml")},
            {"name": "DEFAULT_CONFIG", "value": ""},
            {"name": "FALLBACK_STRATEGIES", "value": "named,single"},
            {"name": "SEND_SIGNAL", "value": (!once).to_string()},
            {"name": "SIGNAL", "value": signal("1")},
            {"name": "PROCESS_TO_SIGNAL", "value": signal("nvidia-device-plugin")},
        ],
        "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}},
        "volumeMounts": [
            {"name": "available-configs", "mountPath": CONFIGS},
            {"name": "config", "mountPath": CONFIG},
        ],
    })
}
