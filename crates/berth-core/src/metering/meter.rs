//! Each found thing as stretches of what is paid for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Found, Machine, Metered};
use crate::cost::{Item, Stretch, Teller, Usage, What, Whose, dearer_from, pays_for_gpus};
use crate::gc::{Leftover, LeftoverKind, LeftoverSize};
use crate::lease::Lease;
use crate::observed::{ObservedCloud, ObservedCluster};
use crate::spec::{Place, Provider};

/// The label by which people say whose a cluster is, where no lease does.
const OWNER_LABEL: &str = "owner";

/// What of all this is billed by time, and since when. Requests for shares of GPUs are not in it; see [`requests`](super::requests()).
pub fn metered(found: &Found<'_>) -> Metered {
    let mut meter = Meter::new(found);
    for thing in &found.inventory.found {
        meter.thing(thing);
    }
    for machine in &found.machines.found {
        meter.machine(machine);
    }
    meter.notes.extend(found.machines.unread.iter().cloned());
    let unread = found.inventory.unread.iter().filter(|unread| unread.kinds.iter().any(|kind| kind.is_billed()));
    meter.notes.extend(unread.map(|unread| {
        let kinds: Vec<&str> = unread.kinds.iter().map(|kind| kind.words()).collect();
        format!("not seen: {}: {}", kinds.join(", "), unread.why)
    }));
    Metered { usage: meter.usage, notes: meter.notes.into_iter().collect() }
}

struct Meter<'a> {
    found: &'a Found<'a>,
    whose: BTreeMap<&'a str, Arc<Whose>>,
    /// Alike things share one.
    kinds: Vec<Arc<What>>,
    /// One that was found twice is billed once.
    seen: BTreeSet<(LeftoverKind, String)>,
    usage: Usage,
    notes: BTreeSet<String>,
}

impl<'a> Meter<'a> {
    fn new(found: &'a Found<'a>) -> Self {
        let mut whose = BTreeMap::new();
        let marked = found.inventory.found.iter().filter(|thing| thing.is_marked());
        let (clusters, rest): (Vec<&Leftover>, Vec<&Leftover>) =
            marked.partition(|thing| thing.kind == LeftoverKind::Cluster);
        for thing in clusters.into_iter().chain(rest) {
            whose.entry(thing.cluster.as_str()).or_insert_with(|| Arc::new(whose_is(thing)));
        }
        let (kinds, seen, usage, notes) = Default::default();
        Self { found, whose, kinds, seen, usage, notes }
    }

    fn whose(&mut self, cluster: &'a str) -> Arc<Whose> {
        let unknown = || Arc::new(Whose { cluster: cluster.to_owned(), ..Whose::default() });
        Arc::clone(self.whose.entry(cluster).or_insert_with(unknown))
    }

    fn thing(&mut self, thing: &'a Leftover) {
        let Some((item, quantity)) = self.item(thing) else { return };
        // A cluster's id is its name, which another one may have elsewhere.
        let id = match thing.kind {
            LeftoverKind::Cluster => {
                cluster_id(thing.cluster_location.as_deref().unwrap_or(&thing.at.place), &thing.name)
            }
            _ => thing.id.clone(),
        };
        if !self.seen.insert((thing.kind, id.clone())) {
            return;
        }
        let place = if thing.at.place == "global" { thing.cluster_location.as_deref() } else { Some(&*thing.at.place) };
        let place = place.map(|place| place_of(thing.at.provider, place));
        let Some((place, from)) = place.zip(self.begun(thing)) else {
            self.notes.insert(format!(
                "not counted: {}, because nothing says since when or where it is there",
                thing.words()
            ));
            return;
        };
        let what = What {
            whose: self.whose(&thing.cluster),
            provider: thing.at.provider,
            region: place.region,
            zone: place.zone,
            pool: None,
            item,
            quantity,
            shares: 0,
        };
        let ids = (&*id, &*thing.name);
        let settings = self.standing(thing).map(|cluster| &cluster.cloud);
        if matches!(settings, Some(ObservedCloud::Gke(settings)) if thing.kind == LeftoverKind::Cluster && settings.private_nodes)
        {
            self.notes.insert(format!(
                "not counted: Cloud NAT, which the nodes of cluster {} need without public addresses and which berth does not make",
                thing.name
            ));
        }
        let Some(dearer) = self.dearer(thing, from).filter(|dearer| *dearer <= self.found.now) else {
            return self.add(what, ids, from, None);
        };
        // GKE adds a fee to its own, and EKS takes another one.
        let (item, to) = match thing.at.provider {
            Provider::Gke => (Item::ExtendedChannel, None),
            Provider::Eks | Provider::Existing => (Item::ControlPlaneExtended, Some(dearer)),
        };
        if from < dearer || to.is_none() {
            self.add(what.clone(), ids, from, to);
        }
        self.add(What { item, ..what }, ids, from.max(dearer), None);
    }

    /// What is paid for a thing that is no part of a machine.
    fn item(&self, thing: &Leftover) -> Option<(Item, u64)> {
        match (thing.kind, &thing.size) {
            (LeftoverKind::Cluster, _) => Some((Item::ControlPlane, 1)),
            (LeftoverKind::Disk | LeftoverKind::Volume, Some(LeftoverSize::Disk { kind, gigabytes })) => {
                Some((Item::Disk(kind.clone()), *gigabytes))
            }
            (LeftoverKind::LoadBalancer | LeftoverKind::ForwardingRule, _) => Some((Item::LoadBalancer, 1)),
            (LeftoverKind::NatGateway, _) => Some((Item::NatGateway, 1)),
            (LeftoverKind::Address, None) => Some((Item::Address, 1)),
            _ => None,
        }
    }

