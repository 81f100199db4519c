//! GPUs on nodes: they are advertised only where a device plugin runs, shared as its configuration says.

use jiff::Timestamp;
use serde_json::Value;

use super::bottlerocket;
use crate::aws::ec2::template_of;
use crate::aws::state::{Cluster, Group, Happening, Machine, text};
use crate::aws::types;
use crate::lifecycle::after;
use crate::world::{Step, World};

impl World {
    /// Something was written to a cluster's Kubernetes API: volumes, pods and nodes may have changed, on EKS also device
    /// plugins, Services and claims.
    pub(crate) fn kube_changed(&mut self, uid: &str, now: Timestamp) {
        self.changes_followed(uid, now);
        if self.aws.by_uid(uid).is_none() {
            return;
        }
        let due = [
            (after("device-plugin", "changed", "advertised", ""), Happening::Plugins(uid.to_owned())),
            (after("service", "changed", "balanced", ""), Happening::Services(uid.to_owned())),
        ];
        for (later, happening) in due {
            self.plan_once(now + later, Step::Aws(happening));
        }
        self.claims_soon(uid, now);
    }

    /// Brings the GPUs of all nodes of a cluster in step with the device plugins in it.
    pub(crate) fn plugins_looked_at(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        cluster.kube.settle(now);
        let Some(cluster) = self.aws.clusters.values().find(|cluster| cluster.uid == uid) else { return };
        let mut changes = Vec::new();
        for (name, group) in &cluster.groups {
            for machine in group.machines.iter().filter(|machine| machine.ready.is_some()) {
                let template = template_of(self, group, &cluster.region);
                let gpus = advertised(cluster, group, machine, template.as_ref());
                if gpus != machine.gpus {
                    changes.push((name.clone(), machine.id.clone(), gpus));
                }
            }
        }
        for (group, id, gpus) in changes {
            self.change_machine(uid, &group, &id, now, |machine| machine.gpus = gpus);
        }
    }
}

/// How many GPUs the node of a machine advertises; with the data of its group's launch template.
fn advertised(cluster: &Cluster, group: &Group, machine: &Machine, template: Option<&Value>) -> u32 {
    let Some(gpus) = types::named(&machine.instance_type).and_then(|kind| kind.gpus) else { return 0 };
    let ami = text(&group.fields, "amiType");
    if ami.starts_with("BOTTLEROCKET") && ami.contains("NVIDIA") {
        let user_data = template.and_then(|data| data["userData"].as_str());
        return gpus.count * bottlerocket::shares(user_data).unwrap_or(0);
    }
    // Without the accelerated image there is no driver and the plugin finds nothing.
    let driver = ami.contains("NVIDIA") || ami == "AL2_x86_64_GPU" || ami == "CUSTOM";
    let Some(node) = cluster.kube.get("nodes", None, &machine.node).filter(|_| driver) else { return 0 };
    let sets = daemon_sets(cluster);
    let plugin = sets.iter().filter_map(|(namespace, name)| {
        let set = cluster.kube.get("daemonsets", Some(namespace), name)?;
        (is_plugin(set) && runs_on(cluster, set, &machine.node)).then_some((namespace, set))
    });
    let Some((namespace, set)) = plugin.into_iter().next() else { return 0 };
    gpus.count * replicas(cluster, namespace, &set["spec"]["template"]["spec"], node)
}

/// Namespace and name of every daemon set.
fn daemon_sets(cluster: &Cluster) -> Vec<(String, String)> {
    let kept = cluster.kube.list("daemonsets");
    let name = |object: &Value, member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
    kept.map(|object| (name(object, "namespace"), name(object, "name"))).collect()
}

/// Whether a daemon set is a device plugin of NVIDIA: one of its containers runs the image.
fn is_plugin(set: &Value) -> bool {
    let containers = set["spec"]["template"]["spec"]["containers"].as_array();
    containers
        .is_some_and(|all| all.iter().any(|one| one["image"].as_str().is_some_and(|i| i.contains("k8s-device-plugin"))))
}

/// Whether a pod of a daemon set is ready on a node.
fn runs_on(cluster: &Cluster, set: &Value, node: &str) -> bool {
    let ready = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
    };
    cluster.kube.list("pods").any(|pod| {
        pod["spec"]["nodeName"] == node
            && pod["metadata"]["ownerReferences"][0]["uid"] == set["metadata"]["uid"]
            && pod["metadata"]["deletionTimestamp"].is_null()
            && ready(pod)
    })
}

/// The label by which a node chooses its configuration.
const CHOICE: &str = "nvidia.com/device-plugin.config";

/// How often each GPU is advertised: what the configuration of this node says, else once.
fn replicas(cluster: &Cluster, namespace: &str, spec: &Value, node: &Value) -> u32 {
    let maps =
        spec["volumes"].as_array().into_iter().flatten().filter_map(|volume| volume["configMap"]["name"].as_str());
    let chosen = node["metadata"]["labels"][CHOICE].as_str();
    for name in maps {
        let Some(map) = cluster.kube.get("configmaps", Some(namespace), name) else { continue };
        let Some(data) = map["data"].as_object() else { continue };
        let fallback = environment(spec, "DEFAULT_CONFIG").filter(|name| !name.is_empty());
        let key = chosen.or(fallback).map(str::to_owned).or_else(|| single(data));
        let Some(text) = key.and_then(|key| data.get(&key)).and_then(Value::as_str) else { continue };
        let Ok(config) = serde_saphyr::from_str::<Value>(text) else { continue };
        return shares(&config);
    }
    1
}

fn single(data: &serde_json::Map<String, Value>) -> Option<String> {
    let mut keys = data.keys().filter(|key| !key.is_empty());
    let first = keys.next()?;
    if keys.next().is_none() {
        return Some(first.clone());
    }
    // The config manager takes one of these names when a node has no label.
    ["config", "default"].into_iter().find(|name| data.contains_key(*name)).map(str::to_owned)
}

fn environment<'a>(spec: &'a Value, name: &str) -> Option<&'a str> {
    let containers = ["containers", "initContainers"].into_iter().filter_map(|kind| spec[kind].as_array()).flatten();
    let variables = containers.filter_map(|container| container["env"].as_array()).flatten();
    variables.into_iter().find(|one| one["name"] == name).and_then(|one| one["value"].as_str())
}

/// The replicas of `nvidia.com/gpu` under time slicing or MPS.
fn shares(config: &Value) -> u32 {
    for kind in ["timeSlicing", "mps"] {
        let resources = config["sharing"][kind]["resources"].as_array();
        let found = resources.into_iter().flatten().find(|one| one["name"] == "nvidia.com/gpu");
        if let Some(replicas) = found.and_then(|one| one["replicas"].as_u64()) {
            return u32::try_from(replicas).unwrap_or(1).max(1);
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_follow_time_slicing_and_mps() {
        let sharing =
            |kind: &str| json!({"sharing": {kind: {"resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}}});
        assert_eq!((shares(&sharing("timeSlicing")), shares(&sharing("mps")), shares(&json!({}))), (4, 4, 1));
    }
}
