//! Finding what is ours: clusters by their labels, and in Compute Engine what clusters left, by labels and by chains of links.

mod collections;
mod gone;
mod inventory;
mod list;
mod machines;
mod prove;
mod row;
mod standing;

pub(crate) use standing::node_tag;
