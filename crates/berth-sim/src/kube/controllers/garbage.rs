//! The garbage collector: objects whose owners are all gone, and owners that wait for their dependents.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::requests;
use crate::kube::kinds::Kind;
use crate::kube::log::Change;
use crate::kube::store::Store;
use crate::kube::time;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    if !store.log.after(since).any(|change| concerns(store, change)) {
        return;
    }
    for (kind, key, object) in dependents(store) {
        let owners = object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
        if !owners.iter().any(|owner| alive(store, &object, owner)) {
            drop_object(store, kind, key, object, now);
        }
    }
    for (kind, key, object) in waiting(store) {
        finish(store, kind, key, object);
    }
}

/// Objects that own nothing, of which there are many.
const LEAVES: &[&str] = &["/pods", "/events", "coordination.k8s.io/leases"];

/// Whether a change can leave something without an owner, or an owner without dependents.
fn concerns(store: &Store, change: &Change) -> bool {
    let owners = |object: &Value| object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default();
    match change.after.as_deref() {
        None if !LEAVES.contains(&change.storage) => true,
        None => {
            change.before.as_deref().is_some_and(|gone| owners(gone).iter().any(|owner| !alive(store, gone, owner)))
        }
        Some(object) => {
            let own = owners(object);
            let alone = !own.is_empty() && !own.iter().any(|owner| alive(store, object, owner));
            let waits = object["metadata"]["deletionTimestamp"].is_string()
                && (has_finalizer(object, FOREGROUND) || has_finalizer(object, ORPHAN));
            waits || (alone && object["metadata"]["deletionTimestamp"].is_null())
        }
    }
}

type Found = (&'static Kind, String, Value);

fn all(store: &Store, wanted: impl Fn(&Value) -> bool) -> Vec<Found> {
    store
        .kinds()
        .filter(|kind| kind.group != "events.k8s.io")
        .flat_map(|kind| store.range(kind, "").map(move |(key, object)| (kind, key, object)))
        .filter(|(_, _, object)| wanted(object))
        .map(|(kind, key, object)| (kind, key.clone(), Value::clone(object)))
        .collect()
}

/// Objects that name owners and are not on their way out.
fn dependents(store: &Store) -> Vec<Found> {
    all(store, |object| {
        object["metadata"]["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty())
            && object["metadata"]["deletionTimestamp"].is_null()
    })
}

/// Deleted owners whose dependents have to be seen to first.
fn waiting(store: &Store) -> Vec<Found> {
    all(store, |object| {
        object["metadata"]["deletionTimestamp"].is_string()
            && (has_finalizer(object, FOREGROUND) || has_finalizer(object, ORPHAN))
    })
}

fn has_finalizer(object: &Value, name: &str) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| finalizers.iter().any(|own| own == name))
}

/// Whether an owner exists and does not wait for its dependents to go. Owners of kinds not served count as there.
fn alive(store: &Store, object: &Value, owner: &Value) -> bool {
    let api_version = owner["apiVersion"].as_str().unwrap_or_default();
    let found = store.kinds().find(|kind| owner["kind"] == kind.kind && kind.api_version() == api_version);
    let Some(kind) = found else { return true };
    let namespace = object["metadata"]["namespace"].as_str();
    let key = kind.key(namespace, owner["name"].as_str().unwrap_or_default());
    store.object(kind, &key).is_some_and(|there| {
        there["metadata"]["uid"] == owner["uid"]
            && !(there["metadata"]["deletionTimestamp"].is_string() && has_finalizer(there, FOREGROUND))
    })
}

/// Removes an object, or marks it deleted when a finalizer holds it.
fn drop_object(store: &mut Store, kind: &Kind, key: String, mut object: Value, now: Timestamp) {
    if kind.storage == "/pods" && object["spec"]["nodeName"].is_string() {
        // Its kubelet ends it in its own time.
        requests::delete(store, now, "generic-garbage-collector", kind, &object, json!({}));
        return;
    }
    let free = object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
    if free {
        store.write(kind, key, None);
        return;
    }
    object["metadata"]["deletionTimestamp"] = json!(time::seconds(now));
    object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    store.write(kind, key, Some(object));
}

/// Lets a waiting owner go: at once after freeing its orphans, or when its last dependent is gone.
fn finish(store: &mut Store, kind: &'static Kind, key: String, mut object: Value) {
    let uid = object["metadata"]["uid"].clone();
    let owned = |other: &Value| {
        other["metadata"]["ownerReferences"]
            .as_array()
            .is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == uid))
    };
    let own = all(store, owned);
    if has_finalizer(&object, FOREGROUND) && !own.is_empty() {
        return;
    }
    for (kind, key, mut child) in own {
        if let Some(owners) = child["metadata"]["ownerReferences"].as_array_mut() {
            owners.retain(|owner| owner["uid"] != uid);
            if owners.is_empty()
                && let Some(metadata) = child["metadata"].as_object_mut()
            {
                metadata.remove("ownerReferences");
            }
        }
        store.write(kind, key, Some(child));
    }
    if let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|name| name != FOREGROUND && name != ORPHAN);
        if finalizers.is_empty() {
            store.write(kind, key, None);
        } else {
            store.write(kind, key, Some(object));
        }
    }
}
