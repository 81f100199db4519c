//! The row of a quota: what is used of what is allowed, limits apart from the rest.

use serde_json::{Value, json};

pub(crate) fn cells(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let status = &object["status"];
    let mut requests = Vec::new();
    let mut limits = Vec::new();
    for (resource, hard) in status["hard"].as_object().into_iter().flatten() {
        let used = status["used"][resource].as_str().unwrap_or("0");
        let part = format!("{resource}: {used}/{}", hard.as_str().unwrap_or_default());
        if resource.starts_with("limits") { limits.push(part) } else { requests.push(part) }
    }
    vec![name, json!(requests.join(", ")), json!(limits.join(", ")), age]
}
