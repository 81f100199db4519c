//! The patch types a client may send.

use serde_json::Value;

use super::json_patch::{self, Operation};
use super::{merge, strategic};
use crate::kube::decode;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::request::Request;

/// A patch that was read off a request.
#[derive(Debug)]
pub(crate) enum Patch {
    Merge(Value),
    Strategic(Value),
    Json(Vec<Operation>),
}

impl Patch {
    /// The patch in the body, by its content type.
    pub(crate) fn of(request: &Request) -> Outcome<Patch> {
        let media = request.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
        let object = || match read(&request.body)? {
            value @ Value::Object(_) => Ok(value),
            other => Err(undecodable(&format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                decode::type_name(&other)
            ))),
        };
        match media {
            "application/merge-patch+json" => Ok(Patch::Merge(object()?)),
            "application/strategic-merge-patch+json" => Ok(Patch::Strategic(object()?)),
            "application/json-patch+json" => match read(&request.body)? {
                Value::Array(operations) => Ok(Patch::Json(json_patch::operations(&operations)?)),
                other => Err(undecodable(&format!(
                    "json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
                    decode::type_name(&other)
                ))),
            },
            _ => Err(Failure::unsupported_patch()),
        }
    }

    /// The patch as refusals quote it, when they do not quote the object.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Patch::Strategic(patch) => Some(strategic::go_map(patch)),
            _ => None,
        }
    }

    /// The patched object.
    pub(crate) fn apply(&self, mut object: Value) -> Outcome<Value> {
        match self {
            Patch::Merge(patch) => merge::merge(&mut object, patch),
            Patch::Strategic(patch) => strategic::merge(&mut object, patch).map_err(Failure::internal)?,
            Patch::Json(operations) => json_patch::run(&mut object, operations).ok_or_else(Failure::rejected_patch)?,
        }
        Ok(object)
    }
}

fn read(body: &[u8]) -> Outcome<Value> {
    serde_json::from_slice(body).map_err(|error| undecodable(&decode::syntax_fault(&error, body)))
}

fn undecodable(why: &str) -> Box<Failure> {
    Failure::bad_request(format!("error decoding patch: {why}"))
}
