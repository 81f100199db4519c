//! The scheduler: which node each waiting pod goes to, or why none will do.

mod filters;
mod growth;
mod neighbours;
mod preemption;
mod seats;
mod volumes;
mod words;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{self, Happened};
use super::{conditions, owners};
use crate::kube::kinds;
use crate::kube::store::Store;

pub(crate) use filters::{admits, tolerates};
pub(crate) use growth::{Offer, is_unschedulable};
pub(crate) use volumes::{SELECTED_NODE, claims};

use filters::Refusal;
use neighbours::Neighbours;
use seats::{Seats, Wish};
use volumes::Volumes;

/// Looks for a node for every pod that waits for one, the most important first.
pub(crate) fn reconcile(store: &mut Store, now: Timestamp) {
    let waiting = waiting(store);
    if waiting.is_empty() {
        return;
    }
    let mut seats = Seats::of(store);
    // Pods of one template fail alike: the words are found once.
    let mut failed: Vec<(Value, String)> = Vec::new();
    for pod in waiting {
        let likeness = json!([pod["spec"], pod["metadata"]["labels"], pod["metadata"]["namespace"]]);
        if let Some((_, message)) = failed.iter().find(|(known, _)| *known == likeness) {
            let message = message.clone();
            refuse(store, &pod, message, None, now);
            continue;
        }
        match place(store, &seats, &pod) {
            Placed::On(index) => {
                seats.take(index, &pod);
                bind(store, &pod, &seats.name(index), now);
            }
            Placed::Awaiting(index) => seats.take(index, &pod),
            Placed::AfterVolumes(index, claims) => {
                volumes::select_node(store, &pod, &claims, &seats.name(index));
                seats.take(index, &pod);
            }
            Placed::Nowhere(message, refusals) => {
                let nominated = preemption::make_room(store, &seats, &pod, &refusals, now);
                if nominated.is_none() {
                    failed.push((likeness, message.clone()));
                }
                refuse(store, &pod, message, nominated, now);
            }
        }
    }
}

/// Pods without a node that this scheduler is to place, the most important and then the oldest first.
fn waiting(store: &Store) -> Vec<Value> {
    let mut pods: Vec<Value> = store.list("pods").filter(|pod| waits(pod)).cloned().collect();
    pods.sort_by_cached_key(|pod| {
        let priority = pod["spec"]["priority"].as_i64().unwrap_or_default();
        let born = pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        (std::cmp::Reverse(priority), born, owners::key_of(pod))
    });
    pods
}

/// Whether a pod waits to be placed.
pub(crate) fn waits(pod: &Value) -> bool {
    let spec = &pod["spec"];
    spec["nodeName"].as_str().unwrap_or_default().is_empty()
        && !owners::leaving(pod)
        && pod["status"]["phase"] == "Pending"
        && spec["schedulerName"].as_str().is_none_or(|name| name == "default-scheduler")
        && spec["schedulingGates"].as_array().is_none_or(Vec::is_empty)
}

/// What was found for a pod.
enum Placed {
    /// The seat it takes.
    On(usize),
    /// The seat that is kept for it until its volumes are made there.
    AfterVolumes(usize, Vec<String>),
    /// The seat of a pod whose volumes are being made.
    Awaiting(usize),
    /// Why no node will do, and the reason of each.
    Nowhere(String, Vec<Refusal>),
}

fn place(store: &Store, seats: &Seats, pod: &Value) -> Placed {
    if seats.is_empty() {
        return Placed::Nowhere("no nodes available to schedule pods".to_owned(), Vec::new());
    }
    let volumes = match Volumes::of(store, pod) {
        Ok(volumes) => volumes,
        Err(why) => return Placed::Nowhere(words::of_pod(seats.len(), &why), Vec::new()),
    };
    let wish = Wish::of(pod);
    let neighbours = Neighbours::of(pod, seats);
    let mut refusals = Vec::new();
    let mut best: Option<(i64, usize)> = None;
    for index in 0..seats.len() {
        let refusal = filters::refusal(&wish, seats, index, &volumes, &neighbours);
        if let Some(refusal) = refusal {
            refusals.push(refusal);
            continue;
        }
        let kept = volumes.selected.as_deref() == Some(seats.name(index).as_str());
        let score = if kept { i64::MAX } else { seats.score(index, &wish) };
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, index));
        }
    }
    match best {
        None => Placed::Nowhere(words::of_nodes(pod, &refusals), refusals),
        Some((_, index)) if volumes.unbound.is_empty() => Placed::On(index),
        Some((i64::MAX, index)) => Placed::Awaiting(index),
        Some((_, index)) => Placed::AfterVolumes(index, volumes.unbound),
    }
}

fn bind(store: &mut Store, pod: &Value, node: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    let mut bound = pod.clone();
    bound["spec"]["nodeName"] = json!(node);
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null});
    conditions::set(&mut bound["status"], condition, now);
    if let Some(status) = bound["status"].as_object_mut() {
        status.remove("nominatedNodeName");
    }
    store.write(kind, owners::key_of(pod), Some(bound));
    let message = format!("Successfully assigned {} to {node}", owners::key_of(pod));
    let happened = Happened { component: "default-scheduler", warns: false, reason: "Scheduled", message };
    events::record(store, now, kind, pod, &happened);
}

/// Says in the pod's status and in an event why it has no node, unless that was said already.
fn refuse(store: &mut Store, pod: &Value, message: String, nominated: Option<String>, now: Timestamp) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    let known = conditions::find(&pod["status"], "PodScheduled").is_some_and(|own| own["message"] == message.as_str());
    if known && nominated.is_none() {
        return;
    }
    let mut refused = pod.clone();
    let condition = json!({
        "type": "PodScheduled", "status": "False", "lastProbeTime": null, "reason": "Unschedulable", "message": message,
        "observedGeneration": pod["metadata"]["generation"].as_i64().unwrap_or(1),
    });
    conditions::set(&mut refused["status"], condition, now);
    if let Some(node) = nominated {
        refused["status"]["nominatedNodeName"] = json!(node);
    }
    store.write(kind, owners::key_of(pod), Some(refused));
    let happened = Happened { component: "default-scheduler", warns: true, reason: "FailedScheduling", message };
    events::record(store, now, kind, pod, &happened);
}

#[cfg(test)]
mod tests;
