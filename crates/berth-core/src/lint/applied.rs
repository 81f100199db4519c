//! The objects of the files that are applied, each once; what cannot be applied is a finding.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::{Finding, Report, Says};
use super::manifest::{self, ManifestFile, RULE};
use super::rules::duplicate;
use crate::spec::tree::Node;

/// All objects of the files in their order, lists taken apart, as they stand there; each with its place, `film.yaml:12`.
///
/// # Errors
/// A document cannot be read, an object has no name of its own, or two are the same object.
pub(crate) fn applied(files: &[ManifestFile]) -> Result<Vec<(Value, String)>, Vec<Finding>> {
    let mut report = Report::default();
    let mut seen = BTreeSet::new();
    let mut applied = Vec::new();
    for object in files.iter().flat_map(|file| manifest::objects(file, &mut report)).collect::<Vec<_>>() {
        if object.kind == "Kustomization" {
            continue;
        }
        if object.root.along(&["metadata", "name"]).and_then(Node::text).is_none() {
            let what = format!("{} has no `metadata.name`", object.words());
            let why = "each apply would make one more of it";
            report.error(RULE, object.place(), &Says::new(what, why, "give it a name"));
            continue;
        }
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        let key = (group, object.kind.clone(), object.namespace().map(str::to_owned), object.name.clone());
        if !seen.insert(key) {
            let what = format!("{} is given twice", object.words());
            let says = Says::new(what, "they are one object to Kubernetes", "keep one of them, or rename one");
            report.error(duplicate::RULE, object.place(), &says);
            continue;
        }
        let at = object.place();
        applied.push((object.root.to_json(), format!("{}:{}", at.file, at.at.line)));
    }
    let findings = report.settle();
    if findings.is_empty() { Ok(applied) } else { Err(findings) }
}
