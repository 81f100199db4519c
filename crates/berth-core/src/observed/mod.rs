//! What is there, as read from a cloud and a Kubernetes API.

mod cluster;
mod node;
mod object;
mod pod;
mod standing;

pub use cluster::{
    ClusterAccess, Fleet, Issue, IssueCause, Observed, ObservedCloud, ObservedCluster, ObservedOperation, ObservedPool,
    ObservedPoolSettings, ObservedZone, Phase, Surroundings,
};
pub use node::ObservedNode;
pub use object::{Contest, ObjectState, ObservedObject, Rollout};
pub use pod::pod_trouble;
pub use standing::{ForeignPlugin, Standing, StandingNode};
