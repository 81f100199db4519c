//! What rules a node out for a pod, in the order and the words of the scheduler's filters.

use serde_json::Value;

use super::neighbours::Neighbours;
use super::seats::{Seats, Wish};
use super::volumes::Volumes;
use crate::kube::controllers::owners;
use crate::kube::rules::quantity::Quantity;

/// Why one node will not do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) node: usize,
    pub(super) reasons: Vec<String>,
    /// Whether no other pod's end would change it.
    pub(super) hopeless: bool,
}

/// The first filter that rules a node out; nothing when the pod fits.
pub(super) fn refusal(
    wish: &Wish<'_>,
    seats: &Seats,
    index: usize,
    volumes: &Volumes,
    neighbours: &Neighbours,
) -> Option<Refusal> {
    let seat = &seats.seats[index];
    let (spec, node) = (&wish.pod["spec"], &*seat.node);
    let hopeless = |reason: &str| Some(Refusal { node: index, reasons: vec![reason.to_owned()], hopeless: true });
    let unscheduled = "node.kubernetes.io/unschedulable";
    if node["spec"]["unschedulable"] == true
        && !tolerated(spec, &serde_json::json!({"key": unscheduled, "effect": "NoSchedule"}))
    {
        return hopeless("node(s) were unschedulable");
    }
    if untolerated(spec, node).is_some() {
        return hopeless("node(s) had untolerated taint(s)");
    }
    if !selected(spec, node) {
        return hopeless("node(s) didn't match Pod's node affinity/selector");
    }
    let unhelped = |reason: &str| Some(Refusal { node: index, reasons: vec![reason.to_owned()], hopeless: false });
    if ports_taken(spec, &seat.guests.iter().map(|guest| &guest["spec"]).collect::<Vec<_>>()) {
        return unhelped("node(s) didn't have free ports for the requested pod ports");
    }
    let lacking = lacking(wish, seats, index);
    if lacking.is_some() {
        return lacking;
    }
    if !volumes.reach(node) {
        return hopeless("node(s) had volume node affinity conflict");
    }
    neighbours.refusal(node).map(|(reason, hopeless)| Refusal {
        node: index,
        reasons: vec![reason.to_owned()],
        hopeless,
    })
}

/// What there is too little of.
fn lacking(wish: &Wish<'_>, seats: &Seats, index: usize) -> Option<Refusal> {
    let seat = &seats.seats[index];
    let mut reasons = Vec::new();
    let mut hopeless = false;
    let places = seat.allocatable.get("pods").copied();
    if places.is_some_and(|places| Quantity::count(seat.guests.len() + 1).exceeds(places)) {
        reasons.push("Too many pods".to_owned());
    }
    for (name, amount) in &wish.requests {
        let whole = seat.allocatable.get(name).copied().unwrap_or(Quantity::ZERO);
        let used = seat.used.get(name).copied().unwrap_or(Quantity::ZERO);
        if used.plus(*amount).exceeds(whole) {
            reasons.push(format!("Insufficient {name}"));
            hopeless |= amount.exceeds(whole);
        }
    }
    (!reasons.is_empty()).then_some(Refusal { node: index, reasons, hopeless })
}

fn ports(spec: &Value) -> Vec<(u64, String)> {
    let containers = spec["containers"].as_array().into_iter().flatten();
    let all = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    all.filter_map(|port| Some((port["hostPort"].as_u64()?, port["protocol"].as_str().unwrap_or("TCP").to_owned())))
        .collect()
}

fn ports_taken(spec: &Value, guests: &[&Value]) -> bool {
    let wanted = ports(spec);
    !wanted.is_empty() && guests.iter().any(|guest| ports(guest).iter().any(|port| wanted.contains(port)))
}

/// Whether a node suits a pod apart from what is taken on it: selector, required affinity, taints.
pub(crate) fn admits(spec: &Value, node: &Value) -> bool {
    selected(spec, node) && untolerated(spec, node).is_none()
}

/// The first taint of a node that keeps a pod away.
pub(crate) fn untolerated<'a>(spec: &Value, node: &'a Value) -> Option<&'a Value> {
    let taints = node["spec"]["taints"].as_array()?;
    taints.iter().find(|taint| taint["effect"] != "PreferNoSchedule" && !tolerated(spec, taint))
}

fn tolerated(spec: &Value, taint: &Value) -> bool {
    spec["tolerations"].as_array().into_iter().flatten().any(|toleration| tolerates(toleration, taint))
}

/// Whether one toleration bears one taint.
pub(crate) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |object: &Value, field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let effect = text(toleration, "effect");
    let key = text(toleration, "key");
    let exists = toleration["operator"] == "Exists";
    (effect.is_empty() || taint["effect"] == effect.as_str())
        && (if key.is_empty() { exists } else { taint["key"] == key.as_str() })
        && (exists || text(toleration, "value") == text(taint, "value"))
}

/// How many taints a node has that a pod would rather avoid.
pub(super) fn avoided(spec: &Value, node: &Value) -> i64 {
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let soft = taints.filter(|taint| taint["effect"] == "PreferNoSchedule" && !tolerated(spec, taint));
    i64::try_from(soft.count()).unwrap_or(i64::MAX).min(1000)
}

/// Whether a pod's selector and required affinity choose a node.
pub(super) fn selected(spec: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let plain = spec["nodeSelector"].as_object().is_none_or(|all| all.iter().all(|(key, value)| labels[key] == *value));
    let terms =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    plain && terms.as_array().is_none_or(|terms| terms.iter().any(|term| fits(term, node)))
}

/// Whether a node selector term chooses a node; an empty one chooses none.
pub(super) fn fits(term: &Value, node: &Value) -> bool {
    let (expressions, fields) = (term["matchExpressions"].as_array(), term["matchFields"].as_array());
    if expressions.is_none_or(Vec::is_empty) && fields.is_none_or(Vec::is_empty) {
        return false;
    }
    let named = serde_json::json!({"metadata.name": node["metadata"]["name"]});
    let hold = |all: Option<&Vec<Value>>, of: &Value| {
        all.is_none_or(|all| all.iter().all(|one| owners::requirement_holds(one, of)))
    };
    hold(expressions, &node["metadata"]["labels"]) && hold(fields, &named)
}

/// The sum of the weights of preferred terms that choose a node.
pub(super) fn preference(spec: &Value, node: &Value) -> i64 {
    let terms = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"].as_array();
    let chosen = terms.into_iter().flatten().filter(|term| fits(&term["preference"], node));
    chosen.map(|term| term["weight"].as_i64().unwrap_or_default().clamp(0, 100)).sum()
}
