//! Definitions of custom resources: their names are accepted at once, and their objects go before they do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{self, Kind};
use super::store::Store;
use super::time;

/// Where definitions are kept.
pub(crate) const STORAGE: &str = "apiextensions.k8s.io/customresourcedefinitions";
/// What holds a deleted definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The kinds that the definitions of a store serve.
pub(crate) fn served(store: &Store) -> Vec<&'static Kind> {
    let established = |definition: &&Value| condition(definition, "Established") == Some("True");
    store.list("customresourcedefinitions").filter(established).flat_map(kinds::custom).collect()
}

fn condition<'a>(definition: &'a Value, name: &str) -> Option<&'a str> {
    let all = definition["status"]["conditions"].as_array()?;
    all.iter().find(|one| one["type"] == name)?["status"].as_str()
}

/// Marks a definition that is about to be deleted.
pub(crate) fn mark(definition: &mut Value, now: Timestamp) {
    let finalizers = &mut definition["metadata"]["finalizers"];
    match finalizers.as_array_mut() {
        Some(list) if list.iter().any(|own| own == CLEANUP) => {}
        Some(list) => list.push(json!(CLEANUP)),
        None => *finalizers = json!([CLEANUP]),
    }
    if condition(definition, "Terminating").is_some() {
        return;
    }
    let condition = json!({
        "type": "Terminating",
        "status": "True",
        "lastTransitionTime": time::seconds(now),
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    });
    match definition["status"]["conditions"].as_array_mut() {
        Some(conditions) => conditions.push(condition),
        None => definition["status"]["conditions"] = json!([condition]),
    }
}

/// What the controllers of definitions do about what was written after `since`.
pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    let Some(kind) = kinds::find("apiextensions.k8s.io", "v1", "customresourcedefinitions") else { return };
    let waits = store.list(kind.plural).any(|one| one["metadata"]["deletionTimestamp"].is_string());
    let woken = |storage: &str| storage == STORAGE || (waits && storage.contains('.'));
    if !store.log.after(since).any(|change| woken(change.storage)) {
        return;
    }
    let keys: Vec<String> = store.range(kind, "").map(|(key, _)| key.clone()).collect();
    for key in keys {
        let Some(definition) = store.object(kind, &key).map(|one| Value::clone(one)) else { continue };
        if definition["metadata"]["deletionTimestamp"].is_string() {
            end(store, kind, key, definition, now);
        } else if condition(&definition, "Established").is_none() {
            establish(store, kind, key, definition, now);
        } else if definition["status"]["acceptedNames"] != definition["spec"]["names"] {
            let mut definition = definition;
            definition["status"]["acceptedNames"] = definition["spec"]["names"].clone();
            store.write(kind, key, Some(definition));
        }
    }
}

fn establish(store: &mut Store, kind: &Kind, key: String, mut definition: Value, now: Timestamp) {
    let condition = |name: &str, reason: &str, message: &str| {
        json!({
            "type": name,
            "status": "True",
            "lastTransitionTime": time::seconds(now),
            "reason": reason,
            "message": message,
        })
    };
    definition["status"]["conditions"] = json!([
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ]);
    definition["status"]["acceptedNames"] = definition["spec"]["names"].clone();
    store.write(kind, key, Some(definition));
}

/// Deletes the objects; the definition goes with the last of them.
fn end(store: &mut Store, kind: &Kind, key: String, mut definition: Value, now: Timestamp) {
    let holds = |object: &Value| object["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let mut left = false;
    for own in kinds::custom(&definition).into_iter().take(1) {
        let objects: Vec<(String, Value)> =
            store.range(own, "").map(|(key, object)| (key.clone(), Value::clone(object))).collect();
        for (key, mut object) in objects {
            if !holds(&object) {
                store.write(own, key, None);
                continue;
            }
            left = true;
            if object["metadata"]["deletionTimestamp"].is_null() {
                object["metadata"]["deletionTimestamp"] = json!(time::seconds(now));
                object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
                store.write(own, key, Some(object));
            }
        }
    }
    if left {
        return;
    }
    if let Some(list) = definition["metadata"]["finalizers"].as_array_mut() {
        list.retain(|own| own != CLEANUP);
    }
    let after = holds(&definition).then_some(definition);
    store.write(kind, key, after);
}
