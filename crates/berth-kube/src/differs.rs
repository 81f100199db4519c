//! In which fields two forms of an object differ: paths as the server writes them, and never a value.

use std::collections::BTreeSet;

use serde_json::Value;

/// Fields that change with every write, or say how something is and not how it is wanted.
const BOOKKEEPING: [&str; 3] = ["managedFields", "resourceVersion", "generation"];
/// Fields by which items of a list are told apart, the first that all of them have.
const KEYS: [&str; 7] = ["name", "mountPath", "containerPort", "port", "key", "type", "topologyKey"];

/// Where two answers show the object differently, apart from its status and bookkeeping: `.spec.template.spec.containers[name="stt"].image`.
/// A field that only one of them has is named as a whole.
pub(crate) fn fields(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    each_key("", one, other, &mut found, |key, path, one, other, found| match key {
        "status" => {}
        "metadata" => each_key(path, one, other, found, |key, path, one, other, found| {
            if !BOOKKEEPING.contains(&key) {
                walk(path, one, other, found);
            }
        }),
        _ => walk(path, one, other, found),
    });
    found
}

fn walk(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    if one == other {
        return;
    }
    match (one, other) {
        (Value::Object(_), Value::Object(_)) => {
            each_key(path, one, other, found, |_, path, one, other, found| walk(path, one, other, found));
        }
        (Value::Array(left), Value::Array(right)) => each_item(path, left, right, found),
        _ => found.push(path.to_owned()),
    }
}

/// Goes on into each field that one of two maps has.
fn each_key(
    path: &str,
    one: &Value,
    other: &Value,
    found: &mut Vec<String>,
    go_on: impl Fn(&str, &str, &Value, &Value, &mut Vec<String>),
) {
    let (Some(left), Some(right)) = (one.as_object(), other.as_object()) else {
        if one != other {
            found.push(path.to_owned());
        }
        return;
    };
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for key in keys {
        let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let below = if is_plain { format!("{path}.{key}") } else { format!("{path}[{key:?}]") };
        go_on(key, &below, &one[key], &other[key], found);
    }
}

/// Goes on into the items that belong together: by what tells them apart, else by their places if there are as many.
fn each_item(path: &str, one: &[Value], other: &[Value], found: &mut Vec<String>) {
    let Some(key) = KEYS.into_iter().find(|key| is_told_apart(one, key) && is_told_apart(other, key)) else {
        if one.len() == other.len() {
            let pairs = one.iter().zip(other).enumerate();
            pairs.for_each(|(index, (one, other))| walk(&format!("{path}[{index}]"), one, other, found));
        } else {
            found.push(path.to_owned());
        }
        return;
    };
    let before = found.len();
    for item in one {
        let below = format!("{path}[{key}={}]", item[key]);
        match other.iter().find(|other| other[key] == item[key]) {
            Some(other) => walk(&below, item, other, found),
            None => found.push(below),
        }
    }
    let more = other.iter().filter(|other| one.iter().all(|item| item[key] != other[key]));
    found.extend(more.map(|item| format!("{path}[{key}={}]", item[key])));
    if found.len() == before {
        // The same items in another order.
        found.push(path.to_owned());
    }
}

fn is_told_apart(items: &[Value], key: &str) -> bool {
    let values = items.iter().map(|item| &item[key]);
    let mut seen: Vec<&Value> = Vec::new();
    for value in values {
        if !(value.is_string() || value.is_number()) || seen.contains(&value) {
            return false;
        }
        seen.push(value);
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bookkeeping_and_status_make_no_difference_and_all_else_does() {
        let live = json!({"kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "1", "generation": 1,
            "managedFields": [1], "labels": {"a": "b"}}, "data": {"k": "v"}, "status": {"x": 1}});
        let mut applied = live.clone();
        applied["metadata"]["resourceVersion"] = "2".into();
        applied["metadata"]["managedFields"] = json!([1, 2]);
        applied["status"] = json!(null);
        assert_eq!(fields(&live, &applied), [] as [&str; 0]);
        for (pointer, value, path) in [
            ("/metadata/labels/a", json!("c"), ".metadata.labels.a"),
            ("/data", json!({}), ".data.k"),
            ("/metadata/labels", json!(null), ".metadata.labels"),
        ] {
            let mut other = live.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_eq!(fields(&live, &other), [path]);
            assert_eq!(fields(&other, &live), [path]);
        }
        let mut more = live.clone();
        more["metadata"]["annotations"] = json!({"x": "y"});
        assert_eq!(fields(&live, &more), [".metadata.annotations"]);
        assert_eq!(fields(&more, &live), [".metadata.annotations"]);
    }

    #[test]
    fn items_are_named_by_what_tells_them_apart_and_no_value_is_shown() {
        let live = json!({"spec": {"containers": [
            {"name": "app", "image": "app:1", "args": ["a", "b"], "env": [{"name": "KEY", "value": "hunter2"}]},
            {"name": "old", "image": "old:1"}]},
            "data": {"a.b": "x", "token": "hunter2"}, "rules": [{"verbs": ["get"]}], "order": [{"name": "a"}, {"name": "b"}]});
        let applied = json!({"spec": {"containers": [
            {"name": "new", "image": "new:1"},
            {"name": "app", "image": "app:2", "args": ["a"], "env": [{"name": "KEY", "value": "hunter3"}]}]},
            "data": {"a.b": "y", "token": "hunter3"}, "rules": [{"verbs": ["list"]}], "order": [{"name": "b"}, {"name": "a"}]});
        let found = fields(&applied, &live);
        assert!(!found.concat().contains("hunter"), "{found:?}");
        insta::assert_snapshot!(found.join("\n"), @r#"
        .data["a.b"]
        .data.token
        .order
        .rules[0].verbs[0]
        .spec.containers[name="new"]
        .spec.containers[name="app"].args
        .spec.containers[name="app"].env[name="KEY"].value
        .spec.containers[name="app"].image
        .spec.containers[name="old"]
        "#);
    }
}
