//! What an EKS node looks like as a Kubernetes object.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::aws::places;
use crate::aws::state::{Cluster, Group, Machine, text};
use crate::aws::types;

/// Writes a machine's node and lease; labels and taints that others put on the node are kept.
pub(crate) fn write(cluster: &mut Cluster, group: &Group, machine: &Machine, now: Timestamp) {
    let old = cluster.kube.get("nodes", None, &machine.node).cloned();
    let object = of(cluster, group, machine, old.as_ref(), now);
    cluster.kube.put(now, "nodes", None, object);
    let lease = json!({
        "metadata": {"name": machine.node, "namespace": "kube-node-lease"},
        "spec": {
            "holderIdentity": machine.node, "leaseDurationSeconds": 40,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        },
    });
    cluster.kube.put(now, "leases", Some("kube-node-lease"), lease);
}

/// The node of a machine; `old` is what it was.
pub(crate) fn of(cluster: &Cluster, group: &Group, machine: &Machine, old: Option<&Value>, now: Timestamp) -> Value {
    let described = Described { region: &cluster.region, group, machine };
    described.object(old, &cluster.kube.git_version, now)
}

struct Described<'a> {
    region: &'a str,
    group: &'a Group,
    machine: &'a Machine,
}

/// The annotation in which the simulator notes which of a group's labels and taints it wrote.
const APPLIED: &str = "berth-sim/applied";

