//! What controllers ask about pods, and how they make and end them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{self, Happened};
use super::{conditions, owners, requests, work};
use crate::kube::kinds::{self, Kind};
use crate::kube::store::Store;

/// Whether a pod has ended and stays so.
pub(crate) fn ended(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// Whether a pod neither has ended nor is on its way out.
pub(crate) fn active(pod: &Value) -> bool {
    !ended(pod) && !owners::leaving(pod)
}

/// Whether a pod is ready and stays.
pub(crate) fn ready(pod: &Value) -> bool {
    !owners::leaving(pod) && conditions::holds(&pod["status"], "Ready")
}

/// When a pod has been ready long enough; nothing when it is not ready.
pub(crate) fn available_from(pod: &Value, min_ready_seconds: i64) -> Option<Timestamp> {
    let condition = conditions::find(&pod["status"], "Ready").filter(|_| ready(pod))?;
    let since: Timestamp = condition["lastTransitionTime"].as_str()?.parse().ok()?;
    Some(work::later(since, min_ready_seconds))
}

/// Whether a pod is ready, and was all the time that counts.
pub(crate) fn available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> bool {
    ready(pod) && (min_ready_seconds == 0 || available_from(pod, min_ready_seconds).is_some_and(|from| from <= now))
}

/// Who makes pods: its kind, the object, and the name it acts under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) object: &'a Value,
    /// As in `replicaset-controller`.
    pub(crate) name: &'a str,
}

impl Maker<'_> {
    /// A pod of a template, without a name.
    pub(crate) fn pod(&self, template: &Value) -> Value {
        let mut metadata = json!({
            "generateName": format!("{}-", owners::name_of(self.object)),
            "namespace": self.object["metadata"]["namespace"],
            "ownerReferences": [owners::reference(self.kind, self.object)],
        });
        for field in ["labels", "annotations", "finalizers"] {
            if !template["metadata"][field].is_null() {
                metadata[field] = template["metadata"][field].clone();
            }
        }
        json!({"metadata": metadata, "spec": template["spec"]})
    }

    /// Creates a pod and says so in an event, or why it could not.
    pub(crate) fn create(&self, store: &mut Store, now: Timestamp, pod: &Value) -> Result<Value, String> {
        let Some(pods) = kinds::by_plural("pods") else { return Err("pods are not served".to_owned()) };
        let made = requests::create(store, now, self.name, pods, pod);
        match &made {
            Ok(pod) => self.say(store, now, "SuccessfulCreate", format!("Created pod: {}", owners::name_of(pod))),
            Err(why) => {
                let message = format!("Error creating: {why}");
                let happened = Happened { component: self.name, warns: true, reason: "FailedCreate", message };
                events::record(store, now, self.kind, self.object, &happened);
            }
        }
        made
    }

    /// Deletes a pod, as its grace allows.
    pub(crate) fn delete(&self, store: &mut Store, now: Timestamp, pod: &Value) {
        let Some(pods) = kinds::by_plural("pods") else { return };
        requests::delete(store, now, self.name, pods, pod, json!({}));
        self.say(store, now, "SuccessfulDelete", format!("Deleted pod: {}", owners::name_of(pod)));
    }

    /// Records an ordinary event about the maker.
    pub(crate) fn say(&self, store: &mut Store, now: Timestamp, reason: &str, message: String) {
        let happened = Happened { component: self.name, warns: false, reason, message };
        events::record(store, now, self.kind, self.object, &happened);
    }
}

/// Those that are missed least first: without a node, not running, not ready, youngest.
pub(crate) fn dispensable_first(pods: &mut [Value]) {
    pods.sort_by_cached_key(|pod| {
        let bound = pod["spec"]["nodeName"].is_string();
        let phase = match pod["status"]["phase"].as_str() {
            Some("Pending") | None => 0,
            Some("Unknown") => 1,
            _ => 2,
        };
        let born = pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        (bound, phase, ready(pod), std::cmp::Reverse(born), owners::name_of(pod).to_owned())
    });
}
