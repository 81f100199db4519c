//! ConfigMaps and Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::names;
use crate::kube::decode::{syntax_fault, type_name};
use crate::kube::failure::Cause;

pub(crate) fn decode_config_map(object: &Value) -> Result<(), String> {
    for value in object["data"].as_object().into_iter().flat_map(|map| map.values()) {
        if !value.is_string() && !value.is_null() {
            let found = type_name(value);
            return Err(format!("json: cannot unmarshal {found} into Go struct field ConfigMap.data of type string"));
        }
    }
    bytes(&object["binaryData"])
}

pub(crate) fn decode_secret(object: &Value) -> Result<(), String> {
    bytes(&object["data"])
}

/// The values of a map must be base64; the first byte that is not is named.
fn bytes(map: &Value) -> Result<(), String> {
    for value in map.as_object().into_iter().flat_map(|map| map.values()) {
        let text = value.as_str().unwrap_or_default();
        if STANDARD.decode(text).is_err() {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            let at = text.bytes().position(|byte| !known(byte)).unwrap_or(text.len() / 4 * 4);
            return Err(format!("illegal base64 data at input byte {at}"));
        }
    }
    Ok(())
}

pub(crate) fn complete_config_map(object: &mut Value) {
    drop_empty(object, &["data", "binaryData"]);
}

pub(crate) fn complete_secret(object: &mut Value) {
    if let Some(Value::Object(plain)) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) {
        if !object["data"].is_object() {
            object["data"] = json!({});
        }
        for (key, value) in plain {
            object["data"][key.as_str()] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
        }
    }
    if object["type"].as_str().unwrap_or_default().is_empty() {
        object["type"] = json!("Opaque");
    }
    drop_empty(object, &["data"]);
}

fn drop_empty(object: &mut Value, names: &[&str]) {
    let Some(fields) = object.as_object_mut() else { return };
    for name in names {
        if fields.get(*name).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
            fields.remove(*name);
        }
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    for field in ["data", "binaryData"] {
        for key in object[field].as_object().into_iter().flat_map(|map| map.keys()) {
            if field == "data" && object["binaryData"].get(key).is_some() {
                causes.push(Cause::invalid(
                    format!("data[{key}]"),
                    &json!(key),
                    "duplicate of key present in binaryData",
                ));
            }
            for why in names::config_key(key) {
                causes.push(Cause::invalid(format!("{field}[{key}]"), &json!(key), &why));
            }
        }
    }
}

/// Secrets of the well-known types hold what their type says.
pub(crate) fn validate_secret(object: &Value, causes: &mut Vec<Cause>) {
    validate(object, causes);
    const BASIC: &[&str] = &["username", "password"];
    let wanted: &[&str] = match object["type"].as_str() {
        Some("kubernetes.io/tls") => &["tls.crt", "tls.key"],
        Some("kubernetes.io/dockerconfigjson") => &[".dockerconfigjson"],
        Some("kubernetes.io/ssh-auth") => &["ssh-privatekey"],
        // One of the two is enough.
        Some("kubernetes.io/basic-auth") if BASIC.iter().all(|key| object["data"].get(*key).is_none()) => BASIC,
        _ => &[],
    };
    for key in wanted.iter().filter(|key| object["data"].get(**key).is_none()) {
        causes.push(Cause::required(format!("data[{key}]"), ""));
    }
    if object["type"] == "kubernetes.io/dockerconfigjson"
        && let Some(text) = object["data"][".dockerconfigjson"].as_str()
    {
        let bytes = STANDARD.decode(text).unwrap_or_default();
        if let Err(error) = serde_json::from_slice::<Value>(&bytes) {
            let why = syntax_fault(&error, &bytes);
            causes.push(Cause::invalid_text("data[.dockerconfigjson]", "\"<secret contents redacted>\"", &why));
        }
    }
}

/// An immutable one stays as it is, and a secret keeps its type.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    const WHY: &str = "field is immutable when `immutable` is set";
    if current["immutable"] == true {
        if object["immutable"] != true {
            causes.push(Cause::forbidden("immutable", WHY));
        }
        for field in ["data", "binaryData"] {
            if object[field] != current[field] {
                causes.push(Cause::forbidden(field, WHY));
            }
        }
    }
    if object["type"] != current["type"] {
        causes.push(Cause::invalid("type", &object["type"], "field is immutable"));
    }
}
