//! Chains from the network tag of a cluster's nodes to the parts of its load balancers.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::gc::{Claim, LeftoverKind};
use berth_core::spec::Place;

use super::Seen;
use crate::find::row::Row;

/// Whose a thing is, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// Name of the cluster.
    pub(super) cluster: String,
    /// Its location, as far as known.
    pub(super) location: Option<String>,
    /// Id of what bears our mark; empty when nothing proves it.
    pub(super) anchor: String,
    /// How it hangs together.
    pub(super) words: String,
}

impl Owner {
    /// What is told of a thing of this owner.
    pub(super) fn claim(&self) -> Claim {
        Claim::MadeFor { anchor: self.anchor.clone(), words: self.words.clone() }
    }

    fn is_same(&self, other: &Owner) -> bool {
        (&self.cluster, &self.location, &self.anchor) == (&other.cluster, &other.location, &other.anchor)
    }

    fn with(&self, words: String) -> Owner {
        Owner { words, ..self.clone() }
    }

    /// Whether something in this place can be the cluster's.
    fn reaches(&self, place: &str) -> bool {
        let region = |place: &str| Place::from_gke_location(place).region;
        place == "global" || self.location.as_deref().is_none_or(|location| region(location) == region(place))
    }
}

/// What is known of each thing, by its id.
#[derive(Debug, Default)]
pub(super) struct Chain<'a> {
    owners: BTreeMap<&'a str, Owner>,
    /// Who links to a thing.
    users: BTreeMap<&'a str, Vec<&'a Row>>,
    parts: BTreeMap<&'a str, &'a Row>,
}

impl<'a> Chain<'a> {
    /// Follows all chains to their ends.
    pub(super) fn of(seen: &'a Seen, gone: &BTreeSet<&str>) -> Self {
        let mut chain = Self::default();
        for row in &seen.rows {
            for link in &row.links {
                chain.users.entry(link).or_default().push(row);
            }
            if row.is_part() {
                chain.parts.insert(&row.id, row);
            }
        }
        let tags = tags(seen, gone);
        let firewalls = seen.rows.iter().filter(|row| row.kind == Some(LeftoverKind::Firewall));
        for firewall in firewalls.filter(|row| row.is_of_kubernetes()) {
            chain.follow_tags(firewall, &tags);
        }
        for row in seen.rows.iter().filter(|row| row.is_part() && row.is_marked()) {
            if let Some(cluster) = row.cluster() {
                let words = format!("{} is marked as berth's", words(row));
                let location = row.cluster_location().map(ToOwned::to_owned);
                let owner = Owner { cluster: cluster.to_owned(), location, anchor: row.id.clone(), words };
                chain.owners.insert(&row.id, owner);
            }
        }
        while chain.up() | chain.down() {}
        chain
    }

    /// Whose a thing is, if a chain leads to it.
    pub(super) fn owner(&self, row: &Row) -> Option<&Owner> {
        self.owners.get(row.id.as_str())
    }

    /// A firewall rule that is for the nodes of one cluster alone, and everything that its name names.
    fn follow_tags(&mut self, firewall: &'a Row, tags: &BTreeMap<String, Owner>) {
        let owners: Vec<&Owner> = firewall.tags.iter().filter_map(|tag| tags.get(tag)).collect();
        let Some(first) = owners.first().filter(|_| owners.len() == firewall.tags.len()) else { return };
        if !owners.iter().all(|owner| owner.is_same(first)) {
            return;
        }
        let owner = first.with(format!("it lets traffic in to {}", first.words));
        for part in self.parts.values().copied().collect::<Vec<_>>() {
            let named = part.id != firewall.id && names(&firewall.name, part);
            if named && owner.reaches(&part.place) && part.is_of_kubernetes() && !is_anothers(part) {
                let words = format!("{} names it, and lets traffic in to {}", words(firewall), first.words);
                self.owners.entry(&part.id).or_insert_with(|| owner.with(words));
            }
        }
        self.owners.insert(&firewall.id, owner);
    }

