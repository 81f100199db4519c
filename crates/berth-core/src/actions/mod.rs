//! What berth can do to a cloud, as data: a closed list, so that a plan can be printed, stored, priced and compared.

pub mod eks;
pub mod gke;
pub mod kube;

use serde::Serialize;

/// One thing to do to one cloud.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Something to do on GKE.
    Gke(gke::GkeAction),
    /// Something to do on AWS.
    Eks(eks::EksAction),
    /// Something to do through a cluster's Kubernetes API.
    Kube(kube::KubeAction),
}
