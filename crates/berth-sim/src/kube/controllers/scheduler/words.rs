//! The scheduler's words for a pod without a node.

use std::collections::BTreeMap;

use serde_json::Value;

use super::filters::Refusal;

/// The reasons of all nodes, counted, and what preempting others would help.
pub(super) fn of_nodes(pod: &Value, refusals: &[Refusal]) -> String {
    let nodes = refusals.len();
    let reasons = counted(refusals.iter().flat_map(|refusal| refusal.reasons.iter().map(String::as_str)));
    let helped = if pod["spec"]["preemptionPolicy"] == "Never" {
        "not eligible due to preemptionPolicy=Never.".to_owned()
    } else {
        let word = |refusal: &Refusal| {
            if refusal.hopeless {
                "Preemption is not helpful for scheduling"
            } else {
                "No preemption victims found for incoming pod"
            }
        };
        format!("0/{nodes} nodes are available: {}.", counted(refusals.iter().map(word)))
    };
    format!("0/{nodes} nodes are available: {reasons}. no new claims to deallocate, preemption: {helped}")
}

/// What holds a pod up whatever the nodes are.
pub(super) fn of_pod(nodes: usize, why: &str) -> String {
    format!("0/{nodes} nodes are available: {why}. not found")
}

/// `1 this, 2 that`, in the order of the letters.
pub(super) fn counted<'a>(reasons: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut parts: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    parts.join(", ")
}
