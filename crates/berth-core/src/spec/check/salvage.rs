//! What of a file can still be checked when its form is wrong in places, so that people see all problems in one go.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::report::Report;
use crate::spec::file::cluster::ClusterFile;
use crate::spec::problem::{Path, Segment};

/// A file with harmless values where its own do not fit.
pub(super) struct Salvaged {
    pub(super) file: ClusterFile,
    /// Where values were replaced or left out: nothing found there means anything.
    replaced: Vec<Path>,
}

impl Salvaged {
    /// Forgets what was found only because values were replaced.
    pub(super) fn forget(&self, report: &mut Report) {
        let replaced = |keys: &[&str]| self.replaced.iter().any(|path| path.is_under(&Path::of(keys)));
        let place = replaced(&["spec", "region"]) || replaced(&["spec", "zone"]);
        let pools = replaced(&["spec", "nodePools"]);
        report.retain(|path| {
            // A region that was left out is missing in `spec`, and the system's pool may be one that was replaced.
            let is_missing_place = place && *path == Path::of(&["spec"]);
            let is_missing_pool = pools && *path == Path::of(&["spec", "nodePools"]);
            !is_missing_place && !is_missing_pool && !self.replaced.iter().any(|replaced| path.is_under(replaced))
        });
    }
}

/// Replaces what does not fit; `None` if what is left would mean nothing: without provider or pools.
pub(super) fn salvage(mut json: Value, broken: &[Path]) -> Option<Salvaged> {
    let mut replaced = BTreeSet::new();
    for path in broken {
        replaced.insert(unit(path)?);
    }
    let document = json.as_object_mut()?;
    for unit in &replaced {
        match unit {
            Unit::Header(key) => {
                let right = if *key == "kind" { "Cluster" } else { "berth/v1" };
                document.insert((*key).to_owned(), json!(right));
            }
            Unit::Name => {
                object(document, "metadata")?.insert("name".to_owned(), json!("name"));
            }
            Unit::Labels => {
                object(document, "metadata")?.remove("labels");
            }
            Unit::Field(key) => {
                object(document, "spec")?.remove(key);
            }
            Unit::Pool(index) => {
                let pool = object(document, "spec")?.get_mut("nodePools")?.get_mut(*index)?;
                *pool = json!({"name": format!("broken-{index}"), "machineType": "", "nodes": {"min": 1, "max": 1}});
            }
        }
    }
    if replaced.iter().any(|unit| matches!(unit, Unit::Pool(_))) {
        // Both name pools, of which some are not known now.
        let spec = object(document, "spec")?;
        spec.remove("gpuSharing");
        spec.remove("autoscaler");
    }
    let file = serde_json::from_value(json).ok()?;
    Some(Salvaged { file, replaced: replaced.iter().map(Unit::path).collect() })
}

/// The parts of a file that are replaced as a whole.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Header(&'static str),
    Name,
    Labels,
    Field(String),
    Pool(usize),
}

impl Unit {
    fn path(&self) -> Path {
        match self {
            Self::Header(key) => Path::of(&[key]),
            Self::Name => Path::of(&["metadata", "name"]),
            Self::Labels => Path::of(&["metadata", "labels"]),
            Self::Field(key) => Path::of(&["spec", key]),
            Self::Pool(index) => Path::of(&["spec", "nodePools"]).index(*index),
        }
    }
}

/// The part a broken place belongs to; `None` if nothing can stand in for it.
fn unit(path: &Path) -> Option<Unit> {
    let keys: Vec<&str> = path
        .segments()
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.as_str(),
            Segment::Index(_) => "",
        })
        .collect();
    match (keys.as_slice(), path.segments().get(2)) {
        (["kind", ..], _) => Some(Unit::Header("kind")),
        (["apiVersion", ..], _) => Some(Unit::Header("apiVersion")),
        (["metadata"] | ["metadata", "name", ..], _) => Some(Unit::Name),
        (["metadata", "labels", ..], _) => Some(Unit::Labels),
        (["spec", "nodePools", ..], Some(Segment::Index(index))) => Some(Unit::Pool(*index)),
        (["spec", "provider" | "nodePools", ..], _) => None,
        (["spec", key, ..], _) => Some(Unit::Field((*key).to_owned())),
        _ => None,
    }
}

/// The object under a key, made if it is missing or something else.
fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let value = map.entry(key.to_owned()).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut()
}
