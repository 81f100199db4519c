//! The rows of workloads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{NONE, UNKNOWN, age, number, text, text_or};
use crate::kube::duration;
use crate::kube::parts::scale::selector_text;

pub(crate) fn deployment(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let status = &object["status"];
    let mut row = vec![
        name,
        share(&status["readyReplicas"], &object["spec"]["replicas"]),
        number(&status["updatedReplicas"]),
        number(&status["availableReplicas"]),
        since,
    ];
    row.extend(inside(&object["spec"]["template"]));
    row.push(selector(&object["spec"]["selector"]));
    row
}

pub(crate) fn replica_set(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let status = &object["status"];
    let mut row = vec![
        name,
        number(&object["spec"]["replicas"]),
        number(&status["replicas"]),
        number(&status["readyReplicas"]),
        since,
    ];
    row.extend(inside(&object["spec"]["template"]));
    row.push(selector(&object["spec"]["selector"]));
    row
}

pub(crate) fn stateful_set(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let mut row = vec![name, share(&object["status"]["readyReplicas"], &object["spec"]["replicas"]), since];
    row.extend(inside(&object["spec"]["template"]));
    row
}

pub(crate) fn daemon_set(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut row = vec![
        name,
        number(&status["desiredNumberScheduled"]),
        number(&status["currentNumberScheduled"]),
        number(&status["numberReady"]),
        number(&status["updatedNumberScheduled"]),
        number(&status["numberAvailable"]),
        json!(labels(&spec["template"]["spec"]["nodeSelector"])),
        since,
    ];
    row.extend(inside(&spec["template"]));
    row.push(selector(&spec["selector"]));
    row
}

pub(crate) fn job(object: &Value, name: Value, since: Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let done = status["succeeded"].as_i64().unwrap_or_default();
    let completions = match (spec["completions"].as_i64(), spec["parallelism"].as_i64().unwrap_or_default()) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    };
    let mut row = vec![name, json!(word(object)), json!(completions), json!(took(status, now)), since];
    row.extend(inside(&spec["template"]));
    row.push(selector(&spec["selector"]));
    row
}

/// A job's state in one word.
fn word(object: &Value) -> &'static str {
    let has = |name: &str| {
        let conditions = object["status"]["conditions"].as_array();
        conditions.is_some_and(|all| all.iter().any(|one| one["type"] == name && one["status"] == "True"))
    };
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if object["metadata"]["deletionTimestamp"].is_string() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

/// How long a job took, or has taken so far.
fn took(status: &Value, now: Timestamp) -> String {
    let time = |field: &str| status[field].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    match (time("startTime"), time("completionTime")) {
        (None, _) => String::new(),
        (Some(began), ended) => duration::human(ended.unwrap_or(now).as_second() - began.as_second()),
    }
}

pub(crate) fn cron_job(object: &Value, name: Value, since: Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let last = &status["lastScheduleTime"];
    let mut row = vec![
        name,
        spec["schedule"].clone(),
        text_or(&spec["timeZone"], NONE),
        json!(if spec["suspend"] == true { "True" } else { "False" }),
        json!(status["active"].as_array().map_or(0, Vec::len)),
        json!(if last.is_string() { age(last, now) } else { NONE.to_owned() }),
        since,
    ];
    row.extend(inside(&spec["jobTemplate"]["spec"]["template"]));
    row.push(selector(&spec["jobTemplate"]["spec"]["selector"]));
    row
}

pub(crate) fn autoscaler(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let target = &spec["scaleTargetRef"];
    vec![
        name,
        json!(format!("{}/{}", text(&target["kind"]), text(&target["name"]))),
        json!(targets(spec, status)),
        json!(spec["minReplicas"].as_i64().map_or_else(|| "<unset>".to_owned(), |least| least.to_string())),
        json!(spec["maxReplicas"].as_i64().unwrap_or_default().to_string()),
        number(&status["currentReplicas"]),
        since,
    ]
}

/// What is measured against what is wanted, metric by metric.
fn targets(spec: &Value, status: &Value) -> String {
    let metrics = spec["metrics"].as_array().map_or(&[][..], Vec::as_slice);
    let shown: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(index, metric)| {
            let kind = text(&metric["type"]);
            let field = format!("{}{}", kind[..kind.len().min(1)].to_lowercase(), kind.get(1..).unwrap_or_default());
            let target = &metric[&field]["target"];
            let now = &status["currentMetrics"][index][&field]["current"];
            let name = match kind {
                "Resource" | "ContainerResource" => format!("{}: ", text(&metric[&field]["name"])),
                _ => String::new(),
            };
            if let Some(wanted) = target["averageUtilization"].as_i64() {
                let now = now["averageUtilization"].as_i64().map_or(UNKNOWN.to_owned(), |now| format!("{now}%"));
                return format!("{name}{now}/{wanted}%");
            }
            let (field, note) = if target["averageValue"].is_null() { ("value", "") } else { ("averageValue", "") };
            let now = now[field].as_str().unwrap_or(UNKNOWN);
            format!("{name}{now}/{}{note}", text(&target[field]))
        })
        .collect();
    match shown.as_slice() {
        [] => NONE.to_owned(),
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first}, {second} + {} more...", rest.len()),
        all => all.join(", "),
    }
}

pub(crate) fn budget(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let bound = |value: &Value| match value {
        Value::Null => "N/A".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let spec = &object["spec"];
    vec![
        name,
        json!(bound(&spec["minAvailable"])),
        json!(bound(&spec["maxUnavailable"])),
        number(&object["status"]["disruptionsAllowed"]),
        since,
    ]
}

/// `1/2`.
fn share(part: &Value, whole: &Value) -> Value {
    json!(format!("{}/{}", part.as_i64().unwrap_or_default(), whole.as_i64().unwrap_or_default()))
}

/// The names and images of the containers of a template.
fn inside(template: &Value) -> [Value; 2] {
    ["name", "image"].map(|field| {
        let containers = template["spec"]["containers"].as_array().into_iter().flatten();
        json!(containers.map(|container| text(&container[field])).collect::<Vec<_>>().join(","))
    })
}

/// A label selector as a table shows it.
pub(crate) fn selector(selector: &Value) -> Value {
    let shown = selector_text(selector);
    json!(if shown.is_empty() { NONE.to_owned() } else { shown })
}

fn labels(map: &Value) -> String {
    let all: Vec<String> =
        map.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value))).collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(",") }
}
