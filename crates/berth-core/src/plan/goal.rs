//! What somebody wants, and why it may be refused before anything is touched.

use crate::actions::kube::Manifest;
use crate::spec::{ClusterSpec, Place, Provider};

/// What is wanted of one cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal<'a> {
    /// It is there and is as the file says.
    Present {
        /// The file.
        spec: &'a ClusterSpec,
        /// Project (GKE) or account (EKS) the calls go to; nothing of an existing cluster.
        account: &'a str,
        /// Take over a cluster or pool of that name that berth did not make.
        adopt: bool,
        /// What is to run in it.
        workloads: Workloads<'a>,
    },
    /// It is gone, with all its pools; of an existing cluster all that berth put into it is gone.
    Absent {
        /// Its cloud.
        provider: Provider,
        /// Project (GKE) or account (EKS) the calls go to.
        account: &'a str,
        /// Where it stands.
        place: &'a Place,
        /// Its name.
        name: &'a str,
        /// Also if berth did not make it.
        adopt: bool,
    },
}

/// What is wanted inside a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Workloads<'a> {
    /// All objects of the files, as [`crate::manifests::workloads::prepare`] gives them.
    pub objects: &'a [Manifest],
    /// Take fields of these objects that somebody else owns.
    pub force_conflicts: bool,
}

/// Why there is no plan; nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A cluster of that name is there that berth did not make.
    #[error("cluster {name} in {location} was not made by berth: its label managed-by is {owner}, not berth")]
    NotOurs {
        /// Cluster name.
        name: String,
        /// Its location.
        location: String,
        /// Value of its owner label, or `(none)`.
        owner: String,
    },
    /// A pool of that name is there that berth did not make, and it would have to be deleted.
    #[error("pool {pool} was not made by berth and would have to be deleted and made again ({difference})")]
    PoolNotOurs {
        /// Pool name.
        pool: String,
        /// What differs.
        difference: String,
    },
    /// A cluster cannot be moved or changed in this way at all.
    #[error(
        "{field} of cluster {name} is {have} and cannot be changed to {want}; destroy it first, or use another name"
    )]
    Immovable {
        /// Cluster name.
        name: String,
        /// For example `location`.
        field: String,
        /// What it is.
        have: String,
        /// What is wanted.
        want: String,
    },
    /// The cloud does not sell this GPU.
    #[error("pool {pool} asks for GPU {model}, which GKE does not sell")]
    UnknownGpu {
        /// Pool name.
        pool: String,
        /// GPU model in the file.
        model: String,
    },
    /// What the file asks for cannot be had on this cloud.
    #[error("{about} cannot be made: {why}")]
    Impossible {
        /// A pool or the cluster.
        about: String,
        /// Why not, with the way out.
        why: String,
    },
    /// Somebody else owns fields of the workloads with other values.
    #[error("somebody else owns fields that the files set: {}", .0.join("; "))]
    Contested(
        /// For each object and owner: `Deployment film/comfyui: .spec.replicas belongs to "kubectl" using apps/v1`.
        Vec<String>,
    ),
    /// Custom resources whose kinds the cluster does not know, and nothing that is wanted defines.
    #[error("the cluster does not know the kinds of some objects: {}", .0.join("; "))]
    Undefined(
        /// For each: `film.yaml:12: Studio film/one: no kind Studio in example.org/v1`.
        Vec<String>,
    ),
    /// Fields of the workloads that no server lets be changed.
    #[error("some objects cannot be changed as the files say: {}", .0.join("; "))]
    Immutable(
        /// For each: `film.yaml:12: Job film/cut: spec.template cannot be changed while it runs; ...`, with the way out.
        Vec<String>,
    ),
    /// This version of berth checks files for this cloud but does not make clusters there.
    #[error("this version of berth can check files for {provider} but cannot make or delete clusters there")]
    NotRunnable {
        /// The cloud's word.
        provider: &'static str,
    },
}
