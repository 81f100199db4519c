//! Which kinds are served, as data.

mod custom;
mod fields;
mod rows;
mod shape;

pub(crate) use custom::kinds as custom;
pub(crate) use fields::{FieldKey, FieldText};
pub(crate) use rows::KINDS;
pub(crate) use shape::{Custom, Kind, Subresource, Verbs, by_plural, find};
