//! Fields a typed server does not know.

use serde_json::Value;

use crate::kube::kinds::Kind;
use crate::kube::schema;

/// Takes unknown fields out of an object; gives what the server says about each.
pub(crate) fn prune(kind: &Kind, object: &mut Value) -> Vec<String> {
    let mut places = schema::prune(schema::of(kind), object);
    places.sort();
    places.into_iter().map(|place| format!("unknown field \"{place}\"")).collect()
}
