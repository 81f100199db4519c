//! The kubelets: pods on nodes of simulated machines are started, restarted and ended.
//!
//! A node has a machine, and so a kubelet, when a cloud gave it a `spec.providerID`.
//! Pods on other nodes are left to whoever plays their kubelet through the API.

mod containers;
mod course;
mod gpus;
mod images;
mod sources;
mod status;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{self, Happened};
use super::work::{Part, later};
use super::{conditions, owners, pods, requests, scheduler};
use crate::kube::kinds::{self, Kind};
use crate::kube::store::Store;

pub(crate) use gpus::log;

/// A container takes so long to stop when it is told to.
const STOP_SECONDS: i64 = 2;
/// Pods of a node that is gone are removed after so many seconds.
const STRANDED_SECONDS: i64 = 40;
/// The finalizer by which a job keeps its pods until it has counted them.
const JOB_TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// Does what is due for a pod on its node.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    let Some(pod) = store.object(kind, key).cloned() else {
        store.kubelet.forget(key);
        return;
    };
    if untracked(store, &pod) {
        requests::take_finalizer(store, kind, key, JOB_TRACKING);
        return;
    }
    let Some(name) = pod["spec"]["nodeName"].as_str().filter(|name| !name.is_empty()) else { return };
    let Some(node) = store.get("nodes", None, name).cloned() else {
        store.work.add_after(now, STRANDED_SECONDS, Part::Stranded, key);
        return;
    };
    if !owners::leaving(&pod) && !pods::ended(&pod) && driven_out(store, kind, &pod, &node, now) {
        return;
    }
    if node["spec"]["providerID"].as_str().unwrap_or_default().is_empty() {
        return;
    }
    if owners::leaving(&pod) {
        stop(store, kind, key, &pod, now);
        return;
    }
    let at_work = conditions::holds(&node["status"], "Ready") || pod["spec"]["hostNetwork"] == true;
    if at_work && !pods::ended(&pod) {
        status::advance(store, key, &pod, &node, now);
    }
}

/// Removes a pod whose node has stayed away.
pub(crate) fn strand(store: &mut Store, key: &str, _now: Timestamp) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    let Some(pod) = store.object(kind, key) else { return };
    let name = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if name.is_empty() || store.get("nodes", None, name).is_some() {
        return;
    }
    vanish(store, kind, key);
}

/// Whether a job's finalizer is left on a pod whose job is gone.
fn untracked(store: &Store, pod: &Value) -> bool {
    let tracked = pod["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == JOB_TRACKING));
    if !tracked {
        return false;
    }
    let job = owners::controller(pod).filter(|owner| owner["kind"] == "Job");
    let name = job.and_then(|job| job["name"].as_str());
    name.is_none_or(|name| store.get("jobs", pod["metadata"]["namespace"].as_str(), name).is_none())
}

/// Ends a pod that does not bear a `NoExecute` taint of its node; tells whether it did.
fn driven_out(store: &mut Store, kind: &Kind, pod: &Value, node: &Value, now: Timestamp) -> bool {
    let key = owners::key_of(pod);
    for taint in node["spec"]["taints"].as_array().into_iter().flatten().filter(|one| one["effect"] == "NoExecute") {
        let tolerations = pod["spec"]["tolerations"].as_array().into_iter().flatten();
        let bearing: Vec<&Value> = tolerations.filter(|one| scheduler::tolerates(one, taint)).collect();
        let patience =
            bearing.iter().map(|one| one["tolerationSeconds"].as_i64()).min_by_key(|one| one.unwrap_or(i64::MAX));
        let since = taint["timeAdded"].as_str().and_then(|text| text.parse().ok());
        match (patience, since) {
            (Some(None), _) => continue,
            (Some(Some(seconds)), since) => {
                let end = later(since.unwrap_or(now), seconds);
                if since.is_none() && !store.kubelet.waited(&key, "taint", now, seconds) {
                    store.work.add_at(end, Part::Pod, &key);
                    continue;
                }
                if end > now {
                    store.work.add_at(end, Part::Pod, &key);
                    continue;
                }
            }
            (None, _) => {}
        }
        let message = format!("Marking for deletion Pod {key}");
        let happened =
            Happened { component: "taint-eviction-controller", warns: false, reason: "TaintManagerEviction", message };
        events::record(store, now, kind, pod, &happened);
        requests::delete(store, now, "node-controller", kind, pod, json!({}));
        return true;
    }
    false
}

/// Stops a pod's containers and lets it go.
fn stop(store: &mut Store, kind: &Kind, key: &str, pod: &Value, now: Timestamp) {
    let metadata = &pod["metadata"];
    let last: Timestamp = metadata["deletionTimestamp"].as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
    let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
    let end = later(last, STOP_SECONDS.min(grace) - grace);
    if end > now {
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            let message = format!("Stopping container {}", container["name"].as_str().unwrap_or_default());
            if store.kubelet.first(key, &message) {
                let happened = Happened { component: "kubelet", warns: false, reason: "Killing", message };
                events::record(store, now, kind, pod, &happened);
            }
        }
        store.work.add_at(end, Part::Pod, key);
        return;
    }
    vanish(store, kind, key);
}

/// Removes a pod, or lets it fail when a finalizer still holds it.
fn vanish(store: &mut Store, kind: &Kind, key: &str) {
    let Some(pod) = store.object(kind, key) else { return };
    if pod["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
        store.write(kind, key.to_owned(), None);
        return;
    }
    let mut held = Value::clone(pod);
    if !owners::leaving(&held) {
        held["metadata"]["deletionTimestamp"] = held["metadata"]["creationTimestamp"].clone();
    }
    held["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    if !pods::ended(&held) {
        held["status"]["phase"] = json!("Failed");
    }
    if held != **pod {
        store.write(kind, key.to_owned(), Some(held));
    }
}

/// What kubelets remember between two looks. It is lost with the process: what was waited for is waited for again.
#[derive(Debug, Default)]
pub(crate) struct Memory(std::collections::BTreeMap<String, Option<Timestamp>>);

impl Memory {
    /// Whether the time for something has come, `seconds` after it was first asked; asking again then starts anew.
    pub(crate) fn waited(&mut self, key: &str, what: &str, now: Timestamp, seconds: i64) -> bool {
        let name = format!("{key} {what}");
        let end = self.0.entry(name.clone()).or_insert(Some(later(now, seconds)));
        if end.is_some_and(|end| end > now) {
            return false;
        }
        self.0.remove(&name);
        true
    }

    /// Whether something is done for the first time.
    pub(crate) fn first(&mut self, key: &str, what: &str) -> bool {
        self.0.insert(format!("{key} {what}"), None).is_none()
    }

    /// Forgets what was about a pod that is gone.
    fn forget(&mut self, key: &str) {
        let prefix = format!("{key} ");
        self.0.retain(|name, _| !name.starts_with(&prefix));
    }
}

#[cfg(test)]
mod tests;
