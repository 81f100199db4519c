//! An operation as read back.

use berth_core::observed::ObservedOperation;
use google_cloud_container_v1::model;
use google_cloud_container_v1::model::operation_progress::Metric;
use google_cloud_container_v1::model::operation_progress::metric::Value;

use super::words::time;
use crate::classify::{self, Said};
use crate::ticket;

/// Ends the name of a figure that is the total of another one.
const TOTAL: &str = "_TOTAL";

/// An operation that has not finished.
pub(crate) fn operation(operation: &model::Operation) -> ObservedOperation {
    ObservedOperation {
        name: operation.name.clone(),
        kind: ticket::kind(operation),
        pool: ticket::linked(operation).and_then(|link| link.pool),
        started_at: time(&operation.start_time),
    }
}

/// Whether it is over, well or not.
pub(crate) fn is_done(operation: &model::Operation) -> bool {
    operation.status.name() == Some("DONE")
}

/// What went wrong with an operation that is over; `None` if nothing did.
pub(crate) fn failure(operation: &model::Operation) -> Option<Said> {
    if let Some(error) = operation.error.as_ref().filter(|error| error.code != 0 || !error.message.is_empty()) {
        let code = classify::code_name(error.code).to_owned();
        return Some(Said { code, text: error.message.clone(), ..Said::default() });
    }
    // Old answers say a failure only in the deprecated text.
    let text = status_text(operation);
    (!text.is_empty()).then(|| Said { code: "UNKNOWN".to_owned(), text: text.to_owned(), ..Said::default() })
}

/// What an operation that goes on does now, in GKE's words.
pub(crate) fn detail(operation: &model::Operation) -> Option<String> {
    let mut parts = Vec::new();
    match operation.status.name() {
        Some("PENDING") => parts.push("waiting to begin".to_owned()),
        Some("ABORTING") => parts.push("being aborted".to_owned()),
        _ => {}
    }
    for text in [operation.detail.as_str(), status_text(operation)] {
        if !text.is_empty() {
            parts.push(text.to_owned());
        }
    }
    parts.extend(operation.progress.as_ref().and_then(progress));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The innermost stage that runs, with its figures: `deploying nodes, nodes done 1`.
fn progress(progress: &model::OperationProgress) -> Option<String> {
    let running = progress.stages.iter().find(|stage| !matches!(stage.status.name(), Some("DONE" | "PENDING")));
    if let Some(words) = running.and_then(self::progress) {
        return Some(words);
    }
    let mut parts = Vec::new();
    if !progress.name.is_empty() {
        parts.push(spoken(&progress.name));
    }
    parts.extend(progress.metrics.iter().filter_map(|metric| figure(metric, &progress.metrics)));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One figure, `nodes done 1 of 2` where the total stands beside it; a total by itself says nothing.
fn figure(metric: &Metric, all: &[Metric]) -> Option<String> {
    if metric.name.ends_with(TOTAL) {
        return None;
    }
    let stem = metric.name.trim_end_matches("_DONE");
    let total = all.iter().find(|other| other.name.strip_suffix(TOTAL) == Some(stem)).and_then(number);
    let total = total.map_or_else(String::new, |total| format!(" of {total}"));
    Some(format!("{} {}{total}", spoken(&metric.name), number(metric)?))
}

fn number(metric: &Metric) -> Option<String> {
    match metric.value.as_ref()? {
        Value::IntValue(value) => Some(value.to_string()),
        Value::DoubleValue(value) => Some(value.to_string()),
        Value::StringValue(value) => Some(value.clone()),
        _ => None,
    }
}

/// `CLUSTER_DEPLOYING` as `cluster deploying`.
fn spoken(word: &str) -> String {
    word.replace('_', " ").to_lowercase()
}

fn status_text(operation: &model::Operation) -> &str {
    #[expect(deprecated, reason = "GKE still fills it, sometimes alone")]
    &operation.status_message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: serde_json::Value) -> model::Operation {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_stage_that_runs_is_told_with_its_figures() {
        let operation = read(serde_json::json!({
            "status": "RUNNING",
            "progress": {"stages": [
                {"name": "CLUSTER_CONFIGURE", "status": "DONE"},
                {"name": "CLUSTER_DEPLOY", "status": "RUNNING",
                 "metrics": [{"name": "NODES_DONE", "intValue": "1"}, {"name": "NODES_TOTAL", "intValue": "2"}]},
            ]},
        }));
        assert_eq!(detail(&operation).as_deref(), Some("cluster deploy, nodes done 1 of 2"));
        let aborting = read(serde_json::json!({"status": "ABORTING", "detail": "stopped by somebody"}));
        assert_eq!(detail(&aborting).as_deref(), Some("being aborted; stopped by somebody"));
        assert_eq!(detail(&read(serde_json::json!({"status": "RUNNING"}))), None);
    }

    #[test]
    fn an_operation_can_be_done_and_have_failed() {
        let failed = read(serde_json::json!({"status": "DONE", "error": {"code": 8, "message": "GCE_STOCKOUT"}}));
        assert!(is_done(&failed));
        assert_eq!(failure(&failed).unwrap().code, "RESOURCE_EXHAUSTED");
        assert_eq!(failure(&read(serde_json::json!({"status": "DONE"}))), None);
        assert_eq!(failure(&read(serde_json::json!({"status": "DONE", "error": {}}))), None);
        let old = read(serde_json::json!({"status": "DONE", "statusMessage": "it broke"}));
        assert_eq!(failure(&old).unwrap().text, "it broke");
    }
}
