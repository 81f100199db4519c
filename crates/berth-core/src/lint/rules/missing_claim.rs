//! Claims that will not be there.

use std::collections::BTreeSet;

use crate::lint::finding::{Report, Says};
use crate::lint::world::World;
use crate::spec::nearest;

pub(super) const RULE: &str = "missing-claim";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let claims = world.claims();
    let made = claims.iter().filter(|claim| !claim.is_template);
    let known: BTreeSet<(&str, &str)> =
        made.map(|claim| (claim.object.namespace().unwrap_or("default"), claim.name)).collect();
    // The controller makes a claim `TEMPLATE-SET-NUMBER` for each pod.
    let templates: Vec<(&str, String)> = claims
        .iter()
        .filter(|claim| claim.is_template)
        .map(|claim| (claim.object.namespace().unwrap_or("default"), format!("{}-{}-", claim.name, claim.object.name)))
        .collect();
    for pod in world.pods() {
        let namespace = pod.namespace();
        for (name, place) in pod.claims() {
            let is_of_a_set = templates.iter().any(|(of, head)| *of == namespace && name.starts_with(head.as_str()));
            if known.contains(&(namespace, name)) || is_of_a_set {
                continue;
            }
            let what = format!("no file has the claim `{name}` of namespace {namespace}");
            let why = "until somebody makes it the pods stay Pending: persistentvolumeclaim not found";
            let here = known.iter().filter(|(of, _)| *of == namespace).map(|(_, name)| *name);
            let fix = nearest(name, here).map_or_else(
                || "add a PersistentVolumeClaim of that name".to_owned(),
                |near| format!("`{near}`, or add a PersistentVolumeClaim of that name"),
            );
            report.warning(RULE, place, &Says::new(what, why, fix));
        }
    }
}
