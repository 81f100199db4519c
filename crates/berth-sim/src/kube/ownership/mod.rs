//! Who owns which field: the bookkeeping behind server-side apply.

mod apply;
mod compare;
mod entries;
mod path;
mod schema;
mod set;
mod track;

pub(crate) use apply::apply;
pub(crate) use compare::unambiguous;
pub(crate) use track::{Writer, track};
