//! GKE puts `nvidia.com/gpu=present:NoSchedule` on GPU nodes only if a pool without GPUs exists at that moment.
//!
//! So berth always writes the taint itself, and treats taints as a set when it compares them.

use std::collections::BTreeSet;

use crate::spec::{PoolSpec, Taint, TaintEffect};

/// Key of the taint that keeps pods without GPUs off GPU nodes.
pub const GPU_TAINT_KEY: &str = "nvidia.com/gpu";

/// The taint GKE adds to GPU nodes.
pub fn gpu_taint() -> Taint {
    Taint { key: GPU_TAINT_KEY.to_owned(), value: "present".to_owned(), effect: TaintEffect::NoSchedule }
}

/// The taints a pool is wanted to have, sorted: the file's, and the GPU taint unless the file has one of that key.
pub fn taints(pool: &PoolSpec) -> Vec<Taint> {
    let mut taints: BTreeSet<Taint> = pool.taints.iter().cloned().collect();
    if pool.gpu.is_some() && !taints.iter().any(|taint| taint.key == GPU_TAINT_KEY) {
        taints.insert(gpu_taint());
    }
    taints.into_iter().collect()
}

/// The taints to replace `have` with, sorted; `None` if there is no difference.
///
/// GKE's own taint is kept where GKE has added it, and is no difference.
pub fn replacement(have: &[Taint], want: &[Taint], has_gpu: bool) -> Option<Vec<Taint>> {
    let have: BTreeSet<&Taint> = have.iter().collect();
    let mut want: BTreeSet<&Taint> = want.iter().collect();
    let gpu_taint = gpu_taint();
    // Kubernetes refuses two taints of one key and effect, so GKE's is only kept beside a wanted set that lacks the pair.
    let taken = want.iter().any(|taint| taint.key == gpu_taint.key && taint.effect == gpu_taint.effect);
    if has_gpu && have.contains(&gpu_taint) && !taken {
        want.insert(&gpu_taint);
    }
    (have != want).then(|| want.into_iter().cloned().collect())
}

/// As `kubectl` writes it: `nvidia.com/gpu=present:NoSchedule`.
pub fn words(taint: &Taint) -> String {
    let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
    format!("{}{value}:{:?}", taint.key, taint.effect)
}
