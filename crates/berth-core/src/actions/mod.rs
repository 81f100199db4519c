//! What berth can do to a cloud, as data: a closed list, so that a plan can be printed, stored, priced and compared.

pub mod gke;

use serde::{Deserialize, Serialize};

/// One thing to do to one cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Something to do on GKE.
    Gke(gke::GkeAction),
}
