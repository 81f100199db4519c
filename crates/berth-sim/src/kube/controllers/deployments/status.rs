//! What a deployment says of itself, as `kubectl rollout status` reads it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Deployment, counted, wanted};
use crate::kube::controllers::work::{Part, later};
use crate::kube::controllers::{conditions, owners, requests};
use crate::kube::store::Store;
use crate::kube::time;

const FINISHED: &str = "NewReplicaSetAvailable";
const OVERDUE: &str = "ProgressDeadlineExceeded";

/// Writes the status; `fresh` tells that the newest replica set has just been made, `trouble` why it could not be.
pub(super) fn write(
    store: &mut Store,
    deployment: &Deployment<'_>,
    sets: &[Value],
    fresh: bool,
    trouble: Option<String>,
) {
    let object = deployment.object;
    let sum = |field: &str| sets.iter().map(|set| counted(set, field)).sum::<i64>();
    let current = deployment.current(sets);
    let available = sum("availableReplicas");
    let total = sum("replicas");
    let mut status = json!({"observedGeneration": object["metadata"]["generation"].as_i64().unwrap_or(1)});
    // The pods that are asked for count until they are there.
    let unavailable = sets.iter().map(wanted).sum::<i64>() - available;
    for (field, count) in [
        ("replicas", total),
        ("updatedReplicas", current.map_or(0, |set| counted(set, "replicas"))),
        ("readyReplicas", sum("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", unavailable),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    status["terminatingReplicas"] = json!(sum("terminatingReplicas"));
    let collisions = &object["status"]["collisionCount"];
    if !collisions.is_null() {
        status["collisionCount"] = collisions.clone();
    }
    status["conditions"] = object["status"]["conditions"].clone();
    let (_, missing) = deployment.bounds();
    let enough = available >= wanted(object) - missing;
    let condition = if enough {
        written("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
    } else {
        let text = "Deployment does not have minimum availability.".to_owned();
        written("Available", "False", "MinimumReplicasUnavailable", text)
    };
    put(&mut status, condition, deployment.now, false);
    failure(&mut status, current, trouble, deployment.now);
    progress(store, deployment, &mut status, current, fresh);
    if status["conditions"].is_null()
        && let Some(fields) = status.as_object_mut()
    {
        fields.remove("conditions");
    }
    requests::write_status(store, deployment.kind, &owners::key_of(object), status);
}

fn written(kind: &str, status: &str, reason: &str, message: String) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message})
}

/// Puts a condition unless its status and reason are what they were, or something has moved.
fn put(status: &mut Value, mut condition: Value, now: Timestamp, moved: bool) {
    let kind = condition["type"].as_str().unwrap_or_default().to_owned();
    if conditions::find(status, &kind)
        .is_some_and(|old| !moved && old["status"] == condition["status"] && old["reason"] == condition["reason"])
    {
        return;
    }
    condition["lastUpdateTime"] = json!(time::seconds(now));
    conditions::set(status, condition, now);
}

/// Says why pods could not be made, as the newest replica set does.
fn failure(status: &mut Value, current: Option<&Value>, trouble: Option<String>, now: Timestamp) {
    let own = current.and_then(|set| conditions::find(&set["status"], "ReplicaFailure"));
    let message = own.and_then(|own| own["message"].as_str().map(str::to_owned)).or(trouble);
    match message {
        Some(message) => put(status, written("ReplicaFailure", "True", "FailedCreate", message), now, false),
        None => conditions::remove(status, "ReplicaFailure"),
    }
}

fn progress(store: &mut Store, deployment: &Deployment<'_>, status: &mut Value, current: Option<&Value>, fresh: bool) {
    let (object, now) = (deployment.object, deployment.now);
    let Some(set) = current else { return };
    let name = owners::name_of(set);
    if fresh {
        let text = format!("Created new replica set \"{name}\"");
        put(status, written("Progressing", "True", "NewReplicaSetCreated", text), now, true);
    }
    let old = conditions::find(status, "Progressing").cloned().unwrap_or_default();
    let same = counted_in(status, "updatedReplicas") == counted_in(status, "replicas");
    if old["reason"] == FINISHED && same {
        return;
    }
    let desired = wanted(object);
    let done =
        ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|field| counted_in(status, field) == desired);
    if done {
        let text = format!("ReplicaSet \"{name}\" has successfully progressed.");
        put(status, written("Progressing", "True", FINISHED, text), now, true);
        return;
    }
    let before = &object["status"];
    let grown = |field: &str| counted_in(status, field) > counted_in(before, field);
    let olds = |status: &Value| counted_in(status, "replicas") - counted_in(status, "updatedReplicas");
    let moved = ["updatedReplicas", "readyReplicas", "availableReplicas"].iter().any(|field| grown(field))
        || olds(status) < olds(before);
    if moved || old["reason"] == FINISHED || old.is_null() {
        let text = format!("ReplicaSet \"{name}\" is progressing.");
        put(status, written("Progressing", "True", "ReplicaSetUpdated", text), now, true);
    }
    let Some(limit) = object["spec"]["progressDeadlineSeconds"].as_i64() else { return };
    let since = conditions::find(status, "Progressing").and_then(|own| own["lastUpdateTime"].as_str()?.parse().ok());
    let end = later(since.unwrap_or(now), limit);
    if object["spec"]["paused"] == true || old["reason"] == OVERDUE {
        return;
    }
    if end <= now {
        let text = format!("ReplicaSet \"{name}\" has timed out progressing.");
        put(status, written("Progressing", "False", OVERDUE, text), now, true);
    } else {
        store.work.add_at(end, Part::Deployment, owners::key_of(object));
    }
}

fn counted_in(status: &Value, field: &str) -> i64 {
    status[field].as_i64().unwrap_or_default()
}
