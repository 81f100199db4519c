//! Kubernetes manifests berth renders itself.

pub mod device_plugin;
pub mod quotas;
pub mod secrets;
