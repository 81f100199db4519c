//! One container from one look to the next: pulled, run, ended, run again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::course::{self, Course};
use super::{Memory, images};
use crate::kube::controllers::work::later;
use crate::kube::time;

/// Pulling an image and making a container take so long.
const START_SECONDS: i64 = 2;
/// A pull that failed is given up for a while after so many seconds.
const PULL_SECONDS: i64 = 10;
/// What a kubelet could not do it tries again after so many seconds.
const RETRY_SECONDS: i64 = 10;

/// Something a kubelet says about a pod.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) warns: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// What is around a container, and what comes of looking at it.
pub(super) struct Around<'a> {
    pub(super) key: &'a str,
    pub(super) uid: &'a str,
    /// When the container is run again: `Always`, `OnFailure` or `Never`.
    pub(super) policy: &'a str,
    pub(super) now: Timestamp,
    pub(super) memory: &'a mut Memory,
    /// When to look again.
    pub(super) next: Option<Timestamp>,
    pub(super) said: Vec<Said>,
}

impl Around<'_> {
    pub(super) fn look_again(&mut self, at: Timestamp) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    fn say(&mut self, warns: bool, reason: &'static str, message: String) {
        self.said.push(Said { warns, reason, message });
    }

    /// Whether the time for something has come; else it is looked at again then.
    fn waited(&mut self, what: &str, seconds: i64) -> bool {
        let waited = self.memory.waited(self.key, what, self.now, seconds);
        if !waited {
            self.look_again(later(self.now, 1));
        }
        waited
    }
}

/// The status of a container that waits.
pub(super) fn waiting(container: &Value, reason: &str) -> Value {
    json!({
        "name": container["name"], "image": container["image"], "imageID": "", "ready": false, "restartCount": 0,
        "started": false, "state": {"waiting": {"reason": reason}}, "lastState": {},
    })
}

/// The status of a container after one more look; `unset` is why its environment cannot be made.
pub(super) fn advance(container: &Value, old: &Value, unset: Option<String>, around: &mut Around<'_>) -> Value {
    let state = &old["state"];
    if state["running"].is_object() {
        return running(container, old, around);
    }
    if state["terminated"].is_object() {
        return ended(container, old, around);
    }
    if state["waiting"]["reason"] == "CrashLoopBackOff" {
        let due = later(moment(&old["lastState"]["terminated"]["finishedAt"], around.now), back_off(restarts(old)));
        if due <= around.now {
            return run(container, old, restarts(old) + 1, around);
        }
        around.look_again(due);
        return old.clone();
    }
    start(container, old, unset, around)
}

fn restarts(status: &Value) -> i64 {
    status["restartCount"].as_i64().unwrap_or_default()
}

fn moment(value: &Value, or: Timestamp) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(or)
}

/// How long a container that ended so often waits: at once, then 10, 20, 40 seconds, at most five minutes.
fn back_off(restarts: i64) -> i64 {
    match restarts {
        0 => 1,
        1..=5 => 10 << (restarts - 1),
        _ => 300,
    }
}

/// From waiting to running, as soon as image and environment are there.
fn start(container: &Value, old: &Value, unset: Option<String>, around: &mut Around<'_>) -> Value {
    let name = container["name"].as_str().unwrap_or_default();
    let image = container["image"].as_str().unwrap_or_default();
    let reason = old["state"]["waiting"]["reason"].as_str().unwrap_or_default();
    if let Some(why) = images::refusal(image) {
        return unpulled(container, old, reason, &why, around);
    }
    if let Some(why) = unset {
        let mut status = waiting(container, "CreateContainerConfigError");
        status["state"]["waiting"]["message"] = json!(why);
        if around.memory.first(around.key, &format!("unset {name} {why}")) {
            around.say(true, "Failed", format!("Error: {why}"));
        }
        around.look_again(later(around.now, RETRY_SECONDS));
        return status;
    }
    if reason == "CreateContainerConfigError" || around.waited(&format!("start {name}"), START_SECONDS) {
        let message = format!("Successfully pulled image \"{image}\" in 1.2s (1.2s including waiting)");
        around.say(false, "Pulling", format!("Pulling image \"{image}\""));
        around.say(false, "Pulled", message);
        return run(container, old, 0, around);
    }
    if reason.is_empty() { waiting(container, "ContainerCreating") } else { old.clone() }
}

