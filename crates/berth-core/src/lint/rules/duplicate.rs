//! Two objects of one kind, namespace and name: the one applied last wins. Those berth renders for the services count too.

use std::collections::BTreeMap;

use crate::actions::kube::KubeObjectRef;
use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;
use crate::manifests::quotas;

pub(in crate::lint) const RULE: &str = "duplicate-object";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let mut seen: BTreeMap<(&str, &str, Option<&str>, &str), &Object<'_>> = BTreeMap::new();
    let rendered = quotas::render(world.spec).map(|rendered| rendered.refs()).unwrap_or_default();
    for object in world.objects.iter().filter(|object| is_named(object)) {
        let is_berths = |own: &KubeObjectRef| {
            own.kind == object.kind && own.name == object.name && own.namespace.as_deref() == object.namespace()
        };
        if rendered.iter().any(is_berths) {
            let what = format!("{} is berth's own object, made from the cluster's quotas", object.words());
            let why = "each apply of the one undoes the other";
            let says = Says::new(what, why, "leave it out, or rename it");
            report.error(RULE, object.place_of(&["metadata", "name"]), &says);
        }
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
        let key = (group, object.kind.as_str(), object.namespace(), object.name.as_str());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, object);
            continue;
        };
        let at = first.place_of(&["metadata", "name"]);
        let what = format!("{} is given twice, first at {}:{}", object.words(), at.file, at.at.line);
        let why = "they are one object to Kubernetes, and which of them stays depends on the order of applying";
        report.error(
            RULE,
            object.place_of(&["metadata", "name"]),
            &Says::new(what, why, "keep one of them, or rename one"),
        );
    }
}

/// Objects with `generateName` get a name of their own each time; no name ends in `-`.
fn is_named(object: &Object<'_>) -> bool {
    !object.name.is_empty() && !object.name.ends_with('-')
}
