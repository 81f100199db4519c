//! The nodes with what is taken of each, and what a pod asks for.

use std::sync::Arc;

use serde_json::Value;

use super::filters;
use crate::kube::controllers::pods;
use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::usage::{self, Amounts};

/// One node.
pub(super) struct Seat {
    pub(super) node: Arc<Value>,
    pub(super) allocatable: Amounts,
    pub(super) used: Amounts,
    pub(super) guests: Vec<Arc<Value>>,
}

/// All nodes in the order of their names.
pub(super) struct Seats {
    pub(super) seats: Vec<Seat>,
}

/// What a pod asks of a node.
pub(super) struct Wish<'a> {
    pub(super) pod: &'a Value,
    pub(super) requests: Amounts,
}

impl<'a> Wish<'a> {
    pub(super) fn of(pod: &'a Value) -> Wish<'a> {
        let mut requests = usage::side(&pod["spec"], "requests");
        requests.retain(|_, amount| !amount.is_zero());
        Wish { pod, requests }
    }
}

impl Seats {
    pub(super) fn of(store: &Store) -> Seats {
        let (Some(nodes), Some(all_pods)) = (kinds::by_plural("nodes"), kinds::by_plural("pods")) else {
            return Seats { seats: Vec::new() };
        };
        let seats = store.range(nodes, "").map(|(_, node)| Seat {
            node: Arc::clone(node),
            allocatable: usage::read(&node["status"]["allocatable"]),
            used: Amounts::new(),
            guests: Vec::new(),
        });
        let mut seats = Seats { seats: seats.collect() };
        for (_, pod) in store.range(all_pods, "").filter(|(_, pod)| !pods::ended(pod)) {
            if let Some(index) = pod["spec"]["nodeName"].as_str().and_then(|name| seats.index(name)) {
                seats.add(index, Arc::clone(pod));
            }
        }
        seats
    }

    fn index(&self, name: &str) -> Option<usize> {
        let own = |seat: &Seat| seat.node["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.seats.binary_search_by(|seat| own(seat).as_str().cmp(name)).ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn name(&self, index: usize) -> String {
        self.seats[index].node["metadata"]["name"].as_str().unwrap_or_default().to_owned()
    }

    fn add(&mut self, index: usize, pod: Arc<Value>) {
        let seat = &mut self.seats[index];
        usage::add(&mut seat.used, usage::side(&pod["spec"], "requests"));
        seat.guests.push(pod);
    }

    /// Lets a pod take its part of a node.
    pub(super) fn take(&mut self, index: usize, pod: &Value) {
        self.add(index, Arc::new(pod.clone()));
    }

    /// How well a pod sits on a node it fits: what it prefers, then where most is free.
    pub(super) fn score(&self, index: usize, wish: &Wish<'_>) -> i64 {
        let seat = &self.seats[index];
        let free = |name: &str| {
            let Some(whole) = seat.allocatable.get(name).filter(|whole| !whole.is_zero()) else { return 0.0 };
            let own = wish.requests.get(name).copied().unwrap_or(crate::kube::rules::quantity::Quantity::ZERO);
            let used = seat.used.get(name).copied().map_or(own, |used| used.plus(own));
            1.0 - used.ratio(*whole)
        };
        let preferred = filters::preference(&wish.pod["spec"], &seat.node);
        let avoided = filters::avoided(&wish.pod["spec"], &seat.node);
        // Like pods are kept apart where there is a choice.
        let owner = crate::kube::controllers::owners::controller(wish.pod).map(|owner| &owner["uid"]);
        let own = |guest: &&Arc<Value>| {
            owner.is_some() && crate::kube::controllers::owners::controller(guest).map(|one| &one["uid"]) == owner
        };
        let alike = i64::try_from(seat.guests.iter().filter(own).count()).unwrap_or(i64::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "two ratios of at most one make at most a thousand")]
        let room = ((free("cpu") + free("memory")) * 500.0) as i64;
        preferred * 10_000 - avoided * 100_000 - alike.min(100) * 2_000 + room
    }
}
