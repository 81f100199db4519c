//! The row of a pod: its status in one word, as kubectl shows it.

use serde_json::{Value, json};

const NONE: &str = "<none>";

pub(crate) fn cells(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let running = list(&status["containerStatuses"]);
    let total = list(&spec["containers"]).len();
    let ready = running.iter().filter(|container| container["ready"] == true).count();
    let restarts: u64 = running.iter().filter_map(|container| container["restartCount"].as_u64()).sum();
    let text_or_none = |value: &Value| value.as_str().filter(|text| !text.is_empty()).unwrap_or(NONE).to_owned();
    let gates = list(&spec["readinessGates"]);
    let readiness = if gates.is_empty() {
        NONE.to_owned()
    } else {
        let met = gates.iter().filter(|gate| condition(status, &gate["conditionType"]) == Some("True")).count();
        format!("{met}/{}", gates.len())
    };
    vec![
        name,
        json!(format!("{ready}/{total}")),
        json!(word(object)),
        json!(restarts.to_string()),
        age,
        json!(text_or_none(&status["podIP"])),
        json!(text_or_none(&spec["nodeName"])),
        json!(text_or_none(&status["nominatedNodeName"])),
        json!(readiness),
    ]
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn condition<'a>(status: &'a Value, wanted: &Value) -> Option<&'a str> {
    list(&status["conditions"]).iter().find(|condition| condition["type"] == *wanted)?["status"].as_str()
}

/// The most telling word: what holds a container up, else the phase.
fn word(object: &Value) -> String {
    let status = &object["status"];
    let mut word = status["reason"].as_str().or(status["phase"].as_str()).unwrap_or_default().to_owned();
    let gated = list(&status["conditions"])
        .iter()
        .any(|condition| condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated");
    if gated {
        "SchedulingGated".clone_into(&mut word);
    }
    for container in list(&status["containerStatuses"]) {
        let state = &container["state"];
        let reason = state["waiting"]["reason"].as_str().or(state["terminated"]["reason"].as_str());
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            reason.clone_into(&mut word);
        }
    }
    if object["metadata"]["deletionTimestamp"].is_string() {
        "Terminating".clone_into(&mut word);
    }
    word
}
