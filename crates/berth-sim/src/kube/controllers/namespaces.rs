//! The namespace controller: default objects of new namespaces, and the end of deleted ones.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::time;

/// A deleted namespace is looked at so many seconds after its deletion.
const PATIENCE_SECONDS: i64 = 1;

pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    let fresh: Vec<String> = store
        .log
        .after(since)
        .filter(|change| change.storage == "/namespaces" && change.before.is_none() && change.after.is_some())
        .map(|change| change.key.clone())
        .collect();
    for name in fresh {
        furnish(store, now, &name);
    }
    let Some(kind) = kinds::by_plural("namespaces") else { return };
    let ending: Vec<(String, Value)> = store
        .range(kind, "")
        .filter(|(_, object)| {
            object["metadata"]["deletionTimestamp"]
                .as_str()
                .and_then(|written| time::seconds_since(written, now))
                .is_some_and(|seconds| seconds >= PATIENCE_SECONDS)
        })
        .map(|(name, object)| (name.clone(), Value::clone(object)))
        .collect();
    for (name, object) in ending {
        end(store, now, &name, object);
    }
}

/// What every namespace holds from the start.
fn furnish(store: &mut Store, now: Timestamp, name: &str) {
    let root_ca = json!({
        "metadata": {
            "name": "kube-root-ca.crt",
            "annotations": {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when \
    using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed \
    across distributions of Kubernetes clusters.",
            },
        },
        "data": {"ca.crt": ""},
    });
    for (resource, object) in [("configmaps", root_ca), ("serviceaccounts", json!({"metadata": {"name": "default"}}))] {
        let there =
            object["metadata"]["name"].as_str().is_some_and(|own| store.get(resource, Some(name), own).is_some());
        if !there {
            store.put(now, resource, Some(name), object);
        }
    }
}

/// Deletes the content; the namespace goes when nothing is left, and else says what holds it.
fn end(store: &mut Store, now: Timestamp, name: &str, mut object: Value) {
    let prefix = format!("{name}/");
    let mut held = Vec::new();
    for kind in
        store.kinds().collect::<Vec<_>>().into_iter().filter(|kind| kind.namespaced && kind.group != "events.k8s.io")
    {
        let content: Vec<(String, Value)> =
            store.range(kind, &prefix).map(|(key, object)| (key.clone(), Value::clone(object))).collect();
        for (key, mut item) in content {
            let finalizers = item["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            if finalizers.is_empty() {
                store.write(kind, key, None);
                continue;
            }
            if item["metadata"]["deletionTimestamp"].is_null() {
                item["metadata"]["deletionTimestamp"] = json!(time::seconds(now));
                item["metadata"]["deletionGracePeriodSeconds"] = json!(0);
                store.write(kind, key, Some(item));
            }
            held.push((kind.qualified_resource(), finalizers));
        }
    }
    let Some(kind) = kinds::by_plural("namespaces") else { return };
    if held.is_empty() {
        store.write(kind, name.to_owned(), None);
        return;
    }
    let conditions = conditions(&held, &object["status"]["conditions"], &time::seconds(now));
    if object["status"]["conditions"] != conditions {
        object["status"]["conditions"] = conditions;
        store.write(kind, name.to_owned(), Some(object));
    }
}

/// The five conditions of a namespace that is held up.
fn conditions(held: &[(String, Vec<Value>)], previous: &Value, now: &str) -> Value {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    let mut finalizers: Vec<(String, usize)> = Vec::new();
    let count = |list: &mut Vec<(String, usize)>, name: &str| match list.iter_mut().find(|entry| entry.0 == name) {
        Some(entry) => entry.1 += 1,
        None => list.push((name.to_owned(), 1)),
    };
    for (kind, names) in held {
        count(&mut kinds, kind);
        names.iter().filter_map(Value::as_str).for_each(|name| count(&mut finalizers, name));
    }
    kinds.sort();
    finalizers.sort();
    let listed = |list: &[(String, usize)], what: &str| {
        let parts: Vec<String> =
            list.iter().map(|(name, count)| format!("{name} {what} {count} resource instances")).collect();
        parts.join(", ")
    };
    let rows = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {}", listed(&kinds, "has")),
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            format!("Some content in the namespace has finalizers remaining: {}", listed(&finalizers, "in")),
        ),
    ];
    rows.into_iter()
        .map(|(kind, status, reason, message)| {
            let known =
                previous.as_array().into_iter().flatten().find(|old| old["type"] == kind && old["status"] == status);
            let since = known.map_or(json!(now), |old| old["lastTransitionTime"].clone());
            json!({"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message})
        })
        .collect()
}
