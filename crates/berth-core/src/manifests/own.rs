//! What all objects that berth renders itself have alike.

use serde_json::{Value, json};

use crate::rules::ownership::{OWNER_KEY, OWNER_VALUE};

/// Labels of the objects of one part, by the part's name.
pub(super) fn labels(part: &str) -> Value {
    json!({"app.kubernetes.io/name": part, OWNER_KEY: OWNER_VALUE})
}

/// An object of one part; `rest` is all fields beside what names it.
pub(super) fn object(
    part: &str,
    (api_version, kind): (&str, &str),
    namespace: Option<&str>,
    name: &str,
    rest: Value,
) -> Value {
    let mut metadata = json!({"name": name, "labels": labels(part)});
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    if let Value::Object(rest) = rest {
        for (key, value) in rest {
            object[key] = value;
        }
    }
    object
}
