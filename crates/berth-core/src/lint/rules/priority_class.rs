//! Priority classes that will not be there.

use crate::lint::finding::{Report, Says};
use crate::lint::world::World;
use crate::spec::nearest;

pub(super) const RULE: &str = "missing-priority-class";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let known = world.priority_classes();
    for pod in world.pods() {
        let Some(class) = pod.text("priorityClassName").filter(|name| !name.is_empty() && !known.contains(*name))
        else {
            continue;
        };
        let what = format!("there is no priority class `{class}` in the files or in the cluster");
        let why = format!("no pod is ever made: no PriorityClass with name {class} was found");
        let fix = nearest(class, known.iter().map(String::as_str)).map_or_else(
            || "add a PriorityClass of that name".to_owned(),
            |near| format!("`{near}`, or add a PriorityClass of that name"),
        );
        report.error(RULE, pod.place_of("priorityClassName"), &Says::new(what, why, fix));
    }
}
