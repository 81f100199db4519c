//! Whether a cluster's network holds to the NetworkPolicies that stand in it.

use super::eks::policies;
use crate::observed::{ObservedCloud, ObservedCluster};

/// Whether it does; `None` where its cloud does not tell.
pub fn enforced(cluster: &ObservedCluster) -> Option<bool> {
    match &cluster.cloud {
        ObservedCloud::Gke(settings) => Some(settings.network_policy),
        ObservedCloud::Eks(description) => policies::enforced(description),
        ObservedCloud::Existing(_) => None,
    }
}
