//! Whether every node has the labels the file gives its pool.

use crate::verify::evidence::PoolEvidence;
use crate::verify::report::Shortfall;

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let mut found = Vec::new();
    for node in &evidence.nodes {
        for (key, want) in &evidence.promise.labels {
            let have = node.labels.get(key);
            if have != Some(want) {
                let have = have.map_or("missing", String::as_str);
                let cause = format!("label {key} is {have}, the file says {want}");
                found.push(evidence.node_shortfall("labels", node, evidence.unless_changing(), cause));
            }
        }
    }
    found
}
