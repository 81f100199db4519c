//! From a file's text to a [`ClusterSpec`](super::ClusterSpec), or to everything that is wrong with it.

mod cluster;
pub(super) mod counts;
mod either;
mod eks;
mod existing;
mod gke;
mod gpu;
mod names;
mod place;
mod pool;
mod prices;
mod quotas;
mod report;
mod salvage;
mod secrets;
mod sharing;
mod source;

pub use cluster::{Checked, check};
pub use prices::check_prices;
pub use quotas::check_quotas;
pub use sharing::check_sharing;
pub use source::Source;
