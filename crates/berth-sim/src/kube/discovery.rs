//! What the server says it serves, derived from the table of kinds.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::accept;
use super::failure::{Failure, Outcome};
use super::kinds::{Kind, Subresource, Verbs};
use super::request::{Reply, Request};
use super::store::Store;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/api`: the versions of the core group.
pub(crate) fn api(store: &Store, request: &Request) -> Outcome<Reply> {
    accept::for_documents(&request.accept)?;
    if accept::wants_aggregated_discovery(&request.accept) {
        return Ok(aggregated(store, request, &[""]));
    }
    Ok(document(&json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}],
    })))
}

/// `/apis`: the other groups.
pub(crate) fn apis(store: &Store, request: &Request) -> Outcome<Reply> {
    accept::for_documents(&request.accept)?;
    if accept::wants_aggregated_discovery(&request.accept) {
        return Ok(aggregated(store, request, &groups(store)));
    }
    let groups: Vec<Value> = groups(store).into_iter().map(|group| group_object(store, group)).collect();
    Ok(document(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})))
}

/// `/apis/GROUP`.
pub(crate) fn group(store: &Store, request: &Request, group: &str) -> Outcome<Reply> {
    accept::for_documents(&request.accept)?;
    let mut object = json!({"kind": "APIGroup", "apiVersion": "v1"});
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), group_object(store, group)) {
        object.extend(fields);
    }
    Ok(document(&object))
}

/// `/api/v1` and `/apis/GROUP/VERSION`: the resources, or the 404 of an unknown version.
pub(crate) fn resources(store: &Store, request: &Request, group: &str, version: &str) -> Outcome<Reply> {
    let kinds: Vec<&Kind> = store.kinds().filter(|kind| kind.group == group && kind.version == version).collect();
    let Some(first) = kinds.first() else { return Err(Failure::no_resource()) };
    accept::for_documents(&request.accept)?;
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": first.api_version(),
        "resources": kinds.iter().flat_map(|kind| classic_rows(kind)).collect::<Vec<Value>>(),
    });
    if !group.is_empty() {
        list["apiVersion"] = json!("v1");
    }
    Ok(document(&list))
}

/// The group names beside the core group, each once.
fn groups(store: &Store) -> Vec<&'static str> {
    let mut groups: Vec<&str> = Vec::new();
    for kind in store.kinds().filter(|kind| !kind.group.is_empty()) {
        if !groups.contains(&kind.group) {
            groups.push(kind.group);
        }
    }
    groups
}

/// The versions of a group, the preferred one first.
fn versions(store: &Store, group: &str) -> Vec<&'static str> {
    let mut versions: Vec<&str> = Vec::new();
    for kind in store.kinds().filter(|kind| kind.group == group) {
        if !versions.contains(&kind.version) {
            versions.push(kind.version);
        }
    }
    versions
}

fn group_object(store: &Store, group: &str) -> Value {
    let versions: Vec<Value> = versions(store, group)
        .into_iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn add_words(row: &mut Map<String, Value>, key: &str, words: &[&str]) {
    if !words.is_empty() {
        row.insert(key.to_owned(), json!(words));
    }
}

/// The rows of a kind and its subresources in the old form.
fn classic_rows(kind: &Kind) -> Vec<Value> {
    let mut row = Map::new();
    row.insert("name".to_owned(), json!(kind.plural));
    row.insert("singularName".to_owned(), json!(kind.singular));
    row.insert("namespaced".to_owned(), json!(kind.namespaced));
    row.insert("kind".to_owned(), json!(kind.kind));
    row.insert("verbs".to_owned(), json!(kind.verbs.names()));
    add_words(&mut row, "shortNames", kind.short_names);
    add_words(&mut row, "categories", kind.categories);
    if kind.verbs != Verbs::Create {
        row.insert("storageVersionHash".to_owned(), json!(storage_hash(kind)));
    }
    let parts = kind.subresources.iter().map(|part| classic_part(kind, *part));
    std::iter::once(Value::Object(row)).chain(parts).collect()
}

fn classic_part(kind: &Kind, part: Subresource) -> Value {
    let mut row = json!({
        "name": format!("{}/{}", kind.plural, part.name()),
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": part.own_kind().map_or(kind.kind, |(_, _, own)| own),
        "verbs": part.verbs(),
    });
    if let Some((group, version, _)) = part.own_kind().filter(|(_, version, _)| !version.is_empty()) {
        row["group"] = json!(group);
        row["version"] = json!(version);
    }
    row
}

/// A short text that changes when the storage does.
fn storage_hash(kind: &Kind) -> String {
    use base64::Engine;
    let mut hasher = DefaultHasher::new();
    kind.storage.hash(&mut hasher);
    base64::engine::general_purpose::STANDARD.encode(hasher.finish().to_be_bytes())
}

/// Groups, versions and resources in one document, with the tag clients cache it under.
fn aggregated(store: &Store, request: &Request, groups: &[&str]) -> Reply {
    let items: Vec<Value> = groups.iter().map(|group| aggregated_group(store, group)).collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
    .to_string();
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let tag = format!("\"{:016X}\"", hasher.finish());
    let unchanged = request.if_none_match.as_deref() == Some(tag.as_str());
    let reply = if unchanged {
        Reply::Once { status: 304, headers: Vec::new(), body: bytes::Bytes::new() }
    } else {
        Reply::of(200, AGGREGATED, body)
    };
    reply.with_header("etag", &tag).with_header("vary", "Accept")
}

fn aggregated_group(store: &Store, group: &str) -> Value {
    let versions: Vec<Value> = versions(store, group)
        .into_iter()
        .map(|version| {
            let resources: Vec<Value> = store
                .kinds()
                .filter(|kind| kind.group == group && kind.version == version)
                .map(aggregated_row)
                .collect();
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_row(kind: &Kind) -> Value {
    let response_kind = json!({"group": "", "version": "", "kind": kind.kind});
    let mut row = Map::new();
    row.insert("resource".to_owned(), json!(kind.plural));
    row.insert("responseKind".to_owned(), response_kind.clone());
    row.insert("scope".to_owned(), json!(if kind.namespaced { "Namespaced" } else { "Cluster" }));
    row.insert("singularResource".to_owned(), json!(kind.singular));
    row.insert("verbs".to_owned(), json!(kind.verbs.names()));
    add_words(&mut row, "shortNames", kind.short_names);
    add_words(&mut row, "categories", kind.categories);
    if !kind.subresources.is_empty() {
        let parts: Vec<Value> = kind
            .subresources
            .iter()
            .map(|part| {
                let kind = part.own_kind().map_or_else(
                    || response_kind.clone(),
                    |(group, version, own)| json!({"group": group, "version": version, "kind": own}),
                );
                json!({"subresource": part.name(), "responseKind": kind, "verbs": part.verbs()})
            })
            .collect();
        row.insert("subresources".to_owned(), Value::Array(parts));
    }
    Value::Object(row)
}

fn document(body: &Value) -> Reply {
    Reply::of(200, "application/json", body.to_string())
}
