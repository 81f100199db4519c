//! Labels berth and EKS put on nodes: by which a node says which group it is of, and by which the device plugin finds it.

use crate::spec::{AmiFamily, PoolSpec};

/// Names the node group of a node; EKS puts it there.
pub const GROUP: &str = "eks.amazonaws.com/nodegroup";
/// Says that a node has NVIDIA GPUs and no device plugin of its own; NVIDIA's chart and ours choose nodes by it.
pub const GPU_PRESENT: &str = "nvidia.com/gpu.present";
/// Names the device plugin's configuration for the node: a key of its ConfigMap.
pub const PLUGIN_CONFIG: &str = "nvidia.com/device-plugin.config";
/// The GPU model, as the cluster autoscaler expects it on AWS; other models have other values.
pub const ACCELERATOR: &str = "k8s.amazonaws.com/accelerator";

/// Labels berth gives the nodes of a GPU pool beside the file's.
pub fn gpu_labels(pool: &PoolSpec) -> Vec<(&'static str, String)> {
    let Some(gpu) = &pool.gpu else { return Vec::new() };
    let mut labels = vec![(ACCELERATOR, gpu.model.clone())];
    if takes_plugin(pool) {
        labels.extend([(GPU_PRESENT, "true".to_owned()), (PLUGIN_CONFIG, plugin_config(pool))]);
    }
    labels
}

/// Whether the nodes of a pool offer GPUs by the device plugin that berth puts there, not by one of their image.
pub fn takes_plugin(pool: &PoolSpec) -> bool {
    pool.gpu.is_some() && pool.ami_family == AmiFamily::AmazonLinux2023
}

/// The pool's key in the device plugin's ConfigMap; a pool's name is legal for both it and a label's value.
pub fn plugin_config(pool: &PoolSpec) -> String {
    pool.name.clone()
}
