//! Namespaces that will not be there.

use std::collections::BTreeMap;

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;
use crate::spec::Provider;

pub(super) const RULE: &str = "missing-namespace";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let known = world.namespaces();
    let of_gke = |name: &str| {
        world.provider() == Provider::Gke && (name.starts_with("gke-managed-") || name.starts_with("gmp-"))
    };
    let mut missing: BTreeMap<&str, Vec<&Object<'_>>> = BTreeMap::new();
    for object in &world.objects {
        let Some(namespace) = object.namespace() else { continue };
        if !known.contains(namespace) && !of_gke(namespace) {
            missing.entry(namespace).or_default().push(object);
        }
    }
    for (namespace, objects) in missing {
        // One finding for each namespace, not for each of its objects.
        let Some(first) = objects.first() else { continue };
        let count = match objects.len() {
            1 => format!("{} names", first.words()),
            count => format!("{count} objects name"),
        };
        let what = format!("there is no namespace `{namespace}` in the files or in the cluster, which {count}");
        let why = "the API server refuses objects of a namespace that is not there";
        let says = Says::new(what, why, "add a Namespace of that name");
        report.error(RULE, first.place_of(&["metadata", "namespace"]), &says);
    }
}
