//! What a cluster autoscaler asks the scheduler: which new nodes would help pods that found none, and which nodes hold
//! nothing but daemons.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::filters;
use super::neighbours::Neighbours;
use super::seats::{Seat, Seats, Wish};
use super::volumes::Volumes;
use crate::kube::controllers::events::{self, Happened};
use crate::kube::controllers::{conditions, daemon_sets, owners};
use crate::kube::kinds;
use crate::kube::rules::quantity::Quantity;
use crate::kube::store::Store;
use crate::kube::usage::{self, Amounts};

/// Pods of a lower priority are not worth a node.
const LEAST_PRIORITY: i64 = -10;
const GPU: &str = "nvidia.com/gpu";

/// A group of alike machines in one zone that may grow.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// A node as it will be when it is Ready.
    pub(crate) node: Value,
    /// Offers of one budget share its room.
    pub(crate) budget: String,
    /// How many more machines the budget allows.
    pub(crate) room: u32,
    /// Why it may not grow at present whatever its room.
    pub(crate) barred: Option<&'static str>,
    /// The greater the better.
    pub(crate) rank: i64,
    /// How many machines it has.
    pub(crate) size: u32,
}

/// What would help.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Growth {
    /// How many machines more, by the index of the offer.
    pub(crate) counts: BTreeMap<usize, u32>,
    /// Pods that would run on them: key and offer.
    pub(crate) helped: Vec<(String, usize)>,
    /// Pods that no offer helps: key and why.
    pub(crate) unhelped: Vec<(String, String)>,
}

/// Whether the scheduler found no node for a pod.
pub(crate) fn is_unschedulable(pod: &Value) -> bool {
    super::waits(pod)
        && conditions::find(&pod["status"], "PodScheduled")
            .is_some_and(|own| own["status"] == "False" && own["reason"] == "Unschedulable")
}

/// The seats as they will be, and what a fresh node of each offer holds.
struct Outlook<'a> {
    store: &'a Store,
    offers: &'a [Offer],
    seats: Seats,
    fresh: Vec<Vec<Arc<Value>>>,
    left: BTreeMap<&'a str, u32>,
    growth: Growth,
}

impl Store {
    /// Finds which offers would help the pods that found no node, when the nodes that are on their way have come.
    pub(crate) fn growth(&self, coming: Vec<Value>, offers: &[Offer]) -> Growth {
        let worth = |pod: &Value| {
            pod["spec"]["priority"].as_i64().unwrap_or_default() >= LEAST_PRIORITY
                && pod["status"]["nominatedNodeName"].is_null()
        };
        if !self.list("pods").any(|pod| is_unschedulable(pod) && worth(pod)) {
            return Growth::default();
        }
        let mut outlook = Outlook::of(self, coming, offers);
        // Pods of one template fail alike.
        let mut failed: Vec<(Value, String)> = Vec::new();
        for pod in super::waiting(self).into_iter().filter(|pod| is_unschedulable(pod) && worth(pod)) {
            let likeness = json!([pod["spec"], pod["metadata"]["labels"], pod["metadata"]["namespace"]]);
            let key = owners::key_of(&pod);
            if let Some((_, why)) = failed.iter().find(|(known, _)| *known == likeness) {
                outlook.growth.unhelped.push((key, why.clone()));
            } else if let Err(why) = outlook.place(&pod, &key) {
                outlook.growth.unhelped.push((key, why.clone()));
                failed.push((likeness, why));
            }
        }
        outlook.growth
    }

    /// The nodes on which only daemons run and that nobody wants kept.
    pub(crate) fn idle_nodes(&self) -> BTreeSet<String> {
        let daemon = |pod: &Arc<Value>| owners::controller(pod).is_some_and(|owner| owner["kind"] == "DaemonSet");
        let kept = "cluster-autoscaler.kubernetes.io/scale-down-disabled";
        let idle =
            |seat: &&Seat| seat.guests.iter().all(daemon) && seat.node["metadata"]["annotations"][kept] != "true";
        Seats::of(self).seats.iter().filter(idle).map(|seat| owners::name_of(&seat.node).to_owned()).collect()
    }

    /// Records an event of the cluster autoscaler about a pod.
    pub(crate) fn autoscaler_says(&mut self, pod: &str, reason: &str, message: String, now: Timestamp) {
        let Some(kind) = kinds::by_plural("pods") else { return };
        let Some(object) = self.object(kind, pod).cloned() else { return };
        let warns = reason == "FailedScaleUp";
        events::record(self, now, kind, &object, &Happened { component: "cluster-autoscaler", warns, reason, message });
    }
}

