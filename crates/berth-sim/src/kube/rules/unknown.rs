//! Fields a typed server does not know, at the top of an object and in its metadata.

use serde_json::Value;

use crate::kube::kinds::Kind;

const METADATA: &[&str] = &[
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Takes unknown fields out of an object; gives what the server says about each.
pub(crate) fn prune(kind: &Kind, object: &mut Value) -> Vec<String> {
    let mut findings = Vec::new();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, _| {
            keep(&mut findings, "", name, name == "metadata" || kind.fields.contains(&name.as_str()))
        });
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| keep(&mut findings, "metadata.", name, METADATA.contains(&name.as_str())));
    }
    findings
}

fn keep(findings: &mut Vec<String>, place: &str, name: &str, known: bool) -> bool {
    if !known {
        findings.push(format!("unknown field \"{place}{name}\""));
    }
    known
}
