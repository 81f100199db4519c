//! Custom resources whose kind the cluster will not know.
//!
//! The API server refuses an object of a kind without a definition. A plan says so before anything is changed, and leaves out what bears
//! the annotation `berth.dev/optional: "true"`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;
use crate::manifests::definitions::{Definitions, OPTIONAL, is_optional};

pub(super) const RULE: &str = "missing-definition";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let definers =
        world.objects.iter().filter(|object| matches!(object.kind.as_str(), "APIService" | "CustomResourceDefinition"));
    let definers: Vec<Value> = definers.map(|object| object.root.to_json()).collect();
    let definitions = Definitions::new(world.spec, definers.iter());
    // One finding for each kind, not for each of its objects.
    let mut lacking: BTreeMap<(&str, &str), Vec<&Object<'_>>> = BTreeMap::new();
    // Kustomizations are never applied.
    for object in world.objects.iter().filter(|object| object.kind != "Kustomization") {
        if definitions.lack(&object.reference()) && !is_optional(&object.root.to_json()) {
            lacking.entry((&object.api_version, &object.kind)).or_default().push(object);
        }
    }
    for ((api_version, kind), objects) in lacking {
        let Some(first) = objects.first() else { continue };
        let words = match objects.len() {
            1 => format!("{} is", first.words()),
            count => format!("{count} objects are"),
        };
        let what = format!("{words} of kind {kind} in {api_version}, which no file defines");
        let why = "a cluster without the kind refuses them, so `plan` and `create` stop before they change anything";
        let fix = format!(
            "add its CustomResourceDefinition to the workloads, or annotate what can do without with `{OPTIONAL}: \"true\"`: it is left out until the cluster has the kind"
        );
        report.warning(RULE, first.place_of(&["kind"]), &Says::new(what, why, fix));
    }
}
