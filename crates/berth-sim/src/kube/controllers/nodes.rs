//! The node controller's taints: what follows from readiness and from being cordoned.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::kinds;
use crate::kube::ownership::{self, Writer};
use crate::kube::store::Store;
use crate::kube::time;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The annotation that tells kubelets how long they may keep what they read.
const TTL: &str = "node.alpha.kubernetes.io/ttl";
/// A node without any word from its kubelet keeps the taint it was born with for so many seconds.
const PATIENCE_SECONDS: i64 = 1;

pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    let mut names: BTreeSet<String> = std::mem::take(&mut store.young_nodes);
    let changes = store.log.after(since).filter(|change| change.storage == "/nodes" && change.after.is_some());
    names.extend(changes.map(|change| change.key.clone()));
    let Some(kind) = kinds::by_plural("nodes") else { return };
    for name in names {
        let Some(object) = store.object(kind, &name) else { continue };
        let mut node = Value::clone(object);
        let young = ready(&node).is_none() && age_seconds(&node, now) < PATIENCE_SECONDS;
        if young {
            store.young_nodes.insert(name.clone());
        }
        let annotated = annotate(&mut node);
        let tainted = taint(&mut node, young, now);
        if annotated || tainted {
            let writer =
                Writer { name: "kube-controller-manager".to_owned(), subresource: None, now: time::seconds(now) };
            let before = store.object(kind, &name).cloned();
            ownership::track(kind, before.as_deref(), &mut node, &writer);
            store.write(kind, name, Some(node));
        }
    }
}

fn ready(node: &Value) -> Option<&str> {
    let conditions = node["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == "Ready")?["status"].as_str()
}

fn age_seconds(node: &Value, now: Timestamp) -> i64 {
    let born = node["metadata"]["creationTimestamp"].as_str();
    born.and_then(|born| time::seconds_since(born, now)).unwrap_or(PATIENCE_SECONDS)
}

/// Adds the time to live when it is missing; says whether it was.
fn annotate(node: &mut Value) -> bool {
    let annotations = &mut node["metadata"]["annotations"];
    if !annotations[TTL].is_null() {
        return false;
    }
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations[TTL] = json!("0");
    true
}

/// Sets or removes the controller's own taints; says whether anything changed.
fn taint(node: &mut Value, young: bool, now: Timestamp) -> bool {
    let ready = ready(node);
    let wanted = [
        (NOT_READY, ready == Some("False") || (young && has_taint(node, NOT_READY))),
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

fn has_taint(node: &Value, key: &str) -> bool {
    node["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(|taint| taint["key"] == key))
}
