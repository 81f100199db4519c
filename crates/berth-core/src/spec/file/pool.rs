//! A node pool as people write it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::TaintEffect;

/// A set of like machines.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// Name of the pool: lowercase letters, digits and `-`, at most 40 characters.
    #[schemars(regex(pattern = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"), length(max = 40))]
    #[schemars(extend("patternErrorMessage" = "must begin with a lowercase letter, end with a letter or digit, and hold only lowercase letters, digits and `-`"))]
    pub name: String,
    /// The cloud's machine type; with a GPU it can be left out and follows from it.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub machine_type: Option<String>,
    /// Further machine types of the same shape that EKS may take instead.
    #[serde(default)]
    #[schemars(length(max = 19), inner(length(min = 1)), extend("uniqueItems" = true))]
    pub machine_types: Option<Vec<String>>,
    /// The GPUs of each node.
    #[serde(default)]
    pub gpu: Option<GpuFile>,
    /// How the machines are bought; `on-demand` if left out.
    #[serde(default)]
    pub capacity: Option<CapacityWord>,
    /// How many nodes, as totals over the pool's zones; on an existing cluster `min` nodes must match, 1 if left out.
    #[serde(default)]
    pub nodes: Option<NodesFile>,
    /// The labels that choose the pool's nodes in an existing cluster; only there, and needed there.
    #[serde(default)]
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Zones of the pool; berth chooses those that sell the GPU if left out.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub zones: Option<Vec<String>>,
    /// Kubernetes labels of the nodes.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Kubernetes taints of the nodes; a GPU pool always gets one with the key `nvidia.com/gpu`.
    #[serde(default)]
    pub taints: Vec<TaintFile>,
    /// Boot disk of each node.
    #[serde(default)]
    pub disk: Option<DiskFile>,
    /// What is different on GKE, for a file that is used on both clouds.
    #[serde(default)]
    pub gke: Option<PoolOnCloud>,
    /// What is different on EKS, for a file that is used on both clouds.
    #[serde(default)]
    pub eks: Option<PoolOnEks>,
}

/// What of a pool is different on one cloud.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolOnCloud {
    /// The cloud's machine type.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub machine_type: Option<String>,
    /// Zones of the pool there.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub zones: Option<Vec<String>>,
}

/// What of a pool is different on EKS.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolOnEks {
    /// The cloud's machine type.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub machine_type: Option<String>,
    /// Zones of the pool there.
    #[serde(default)]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub zones: Option<Vec<String>>,
    /// Managed node groups behind the pool; `one` if left out.
    #[serde(default)]
    pub node_groups: Option<NodeGroupsWord>,
    /// Family of the nodes' image; `amazon-linux-2023` if left out.
    #[serde(default)]
    pub ami_family: Option<AmiFamilyWord>,
}

/// How many managed node groups stand behind a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeGroupsWord {
    /// One over all zones: AWS takes machines where it has them, but if the group cannot start with its fewest nodes, all of it fails.
    One,
    /// One in each zone: nodes are spread evenly, a zone without stock fails alone, and the other zones take over its nodes.
    PerZone,
}

/// A family of node images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum AmiFamilyWord {
    /// Amazon Linux 2023; berth puts NVIDIA's device plugin on its GPU nodes.
    #[serde(rename = "amazon-linux-2023")]
    AmazonLinux2023,
    /// Bottlerocket; its image has the device plugin built in and shares GPUs by its own settings, also under MPS.
    #[serde(rename = "bottlerocket")]
    Bottlerocket,
}

/// The GPUs of each node.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuFile {
    /// Model, for example `a100-40gb`, `v100`, `t4`; the cloud's own name is accepted too.
    #[serde(rename = "type")]
    pub model: String,
    /// GPUs per node; follows from the machine type, or is 1, if left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16))]
    pub count: Option<u32>,
    /// Which driver GKE installs; `default` if left out.
    #[serde(default)]
    pub driver: Option<DriverWord>,
    /// How each GPU is shared; can stand in `spec.gpuSharing` instead.
    #[serde(default)]
    pub sharing: Option<SharingFile>,
}

/// Which GPU driver GKE installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriverWord {
    /// GKE's default for the node version.
    Default,
    /// The newest GKE has.
    Latest,
    /// None: the user installs one.
    Disabled,
}

/// How one GPU is shared between pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SharingFile {
    /// How the GPU is divided; `time-slicing` if left out.
    #[serde(default)]
    pub strategy: Option<StrategyWord>,
    /// Shares each GPU is advertised as.
    #[schemars(range(min = 2, max = 48))]
    pub shares: u32,
}

/// How a GPU is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyWord {
    /// Pods take turns; memory is not fenced.
    TimeSlicing,
    /// CUDA MPS: pods run side by side, each with its part of memory and compute.
    Mps,
}

/// How machines are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityWord {
    /// Ordinary price, not taken back.
    OnDemand,
    /// Spare capacity, may be taken back at short notice.
    Spot,
    /// Spot first, on-demand for what spot cannot give; EKS only.
    SpotThenOnDemand,
}

/// How many nodes, as totals over the pool's zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodesFile {
    /// Fewest nodes; the pool starts with this many.
    #[schemars(range(max = 1000))]
    pub min: u32,
    /// Most nodes; equal to `min` for a pool that does not scale; not for an existing cluster.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub max: Option<u32>,
}

/// A Kubernetes taint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaintFile {
    /// For example `nvidia.com/gpu`.
    pub key: String,
    /// May be empty.
    #[serde(default)]
    pub value: String,
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// Boot disk of each node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiskFile {
    /// Size in GB (GiB on AWS); 100 on GKE and 80 on EKS if left out, 200 with GPUs.
    #[serde(default)]
    #[schemars(range(min = 10, max = 65536))]
    pub size_gb: Option<u32>,
    /// Type: `standard`, `balanced`, `ssd`, or the cloud's own word such as `pd-ssd` or `gp3`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}
