//! Resource quotas: which resources may be limited, and under which scopes.

use serde_json::{Value, json};

use super::{names, quantity};
use crate::kube::failure::Cause;

/// Whole numbers of objects.
const COUNTS: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];
/// What pods ask for.
const COMPUTE: &[&str] = &["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];
const STORAGE: &[&str] =
    &["ephemeral-storage", "limits.ephemeral-storage", "requests.ephemeral-storage", "requests.storage"];
const SCOPES: &[&str] =
    &["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating"];

pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    quantity::decode_check(&object["spec"]["hard"])
}

pub(crate) fn complete(object: &mut Value) {
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.retain(|_, value| {
            !value.as_object().is_some_and(serde_json::Map::is_empty) && !value.as_array().is_some_and(Vec::is_empty)
        });
        if let Some(hard) = spec.get_mut("hard") {
            quantity::complete(hard);
        }
    }
    for part in ["hard", "used"] {
        if let Some(amounts) = object.get_mut("status").and_then(|status| status.get_mut(part)) {
            quantity::complete(amounts);
        }
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    for (name, amount) in spec["hard"].as_object().into_iter().flatten() {
        validate_limit(name, amount, causes);
    }
    validate_scopes(spec, causes);
    validate_selector(spec, causes);
}

fn validate_limit(name: &str, amount: &Value, causes: &mut Vec<Cause>) {
    let field = format!("spec.hard[{name}]");
    causes.extend(names::qualified_name(name).iter().map(|why| Cause::invalid(&field, &json!(name), why)));
    if !name.contains('/') && !is_standard(name) {
        if name != "storage" {
            let why = "must be a standard resource type or fully qualified";
            causes.push(Cause::invalid(&field, &json!(name), why));
        }
        causes.push(Cause::invalid(&field, &json!(name), "must be a standard resource for quota"));
    }
    let Some(quantity) = quantity::Quantity::of(amount) else { return };
    if quantity.is_negative() {
        causes.push(Cause::invalid(&field, amount, "must be greater than or equal to 0"));
    }
    // Extended resources are whole, but not under the name that limits them.
    let extended = name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.");
    if (COUNTS.contains(&name) || extended) && !quantity.is_whole() {
        causes.push(Cause::invalid(&field, amount, "must be an integer"));
    }
}

fn is_standard(name: &str) -> bool {
    COUNTS.contains(&name)
        || COMPUTE.contains(&name)
        || STORAGE.contains(&name)
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-")
}

/// Whether a quota of this scope may hold the resource; names with a slash are not looked at.
fn fits(scope: &str, resource: &str) -> bool {
    match scope {
        _ if !is_standard(resource) => true,
        "BestEffort" => resource == "pods",
        _ if SCOPES.contains(&scope) => resource == "pods" || COMPUTE.contains(&resource),
        _ => true,
    }
}

fn misfits<'a>(spec: &'a Value, scope: &'a str) -> impl Iterator<Item = &'a String> {
    spec["hard"].as_object().into_iter().flat_map(|hard| hard.keys()).filter(move |name| !fits(scope, name))
}

fn conflicting(scopes: &[&str]) -> bool {
    [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")]
        .iter()
        .any(|(one, other)| scopes.contains(one) && scopes.contains(other))
}

fn validate_scopes(spec: &Value, causes: &mut Vec<Cause>) {
    const FIELD: &str = "spec.scopes";
    let given = &spec["scopes"];
    let scopes: Vec<&str> = given.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            causes.push(Cause::invalid(FIELD, given, "unsupported scope"));
        }
        for _ in misfits(spec, scope) {
            causes.push(Cause::invalid(FIELD, given, "unsupported scope applied to resource"));
        }
    }
    if conflicting(&scopes) {
        causes.push(Cause::invalid(FIELD, given, "conflicting scopes"));
    }
}

fn validate_selector(spec: &Value, causes: &mut Vec<Cause>) {
    const FIELD: &str = "spec.scopeSelector.matchExpressions";
    const ONLY_EXISTS: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or \
ResourceQuotaScopeCrossNamespacePodAffinity";
    let expressions = spec["scopeSelector"]["matchExpressions"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |expression: &Value, field: &str| expression[field].as_str().unwrap_or_default().to_owned();
    for expression in expressions {
        let (scope, operator) = (text(expression, "scopeName"), text(expression, "operator"));
        if !SCOPES.contains(&scope.as_str()) {
            causes.push(Cause::invalid(format!("{FIELD}.scopeName"), &json!(scope), "unsupported scope"));
        }
        for _ in misfits(spec, &scope) {
            let shown = shown_selector(expressions);
            causes.push(Cause::invalid_text(FIELD, &shown, "unsupported scope applied to resource"));
        }
        if SCOPES.contains(&scope.as_str()) && scope != "PriorityClass" && operator != "Exists" {
            causes.push(Cause::invalid(format!("{FIELD}.operator"), &json!(operator), ONLY_EXISTS));
        }
        let valueless = expression["values"].as_array().is_none_or(Vec::is_empty);
        match operator.as_str() {
            "In" | "NotIn" if valueless => {
                let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                causes.push(Cause::required(format!("{FIELD}.values"), why));
            }
            "Exists" | "DoesNotExist" if !valueless => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                causes.push(Cause::invalid(format!("{FIELD}.values"), &expression["values"], why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => {
                let field = format!("{FIELD}.operator");
                causes.push(Cause::invalid(field, &json!(operator), "not a valid selector operator"));
            }
        }
    }
    let scopes: Vec<String> = expressions.iter().map(|expression| text(expression, "scopeName")).collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    if conflicting(&scopes) {
        causes.push(Cause::invalid(FIELD, &spec["scopes"], "conflicting scopes"));
    }
}

/// The selector with the field names of the server's own type.
fn shown_selector(expressions: &[Value]) -> String {
    let shown: Vec<String> = expressions
        .iter()
        .map(|expression| {
            format!(
                "{{\"ScopeName\":{},\"Operator\":{},\"Values\":{}}}",
                expression["scopeName"], expression["operator"], expression["values"]
            )
        })
        .collect();
    format!("{{\"MatchExpressions\":[{}]}}", shown.join(","))
}

/// The scopes stay; the selector may change.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let scopes = |quota: &Value| {
        let mut scopes: Vec<String> = quota["spec"]["scopes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|scope| scope.as_str().map(str::to_owned))
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    };
    if scopes(object) != scopes(current) {
        causes.push(Cause::invalid("spec.scopes", &object["spec"]["scopes"], "field is immutable"));
    }
}
