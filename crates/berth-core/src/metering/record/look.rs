//! What a look adds to a record: what is new, and what has ended since the last one.

use std::collections::{BTreeSet, HashSet};
use std::iter::successors;
use std::sync::Arc;

use jiff::Timestamp;

use super::line::Depth;
use super::{Life, Record, Sight, Told, hides, is_one_life, near};
use crate::cost::{Item, Stretch, Teller, What};

impl Record {
    /// Takes in what a look saw; gives the line to keep.
    pub fn look(&mut self, sight: &Sight<'_>) -> String {
        let is_control_plane = |thing: &Stretch| thing.what.item.is_control_plane();
        let without_cluster = !sight.usage.stretches.iter().any(is_control_plane);
        let mut seen = Seen { without_cluster, ..Seen::default() };
        let (gone, there): (Vec<&Stretch>, Vec<&Stretch>) =
            sight.usage.stretches.iter().partition(|thing| thing.to.is_some());
        there.into_iter().for_each(|thing| self.stands(thing, sight, &mut seen));
        gone.into_iter().for_each(|thing| self.ended(thing, &mut seen));
        // Of two lives under one name the first one's end is told first.
        let mut ends: Vec<&Told> = sight.ends.iter().collect();
        ends.sort_by_key(|told| told.at);
        ends.into_iter().for_each(|told| self.told(told, &mut seen));
        sight.lives.iter().for_each(|life| self.lived(life, &mut seen));
        self.vanished(sight, &mut seen);
        let requests = if sight.divided { self.asked(sight) } else { Vec::new() };
        let depth = Some(if sight.divided { Depth::Cluster } else { Depth::Cloud });
        self.passed(sight.at, depth);
        self.line(sight.at, depth, &seen.changed.into_iter().collect::<Vec<_>>(), &requests)
    }

    fn stands(&mut self, thing: &Stretch, sight: &Sight<'_>, seen: &mut Seen) {
        let mut thing = thing.clone();
        self.stays_added(&mut thing, sight);
        self.goes_on(&mut thing, sight, seen);
        if let Some(known) = self.find(&thing).map(|index| &self.usage.stretches[index]) {
            // Whose it was the cluster said, while it stood.
            if seen.without_cluster {
                thing.what = Arc::new(What { whose: Arc::clone(&known.what.whose), ..What::clone(&thing.what) });
            }
            // The first telling of when it began stays; an address has none but what it is for.
            thing.from = known.from;
            if thing.what.shares == 0 && known.what.shares > 0 {
                thing.what = Arc::new(What { shares: known.what.shares, ..What::clone(&thing.what) });
            }
            if known.to.is_some() && known.told == Teller::Cloud {
                (thing.to, thing.told) = (known.to, known.told);
            }
        }
        self.keep(thing, seen);
    }

    /// Since when GKE adds to a fee follows from what it tells of a version, which may be another day at each look: what was told first
    /// stays as long as the cluster does, or the time between both were counted twice.
    fn stays_added(&self, thing: &mut Stretch, sight: &Sight<'_>) {
        if thing.what.item != Item::ExtendedChannel {
            return;
        }
        let is_fee = |one: &&Stretch| one.id == thing.id && one.what.item.is_control_plane();
        let Some(made) = sight.usage.stretches.iter().find(is_fee).map(|fee| fee.from) else { return };
        // What began before the cluster was added to one that is gone.
        let is_it = |known: &&Stretch| {
            known.what.item == thing.what.item && known.to.is_none() && (known.from >= made || near(known.from, made))
        };
        if let Some(known) = self.of(&thing.id).map(|index| &self.usage.stretches[index]).find(is_it) {
            thing.from = known.from;
        }
    }

    /// A control plane gets another fee, and a volume another kind or size, while its cloud tells of the same beginning: what was paid
    /// before stays, until the look that saw it last.
    fn goes_on(&mut self, thing: &mut Stretch, sight: &Sight<'_>, seen: &mut Seen) {
        let is_open = |known: &Stretch| known.to.is_none() && is_one_thing(&known.what, &thing.what);
        let Some(index) = self.of(&thing.id).find(|index| is_open(&self.usage.stretches[*index])) else { return };
        // One made anew under its name is another one.
        let known = &self.usage.stretches[index];
        if !near(begun(known, &self.usage.stretches), begun(thing, &sight.usage.stretches)) {
            return;
        }
        if (&known.what.item, known.what.quantity) == (&thing.what.item, thing.what.quantity) {
            thing.from = known.from;
            return;
        }
        // Since when a version is dear is told, and beside it the end of what was paid before.
        let is_told = thing.from > known.from && !near(thing.from, known.from);
        let Some(last) = self.looked.filter(|last| !is_told && *last > known.from) else { return };
        thing.from = last;
        self.end(index, last, Teller::Look { after: last }, seen);
    }

    /// One that its cloud knows to be over: all that was known as part of it ends with it.
    fn ended(&mut self, thing: &Stretch, seen: &mut Seen) {
        let parts: Vec<usize> =
            self.of(&thing.id).filter(|index| is_one_life(&self.usage.stretches[*index], thing)).collect();
        // What is known of it from when it stood is truer than what is told of it now.
        let is_new = parts.iter().all(|index| seen.new.contains(index));
        if let Some(to) = thing.to {
            for index in parts {
                self.end(index, to, Teller::Cloud, seen);
            }
        }
        if is_new {
            let index = self.keep(thing.clone(), seen);
            seen.new.insert(index);
        }
    }

    fn told(&mut self, told: &Told, seen: &mut Seen) {
        let known: Vec<usize> = self.of(&told.id).collect();
        for index in known {
            if self.usage.stretches[index].from <= told.at && !seen.there.contains(&index) {
                self.end(index, told.at, Teller::Cloud, seen);
            }
        }
    }

