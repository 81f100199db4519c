//! The machines of our clusters with their boot disks, each by itself and with its own times: what a bill is made of.

use std::collections::BTreeMap;

use berth_core::cost::Bought;
use berth_core::gc::{LeftoverKind, LeftoverSize};
use berth_core::metering::{Machine, Machines};
use berth_core::run::{Fault, LeftBehind};
use berth_core::spec::{Place, Provider};

use super::collections::COLLECTIONS;
use super::gone::{self, Gone};
use super::list::{self, Listed};
use super::row::Row;
use crate::client::reading;
use crate::cloud::GkeCloud;

/// GKE's label for the pool a machine is of.
const POOL_LABEL: &str = "goog-k8s-node-pool-name";

impl GkeCloud {
    /// All machines of our clusters in this project, with what is gone and of which operations still tell: machines of pools that stand,
    /// and, if clusters are `remembered` that may be gone, everything else that ended.
    ///
    /// # Errors
    /// Machines or disks cannot be listed.
    pub async fn machines(&self, remembered: bool) -> Result<Machines, Fault> {
        let wanted = [LeftoverKind::Instance, LeftoverKind::Disk];
        let lists = COLLECTIONS.iter().filter(|collection| wanted.contains(&collection.kind)).map(async |collection| {
            let listed = list::list(self, self.project(), collection).await;
            listed.map_err(|trouble| trouble.fault(format!("list the {}s", collection.kind), |_| LeftBehind::Nothing))
        });
        let (lists, gone) = futures::join!(futures::future::join_all(lists), Box::pin(self.gone(remembered)));
        let (mut rows, mut unread, mut partly) = (Vec::new(), Vec::new(), Vec::new());
        for listed in lists {
            let Listed { rows: more, unread: silent } = listed?;
            rows.extend(more);
            unread.extend(silent.iter().map(|one| format!("machines or disks are not seen: {}", one.why)));
            partly.extend(silent);
        }
        let mut found = standing(&rows);
        let mut gone = gone.unwrap_or_else(|why| {
            unread.push(format!("machines that are gone are not seen: {why} (takes compute.globalOperations.list)"));
            Gone::default()
        });
        found.append(&mut gone.machines);
        if remembered {
            match Box::pin(gone::clusters(self)).await {
                Ok(clusters) => gone.ends.extend(clusters),
                Err(why) => {
                    unread.push(format!("when clusters ended is not seen: {why} (takes container.operations.list)"));
                }
            }
        }
        unread.push(
            "not seen: machines of pools that were gone before berth looked, and those that ended before Compute Engine's operations begin"
                .to_owned(),
        );
        Ok(Machines { found, unread, partly, lives: gone.lives, ends: gone.ends })
    }

    /// What is gone, or why nothing tells.
    async fn gone(&self, remembered: bool) -> Result<Gone, String> {
        let parent = format!("projects/{}/locations/-", self.project());
        let call = reading(self.clients.container.list_clusters()).set_parent(parent);
        let listed = self.clients.call(|| call.clone().send()).await.map_err(|error| error.to_string())?;
        let groups = gone::groups(&listed.clusters, self.project());
        if groups.is_empty() && !remembered {
            return Ok(Gone::default());
        }
        gone::gone(self, &groups).await.map_err(|trouble| trouble.said)
    }
}

/// Those that are there; a boot disk has the name of its machine.
fn standing(rows: &[Row]) -> Vec<Machine> {
    let disks: BTreeMap<(&str, &str), &Row> = rows
        .iter()
        .filter(|row| row.kind == Some(LeftoverKind::Disk))
        .map(|row| ((row.place.as_str(), row.name.as_str()), row))
        .collect();
    let machine = |row: &Row| machine(row, disks.get(&(row.place.as_str(), row.name.as_str())).copied());
    rows.iter().filter(|row| row.kind == Some(LeftoverKind::Instance) && row.is_marked()).filter_map(machine).collect()
}

fn machine(row: &Row, disk: Option<&Row>) -> Option<Machine> {
    let Some(LeftoverSize::Machines(kinds)) = &row.size else { return None };
    let kind = kinds.first()?;
    let disks = disk.and_then(|disk| match &disk.size {
        Some(LeftoverSize::Disk { kind, gigabytes }) => Some((kind.clone(), *gigabytes)),
        _ => None,
    });
    Some(Machine {
        provider: Provider::Gke,
        cluster: row.cluster()?.to_owned(),
        cluster_location: row.cluster_location().map(ToOwned::to_owned),
        pool: row.labels.get(POOL_LABEL).cloned(),
        id: row.name.clone(),
        node: row.name.clone(),
        region: Place::from_gke_location(&row.place).region,
        zone: row.place.clone(),
        machine_type: kind.machine_type.clone(),
        bought: if kind.spot { Bought::Spot } else { Bought::OnDemand },
        accelerator: kind.accelerator.clone(),
        disks: disks.into_iter().collect(),
        addresses: row.addresses,
        from: row.made?,
        to: None,
    })
}
