//! Events: one object, two forms. It is kept in the core form.

use serde_json::{Map, Value};

/// Fields that only have another name in `events.k8s.io`: core, new.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

pub(crate) fn incoming(object: Value) -> Value {
    renamed(object, |name| RENAMED.iter().find(|(_, new)| *new == name).map(|(core, _)| *core))
}

pub(crate) fn outgoing(object: &Value) -> Value {
    renamed(object.clone(), |name| RENAMED.iter().find(|(core, _)| *core == name).map(|(_, new)| *new))
}

fn renamed(object: Value, name_of: impl Fn(&str) -> Option<&'static str>) -> Value {
    let Value::Object(fields) = object else { return object };
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name_of(&name).map_or(name, str::to_owned), value)).collect();
    Value::Object(fields)
}
