//! Clusters, pools and operations as a cloud describes them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::object::ObservedObject;
use super::standing::Standing;
use crate::actions::eks::{EksDescription, EksGroup, EksPart, EksPartKind};
use crate::actions::gke::{GkePool, GkeSettings, ReleaseChannel};
use crate::actions::kube::KubeObjectRef;
use crate::spec::{Place, Provider};

/// What one look at one cluster's place in the cloud found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The cluster, if there is one of that name.
    pub cluster: Option<ObservedCluster>,
    /// Operations on it that have not finished.
    pub operations: Vec<ObservedOperation>,
    /// What stands around it, as objects of their own, whether or not there is a cluster; empty on GKE.
    pub around: Surroundings,
    /// Groups of Kubernetes objects berth applied, by name, with the hash they carry, such as `nvidia-device-plugin`; what could
    /// not be read is missing, and is then applied again.
    pub applied: BTreeMap<String, String>,
    /// What the cluster has of such groups, complete or not, by the same names: of `service-quotas` as
    /// [`crate::manifests::quotas::applied`] reads it.
    pub applied_objects: BTreeMap<String, Vec<KubeObjectRef>>,
    /// Names of default storage classes that are not ours; empty while the cluster's API cannot be reached, and on GKE.
    pub default_classes: Vec<String>,
    /// The wanted workloads as they are there, and those berth applied before that are not wanted any more; what is not told is
    /// taken as missing, so empty while the cluster's API cannot be reached.
    pub workloads: Vec<ObservedObject>,
}

/// What belongs to a cluster on AWS without being part of the cluster object; found by tags, from any half-made state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// Things that carry the cluster's tags, or that its workloads and its network plugin made.
    pub parts: Vec<EksPart>,
    /// Kinds that were looked for without failing; only these are proved to be absent.
    pub checked: BTreeSet<EksPartKind>,
    /// Kinds that could not be looked for, each with its reason and the permission it takes.
    pub unread: Vec<String>,
    /// Zones of the region.
    pub zones: Vec<ObservedZone>,
    /// An earlier look of the same deletion has shown that berth made a cluster of this name; by now all that said so may be gone.
    pub was_ours: bool,
}

/// A zone of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedZone {
    /// Name, whose letter differs from account to account: `us-east-1a`.
    pub name: String,
    /// Id, the same for everyone: `use1-az4`.
    pub id: String,
}

/// What a look at a whole project or account found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fleet {
    /// All clusters, ours or not.
    pub clusters: Vec<ObservedCluster>,
    /// Zones or regions that did not answer, so their clusters are missing here.
    pub unreachable: Vec<String>,
}

/// A cluster as the cloud describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedCluster {
    /// Cluster name.
    pub name: String,
    /// Project id (GKE) or account id (EKS).
    pub account: String,
    /// Where it stands.
    pub place: Place,
    /// Cloud labels or tags; ownership is read from these.
    pub labels: BTreeMap<String, String>,
    /// Where it is in its life.
    pub phase: Phase,
    /// The cloud's own words about problems, if any.
    pub issues: Vec<Issue>,
    /// Version of the control plane.
    pub version: String,
    /// When the cloud says it was made.
    pub created_at: Option<Timestamp>,
    /// How to reach its Kubernetes API; `None` while it has no address.
    pub access: Option<ClusterAccess>,
    /// Its pools.
    pub pools: Vec<ObservedPool>,
    /// What only this cloud understands.
    pub cloud: ObservedCloud,
}

impl ObservedCluster {
    /// Which cloud it stands in.
    pub fn provider(&self) -> Provider {
        match self.cloud {
            ObservedCloud::Gke(_) => Provider::Gke,
            ObservedCloud::Eks(_) => Provider::Eks,
            ObservedCloud::Existing(_) => Provider::Existing,
        }
    }

    /// Whether it costs more once its version has left standard support; else its cloud upgrades it then.
    pub fn pays_for_extended_support(&self) -> bool {
        match &self.cloud {
            ObservedCloud::Gke(settings) => settings.release_channel == ReleaseChannel::Extended,
            ObservedCloud::Eks(eks) => !eks.settings.standard_support,
            ObservedCloud::Existing(_) => false,
        }
    }

    /// Whether its labels say that berth made it or was given it; see [`crate::rules::ownership`].
    pub fn is_ours(&self) -> bool {
        crate::rules::ownership::is_ours(&self.labels)
    }
}

/// The part of an observed cluster that only one cloud understands.
#[derive(Debug, Clone, PartialEq)]
pub enum ObservedCloud {
    /// A GKE cluster's settings as read back.
    Gke(Box<GkeSettings>),
    /// What EKS tells about a cluster.
    Eks(Box<EksDescription>),
    /// What the API of a cluster shows that berth did not make.
    Existing(Box<Standing>),
}

/// Where a cluster or pool is in its life, over both clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Being made.
    Creating,
    /// At rest and well.
    Running,
    /// Being changed, by us or by the cloud itself.
    Updating,
    /// At rest, works in part.
    Degraded,
    /// At rest, broken.
    Failed,
    /// Being removed.
    Deleting,
    /// A word this version does not know.
    Unknown,
}

/// A problem in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// What it means for us.
    pub cause: IssueCause,
    /// The cloud's code, for example `GCE_STOCKOUT`.
    pub code: String,
    /// The cloud's text.
    pub message: String,
}

/// What an issue means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueCause {
    /// The zone has no such machines to give now.
    Stockout,
    /// Our quota does not allow it.
    Quota,
    /// An identity lacks a permission or is gone.
    Permission,
    /// Anything else.
    Other,
}

/// How to reach a cluster's Kubernetes API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterAccess {
    /// `https://...` URL of the API server.
    pub server: String,
    /// PEM of the certificate authority; `None` when the endpoint has a certificate of a public authority.
    pub ca_pem: Option<String>,
}

/// A pool as the cloud describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedPool {
    /// Pool name.
    pub name: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// The cloud's own words about problems, if any.
    pub issues: Vec<Issue>,
    /// What only this cloud understands.
    pub settings: ObservedPoolSettings,
}

/// The part of an observed pool that only one cloud understands.
#[derive(Debug, Clone, PartialEq)]
pub enum ObservedPoolSettings {
    /// A GKE pool's settings as read back.
    Gke(Box<GkePool>),
    /// A node group as read back.
    Eks(Box<EksGroup>),
}

/// An operation that has not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedOperation {
    /// The cloud's short name for it.
    pub name: String,
    /// What it does, in the cloud's word, for example `CREATE_NODE_POOL`.
    pub kind: String,
    /// The pool it works on, if it works on one.
    pub pool: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
}
