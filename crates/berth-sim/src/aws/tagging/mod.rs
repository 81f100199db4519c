//! The Resource Groups Tagging API: everything of a region that has tags, whatever its service, out of an index.
//!
//! The index is late: what was deleted is shown for some time. IAM's resources are shown in one region, its roles in none, and
//! Auto Scaling groups in none either, as the real one's documents say.

mod change;
mod ghosts;
mod index;
mod resources;
mod serve;

pub(crate) use ghosts::{Ghost, remember};
pub(crate) use serve::serve;
