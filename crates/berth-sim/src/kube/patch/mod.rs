//! Patches: which kind of patch a body is, and carrying it out on an object.

mod apply;
mod json_patch;
mod merge;
mod strategic;

pub(crate) use apply::Patch;
