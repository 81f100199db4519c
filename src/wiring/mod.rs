//! Builds the doors to the outside, real or simulated. The only room that names the cloud crates, and the only place that asks
//! whether the clouds are simulated.

mod billing;
mod clearing;
mod cluster_at;
mod doors;
mod eks;
mod existing;
mod finding;
mod gke;
mod pace;
mod prices;
mod simulated;
mod through_kubernetes;

pub(crate) use billing::over;
pub(crate) use clearing::leave_theirs;
pub(crate) use cluster_at::{ClusterAt, cluster_at};
pub(crate) use doors::{Cloud, Doors, open, open_for};
pub(crate) use eks::token_of_eks;
pub(crate) use existing::open as open_context;
pub(crate) use gke::token_of_gke;
pub(crate) use pace::CallPace;
pub(crate) use prices::live;
pub(crate) use simulated::Simulated;
