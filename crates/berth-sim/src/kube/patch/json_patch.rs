//! JSON patch (RFC 6902), with the server's habit that replacing a missing key of an object adds it.

use serde_json::Value;

use crate::kube::failure::{Failure, Outcome};

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    verb: String,
    path: String,
    from: Option<String>,
    value: Option<Value>,
}

/// Reads the operations; what cannot be carried out is refused when it runs.
pub(crate) fn operations(list: &[Value]) -> Outcome<Vec<Operation>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    list.iter()
        .map(|operation| {
            if !operation.is_object() {
                return Err(Failure::bad_request("error decoding patch: an operation is not an object"));
            }
            Ok(Operation {
                verb: text(&operation["op"]).unwrap_or_default(),
                path: text(&operation["path"]).unwrap_or_default(),
                from: text(&operation["from"]),
                value: operation.get("value").cloned(),
            })
        })
        .collect()
}

/// Runs all operations in order; nothing when one of them fails.
pub(crate) fn run(target: &mut Value, operations: &[Operation]) -> Option<()> {
    for operation in operations {
        match operation.verb.as_str() {
            "add" => add(target, &operation.path, operation.value.clone()?)?,
            "remove" => {
                remove(target, &operation.path)?;
            }
            "replace" => replace(target, &operation.path, operation.value.clone()?)?,
            "move" => {
                let value = remove(target, operation.from.as_deref()?)?;
                add(target, &operation.path, value)?;
            }
            "copy" => {
                let value = target.pointer(operation.from.as_deref()?)?.clone();
                add(target, &operation.path, value)?;
            }
            "test" => {
                let wanted = operation.value.as_ref().unwrap_or(&Value::Null);
                if target.pointer(&operation.path).unwrap_or(&Value::Null) != wanted {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(())
}

/// The parent of a path and the last, unescaped step.
fn parent<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((target.pointer_mut(parent)?, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    match parent(target, path)? {
        (Value::Object(fields), name) => {
            fields.insert(name, value);
        }
        (Value::Array(items), index) => {
            let index = if index == "-" { items.len() } else { index.parse().ok()? };
            if index > items.len() {
                return None;
            }
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(target: &mut Value, path: &str) -> Option<Value> {
    match parent(target, path)? {
        (Value::Object(fields), name) => fields.remove(&name),
        (Value::Array(items), index) => {
            let index: usize = index.parse().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

fn replace(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    match parent(target, path)? {
        (Value::Object(fields), name) => {
            fields.insert(name, value);
        }
        (Value::Array(items), index) => *items.get_mut(index.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{operations, run};
    use serde_json::{Value, json};

    fn patched(target: Value, patch: Value) -> Option<Value> {
        let mut target = target;
        run(&mut target, &operations(patch.as_array().unwrap()).unwrap())?;
        Some(target)
    }

    #[test]
    fn operations_run_in_order_or_not_at_all() {
        let patch = json!([
            {"op": "test", "path": "/a", "value": [1]},
            {"op": "add", "path": "/a/-", "value": 2},
            {"op": "add", "path": "/m~1n", "value": "x"},
            {"op": "move", "from": "/a/0", "path": "/b"},
        ]);
        assert_eq!(patched(json!({"a": [1]}), patch), Some(json!({"a": [2], "m/n": "x", "b": 1})));
        assert_eq!(patched(json!({}), json!([{"op": "remove", "path": "/x"}])), None);
        assert_eq!(patched(json!({}), json!([{"op": "add", "path": "/x/y", "value": 1}])), None);
        let replaced = patched(json!({}), json!([{"op": "replace", "path": "/x", "value": 1}]));
        assert_eq!(replaced, Some(json!({"x": 1})));
    }
}
