//! Looking for everything of ours in one account, whole or left over.

use berth_core::gc::{Inventory, Leftover, Scope};
use berth_core::ports::Finder;
use berth_core::run::Fault;

use super::{Cloud, Doors};

impl Doors {
    /// All that is ours in these places, with what could not be listed.
    pub(crate) async fn inventory(&self, scope: &Scope) -> Result<Inventory, Fault> {
        match &self.cloud {
            Cloud::Gke(gke) => gke.inventory(scope).await,
            Cloud::Eks(eks) => eks.inventory(scope).await,
            Cloud::Existing(_) => Ok(Inventory::default()),
        }
    }

    /// Which of these things of Compute Engine are there now.
    pub(crate) async fn still_there(&self, things: &[Leftover]) -> Result<Vec<Leftover>, Fault> {
        match &self.cloud {
            Cloud::Gke(gke) => gke.still_there(things).await,
            Cloud::Eks(_) | Cloud::Existing(_) => Ok(Vec::new()),
        }
    }
}
