//! Which fields are owned as a whole and which part by part.
//!
//! The store keeps plain JSON, so this is a table of field names, as the one of strategic merge patches is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path::Element;

/// How a value is owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As a whole.
    Whole,
    /// A map with free keys, owned key by key and for being there.
    Map,
    /// An object of a type, owned field by field.
    Struct,
    /// A list whose elements are told apart by these fields.
    Keyed(&'static [&'static str]),
    /// A list of plain values without repetition.
    Set,
}

const MAPS: &[&str] = &[
    "allocatable",
    "annotations",
    "binaryData",
    "capacity",
    "data",
    "hard",
    "labels",
    "limits",
    "requests",
    "stringData",
    "used",
];
const WHOLE_OBJECTS: &[&str] =
    &["configMapKeyRef", "fieldRef", "nodeSelector", "resourceFieldRef", "scopeSelector", "secretKeyRef", "selector"];
const KEYED: &[(&str, &[&str])] = &[
    ("addresses", &["type"]),
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("schedulingGates", &["name"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];
const SETS: &[&str] = &["finalizers", "podCIDRs"];

/// The shape of the value of a field.
pub(crate) fn shape(field: &str, value: &Value) -> Shape {
    match value {
        Value::Object(_) if WHOLE_OBJECTS.contains(&field) => Shape::Whole,
        Value::Object(_) if MAPS.contains(&field) => Shape::Map,
        Value::Object(_) => Shape::Struct,
        Value::Array(_) if SETS.contains(&field) => Shape::Set,
        Value::Array(items) => keyed(field, items),
        _ => Shape::Whole,
    }
}

fn keyed(field: &str, items: &[Value]) -> Shape {
    if field == "ports" {
        let container = items.iter().any(|item| item.get("containerPort").is_some());
        return Shape::Keyed(if container { &["containerPort", "protocol"] } else { &["port", "protocol"] });
    }
    match KEYED.iter().find(|(name, _)| *name == field) {
        Some((_, keys)) if items.iter().all(Value::is_object) => Shape::Keyed(keys),
        _ => Shape::Whole,
    }
}

/// The path element of a list's element; the protocol of a port has a default.
pub(crate) fn key(item: &Value, keys: &[&str]) -> Element {
    let values: BTreeMap<String, String> = keys
        .iter()
        .filter_map(|key| match item.get(*key) {
            Some(value) => Some(((*key).to_owned(), value.to_string())),
            None if *key == "protocol" => Some(((*key).to_owned(), "\"TCP\"".to_owned())),
            None => None,
        })
        .collect();
    Element::Key(values)
}
