//! Strategic merge patch: merge patch that knows which lists are keyed.
//!
//! Which lists these are is a table of field names, since the store keeps plain JSON: within the kinds served, a
//! field name means the same list wherever it stands. Lists that are not in it are replaced, as the taints of a node
//! and the tolerations of a pod are.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// Keyed lists: the field and the key its elements merge by.
const KEYED: &[(&str, &str)] = &[
    ("addresses", "type"),
    ("conditions", "type"),
    ("containerStatuses", "name"),
    ("containers", "name"),
    ("env", "name"),
    ("ephemeralContainers", "name"),
    ("hostAliases", "ip"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ownerReferences", "uid"),
    ("podIPs", "ip"),
    ("resourceClaims", "name"),
    ("schedulingGates", "name"),
    ("secrets", "name"),
    ("topologySpreadConstraints", "topologyKey"),
    ("volumeDevices", "devicePath"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// Lists of plain values that are united.
const UNITED: &[&str] = &["finalizers", "podCIDRs"];

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_VALUES: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

type Merged = Result<(), String>;

/// The key of a keyed list; container ports are told from service ports by their elements.
fn key_of(field: &str, elements: &[Value]) -> Option<&'static str> {
    if field == "ports" {
        let container = elements.iter().any(|element| element.get("containerPort").is_some());
        return Some(if container { "containerPort" } else { "port" });
    }
    KEYED.iter().find(|(name, _)| *name == field).map(|(_, key)| *key)
}

/// Merges a patch into an object.
pub(crate) fn merge(target: &mut Value, patch: &Value) -> Merged {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return Ok(());
    };
    if !target.is_object() {
        *target = json!({});
    }
    match target {
        Value::Object(fields) => merge_fields(fields, changes),
        _ => Ok(()),
    }
}

fn merge_fields(fields: &mut Map<String, Value>, changes: &Map<String, Value>) -> Merged {
    match changes.get(DIRECTIVE).and_then(Value::as_str) {
        None | Some("merge") => {}
        Some("replace") => {
            // On a map that is not there the server leaves it that way.
            let replaced = !fields.is_empty();
            fields.clear();
            if replaced {
                fields
                    .extend(changes.iter().filter(|(name, _)| *name != DIRECTIVE).map(|(n, v)| (n.clone(), v.clone())));
            }
            return Ok(());
        }
        Some("delete") => {
            fields.clear();
            return Ok(());
        }
        Some(other) => return Err(format!("unknown patch type: {other} in map: map[{DIRECTIVE}:{other}]")),
    }
    if let Some(retained) = changes.get(RETAIN).and_then(Value::as_array) {
        fields.retain(|name, _| retained.iter().any(|kept| kept == name));
    }
    for (name, change) in changes {
        if let Some(field) = name.strip_prefix(DELETE_VALUES) {
            let gone = change.as_array().cloned().unwrap_or_default();
            if let Some(Value::Array(values)) = fields.get_mut(field) {
                values.retain(|value| !gone.contains(value));
            }
        } else if !name.starts_with('$') {
            merge_field(fields, name, change)?;
        }
    }
    for (name, order) in changes {
        let (Some(field), Some(order)) = (name.strip_prefix(ORDER), order.as_array()) else { continue };
        if let Some(Value::Array(elements)) = fields.get_mut(field) {
            sort(field, elements, order);
        }
    }
    Ok(())
}

fn merge_field(fields: &mut Map<String, Value>, name: &str, change: &Value) -> Merged {
    match change {
        Value::Null => {
            fields.remove(name);
        }
        Value::Object(inner) if !fields.contains_key(name) && inner.contains_key(DIRECTIVE) => {
            let mut fresh = Map::new();
            merge_fields(&mut fresh, inner)?;
        }
        Value::Object(_) => merge(fields.entry(name.to_owned()).or_insert_with(|| json!({})), change)?,
        Value::Array(changes) => merge_list(fields, name, changes)?,
        other => {
            fields.insert(name.to_owned(), other.clone());
        }
    }
    Ok(())
}

fn merge_list(fields: &mut Map<String, Value>, name: &str, changes: &[Value]) -> Merged {
    let existing = fields.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    if UNITED.contains(&name) {
        let mut all = existing.clone();
        all.extend(changes.iter().filter(|value| !fields.get(name).is_some_and(|old| holds(old, value))).cloned());
        fields.insert(name.to_owned(), Value::Array(interleaved(all, changes, &existing, None)));
        return Ok(());
    }
    let Some(key) = key_of(name, changes).filter(|_| changes.iter().all(Value::is_object)) else {
        fields.insert(name.to_owned(), Value::Array(changes.to_vec()));
        return Ok(());
    };
    let replaces = changes.iter().any(|change| change[DIRECTIVE] == "replace" && change.get(key).is_none());
    if replaces {
        let rest = changes.iter().filter(|change| change.get(DIRECTIVE).is_none()).cloned().collect();
        fields.insert(name.to_owned(), Value::Array(rest));
        return Ok(());
    }
    let mut elements = existing.clone();
    for change in changes {
        let Some(wanted) = change.get(key) else {
            return Err(format!("map: {} does not contain declared merge key: {key}", go_map(change)));
        };
        let at = elements.iter().position(|element| element.get(key) == Some(wanted));
        match (at, change[DIRECTIVE].as_str()) {
            (Some(at), Some("delete")) => {
                elements.remove(at);
            }
            (None, Some("delete")) => {}
            (Some(at), _) => merge(&mut elements[at], change)?,
            (None, _) => {
                let mut fresh = json!({});
                merge(&mut fresh, change)?;
                elements.push(fresh);
            }
        }
    }
    fields.insert(name.to_owned(), Value::Array(interleaved(elements, changes, &existing, Some(key))));
    Ok(())
}

/// The merged elements in their order: those of the patch in the patch's, the others in the order they had, and each of
/// the others in front of the elements of the patch that it stood in front of before.
fn interleaved(merged: Vec<Value>, patch: &[Value], before: &[Value], key: Option<&str>) -> Vec<Value> {
    let place = |list: &[Value], element: &Value| {
        list.iter().position(|own| match key {
            Some(key) => own.get(key) == element.get(key),
            None => own == element,
        })
    };
    let (mut patched, others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|element| place(patch, element).is_some());
    patched.sort_by_key(|element| place(patch, element));
    let (mut patched, mut others) = (patched.into_iter().peekable(), others.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let first = match (others.peek(), patched.peek()) {
            (Some(other), Some(own)) => {
                let found = place(before, other).zip(place(before, own));
                found.is_some_and(|(other, own)| other < own)
            }
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return out,
        };
        out.extend(if first { others.next() } else { patched.next() });
    }
}

fn holds(list: &Value, value: &Value) -> bool {
    list.as_array().is_some_and(|list| list.contains(value))
}

/// Elements the order names come in that order; the others keep their place behind.
fn sort(field: &str, elements: &mut [Value], order: &[Value]) {
    let key = key_of(field, elements);
    let place = |element: &Value| {
        order.iter().position(|wanted| match key {
            Some(key) => wanted.get(key) == element.get(key),
            None => wanted == element,
        })
    };
    elements.sort_by(|left, right| match (place(left), place(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
}

/// A value as Go prints it.
pub(crate) fn go_map(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{}", go_map(value))).collect();
            format!("map[{}]", parts.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::{Value, json};

    fn merged(target: Value, patch: Value) -> Value {
        let mut target = target;
        merge(&mut target, &patch).unwrap();
        target
    }

    #[test]
    fn conditions_merge_by_type_and_taints_are_replaced() {
        let node = json!({
            "spec": {"taints": [{"key": "a"}]},
            "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "DiskPressure"}]},
        });
        let patch = json!({
            "spec": {"taints": [{"key": "b"}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        });
        assert_eq!(
            merged(node, patch),
            json!({
                "spec": {"taints": [{"key": "b"}]},
                "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure"}]},
            })
        );
    }

    #[test]
    fn directives_delete_and_order() {
        let pod = json!({"containers": [{"name": "a"}, {"name": "b"}]});
        let patch = json!({
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}],
            "containers": [{"name": "a", "$patch": "delete"}, {"name": "c", "image": "x"}],
        });
        assert_eq!(merged(pod, patch), json!({"containers": [{"name": "c", "image": "x"}, {"name": "b"}]}));
    }
}
