//! Definitions of custom resources.

use serde_json::{Value, json};

use super::defaults::fill;
use crate::kube::failure::Cause;

pub(crate) fn complete(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({}))]);
    let spec = &mut object["spec"];
    fill(spec, [("names", json!({})), ("conversion", json!({"strategy": "None"}))]);
    let kind = spec["names"]["kind"].as_str().unwrap_or_default().to_owned();
    let singular = [("singular", json!(kind.to_lowercase())), ("listKind", json!(format!("{kind}List")))];
    fill(&mut spec["names"], singular);
}

/// What a new definition's status says before its names are accepted.
pub(crate) fn initial(object: &mut Value) {
    let versions = object["spec"]["versions"].as_array().into_iter().flatten();
    let stored: Vec<&Value> =
        versions.filter(|version| version["storage"] == true).map(|version| &version["name"]).collect();
    object["status"] =
        json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored});
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    let approved = &object["metadata"]["annotations"]["api-approved.kubernetes.io"];
    if object["metadata"]["name"] != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &object["metadata"]["name"], why));
    }
    if (group.ends_with(".k8s.io") || group.ends_with(".kubernetes.io")) && approved.is_null() {
        let why = "protected groups must have approval annotation \"api-approved.kubernetes.io\", \
see https://github.com/kubernetes/enhancements/pull/1111";
        causes.push(Cause::required("metadata.annotations[api-approved.kubernetes.io]", why));
    }
    for field in ["plural", "kind"] {
        if text(&spec["names"][field]).is_empty() {
            causes.push(Cause::required(format!("spec.names.{field}"), ""));
        }
    }
    let scope = text(&spec["scope"]);
    if scope.is_empty() {
        causes.push(Cause::required("spec.scope", ""));
    } else if scope != "Namespaced" && scope != "Cluster" {
        causes.push(Cause::unsupported("spec.scope", &scope, &["Cluster", "Namespaced"]));
    }
    validate_versions(object, causes);
}

fn validate_versions(object: &Value, causes: &mut Vec<Cause>) {
    let versions = object["spec"]["versions"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, version) in versions.iter().enumerate() {
        let schema = &version["schema"]["openAPIV3Schema"];
        if !schema.is_object() {
            causes.push(Cause::required(format!("spec.versions[{index}].schema.openAPIV3Schema"), ""));
            continue;
        }
        // One version, or several with the same schema, are checked under the name they have inside the server.
        let at = if versions.len() == 1 {
            "spec.validation.openAPIV3Schema".to_owned()
        } else {
            format!("spec.versions[{index}].schema.openAPIV3Schema")
        };
        validate_structure(schema, &at, causes);
        if schema["type"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{at}.type"), "must not be empty at the root"));
        }
    }
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let shown: Vec<String> = versions.iter().map(shown_version).collect();
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid_text("spec.versions", &format!("[{}]", shown.join(",")), why));
    }
    if object["status"]["storedVersions"].as_array().is_none_or(Vec::is_empty) {
        causes.push(Cause::invalid("status.storedVersions", &Value::Null, "must have at least one stored version"));
    }
}

/// A version as the server's own type prints it; the schema of a single one stands elsewhere.
fn shown_version(version: &Value) -> String {
    format!(
        "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":null,\
\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
        version["name"], version["served"], version["storage"]
    )
}

/// Every field says its type, so that it can be pruned and merged.
fn validate_structure(schema: &Value, at: &str, causes: &mut Vec<Cause>) {
    let inner: Vec<(String, &Value)> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, inner)| (format!("{at}.properties[{name}]"), inner))
        .chain(schema.get("items").map(|inner| (format!("{at}.items"), inner)))
        .chain(
            schema
                .get("additionalProperties")
                .filter(|inner| inner.is_object())
                .map(|inner| (format!("{at}.additionalProperties"), inner)),
        )
        .collect();
    for (place, inner) in inner {
        validate_structure(inner, &place, causes);
        let free = inner["x-kubernetes-int-or-string"] == true || inner["x-kubernetes-preserve-unknown-fields"] == true;
        if inner["type"].as_str().unwrap_or_default().is_empty() && !free {
            let what = if place.ends_with(']') { "object fields" } else { "array items" };
            let why = format!("must not be empty for specified {what}");
            causes.push(Cause::required(format!("{place}.type"), &why));
        }
    }
}

pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let fixed = [("scope", "/spec/scope"), ("names.kind", "/spec/names/kind"), ("names.plural", "/spec/names/plural")];
    for (field, pointer) in fixed {
        let value = object.pointer(pointer).unwrap_or(&Value::Null);
        if *value != *current.pointer(pointer).unwrap_or(&Value::Null) {
            causes.push(Cause::invalid(format!("spec.{field}"), value, "field is immutable"));
        }
    }
}
