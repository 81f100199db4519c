//! POST: new objects.

use serde_json::{Value, json};

use super::update::Owners;
use super::{place, writer};
use crate::kube::failure::{Failure, Outcome};
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::{access, admission, decode, ownership, rules, time};

/// What a client may say about an object that only the server decides.
const SERVER_FIELDS: &[&str] =
    &["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"];

/// Creates the object in the body.
pub(crate) fn create(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let object = decode::object(asked)?;
    insert(store, asked, object, Owners::Tracked)
}

/// Creates an object that was read already.
pub(crate) fn insert(store: &mut Store, asked: &Asked<'_>, mut object: Value, owners: Owners) -> Outcome<Reply> {
    place::settle_namespace(asked, &mut object)?;
    let given = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if !object["metadata"]["resourceVersion"].as_str().unwrap_or_default().is_empty() {
        return Err(Failure::internal("resourceVersion should not be set on objects to be created"));
    }
    place::accepts_new(store, asked, &given)?;
    access::refuse_raising(store, asked, &object, None)?;
    let name = name(store, &object);
    let uid = store.uid();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        SERVER_FIELDS.iter().for_each(|field| {
            metadata.remove(*field);
        });
        metadata.remove("resourceVersion");
        if !name.is_empty() {
            metadata.insert("name".to_owned(), json!(name));
        }
        metadata.insert("uid".to_owned(), json!(uid));
        metadata.insert("creationTimestamp".to_owned(), json!(time::seconds(asked.now)));
        if asked.kind.manners.generation {
            metadata.insert("generation".to_owned(), json!(1));
        }
    }
    // What admission and the strategy of the kind fill in belongs to nobody.
    rules::complete(asked.kind, &mut object);
    own(asked, &mut object, owners);
    admission::fill_in(store, asked, &mut object)?;
    if asked.subresource.is_none() {
        rules::admit(asked.kind, &mut object, asked.now, store.resource_version());
    } else {
        object["status"] = json!({"loadBalancer": {}});
    }
    rules::complete(asked.kind, &mut object);
    let causes = rules::validate(asked.kind, &object);
    if !causes.is_empty() {
        return Err(Failure::invalid(asked.kind, &name, &causes));
    }
    let charges = admission::check(store, asked, &object, None)?;
    let key = asked.kind.key(asked.namespace, &name);
    if let Some(existing) = store.object(asked.kind, &key) {
        let deleting = existing["metadata"]["deletionTimestamp"].is_string();
        return Err(Failure::already_exists(asked.kind, &name, deleting));
    }
    if asked.request.dry_run() {
        return Ok(asked.writer.reply(201, &object));
    }
    charges.carry_out(store);
    let written = store.write(asked.kind, key, Some(object));
    Ok(asked.writer.reply(201, written.as_deref().unwrap_or(&Value::Null)))
}

/// Records who owns the new object's fields.
fn own(asked: &Asked<'_>, object: &mut Value, owners: Owners) {
    match owners {
        Owners::Tracked => ownership::track(asked.kind, None, object, &writer::of(asked)),
        Owners::Given(Value::Null) => {}
        Owners::Given(entries) => object["metadata"]["managedFields"] = entries,
    }
}

/// The given name, or one made from `generateName`.
fn name(store: &mut Store, object: &Value) -> String {
    let given = object["metadata"]["name"].as_str().unwrap_or_default();
    let base = object["metadata"]["generateName"].as_str().unwrap_or_default();
    if !given.is_empty() || base.is_empty() {
        return given.to_owned();
    }
    format!("{}{}", &base[..base.len().min(58)], store.suffix())
}
