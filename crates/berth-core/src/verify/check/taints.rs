//! Whether every node has the taints of its pool; taints the cloud or the node controller adds are fine.

use crate::rules::gke::taints::words;
use crate::verify::evidence::PoolEvidence;
use crate::verify::report::Shortfall;

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let mut found = Vec::new();
    for node in &evidence.nodes {
        for taint in evidence.promise.taints.iter().filter(|taint| !node.taints.contains(taint)) {
            let cause = format!("taint {} is missing, so pods that should stay away may run here", words(taint));
            found.push(evidence.node_shortfall("taints", node, evidence.unless_changing(), cause));
        }
    }
    found
}
