//! Who a write is recorded for.

use serde_json::json;

use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::ownership::Writer;
use crate::kube::request::Request;
use crate::kube::serving::Asked;
use crate::kube::time;

const LONGEST: usize = 128;

/// The named field manager, or the start of the user agent.
pub(crate) fn of(asked: &Asked<'_>) -> Writer {
    let agent = asked.request.user_agent.as_deref().unwrap_or("unknown");
    let name = match asked.request.filled("fieldManager") {
        Some(name) => name,
        None => agent.split('/').next().unwrap_or_default(),
    };
    Writer { name: name.to_owned(), subresource: asked.subresource, now: time::seconds(asked.now) }
}

/// What is refused about the parameters of a patch.
pub(crate) fn check(request: &Request, applying: bool) -> Outcome<()> {
    const FIELD: &str = "fieldManager";
    let name = request.parameter(FIELD).unwrap_or_default();
    let mut causes = Vec::new();
    if applying && name.is_empty() {
        causes.push(Cause::required(FIELD, "is required for apply patch"));
    }
    if !applying && request.parameter("force").is_some() {
        causes.push(Cause::forbidden("force", "may not be specified for non-apply patch"));
    }
    if name.len() > LONGEST {
        causes.push(Cause::too_long(FIELD, &format!("may not be more than {LONGEST} bytes")));
    }
    if let Some((at, letter)) = name.chars().enumerate().find(|(_, letter)| letter.is_control()) {
        let why = format!("invalid character U+{:04X} (at position {at})", u32::from(letter));
        causes.push(Cause::invalid(FIELD, &json!(name), &why));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid_as("meta.k8s.io", "PatchOptions", "", &causes))
}
