//! The file's cluster as GKE's CreateCluster takes it.

use super::zone_counts::ZoneCounts;
use super::{labels, order, pool};
use crate::actions::gke::{GkeCluster, GkeClusterRef, GkePool};
use crate::plan::Refusal;
use crate::spec::{ClusterSpec, GkeSpec, NetworkPolicy};

/// What the file means on GKE.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The cluster with its pools, scarce ones first.
    pub cluster: GkeCluster,
    /// Each pool's mapping of totals to zones, in words, by pool name in the order of the file.
    pub zone_words: Vec<(String, String)>,
    /// Whether the file says that NetworkPolicies are enforced, also of a cluster that stands.
    pub network_policy: NetworkPolicy,
}

/// What the file means on GKE, in this project.
///
/// # Errors
/// Something in it cannot be had on GKE.
pub fn wanted(spec: &ClusterSpec, gke: &GkeSpec, project: &str) -> Result<Wanted, Refusal> {
    if spec.pools.is_empty() {
        return Err(Refusal::Impossible {
            about: format!("cluster {}", spec.name),
            why: "a GKE cluster needs at least one node pool".to_owned(),
        });
    }
    let mut pools: Vec<GkePool> = Vec::with_capacity(spec.pools.len());
    let mut zone_words = Vec::with_capacity(spec.pools.len());
    for pool_spec in &spec.pools {
        let (wanted, counts): (GkePool, ZoneCounts) = pool::wanted(spec, gke, pool_spec)?;
        zone_words.push((pool_spec.name.clone(), super::zone_counts::words(pool_spec.nodes, &counts)));
        pools.push(wanted);
    }
    order::by_scarcity(&mut pools);
    let cluster = GkeCluster {
        cluster: GkeClusterRef {
            project: project.to_owned(),
            location: spec.place.location().to_owned(),
            name: spec.name.clone(),
        },
        resource_labels: labels::cluster_labels(spec),
        settings: gke.settings.clone(),
        pools,
    };
    Ok(Wanted { cluster, zone_words, network_policy: spec.network_policy })
}