    /// What leads only to things of one cluster is that cluster's.
    fn up(&mut self) -> bool {
        let open = self.parts.values().copied().filter(|row| {
            row.name.starts_with("k8s") && !is_anothers(row) && !self.owners.contains_key(row.id.as_str())
        });
        let found: Vec<(&'a str, Owner)> = open
            .filter_map(|row| {
                let mut below = row.links.iter().filter_map(|link| self.parts.get(link.as_str()).copied());
                let first = below.next()?;
                let owner = self.owner(first)?;
                let same = below.all(|other| self.owner(other).is_some_and(|other| other.is_same(owner)));
                same.then(|| (row.id.as_str(), owner.with(format!("it leads to {}: {}", words(first), owner.words))))
            })
            .collect();
        let any = !found.is_empty();
        self.owners.extend(found);
        any
    }

    /// What is used only by things of one cluster is that cluster's.
    fn down(&mut self) -> bool {
        let open =
            self.parts.values().copied().filter(|row| {
                row.is_of_kubernetes() && !is_anothers(row) && !self.owners.contains_key(row.id.as_str())
            });
        let found: Vec<(&'a str, Owner)> = open
            .filter_map(|row| {
                let users = self.users.get(row.id.as_str())?;
                let first = users.first()?;
                let owner = self.owner(first)?;
                let same = users.iter().all(|user| self.owner(user).is_some_and(|other| other.is_same(owner)));
                same.then(|| (row.id.as_str(), owner.with(format!("{} uses it: {}", words(first), owner.words))))
            })
            .collect();
        let any = !found.is_empty();
        self.owners.extend(found);
        any
    }
}

/// Whether its labels name another owner, whatever hangs on it.
fn is_anothers(row: &Row) -> bool {
    row.labels.contains_key(berth_core::rules::ownership::OWNER_KEY) && !row.is_marked()
}

fn words(row: &Row) -> String {
    row.kind.map_or_else(|| row.name.clone(), |kind| format!("{kind} {}", row.name))
}

/// Network tags of nodes: of clusters of ours that stand, of machines and reminders that bear our mark, and those that only have the
/// name of a cluster of ours that is gone.
fn tags(seen: &Seen, gone: &BTreeSet<&str>) -> BTreeMap<String, Owner> {
    let mut tags = BTreeMap::new();
    for standing in seen.standing.iter().filter(|standing| standing.cluster.is_ours()) {
        let name = &standing.cluster.name;
        let owner = Owner {
            cluster: name.clone(),
            location: Some(standing.location().to_owned()),
            anchor: name.clone(),
            words: format!("the nodes of cluster {name}, which is berth's"),
        };
        tags.insert(standing.node_tag(), owner);
    }
    for row in seen.rows.iter().filter(|row| tells_tag(row)) {
        let Some(name) = row.cluster() else { continue };
        let location = row.cluster_location();
        let is_node = row.kind == Some(LeftoverKind::Instance);
        let anchor = if is_node && seen.ours(name, location).is_some() { name } else { &row.id };
        let words = if is_node { words(row) } else { format!("nodes that {} tells", words(row)) };
        for tag in row.tags.iter().filter(|tag| is_of(tag, name)) {
            tags.entry(tag.clone()).or_insert_with(|| Owner {
                cluster: name.to_owned(),
                location: location.map(ToOwned::to_owned),
                anchor: anchor.to_owned(),
                words: format!("{words} of cluster {name}, which is berth's"),
            });
        }
    }
    for tag in seen.rows.iter().filter(|row| row.kind == Some(LeftoverKind::Firewall)).flat_map(|row| &row.tags) {
        let Some(name) = gone.iter().find(|name| is_of(tag, name)).filter(|_| !tags.contains_key(tag)) else {
            continue;
        };
        let words = format!("nodes of a cluster {name}; nothing proves that it was berth's");
        let owner = Owner { cluster: (*name).to_owned(), location: None, anchor: String::new(), words };
        tags.insert(tag.clone(), owner);
    }
    tags
}

/// Machines have the tag of their cluster's nodes, reminders keep it when they are gone.
fn tells_tag(row: &Row) -> bool {
    matches!(row.kind, Some(LeftoverKind::Instance | LeftoverKind::Reminder)) && row.is_marked()
}

/// Whether a network tag is that of the nodes of a cluster of this name; GKE may cut long names.
fn is_of(tag: &str, name: &str) -> bool {
    let inner = tag.strip_prefix("gke-").and_then(|rest| rest.strip_suffix("-node"));
    let Some((cut, digits)) = inner.and_then(|inner| inner.rsplit_once('-')) else { return false };
    let is_id = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_id && !cut.is_empty() && (name == cut || (cut.len() >= 15 && name.starts_with(cut)))
}

/// Whether the name of a firewall rule says that this is a part of the same load balancer.
fn names(firewall: &str, part: &Row) -> bool {
    let name = part.name.as_str();
    if let Some(id) = firewall.strip_prefix("k8s-fw-l7--") {
        let short = id.get(..8).unwrap_or(id);
        return name.ends_with(&format!("--{id}")) || name.starts_with(&format!("k8s1-{short}-"));
    }
    // A Service's forwarding rule, target pool, address and own health check have its balancer's name.
    if let Some(balancer) = firewall.strip_prefix("k8s-fw-") {
        return name == balancer;
    }
    if let Some(check) = firewall.strip_suffix("-http-hc").or_else(|| firewall.strip_suffix("-hc")) {
        let own = check.strip_prefix("k8s-").unwrap_or(check);
        return part.kind == Some(LeftoverKind::HealthCheck) && (name == check || name == own);
    }
    // The newer kind gives one name to all parts.
    let common = firewall.strip_suffix("-fw").unwrap_or(firewall);
    firewall.starts_with("k8s2-") && (name == common || name == firewall)
}
