//! The things of one cluster, found together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::inventory::{Inventory, Unread};
use super::leftover::{Claim, Leftover, LeftoverKind};
use crate::lease::Lease;
use crate::spec::{Place, Provider};

/// What there is of one cluster: the cluster itself or what it left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its cloud.
    pub provider: Provider,
    /// Project or account.
    pub account: String,
    /// Location of the cluster; `None` if nothing of it tells.
    pub location: Option<String>,
    /// Name of the cluster.
    pub cluster: String,
    /// Its things, in the order in which they are taken away.
    pub things: Vec<Leftover>,
}

/// The lease of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseFound {
    /// Nothing of it bears one.
    None,
    /// The cluster's own, or the one with the latest end among its things.
    Lease(Lease),
    /// Something of it bears one that cannot be read, for this reason.
    Unreadable(String),
}

impl Environment {
    /// The cluster, if it is there.
    pub fn standing(&self) -> Option<&Leftover> {
        self.things.iter().find(|thing| thing.kind == LeftoverKind::Cluster)
    }

    /// Its lease: the cluster's own is the truth while the cluster is there.
    pub fn lease(&self) -> LeaseFound {
        let clusters: Vec<&Leftover> = self.things.iter().filter(|thing| thing.kind == LeftoverKind::Cluster).collect();
        // One that was read twice while it was changed counts as what keeps it.
        if clusters.iter().any(|cluster| Lease::read(&cluster.labels).is_none()) {
            return LeaseFound::None;
        }
        let marked = || self.things.iter().filter(|thing| thing.is_marked()).collect();
        let bearers: Vec<&Leftover> = if clusters.is_empty() { marked() } else { clusters };
        latest(bearers.into_iter().map(|thing| (thing.words(), &thing.labels)))
    }

    /// When the youngest of its things that bear our mark was made, as far as known. What was made for it by others, such as the
    /// address or firewall rule of a load balancer, says nothing of a creation that may be running; it counts where nothing else
    /// says how old it is: on AWS networks do not, and roles are known by their names.
    pub fn youngest(&self) -> Option<Timestamp> {
        let of = |is_marked: bool| {
            self.things.iter().filter(move |thing| thing.is_marked() == is_marked).filter_map(|thing| thing.made).max()
        };
        of(true).or_else(|| of(false))
    }

    /// When the oldest of its things was made, as far as known: how long it is there.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.things.iter().filter_map(|thing| thing.made).min()
    }

    /// Where its cluster stands or stood.
    pub fn place(&self) -> Option<Place> {
        let location = self.location.as_ref()?;
        Some(match self.provider {
            Provider::Gke => Place::from_gke_location(location),
            Provider::Eks | Provider::Existing => Place { region: location.clone(), zone: None },
        })
    }
}

/// The lease with the latest end out of those some things bear; `words` name a thing in a complaint.
pub(super) fn latest<'a>(things: impl Iterator<Item = (String, &'a BTreeMap<String, String>)>) -> LeaseFound {
    let mut found: Option<Lease> = None;
    for (words, labels) in things {
        match Lease::read(labels) {
            None => {}
            Some(Err(error)) => return LeaseFound::Unreadable(format!("{words}: {error}")),
            Some(Ok(lease)) => found = found.filter(|known| known.expires >= lease.expires).or(Some(lease)),
        }
    }
    found.map_or(LeaseFound::None, LeaseFound::Lease)
}

/// What an inventory holds, sorted out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sorted {
    /// Environments, by cloud, account, location and name.
    pub(super) environments: Vec<Environment>,
    /// Things that may be of several clusters of one name.
    pub(super) ambiguous: Vec<Environment>,
    /// Things without our mark and without anything of ours that says whose they are, or with another's mark.
    pub(super) unproven: Vec<Leftover>,
}

type Key = (Provider, String, String, Option<String>);

/// Sorts what was found into environments; what is not proved to be ours is in none.
pub(super) fn sort(inventory: &Inventory) -> Sorted {
    let mut sorted = Sorted::default();
    let mut proved: Vec<&Leftover> = Vec::new();
    let marked = marked_by_id(inventory);
    for thing in distinct(inventory) {
        if is_proved(thing, &marked) { proved.push(thing) } else { sorted.unproven.push(thing.clone()) }
    }
    let mut environments: BTreeMap<Key, Vec<Leftover>> = BTreeMap::new();
    let (clusters, others): (Vec<&Leftover>, Vec<&Leftover>) =
        proved.into_iter().partition(|thing| thing.kind == LeftoverKind::Cluster);
    for cluster in &clusters {
        environments.entry(key(cluster, location(cluster))).or_default().push((*cluster).clone());
    }
    // Those whose cluster's location is known come first, so that the rest finds them.
    let (known, rest): (Vec<&Leftover>, Vec<&Leftover>) =
        others.into_iter().partition(|thing| location(thing).is_some());
    for thing in known.into_iter().chain(rest) {
        // What tells no location may be of any cluster near; only where there is none it is with its like.
        let of_name = environments.range(key(thing, None)..).map(|(key, _)| key).take_while(|key| is_of(thing, key));
        let homes: Vec<Key> = of_name.filter(|(.., home)| is_home(thing, home.as_deref())).cloned().collect();
        match homes.as_slice() {
            [] => environments.entry(key(thing, location(thing))).or_default().push(thing.clone()),
            [home] => environments.entry(home.clone()).or_default().push(thing.clone()),
            _ => sorted.ambiguous.push(environment(key(thing, None), vec![thing.clone()])),
        }
    }
    sorted.environments = environments.into_iter().map(|(key, things)| environment(key, things)).collect();
    keep_reminders(&mut sorted.environments, inventory);
    sorted
}

