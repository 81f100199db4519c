//! Ingresses and network policies.

use serde_json::{Value, json};

use super::defaults::{drop_empty, fill, items};
use crate::kube::failure::Cause;

pub(crate) fn complete_ingress(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({"loadBalancer": {}}))]);
}

pub(crate) fn validate_ingress(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if list(&spec["rules"]).is_empty() && spec["defaultBackend"].is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", spec, why));
    }
    for (index, rule) in list(&spec["rules"]).iter().enumerate() {
        for (number, path) in list(&rule["http"]["paths"]).iter().enumerate() {
            let at = format!("spec.rules[{index}].http.paths[{number}]");
            if path["pathType"].is_null() {
                causes.push(Cause::required(format!("{at}.pathType"), "pathType must be specified"));
            } else if path["path"].as_str().is_none_or(|path| !path.starts_with('/'))
                && path["pathType"] != "ImplementationSpecific"
            {
                let shown = json!(path["path"].as_str().unwrap_or_default());
                causes.push(Cause::invalid(format!("{at}.path"), &shown, "must be an absolute path"));
            }
        }
    }
}

pub(crate) fn complete_policy(object: &mut Value) {
    fill(object, [("spec", json!({}))]);
    let spec = &mut object["spec"];
    let leaving = spec["egress"].as_array().is_some_and(|rules| !rules.is_empty());
    let types = if leaving { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    fill(spec, [("podSelector", json!({})), ("policyTypes", types)]);
    for direction in ["ingress", "egress"] {
        for rule in items(spec, direction) {
            items(rule, "ports").for_each(|port| fill(port, [("protocol", json!("TCP"))]));
        }
    }
    drop_empty(spec, &["ingress", "egress"]);
}
