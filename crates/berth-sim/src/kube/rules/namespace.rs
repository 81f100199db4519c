//! Namespaces.

use serde_json::{Value, json};

use crate::kube::failure::Cause;

/// The namespaces that may not be deleted.
pub(crate) const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// The label that names every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A namespace as the server itself makes it.
pub(crate) fn skeleton(name: &str) -> Value {
    let mut object = json!({"metadata": {"name": name}});
    admit(&mut object);
    complete(&mut object);
    object
}

/// Fills in what every namespace has.
pub(crate) fn complete(object: &mut Value) {
    let name = object["metadata"]["name"].clone();
    if !object["metadata"]["labels"].is_object() {
        object["metadata"]["labels"] = json!({});
    }
    object["metadata"]["labels"][NAME_LABEL] = name;
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    if object["status"]["phase"].as_str().unwrap_or_default().is_empty() {
        object["status"] = json!({"phase": "Active"});
    }
}

/// A namespace is born with the finalizer that keeps it until its content is gone.
pub(crate) fn admit(object: &mut Value) {
    object["spec"] = json!({"finalizers": ["kubernetes"]});
    object["status"] = json!({"phase": "Active"});
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let phase = object["status"]["phase"].as_str().unwrap_or_default();
    let deleting = object["metadata"]["deletionTimestamp"].is_string();
    if phase == "Terminating" && !deleting {
        let why = "may only be 'Active' if `deletionTimestamp` is empty";
        causes.push(Cause::invalid("status.Phase", &object["status"]["phase"], why));
    }
    const LEVELS: &[&str] = &["privileged", "baseline", "restricted"];
    for mode in ["enforce", "audit", "warn"] {
        let label = format!("pod-security.kubernetes.io/{mode}");
        let Some(level) = object["metadata"]["labels"].get(&label) else { continue };
        if !level.as_str().is_some_and(|level| LEVELS.contains(&level)) {
            let why = "must be one of privileged, baseline, restricted";
            causes.push(Cause::invalid(format!("metadata.labels[{label}]"), level, why));
        }
    }
}
