//! Whether what makes pods has brought them up, judged as `kubectl rollout status` does.

use berth_core::observed::Rollout;
use serde_json::Value;

/// How far the rollout of an object of this kind is, as its own status tells. What makes no pods is complete by being there.
pub(crate) fn rollout(kind: &str, object: &Value) -> Rollout {
    let (spec, status) = (&object["spec"], &object["status"]);
    match kind {
        "Job" => job(spec, status),
        "Pod" => pod(status),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" if !is_seen(object) => {
            Rollout::Going("not begun".to_owned())
        }
        "Deployment" => deployment(spec, status),
        "StatefulSet" => stateful_set(spec, status),
        "DaemonSet" => daemon_set(spec, status),
        "ReplicaSet" | "ReplicationController" => {
            reached(number(&status["availableReplicas"]), replicas(spec), "ready")
        }
        _ => Rollout::Complete,
    }
}

/// Whether the controller has looked at the object as it is now.
fn is_seen(object: &Value) -> bool {
    let seen = object["status"]["observedGeneration"].as_i64();
    seen.is_some_and(|seen| seen >= number(&object["metadata"]["generation"]))
}

fn deployment(spec: &Value, status: &Value) -> Rollout {
    if let Some(late) = conditions(status).find(|condition| condition["reason"] == "ProgressDeadlineExceeded") {
        return Rollout::Failed(message(late, "it has exceeded its progress deadline"));
    }
    if spec["paused"] == true {
        return Rollout::Going("it is paused".to_owned());
    }
    let (wanted, updated) = (replicas(spec), number(&status["updatedReplicas"]));
    if updated < wanted {
        return Rollout::Going(format!("{updated} of {wanted} updated"));
    }
    let old = number(&status["replicas"]) - updated;
    if old > 0 {
        return Rollout::Going(format!("{} still there", count(old, "old pod")));
    }
    reached(number(&status["availableReplicas"]), updated, "ready")
}

fn stateful_set(spec: &Value, status: &Value) -> Rollout {
    let wanted = replicas(spec);
    let ready = reached(number(&status["readyReplicas"]), wanted, "ready");
    if ready != Rollout::Complete || spec["updateStrategy"]["type"] == "OnDelete" {
        return ready;
    }
    let partition = number(&spec["updateStrategy"]["rollingUpdate"]["partition"]);
    let updated = number(&status["updatedReplicas"]);
    if partition > 0 {
        return reached(updated, wanted - partition, "updated");
    }
    match status["updateRevision"] == status["currentRevision"] {
        true => Rollout::Complete,
        false => Rollout::Going(format!("{updated} of {wanted} updated")),
    }
}

fn daemon_set(spec: &Value, status: &Value) -> Rollout {
    let wanted = number(&status["desiredNumberScheduled"]);
    let updated = number(&status["updatedNumberScheduled"]);
    if updated < wanted && spec["updateStrategy"]["type"] != "OnDelete" {
        return Rollout::Going(format!("{updated} of {wanted} updated"));
    }
    reached(number(&status["numberAvailable"]), wanted, "ready")
}

fn job(spec: &Value, status: &Value) -> Rollout {
    let is =
        |kind: &str| conditions(status).find(|condition| condition["type"] == kind && condition["status"] == "True");
    if is("Complete").is_some() {
        return Rollout::Complete;
    }
    if let Some(failed) = is("Failed") {
        return Rollout::Failed(message(failed, "it failed"));
    }
    if spec["suspend"] == true {
        return Rollout::Going("it is suspended".to_owned());
    }
    let wanted = spec["completions"].as_i64().unwrap_or(1);
    Rollout::Going(format!("{} of {wanted} succeeded", number(&status["succeeded"])))
}

fn pod(status: &Value) -> Rollout {
    let is_ready = conditions(status).any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    match status["phase"].as_str() {
        Some("Succeeded") => Rollout::Complete,
        Some("Failed") => Rollout::Failed(message(status, "it failed")),
        _ if is_ready => Rollout::Complete,
        _ => Rollout::Going("not ready".to_owned()),
    }
}

