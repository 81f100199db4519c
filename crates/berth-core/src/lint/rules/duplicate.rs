//! Two objects of one kind, namespace and name: the one applied last wins.

use std::collections::BTreeMap;

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;

pub(super) const RULE: &str = "duplicate-object";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let mut seen: BTreeMap<(&str, &str, Option<&str>, &str), &Object<'_>> = BTreeMap::new();
    for object in world.objects.iter().filter(|object| is_named(object)) {
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
