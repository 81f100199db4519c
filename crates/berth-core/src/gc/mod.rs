//! What is left of clusters, and which of it is to go.
//!
//! In reading order: `leftover` one thing that was found, `inventory` all of them, `environment` the things of one cluster,
//! `decide` which environments are doomed, `confirm` the second look before anything is touched, `plan` the steps,
//! `volumes` the data that stays, `price` what it costs until then.

mod confirm;
mod decide;
mod environment;
mod inventory;
mod leftover;
mod plan;
mod price;
mod volumes;

pub use confirm::confirm;
pub use decide::{GcPlan, GcRules, Kept, KeptWhy, decide};
pub use environment::{Environment, LeaseFound};
pub use inventory::{Inventory, Scope, Unread};
pub use leftover::{Claim, Leftover, LeftoverKind, LeftoverSize, Machines, Whereabouts};
pub use plan::plan;
pub use price::price;
pub use volumes::{
    is_volume, left_of, of_cluster, plan_sparing_volumes, shows_lease, spare_volumes, volumes, without_volumes,
};
