//! PATCH with an applied configuration: server-side apply.

use serde_json::{Value, json};

use super::{create, place, update, writer};
use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::ownership;
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::{decode, rules, schema};

/// The media type of an applied configuration.
pub(crate) const MEDIA: &str = "application/apply-patch+yaml";

/// Applies the object in the body, creating it when it is missing.
pub(crate) fn apply(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    writer::check(asked.request, true)?;
    let mut wanted = read(asked)?;
    let name = asked.name.unwrap_or_default();
    let Some(current) = store.object(asked.kind, &asked.key()).cloned() else {
        return insert(store, asked, wanted);
    };
    update::same_name(asked, &mut wanted)?;
    place::settle_namespace(asked, &mut wanted)?;
    let version = update::named_version(&wanted);
    if version.is_some_and(|version| current["metadata"]["resourceVersion"] != version) {
        return Err(Failure::stale(asked.kind, name));
    }
    let uid = wanted["metadata"]["uid"].as_str().unwrap_or_default();
    if !uid.is_empty() && current["metadata"]["uid"] != uid {
        let mut causes = Vec::new();
        rules::metadata::twice(&mut causes, Cause::invalid("metadata.uid", &json!(uid), "field is immutable"));
        return Err(Failure::invalid(asked.kind, name, &causes));
    }
    let applied = ownership::apply(asked.kind, &current, &wanted, &writer::of(asked), asked.request.flag("force"));
    if !applied.conflicts.is_empty() {
        return Err(conflict(&applied.conflicts));
    }
    let owners = applied.object["metadata"]["managedFields"].clone();
    update::replace(store, asked, &current, applied.object, update::Owners::Given(owners))
}

/// The object in the body, checked for being about the right object.
fn read(asked: &Asked<'_>) -> Outcome<Value> {
    let wanted = decode::applied(asked)?;
    let given = |field: &str| wanted[field].as_str().unwrap_or_default().to_owned();
    let (version, kind) = (given("apiVersion"), given("kind"));
    if version != asked.kind.api_version() || kind != asked.kind.kind {
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        return Err(Failure::bad_request(format!("invalid object type: {group}/{version}, Kind={kind}")));
    }
    if wanted["metadata"].get("managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default();
    let root = schema::of(asked.kind);
    let mut typed = wanted.clone();
    if let Some(fields) = typed.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    if let Err(why) = schema::typed_check(root, &typed).and_then(|()| ownership::unambiguous(root, &typed)) {
        let message = format!(
            "failed to create typed patch object ({}/{name}; {}, Kind={kind}): {why}",
            wanted["metadata"]["namespace"].as_str().unwrap_or_default(),
            if asked.kind.group.is_empty() { "/v1".to_owned() } else { asked.kind.api_version() },
        );
        return Err(Failure::internal(message));
    }
    let mut wanted = wanted;
    if let Some(fields) = wanted.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    Ok(rules::incoming(asked.kind, wanted))
}

/// An apply on an object that is not there.
fn insert(store: &mut Store, asked: &Asked<'_>, mut wanted: Value) -> Outcome<Reply> {
    let name = asked.name.unwrap_or_default();
    // The status of a Service is the one through which it can be made.
    if asked.subresource.is_some() && asked.kind.storage != "/services" {
        return Err(Failure::not_found(asked.kind, name));
    }
    if wanted["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    update::same_name(asked, &mut wanted)?;
    let uid = wanted["metadata"]["uid"].as_str().unwrap_or_default();
    if !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(Failure::conflict(asked.kind, name, &why));
    }
    place::settle_namespace(asked, &mut wanted)?;
    if let Some(metadata) = wanted["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
    }
    let applied = ownership::apply(asked.kind, &json!({"metadata": {}}), &wanted, &writer::of(asked), false);
    let owners = applied.object["metadata"]["managedFields"].clone();
    create::insert(store, asked, wanted, update::Owners::Given(owners))
}

pub(crate) fn conflict(conflicts: &[(String, Vec<String>)]) -> Box<Failure> {
    let count: usize = conflicts.iter().map(|(_, fields)| fields.len()).sum();
    let message = if let [(owner, fields)] = conflicts
        && let [field] = fields.as_slice()
    {
        format!("Apply failed with 1 conflict: conflict with {owner}: {field}")
    } else {
        let parts: Vec<String> = conflicts
            .iter()
            .map(|(owner, fields)| format!("conflicts with {owner}:\n- {}", fields.join("\n- ")))
            .collect();
        format!("Apply failed with {count} conflicts: {}", parts.join("\n"))
    };
    let causes: Vec<Value> = conflicts
        .iter()
        .flat_map(|(owner, fields)| {
            fields.iter().map(move |field| {
                json!({"reason": "FieldManagerConflict", "message": format!("conflict with {owner}"), "field": field})
            })
        })
        .collect();
    let mut failure = Failure::new(409, Some("Conflict"), message);
    failure.details = Some(json!({"causes": causes}));
    failure
}
