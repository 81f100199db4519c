//! Whose a thing is: by its labels, or by a chain of links that ends at something that bears our mark.
//!
//! Firewall rules, target pools, proxies, health checks and endpoint groups bear no labels, and forwarding rules bear none of the
//! cluster's. What ties them to a cluster is the network tag of its nodes, which the firewall rules of its load balancers name: it
//! holds eight digits of the cluster's id. From there names and links lead on. Once the cluster and its machines are gone nothing
//! says whose tag it was but a reminder that berth has left before; without one, a thing whose tag merely has the name of a cluster of
//! ours is told of without an anchor, and nobody touches it then.
//!
//! Source of names: the controllers in kubernetes/cloud-provider-gcp and kubernetes/ingress-gce.

mod chain;

use std::collections::{BTreeMap, BTreeSet};

use berth_core::gc::{Claim, Leftover, LeftoverKind, LeftoverSize, Machines, Whereabouts};
use berth_core::spec::Provider;

use super::row::Row;
use super::standing::Standing;
use chain::{Chain, Owner};

/// All that one look saw of a project.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: Vec<Row>,
    /// All clusters, also others'.
    pub(super) standing: Vec<Standing>,
}

impl Seen {
    /// Our cluster of this name, where it stands.
    fn ours(&self, name: &str, location: Option<&str>) -> Option<&Standing> {
        self.standing.iter().find(|standing| standing.is(name, location) && standing.cluster.is_ours())
    }

    /// Names of clusters that things of ours are of, and that stand nowhere.
    fn gone(&self) -> BTreeSet<&str> {
        let standing: BTreeSet<&str> = self.standing.iter().map(|standing| standing.cluster.name.as_str()).collect();
        let marked = self.rows.iter().filter(|row| row.is_marked()).filter_map(Row::cluster);
        marked.filter(|name| !standing.contains(name)).collect()
    }
}

/// What of all this is ours, what may be, and why; our clusters first.
pub(super) fn leftovers(project: &str, seen: &Seen) -> Vec<Leftover> {
    let gone = seen.gone();
    let chain = Chain::of(seen, &gone);
    let mut found: Vec<Leftover> = seen
        .standing
        .iter()
        .filter(|standing| standing.cluster.is_ours())
        .map(|standing| standing.leftover(machines(seen, standing)))
        .collect();
    let machines = machine_names(seen);
    for row in &seen.rows {
        let Some(kind) = row.kind else { continue };
        let known = by_label(seen, &gone, row)
            .or_else(|| chain.owner(row).cloned().map(|owner| (owner.clone(), owner.claim())));
        let Some((owner, claim)) = known else { continue };
        // Machines of a cluster and their boot disks come and go with it.
        let stands = owner.location.as_deref().or(row.cluster_location());
        let is_node = kind == LeftoverKind::Instance || machines.contains(&(row.place.as_str(), row.name.as_str()));
        if is_node && !row.is_part() && seen.ours(&owner.cluster, stands).is_some() {
            continue;
        }
        found.push(Leftover {
            kind,
            id: row.id.clone(),
            name: row.name.clone(),
            at: Whereabouts { provider: Provider::Gke, account: project.to_owned(), place: row.place.clone() },
            cluster: owner.cluster,
            cluster_location: owner.location,
            labels: row.labels.clone(),
            made: row.made,
            claim,
            phase: None,
            size: row.size.clone(),
        });
    }
    found
}

/// Whose a thing is by its own labels: ours, or made by GKE for a cluster of ours that stands, or once stood.
fn by_label(seen: &Seen, gone: &BTreeSet<&str>, row: &Row) -> Option<(Owner, Claim)> {
    let name = row.cluster()?;
    let location = row.cluster_location();
    let owner = |anchor: &str, words: String| Owner {
        cluster: name.to_owned(),
        location: location.map(ToOwned::to_owned),
        anchor: anchor.to_owned(),
        words,
    };
    if row.is_marked() {
        return Some((owner(&row.id, String::new()), Claim::Mark));
    }
    if row.kind != Some(LeftoverKind::Disk) || row.labels.contains_key(berth_core::rules::ownership::OWNER_KEY) {
        return None;
    }
    let place = location.unwrap_or("its location");
    if let Some(reminder) = seen.rows.iter().find(|reminder| is_about(reminder, row)) {
        let words = format!("reminder {} says that cluster {name}, for which GKE made it, was berth's", reminder.name);
        let owner = owner(&reminder.id, words);
        let claim = owner.claim();
        return Some((owner, claim));
    }
    let owner = match seen.ours(name, Some(location?)) {
        // A cluster of that name may have stood there before, and may have been another's.
        Some(standing) if standing.cluster.created_at.zip(row.made).is_some_and(|(begun, made)| begun <= made) => {
            let words = format!("GKE's labels say that it was made for cluster {name} in {place}, which is berth's");
            owner(name, words)
        }
        Some(_) => return None,
        None if gone.contains(name) => owner(
            "",
            format!(
                "GKE's labels say that it was made for a cluster {name} in {place}; nothing proves that it was berth's"
            ),
        ),
        None => return None,
    };
    let claim = owner.claim();
    Some((owner, claim))
}

/// Whether a reminder is about the cluster that a thing of GKE's names, and that lived when the thing was made.
fn is_about(reminder: &Row, row: &Row) -> bool {
    let of = |row: &Row| Some((row.cluster()?.to_owned(), row.cluster_location()?.to_owned()));
    let lived = row.made.is_some_and(|made| {
        reminder.since.is_some_and(|since| since <= made) && reminder.made.is_some_and(|end| made <= end)
    });
    reminder.kind == Some(LeftoverKind::Reminder) && reminder.is_marked() && of(reminder) == of(row) && lived
}

/// Names of our machines with their zones; a boot disk has the name of its machine.
fn machine_names(seen: &Seen) -> BTreeSet<(&str, &str)> {
    let machines = seen.rows.iter().filter(|row| row.kind == Some(LeftoverKind::Instance));
    machines.map(|row| (row.place.as_str(), row.name.as_str())).collect()
}

/// Machine type, whether it is a spot machine, and what is attached to it.
type MachineKind = (String, bool, Option<(String, u32)>);

/// The machines that a cluster runs, alike ones together.
fn machines(seen: &Seen, standing: &Standing) -> Option<LeftoverSize> {
    let mut counts: BTreeMap<MachineKind, u32> = BTreeMap::new();
    for row in seen.rows.iter().filter(|row| row.kind == Some(LeftoverKind::Instance)) {
        let here = row.cluster().is_some_and(|name| standing.is(name, row.cluster_location()));
        let Some(LeftoverSize::Machines(own)) = row.size.as_ref().filter(|_| here) else { continue };
        for one in own {
            *counts.entry((one.machine_type.clone(), one.spot, one.accelerator.clone())).or_default() += one.count;
        }
    }
    let alike = counts.into_iter().map(|((machine_type, spot, accelerator), count)| Machines {
        machine_type,
        spot,
        count,
        accelerator,
    });
    let alike: Vec<Machines> = alike.collect();
    (!alike.is_empty()).then_some(LeftoverSize::Machines(alike))
}

#[cfg(test)]
mod tests;
