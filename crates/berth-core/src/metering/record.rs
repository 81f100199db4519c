//! What was seen of a cluster's billed things over time, so that its bill outlives it.
//!
//! A record is a text of one JSON line for each look and for each step that took something away; lines are only ever added. Each line
//! holds what was new at it, whole; a later line about the same thing replaces an earlier one.

mod line;
mod look;
mod step;

pub use look::begun;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cost::{Item, Request, Stretch, Teller, Usage, What};
use crate::gc::{LeftoverKind, Unread};
use crate::spec::Place;

/// How far two tellings of when one thing began may be apart: a cloud's list of things and its list of operations differ by moments.
const ALIKE: SignedDuration = SignedDuration::from_secs(30);

/// All that was seen of one cluster.
#[derive(Debug, Clone, Default)]
pub struct Record {
    usage: Usage,
    /// When the last look was.
    looked: Option<Timestamp>,
    /// When the last look was that asked the cluster itself who uses its GPUs.
    divided: Option<Timestamp>,
    /// Things by their cloud's ids.
    by_id: HashMap<Arc<str>, Vec<usize>>,
    /// Requests by their nodes and pods.
    by_pod: HashMap<(Arc<str>, Arc<str>), Vec<usize>>,
    /// Alike things share one.
    kinds: Vec<Arc<What>>,
    /// When things began of which no list tells it, by their ids.
    begun: BTreeMap<String, Timestamp>,
}

/// What one look saw of a cluster.
#[derive(Debug)]
pub struct Sight<'a> {
    /// When it was.
    pub at: Timestamp,
    /// What stands, and what ended of which the cloud still tells.
    pub usage: &'a Usage,
    /// Ends of things that are not listed any more.
    pub ends: &'a [Told],
    /// Machines that came and went, of which the cloud tells no more than that.
    pub lives: &'a [Life],
    /// What could not be listed, and so is not known to be gone.
    pub unread: &'a [Unread],
    /// Ids of what is there and has nothing any more that proves whose it is, as a record may do.
    pub unproven: &'a BTreeSet<String>,
    /// Whether the cluster itself was asked who uses its GPUs.
    pub divided: bool,
}

#[cfg(test)]
impl<'a> Sight<'a> {
    /// A look at the clouds that saw this and no more.
    pub(super) fn of(at: Timestamp, usage: &'a Usage) -> Self {
        static NOTHING: BTreeSet<String> = BTreeSet::new();
        Self { at, usage, ends: &[], lives: &[], unread: &[], unproven: &NOTHING, divided: false }
    }
}

/// When a thing began or ended, as its cloud tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its id, as in [`Stretch::id`].
    pub id: String,
    /// When it began or ended.
    pub at: Timestamp,
}

/// The life of a machine whose cloud tells only its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Its name, as in [`Stretch::id`].
    pub machine: String,
    /// When it was made, if that is told.
    pub from: Option<Timestamp>,
    /// When it ended.
    pub to: Timestamp,
}

impl Record {
    /// All that was used, as far as it was seen.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// When things began of which no list tells it, by their ids.
    pub fn begun(&self) -> &BTreeMap<String, Timestamp> {
        &self.begun
    }

    /// Whether a look may find out more: something may still be there, or no look was made since we took it away.
    pub fn is_open(&self) -> bool {
        let is_unproved = |thing: &Stretch| thing.told == Teller::Step && thing.to > self.looked;
        self.usage.stretches.iter().any(|thing| thing.to.is_none() || is_unproved(thing))
    }

    /// Adds a thing, or puts it in the place of what was known of it.
    fn put(&mut self, thing: Stretch) -> usize {
        let thing = Stretch { what: self.kind(thing.what), ..thing };
        if let Some(index) = self.find(&thing) {
            self.usage.stretches[index] = thing;
            return index;
        }
        let index = self.usage.stretches.len();
        self.by_id.entry(Arc::clone(&thing.id)).or_default().push(index);
        self.usage.stretches.push(thing);
        index
    }

