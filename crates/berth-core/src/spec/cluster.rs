//! The checked wish: what a spec file means once every default is filled and every reference is resolved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One cluster as the user wants it; only [`crate::spec::check`] makes one, so every value in it is legal.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterSpec {
    /// Name of the cluster in its cloud.
    pub name: String,
    /// Labels the user gives the cluster; they become cloud labels or tags beside berth's own.
    pub labels: BTreeMap<String, String>,
    /// Region, and zone if the cluster is zonal.
    pub place: Place,
    /// What only one cloud understands.
    pub cloud: CloudSpec,
    /// Node pools, in the order of the file.
    pub pools: Vec<PoolSpec>,
    /// What each service may take, if the file says.
    pub quotas: Option<super::ServiceQuotas>,
    /// Secrets the workloads need, without their values.
    pub secrets: Vec<super::SecretSpec>,
    /// How nodes are added and removed.
    pub autoscaler: Autoscaler,
    /// Whether the cluster's network holds to NetworkPolicies.
    pub network_policy: NetworkPolicy,
}

impl ClusterSpec {
    /// Whether any pool has room for more nodes than its fewest.
    pub fn can_grow(&self) -> bool {
        self.pools.iter().any(PoolSpec::can_grow)
    }

    /// Whether berth puts a cluster autoscaler into a cluster of EKS.
    pub fn autoscales(&self) -> bool {
        self.can_grow() && !self.autoscaler.is_off
    }
}

/// How nodes are added and removed, as far as the file says.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Autoscaler {
    /// The file wants none, because something else adds and removes nodes.
    pub is_off: bool,
    /// Pool names, the one to grow first in front.
    pub prefer: Vec<String>,
    /// A node used less than this share of its capacity may go.
    pub scale_down_utilization: Option<f64>,
    /// Seconds a node has to be unneeded before it goes.
    pub scale_down_after_seconds: Option<u64>,
}

/// Whether a cluster's network holds to the NetworkPolicies that stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum NetworkPolicy {
    /// The file does not say: a cluster is made so that it does, and one that stands stays as it is.
    #[default]
    FromCreation,
    /// It does, also when the cluster stands.
    Enforced,
    /// Policies are stored and nothing more.
    Unenforced,
}

impl NetworkPolicy {
    /// Whether a cluster that is made enforces them.
    pub fn at_creation(self) -> bool {
        self != Self::Unenforced
    }

    /// What the file says of a cluster that stands; `None` leaves it as it is.
    pub fn said(self) -> Option<bool> {
        match self {
            Self::FromCreation => None,
            Self::Enforced => Some(true),
            Self::Unenforced => Some(false),
        }
    }
}

/// The name under which nodes offer NVIDIA GPUs.
pub const GPU_RESOURCE: &str = "nvidia.com/gpu";

/// Where a cluster stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// For example `us-central1`; of an existing cluster the kubeconfig's context.
    pub region: String,
    /// Set for a zonal cluster, for example `us-central1-a`.
    pub zone: Option<String>,
}

impl Place {
    /// The location in the API's sense: the zone of a zonal cluster, else the region.
    pub fn location(&self) -> &str {
        self.zone.as_deref().unwrap_or(&self.region)
    }

    /// The place a GKE location names: `us-central1` is a region, `us-central1-a` a zone of it.
    pub fn from_gke_location(location: &str) -> Self {
        match location.rsplit_once('-') {
            Some((region, letter)) if letter.len() == 1 && letter.bytes().all(|b| b.is_ascii_lowercase()) => {
                Self { region: region.to_owned(), zone: Some(location.to_owned()) }
            }
            _ => Self { region: location.to_owned(), zone: None },
        }
    }
}

/// Which cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Google Kubernetes Engine.
    Gke,
    /// Amazon Elastic Kubernetes Service.
    Eks,
    /// A cluster that stands already, reached by a kubeconfig; berth never makes or deletes it.
    Existing,
}

