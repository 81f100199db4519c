//! The node controller's taints: what follows from readiness and from being cordoned.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::time;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    let mut changed: Vec<String> = store
        .log
        .after(since)
        .filter(|change| change.storage == "/nodes" && change.after.is_some())
        .map(|change| change.key.clone())
        .collect();
    changed.dedup();
    let Some(kind) = kinds::by_plural("nodes") else { return };
    for name in changed {
        let Some(object) = store.object(kind, &name) else { continue };
        let mut node = Value::clone(object);
        if taint(&mut node, now) {
            store.write(kind, name, Some(node));
        }
    }
}

/// Sets or removes the controller's own taints; says whether anything changed.
fn taint(node: &mut Value, now: Timestamp) -> bool {
    let ready = node["status"]["conditions"]
        .as_array()
        .and_then(|conditions| conditions.iter().find(|condition| condition["type"] == "Ready"))
        .and_then(|condition| condition["status"].as_str());
    let wanted = [
        (NOT_READY, ready == Some("False")),
        (UNREACHABLE, ready == Some("Unknown")),
        (UNSCHEDULABLE, node["spec"]["unschedulable"] == true),
    ];
    let mut taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let before = taints.clone();
    for (key, wanted) in wanted {
        let own = |taint: &Value| taint["key"] == key && taint["effect"] == "NoSchedule";
        match (taints.iter().any(own), wanted) {
            (false, true) => {
                taints.push(json!({"key": key, "effect": "NoSchedule", "timeAdded": time::seconds(now)}));
            }
            (true, false) => taints.retain(|taint| !own(taint)),
            _ => {}
        }
    }
    if taints == before {
        return false;
    }
    if taints.is_empty() {
        if let Some(spec) = node["spec"].as_object_mut() {
            spec.remove("taints");
        }
    } else {
        node["spec"]["taints"] = json!(taints);
    }
    true
}
