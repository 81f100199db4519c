//! Finalizers that controllers put on objects and take off when their part is done.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::Store;

/// Whether an object has a finalizer.
pub(crate) fn has(object: &Value, finalizer: &str) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == finalizer))
}

/// Puts a finalizer on an object unless it has it.
pub(crate) fn add(object: &mut Value, finalizer: &str) {
    if has(object, finalizer) {
        return;
    }
    match object["metadata"]["finalizers"].as_array_mut() {
        Some(all) => all.push(json!(finalizer)),
        None => object["metadata"]["finalizers"] = json!([finalizer]),
    }
}

/// Takes a finalizer off an object and keeps it, or removes it when it was deleted and nothing else holds it.
pub(crate) fn take(store: &mut Store, now: Timestamp, resource: &str, mut object: Value, finalizer: &str) {
    let part = |member: &str| object["metadata"][member].as_str().map(str::to_owned);
    let (namespace, name) = (part("namespace"), part("name").unwrap_or_default());
    let deleted = part("deletionTimestamp").is_some();
    let mut left = 0;
    if let Some(all) = object["metadata"]["finalizers"].as_array_mut() {
        all.retain(|one| one != finalizer);
        left = all.len();
    }
    if deleted && left == 0 {
        store.remove(now, resource, namespace.as_deref(), &name);
        return;
    }
    if left == 0
        && let Some(metadata) = object["metadata"].as_object_mut()
    {
        metadata.remove("finalizers");
    }
    store.put(now, resource, namespace.as_deref(), object);
}
