//! Which rights each command needs on each cloud: for a custom role of Google Cloud, or for policies of AWS.
//!
//! The rows follow the calls that `berth-gke`, `berth-eks` and `berth-kube` make, and say why. Nothing here grants a right by a
//! wildcard of actions; where a cloud lets a right be bound to what is berth's, it is bound.

mod eks;
mod gke;
mod kinds;
mod policy;
mod purpose;
mod role;

pub use eks::{EksNeed, needs as eks_needs};
pub use gke::{GkeNeed, needs as gke_needs};
pub use kinds::KindUse;
pub use policy::{POLICY_LIMIT, documents};
pub use purpose::{Purpose, UnknownPurpose};
pub use role::role;

#[cfg(test)]
mod tests;
