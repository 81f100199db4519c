//! Reading: one object, lists and watches.

mod item;
pub(crate) mod list;
mod options;
mod token;
pub(crate) mod watch;

pub(crate) use item::get;
