//! The DaemonSet controller: one pod on every node that suits.

mod status;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{self, Maker};
use super::work::Part;
use super::{owners, requests, scheduler};
use crate::kube::kinds;
use crate::kube::store::Store;

const HASH: &str = "controller-revision-hash";
const GENERATION: &str = "deprecated.daemonset.template.generation";
/// A refused creation is tried again after so many seconds.
const RETRY_SECONDS: i64 = 15;

/// The pods of a daemon set by the node they are for.
type ByNode = BTreeMap<String, Vec<Value>>;

/// Brings the pods of a daemon set to all nodes it suits and its status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("daemonsets") else { return };
    let Some(set) = store.object(kind, key).cloned() else { return };
    if owners::leaving(&set) {
        return;
    }
    let maker = Maker { kind, object: &set, name: "daemonset-controller" };
    let hash = owners::hash(&set["spec"]["template"]);
    status::keep_revision(store, &maker, &hash, now);
    let template = tolerant(&set);
    let nodes: Vec<(String, bool)> = store
        .list("nodes")
        .map(|node| (owners::name_of(node).to_owned(), scheduler::admits(&template["spec"], node)))
        .collect();
    let mut by_node = by_node(store, &set);
    let mut refused = false;
    for (name, suits) in &nodes {
        let own = by_node.remove(name).unwrap_or_default();
        if !suits {
            // A pod that runs where it may not is ended; selectors and NoSchedule taints alike.
            let node = store.get("nodes", None, name).cloned().unwrap_or_default();
            for pod in own.iter().filter(|pod| pods::active(pod) && !may_stay(&template["spec"], &node)) {
                maker.delete(store, now, pod);
            }
            continue;
        }
        for pod in own.iter().filter(|pod| pods::ended(pod) && !owners::leaving(pod)) {
            maker.delete(store, now, pod);
        }
        if own.is_empty() && !refused {
            let pod = on_node(maker.pod(&template), &set, &hash, name);
            refused = maker.create(store, now, &pod).is_err();
        }
    }
    if refused {
        store.work.add_after(now, RETRY_SECONDS, Part::DaemonSet, key);
    }
    roll(store, &maker, &hash, &nodes, now);
    let status = status::of(store, &set, &hash, &nodes, now);
    requests::write_status(store, kind, key, status);
}

/// The daemons that will run on a node that is not there yet.
pub(crate) fn on(store: &Store, node: &Value) -> Vec<Value> {
    let sets = store.list("daemonsets").filter(|set| !owners::leaving(set));
    let templates = sets.map(|set| (set, tolerant(set)));
    let suited = templates.filter(|(_, template)| scheduler::admits(&template["spec"], node));
    let pod = |(set, template): (&Value, Value)| {
        let labels = &template["metadata"]["labels"];
        json!({"metadata": {"namespace": set["metadata"]["namespace"], "labels": labels}, "spec": template["spec"]})
    };
    suited.map(pod).collect()
}

fn by_node(store: &Store, set: &Value) -> ByNode {
    let mut all = ByNode::new();
    for pod in owners::owned(store, "pods", set) {
        all.entry(node_of(&pod)).or_default().push(pod);
    }
    all
}

/// The node a daemon's pod is on, or is bound to go to.
fn node_of(pod: &Value) -> String {
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let meant = || pod.pointer(terms)?.get(0)?["matchFields"][0]["values"][0].as_str();
    pod["spec"]["nodeName"].as_str().or_else(meant).unwrap_or_default().to_owned()
}

/// The template with what the controller bears for every daemon.
fn tolerant(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    let mut tolerations = template["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    let mut rows = vec![
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    if template["spec"]["hostNetwork"] == true {
        rows.push(("network-unavailable", "NoSchedule"));
    }
    for (key, effect) in rows {
        let one = json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect});
        if !tolerations.contains(&one) {
            tolerations.push(one);
        }
    }
    template["spec"]["tolerations"] = json!(tolerations);
    template
}

/// Whether a pod that is there may stay on a node that takes no new one: only `NoExecute` taints drive it out.
fn may_stay(spec: &Value, node: &Value) -> bool {
    let mut lenient = node.clone();
    if let Some(taints) = lenient["spec"].get_mut("taints").and_then(Value::as_array_mut) {
        taints.retain(|taint| taint["effect"] == "NoExecute");
    }
    scheduler::admits(spec, &lenient)
}

/// A pod that can only go to one node.
fn on_node(mut pod: Value, set: &Value, hash: &str, node: &str) -> Value {
    pod["metadata"]["labels"][HASH] = json!(hash);
    let generation = set["metadata"]["annotations"][GENERATION].clone();
    pod["metadata"]["labels"]["pod-template-generation"] = if generation.is_string() {
        generation
    } else {
        json!(set["metadata"]["generation"].as_i64().unwrap_or(1).to_string())
    };
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let required = &mut pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    // The daemon's own terms have been looked at: the node is chosen by its name.
    required["nodeSelectorTerms"] = json!([term]);
    pod
}

/// Ends pods of an older template, as many at a time as may be missing.
fn roll(store: &mut Store, maker: &Maker<'_>, hash: &str, nodes: &[(String, bool)], now: Timestamp) {
    let strategy = &maker.object["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return;
    }
    let wanted = i64::try_from(nodes.iter().filter(|(_, suits)| *suits).count()).unwrap_or(i64::MAX);
    let most = match &strategy["rollingUpdate"]["maxUnavailable"] {
        Value::Null => 1,
        value => owners::share(value, wanted, true).unwrap_or(1).max(1),
    };
    let min_ready = maker.object["spec"]["minReadySeconds"].as_i64().unwrap_or_default();
    let all = owners::owned(store, "pods", maker.object);
    let old: Vec<&Value> =
        all.iter().filter(|pod| pods::active(pod) && pod["metadata"]["labels"][HASH] != hash).collect();
    if old.is_empty() {
        return;
    }
    let available = all.iter().filter(|pod| pods::available(pod, min_ready, now)).count();
    let mut room = most - (wanted - i64::try_from(available).unwrap_or(i64::MAX));
    for pod in old {
        // One that does not work may always be replaced.
        let works = pods::available(pod, min_ready, now);
        if works && room <= 0 {
            continue;
        }
        room -= i64::from(works);
        maker.delete(store, now, pod);
    }
}
