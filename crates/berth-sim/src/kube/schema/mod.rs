//! What the fields of an object are: their types, which lists are merged by which key, what is not known at all.
//!
//! The types of the built-in kinds are data, `types.json`, taken from the OpenAPI document of Kubernetes 1.36; those of
//! custom resources come from their definition.

mod builtin;
mod custom;
mod decode;
mod ordered;
mod prune;
mod shape;
mod typed;

pub(crate) use builtin::of;
#[cfg(test)]
pub(crate) use builtin::root;
pub(crate) use custom::from_schema;
pub(crate) use decode::check as decode_check;
pub(crate) use ordered::{Ordered, findings as findings_in_order};
pub(crate) use prune::{below, prune};
pub(crate) use shape::{Merge, Type};
pub(crate) use typed::check as typed_check;
