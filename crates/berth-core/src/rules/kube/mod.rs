//! What berth puts into a cluster through its Kubernetes API, alike on every cloud.

pub mod quotas;
pub mod steps;
pub mod workloads;
