//! PUT and PATCH: changing what is there.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{create, place, writer};
use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::kinds::{Kind, Subresource};
use crate::kube::request::Reply;
use crate::kube::serving::{Asked, media};
use crate::kube::store::Store;
use crate::kube::{access, admission, decode, ownership, patch, rules};

/// Where the owners of the written fields come from.
#[derive(Debug)]
pub(crate) enum Owners {
    /// From what the write changes.
    Tracked,
    /// From an apply, as `managedFields`.
    Given(Value),
}

/// Replaces the object with the one in the body.
pub(crate) fn put(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let mut object = decode::object(asked)?;
    same_name(asked, &mut object)?;
    place::settle_namespace(asked, &mut object)?;
    let Some(current) = store.object(asked.kind, &asked.key()).cloned() else {
        if asked.kind.manners.put_creates && asked.subresource.is_none() {
            return create::insert(store, asked, object, Owners::Tracked);
        }
        return Err(Failure::not_found(asked.kind, asked.name.unwrap_or_default()));
    };
    if asked.kind.manners.put_needs_version && named_version(&object).is_none() {
        let cause = Cause::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
        let (group, name) = (asked.kind.group, asked.name.unwrap_or_default());
        return Err(Failure::invalid_as(group, asked.kind.plural, name, &[cause]));
    }
    let owners = asked_owners(&object);
    replace(store, asked, &current, object, owners)
}

/// Changes the object by the patch in the body.
pub(crate) fn patch(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    writer::check(asked.request, false)?;
    if asked.kind.custom.is_some() && media(asked.request) == "application/strategic-merge-patch+json" {
        let message = "the body of the request was in an unknown format - accepted media types include: \
application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
        return Err(Failure::new(415, Some("UnsupportedMediaType"), message));
    }
    let patch = patch::Patch::of(asked.request)?;
    let name = asked.name.unwrap_or_default();
    let Some(current) = store.object(asked.kind, &asked.key()).cloned() else {
        return Err(Failure::not_found(asked.kind, name));
    };
    let mut whole = Value::clone(&rules::outgoing(asked.kind, &current));
    whole["apiVersion"] = json!(asked.kind.api_version());
    whole["kind"] = json!(asked.kind.kind);
    let patched = patch.apply(whole)?;
    let mut object = decode_patched(asked, patched, &patch)?;
    same_name(asked, &mut object)?;
    place::settle_namespace(asked, &mut object)?;
    let owners = asked_owners(&object);
    replace(store, asked, &current, object, owners)
}

/// A patched object must still be one of the kind; the whole of it, or a strategic patch, is quoted when it is not.
fn decode_patched(asked: &Asked<'_>, patched: Value, patch: &patch::Patch) -> Outcome<Value> {
    let text = patch.shown().unwrap_or_else(|| patched.to_string());
    decode::typed(asked, patched, None).map_err(|why| {
        let why = why
            .split_once(" cannot be handled as a ")
            .and_then(|(_, rest)| rest.split_once(": "))
            .map_or(why.as_str(), |(_, rest)| rest);
        Failure::invalid_as("", "", "", &[Cause::invalid("patch", &json!(text), why)])
    })
}

/// The object may leave out its name, not have another one.
pub(crate) fn same_name(asked: &Asked<'_>, object: &mut Value) -> Outcome<()> {
    let wanted = asked.name.unwrap_or_default();
    let given = object["metadata"]["name"].as_str().unwrap_or_default();
    if !given.is_empty() && given != wanted {
        return Err(Failure::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({wanted})"
        )));
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"]["name"] = json!(wanted);
    Ok(())
}

/// The version a write replaces; none, empty and `0` mean any.
pub(crate) fn named_version(object: &Value) -> Option<&str> {
    object["metadata"]["resourceVersion"].as_str().filter(|version| !matches!(*version, "" | "0"))
}

/// Writes the new state of an existing object.
pub(crate) fn replace(
    store: &mut Store,
    asked: &Asked<'_>,
    current: &Arc<Value>,
    object: Value,
    owners: Owners,
) -> Outcome<Reply> {
    let written = change(store, asked, current, object, owners)?;
    Ok(asked.writer.reply(200, &written))
}

/// The same, giving the object as it is now.
pub(crate) fn change(
    store: &mut Store,
    asked: &Asked<'_>,
    current: &Arc<Value>,
    mut object: Value,
    owners: Owners,
) -> Outcome<Arc<Value>> {
    access::refuse_raising(store, asked, &object, Some(current))?;
    precondition(asked, current, &object)?;
    keep_server_fields(&mut object, current);
    keep_other_parts(asked, &mut object, current);
    rules::complete(asked.kind, &mut object);
    rules::readmit(asked.kind, &mut object, current);
    count_generation(asked.kind, &mut object, current);
    own(asked, &mut object, current, owners);
    let name = asked.name.unwrap_or_default();
    let mut causes = rules::validate(asked.kind, &object);
    causes.extend(rules::validate_update(asked.kind, &object, current));
    if !causes.is_empty() {
        return Err(Failure::invalid(asked.kind, name, &causes));
    }
    let charges = admission::check(store, asked, &object, Some(current))?;
    object["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"].clone();
    if released(&object) {
        if !asked.request.dry_run() {
            store.write(asked.kind, asked.key(), None);
        }
        return Ok(Arc::new(object));
    }
    if asked.request.dry_run() || object == **current {
        return Ok(Arc::new(object));
    }
    charges.carry_out(store);
    Ok(store.write(asked.kind, asked.key(), Some(object)).unwrap_or_default())
}

