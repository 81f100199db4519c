//! Labels GKE itself puts on nodes, by which a node says which pool it is of and what it has been given.

use crate::actions::gke::{GkeDriver, GkePool};
use crate::spec::Sharing;

/// Names the pool of a node.
pub const POOL: &str = "cloud.google.com/gke-nodepool";
/// Names the GPU type of a node.
pub const ACCELERATOR: &str = "cloud.google.com/gke-accelerator";
/// How the GPUs of a node are shared.
pub const SHARING: &str = "cloud.google.com/gke-gpu-sharing-strategy";
/// Shares of each GPU of a node.
pub const SHARES: &str = "cloud.google.com/gke-max-shared-clients-per-gpu";
/// Which driver GKE installs on a node.
pub const DRIVER: &str = "cloud.google.com/gke-gpu-driver-version";

/// GPU labels GKE puts on each node of this pool, with values as they have to be.
pub fn gpu_labels(pool: &GkePool) -> Vec<(&'static str, String)> {
    let Some(accelerator) = &pool.accelerator else { return Vec::new() };
    let mut labels = vec![(ACCELERATOR, accelerator.kind.clone())];
    match accelerator.sharing {
        Sharing::Exclusive => {}
        Sharing::TimeSlicing(shares) => {
            labels.push((SHARING, "time-sharing".to_owned()));
            labels.push((SHARES, shares.to_string()));
        }
        Sharing::Mps(shares) => {
            labels.push((SHARING, "mps".to_owned()));
            labels.push((SHARES, shares.to_string()));
        }
    }
    let driver = match accelerator.driver {
        GkeDriver::Default => "default",
        GkeDriver::Latest => "latest",
        GkeDriver::Disabled => "disabled",
    };
    labels.push((DRIVER, driver.to_owned()));
    labels
}
