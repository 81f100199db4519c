//! `kind: Cluster`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::eks::EksFile;
use super::existing::ExistingFile;
use super::gke::GkeFile;
use super::pool::PoolFile;
use super::secrets::SecretFile;
use super::sharing::SharingRef;

/// The version of berth's file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "berth/v1")]
    V1,
}

/// The word that says a file describes a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ClusterKind {
    /// A cluster.
    Cluster,
}

/// One GPU cluster on GKE or EKS, or one that stands already.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterFile {
    /// The version of berth's file format.
    pub api_version: ApiVersion,
    /// What this file describes.
    pub kind: ClusterKind,
    /// Name and labels of the cluster.
    pub metadata: Metadata,
    /// What the cluster is to be.
    pub spec: ClusterBody,
}

/// Name and labels of a cluster.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Name of the cluster in its cloud: at most 40 characters on GKE, 100 on EKS.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"), length(max = 100))]
    #[schemars(extend("patternErrorMessage" = "must begin with a letter or digit and hold only letters, digits, `-` and `_`"))]
    pub name: String,
    /// Labels (on AWS: tags) of the cluster object; keys and values keep to the charset both clouds accept.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What a cluster is to be.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterBody {
    /// The cloud; the command line may name another one, if the file has settings for it.
    pub provider: ProviderWord,
    /// Region of the cluster, for example `us-central1` or `us-east-1`; a GKE cluster may give `zone` instead.
    #[serde(default)]
    pub region: Option<String>,
    /// Zone of a zonal GKE cluster, for example `us-central1-a`; without it the cluster is regional.
    #[serde(default)]
    pub zone: Option<String>,
    /// Settings only GKE understands.
    #[serde(default)]
    pub gke: Option<GkeFile>,
    /// Settings only EKS understands.
    #[serde(default)]
    pub eks: Option<EksFile>,
    /// How a cluster is reached that stands already: kubeadm, k3s, minikube, any other.
    #[serde(default)]
    pub existing: Option<ExistingFile>,
    /// The node pools; at least one without GPUs and without taints, for the system's own pods.
    #[schemars(length(min = 1))]
    pub node_pools: Vec<PoolFile>,
    /// How pools share their GPUs: the path of a GpuSharing file, or its `pools` written here.
    #[serde(default)]
    pub gpu_sharing: Option<SharingRef>,
    /// Path of a ServiceQuotas file, relative to this file.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub quotas: Option<String>,
    /// Paths of workload manifests or folders of them, relative to this file.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    pub workloads: Vec<String>,
    /// Secrets the workloads need; their values never stand in this file.
    #[serde(default)]
    pub secrets: Vec<SecretFile>,
    /// How nodes are added and removed on EKS; GKE's autoscaler takes no such wishes.
    #[serde(default)]
    pub autoscaler: Option<AutoscalerFile>,
    /// Whether NetworkPolicies are enforced, by Dataplane V2 on GKE and by the add-on `vpc-cni` on EKS; left out, a cluster is
    /// made so, and one that stands stays as it is. GKE takes it at creation only.
    #[serde(default)]
    pub network_policy: Option<bool>,
    /// What the cluster may cost.
    #[serde(default)]
    pub budget: Option<BudgetFile>,
}

/// A cloud berth knows by name, or a cluster that stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderWord {
    /// Google Kubernetes Engine.
    Gke,
    /// Amazon Elastic Kubernetes Service.
    Eks,
    /// A cluster that stands already, reached by a kubeconfig; berth fills it, and never makes or deletes it.
    Existing,
}

/// How nodes are added and removed on EKS.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoscalerFile {
    /// Whether the cluster autoscaler is put into a cluster of EKS where a pool can grow; yes if left out. Write `false` where something
    /// else adds and removes nodes, Karpenter for example.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Pool names, the one to grow first in front; others follow in the order of the file.
    #[serde(default)]
    pub prefer: Vec<String>,
    /// When nodes are removed.
    #[serde(default)]
    pub scale_down: Option<ScaleDownFile>,
}

/// When the autoscaler removes a node.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScaleDownFile {
    /// A node used less than this share of its capacity may go; 0.5 if left out.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub utilization: Option<f64>,
    /// How long it has to be unneeded before it goes, for example `10m`, which it is if left out.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[1-9][0-9]*(s|m|h)$"))]
    #[schemars(extend("patternErrorMessage" = "must be a number of seconds, minutes or hours, such as `10m`"))]
    pub after: Option<String>,
}

/// What the cluster may cost.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetFile {
    /// US dollars per month.
    #[schemars(range(min = 1.0))]
    pub monthly_usd: f64,
}
