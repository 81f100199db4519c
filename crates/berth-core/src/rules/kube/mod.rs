//! What berth puts into a cluster through its Kubernetes API, alike on every cloud.

mod fit;
mod policies;
pub mod quotas;
pub mod steps;
mod storage;
pub mod workloads;
