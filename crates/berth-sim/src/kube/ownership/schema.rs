//! Which values are owned as a whole and which part by part.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path::Element;
use crate::kube::schema::{Merge, Type};

/// How a value is owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    /// As a whole.
    Whole,
    /// Field by field or key by key, and for being there.
    Map,
    /// Field by field; it is there in every object.
    Struct,
    /// A list whose elements are told apart by these fields.
    Keyed(&'a [String]),
    /// A list of plain values without repetition.
    Set,
}

/// The fields of built-in types that hold an object in every state, because they are no pointers in Go.
const ALWAYS_THERE: &[&str] = &[
    "acceptedNames",
    "daemonEndpoints",
    "involvedObject",
    "jobTemplate",
    "kubeletEndpoint",
    "lastState",
    "loadBalancer",
    "metadata",
    "metric",
    "names",
    "nodeInfo",
    "resources",
    "roleRef",
    "scaleTargetRef",
    "source",
    "spec",
    "state",
    "status",
    "strategy",
    "target",
    "template",
    "updateStrategy",
];

/// The shape of the value of a field.
pub(crate) fn shape<'a>(found: &'a Type, field: &str, value: &Value) -> Shape<'a> {
    match (found, value) {
        (Type::Named(_) | Type::Inline(_), Value::Object(_)) if found.fields().is_some_and(|all| all.atomic) => {
            Shape::Whole
        }
        (Type::Named(_), Value::Object(_)) if ALWAYS_THERE.contains(&field) => Shape::Struct,
        (Type::Map { atomic: true, .. }, Value::Object(_)) => Shape::Whole,
        (Type::Map { .. } | Type::Named(_) | Type::Inline(_) | Type::Any, Value::Object(_)) => Shape::Map,
        (Type::List { merge: Merge::Set, .. }, Value::Array(_)) => Shape::Set,
        (Type::List { merge: Merge::Keyed(keys), .. }, Value::Array(items)) if items.iter().all(Value::is_object) => {
            Shape::Keyed(keys)
        }
        _ => Shape::Whole,
    }
}

/// The path element of a list's element; the protocol of a port has a default.
pub(crate) fn key(item: &Value, keys: &[String]) -> Element {
    let values: BTreeMap<String, String> = keys
        .iter()
        .filter_map(|key| match item.get(key) {
            Some(value) => Some((key.clone(), value.to_string())),
            None if key == "protocol" => Some((key.clone(), "\"TCP\"".to_owned())),
            None => None,
        })
        .collect();
    Element::Key(values)
}