    /// The cluster a thing is of, as it was looked at.
    fn standing(&self, thing: &Leftover) -> Option<&'a ObservedCluster> {
        let is_it = |place: &Place| thing.cluster_location.as_deref().is_none_or(|known| known == place.location());
        self.found.clusters.iter().find(|one| one.name == thing.cluster && is_it(&one.place))
    }

    /// When a cluster made then grew or will grow dearer, by the version it has now: no cloud tells which it had before.
    fn dearer(&self, thing: &Leftover, made: Timestamp) -> Option<Timestamp> {
        let cluster = self.standing(thing).filter(|_| thing.kind == LeftoverKind::Cluster)?;
        if !cluster.pays_for_extended_support() {
            return None;
        }
        let told = self.found.supported_until.get(&cluster_id(cluster.place.location(), &cluster.name));
        match (told, thing.at.provider) {
            (Some(told), _) => Some(*told),
            // Nothing else says when; too much is better than nothing.
            (None, Provider::Gke) => Some(made),
            (None, _) => {
                let day = dearer_from(&cluster.version)?;
                Some(day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |midnight| midnight.timestamp()))
            }
        }
    }

    /// Since when it is billed: AWS does not say how old an address is, which berth makes for a NAT gateway just before it.
    fn begun(&mut self, thing: &Leftover) -> Option<Timestamp> {
        // EKS's index names clusters without their times.
        let looked = self.standing(thing).filter(|_| thing.kind == LeftoverKind::Cluster);
        let kept = || self.found.begun.get(&thing.id).copied();
        if let Some(made) = thing.made.or_else(|| looked?.created_at).or_else(kept) {
            return Some(made);
        }
        let near = |kind| {
            let of_it = self.found.inventory.found.iter().filter(move |other| other.kind == kind);
            of_it.filter(|other| other.cluster == thing.cluster && other.at.provider == thing.at.provider)
        };
        let since = near(LeftoverKind::NatGateway).chain(near(LeftoverKind::Cluster)).find_map(|other| other.made);
        let counted = match since {
            Some(since) => format!("counted from {since}, when what it is for was made"),
            // It outlives that for a moment, or for long; a record knows it from then.
            None if thing.kind == LeftoverKind::Address => "counted since it was first seen".to_owned(),
            None => return None,
        };
        self.notes.insert(format!("{}: its cloud does not say since when it is there; {counted}", thing.words()));
        Some(since.unwrap_or(self.found.now))
    }

    fn machine(&mut self, machine: &'a Machine) {
        let whose = self.whose(&machine.cluster);
        let node = (machine.cluster.clone(), machine.node.clone());
        let shares = self.found.shares.get(&node).copied().unwrap_or(0);
        let bought = machine.bought;
        let own = (Item::machine(&machine.machine_type, bought), 1);
        let attached = machine
            .accelerator
            .iter()
            .filter(|_| pays_for_gpus(machine.provider, &machine.machine_type))
            .map(|(name, count)| (Item::Gpu { name: name.clone(), bought }, u64::from(*count)));
        let mut by_kind: BTreeMap<&str, u64> = BTreeMap::new();
        for (kind, gigabytes) in &machine.disks {
            *by_kind.entry(kind).or_default() += gigabytes;
        }
        let disks = by_kind.into_iter().map(|(kind, gigabytes)| (Item::Disk(kind.to_owned()), gigabytes));
        let addresses = (machine.addresses > 0).then_some((Item::Address, machine.addresses));
        for (item, quantity) in [own].into_iter().chain(attached).chain(disks).chain(addresses) {
            let what = What {
                whose: Arc::clone(&whose),
                provider: machine.provider,
                region: machine.region.clone(),
                zone: Some(machine.zone.clone()),
                pool: machine.pool.clone(),
                item,
                quantity,
                shares,
            };
            self.add(what, (&machine.id, &machine.node), machine.from, machine.to);
        }
    }

    fn add(&mut self, what: What, (id, name): (&str, &str), from: Timestamp, to: Option<Timestamp>) {
        let known = self.kinds.iter().find(|known| ***known == what).cloned();
        let what = known.unwrap_or_else(|| {
            let what = Arc::new(what);
            self.kinds.push(Arc::clone(&what));
            what
        });
        let (id, name) = (id.into(), name.into());
        self.usage.stretches.push(Stretch { id, what, name, from, to, told: Teller::Cloud });
    }
}

/// What a cluster's fee is known by, in a record and among the ends that a cloud tells.
pub fn cluster_id(location: &str, name: &str) -> String {
    format!("{location}/{name}")
}

fn whose_is(thing: &Leftover) -> Whose {
    let lease = Lease::read(&thing.labels).and_then(Result::ok);
    Whose {
        cluster: thing.cluster.clone(),
        owner: lease.as_ref().map(|lease| lease.owner.clone()).or_else(|| thing.labels.get(OWNER_LABEL).cloned()),
        lease: lease.as_ref().map(|lease| lease.id.to_string()),
        run: lease.and_then(|lease| lease.run),
        labels: thing.labels.clone(),
    }
}

fn place_of(provider: Provider, place: &str) -> Place {
    match provider {
        Provider::Gke => Place::from_gke_location(place),
        Provider::Eks | Provider::Existing => Place { region: place.to_owned(), zone: None },
    }
}
