//! The priority of a pod, from its class.

use serde_json::{Value, json};

use crate::kube::store::Store;

pub(crate) const STORAGE: &str = "scheduling.k8s.io/priorityclasses";
const CLASSES: &str = "priorityclasses";
const PREEMPTS: &str = "PreemptLowerPriority";

/// Writes the class's priority into the pod; a pod without a class gets the default one.
pub(crate) fn resolve(store: &Store, pod: &mut Value) -> Result<(), String> {
    let spec = &mut pod["spec"];
    let named = spec["priorityClassName"].as_str().unwrap_or_default().to_owned();
    let class = if named.is_empty() {
        default_class(store)
    } else {
        let found = store.get(CLASSES, None, &named);
        Some(found.ok_or_else(|| format!("no PriorityClass with name {named} was found"))?)
    };
    let priority = class.map_or(json!(0), |class| class["value"].clone());
    let policy = class.map_or(json!(PREEMPTS), |class| class["preemptionPolicy"].clone());
    const COMPUTED: &str = "must not be provided in pod spec; priority admission controller computed";
    if !spec["priority"].is_null() && spec["priority"] != priority {
        let given = &spec["priority"];
        return Err(format!(
            "the integer value of priority ({given}) {COMPUTED} {priority} from the given PriorityClass name"
        ));
    }
    if !spec["preemptionPolicy"].is_null() && spec["preemptionPolicy"] != policy {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return Err(format!(
            "the string value of PreemptionPolicy ({}) {COMPUTED} {} from the given PriorityClass name",
            text(&spec["preemptionPolicy"]),
            text(&policy)
        ));
    }
    if let Some(class) = class {
        spec["priorityClassName"] = class["metadata"]["name"].clone();
    }
    spec["priority"] = priority;
    spec["preemptionPolicy"] = policy;
    Ok(())
}

/// Should there be several, the lowest one counts.
fn default_class(store: &Store) -> Option<&Value> {
    let defaults = store.list(CLASSES).filter(|class| class["globalDefault"] == true);
    defaults.min_by_key(|class| class["value"].as_i64())
}

/// A cluster has one default class.
pub(crate) fn only_default(store: &Store, class: &Value) -> Result<(), String> {
    let other = default_class(store).map(|other| &other["metadata"]["name"]);
    match other.filter(|other| class["globalDefault"] == true && **other != class["metadata"]["name"]) {
        None => Ok(()),
        Some(other) => {
            let other = other.as_str().unwrap_or_default();
            Err(format!("PriorityClass {other} is already marked as default. Only one default can exist"))
        }
    }
}
