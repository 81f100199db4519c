//! A quota scoped to priority classes does not count pods of other classes or of none: they escape.

use crate::lint::finding::{Report, Says};
use crate::lint::world::World;

pub(super) const RULE: &str = "quota-escape";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for namespace in world.limits.namespaces() {
        let here = || world.limits.quotas.iter().filter(|quota| quota.namespace == namespace);
        if here().any(|quota| quota.closes_fences()) {
            continue;
        }
        let Some(fence) = here().find(|quota| quota.is_fence() && !quota.is_berths) else { continue };
        let mut objects = world.of_kind("ResourceQuota");
        let Some(object) = objects.find(|object| object.name == fence.name && object.namespace() == Some(namespace))
        else {
            continue;
        };
        let what =
            format!("pods without one of the quotas' priority classes escape every quota of namespace {namespace}");
        let why = "a scoped quota counts only pods of its classes, and a pod that names none may take every GPU";
        let fix = "add a quota with `pods: \"0\"` and scope PriorityClass NotIn all these classes, as berth renders it";
        report.warning(RULE, object.place_of(&["spec", "scopeSelector"]), &Says::new(what, why, fix));
    }
}
