//! Whether the cloud says of every node that it has the GPU, the sharing and the driver the file asks for.

use crate::verify::evidence::PoolEvidence;
use crate::verify::report::{Shortfall, Verdict};

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let mut found = Vec::new();
    for node in &evidence.nodes {
        for (key, want) in &evidence.promise.gpu_labels {
            let have = node.labels.get(*key);
            if have == Some(want) {
                continue;
            }
            // A wrong value belongs to the machine and stays; a missing one may come while the node is not Ready.
            let verdict = if have.is_none() && !node.ready { Verdict::Waiting } else { evidence.unless_changing() };
            let have = have.map_or("missing", String::as_str);
            let cause = format!("label {key} is {have}, expected {want}");
            found.push(evidence.node_shortfall("gpu labels", node, verdict, cause));
        }
    }
    found
}