    /// A machine of which only the name is told: known itself, or made like one that is known.
    fn lived(&mut self, life: &Life, seen: &mut Seen) {
        let is_it = |thing: &Stretch| match life.from {
            Some(from) => near(thing.from, from),
            None => thing.from <= life.to && (thing.to.is_none() || thing.told != Teller::Cloud),
        };
        let own: Vec<usize> = self.of(&life.machine).filter(|index| is_it(&self.usage.stretches[*index])).collect();
        if !own.is_empty() {
            for index in own {
                if !seen.there.contains(&index) {
                    self.end(index, life.to, Teller::Cloud, seen);
                }
            }
            return;
        }
        let (Some(from), Some(front)) = (life.from, front(&life.machine)) else { return };
        let things = &self.usage.stretches;
        let is_like = |thing: &&Stretch| thing.what.pool.is_some() && self::front(&thing.id) == Some(front);
        let Some(like) = things.iter().find(is_like) else { return };
        let parts: Vec<Stretch> =
            things.iter().filter(|thing| thing.id == like.id && thing.from == like.from).cloned().collect();
        let (id, to): (Arc<str>, _) = (life.machine.as_str().into(), Some(life.to));
        for part in parts {
            let (id, name) = (Arc::clone(&id), Arc::clone(&id));
            self.keep(Stretch { id, name, from, to, told: Teller::Cloud, ..part }, seen);
        }
    }

    /// What was there and is not, and of whose end nobody tells.
    fn vanished(&mut self, sight: &Sight<'_>, seen: &mut Seen) {
        let is_gone = |(index, thing): &(usize, &Stretch)| {
            thing.to.is_none()
                && !seen.there.contains(index)
                && !sight.unproven.contains(&*thing.id)
                && !sight.unread.iter().any(|unread| hides(unread, &thing.what))
        };
        let all = self.usage.stretches.iter().enumerate();
        let gone: Vec<usize> = all.filter(is_gone).map(|(index, _)| index).collect();
        let last = self.looked;
        for index in gone {
            let after = last.unwrap_or(self.usage.stretches[index].from);
            self.end(index, sight.at, Teller::Look { after }, seen);
        }
    }

    fn keep(&mut self, thing: Stretch, seen: &mut Seen) -> usize {
        let known = self.find(&thing).map(|index| self.usage.stretches[index].clone());
        let (is_there, new) = (thing.to.is_none() || thing.told != Teller::Cloud, thing.clone());
        let index = self.put(thing);
        if is_there {
            seen.there.insert(index);
        }
        let is_same = known.is_some_and(|known| {
            known.what == new.what && (known.from, known.to, known.told) == (new.from, new.to, new.told)
        });
        if !is_same {
            seen.changed.insert(index);
        }
        index
    }

    fn end(&mut self, index: usize, at: Timestamp, told: Teller, seen: &mut Seen) {
        let thing = &mut self.usage.stretches[index];
        // What the cloud has told stays.
        let is_known = thing.to.is_some() && thing.told == Teller::Cloud;
        if !is_known && (thing.to, thing.told) != (Some(at), told) {
            (thing.to, thing.told) = (Some(at), told);
            seen.changed.insert(index);
        }
    }

    /// Pods that are there, and the ends of those that are not: of a node that is gone with it, else when they were last seen.
    fn asked(&mut self, sight: &Sight<'_>) -> Vec<usize> {
        let (mut changed, mut there) = (BTreeSet::new(), HashSet::new());
        for request in &sight.usage.requests {
            let (index, is_new) = self.put_request(request.clone());
            there.insert(index);
            if is_new {
                changed.insert(index);
            }
        }
        let ends: Vec<(usize, Option<Timestamp>)> = self
            .usage
            .requests
            .iter()
            .enumerate()
            .filter(|(index, one)| one.to.is_none() && !there.contains(index))
            .map(|(index, one)| {
                let node = self.usage.stretches.iter().rev().find(|thing| thing.name == one.node);
                (index, node.and_then(|node| node.to).or(self.divided).map(|end| end.max(one.from)))
            })
            .collect();
        for (index, to) in ends {
            self.usage.requests[index].to = to;
            changed.insert(index);
        }
        changed.into_iter().collect()
    }
}

/// What one look has found and changed, as places in the record.
#[derive(Default)]
struct Seen {
    there: BTreeSet<usize>,
    changed: BTreeSet<usize>,
    /// Known since this look, which told only of their ends.
    new: BTreeSet<usize>,
    /// It told of no control plane.
    without_cluster: bool,
}

/// When the thing began of which this is the last stretch so far.
pub fn begun(thing: &Stretch, among: &[Stretch]) -> Timestamp {
    let is_before = |one: &&Stretch, from| {
        one.id == thing.id && one.to == Some(from) && one.from < from && is_one_thing(&one.what, &thing.what)
    };
    let before = |from: &Timestamp| among.iter().find(|one| is_before(one, *from)).map(|one| one.from);
    successors(Some(thing.from), before).last().unwrap_or(thing.from)
}

/// Whether these are of one thing that has changed. The parts of a machine bear its id; they are not.
fn is_one_thing(known: &What, seen: &What) -> bool {
    let are_disks = || matches!((&known.item, &seen.item), (Item::Disk(_), Item::Disk(_)));
    known.item.is_control_plane() && seen.item.is_control_plane()
        || known.pool.is_none() && seen.pool.is_none() && are_disks()
}

/// What the names of the machines of one group begin with: `gke-c-cpu-12345678` of `gke-c-cpu-12345678-x2bq`.
fn front(machine: &str) -> Option<&str> {
    machine.rsplit_once('-').map(|(front, _)| front)
}
