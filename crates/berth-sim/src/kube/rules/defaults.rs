//! Filling in what is not given.

use serde_json::{Value, json};

/// Puts values at fields that are missing; a missing object is made.
pub(crate) fn fill<const N: usize>(object: &mut Value, defaults: [(&str, Value); N]) {
    if !object.is_object() {
        *object = json!({});
    }
    for (field, value) in defaults {
        if object[field].is_null() {
            object[field] = value;
        }
    }
}

/// The elements of a list that may be missing.
pub(crate) fn items<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Takes out fields with an empty list or map, as a typed server leaves them out.
pub(crate) fn drop_empty(object: &mut Value, fields: &[&str]) {
    let Some(object) = object.as_object_mut() else { return };
    for field in fields {
        let empty = match object.get(*field) {
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            _ => false,
        };
        if empty {
            object.remove(*field);
        }
    }
}
