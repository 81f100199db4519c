//! GPUs on nodes: they are advertised only where a device plugin runs, shared as its configuration says.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::state::{Cluster, Group, Happening, Machine, text};
use crate::aws::types;
use crate::lifecycle::after;
use crate::world::{Step, World};

impl World {
    /// Something was written to a cluster's Kubernetes API: its device plugins, Services and claims may have changed.
    pub(crate) fn kube_changed(&mut self, uid: &str, now: Timestamp) {
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
        let mut changes = Vec::new();
        for (name, group) in &cluster.groups {
            for machine in group.machines.iter().filter(|machine| machine.ready.is_some()) {
                let gpus = advertised(cluster, group, machine);
                if gpus != machine.gpus {
                    changes.push((name.clone(), machine.id.clone(), gpus));
                }
            }
        }
        let sets = daemon_sets(cluster);
        for (namespace, name) in sets {
            settle_status(cluster, &namespace, &name, now);
        }
        for (group, id, gpus) in changes {
            self.change_machine(uid, &group, &id, now, |machine| machine.gpus = gpus);
        }
    }
}

/// How many GPUs the node of a machine advertises.
fn advertised(cluster: &Cluster, group: &Group, machine: &Machine) -> u32 {
    let Some(gpus) = types::named(&machine.instance_type).and_then(|kind| kind.gpus) else { return 0 };
    let ami = text(&group.fields, "amiType");
    if ami.starts_with("BOTTLEROCKET") && ami.contains("NVIDIA") {
        return gpus.count;
    }
    // Without the accelerated image there is no driver and the plugin finds nothing.
    let driver = ami.contains("NVIDIA") || ami == "AL2_x86_64_GPU" || ami == "CUSTOM";
    let Some(node) = cluster.kube.get("nodes", None, &machine.node).filter(|_| driver) else { return 0 };
    let sets = daemon_sets(cluster);
    let plugin = sets.iter().filter_map(|(namespace, name)| {
        let set = cluster.kube.get("daemonsets", Some(namespace), name)?;
        (is_plugin(set) && runs_on(&set["spec"]["template"]["spec"], node)).then_some((namespace, set))
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

/// Whether a pod of a daemon set runs on a node: selector, required affinity, taints.
pub(crate) fn runs_on(spec: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let selected =
        spec["nodeSelector"].as_object().is_none_or(|all| all.iter().all(|(key, value)| labels[key] == *value));
    let affinity =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    let attracted = affinity.as_array().is_none_or(|terms| terms.iter().any(|term| fits(term, labels)));
    let tolerated =
        node["spec"]["taints"].as_array().is_none_or(|taints| taints.iter().all(|taint| tolerates(spec, taint)));
    selected && attracted && tolerated
}

fn fits(term: &Value, labels: &Value) -> bool {
    let expressions = term["matchExpressions"].as_array();
    expressions.is_some_and(|all| {
        all.iter().all(|one| {
            let label = one["key"].as_str().and_then(|key| labels[key].as_str());
            let values: Vec<&str> = one["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            match one["operator"].as_str() {
                Some("In") => label.is_some_and(|label| values.contains(&label)),
                Some("NotIn") => label.is_none_or(|label| !values.contains(&label)),
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                _ => false,
            }
        })
    })
}

fn tolerates(spec: &Value, taint: &Value) -> bool {
    if taint["effect"] == "PreferNoSchedule" {
        return true;
    }
    // The daemon set controller tolerates the node's own troubles by itself.
    if taint["key"].as_str().is_some_and(|key| key.starts_with("node.kubernetes.io/")) {
        return true;
    }
    spec["tolerations"].as_array().into_iter().flatten().any(|one| {
        let effect = one["effect"].as_str().is_none_or(|effect| effect.is_empty() || taint["effect"] == effect);
        let key = one["key"].as_str().unwrap_or_default();
        let exists = one["operator"] == "Exists";
        let same_key = taint["key"] == key || key.is_empty() && exists;
        effect
            && same_key
            && (exists || taint["value"].as_str().unwrap_or_default() == one["value"].as_str().unwrap_or_default())
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

/// Writes a daemon set's status as its controller does: a pod on every node it fits.
fn settle_status(cluster: &mut Cluster, namespace: &str, name: &str, now: Timestamp) {
    let Some(set) = cluster.kube.get("daemonsets", Some(namespace), name) else { return };
    let mut set = set.clone();
    let (mut desired, mut ready) = (0, 0);
    for group in cluster.groups.values() {
        for machine in group.machines.iter().filter(|machine| machine.registered.is_some()) {
            let Some(node) = cluster.kube.get("nodes", None, &machine.node) else { continue };
            if runs_on(&set["spec"]["template"]["spec"], node) {
                desired += 1;
                ready += usize::from(machine.ready.is_some());
            }
        }
    }
    set["status"] = json!({
        "currentNumberScheduled": desired,
        "desiredNumberScheduled": desired,
        "numberAvailable": ready,
        "numberMisscheduled": 0,
        "numberReady": ready,
        "observedGeneration": set["metadata"]["generation"].as_i64().unwrap_or(1),
        "updatedNumberScheduled": desired,
    });
    cluster.kube.put(now, "daemonsets", Some(namespace), set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_runs_where_selector_affinity_and_taints_let_it() {
        let node = json!({
            "metadata": {"labels": {"gpu": "a100"}},
            "spec": {"taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]},
        });
        let on = |spec: Value| runs_on(&spec, &node);
        let tolerant = json!([{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]);
        assert!(!on(json!({})));
        assert!(on(json!({"tolerations": [{"operator": "Exists"}]})));
        assert!(on(json!({"tolerations": tolerant, "nodeSelector": {"gpu": "a100"}})));
        assert!(!on(json!({"tolerations": tolerant, "nodeSelector": {"gpu": "v100"}})));
        assert!(!on(json!({"tolerations": [{"key": "nvidia.com/gpu", "value": "false"}]})));
        let affinity = |operator: &str| {
            let terms = json!([{"matchExpressions": [{"key": "gpu", "operator": operator, "values": ["a100"]}]}]);
            let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
            json!({"tolerations": tolerant, "affinity": {"nodeAffinity": required}})
        };
        assert!(on(affinity("In")) && !on(affinity("NotIn")));
    }

    #[test]
    fn shares_follow_time_slicing_and_mps() {
        let sharing =
            |kind: &str| json!({"sharing": {kind: {"resources": [{"name": "nvidia.com/gpu", "replicas": 4}]}}});
        assert_eq!((shares(&sharing("timeSlicing")), shares(&sharing("mps")), shares(&json!({}))), (4, 4, 1));
    }
}
