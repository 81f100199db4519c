//! Pods that give way to a more important one.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::filters::Refusal;
use super::seats::{Seat, Seats, Wish};
use crate::kube::controllers::events::{self, Happened};
use crate::kube::controllers::{owners, requests};
use crate::kube::kinds;
use crate::kube::rules::quantity::Quantity;
use crate::kube::store::Store;
use crate::kube::usage;

fn priority(pod: &Value) -> i64 {
    pod["spec"]["priority"].as_i64().unwrap_or_default()
}

/// Ends less important pods on the node where that costs least, and gives the node; nothing when it helps nowhere.
pub(super) fn make_room(
    store: &mut Store,
    seats: &Seats,
    pod: &Value,
    refusals: &[Refusal],
    now: Timestamp,
) -> Option<String> {
    if pod["spec"]["preemptionPolicy"] == "Never" || awaits_victims(seats, pod) {
        return None;
    }
    let wish = Wish::of(pod);
    let lacking = |refusal: &&Refusal| {
        !refusal.hopeless
            && refusal.reasons.iter().all(|reason| reason.starts_with("Insufficient ") || reason == "Too many pods")
    };
    let (index, victims) = refusals
        .iter()
        .filter(lacking)
        .filter_map(|refusal| Some((refusal.node, victims(&seats.seats[refusal.node], &wish, &refusal.reasons)?)))
        .min_by_key(|(_, victims)| {
            (victims.iter().map(|one| priority(one)).max(), victims.iter().map(|one| priority(one)).sum::<i64>())
        })?;
    let kind = kinds::by_plural("pods")?;
    let node = seats.name(index);
    for victim in victims {
        let message =
            format!("Preempted by pod {} on node {node}", pod["metadata"]["uid"].as_str().unwrap_or_default());
        let happened = Happened { component: "default-scheduler", warns: false, reason: "Preempted", message };
        events::record(store, now, kind, &victim, &happened);
        requests::delete(store, now, "default-scheduler", kind, &victim, json!({}));
    }
    Some(node)
}

/// Whether pods on the node that was promised to a pod are still on their way out.
fn awaits_victims(seats: &Seats, pod: &Value) -> bool {
    let Some(node) = pod["status"]["nominatedNodeName"].as_str() else { return false };
    let own = |seat: &&Seat| seat.node["metadata"]["name"] == node;
    seats.seats.iter().find(own).is_some_and(|seat| seat.guests.iter().any(|guest| owners::leaving(guest)))
}

/// The fewest and least important pods without which the wish fits; nothing when no such pods are there.
/// Only pods that hold some of what is short are asked to go.
fn victims(seat: &Seat, wish: &Wish<'_>, reasons: &[String]) -> Option<Vec<Arc<Value>>> {
    let rank = priority(wish.pod);
    let crowded = reasons.iter().any(|reason| reason == "Too many pods");
    let short: Vec<&str> = reasons.iter().filter_map(|reason| reason.strip_prefix("Insufficient ")).collect();
    let holds = |guest: &Value| {
        let asked = usage::side(&guest["spec"], "requests");
        crowded || short.iter().any(|name| asked.get(*name).is_some_and(|amount| !amount.is_zero()))
    };
    let mut lesser: Vec<&Arc<Value>> =
        seat.guests.iter().filter(|guest| priority(guest) < rank && !owners::leaving(guest) && holds(guest)).collect();
    lesser.sort_by_cached_key(|guest| (priority(guest), std::cmp::Reverse(guest["status"]["startTime"].to_string())));
    let mut used = seat.used.clone();
    let mut chosen = Vec::new();
    for guest in lesser {
        for (name, amount) in usage::side(&guest["spec"], "requests") {
            if let Some(entry) = used.get_mut(&name) {
                *entry = entry.minus(amount);
            }
        }
        chosen.push(Arc::clone(guest));
        let fits = wish.requests.iter().all(|(name, amount)| {
            let whole = seat.allocatable.get(name).copied().unwrap_or(Quantity::ZERO);
            !used.get(name).copied().unwrap_or(Quantity::ZERO).plus(*amount).exceeds(whole)
        });
        let left = Quantity::count(seat.guests.len() + 1 - chosen.len());
        if fits && seat.allocatable.get("pods").is_none_or(|places| !left.exceeds(*places)) {
            return Some(chosen);
        }
    }
    None
}
