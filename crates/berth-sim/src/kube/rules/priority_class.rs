//! Priority classes.

use serde_json::{Value, json};

use crate::kube::failure::Cause;

/// The highest value a user's class may have.
const HIGHEST: i64 = 1_000_000_000;
const SYSTEM: &[(&str, i64, &str)] = &[
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];
const POLICIES: &[&str] = &["Never", "PreemptLowerPriority"];

/// The classes every cluster has.
pub(crate) fn built_in() -> impl Iterator<Item = Value> {
    SYSTEM.iter().map(|(name, value, description)| {
        json!({
            "metadata": {"name": name, "generation": 1},
            "value": value,
            "description": description,
            "preemptionPolicy": "PreemptLowerPriority",
        })
    })
}

pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    match &object["value"] {
        Value::Null => Ok(()),
        Value::Number(number) if number.as_i64().is_some_and(|value| i32::try_from(value).is_ok()) => Ok(()),
        Value::Number(number) => Err(format!(
            "json: cannot unmarshal number {number} into Go struct field PriorityClass.value of type int32"
        )),
        other => {
            let found = crate::kube::decode::type_name(other);
            Err(format!("json: cannot unmarshal {found} into Go struct field PriorityClass.value of type int32"))
        }
    }
}

pub(crate) fn complete(object: &mut Value) {
    if object["value"].is_null() {
        object["value"] = json!(0);
    }
    if object["preemptionPolicy"].is_null() {
        object["preemptionPolicy"] = json!("PreemptLowerPriority");
    }
    // What is false or empty is left out.
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|name, value| match name.as_str() {
            "globalDefault" => *value == true,
            "description" => value != "",
            _ => true,
        });
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let value = object["value"].as_i64().unwrap_or_default();
    if name.starts_with("system-") {
        if let Some(why) = unlike_system(name, value, object["globalDefault"] == true) {
            let why =
                format!("priority class names with 'system-' prefix are reserved for system use only. error: {why}");
            causes.push(Cause::forbidden("metadata.name", &why));
        }
    } else if value > HIGHEST {
        let why = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        causes.push(Cause::forbidden("value", &why));
    }
    let policy = object["preemptionPolicy"].as_str().unwrap_or_default();
    if !POLICIES.contains(&policy) {
        causes.push(Cause::unsupported("preemptionPolicy", policy, POLICIES));
    }
}

/// How a class differs from the system's class of its name.
fn unlike_system(name: &str, value: i64, default: bool) -> Option<String> {
    match SYSTEM.iter().find(|(own, ..)| *own == name) {
        None => Some(format!("{name} is not a known system priority class")),
        Some((_, own, _)) if *own != value => Some(format!("value of {name} PriorityClass must be {own}")),
        Some(_) if default => Some(format!("globalDefault of {name} PriorityClass must be false")),
        Some(_) => None,
    }
}

pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    if object["value"] != current["value"] {
        causes.push(Cause::forbidden("value", "may not be changed in an update."));
    }
    if object["preemptionPolicy"] != current["preemptionPolicy"] {
        causes.push(Cause::invalid("preemptionPolicy", &object["preemptionPolicy"], "field is immutable"));
    }
}
