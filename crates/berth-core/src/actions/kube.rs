//! What berth does through a cluster's own Kubernetes API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::spec::Provider;

/// Which cluster's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeClusterRef {
    /// Its cloud.
    pub provider: Provider,
    /// Its location.
    pub location: String,
    /// Its name.
    pub name: String,
}

/// One thing to do through a cluster's Kubernetes API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KubeAction {
    /// Server-side apply of whole objects, in this order, by field owner `berth`.
    ApplyObjects {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What they are, for messages: `NVIDIA device plugin`.
        about: String,
        /// Whole manifests.
        objects: Vec<Value>,
    },
    /// Deletes objects; complete when they are gone. What is gone already is done.
    DeleteObjects {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What they are, for messages.
        about: String,
        /// Which.
        objects: Vec<KubeObjectRef>,
    },
    /// Deletes what holds cloud objects: Services of type LoadBalancer and Ingresses, complete when those are gone, and claims,
    /// which go when their pods do. Done at once if the API cannot be reached any more.
    ReleaseCloudObjects {
        /// The cluster.
        cluster: KubeClusterRef,
    },
}

/// An object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeObjectRef {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `DaemonSet`.
    pub kind: String,
    /// `None` for an object of the whole cluster.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}
