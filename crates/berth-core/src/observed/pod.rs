//! What a pod says of itself.

use serde_json::Value;

/// Why a pod does not run, in its own words; `None` if it runs, has ended well, or is merely on its way.
///
/// Takes a Pod as a Kubernetes API gives it. In this order: that no node takes it, that a container cannot begin or has failed,
/// that the pod as a whole failed.
pub fn pod_trouble(pod: &Value) -> Option<String> {
    let status = &pod["status"];
    unscheduled(status).or_else(|| container_trouble(status)).or_else(|| {
        let failed = status["phase"] == "Failed";
        failed.then(|| words(&status["reason"], &status["message"])).flatten()
    })
}

fn unscheduled(status: &Value) -> Option<String> {
    let mut conditions = status["conditions"].as_array()?.iter();
    let found = conditions.find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False")?;
    words(&Value::Null, &found["message"]).or_else(|| words(&found["reason"], &Value::Null))
}

/// Of the first container that is in trouble; those that run before the others come first.
fn container_trouble(status: &Value) -> Option<String> {
    let lists = ["initContainerStatuses", "containerStatuses"];
    let mut containers = lists.into_iter().flat_map(|list| status[list].as_array().into_iter().flatten());
    containers.find_map(|container| {
        let name = container["name"].as_str().unwrap_or_default();
        let state = &container["state"];
        let waiting = &state["waiting"];
        let reason = waiting["reason"].as_str().unwrap_or_default();
        if waiting.is_object() && !matches!(reason, "" | "ContainerCreating" | "PodInitializing") {
            let last = ended(&container["lastState"]["terminated"]).map(|how| format!("; before, {how}"));
            let said = words(&waiting["reason"], &waiting["message"]).unwrap_or_default();
            return Some(format!("container {name}: {said}{}", last.unwrap_or_default()));
        }
        let how = ended(&state["terminated"])?;
        Some(format!("container {name} {how}"))
    })
}

/// How a container that failed has ended.
fn ended(terminated: &Value) -> Option<String> {
    let code = terminated["exitCode"].as_i64().filter(|code| *code != 0)?;
    let said = words(&terminated["reason"], &terminated["message"]);
    Some(format!("ended with exit code {code}{}", said.map(|said| format!(" ({said})")).unwrap_or_default()))
}

fn words(reason: &Value, message: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match (text(reason), text(message)) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
        (reason, message) => reason.or(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn container(state: &Value, last: &Value) -> Value {
        let container = json!({"name": "app", "state": state, "lastState": last});
        json!({"status": {"phase": "Pending", "containerStatuses": [container]}})
    }

    #[test]
    fn troubles_as_a_table() {
        let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                               "message": "0/2 nodes are available: 1 Insufficient nvidia.com/gpu."});
        let error = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let pods = [
            json!({"status": {"conditions": [condition]}}),
            container(&json!({"waiting": {"reason": "ContainerCreating"}}), &json!({})),
            container(&json!({"waiting": {"reason": "ErrImagePull", "message": "no such host"}}), &json!({})),
            container(&json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}), &error),
            container(&error, &json!({})),
            container(&json!({"terminated": {"exitCode": 0, "reason": "Completed"}}), &json!({})),
            container(&json!({"running": {}}), &error),
            json!({"status": {"phase": "Failed", "reason": "DeadlineExceeded", "message": "too long"}}),
        ];
        let said: Vec<String> = pods.iter().map(|pod| pod_trouble(pod).unwrap_or_else(|| "-".to_owned())).collect();
        assert_eq!(
            said,
            [
                "0/2 nodes are available: 1 Insufficient nvidia.com/gpu.",
                "-",
                "container app: ErrImagePull: no such host",
                "container app: CrashLoopBackOff: back-off 10s; before, ended with exit code 137 (OOMKilled)",
                "container app ended with exit code 137 (OOMKilled)",
                "-",
                "-",
                "DeadlineExceeded: too long",
            ]
        );
    }
}
