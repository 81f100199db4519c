//! `/openapi/v3`: as much of it as clients ask before they leave the validation of fields to the server.
//!
//! The documents say which kinds there are and which parameters a patch takes; they hold no schemas.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::request::{Reply, Request};
use super::store::Store;

/// The older document, which kubectl reads before it sends a `List`. It is one without definitions, in the form kubectl
/// asks for, where that is no bytes at all; then kubectl checks nothing itself.
pub(crate) fn old() -> Reply {
    Reply::of(200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", "")
}

/// The index: a document for each group and version.
pub(crate) fn index(store: &Store, request: &Request) -> Reply {
    let mut paths = Map::new();
    for kind in store.kinds() {
        let place = place(kind);
        let document = document(store, kind.group, kind.version).to_string();
        let url = format!("/openapi/v3/{place}?hash={:016X}", hash(&document));
        paths.entry(place).or_insert_with(|| json!({"serverRelativeURL": url}));
    }
    let body = json!({"paths": paths}).to_string();
    let tag = format!("\"{:016X}\"", hash(&body));
    if request.if_none_match.as_deref() == Some(tag.as_str()) {
        let unchanged = Reply::Once { status: 304, headers: Vec::new(), body: bytes::Bytes::new() };
        return unchanged.with_header("etag", &tag);
    }
    Reply::of(200, "text/plain; charset=utf-8", body).with_header("etag", &tag)
}

/// The document of a group and version; nothing when it is not served.
pub(crate) fn version(store: &Store, group: &str, version: &str) -> Option<Reply> {
    let served = store.kinds().any(|kind| kind.group == group && kind.version == version);
    served.then(|| Reply::of(200, "application/json", document(store, group, version).to_string()))
}

/// `api/v1` or `apis/apps/v1`.
fn place(kind: &Kind) -> String {
    let root = if kind.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", kind.api_version())
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn document(store: &Store, group: &str, version: &str) -> Value {
    let own = store.kinds().filter(|kind| kind.group == group && kind.version == version);
    let paths: Map<String, Value> = own.filter(|kind| kind.verbs.names().contains(&"patch")).map(path).collect();
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": store.git_version},
        "paths": paths,
        "components": {"schemas": {}},
    })
}

fn path(kind: &Kind) -> (String, Value) {
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter).into();
    let namespace = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
    let operation = json!({
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    });
    (format!("/{}{namespace}/{}/{{name}}", place(kind), kind.plural), json!({"patch": operation}))
}