/// A write may name the version and the uid it is meant for.
fn precondition(asked: &Asked<'_>, current: &Value, object: &Value) -> Outcome<()> {
    let name = asked.name.unwrap_or_default();
    if let Some(version) = named_version(object) {
        if version.parse::<u64>().is_err() {
            let why = format!("strconv.ParseUint: parsing {}: invalid syntax", json!(version));
            return Err(Failure::internal(why));
        }
        if current["metadata"]["resourceVersion"] != version {
            return Err(Failure::stale(asked.kind, name));
        }
    }
    let own = current["metadata"]["uid"].as_str().unwrap_or_default();
    match object["metadata"]["uid"].as_str() {
        Some(uid) if !uid.is_empty() && uid != own => {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{}, ResourceVersion: 0, \
AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {own}",
                asked.kind.plural,
                asked.key(),
            );
            Err(Failure::conflict(asked.kind, name, &why))
        }
        _ => Ok(()),
    }
}

/// What a client cannot change about an object that is there.
fn keep_server_fields(object: &mut Value, current: &Value) {
    const KEPT: &[&str] = &[
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "selfLink",
        "managedFields",
        "namespace",
    ];
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    for field in KEPT {
        match current["metadata"].get(*field) {
            Some(value) => metadata.insert((*field).to_owned(), value.clone()),
            None => metadata.remove(*field),
        };
    }
}

/// A write to the object leaves its status alone, and a write to the status everything else.
fn keep_other_parts(asked: &Asked<'_>, object: &mut Value, current: &Value) {
    let part = |source: &Value, name: &str| source.get(name).cloned();
    match asked.subresource {
        None if asked.kind.has(Subresource::Status) => set(object, "status", part(current, "status")),
        None => {}
        Some(Subresource::Status) => {
            let status = part(object, "status");
            let mut kept = current.clone();
            if asked.kind.manners.status_writes_metadata {
                for field in ["labels", "annotations"] {
                    let written = part(&object["metadata"], field);
                    set(&mut kept["metadata"], field, written);
                }
            }
            *object = kept;
            set(object, "status", status);
        }
        Some(Subresource::Finalize) => {
            let spec = part(object, "spec");
            *object = current.clone();
            set(object, "spec", spec);
        }
        // The others give a changed copy of the whole object.
        Some(_) => {}
    }
    if asked.kind.storage == "/namespaces" && asked.subresource.is_none() {
        set(object, "spec", part(current, "spec"));
    }
}

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    let Some(fields) = object.as_object_mut() else { return };
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
}

/// A client may forget all owners by writing one empty entry; it cannot write others.
fn asked_owners(object: &Value) -> Owners {
    if object["metadata"]["managedFields"] == json!([{}]) { Owners::Given(Value::Null) } else { Owners::Tracked }
}

fn own(asked: &Asked<'_>, object: &mut Value, current: &Value, owners: Owners) {
    match owners {
        Owners::Tracked => ownership::track(asked.kind, Some(current), object, &writer::of(asked)),
        Owners::Given(entries) => {
            let entries = (!entries.is_null()).then_some(entries);
            set(&mut object["metadata"], "managedFields", entries);
        }
    }
}

/// The generation counts changes of what is wanted.
fn count_generation(kind: &Kind, object: &mut Value, current: &Value) {
    let wanted = |object: &Value| {
        let mut fields = object.as_object().cloned().unwrap_or_default();
        fields.remove("metadata");
        fields.remove("status");
        fields
    };
    // Most kinds want everything in their specification.
    let whole = kind.custom.is_some() || kind.storage == "discovery.k8s.io/endpointslices";
    let changed = if whole { wanted(object) != wanted(current) } else { object["spec"] != current["spec"] };
    // Of a deployment the annotations count too.
    let notes = |object: &Value| object["metadata"]["annotations"].clone();
    let noted = kind.storage == "apps/deployments" && notes(object) != notes(current);
    if kind.manners.generation && (changed || noted) {
        let next = current["metadata"]["generation"].as_u64().unwrap_or_default() + 1;
        object["metadata"]["generation"] = json!(next);
    }
}

/// Whether a deleted object has lost the last finalizer that held it.
fn released(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata["deletionTimestamp"].is_string()
        && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
        && object["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty)
        && metadata["deletionGracePeriodSeconds"].as_u64().unwrap_or_default() == 0
}
