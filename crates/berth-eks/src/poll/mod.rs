//! Looking once at what goes on.

mod nat;
mod part;

pub(crate) use nat::nat;
pub(crate) use part::part;
