//! What server-side apply refuses about a configuration before it looks at anything else.

use serde_json::Value;

use super::shape::Type;

/// Refuses unknown fields and wrong types; the place is written as in `.spec.replica`.
pub(crate) fn check(found: &Type, value: &Value) -> Result<(), String> {
    walk(found, value, "")
}

fn walk(found: &Type, value: &Value, place: &str) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    let shown = || format!("&value.valueUnstructured{{Value:{value}}}");
    match found {
        Type::Text | Type::Bytes if !value.is_string() => {
            return Err(format!("{place}: expected string, got {}", shown()));
        }
        Type::Whole(_) | Type::Number if !value.is_number() => {
            return Err(format!("{place}: expected numeric (int or float), got *value.valueUnstructured"));
        }
        Type::Flag if !value.is_boolean() => return Err(format!("{place}: expected boolean, got {}", shown())),
        Type::List { .. } if !value.is_array() => return Err(format!("{place}: expected list, got {}", shown())),
        Type::Map { .. } | Type::Named(_) | Type::Inline(_) if !value.is_object() => {
            return Err(format!("{place}: expected map, got {}", shown()));
        }
        _ => {}
    }
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let here = format!("{place}.{name}");
            let unknown = found.fields().is_some_and(|all| !all.open && !all.by_name.contains_key(name));
            if unknown {
                return Err(format!("{here}: field not declared in schema"));
            }
            walk(found.field(name), value, &here)
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| walk(found.item(), item, &format!("{place}[{index}]"))),
        _ => Ok(()),
    }
}