impl Provider {
    /// The word used in files and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gke => "gke",
            Self::Eks => "eks",
            Self::Existing => "existing",
        }
    }
}

/// The part of a spec that only one cloud understands.
#[derive(Debug, Clone, PartialEq)]
pub enum CloudSpec {
    /// Settings of a GKE cluster.
    Gke(GkeSpec),
    /// Settings of an EKS cluster.
    Eks(EksSpec),
    /// How a cluster that stands already is reached.
    Existing(ExistingSpec),
}

impl CloudSpec {
    /// Which cloud these settings are for.
    pub fn provider(&self) -> Provider {
        match self {
            Self::Gke(_) => Provider::Gke,
            Self::Eks(_) => Provider::Eks,
            Self::Existing(_) => Provider::Existing,
        }
    }
}

/// GKE's own settings of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct GkeSpec {
    /// Google Cloud project id; `None` means the one the credentials or the environment name.
    pub project: Option<String>,
    /// What berth keeps the same in the cluster object.
    pub settings: crate::actions::gke::GkeSettings,
    /// Secure boot on the nodes of every pool.
    pub secure_boot: bool,
}

/// EKS's own settings of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct EksSpec {
    /// Kubernetes minor version such as `1.34`; `None` means EKS's default.
    pub version: Option<String>,
    /// Whether it is upgraded when its version leaves standard support, instead of paying more for it.
    pub standard_support: bool,
    /// Address range of the VPC berth makes, for example `10.0.0.0/16`.
    pub vpc_cidr: String,
    /// A NAT gateway in each zone instead of one for all.
    pub nat_per_zone: bool,
    /// Subnets to use instead of a VPC of our own; empty means berth makes one.
    pub subnet_ids: Vec<String>,
    /// Managed add-ons by name.
    pub addons: Vec<String>,
    /// Control-plane log types sent to CloudWatch.
    pub logging: Vec<String>,
    /// ARN of the role the control plane takes; `None` means berth makes one.
    pub cluster_role_arn: Option<String>,
    /// ARN of the role the nodes take; `None` means berth makes one.
    pub node_role_arn: Option<String>,
    /// Address ranges that may reach the public API endpoint; empty means everyone.
    pub public_access_cidrs: Vec<String>,
    /// Whether the API endpoint is also reachable inside the VPC.
    pub private_access: bool,
    /// ARNs of IAM principals that become cluster administrators beside the creator.
    pub admin_arns: Vec<String>,
}

/// A cluster that stands already, and which of its nodes are whose pool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExistingSpec {
    /// The context of the kubeconfig; always named, so that nobody fills another cluster by chance.
    pub context: String,
    /// Path of the kubeconfig, joined to the folder of the file; `None` means where kubectl looks.
    pub kubeconfig: Option<String>,
    /// The labels that choose each pool's nodes, by the pool's name; never empty.
    pub selectors: BTreeMap<String, BTreeMap<String, String>>,
}

impl EksSpec {
    /// Whether the cluster has the managed add-on of this name.
    pub fn has_addon(&self, name: &str) -> bool {
        self.addons.iter().any(|addon| addon == name)
    }
}

impl ExistingSpec {
    /// Whether a node with these labels is of the pool.
    pub fn selects(&self, pool: &str, labels: &BTreeMap<String, String>) -> bool {
        self.selectors
            .get(pool)
            .is_some_and(|selector| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
    }
}

/// Most nodes of a pool whose nodes berth only finds: as many as there are.
pub const ANY_NUMBER: u32 = u32::MAX;

/// One node pool as the user wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSpec {
    /// Name of the pool.
    pub name: String,
    /// The cloud's machine type; given or derived from the GPU; empty where nodes are only found.
    pub machine_type: String,
    /// Further machine types of the same shape the cloud may take instead; only EKS has this.
    pub other_machine_types: Vec<String>,
    /// The GPUs of each node, if any.
    pub gpu: Option<GpuSpec>,
    /// How the machines are bought.
    pub capacity: Capacity,
    /// Totals for the whole pool over all its zones.
    pub nodes: NodeRange,
    /// Zones the pool may use; never empty on a cloud.
    pub zones: Vec<String>,
    /// A group of machines for each zone instead of one over all of them; only EKS has this.
    pub group_per_zone: bool,
    /// The nodes' image; only EKS has this.
    pub ami_family: AmiFamily,
    /// Kubernetes node labels.
    pub labels: BTreeMap<String, String>,
    /// Kubernetes node taints.
    pub taints: Vec<Taint>,
    /// Boot disk.
    pub disk: Disk,
}

