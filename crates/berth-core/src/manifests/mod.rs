//! Kubernetes manifests berth renders itself.

pub mod cluster_autoscaler;
pub mod default_class;
pub mod definitions;
pub mod device_plugin;
mod own;
pub mod probe;
pub mod quotas;
pub mod secrets;
pub mod waves;
pub mod workloads;
