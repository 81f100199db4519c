//! Pods on the wire, reduced to what tells why they do not run.

use serde::Deserialize;

/// A pod; everything not named here is skipped while reading.
#[derive(Debug, Deserialize)]
pub(crate) struct Pod {
    pub(crate) metadata: PodMeta,
    #[serde(default)]
    spec: PodSpec,
    #[serde(default)]
    status: PodStatus,
}

/// What a pod is called and belongs to.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodMeta {
    pub(crate) name: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    pub(crate) owner_references: Vec<Owner>,
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

/// One of an object's owners.
#[derive(Debug, Deserialize)]
pub(crate) struct Owner {
    pub(crate) uid: String,
}

impl PodMeta {
    pub(crate) fn is_of(&self, uid: &str) -> bool {
        self.uid == uid || self.owner_references.iter().any(|owner| owner.uid == uid)
    }
}

#[derive(Debug, Deserialize, Default)]
struct PodSpec {
    #[serde(default)]
    volumes: Vec<Volume>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Volume {
    persistent_volume_claim: Option<Claim>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    claim_name: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: String,
    reason: String,
    message: String,
    conditions: Vec<Condition>,
    init_container_statuses: Vec<Container>,
    container_statuses: Vec<Container>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    message: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    name: String,
    ready: bool,
    restart_count: u64,
    state: ContainerState,
    last_state: ContainerState,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Word>,
    terminated: Option<End>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Word {
    reason: String,
    message: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct End {
    exit_code: i64,
    reason: String,
    message: String,
}

/// Why a pod does not run; the gravest first, since of many pods the gravest reason is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// It never will.
    Never(String),
    /// A container cannot be made, or ends again and again.
    Container(String),
    /// The pod was put out, or finds no node.
    Place(String),
    /// It is up to now only slow; somebody else may know more.
    Slow(String),
}

impl Trouble {
    /// The reason in words.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Never(words) | Self::Container(words) | Self::Place(words) | Self::Slow(words) => words,
        }
    }
}

impl Pod {
    /// Why the pod does not run; `None` if it does, has done what it had to, or is on its way out.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let status = &self.status;
        let is_ready = self.condition("Ready").is_some_and(|condition| condition.status == "True");
        if is_ready || status.phase == "Succeeded" || self.metadata.deletion_timestamp.is_some() {
            return None;
        }
        if let Some(scheduled) = self.condition("PodScheduled").filter(|condition| condition.status == "False") {
            return Some(Trouble::Place(self.why_nowhere(scheduled)));
        }
        let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
        let of_containers = containers.filter_map(Container::trouble).min();
        if let Some(trouble) = of_containers {
            return Some(trouble);
        }
        if status.phase == "Failed" {
            return Some(Trouble::Place(joined(&[&status.reason, &status.message])));
        }
        let slow = match status.phase.as_str() {
            "Running" => {
                let names = status.container_statuses.iter().filter(|container| !container.ready);
                let names: Vec<&str> = names.map(|container| container.name.as_str()).collect();
                format!("container {} runs and is not ready", names.join(", "))
            }
            _ => String::new(),
        };
        Some(Trouble::Slow(slow))
    }

    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    fn why_nowhere(&self, scheduled: &Condition) -> String {
        let message = if scheduled.message.is_empty() { &scheduled.reason } else { &scheduled.message };
        let claims: Vec<&str> = self
            .spec
            .volumes
            .iter()
            .filter_map(|volume| volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.as_str()))
            .collect();
        if claims.is_empty() || !message.contains("unbound") {
            return message.clone();
        }
        format!("{message} (claims: {})", claims.join(", "))
    }
}

impl Container {
    fn trouble(&self) -> Option<Trouble> {
        let name = &self.name;
        if let Some(Word { reason, message }) = &self.state.waiting {
            return match reason.as_str() {
                "" | "ContainerCreating" | "PodInitializing" => None,
                "CrashLoopBackOff" => Some(Trouble::Container(self.crash())),
                "InvalidImageName" => Some(Trouble::Never(format!("container {name}: {}", joined(&[reason, message])))),
                _ => Some(Trouble::Container(format!("container {name}: {}", joined(&[reason, message])))),
            };
        }
        let end = self.state.terminated.as_ref().filter(|end| end.exit_code != 0)?;
        Some(Trouble::Container(format!("container {name} ended: {}", end.words())))
    }

    fn crash(&self) -> String {
        let how = self.last_state.terminated.as_ref().map(End::words).unwrap_or_default();
        let times = if self.restart_count == 1 { "once" } else { &format!("{} times", self.restart_count) };
        format!("container {} crashes and was restarted {times}: {how}", self.name)
    }
}

impl End {
    fn words(&self) -> String {
        let reason = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        let message = if self.message.is_empty() { String::new() } else { format!(": {}", self.message.trim()) };
        format!("exit code {}{reason}{message}", self.exit_code)
    }
}

fn joined(words: &[&str]) -> String {
    words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn trouble(status: Value) -> Option<Trouble> {
        let volumes =
            json!([{"name": "v", "persistentVolumeClaim": {"claimName": "models"}}, {"name": "e", "emptyDir": {}}]);
        let pod = json!({"metadata": {"name": "p"}, "spec": {"volumes": volumes}, "status": status});
        serde_json::from_value::<Pod>(pod).unwrap().trouble()
    }

    fn waiting(reason: &str, message: &str, last: Value) -> Option<Trouble> {
        trouble(json!({"phase": "Pending", "containerStatuses": [{"name": "app", "ready": false, "restartCount": 4,
            "state": {"waiting": {"reason": reason, "message": message}}, "lastState": last}]}))
    }

    #[test]
    fn each_reason_is_told_in_the_clusters_own_words() {
        let end = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let nowhere = |message: &str| {
            trouble(json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}))
        };
        let all = [
            waiting("ImagePullBackOff", "Back-off pulling image \"x:1\": not found", json!({})),
            waiting("InvalidImageName", "couldn't parse image name", json!({})),
            waiting("CreateContainerConfigError", "secret \"db\" not found", json!({})),
            waiting("CrashLoopBackOff", "back-off 40s", end),
            waiting("ContainerCreating", "", json!({})),
            nowhere("0/5 nodes are available: 5 Insufficient nvidia.com/gpu."),
            nowhere("0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
            trouble(
                json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
            ),
            trouble(
                json!({"phase": "Running", "containerStatuses": [{"name": "app", "ready": false, "state": {"running": {}}}]}),
            ),
            trouble(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})),
        ];
        let lines: Vec<String> = all.iter().map(|trouble| format!("{trouble:?}")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        Some(Container("container app: ImagePullBackOff: Back-off pulling image \"x:1\": not found"))
        Some(Never("container app: InvalidImageName: couldn't parse image name"))
        Some(Container("container app: CreateContainerConfigError: secret \"db\" not found"))
        Some(Container("container app crashes and was restarted 4 times: exit code 137 (OOMKilled)"))
        Some(Slow(""))
        Some(Place("0/5 nodes are available: 5 Insufficient nvidia.com/gpu."))
        Some(Place("0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims. (claims: models)"))
        Some(Place("Evicted: The node was low on resource: memory."))
        Some(Slow("container app runs and is not ready"))
        None
        "#);
    }
}