impl PoolSpec {
    /// Whether it has room for more nodes than its fewest.
    pub fn can_grow(&self) -> bool {
        self.nodes.min < self.nodes.max
    }

    /// The name under which its nodes offer GPUs; `None` without GPUs.
    ///
    /// GKE's device plugin knows no other, and the one berth puts on EKS does not rename shares.
    pub fn gpu_resource(&self) -> Option<&'static str> {
        self.gpu.as_ref().map(|_| GPU_RESOURCE)
    }

    /// Shares the pool offers at its most nodes.
    pub fn most_shares(&self) -> u64 {
        u64::from(self.nodes.max) * u64::from(self.shares_per_node())
    }

    /// Shares one node of this pool advertises: GPUs x shares per GPU; 0 without GPUs.
    pub fn shares_per_node(&self) -> u32 {
        self.gpu.as_ref().map_or(0, |gpu| gpu.count * gpu.sharing.shares())
    }
}

/// A family of node images of EKS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmiFamily {
    /// Amazon Linux 2023.
    AmazonLinux2023,
    /// Bottlerocket, which brings NVIDIA's device plugin along.
    Bottlerocket,
}

/// GPUs of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuSpec {
    /// Model, by berth's name, for example `a100-40gb`; the catalog knows each cloud's name for it.
    pub model: String,
    /// GPUs per node.
    pub count: u32,
    /// How one GPU is shared.
    pub sharing: Sharing,
    /// Who installs which driver; on EKS the node image carries it and this is always the default.
    pub driver: crate::actions::gke::GkeDriver,
}

/// How one GPU is shared between pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// A whole GPU for each pod.
    Exclusive,
    /// Time-slicing: this many shares of each GPU, two or more.
    TimeSlicing(u32),
    /// CUDA MPS: this many shares of each GPU, two or more.
    Mps(u32),
}

impl Sharing {
    /// Shares advertised for one GPU; 1 when it is not shared.
    pub fn shares(self) -> u32 {
        match self {
            Self::Exclusive => 1,
            Self::TimeSlicing(shares) | Self::Mps(shares) => shares,
        }
    }
}

/// How machines are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// Ordinary price, not taken back.
    OnDemand,
    /// Spare capacity, may be taken back at short notice.
    Spot,
    /// Spot first, on-demand for what spot cannot give.
    SpotThenOnDemand,
}

impl Capacity {
    /// The word used in files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "spot",
            Self::SpotThenOnDemand => "spot-then-on-demand",
        }
    }
}

/// A pool's node count, as totals over its zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRange {
    /// Fewest nodes; the pool starts with at least this many.
    pub min: u32,
    /// Most nodes; equal to `min` for a pool that does not scale.
    pub max: u32,
}

/// A Kubernetes taint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// For example `nvidia.com/gpu`.
    pub key: String,
    /// May be empty.
    #[serde(default)]
    pub value: String,
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// A taint's effect, in Kubernetes' spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub enum TaintEffect {
    /// New pods stay away.
    NoSchedule,
    /// New pods stay away if they can.
    PreferNoSchedule,
    /// Running pods are evicted too.
    NoExecute,
}

/// A boot disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// Size in GB as the cloud counts them.
    pub size_gb: u32,
    /// The cloud's disk type, for example `pd-ssd` or `gp3`.
    pub kind: String,
}
