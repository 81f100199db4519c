//! The container API's messages: field names and kinds, used to read requests the way the real service does.
//!
//! `schema.txt` holds one message a line, `Message field:kind ...`, and one enum a line, `@Enum number=NAME ...`.
//! Kinds: `s` string, `b` boolean, `i` 32-bit and `l` 64-bit integer, `f` number, `x` anything, `[kind]` list,
//! `{kind}` map from strings, `@Enum`, or a message.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::errors::Refusal;

static TEXT: &str = include_str!("schema.txt");

type Fields = HashMap<&'static str, &'static str>;

static MESSAGES: LazyLock<HashMap<&'static str, Fields>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('@'));
    lines.filter_map(|line| line.split_once(' ')).map(|(name, rest)| (name, pairs(rest, ':'))).collect()
});

static ENUMS: LazyLock<HashMap<&'static str, Fields>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| line.starts_with('@'));
    lines.filter_map(|line| line.split_once(' ')).map(|(name, rest)| (name, pairs(rest, '='))).collect()
});

fn pairs(text: &'static str, between: char) -> Fields {
    text.split(' ').filter_map(|pair| pair.split_once(between)).collect()
}

/// Reads a message: enums become their names, 64-bit integers strings, and default values disappear.
///
/// Unknown fields and values are refused in the service's words; `at` is the place named in them, empty for the body.
pub(crate) fn read(message: &str, value: &Value, at: &str) -> Result<Map<String, Value>, Refusal> {
    match value {
        Value::Object(object) => read_object(message, object, at),
        Value::Null => Ok(Map::new()),
        other => Err(mismatch(at, other)),
    }
}

fn read_object(message: &str, object: &Map<String, Value>, at: &str) -> Result<Map<String, Value>, Refusal> {
    let Some(fields) = MESSAGES.get(message) else { return Ok(object.clone()) };
    let mut out = Map::new();
    for (key, value) in object {
        let Some(kind) = fields.get(key.as_str()) else {
            let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
            return Err(Refusal::invalid(format!(
                "Invalid JSON payload received. Unknown name \"{key}\"{place}: Cannot find field."
            )));
        };
        let place = if at.is_empty() { snake(key) } else { format!("{at}.{}", snake(key)) };
        let read = read_kind(kind, value, &place)?;
        if !is_default(kind, &read) {
            out.insert(key.clone(), read);
        }
    }
    Ok(out)
}

fn read_kind(kind: &str, value: &Value, at: &str) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        let Value::Array(items) = value else { return Err(mismatch(at, value)) };
        let read = items.iter().enumerate().map(|(index, item)| read_kind(inner, item, &format!("{at}[{index}]")));
        return Ok(Value::Array(read.collect::<Result<_, _>>()?));
    }
    if let Some(inner) = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
        let Value::Object(entries) = value else { return Err(mismatch(at, value)) };
        let read =
            entries.iter().map(|(key, entry)| Ok((key.clone(), read_kind(inner, entry, &format!("{at}[{key}]"))?)));
        return Ok(Value::Object(read.collect::<Result<_, Refusal>>()?));
    }
    if kind.starts_with('@') {
        return read_enum(kind, value, at);
    }
    match (kind, value) {
        ("s", Value::String(_)) | ("b", Value::Bool(_)) | ("x", _) | ("f" | "i", Value::Number(_)) => Ok(value.clone()),
        ("i", Value::String(text)) => text.parse::<i64>().map(Value::from).map_err(|_| mismatch(at, value)),
        ("l", Value::Number(number)) => Ok(Value::String(number.to_string())),
        ("l", Value::String(text)) if text.parse::<i64>().is_ok() => Ok(value.clone()),
        ("s" | "b" | "f" | "i" | "l", _) => Err(mismatch(at, value)),
        (message, _) => read(message, value, at).map(Value::Object),
    }
}

fn read_enum(kind: &str, value: &Value, at: &str) -> Result<Value, Refusal> {
    let Some(names) = ENUMS.get(kind) else { return Ok(value.clone()) };
    let found = match value {
        Value::String(text) => names.values().find(|name| **name == text).or_else(|| names.get(text.as_str())),
        Value::Number(number) => names.get(number.to_string().as_str()),
        _ => None,
    };
    found.map(|name| Value::from(*name)).ok_or_else(|| mismatch(at, value))
}

fn is_default(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) if kind.starts_with('@') => {
            ENUMS.get(kind).and_then(|names| names.get("0")).is_some_and(|zero| zero == text)
        }
        Value::String(text) => text.is_empty() || (kind == "l" && text == "0"),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => kind.starts_with('{') && entries.is_empty(),
        Value::Bool(true) => false,
    }
}

fn mismatch(at: &str, value: &Value) -> Refusal {
    Refusal::invalid(format!("Invalid value at '{at}', {value}"))
}

fn snake(key: &str) -> String {
    key.chars().fold(String::new(), |mut out, letter| {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_become_names_and_defaults_disappear() {
        let sent = json!({
            "name": "x", "description": "", "enableTpu": false,
            "releaseChannel": {"channel": 2},
            "nodePools": [{"name": "p", "config": {
                "accelerators": [{"acceleratorCount": 1, "gpuSharingConfig": {"maxSharedClientsPerGpu": "4", "gpuSharingStrategy": "TIME_SHARING"}}],
                "taints": [{"key": "k", "effect": 1}], "spot": true}}],
        });
        let read = read("Cluster", &sent, "cluster").unwrap();
        assert_eq!(
            Value::Object(read),
            json!({
                "name": "x",
                "releaseChannel": {"channel": "REGULAR"},
                "nodePools": [{"name": "p", "config": {
                    "accelerators": [{"acceleratorCount": "1", "gpuSharingConfig": {"maxSharedClientsPerGpu": "4", "gpuSharingStrategy": "TIME_SHARING"}}],
                    "taints": [{"key": "k", "effect": "NO_SCHEDULE"}], "spot": true}}],
            })
        );
    }

    #[test]
    fn what_it_does_not_know_it_refuses_by_place() {
        let refusal = |sent: Value| read("CreateClusterRequest", &sent, "").unwrap_err().message;
        assert_eq!(
            refusal(json!({"cluster": {"nodePools": [{"config": {"gpus": 1}}]}})),
            "Invalid JSON payload received. Unknown name \"gpus\" at 'cluster.node_pools[0].config': Cannot find field."
        );
        assert_eq!(
            refusal(json!({"cluster": {"releaseChannel": {"channel": "WEEKLY"}}})),
            "Invalid value at 'cluster.release_channel.channel', \"WEEKLY\""
        );
        assert_eq!(refusal(json!({"cluster": {"name": 7}})), "Invalid value at 'cluster.name', 7");
    }
}
