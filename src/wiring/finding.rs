//! Looking for everything of ours in one account, whole or left over.

use berth_core::gc::{Inventory, Scope};
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
}
