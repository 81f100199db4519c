//! The machines of our clusters with their boot disks, each by itself and with its own times: what a bill is made of.

use std::collections::BTreeMap;

use berth_core::cost::Bought;
use berth_core::gc::{LeftoverKind, LeftoverSize};
use berth_core::metering::{Machine, Machines};
use berth_core::run::{Fault, LeftBehind};
use berth_core::spec::{Place, Provider};

use super::collections::COLLECTIONS;
use super::list::{self, Listed};
use super::row::Row;
use crate::cloud::GkeCloud;

/// GKE's label for the pool a machine is of.
const POOL_LABEL: &str = "goog-k8s-node-pool-name";

impl GkeCloud {
    /// All machines of our clusters in this project.
    ///
    /// # Errors
    /// Machines or disks cannot be listed.
    pub async fn machines(&self) -> Result<Machines, Fault> {
        let wanted = [LeftoverKind::Instance, LeftoverKind::Disk];
        let lists = COLLECTIONS.iter().filter(|collection| wanted.contains(&collection.kind)).map(async |collection| {
            let listed = list::list(self, self.project(), collection).await;
            listed.map_err(|trouble| trouble.fault(format!("list the {}s", collection.kind), |_| LeftBehind::Nothing))
        });
        let mut rows = Vec::new();
        let mut unread = Vec::new();
        for listed in futures::future::join_all(lists).await {
            let Listed { rows: more, unread: silent } = listed?;
            rows.extend(more);
            unread.extend(silent.into_iter().map(|one| format!("machines or disks are not seen: {}", one.why)));
        }
        Ok(Machines { found: standing(&rows), unread })
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
