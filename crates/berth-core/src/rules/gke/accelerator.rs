//! GKE's names for GPUs, and what a pool's GPUs become in its terms.

use crate::actions::gke::{GkeAccelerator, GkeDriver};
use crate::catalog;
use crate::plan::Refusal;
use crate::spec::{PoolSpec, Sharing};

/// What the pool's GPUs become: GKE's type, count, sharing, and always an explicit driver.
///
/// # Errors
/// GKE does not sell the model.
pub fn accelerator(pool: &PoolSpec) -> Result<Option<GkeAccelerator>, Refusal> {
    let Some(gpu) = &pool.gpu else { return Ok(None) };
    let kind = catalog::gpu(&gpu.model)
        .and_then(|known| known.gke_type)
        .ok_or_else(|| Refusal::UnknownGpu { pool: pool.name.clone(), model: gpu.model.clone() })?;
    Ok(Some(GkeAccelerator { kind: kind.to_owned(), count: gpu.count, sharing: gpu.sharing, driver: gpu.driver }))
}

/// In words, for a plan: `1 x nvidia-tesla-v100, 2 shares each by time-slicing`.
pub fn words(accelerator: Option<&GkeAccelerator>) -> String {
    let Some(accelerator) = accelerator else { return "no GPU".to_owned() };
    let mut text = format!("{} x {}", accelerator.count, accelerator.kind);
    match accelerator.sharing {
        Sharing::Exclusive => {}
        Sharing::TimeSlicing(shares) => text.push_str(&format!(", {shares} shares each by time-slicing")),
        Sharing::Mps(shares) => text.push_str(&format!(", {shares} shares each by MPS")),
    }
    match accelerator.driver {
        GkeDriver::Default => {}
        GkeDriver::Latest => text.push_str(", latest driver"),
        GkeDriver::Disabled => text.push_str(", no driver"),
    }
    text
}
