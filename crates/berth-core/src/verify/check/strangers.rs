//! Nodes that belong to no pool of the file; they do not count against the promise, but somebody pays for them.

use crate::spec::{ClusterSpec, Provider};
use crate::verify::evidence::{Evidence, pool_label, pool_names};

pub(in crate::verify) fn notes(spec: &ClusterSpec, evidence: &Evidence<'_>) -> Vec<String> {
    // Whose nodes they are is none of berth's business in a cluster it did not make.
    if spec.cloud.provider() == Provider::Existing {
        return Vec::new();
    }
    let key = pool_label(spec.cloud.provider());
    let provider = spec.cloud.provider();
    let known = |name: &String| spec.pools.iter().any(|pool| pool_names(provider, pool).contains(name));
    let mut notes = Vec::new();
    for node in evidence.nodes {
        match node.labels.get(key) {
            None => notes.push(format!("node {} names no pool (label {key} is missing)", node.name)),
            Some(pool) if !known(pool) => {
                notes.push(format!("node {} is of pool {pool}, which is not in the file", node.name));
            }
            Some(_) => {}
        }
    }
    notes
}
