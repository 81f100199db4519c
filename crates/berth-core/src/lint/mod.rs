//! What workloads' manifests will run into on a cluster, found before anything is applied: pure, with file, line, reason and fix.
//!
//! In reading order: `manifest` files as objects, `object` objects and their pods, `pools` what nodes offer and take, `limits`
//! quotas and defaults, `scaling` how many pods there may be, `storage` claims and classes, `world` all of it together, `rules` one
//! file per rule, `check` all rules at once, `applied` the objects that can be applied at all.

mod applied;
mod check;
mod finding;
mod limits;
mod manifest;
mod object;
mod pools;
mod quantity;
mod rules;
mod scaling;
mod storage;
mod world;

pub(crate) use applied::applied;
pub use check::check;
pub use finding::{Finding, Severity};
pub use manifest::ManifestFile;
pub use rules::RULES;
