//! What is common to all objects.

use serde_json::{Value, json};

use super::names;
use crate::kube::decode::type_name;
use crate::kube::failure::Cause;
use crate::kube::kinds::Kind;

/// Labels and annotations hold strings.
pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    for field in ["labels", "annotations"] {
        for value in object["metadata"][field].as_object().into_iter().flat_map(|map| map.values()) {
            if !value.is_string() && !value.is_null() {
                let found = type_name(value);
                return Err(format!(
                    "json: cannot unmarshal {found} into Go struct field ObjectMeta.metadata.{field} of type string"
                ));
            }
        }
    }
    Ok(())
}

/// Drops nulls and empty maps and lists of the metadata, and nulls elsewhere outside the status.
pub(crate) fn complete(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else { return };
    fields.retain(|_, value| !value.is_null());
    for (name, value) in fields.iter_mut() {
        if name != "status" {
            drop_nulls(value);
        }
    }
    complete_own(object);
}

/// Drops what is empty in the metadata alone.
pub(crate) fn complete_own(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.retain(|_, value| match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

pub(crate) fn validate(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let metadata = &object["metadata"];
    let name_rule = if matches!(kind.kind, "Namespace" | "Service") { names::label } else { names::subdomain };
    if let Some(base) = metadata["generateName"].as_str() {
        // The base may end in a dash, since something follows it.
        let tried = base.strip_suffix('-').map_or_else(|| base.to_owned(), |start| format!("{start}a"));
        for why in name_rule(&tried) {
            causes.push(Cause::invalid("metadata.generateName", &json!(base), &why));
        }
    }
    match metadata["name"].as_str().unwrap_or_default() {
        "" => causes.push(Cause::required("metadata.name", "name or generateName is required")),
        name => {
            causes.extend(name_rule(name).iter().map(|why| Cause::invalid("metadata.name", &metadata["name"], why)))
        }
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let faults = names::qualified_name(key);
        causes.extend(faults.iter().map(|why| Cause::invalid("metadata.labels", &json!(key), why)));
        let faults = names::label_value(value.as_str().unwrap_or_default());
        causes.extend(faults.iter().map(|why| Cause::invalid("metadata.labels", value, why)));
    }
    for key in metadata["annotations"].as_object().into_iter().flat_map(|map| map.keys()) {
        // Annotation keys are read in lower case before they are checked.
        let faults = names::qualified_name(&key.to_lowercase());
        causes.extend(faults.iter().map(|why| Cause::invalid("metadata.annotations", &json!(key), why)));
    }
    owners(&metadata["ownerReferences"], causes);
    finalizers(&metadata["finalizers"], causes);
}

fn owners(owners: &Value, causes: &mut Vec<Cause>) {
    let list = owners.as_array().map_or(&[][..], Vec::as_slice);
    for owner in list {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let at = format!("metadata.ownerReferences.{}", if field == "apiVersion" { "version" } else { field });
                causes.push(Cause::invalid(at, &json!(""), "must not be empty"));
            }
        }
    }
    let controllers: Vec<String> = list
        .iter()
        .filter(|owner| owner["controller"] == true)
        .map(|owner| {
            let text = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", text("kind"), text("name"))
        })
        .collect();
    if let [first, second, ..] = controllers.as_slice() {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        let shown: Vec<String> = list.iter().map(shown_owner).collect();
        causes.push(Cause::invalid_text("metadata.ownerReferences", &format!("[{}]", shown.join(",")), &why));
    }
}

/// A reference with its fields in the order of the type.
fn shown_owner(owner: &Value) -> String {
    let fields: Vec<String> = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"]
        .into_iter()
        .filter_map(|field| owner.get(field).map(|value| format!("\"{field}\":{value}")))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn finalizers(finalizers: &Value, causes: &mut Vec<Cause>) {
    const STANDARD: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];
    for (index, finalizer) in finalizers.as_array().into_iter().flatten().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        let field = format!("metadata.finalizers[{index}]");
        for why in names::qualified_name(name) {
            causes.push(Cause::invalid("metadata.finalizers", finalizer, &why));
        }
        if !name.contains('/') && !STANDARD.contains(&name) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(field, finalizer, why));
        }
    }
}

pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    if current["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let old = current["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let fresh: Vec<String> = object["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finalizer| !old.contains(finalizer))
        .map(Value::to_string)
        .collect();
    if !fresh.is_empty() {
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            fresh.join(", ")
        );
        twice(causes, Cause::forbidden("metadata.finalizers", &why));
    }
}

/// Some checks run twice on update, and the details show it.
pub(crate) fn twice(causes: &mut Vec<Cause>, cause: Cause) {
    causes.push(cause.clone());
    causes.push(Cause { repeated: true, ..cause });
}
