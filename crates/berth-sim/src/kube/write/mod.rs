//! Writing: create, replace, patch, delete.

pub(crate) mod apply;
pub(crate) mod create;
pub(crate) mod delete;
mod place;
pub(crate) mod update;
pub(crate) mod writer;
