//! Events as JSON, version 1: the lines of journals and of `--output json`. A contract; fields are only ever added.

use berth_core::run::{Event, EventKind, Fault, LeftBehind, Outcome};
use serde_json::{Value, json};

/// One event as one JSON object.
pub(crate) fn event(event: &Event) -> Value {
    let mut value = kind(&event.kind);
    if let Value::Object(object) = &mut value {
        object.insert("at".to_owned(), json!(event.at.to_string()));
        object.insert("v".to_owned(), json!(1));
    }
    value
}

fn kind(kind: &EventKind) -> Value {
    match kind {
        EventKind::RunStarted { goal, steps } => {
            let steps: Vec<Value> = steps.iter().map(|(id, title)| json!({"id": id.0, "title": title})).collect();
            json!({"event": "run-started", "goal": goal, "steps": steps})
        }
        EventKind::StepStarted { id, usual_seconds } => {
            json!({"event": "step-started", "step": id.0, "usualSeconds": usual_seconds})
        }
        EventKind::StepAccepted { id, operation } => {
            json!({"event": "step-accepted", "step": id.0, "operation": operation})
        }
        EventKind::StepWaiting { id, detail } => json!({"event": "step-waiting", "step": id.0, "detail": detail}),
        EventKind::StepRetrying { id, attempt, after_seconds, fault } => json!({
            "event": "step-retrying", "step": id.0, "attempt": attempt, "afterSeconds": after_seconds,
            "fault": self::fault(fault)}),
        EventKind::StepDone { id } => json!({"event": "step-done", "step": id.0}),
        EventKind::StepFailed { id, fault } => {
            json!({"event": "step-failed", "step": id.0, "fault": self::fault(fault)})
        }
        EventKind::StepSkipped { id, because } => json!({"event": "step-skipped", "step": id.0, "because": because}),
        EventKind::Stopping => json!({"event": "stopping"}),
        EventKind::RunFinished { outcome } => json!({"event": "run-finished", "outcome": self::outcome(outcome)}),
    }
}

/// A fault as JSON.
pub(crate) fn fault(fault: &Fault) -> Value {
    json!({"kind": fault.kind, "tried": fault.tried, "said": fault.said, "leftBehind": left_behind(&fault.left_behind)})
}

fn left_behind(left: &LeftBehind) -> Value {
    match left {
        LeftBehind::Nothing => json!([]),
        LeftBehind::These(refs) => json!(refs),
        LeftBehind::Unknown => Value::Null,
    }
}

fn outcome(outcome: &Outcome) -> Value {
    let ids = |steps: &[berth_core::plan::StepId]| steps.iter().map(|id| id.0.clone()).collect::<Vec<_>>();
    let failed: Vec<Value> =
        outcome.failed.iter().map(|(id, fault)| json!({"step": id.0, "fault": self::fault(fault)})).collect();
    json!({
        "done": ids(&outcome.done), "failed": failed,
        "skipped": ids(&outcome.skipped), "running": ids(&outcome.running),
    })
}
