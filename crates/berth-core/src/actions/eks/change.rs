//! What EKS changes in place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spec::{NodeRange, Taint};

/// One kind of change to a cluster; EKS takes one kind per call and one update at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksClusterChange {
    /// TagResource and UntagResource.
    Tags {
        /// To set.
        set: BTreeMap<String, String>,
        /// Keys to take away.
        remove: Vec<String>,
    },
    /// These log types are on, all others off.
    Logging(Vec<String>),
    /// Who reaches the API.
    Endpoint {
        /// Address ranges that may reach the public endpoint.
        public_access_cidrs: Vec<String>,
        /// Whether the endpoint is also reachable inside the VPC.
        private_access: bool,
    },
    /// `upgradePolicy.supportType`.
    Support {
        /// `STANDARD`, else `EXTENDED`.
        standard: bool,
    },
    /// Access mode, for clusters that somebody else made: `CONFIG_MAP` to `API_AND_CONFIG_MAP`.
    AllowAccessEntries,
}

/// One kind of change to a node group; one update at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksGroupChange {
    /// Kubernetes labels.
    Labels {
        /// To add or update.
        set: BTreeMap<String, String>,
        /// Keys to take away.
        remove: Vec<String>,
    },
    /// Kubernetes taints.
    Taints {
        /// To add or update.
        set: Vec<Taint>,
        /// To take away.
        remove: Vec<Taint>,
    },
    /// Limits, and the nodes wanted now.
    Scaling {
        /// Limits.
        nodes: NodeRange,
        /// Nodes wanted now.
        desired: u32,
    },
    /// TagResource, for a group that is taken over.
    Tags(BTreeMap<String, String>),
}
