//! What a ticket says: what is waited for, so that any later process can ask about it.

use berth_core::actions::eks::{EksClusterRef, EksPartKind, EksPartRef, EksTarget};
use berth_core::ports::{Started, Ticket};
use serde::{Deserialize, Serialize};

/// Something that goes on in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Work {
    /// The cluster, a node group or an add-on is being made: over when it is at rest, a fault if it failed.
    Made {
        /// The cluster.
        cluster: EksClusterRef,
        /// What of it.
        target: EksTarget,
    },
    /// The same, started by somebody else: over when it is at rest, a fault if it is a node group or add-on that failed.
    Awaited {
        /// The cluster.
        cluster: EksClusterRef,
        /// What of it.
        target: EksTarget,
    },
    /// The cluster, a node group or an add-on is going away: over when it is not found.
    Gone {
        /// The cluster.
        cluster: EksClusterRef,
        /// What of it.
        target: EksTarget,
    },
    /// The cluster's protection from deletion is being taken off, and then the cluster is deleted: over when it is not found.
    Unprotected {
        /// The cluster.
        cluster: EksClusterRef,
        /// EKS's id of the update that takes the protection off.
        update: String,
        /// When the cluster was made, in seconds: a later one of the same name is not deleted.
        created: i64,
    },
    /// An update of the cluster, a node group or an add-on, by its id.
    Update {
        /// The cluster.
        cluster: EksClusterRef,
        /// What of it.
        target: EksTarget,
        /// EKS's id of the update.
        id: String,
    },
    /// A NAT gateway that is being made, by its id.
    Nat {
        /// The cluster it is for.
        cluster: EksClusterRef,
        /// `nat-...`
        id: String,
    },
    /// A part that goes away: asked for again on every look, because what holds it goes away a little later.
    Part {
        /// The cluster it was made for.
        cluster: EksClusterRef,
        /// Which.
        part: EksPartRef,
    },
    /// What workloads and the network plugin have left: looked for again on every look.
    Sweep {
        /// The cluster they were made for.
        cluster: EksClusterRef,
        /// Id of the VPC berth made, if it made one.
        vpc: Option<String>,
        /// Id of the VPC the cluster stood in, if berth did not make it.
        #[serde(default)]
        near: Option<String>,
        /// What to look for.
        kinds: Vec<EksPartKind>,
    },
}

impl Work {
    /// `cluster x`, `node group y`.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Made { cluster, target }
            | Self::Awaited { cluster, target }
            | Self::Gone { cluster, target }
            | Self::Update { cluster, target, .. } => target_words(cluster, target),
            Self::Unprotected { cluster, .. } => target_words(cluster, &EksTarget::Cluster),
            Self::Nat { id, .. } => format!("NAT gateway {id}"),
            Self::Part { part, .. } => format!("{} {}", part.kind.words(), part.id),
            Self::Sweep { cluster, .. } => format!("what workloads of cluster {} left", cluster.name),
        }
    }

    /// It goes on; the ticket says all this.
    pub(crate) fn waiting(&self) -> Started {
        // An enum of texts always becomes JSON; an empty operation would be refused when it is read back.
        let operation = serde_json::to_string(self).unwrap_or_default();
        Started::Waiting(Ticket { operation, target: self.words() })
    }

    /// Reads a ticket back; `None` if this crate did not write it.
    pub(crate) fn from_ticket(ticket: &Ticket) -> Option<Self> {
        serde_json::from_str(&ticket.operation).ok()
    }
}

/// `cluster x`, `node group y`, `add-on z`.
pub(crate) fn target_words(cluster: &EksClusterRef, target: &EksTarget) -> String {
    match target {
        EksTarget::Cluster => format!("cluster {}", cluster.name),
        EksTarget::Group(name) => format!("node group {name}"),
        EksTarget::Machines(name) => format!("the machines of node group {name}"),
        EksTarget::Addon(name) => format!("add-on {name}"),
    }
}
