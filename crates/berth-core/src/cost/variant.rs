//! Specs that are changed to see what that would cost; none of them is ever made.

use crate::catalog;
use crate::spec::{Capacity, ClusterSpec, PoolSpec, Provider, Sharing, nearest};

/// What is asked "what if".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WhatIf {
    /// If the pools with GPUs were bought in this way; all pools, where none has GPUs.
    pub capacity: Option<Capacity>,
    /// If each GPU had so many shares; 1 for a whole GPU.
    pub shares: Option<u32>,
}

/// A changed spec, and what has to be known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The spec as it would be.
    pub spec: ClusterSpec,
    /// What else changed with it.
    pub notes: Vec<String>,
}

/// Most shares of one GPU that GKE and NVIDIA's device plugin with MPS take.
pub const MOST_SHARES: u32 = 48;

impl WhatIf {
    /// The spec as it would be, or why it cannot be so.
    pub fn apply(self, spec: &ClusterSpec) -> Result<Variant, Vec<String>> {
        let (mut spec, mut notes) = (spec.clone(), Vec::new());
        let has_gpus = spec.pools.iter().any(|pool| pool.gpu.is_some());
        if let Some(capacity) = self.capacity {
            if capacity == Capacity::SpotThenOnDemand && spec.cloud.provider() == Provider::Gke {
                return Err(vec!["a GKE pool is either spot or on-demand".to_owned()]);
            }
            for pool in spec.pools.iter_mut().filter(|pool| pool.gpu.is_some() || !has_gpus) {
                pool.capacity = capacity;
            }
            let others = spec.pools.iter().filter(|pool| pool.capacity != capacity);
            let others: Vec<&str> = others.map(|pool| pool.name.as_str()).collect();
            if !others.is_empty() {
                notes.push(format!("pools without GPUs are bought as before: {}", others.join(", ")));
            }
        }
        if let Some(shares) = self.shares {
            if !has_gpus {
                return Err(vec!["no pool has GPUs that could be shared".to_owned()]);
            }
            if !(1..=MOST_SHARES).contains(&shares) {
                return Err(vec![format!("a GPU has 1 to {MOST_SHARES} shares, not {shares}")]);
            }
            for gpu in spec.pools.iter_mut().filter_map(|pool| pool.gpu.as_mut()) {
                gpu.sharing = match gpu.sharing {
                    _ if shares == 1 => Sharing::Exclusive,
                    Sharing::Mps(_) => Sharing::Mps(shares),
                    Sharing::Exclusive | Sharing::TimeSlicing(_) => Sharing::TimeSlicing(shares),
                };
            }
        }
        Ok(Variant { spec, notes })
    }
}

/// The spec with another model of GPU in every pool that has GPUs: as many in each node, as many shares of each, as many nodes.
///
/// The machines are the smallest with so many; a pool that has the model already stays as it is.
/// What the cloud does not sell, there or in that number, comes back as reasons, one for each pool it is about.
pub fn with_gpu(spec: &ClusterSpec, model: &str) -> Result<Variant, Vec<String>> {
    let provider = spec.cloud.provider();
    let names = catalog::gpu_names(provider);
    let Some(gpu) = catalog::gpu(model) else {
        let meant = nearest(model, names.iter().copied()).map(|name| format!("; did you mean `{name}`?"));
        let meant = meant.unwrap_or_default();
        return Err(vec![format!("unknown GPU `{model}`{meant} (accepted: {})", names.join(", "))]);
    };
    if !gpu.is_sold_by(provider) {
        return Err(vec![format!("{} does not sell {}; it sells {}", provider.as_str(), gpu.name, names.join(", "))]);
    }
    let mut variant = Variant { spec: spec.clone(), notes: Vec::new() };
    let mut reasons = Vec::new();
    let region = spec.place.region.as_str();
    let mut changed = 0;
    for pool in variant.spec.pools.iter_mut().filter(|pool| pool.gpu.is_some()) {
        changed += 1;
        match changed_pool(pool, provider, gpu.name, region) {
            Ok(notes) => variant.notes.extend(notes.into_iter().map(|note| format!("pool {}: {note}", pool.name))),
            Err(reason) => reasons.push(format!("pool {}: {reason}", pool.name)),
        }
    }
    if changed == 0 {
        return Err(vec!["no pool has GPUs to be exchanged".to_owned()]);
    }
    if reasons.is_empty() { Ok(variant) } else { Err(reasons) }
}

/// Exchanges the GPUs of a pool; says what changed besides, or why they cannot be exchanged.
fn changed_pool(pool: &mut PoolSpec, provider: Provider, model: &str, region: &str) -> Result<Vec<String>, String> {
    let Some(gpu) = pool.gpu.as_mut().filter(|gpu| gpu.model != model) else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    let Some(machine) = catalog::default_machine(provider, model, gpu.count) else {
        return Err(format!(
            "{} has no machine with {} x {model}; {}",
            provider.as_str(),
            gpu.count,
            counts(provider, model)
        ));
    };
    let offers = catalog::gpu_offers(provider, model);
    let regions: Vec<&str> = offers.iter().map(|offer| offer.region).collect();
    if !regions.is_empty() && !regions.contains(&region) {
        let sold = format!("{model} is not known to be sold in {region}, but in {}", regions.join(", "));
        // Only a list that is complete is good enough to refuse.
        if offers.iter().all(|offer| offer.complete) {
            return Err(sold);
        }
        notes.push(sold);
    }
    let zones = catalog::gpu_zones(provider, model, region);
    let kept: Vec<String> = pool.zones.iter().filter(|zone| zones.contains(zone)).cloned().collect();
    if !zones.is_empty() && kept != pool.zones {
        pool.zones = if kept.is_empty() { zones } else { kept };
        notes.push(format!("in {}, where {model} is sold", pool.zones.join(", ")));
    }
    if machine != pool.machine_type {
        notes.push(format!("{machine} instead of {}", pool.machine_type));
    }
    pool.machine_type = machine;
    pool.other_machine_types.clear();
    gpu.model = model.to_owned();
    Ok(notes)
}

/// The numbers of a GPU that a cloud's machines have.
fn counts(provider: Provider, model: &str) -> String {
    let mut counts: Vec<u32> = catalog::machines_with(provider, model).into_iter().map(|(_, count)| count).collect();
    if provider == Provider::Gke {
        counts.extend(catalog::n1_counts(model));
    }
    counts.sort_unstable();
    counts.dedup();
    let counts: Vec<String> = counts.iter().map(u32::to_string).collect();
    if counts.is_empty() {
        "the catalog has no machine with it".to_owned()
    } else {
        format!("machines have {}", counts.join(", "))
    }
}
