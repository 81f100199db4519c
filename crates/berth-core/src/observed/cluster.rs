//! Clusters, pools and operations as a cloud describes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actions::gke::{GkePool, GkeSettings};
use crate::spec::{Place, Provider};

/// What one look at one cluster's place in the cloud found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observed {
    /// The cluster, if there is one of that name.
    pub cluster: Option<ObservedCluster>,
    /// Operations on it that have not finished.
    pub operations: Vec<ObservedOperation>,
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
