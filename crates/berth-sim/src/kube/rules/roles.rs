//! Roles and bindings.

use serde_json::{Value, json};

use super::defaults::{fill, items};
use crate::kube::failure::Cause;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(crate) fn complete_binding(object: &mut Value) {
    fill(&mut object["roleRef"], [("apiGroup", json!(GROUP))]);
    for subject in items(object, "subjects") {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            fill(subject, [("apiGroup", json!(GROUP))]);
        }
    }
}

/// A role without rules says so.
pub(crate) fn complete_role(object: &mut Value) {
    if object["rules"].as_array().is_none_or(Vec::is_empty) {
        object["rules"] = Value::Null;
    }
}

/// Checks the rules of a role, or of a role of the whole cluster.
pub(crate) fn validate_rules(object: &Value, namespaced: bool, causes: &mut Vec<Cause>) {
    for (index, rule) in object["rules"].as_array().into_iter().flatten().enumerate() {
        let at = format!("rules[{index}]");
        let empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
        if empty("verbs") {
            causes.push(Cause::required(format!("{at}.verbs"), "verbs must contain at least one value"));
        }
        if !empty("nonResourceURLs") {
            let paths = &rule["nonResourceURLs"];
            let field = format!("{at}.nonResourceURLs");
            if namespaced {
                causes.push(Cause::invalid(field, paths, "namespaced rules cannot apply to non-resource URLs"));
            } else if !empty("resources") || !empty("apiGroups") {
                let why = "rules cannot apply to both regular resources and non-resource URLs";
                causes.push(Cause::invalid(field, paths, why));
            }
            continue;
        }
        if empty("apiGroups") {
            let why = "resource rules must supply at least one api group";
            causes.push(Cause::required(format!("{at}.apiGroups"), why));
        }
        if empty("resources") {
            let why = "resource rules must supply at least one resource";
            causes.push(Cause::required(format!("{at}.resources"), why));
        }
    }
}

pub(crate) fn validate_binding(object: &Value, causes: &mut Vec<Cause>) {
    let reference = &object["roleRef"];
    if !matches!(reference["kind"].as_str(), Some("Role" | "ClusterRole")) {
        let kind = reference["kind"].as_str().unwrap_or_default();
        causes.push(Cause::unsupported("roleRef.kind", kind, &["Role", "ClusterRole"]));
    }
    if reference["name"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    }
}

/// A binding stays with its role.
pub(crate) fn validate_binding_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let new = &object["roleRef"];
    if *new != current["roleRef"] {
        let shown = format!("{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}", new["apiGroup"], new["kind"], new["name"]);
        causes.push(Cause::invalid_text("roleRef", &shown, "cannot change roleRef"));
    }
}
