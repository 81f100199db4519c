//! Taking out what a typed server does not know.

use serde_json::Value;

use super::shape::Type;

/// Takes unknown fields out of a value; says their places, as in `spec.containers[0].imagePul`.
pub(crate) fn prune(found: &Type, value: &mut Value) -> Vec<String> {
    let mut places = Vec::new();
    walk(found, value, "", &mut places);
    places
}

fn walk(found: &Type, value: &mut Value, place: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(known) = found.fields() {
                fields.retain(|name, _| {
                    let kept = known.open || known.by_name.contains_key(name);
                    if !kept {
                        places.push(below(place, name));
                    }
                    kept
                });
            }
            for (name, inner) in fields.iter_mut() {
                walk(found.field(name), inner, &below(place, name), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(found.item(), item, &format!("{place}[{index}]"), places);
            }
        }
        _ => {}
    }
}

/// The place of a field.
pub(crate) fn below(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}
