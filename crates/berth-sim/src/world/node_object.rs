//! What a GKE node looks like as a Kubernetes object.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Node, Pool, integer};
use crate::catalog::{self, Gpu};

/// A node with what its object tells of its surroundings.
pub(crate) struct Described<'a> {
    /// The project.
    pub(crate) project: &'a str,
    /// The network's name.
    pub(crate) network: &'a str,
    /// The pool's GKE version.
    pub(crate) version: &'a str,
    /// The pool.
    pub(crate) pool: &'a Pool,
    /// The node.
    pub(crate) node: &'a Node,
}

/// The object; labels and taints others put on an older one are kept.
pub(crate) fn object(described: &Described<'_>, old: Option<&Value>, now: Timestamp) -> Value {
    let node = described.node;
    let mut labels = old_map(old, "/metadata/labels");
    let applied = old.and_then(|old| old.pointer("/metadata/annotations/node.gke.io~1last-applied-node-labels"));
    let applied = applied.and_then(Value::as_str).unwrap_or_default().to_owned();
    labels.retain(|key, _| !applied.split(',').any(|pair| pair.split('=').next() == Some(key)));
    labels.extend(self::labels(described));
    let mut annotations = old_map(old, "/metadata/annotations");
    annotations.insert("node.gke.io/last-applied-node-taints".to_owned(), Value::from(applied_taints(described.pool)));
    annotations.insert("node.gke.io/last-applied-node-labels".to_owned(), Value::from(applied_labels(described.pool)));
    annotations.insert("container.googleapis.com/instance_id".to_owned(), Value::from(instance_id(node)));
    annotations.insert("volumes.kubernetes.io/controller-managed-attach-detach".to_owned(), Value::from("true"));
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels, "annotations": annotations},
        "spec": {
            "podCIDR": format!("10.{}.{}.0/24", 8 + node.number / 256 % 64, node.number % 256),
            "podCIDRs": [format!("10.{}.{}.0/24", 8 + node.number / 256 % 64, node.number % 256)],
            "providerID": format!("gce://{}/{}/{}", described.project, node.zone, node.name),
        },
        "status": status(described, now),
    });
    let taints = taints(described.pool, node, old);
    if !taints.is_empty() {
        object["spec"]["taints"] = Value::from(taints);
    }
    if old.and_then(|old| old.pointer("/spec/unschedulable")) == Some(&Value::Bool(true)) {
        object["spec"]["unschedulable"] = Value::Bool(true);
    }
    object
}

/// The public address of a node that has one.
pub(super) fn public_address(node: &Node) -> String {
    format!("203.0.113.{}", node.number % 250 + 2)
}

/// The instance's number on Compute Engine.
fn instance_id(node: &Node) -> String {
    (crate::lifecycle::digest(&node.name) >> 1).to_string()
}