    /// The same thing as it was seen before.
    fn find(&self, thing: &Stretch) -> Option<usize> {
        let is_it = |known: &Stretch| is_alike(&known.what.item, &thing.what.item) && is_one_life(known, thing);
        self.of(&thing.id).find(|index| is_it(&self.usage.stretches[*index]))
    }

    /// Whatever was seen under an id.
    fn of(&self, id: &str) -> impl Iterator<Item = usize> {
        self.by_id.get(id).into_iter().flatten().copied()
    }

    fn kind(&mut self, what: Arc<What>) -> Arc<What> {
        let same = self.kinds.iter().rev().find(|known| Arc::ptr_eq(known, &what));
        let is_equal = |known: &&Arc<What>| known.pool == what.pool && known.item == what.item && **known == what;
        if let Some(known) = same.or_else(|| self.kinds.iter().rev().find(is_equal)) {
            return Arc::clone(known);
        }
        self.kinds.push(Arc::clone(&what));
        what
    }

    /// Adds a request, or puts it in the place of what was known of it; says where, and whether that is new.
    fn put_request(&mut self, request: Request) -> (usize, bool) {
        if let Some(index) = self.request(&request) {
            let is_new = self.usage.requests[index] != request;
            self.usage.requests[index] = request;
            return (index, is_new);
        }
        let of_pod = self.by_pod.entry((Arc::clone(&request.node), Arc::clone(&request.pod))).or_default();
        of_pod.push(self.usage.requests.len());
        self.usage.requests.push(request);
        (self.usage.requests.len() - 1, true)
    }

    /// The same request as it was seen before: of the pod, or of one of its name from when records had no namespaces.
    fn request(&self, request: &Request) -> Option<usize> {
        let find = |pod: &str| {
            let of_pod = self.by_pod.get(&(Arc::clone(&request.node), Arc::<str>::from(pod)));
            let is_it = |known: &Request| near(known.from, request.from) && [pod, &*request.pod].contains(&&*known.pod);
            of_pod.into_iter().flatten().copied().find(|index| is_it(&self.usage.requests[*index]))
        };
        find(&request.pod).or_else(|| find(request.pod.split_once('/')?.1))
    }
}

fn near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() <= ALIKE
}

/// Whether two tellings are of the same thing: a machine can be made again under its name. An address has an id of its own and no date.
fn is_one_life(known: &Stretch, seen: &Stretch) -> bool {
    seen.what.item == Item::Address && seen.what.pool.is_none() || near(known.from, seen.from)
}

/// Whether one is what the other has become: a control plane grows old, and a disk is made larger.
fn is_alike(one: &Item, other: &Item) -> bool {
    one == other || one.is_control_plane() && other.is_control_plane()
}

/// Whether a look that could not read this may have missed a thing.
fn hides(unread: &Unread, what: &What) -> bool {
    let kinds: &[LeftoverKind] = match &what.item {
        item if item.is_fee() => &[LeftoverKind::Cluster],
        Item::Machine { .. } | Item::Gpu { .. } | Item::NatMachine => &[LeftoverKind::Instance],
        Item::Disk(_) => &[LeftoverKind::Disk, LeftoverKind::Volume, LeftoverKind::Instance],
        Item::LoadBalancer => &[LeftoverKind::LoadBalancer, LeftoverKind::ForwardingRule],
        Item::Address => &[LeftoverKind::Address, LeftoverKind::Instance],
        _ => &[LeftoverKind::NatGateway],
    };
    let is_here = |place: &str| {
        what.region == place
            || what.zone.as_deref() == Some(place)
            || Place::from_gke_location(place).region == what.region
    };
    unread.kinds.iter().any(|kind| kinds.contains(kind)) && unread.place.as_deref().is_none_or(is_here)
}

#[cfg(test)]
mod tests;
