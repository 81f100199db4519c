//! Whether an object may be written at the place its path names.

use serde_json::{Value, json};

use crate::kube::failure::{Failure, Outcome};
use crate::kube::kinds;
use crate::kube::serving::Asked;
use crate::kube::store::Store;

/// Puts the path's namespace into the object, or refuses another one.
pub(crate) fn settle_namespace(asked: &Asked<'_>, object: &mut Value) -> Outcome<()> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let given = object["metadata"]["namespace"].as_str().unwrap_or_default();
    match asked.namespace {
        Some(namespace) if !given.is_empty() && given != namespace => Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
        Some(namespace) => {
            object["metadata"]["namespace"] = json!(namespace);
            Ok(())
        }
        None => {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
            Ok(())
        }
    }
}

/// New objects need a namespace that is there and not on its way out.
pub(crate) fn accepts_new(store: &Store, asked: &Asked<'_>, name: &str) -> Outcome<()> {
    let (Some(namespace), Some(kind)) = (asked.namespace, kinds::by_plural("namespaces")) else { return Ok(()) };
    match store.object(kind, namespace) {
        None => Err(Failure::not_found(kind, namespace)),
        Some(object) if object["metadata"]["deletionTimestamp"].is_string() => {
            Err(Failure::terminating(asked.kind, name, namespace))
        }
        Some(_) => Ok(()),
    }
}
