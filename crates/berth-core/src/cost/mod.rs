//! What a cluster will cost: prices, exact sums, and the estimate of a spec.
//!
//! In reading order: `amount` sums of money that know whether something is missing, `book` dated prices, `quote` one price looked up,
//! `pool` what a pool costs, `cluster` what stands around the pools, `split` the services' parts, `estimate` all of it.

mod amount;
mod book;
mod cluster;
mod eks_support;
mod estimate;
mod pool;
mod quote;
mod split;

pub use amount::{Amount, Cases, MONTH_HOURS, Span};
pub use book::{Basis, Price, Source, Unit, find, regions_with};
pub use estimate::{Estimate, ServiceEstimate, estimate};
pub use pool::{PoolEstimate, Rates};
pub use quote::{Line, Quote};
pub use split::{ServicePart, Split};
