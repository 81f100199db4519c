//! Where other pods are: affinity to them, anti-affinity, and an even spread.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::filters;
use super::seats::Seats;
use crate::kube::controllers::owners;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Values of a node label that are asked for or ruled out.
struct Domains {
    label: String,
    values: BTreeSet<String>,
}

/// What a pod's company demands of its node.
pub(super) struct Neighbours {
    /// One value of each is needed.
    together: Vec<Domains>,
    /// Ruled out by the pod itself.
    apart: Vec<Domains>,
    /// Ruled out by pods that are there.
    unwelcome: Vec<Domains>,
    /// Where the pods of a spread constraint already are too many.
    crowded: Vec<(Domains, BTreeSet<String>)>,
}

fn terms<'a>(pod: &'a Value, kind: &str) -> &'a [Value] {
    pod["spec"]["affinity"][kind][REQUIRED].as_array().map_or(&[], Vec::as_slice)
}

/// Whether a pod is one of those a term of another speaks of.
fn concerns(term: &Value, of: &Value, pod: &Value) -> bool {
    let namespace = &pod["metadata"]["namespace"];
    let listed = term["namespaces"].as_array().filter(|all| !all.is_empty());
    let here = match (listed, &term["namespaceSelector"]) {
        (Some(all), _) => all.contains(namespace),
        // Namespaces are not looked at by their labels: a selector of them means all.
        (None, Value::Object(_)) => true,
        (None, _) => of["metadata"]["namespace"] == *namespace,
    };
    here && term["labelSelector"].is_object() && owners::selects(&term["labelSelector"], &pod["metadata"]["labels"])
}

fn label<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node["metadata"]["labels"][name].as_str()
}

/// The values of a term's topology where a pod that it speaks of is.
fn domains(term: &Value, of: &Value, seats: &Seats) -> Domains {
    let name = term["topologyKey"].as_str().unwrap_or_default();
    let with = seats.seats.iter().filter(|seat| seat.guests.iter().any(|guest| concerns(term, of, guest)));
    let values = with.filter_map(|seat| label(&seat.node, name).map(str::to_owned)).collect();
    Domains { label: name.to_owned(), values }
}

impl Neighbours {
    pub(super) fn of(pod: &Value, seats: &Seats) -> Neighbours {
        let mut together = Vec::new();
        for term in terms(pod, "podAffinity") {
            let found = domains(term, pod, seats);
            // The first of pods that want to be together may go anywhere.
            if !(found.values.is_empty() && concerns(term, pod, pod)) {
                together.push(found);
            }
        }
        let apart = terms(pod, "podAntiAffinity").iter().map(|term| domains(term, pod, seats)).collect();
        let mut unwelcome = Vec::new();
        for seat in &seats.seats {
            for guest in &seat.guests {
                for term in terms(guest, "podAntiAffinity").iter().filter(|term| concerns(term, guest, pod)) {
                    let name = term["topologyKey"].as_str().unwrap_or_default();
                    let values = label(&seat.node, name).map(str::to_owned).into_iter().collect();
                    unwelcome.push(Domains { label: name.to_owned(), values });
                }
            }
        }
        Neighbours { together, apart, unwelcome, crowded: crowded(pod, seats) }
    }

    /// Why a node will not do, and whether that is so whoever leaves.
    pub(super) fn refusal(&self, node: &Value) -> Option<(&'static str, bool)> {
        let inside =
            |domains: &Domains| label(node, &domains.label).is_some_and(|value| domains.values.contains(value));
        for (full, known) in &self.crowded {
            match label(node, &full.label) {
                None => {
                    return Some((
                        "node(s) didn't match pod topology spread constraints (missing required label)",
                        true,
                    ));
                }
                Some(value) if full.values.contains(value) && known.contains(value) => {
                    return Some(("node(s) didn't match pod topology spread constraints", false));
                }
                Some(_) => {}
            }
        }
        if !self.together.iter().all(inside) {
            return Some(("node(s) didn't match pod affinity rules", true));
        }
        if self.apart.iter().any(inside) {
            return Some(("node(s) didn't match pod anti-affinity rules", false));
        }
        if self.unwelcome.iter().any(inside) {
            return Some(("node(s) didn't satisfy existing pods anti-affinity rules", false));
        }
        None
    }
}

/// The places that one more pod would make too full, for each strict spread constraint.
fn crowded(pod: &Value, seats: &Seats) -> Vec<(Domains, BTreeSet<String>)> {
    let constraints = pod["spec"]["topologySpreadConstraints"].as_array().into_iter().flatten();
    let strict = constraints.filter(|one| one["whenUnsatisfiable"].as_str().is_none_or(|text| text == "DoNotSchedule"));
    strict
        .map(|constraint| {
            let name = constraint["topologyKey"].as_str().unwrap_or_default();
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            for seat in seats.seats.iter().filter(|seat| filters::selected(&pod["spec"], &seat.node)) {
                let Some(value) = label(&seat.node, name) else { continue };
                let alike = seat.guests.iter().filter(|guest| {
                    guest["metadata"]["namespace"] == pod["metadata"]["namespace"]
                        && !owners::leaving(guest)
                        && owners::selects(&constraint["labelSelector"], &guest["metadata"]["labels"])
                });
                *counts.entry(value.to_owned()).or_default() += i64::try_from(alike.count()).unwrap_or(i64::MAX);
            }
            let own = i64::from(owners::selects(&constraint["labelSelector"], &pod["metadata"]["labels"]));
            let least = counts.values().min().copied().unwrap_or_default();
            let most = constraint["maxSkew"].as_i64().unwrap_or(1);
            let full = counts.iter().filter(|(_, count)| **count + own - least > most);
            let values = full.map(|(value, _)| value.clone()).collect();
            (Domains { label: name.to_owned(), values }, counts.into_keys().collect())
        })
        .collect()
}
