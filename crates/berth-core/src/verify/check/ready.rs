//! Whether every node is Ready.

use crate::verify::evidence::PoolEvidence;
use crate::verify::report::{Shortfall, Verdict};

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let not_ready = evidence.nodes.iter().filter(|node| !node.ready);
    not_ready
        .map(|node| {
            let cause = format!("not Ready: {}", node.ready_message);
            evidence.node_shortfall("ready", node, Verdict::Waiting, cause)
        })
        .collect()
}