impl<'a> Outlook<'a> {
    fn of(store: &'a Store, coming: Vec<Value>, offers: &'a [Offer]) -> Outlook<'a> {
        let mut seats = Seats::of(store);
        for node in coming {
            let name = owners::name_of(&node);
            let seat = seats.seats.iter_mut().find(|seat| owners::name_of(&seat.node) == name);
            let allocatable = usage::read(&node["status"]["allocatable"]);
            match seat {
                Some(seat) => (seat.node, seat.allocatable) = (Arc::new(node), allocatable),
                None => {
                    let guests = daemon_sets::on(store, &node).into_iter().map(Arc::new).collect();
                    seats.seats.push(sit(node, guests));
                }
            }
        }
        let fresh = offers.iter().map(|offer| daemon_sets::on(store, &offer.node).into_iter().map(Arc::new).collect());
        let left = offers.iter().map(|offer| (offer.budget.as_str(), offer.room)).collect();
        Outlook { store, offers, seats, fresh: fresh.collect(), left, growth: Growth::default() }
    }

    /// Gives a pod a seat that is there or on a new node, or tells why there is none.
    fn place(&mut self, pod: &Value, key: &str) -> Result<(), String> {
        let volumes = match Volumes::of(self.store, pod) {
            Ok(volumes) => volumes,
            Err(why) => return Err(in_words(std::iter::repeat_n(why, self.offers.len()))),
        };
        let wish = Wish::of(pod);
        let neighbours = Neighbours::of(pod, &self.seats);
        let free = (0..self.seats.len())
            .find(|index| filters::refusal(&wish, &self.seats, *index, &volumes, &neighbours).is_none());
        if let Some(index) = free {
            self.seats.take(index, pod);
            // A seat of a new node counts for it: its name tells the offer.
            let name = self.seats.name(index);
            if let Some(offer) = name.strip_prefix("new/").and_then(|rest| rest.split('/').next()?.parse().ok()) {
                self.growth.helped.push((key.to_owned(), offer));
            }
            return Ok(());
        }
        let mut reasons = Vec::new();
        let mut best = None;
        for (index, offer) in self.offers.iter().enumerate() {
            if let Some(barred) = offer.barred {
                reasons.push(barred.to_owned());
                continue;
            }
            if self.left.get(offer.budget.as_str()).is_none_or(|left| *left == 0) {
                reasons.push("max node group size reached".to_owned());
                continue;
            }
            self.open(index);
            let last = self.seats.len() - 1;
            let neighbours = Neighbours::of(pod, &self.seats);
            let refusal = filters::refusal(&wish, &self.seats, last, &volumes, &neighbours);
            self.seats.seats.pop();
            match refusal {
                Some(refusal) => reasons.extend(refusal.reasons),
                None => best = best.max(Some((self.merit(index, &wish), Reverse(index)))),
            }
        }
        let Some((_, Reverse(index))) = best else { return Err(in_words(reasons.into_iter())) };
        self.open(index);
        self.seats.take(self.seats.len() - 1, pod);
        *self.growth.counts.entry(index).or_default() += 1;
        if let Some(left) = self.left.get_mut(self.offers[index].budget.as_str()) {
            *left -= 1;
        }
        self.growth.helped.push((key.to_owned(), index));
        Ok(())
    }

    /// Adds a fresh node of an offer at the end.
    fn open(&mut self, index: usize) {
        let name = format!("new/{index}/{}", self.growth.counts.get(&index).copied().unwrap_or_default());
        let mut node = self.offers[index].node.clone();
        node["metadata"]["labels"]["kubernetes.io/hostname"] = json!(name);
        node["metadata"]["name"] = json!(name);
        self.seats.seats.push(sit(node, self.fresh[index].clone()));
    }

    /// How well an offer suits a pod: its rank, no GPUs that nobody asked for, little left over, few machines so far.
    fn merit(&self, index: usize, wish: &Wish<'_>) -> (i64, bool, Reverse<i64>, Reverse<u32>) {
        let offer = &self.offers[index];
        let whole = usage::read(&offer.node["status"]["allocatable"]);
        let has = |amounts: &Amounts, name: &str| amounts.get(name).is_some_and(|amount| !amount.is_zero());
        let fits = has(&whole, GPU) == has(&wish.requests, GPU);
        let share = |name: &str| {
            let own = wish.requests.get(name).copied().unwrap_or(Quantity::ZERO);
            whole.get(name).filter(|whole| !whole.is_zero()).map_or(0.0, |whole| own.ratio(*whole))
        };
        #[expect(clippy::cast_possible_truncation, reason = "two shares of at most one make at most two thousand")]
        let left = 2000 - ((share("cpu") + share("memory")) * 1000.0) as i64;
        let size = offer.size + self.growth.counts.get(&index).copied().unwrap_or_default();
        (offer.rank, fits, Reverse(left), Reverse(size))
    }
}

fn sit(node: Value, guests: Vec<Arc<Value>>) -> Seat {
    let mut used = Amounts::new();
    for guest in &guests {
        usage::add(&mut used, usage::side(&guest["spec"], "requests"));
    }
    Seat { allocatable: usage::read(&node["status"]["allocatable"]), node: Arc::new(node), used, guests }
}

fn in_words(reasons: impl Iterator<Item = String>) -> String {
    let reasons: Vec<String> = reasons.collect();
    format!("pod didn't trigger scale-up: {}", super::words::counted(reasons.iter().map(String::as_str)))
}
