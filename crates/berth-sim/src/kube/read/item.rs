//! One object.

use super::options::version_number;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;

/// GET of one object or its status; selectors and `watch` are ignored here.
pub(crate) fn get(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    if let Some(text) = asked.request.filled("resourceVersion") {
        let version = version_number(text)?;
        if version > store.resource_version() {
            return Err(Failure::too_large_version(version, store.resource_version()));
        }
    }
    let object = store
        .object(asked.kind, &asked.key())
        .ok_or_else(|| Failure::not_found(asked.kind, asked.name.unwrap_or_default()))?;
    Ok(asked.writer.reply(200, object))
}