fn reached(count: i64, wanted: i64, what: &str) -> Rollout {
    if count >= wanted { Rollout::Complete } else { Rollout::Going(format!("{count} of {wanted} {what}")) }
}

fn replicas(spec: &Value) -> i64 {
    spec["replicas"].as_i64().unwrap_or(1)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn count(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what} is") } else { format!("{count} {what}s are") }
}

fn message(of: &Value, otherwise: &str) -> String {
    let text = of["message"].as_str().or(of["reason"].as_str()).filter(|text| !text.is_empty());
    text.unwrap_or(otherwise).to_owned()
}

pub(crate) fn conditions(status: &Value) -> impl Iterator<Item = &Value> {
    status["conditions"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One line for each: what the status says, and what it means.
    fn lines(kind: &str, generation: i64, spec: &Value, statuses: &[Value]) -> String {
        let line = |status: &Value| {
            let object = json!({"metadata": {"generation": generation}, "spec": spec, "status": status});
            format!("{:?}", rollout(kind, &object))
        };
        statuses.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_deployment_is_complete_when_all_are_new_and_available() {
        let statuses = [
            json!({}),
            json!({"observedGeneration": 1, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
            json!({"observedGeneration": 2, "updatedReplicas": 1, "replicas": 3, "availableReplicas": 3}),
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 4, "availableReplicas": 4}),
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 2}),
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
            json!({"observedGeneration": 2, "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too late"}]}),
        ];
        insta::assert_snapshot!(lines("Deployment", 2, &json!({"replicas": 3}), &statuses), @r#"
        Going("not begun")
        Going("not begun")
        Going("1 of 3 updated")
        Going("1 old pod is still there")
        Going("2 of 3 ready")
        Complete
        Failed("too late")
        "#);
    }

    #[test]
    fn a_stateful_set_is_complete_when_all_are_of_the_newest_revision() {
        let statuses = [
            json!({"observedGeneration": 1, "readyReplicas": 1}),
            json!({"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 1,
                "currentRevision": "a", "updateRevision": "b"}),
            json!({"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2,
                "currentRevision": "b", "updateRevision": "b"}),
        ];
        insta::assert_snapshot!(lines("StatefulSet", 1, &json!({"replicas": 2}), &statuses), @r#"
        Going("1 of 2 ready")
        Going("1 of 2 updated")
        Complete
        "#);
        let partition = json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}});
        assert_eq!(lines("StatefulSet", 1, &partition, &statuses[1..2]), "Complete");
    }

    #[test]
    fn a_daemon_set_is_complete_on_all_its_nodes_and_on_none() {
        let statuses = [
            json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2}),
            json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}),
            json!({"observedGeneration": 1, "desiredNumberScheduled": 0}),
        ];
        insta::assert_snapshot!(lines("DaemonSet", 1, &json!({}), &statuses), @r#"
        Going("1 of 2 updated")
        Going("1 of 2 ready")
        Complete
        "#);
    }

    #[test]
    fn jobs_and_pods_end() {
        let jobs = [
            json!({}),
            json!({"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}),
            json!({"conditions": [{"type": "Failed", "status": "True", "message": "Job has reached the specified backoff limit"}]}),
        ];
        insta::assert_snapshot!(lines("Job", 0, &json!({}), &jobs), @r#"
        Going("0 of 1 succeeded")
        Complete
        Failed("Job has reached the specified backoff limit")
        "#);
        let pods = [
            json!({"phase": "Pending"}),
            json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}),
            json!({"phase": "Succeeded"}),
            json!({"phase": "Failed", "reason": "Evicted"}),
        ];
        insta::assert_snapshot!(lines("Pod", 0, &json!({}), &pods), @r#"
        Going("not ready")
        Complete
        Complete
        Failed("Evicted")
        "#);
    }
}
