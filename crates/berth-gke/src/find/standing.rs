//! Clusters that stand, ours and others', as the search for what they made needs them.

use berth_core::gc::{Claim, Leftover, LeftoverKind, LeftoverSize, Whereabouts};
use berth_core::observed::ObservedCluster;
use berth_core::spec::Provider;

/// A cluster that stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) cluster: ObservedCluster,
    /// GKE's own id of it; its first eight digits stand in the names of what GKE makes for it.
    pub(super) id: String,
}

/// The network tag of the nodes of a cluster of this name and GKE's own id.
pub(crate) fn node_tag(name: &str, id: &str) -> String {
    format!("gke-{name}-{}-node", id.get(..8).unwrap_or(id))
}

impl Standing {
    /// The network tag that GKE puts on all its nodes.
    pub(super) fn node_tag(&self) -> String {
        node_tag(&self.cluster.name, &self.id)
    }

    /// Whether it is this cluster; an unknown location is taken for any.
    pub(super) fn is(&self, name: &str, location: Option<&str>) -> bool {
        self.cluster.name == name && location.is_none_or(|location| self.location() == location)
    }

    pub(super) fn location(&self) -> &str {
        self.cluster.place.location()
    }

    /// As part of an inventory, with the machines it runs.
    pub(super) fn leftover(&self, machines: Option<LeftoverSize>) -> Leftover {
        let cluster = &self.cluster;
        Leftover {
            kind: LeftoverKind::Cluster,
            id: cluster.name.clone(),
            name: cluster.name.clone(),
            at: Whereabouts {
                provider: Provider::Gke,
                account: cluster.account.clone(),
                place: self.location().to_owned(),
            },
            cluster: cluster.name.clone(),
            cluster_location: Some(self.location().to_owned()),
            labels: cluster.labels.clone(),
            made: cluster.created_at,
            claim: Claim::Mark,
            phase: Some(cluster.phase),
            size: machines,
        }
    }
}
