//! Leases: environments with a time to live, whose terms stand on what the cloud has.
//!
//! In reading order: `terms` what a lease says, `ttl` how long, `labels` how it is written on cloud objects and read back, `leased` a
//! file under a lease, `join` when two want the same one,
//! `guard` what it means for a cluster that stands, `relabel` how its end is moved, [`namespace`] a lease inside a cluster that
//! stands, [`outputs`] what a pipeline is told.

mod guard;
mod join;
mod labels;
mod leased;
pub mod namespace;
pub mod outputs;
mod relabel;
mod terms;
mod ttl;

pub use guard::{left_alone, refuse_others, why_not_same};
pub use join::{Joined, Standing, join};
pub use labels::{
    EXPIRES_KEY, KEYS, LEASE_KEY, OWNER_OF_LEASE_KEY, RUN_KEYS, expires_word, is_lease_key, is_same_environment, marks,
    settled, stale,
};
pub use leased::{cluster_name, leased};
pub use relabel::relabel;
pub use terms::{Lease, LeaseError, LeaseId};
pub use ttl::{TTL_MAX, TTL_MIN, TtlError, ttl};
