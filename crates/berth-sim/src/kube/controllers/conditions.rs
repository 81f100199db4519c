//! The conditions in an object's status.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::time;

/// The condition of a type.
pub(crate) fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Whether a condition is there and true.
pub(crate) fn holds(status: &Value, kind: &str) -> bool {
    find(status, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Puts a condition in the place of the one of its type; the time of its transition changes only with its status.
pub(crate) fn set(status: &mut Value, mut condition: Value, now: Timestamp) {
    let since = find(status, condition["type"].as_str().unwrap_or_default())
        .filter(|old| old["status"] == condition["status"])
        .map_or_else(|| json!(time::seconds(now)), |old| old["lastTransitionTime"].clone());
    condition["lastTransitionTime"] = since;
    match status["conditions"].as_array_mut() {
        Some(all) => match all.iter_mut().find(|old| old["type"] == condition["type"]) {
            Some(old) => *old = condition,
            None => all.push(condition),
        },
        None => status["conditions"] = json!([condition]),
    }
}

/// Takes the condition of a type away.
pub(crate) fn remove(status: &mut Value, kind: &str) {
    let left = match status["conditions"].as_array_mut() {
        Some(all) => {
            all.retain(|condition| condition["type"] != kind);
            all.len()
        }
        None => return,
    };
    if left == 0
        && let Some(fields) = status.as_object_mut()
    {
        fields.remove("conditions");
    }
}
