//! Roles for the service accounts of pods that are no add-on's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EksClusterRef, EksIdentity};

/// A pod identity association of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksPodIdentity {
    /// The cluster.
    pub cluster: EksClusterRef,
    /// Namespace of the service account.
    pub namespace: String,
    /// The service account and its role.
    pub identity: EksIdentity,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A pod identity association that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksPodIdentityState {
    /// Namespace of the service account.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// ARN of its role.
    pub role_arn: String,
}
