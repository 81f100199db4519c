//! Node counts, which the schema leaves open because nodes of an existing cluster are only found.

use serde_json::Value;

use crate::spec::file::pool::PoolFile;
use crate::spec::problem::{Finding, Path};
use crate::spec::structure::Structure;
use crate::spec::{NodeRange, Provider};

/// On a cloud each pool must say its fewest and its most nodes; what lacks them is as wrong as any other missing field.
pub(in crate::spec) fn require(structure: &mut Structure, given: Option<Provider>) {
    let spec = &structure.json["spec"];
    let is_existing = match given {
        Some(provider) => provider == Provider::Existing,
        None => spec["provider"] == "existing",
    };
    if is_existing {
        return;
    }
    let list = Path::of(&["spec", "nodePools"]);
    let mut missing = Vec::new();
    for (index, pool) in spec["nodePools"].as_array().into_iter().flatten().enumerate() {
        let path = list.index(index);
        match pool.as_object().map(|pool| pool.get("nodes")) {
            Some(None | Some(Value::Null)) => missing.push((path, "nodes")),
            Some(Some(Value::Object(nodes))) if nodes.get("max").is_none_or(Value::is_null) => {
                missing.push((path.key("nodes"), "max"));
            }
            _ => {}
        }
    }
    for (path, field) in missing {
        // It is there, and not what it should be.
        if structure.broken.iter().any(|broken| *broken == path.key(field)) {
            continue;
        }
        structure.broken.push(path.clone());
        structure.findings.push(Finding::at(path, format!("missing field `{field}`")));
    }
}

/// The limits of a pool on a cloud.
pub(super) fn range(file: &PoolFile) -> NodeRange {
    let Some(nodes) = file.nodes else { return NodeRange { min: 1, max: 1 } };
    NodeRange { min: nodes.min, max: nodes.max.unwrap_or(nodes.min) }
}
