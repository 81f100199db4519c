//! One look at whole projects.

use berth_core::gc::{Inventory, Leftover, LeftoverKind, Scope, Unread};
use berth_core::ports::Finder;
use berth_core::run::{Fault, FaultKind, LeftBehind};
use berth_core::spec::{Place, Provider};
use futures::future::join_all;

use super::collections::COLLECTIONS;
use super::list::{self, Listed};
use super::prove::{self, Seen};
use super::row::Row;
use super::standing::Standing;
use crate::client::reading;
use crate::cloud::GkeCloud;
use crate::{classify, read};

/// The permission to list clusters.
const CLUSTERS: &str = "container.clusters.list";

impl Finder for GkeCloud {
    async fn inventory(&self, scope: &Scope) -> Result<Inventory, Fault> {
        let own = [self.project().to_owned()];
        let projects = if scope.accounts.is_empty() { &own[..] } else { &scope.accounts };
        let looks = join_all(projects.iter().map(|project| Box::pin(project_inventory(self, project)))).await;
        let mut inventory = Inventory::default();
        let mut faults = Vec::new();
        for (project, look) in projects.iter().zip(looks) {
            match look {
                Ok(look) => inventory.extend(look),
                Err(fault) => {
                    inventory.unread.push(unread_project(project, &fault));
                    faults.push(fault);
                }
            }
        }
        if faults.len() == projects.len()
            && let Some(fault) = faults.into_iter().next()
        {
            return Err(fault);
        }
        inventory.found.retain(|thing| is_within(&thing.at.place, scope));
        inventory.unread.retain(|unread| unread.place.as_deref().is_none_or(|place| is_within(place, scope)));
        Ok(inventory)
    }
}

impl GkeCloud {
    /// Which of these things of Compute Engine are there now; clusters are not asked about.
    ///
    /// Parts of load balancers bear no labels: whose they are can only be proved while the cluster stands. So its things are found
    /// before a cluster is deleted, and looked for here after.
    ///
    /// # Errors
    /// A kind of theirs cannot be listed.
    pub async fn still_there(&self, things: &[Leftover]) -> Result<Vec<Leftover>, Fault> {
        let of = |project: &str, name: &str| {
            let front = format!("projects/{project}/");
            let middle = format!("/{name}/");
            things.iter().any(|thing| thing.id.starts_with(&front) && thing.id.contains(&middle))
        };
        let project = self.project();
        let looks = COLLECTIONS.iter().filter(|collection| of(project, collection.name)).map(async |collection| {
            let listed = list::list(self, project, collection).await;
            listed.map_err(|trouble| trouble.fault(format!("list the {}s", collection.kind), |_| LeftBehind::Unknown))
        });
        let mut left = Vec::new();
        for look in join_all(looks).await {
            let rows = look?.rows;
            left.extend(things.iter().filter(|thing| rows.iter().any(|row| row.id == thing.id)).cloned());
        }
        Ok(left)
    }
}

/// Everything of one project, all lists at once.
///
/// # Errors
/// Not one list could be read.
async fn project_inventory(gke: &GkeCloud, project: &str) -> Result<Inventory, Fault> {
    let lists = COLLECTIONS.iter().map(|collection| Box::pin(list::list(gke, project, collection)));
    let (clusters, lists) = futures::join!(clusters(gke, project), join_all(lists));
    let mut unread = Vec::new();
    let mut first_fault = None;
    let mut answered = false;
    let mut standing = Vec::new();
    match clusters {
        Ok((found, silent)) => {
            answered = true;
            standing = found;
            unread.extend(silent);
        }
        Err(fault) => {
            unread.push(denied(project, LeftoverKind::Cluster, &fault.said, fault.kind, CLUSTERS));
            first_fault = Some(fault);
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for (collection, listed) in COLLECTIONS.iter().zip(lists) {
        match listed {
            Ok(Listed { rows: more, unread: silent }) => {
                answered = true;
                rows.extend(more);
                unread.extend(silent);
            }
            Err(trouble) => {
                unread.push(denied(project, collection.kind, &trouble.said, trouble.kind, &collection.permission()));
                let tried = format!("list the {}s of project {project}", collection.kind);
                first_fault.get_or_insert(trouble.fault(tried, |_| LeftBehind::Nothing));
            }
        }
    }
    if let Some(fault) = first_fault.filter(|_| !answered) {
        return Err(fault);
    }
    let found = prove::leftovers(project, &Seen { rows, standing });
    Ok(Inventory { found, unread })
}

/// A project of which nothing could be listed.
fn unread_project(project: &str, fault: &Fault) -> Unread {
    let mut kinds: Vec<LeftoverKind> = COLLECTIONS.iter().map(|collection| collection.kind).collect();
    kinds.push(LeftoverKind::Cluster);
    kinds.sort();
    kinds.dedup();
    Unread { provider: Provider::Gke, account: project.to_owned(), place: None, kinds, why: fault.said.clone() }
}

/// What could not be listed, with the permission that it takes when that is what lacks.
fn denied(project: &str, kind: LeftoverKind, said: &str, why: FaultKind, permission: &str) -> Unread {
    let takes = if why == FaultKind::Denied { format!(" (takes {permission})") } else { String::new() };
    Unread {
        provider: Provider::Gke,
        account: project.to_owned(),
        place: None,
        kinds: vec![kind],
        why: format!("{said}{takes}"),
    }
}

/// All clusters of a project, and the places that did not answer.
async fn clusters(gke: &GkeCloud, project: &str) -> Result<(Vec<Standing>, Vec<Unread>), Fault> {
    let call = reading(gke.clients.container.list_clusters()).set_parent(format!("projects/{project}/locations/-"));
    let listed = gke.clients.call(|| call.clone().send()).await;
    let listed =
        listed.map_err(|error| classify::of_call(format!("list the clusters of project {project}"), &error))?;
    let standing = listed
        .clusters
        .iter()
        .map(|cluster| Standing { cluster: read::cluster(cluster, project), id: cluster.id.clone() });
    let silent = listed.missing_zones.iter().map(|zone| Unread {
        provider: Provider::Gke,
        account: project.to_owned(),
        place: Some(zone.clone()),
        kinds: vec![LeftoverKind::Cluster],
        why: format!("{zone} does not answer"),
    });
    Ok((standing.collect(), silent.collect()))
}

/// Whether a place is to be looked at; what is global always is.
fn is_within(place: &str, scope: &Scope) -> bool {
    place == "global" || scope.has_region(&Place::from_gke_location(place).region)
}