fn old_map(old: Option<&Value>, pointer: &str) -> Map<String, Value> {
    old.and_then(|old| old.pointer(pointer)).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The pool's own labels as GKE notes them on the node, so that one that goes from the pool is taken off.
fn applied_labels(pool: &Pool) -> String {
    let Some(own) = pool.config("labels").as_object() else { return String::new() };
    let pairs = own.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

fn labels(described: &Described<'_>) -> Map<String, Value> {
    let (pool, node) = (described.pool, described.node);
    let region = catalog::region_of(&node.zone).unwrap_or_default();
    let machine = pool.machine_type();
    let cpus = catalog::machine(machine).map_or(0, |machine| machine.cpus);
    let memory = catalog::machine(machine).map_or(0.0, |machine| machine.memory_gb);
    let mut labels = Map::new();
    let mut put = |key: &str, value: &str| labels.insert(key.to_owned(), Value::from(value));
    put("beta.kubernetes.io/arch", "amd64");
    put("beta.kubernetes.io/instance-type", machine);
    put("beta.kubernetes.io/os", "linux");
    put("cloud.google.com/gke-boot-disk", pool.config("diskType").as_str().unwrap_or("pd-balanced"));
    put("cloud.google.com/gke-container-runtime", "containerd");
    put("cloud.google.com/gke-cpu-scaling-level", &cpus.to_string());
    put("cloud.google.com/gke-logging-variant", "DEFAULT");
    put("cloud.google.com/gke-max-pods-per-node", &pods(pool).to_string());
    put("cloud.google.com/gke-memory-gb-scaling-level", &format!("{memory:.0}"));
    put("cloud.google.com/gke-nodepool", &pool.name);
    put("cloud.google.com/gke-os-distribution", "cos");
    put("cloud.google.com/gke-stack-type", "IPV4");
    put("cloud.google.com/machine-family", machine.split('-').next().unwrap_or_default());
    put("failure-domain.beta.kubernetes.io/region", region);
    put("failure-domain.beta.kubernetes.io/zone", &node.zone);
    put("kubernetes.io/arch", "amd64");
    put("kubernetes.io/hostname", &node.name);
    put("kubernetes.io/os", "linux");
    put("node.kubernetes.io/instance-type", machine);
    put("topology.gke.io/zone", &node.zone);
    put("topology.kubernetes.io/region", region);
    put("topology.kubernetes.io/zone", &node.zone);
    let spot = pool.config("spot") == true;
    let preemptible = pool.config("preemptible") == true;
    put(
        "cloud.google.com/gke-provisioning",
        if spot {
            "spot"
        } else if preemptible {
            "preemptible"
        } else {
            "standard"
        },
    );
    if spot {
        put("cloud.google.com/gke-spot", "true");
    }
    if preemptible {
        put("cloud.google.com/gke-preemptible", "true");
    }
    if pool.config("workloadMetadataConfig").get("mode").and_then(Value::as_str) == Some("GKE_METADATA") {
        put("iam.gke.io/gke-metadata-server-enabled", "true");
    }
    gpu_labels(pool, &mut put);
    if let Some(own) = pool.config("labels").as_object() {
        labels.extend(own.clone());
    }
    labels
}

fn gpu_labels(pool: &Pool, put: &mut impl FnMut(&str, &str) -> Option<Value>) {
    let Some((accelerator, count)) = pool.gpus() else { return };
    put("cloud.google.com/gke-accelerator", accelerator);
    put("cloud.google.com/gke-accelerator-count", &count.to_string());
    put("cloud.google.com/gke-gpu", "true");
    let config = pool.config("accelerators").get(0).cloned().unwrap_or_default();
    let driver = match driver(&config) {
        "INSTALLATION_DISABLED" => "disabled",
        "LATEST" => "latest",
        _ => "default",
    };
    put("cloud.google.com/gke-gpu-driver-version", driver);
    if let Some(size) = config.get("gpuPartitionSize").and_then(Value::as_str) {
        put("cloud.google.com/gke-gpu-partition-size", size);
    }
    if let Some(sharing) = config.get("gpuSharingConfig") {
        let strategy = if sharing.get("gpuSharingStrategy").and_then(Value::as_str) == Some("MPS") {
            "mps"
        } else {
            "time-sharing"
        };
        put("cloud.google.com/gke-gpu-sharing-strategy", strategy);
        let clients = integer(sharing.get("maxSharedClientsPerGpu")).unwrap_or(1);
        put("cloud.google.com/gke-max-shared-clients-per-gpu", &clients.to_string());
    }
}

fn driver(accelerator: &Value) -> &str {
    accelerator.pointer("/gpuDriverInstallationConfig/gpuDriverVersion").and_then(Value::as_str).unwrap_or("DEFAULT")
}

/// What `nvidia.com/gpu` counts on a node of a pool: GPUs, times partitions, times clients.
fn gpu_count(pool: &Pool) -> i64 {
    let Some((name, count)) = pool.gpus() else { return 0 };
    let config = pool.config("accelerators").get(0).cloned().unwrap_or_default();
    if driver(&config) == "INSTALLATION_DISABLED" {
        return 0;
    }
    let size = config.get("gpuPartitionSize").and_then(Value::as_str);
    let partitions = size
        .and_then(|size| Gpu::named(name)?.partitions.iter().find(|(known, _)| *known == size))
        .map_or(1, |(_, number)| *number);
    let clients = integer(config.pointer("/gpuSharingConfig/maxSharedClientsPerGpu")).unwrap_or(1).max(1);
    count * partitions * clients
}

fn kubernetes_effect(effect: &str) -> &str {
    match effect {
        "PREFER_NO_SCHEDULE" => "PreferNoSchedule",
        "NO_EXECUTE" => "NoExecute",
        _ => "NoSchedule",
    }
}

fn pool_taints(pool: &Pool) -> Vec<Value> {
    let own = pool.config("taints").as_array().cloned().unwrap_or_default();
    let mut taints: Vec<Value> = own
        .iter()
        .map(|taint| {
            let effect = kubernetes_effect(taint.get("effect").and_then(Value::as_str).unwrap_or_default());
            let mut object = json!({"key": taint.get("key"), "effect": effect});
            if let Some(value) = taint.get("value").filter(|value| *value != "") {
                object["value"] = value.clone();
            }
            object
        })
        .collect();
    if pool.gpu_taint && !taints.iter().any(|taint| taint["key"] == "nvidia.com/gpu") {
        taints.push(json!({"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}));
    }
    taints
}

/// The pool's taints, the not-ready one before Ready, and those others put there.
fn taints(pool: &Pool, node: &Node, old: Option<&Value>) -> Vec<Value> {
    let mut taints = pool_taints(pool);
    if node.ready.is_none() {
        taints.push(json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}));
    }
    let applied = old
        .and_then(|old| old.pointer("/metadata/annotations/node.gke.io~1last-applied-node-taints"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let before = old.and_then(|old| old.pointer("/spec/taints")).and_then(Value::as_array).cloned().unwrap_or_default();
    for taint in before {
        let key = taint["key"].as_str().unwrap_or_default();
        let known = taints.iter().any(|one| one["key"] == taint["key"] && one["effect"] == taint["effect"]);
        let ours =
            key == "node.kubernetes.io/not-ready" || applied.split(',').any(|one| one.starts_with(&format!("{key}=")));
        if !known && !ours {
            taints.push(taint);
        }
    }
    taints
}

fn applied_taints(pool: &Pool) -> String {
    let texts = pool_taints(pool).into_iter().map(|taint| {
        let text = |field: &str| taint[field].as_str().unwrap_or_default().to_owned();
        format!("{}={}:{}", text("key"), text("value"), text("effect"))
    });
    texts.collect::<Vec<_>>().join(",")
}

fn pods(pool: &Pool) -> i64 {
    integer(pool.fields.get("maxPodsConstraint").and_then(|most| most.get("maxPodsPerNode"))).unwrap_or(110)
}

fn status(described: &Described<'_>, now: Timestamp) -> Value {
    let (pool, node) = (described.pool, described.node);
    let (capacity, allocatable) = resources(pool, node);
    let address = format!("10.128.{}.{}", node.number / 250 % 250, node.number % 250 + 2);
    let host = format!("{}.{}.c.{}.internal", node.name, node.zone, described.project);
    let mut addresses = vec![
        json!({"type": "InternalIP", "address": address}),
        json!({"type": "Hostname", "address": host}),
        json!({"type": "InternalDNS", "address": host}),
    ];
    if !pool.is_private() {
        addresses.insert(1, json!({"type": "ExternalIP", "address": public_address(node)}));
    }
    json!({
        "capacity": capacity,
        "allocatable": allocatable,
        "conditions": conditions(node, now),
        "addresses": addresses,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": format!("{:032x}", crate::lifecycle::digest(&node.name)),
            "systemUUID": format!("{:032x}", crate::lifecycle::digest(&format!("{}-{}", node.name, described.network))),
            "bootID": format!("{:032x}", node.number),
            "kernelVersion": "6.6.105+",
            "osImage": "Container-Optimized OS from Google",
            "containerRuntimeVersion": "containerd://2.0.6",
            "kubeletVersion": format!("v{}", described.version),
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
        "images": [],
    })
}

fn conditions(node: &Node, now: Timestamp) -> Value {
    let since = text(node.registered.unwrap_or(now));
    let kind = |kind: &str, status: &str, reason: &str, message: &str, changed: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": text(now), "lastTransitionTime": changed,
        })
    };
    let ready = match node.ready {
        Some(at) => kind("Ready", "True", "KubeletReady", "kubelet is posting ready status", &text(at)),
        None => kind(
            "Ready",
            "False",
            "KubeletNotReady",
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin \
             returns error: cni plugin not initialized",
            &since,
        ),
    };
    json!([
        kind("NetworkUnavailable", "False", "RouteCreated", "NodeController create implicit route", &since),
        kind(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
            &since
        ),
        kind("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", &since),
        kind("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", &since),
        ready,
    ])
}

fn text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Capacity and allocatable; what GKE keeps for itself follows its published brackets.
fn resources(pool: &Pool, node: &Node) -> (Value, Value) {
    let machine = catalog::machine(pool.machine_type());
    let cpus = machine.as_ref().map_or(2, |machine| machine.cpus);
    let memory_mib = machine.as_ref().map_or(4.0, |machine| machine.memory_gb) * 1024.0;
    let disk_gb = integer(Some(pool.config("diskSizeGb"))).unwrap_or(100);
    let visible_kib = (memory_mib * 0.98 * 1024.0).round();
    let left_kib = (visible_kib - reserved_memory_mib(memory_mib) * 1024.0).round();
    let disk_kib = disk_gb * 1024 * 1024 * 94 / 100;
    let mut capacity = json!({
        "cpu": cpus.to_string(),
        "memory": format!("{visible_kib:.0}Ki"),
        "ephemeral-storage": format!("{disk_kib}Ki"),
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "pods": pods(pool).to_string(),
    });
    let mut allocatable = capacity.clone();
    allocatable["cpu"] = Value::from(format!("{}m", cpus * 1000 - reserved_cpu_millis(cpus)));
    allocatable["memory"] = Value::from(format!("{left_kib:.0}Ki"));
    allocatable["ephemeral-storage"] = Value::from((disk_kib * 1024 / 2).to_string());
    let gpus = gpu_count(pool);
    if node.gpus && gpus > 0 {
        capacity["nvidia.com/gpu"] = Value::from(gpus.to_string());
        allocatable["nvidia.com/gpu"] = Value::from(gpus.to_string());
    }
    (capacity, allocatable)
}

fn reserved_memory_mib(total: f64) -> f64 {
    let brackets = [(4096.0, 0.25), (4096.0, 0.20), (8192.0, 0.10), (114_688.0, 0.06), (f64::INFINITY, 0.02)];
    let mut left = total;
    let mut reserved = 100.0;
    for (size, share) in brackets {
        let here = left.min(size);
        reserved += here * share;
        left -= here;
    }
    reserved
}

fn reserved_cpu_millis(cpus: u32) -> u32 {
    let tenths: u32 = (0..cpus)
        .map(|core| match core {
            0 => 600,
            1 => 100,
            2 | 3 => 50,
            _ => 25,
        })
        .sum();
    tenths.div_ceil(10)
}
