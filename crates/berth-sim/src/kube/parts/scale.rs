//! `/scale`: how many of it there shall be, in the same form for every kind that has replicas.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::kinds::Kind;
use crate::kube::request::Reply;
use crate::kube::serving::{Asked, media};
use crate::kube::store::Store;
use crate::kube::write::{apply, update, writer};
use crate::kube::{decode, ownership, patch};

pub(crate) fn serve(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let name = asked.name.unwrap_or_default();
    let current = store.object(asked.kind, &asked.key()).cloned();
    let current = current.ok_or_else(|| Failure::not_found(asked.kind, name))?;
    let applying = media(asked.request) == apply::MEDIA;
    let wanted = match asked.request.method.as_str() {
        "GET" => return Ok(reply(asked, &current)),
        "PUT" => decode::plain(asked.request)?,
        "PATCH" if applying => {
            writer::check(asked.request, true)?;
            decode::applied(asked)?
        }
        "PATCH" => {
            writer::check(asked.request, false)?;
            patch::Patch::of(asked.request)?.apply(scale_of(asked.kind, &current))?
        }
        _ => return Err(Failure::method_not_allowed()),
    };
    let replicas = wanted["spec"]["replicas"].as_i64().unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        return Err(Failure::invalid_as("autoscaling", "Scale", name, &[cause]));
    }
    let written = write(store, asked, &current, &wanted, replicas, applying)?;
    Ok(reply(asked, &written))
}

fn write(
    store: &mut Store,
    asked: &Asked<'_>,
    current: &Arc<Value>,
    wanted: &Value,
    replicas: i64,
    applying: bool,
) -> Outcome<Arc<Value>> {
    let path = asked.kind.scale().replicas;
    let mut object = Value::clone(current);
    let mut owners = update::Owners::Tracked;
    if applying {
        let mut part = json!({});
        put(&mut part, path, json!(replicas));
        let force = asked.request.flag("force");
        let applied = ownership::apply(asked.kind, current, &part, &writer::of(asked), force);
        if !applied.conflicts.is_empty() {
            return Err(apply::conflict(&applied.conflicts));
        }
        owners = update::Owners::Given(applied.object["metadata"]["managedFields"].clone());
    }
    if !applying && !owned(current, path) {
        // A number nobody owns is changed without anybody owning it.
        owners = update::Owners::Given(current["metadata"]["managedFields"].clone());
    }
    put(&mut object, path, json!(replicas));
    for field in ["resourceVersion", "uid"] {
        object["metadata"][field] = wanted["metadata"][field].clone();
    }
    update::change(store, asked, current, object, owners)
}

/// Whether anybody owns the field a JSON pointer leads to.
fn owned(object: &Value, pointer: &str) -> bool {
    let path = pointer.replace('/', "/f:");
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.into_iter().any(|entry| entry["fieldsV1"].pointer(&path).is_some())
}

/// Puts a value at a JSON pointer, making the objects on the way.
fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for step in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[step];
    }
    *place = value;
}

fn reply(asked: &Asked<'_>, object: &Value) -> Reply {
    Reply::of(200, "application/json", scale_of(asked.kind, object).to_string())
}

/// The scale of an object; nothing wanted is left out, as the type has it.
fn scale_of(kind: &Kind, object: &Value) -> Value {
    let paths = kind.scale();
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let metadata = &object["metadata"];
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {},
        "status": {"replicas": number(paths.current)},
    });
    if number(paths.replicas) != 0 {
        scale["spec"]["replicas"] = json!(number(paths.replicas));
    }
    let selector = match object.pointer(paths.selector) {
        Some(Value::String(text)) => text.clone(),
        Some(selector) => selector_text(selector),
        None => String::new(),
    };
    if !selector.is_empty() {
        scale["status"]["selector"] = json!(selector);
    }
    scale
}

/// A label selector as text: `app=web,tier in (a,b)`.
pub(crate) fn selector_text(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut parts: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    for requirement in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = requirement["key"].as_str().unwrap_or_default();
        let values = requirement["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values = values.collect::<Vec<&str>>().join(",");
        parts.push(match requirement["operator"].as_str() {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.sort();
    parts.join(",")
}