impl Described<'_> {
    fn object(&self, old: Option<&Value>, version: &str, now: Timestamp) -> Value {
        let machine = self.machine;
        let applied: Map<String, Value> = old
            .and_then(|old| old["metadata"]["annotations"][APPLIED].as_str())
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let mut labels = members(old, "labels");
        labels.retain(|key, _| !applied.contains_key(key));
        labels.extend(self.labels());
        let own = self.own_labels();
        let mut annotations = members(old, "annotations");
        annotations.insert(APPLIED.to_owned(), Value::from(Value::Object(own).to_string()));
        annotations.insert("node.alpha.kubernetes.io/ttl".to_owned(), Value::from("0"));
        annotations.insert("volumes.kubernetes.io/controller-managed-attach-detach".to_owned(), Value::from("true"));
        let mut object = json!({
            "metadata": {"name": machine.node, "labels": labels, "annotations": annotations},
            "spec": {"providerID": format!("aws:///{}/{}", machine.zone, machine.id)},
            "status": self.status(version, now),
        });
        let taints = self.taints(old);
        if !taints.is_empty() {
            object["spec"]["taints"] = Value::from(taints);
        }
        if old.is_some_and(|old| old["spec"]["unschedulable"] == true) {
            object["spec"]["unschedulable"] = Value::Bool(true);
        }
        object
    }

    fn own_labels(&self) -> Map<String, Value> {
        self.group.fields.get("labels").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    fn labels(&self) -> Map<String, Value> {
        let (group, machine) = (self.group, self.machine);
        let zone = places::zone(self.region, &machine.zone);
        let template = group.fields.get("launchTemplate");
        let mut labels = self.own_labels();
        let mut put = |key: &str, value: &str| labels.insert(key.to_owned(), Value::from(value));
        put("beta.kubernetes.io/arch", "amd64");
        put("beta.kubernetes.io/instance-type", &machine.instance_type);
        put("beta.kubernetes.io/os", "linux");
        put("eks.amazonaws.com/capacityType", text(&group.fields, "capacityType"));
        put("eks.amazonaws.com/nodegroup", text(&group.fields, "nodegroupName"));
        put("eks.amazonaws.com/nodegroup-image", "ami-0b5e1d7f0c2a94e31");
        if let Some(template) = template {
            put("eks.amazonaws.com/sourceLaunchTemplateId", template["id"].as_str().unwrap_or_default());
            put("eks.amazonaws.com/sourceLaunchTemplateVersion", template["version"].as_str().unwrap_or_default());
        }
        put("failure-domain.beta.kubernetes.io/region", self.region);
        put("failure-domain.beta.kubernetes.io/zone", &machine.zone);
        put("k8s.io/cloud-provider-aws", "5b2e0f1a7d3c94e8");
        put("kubernetes.io/arch", "amd64");
        put("kubernetes.io/hostname", &machine.node);
        put("kubernetes.io/os", "linux");
        put("node.kubernetes.io/instance-type", &machine.instance_type);
        put("topology.k8s.aws/zone-id", &zone.map(|zone| zone.id).unwrap_or_default());
        put("topology.kubernetes.io/region", self.region);
        put("topology.kubernetes.io/zone", &machine.zone);
        labels
    }

    fn group_taints(&self) -> Vec<Value> {
        let own = self.group.fields.get("taints").and_then(Value::as_array).cloned().unwrap_or_default();
        let kubernetes = |taint: &Value| {
            let effect = match taint["effect"].as_str() {
                Some("NO_EXECUTE") => "NoExecute",
                Some("PREFER_NO_SCHEDULE") => "PreferNoSchedule",
                _ => "NoSchedule",
            };
            let mut one = json!({"key": taint["key"], "effect": effect});
            if let Some(value) = taint["value"].as_str().filter(|value| !value.is_empty()) {
                one["value"] = Value::from(value);
            }
            one
        };
        own.iter().map(kubernetes).collect()
    }

    /// The group's taints and the not-ready one. EKS applies a group's taints to new nodes; later ones replace them.
    fn taints(&self, old: Option<&Value>) -> Vec<Value> {
        let mut taints = self.group_taints();
        if self.machine.ready.is_none() {
            taints.push(json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}));
        }
        let before = old.and_then(|old| old["spec"]["taints"].as_array()).cloned().unwrap_or_default();
        let foreign = before.into_iter().filter(|taint| {
            let key = taint["key"].as_str().unwrap_or_default();
            key.starts_with("berth.dev/") || key == "node.kubernetes.io/unschedulable"
        });
        taints.extend(foreign);
        taints
    }

    fn status(&self, version: &str, now: Timestamp) -> Value {
        let machine = self.machine;
        let (capacity, allocatable) = self.resources();
        let since = machine.registered.unwrap_or(now);
        let sound = |kind: &str, reason: &str, message: &str| condition((kind, "False"), reason, message, since, now);
        let ready = match machine.ready {
            Some(at) => condition(("Ready", "True"), "KubeletReady", "kubelet is posting ready status", at, now),
            None => condition(
                ("Ready", "False"),
                "KubeletNotReady",
                "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network \
                 plugin returns error: cni plugin not initialized",
                since,
                now,
            ),
        };
        json!({
            "capacity": capacity,
            "allocatable": allocatable,
            "conditions": [
                sound("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                sound("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                sound("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                ready,
            ],
            "addresses": [
                {"type": "InternalIP", "address": machine.address},
                {"type": "InternalDNS", "address": machine.node},
                {"type": "Hostname", "address": machine.node},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": format!("{:032x}", crate::lifecycle::digest(&machine.id)),
                "systemUUID": format!("{:032x}", crate::lifecycle::digest(&machine.node)),
                "bootID": format!("{:032x}", crate::lifecycle::digest(&format!("boot/{}", machine.id))),
                "kernelVersion": "6.12.79-101.147.amzn2023.x86_64",
                "osImage": if self.is_bottlerocket() { "Bottlerocket OS 1.54.0" } else { "Amazon Linux 2023.9.20260714" },
                "containerRuntimeVersion": "containerd://2.1.5",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
            "images": [],
        })
    }

    fn is_bottlerocket(&self) -> bool {
        text(&self.group.fields, "amiType").starts_with("BOTTLEROCKET")
    }

    fn resources(&self) -> (Value, Value) {
        let kind = types::named(&self.machine.instance_type);
        let (cpus, memory_gib) = kind.map_or((2, 4), |kind| (kind.vcpus, kind.memory_gib));
        let visible_kib = f64::from(memory_gib) * 1024.0 * 1024.0 * 0.97;
        let pods = (u64::from(cpus) * 14 + 2).clamp(17, 110);
        // The kubelet keeps 255 MiB and 11 MiB a pod, and 100 MiB before it evicts.
        let left_kib = visible_kib - (355.0 + 11.0 * pods as f64) * 1024.0;
        let mut capacity = json!({
            "cpu": cpus.to_string(), "memory": format!("{visible_kib:.0}Ki"), "ephemeral-storage": "83873772Ki",
            "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": pods.to_string(),
        });
        let mut allocatable = capacity.clone();
        allocatable["cpu"] = Value::from(format!("{}m", cpus * 1000 - reserved_millis(cpus)));
        allocatable["memory"] = Value::from(format!("{left_kib:.0}Ki"));
        allocatable["ephemeral-storage"] = Value::from("76224326324");
        if self.machine.gpus > 0 {
            capacity["nvidia.com/gpu"] = Value::from(self.machine.gpus.to_string());
            allocatable["nvidia.com/gpu"] = Value::from(self.machine.gpus.to_string());
        }
        (capacity, allocatable)
    }
}

fn members(old: Option<&Value>, kind: &str) -> Map<String, Value> {
    old.and_then(|old| old["metadata"][kind].as_object()).cloned().unwrap_or_default()
}

fn condition((kind, status): (&str, &str), reason: &str, message: &str, changed: Timestamp, now: Timestamp) -> Value {
    let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastHeartbeatTime": text(now), "lastTransitionTime": text(changed),
    })
}

/// What the kubelet keeps of the processors: 6 percent of the first, 1 of the second, less of the others.
fn reserved_millis(cpus: u32) -> u32 {
    let tenths = |core: u32| match core {
        0 => 600,
        1 => 100,
        2 | 3 => 50,
        _ => 25,
    };
    (0..cpus).map(tenths).sum::<u32>().div_ceil(10)
}
