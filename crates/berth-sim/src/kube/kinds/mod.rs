//! Which kinds are served, as data.

mod fields;
mod rows;
mod shape;

pub(crate) use fields::{FieldKey, FieldText};
pub(crate) use rows::KINDS;
pub(crate) use shape::{Kind, Subresource, Verbs, by_plural, find, serves};
