//! Requests of the cluster's own parts, which go through admission and validation like everybody's.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::kinds::{Kind, Subresource};
use crate::kube::ownership::{self, Writer};
use crate::kube::request::{Reply, Request, User};
use crate::kube::serving;
use crate::kube::store::Store;
use crate::kube::time;

/// Creates an object as a controller; the server's message when it is refused.
pub(crate) fn create(
    store: &mut Store,
    now: Timestamp,
    controller: &str,
    kind: &Kind,
    object: &Value,
) -> Result<Value, String> {
    let path = path(kind, object["metadata"]["namespace"].as_str(), None);
    let mut body = object.clone();
    body["apiVersion"] = json!(kind.api_version());
    body["kind"] = json!(kind.kind);
    send(store, now, controller, "POST", path, &body)
}

/// Deletes an object as a controller; `options` are those of the request's body.
pub(crate) fn delete(store: &mut Store, now: Timestamp, controller: &str, kind: &Kind, object: &Value, options: Value) {
    let metadata = &object["metadata"];
    let path = path(kind, metadata["namespace"].as_str(), metadata["name"].as_str());
    let mut body = options;
    body["kind"] = json!("DeleteOptions");
    body["apiVersion"] = json!("v1");
    // One that is gone already needs no deletion.
    let _gone = send(store, now, controller, "DELETE", path, &body);
}

fn path(kind: &Kind, namespace: Option<&str>, name: Option<&str>) -> String {
    let root = if kind.group.is_empty() { "/api" } else { "/apis" };
    let namespace = namespace.filter(|_| kind.namespaced).map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    let name = name.map(|name| format!("/{name}")).unwrap_or_default();
    format!("{root}/{}{namespace}/{}{name}", kind.api_version(), kind.plural)
}

fn send(
    store: &mut Store,
    now: Timestamp,
    controller: &str,
    method: &str,
    path: String,
    body: &Value,
) -> Result<Value, String> {
    let request = Request {
        method: method.to_owned(),
        path,
        query: Vec::new(),
        accept: "application/json".to_owned(),
        content_type: Some("application/json".to_owned()),
        user_agent: Some("kube-controller-manager/v1".to_owned()),
        if_none_match: None,
        body: Bytes::from(body.to_string()),
        user: User::Named {
            name: format!("system:serviceaccount:kube-system:{controller}"),
            groups: vec!["system:masters".to_owned()],
        },
    };
    let Reply::Once { status, body, .. } = serving::serve(store, now, &request) else {
        return Err("a watch was answered".to_owned());
    };
    let answered: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status < 300 {
        return Ok(answered);
    }
    Err(answered["message"].as_str().unwrap_or_default().to_owned())
}

/// Writes a status unless it is what is there; says whether it was written.
pub(crate) fn write_status(store: &mut Store, kind: &Kind, key: &str, status: Value) -> bool {
    let Some(object) = store.object(kind, key) else { return false };
    if object["status"] == status {
        return false;
    }
    let mut object = Value::clone(object);
    object["status"] = status;
    store.write(kind, key.to_owned(), Some(object));
    true
}

/// Sets how many replicas an object should have, as its `scale` does.
pub(crate) fn write_replicas(store: &mut Store, kind: &Kind, key: &str, replicas: i64, now: Timestamp) {
    let Some(object) = store.object(kind, key).cloned() else { return };
    if object["spec"]["replicas"] == replicas {
        return;
    }
    let mut changed = Value::clone(&object);
    changed["spec"]["replicas"] = json!(replicas);
    changed["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
    let writer = Writer {
        name: "kube-controller-manager".to_owned(),
        subresource: None::<Subresource>,
        now: time::seconds(now),
    };
    ownership::track(kind, Some(&object), &mut changed, &writer);
    store.write(kind, key.to_owned(), Some(changed));
}

/// Takes a finalizer off an object, which goes when it was deleted and nothing else holds it.
pub(crate) fn take_finalizer(store: &mut Store, kind: &Kind, key: &str, finalizer: &str) {
    let Some(object) = store.object(kind, key) else { return };
    let Some(finalizers) = object["metadata"]["finalizers"].as_array() else { return };
    if !finalizers.iter().any(|own| own == finalizer) {
        return;
    }
    let left: Vec<Value> = finalizers.iter().filter(|own| *own != finalizer).cloned().collect();
    let mut object = Value::clone(object);
    let deleted = object["metadata"]["deletionTimestamp"].is_string();
    if left.is_empty() {
        let waits = object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or_default() > 0;
        if deleted && !waits {
            store.write(kind, key.to_owned(), None);
            return;
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("finalizers");
        }
    } else {
        object["metadata"]["finalizers"] = json!(left);
    }
    store.write(kind, key.to_owned(), Some(object));
}
