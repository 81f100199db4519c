//! A LimitRange that names an extended resource changes containers that do not use it.
//!
//! For type Container, `default` and `defaultRequest` are given to every container without them, and `max` becomes `default`
//! where there is none; a `min`, and a pod's `max`, refuse what asks for none.

use crate::lint::finding::{Report, Says};
use crate::lint::world::World;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "limit-range";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for object in world.of_kind("LimitRange") {
        for item in object.root.along(&["spec", "limits"]).map(Node::items).unwrap_or_default() {
            let kind = item.get("type").and_then(Node::text).unwrap_or("Container");
            for field in ["default", "defaultRequest", "max", "min"] {
                let entries = item.get(field).map(Node::entries).unwrap_or_default();
                for entry in entries.iter().filter(|entry| entry.key.contains('/')) {
                    let (resource, amount) = (&entry.key, entry.node.scalar().unwrap_or_default());
                    let what = format!("`{field}` of type {kind} names `{resource}`");
                    let why = match (kind, field) {
                        ("Container", "default" | "defaultRequest" | "max") => format!(
                            "every container of the namespace that does not ask for it is given {amount}, sidecars and databases too"
                        ),
                        _ => format!("every {} that asks for none is refused", kind.to_lowercase()),
                    };
                    let fix = format!("leave it out; limit it by a quota with `requests.{resource}`");
                    report.error(RULE, object.at(entry.key_at), &Says::new(what, why, fix));
                }
            }
        }
    }
}
