//! A cluster that berth did not make, as its Kubernetes API shows it.

use std::collections::BTreeMap;

use crate::actions::kube::KubeObjectRef;
use crate::spec::Taint;

/// What was seen of a cluster that stands already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// All its nodes.
    pub nodes: Vec<StandingNode>,
    /// Whatever offers NVIDIA GPUs there and is not what berth put there for this file.
    pub plugins: Vec<ForeignPlugin>,
    /// Objects of the names that berth gives its own, put there for another file: for which.
    pub claimed: BTreeMap<KubeObjectRef, String>,
}

/// A node, with what berth notes on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StandingNode {
    /// Its name.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// All taints.
    pub taints: Vec<Taint>,
    /// The record of what is berth's there, as [`crate::rules::existing::nodes::RECORD`] holds it.
    pub record: Option<String>,
    /// GPUs or shares it offers; `None` if it offers none at all.
    pub gpus: Option<u64>,
}

/// Somebody else's way to offer GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPlugin {
    /// What it is, in words: `DaemonSet kube-system/nvidia-device-plugin-daemonset`.
    pub words: String,
}