/// A container whose image cannot be pulled: tried, then left for a while.
fn unpulled(container: &Value, old: &Value, reason: &str, why: &str, around: &mut Around<'_>) -> Value {
    let name = container["name"].as_str().unwrap_or_default();
    let image = container["image"].as_str().unwrap_or_default();
    match reason {
        "ImagePullBackOff" => old.clone(),
        "ErrImagePull" if around.waited(&format!("pull {name}"), PULL_SECONDS) => {
            let mut status = waiting(container, "ImagePullBackOff");
            status["state"]["waiting"]["message"] =
                json!(format!("Back-off pulling image \"{image}\": ErrImagePull: {why}"));
            around.say(false, "BackOff", format!("Back-off pulling image \"{image}\""));
            around.say(true, "Failed", "Error: ImagePullBackOff".to_owned());
            status
        }
        "ErrImagePull" => old.clone(),
        _ if around.waited(&format!("start {name}"), START_SECONDS) => {
            let mut status = waiting(container, "ErrImagePull");
            status["state"]["waiting"]["message"] = json!(why);
            around.say(false, "Pulling", format!("Pulling image \"{image}\""));
            around.say(true, "Failed", format!("Failed to pull image \"{image}\": {why}"));
            around.say(true, "Failed", "Error: ErrImagePull".to_owned());
            around.look_again(later(around.now, PULL_SECONDS));
            // The first look at the failed pull begins its time.
            around.waited(&format!("pull {name}"), PULL_SECONDS);
            status
        }
        "" => waiting(container, "ContainerCreating"),
        _ => old.clone(),
    }
}

fn container_id(around: &Around<'_>, container: &Value, restarts: i64) -> String {
    let name = container["name"].as_str().unwrap_or_default();
    format!("containerd://{}", images::letters(&format!("{}/{name}/{restarts}", around.uid)))
}

fn run(container: &Value, old: &Value, restarts: i64, around: &mut Around<'_>) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let last = match &old["state"]["terminated"] {
        Value::Null if old["lastState"].is_object() => old["lastState"].clone(),
        Value::Null => json!({}),
        terminated => json!({"terminated": terminated}),
    };
    let name = container["name"].as_str().unwrap_or_default();
    around.say(false, "Created", format!("Created container: {name}"));
    around.say(false, "Started", format!("Started container {name}"));
    let fresh = json!({
        "name": container["name"], "image": images::full(image), "imageID": images::id(image), "ready": false,
        "restartCount": restarts, "started": true, "containerID": container_id(around, container, restarts),
        "state": {"running": {"startedAt": time::seconds(around.now)}}, "lastState": last,
    });
    running(container, &fresh, around)
}

/// A running container ends when its course does, and is ready when its probe has had its time.
fn running(container: &Value, old: &Value, around: &mut Around<'_>) -> Value {
    let started = moment(&old["state"]["running"]["startedAt"], around.now);
    let gpus = super::gpus::given(container) > 0;
    if let Course::Ends { after_seconds, code } = course::of(container, gpus) {
        let end = later(started, after_seconds.max(1));
        if end <= around.now {
            let mut status = old.clone();
            let reason = if code == 0 { "Completed" } else { "Error" };
            status["state"] = json!({"terminated": {
                "exitCode": code, "reason": reason, "startedAt": time::seconds(started),
                "finishedAt": time::seconds(end), "containerID": old["containerID"],
            }});
            status["ready"] = json!(false);
            status["started"] = json!(false);
            return ended(container, &status, around);
        }
        around.look_again(end);
    }
    let mut status = old.clone();
    let probe = &container["readinessProbe"];
    let delay = if probe.is_object() { probe["initialDelaySeconds"].as_i64().unwrap_or_default() + 1 } else { 0 };
    let from = later(started, delay);
    status["ready"] = json!(from <= around.now);
    if from > around.now {
        around.look_again(from);
    }
    status
}

/// An ended container stays so, or is run again: at once the first time, later after a pause.
fn ended(container: &Value, old: &Value, around: &mut Around<'_>) -> Value {
    let terminated = &old["state"]["terminated"];
    let again = match around.policy {
        "Always" => true,
        "OnFailure" => terminated["exitCode"] != 0,
        _ => false,
    };
    if !again {
        return old.clone();
    }
    let count = restarts(old);
    let shown = later(moment(&terminated["finishedAt"], around.now), 1);
    if shown > around.now {
        around.look_again(shown);
        return old.clone();
    }
    if count == 0 {
        return run(container, old, 1, around);
    }
    let name = container["name"].as_str().unwrap_or_default();
    let pod = around.key.split_once('/').map_or_else(String::new, |(namespace, pod)| format!("{pod}_{namespace}"));
    let pause = duration(back_off(count));
    let message = format!("back-off {pause} restarting failed container={name} pod={pod}({})", around.uid);
    let mut status = old.clone();
    status["lastState"] = json!({"terminated": terminated});
    status["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
    around.say(true, "BackOff", format!("Back-off restarting failed container {name} in pod {pod}({})", around.uid));
    around.look_again(later(moment(&terminated["finishedAt"], around.now), back_off(count)));
    status
}

/// `10s`, `1m20s`, `5m0s`.
fn duration(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}