/// Where not all could be listed there may be more of which a reminder says whose it is, so it stays for the next time.
fn keep_reminders(environments: &mut Vec<Environment>, inventory: &Inventory) {
    for environment in environments.iter_mut() {
        let of = |unread: &Unread| (unread.provider, &unread.account) == (environment.provider, &environment.account);
        if inventory.unread.iter().any(of) {
            environment.things.retain(|thing| thing.kind != LeftoverKind::Reminder);
        }
    }
    environments.retain(|environment| !environment.things.is_empty());
}

fn environment((provider, account, cluster, location): Key, mut things: Vec<Leftover>) -> Environment {
    things.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    Environment { provider, account, location, cluster, things }
}

fn key(thing: &Leftover, location: Option<String>) -> Key {
    (thing.at.provider, thing.at.account.clone(), thing.cluster.clone(), location)
}

/// Location of its cluster. Of AWS everything that is in a region belongs to a cluster of that region.
fn location(thing: &Leftover) -> Option<String> {
    let own = (thing.kind == LeftoverKind::Cluster || thing.at.provider == Provider::Eks)
        .then(|| thing.at.place.clone())
        .filter(|place| place != "global");
    thing.cluster_location.clone().or(own)
}

/// Whether a thing is of a cluster of this name, of whatever place.
fn is_of(thing: &Leftover, (provider, account, cluster, _): &Key) -> bool {
    (thing.at.provider, &thing.at.account, &thing.cluster) == (*provider, account, cluster)
}

/// Whether a thing may be of the cluster of its name at this location.
pub(super) fn is_home(thing: &Leftover, home: Option<&str>) -> bool {
    match (location(thing), home) {
        (Some(own), Some(home)) => own == home,
        // A cluster has machines in all zones of its region, so a zone tells no more than the region.
        (None, Some(home)) => thing.at.place == "global" || region(&thing.at.place) == region(home),
        (_, None) => false,
    }
}

fn region(place: &str) -> String {
    Place::from_gke_location(place).region
}

/// Each thing once.
fn distinct(inventory: &Inventory) -> Vec<&Leftover> {
    let mut things: BTreeMap<(Provider, &str, LeftoverKind, &str, &str), &Leftover> = BTreeMap::new();
    for thing in &inventory.found {
        let identity =
            (thing.at.provider, thing.at.account.as_str(), thing.kind, thing.at.place.as_str(), thing.id.as_str());
        let known = things.entry(identity).or_insert(thing);
        if staying(thing) > staying(known) {
            *known = thing;
        }
    }
    things.into_values().collect()
}

/// Of two findings of one thing the one that bears the mark says more, and of those the one that keeps it longer.
fn staying(thing: &Leftover) -> (bool, u8, Option<Timestamp>) {
    let (rank, end) = match Lease::read(&thing.labels) {
        None => (2, None),
        Some(Err(_)) => (1, None),
        Some(Ok(lease)) => (0, Some(lease.expires)),
    };
    (thing.is_marked(), rank, end)
}

type Marked<'a> = BTreeMap<(Provider, &'a str, &'a str), Vec<&'a Leftover>>;

fn marked_by_id(inventory: &Inventory) -> Marked<'_> {
    let mut marked: Marked<'_> = BTreeMap::new();
    for thing in inventory.found.iter().filter(|thing| thing.is_marked()) {
        marked.entry((thing.at.provider, &thing.at.account, &thing.id)).or_default().push(thing);
    }
    marked
}

/// Whether a thing bears our mark, or hangs on one of the same cluster that does.
fn is_proved(thing: &Leftover, marked: &Marked<'_>) -> bool {
    if thing.is_anothers() || thing.cluster.is_empty() {
        return false;
    }
    match &thing.claim {
        Claim::Mark => thing.is_marked(),
        Claim::MadeFor { anchor, .. } => {
            let anchors = marked.get(&(thing.at.provider, &thing.at.account, anchor));
            thing.kind != LeftoverKind::Cluster
                && anchors.is_some_and(|anchors| anchors.iter().any(|anchor| anchor.cluster == thing.cluster))
        }
    }
}
