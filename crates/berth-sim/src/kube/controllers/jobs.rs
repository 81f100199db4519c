//! The Job controller: pods that run to their end, so often as is wanted.

mod status;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{self, Maker};
use super::work::{Part, later};
use super::{conditions, owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;

const TRACKING: &str = "batch.kubernetes.io/job-tracking";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// After the first failure the next pod waits so long, then twice as long each time.
const BACK_OFF_SECONDS: i64 = 10;

/// Counts what has ended, starts what is missing, and says when the job is over.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("jobs") else { return };
    let Some(job) = store.object(kind, key).cloned() else { return };
    let maker = Maker { kind, object: &job, name: "job-controller" };
    if owners::leaving(&job) {
        release(store, &job);
        return;
    }
    if over(&job["status"]) {
        release(store, &job);
        expire(store, &maker, now);
        return;
    }
    let suspended = job["spec"]["suspend"] == true;
    let mut status = status::begun(&job, suspended, now);
    count(store, &job, &mut status);
    let active: Vec<Value> = owners::owned(store, "pods", &job).into_iter().filter(pods::active).collect();
    let verdict = status::verdict(&job, &status, &active, now);
    if verdict.is_some() || suspended {
        for pod in &active {
            maker.delete(store, now, pod);
        }
    } else {
        start(store, &maker, &status, &active, now);
    }
    if let Some(limit) = job["spec"]["activeDeadlineSeconds"].as_i64() {
        let since = status["startTime"].as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
        if later(since, limit) > now {
            store.work.add_at(later(since, limit), Part::Job, key);
        }
    }
    status::conclude(store, &maker, &mut status, verdict, now);
    requests::write_status(store, kind, key, status);
}

/// Whether a job has completed or failed.
pub(crate) fn over(status: &Value) -> bool {
    conditions::holds(status, "Complete") || conditions::holds(status, "Failed")
}

/// Lets go of pods that need not be counted any more.
fn release(store: &mut Store, job: &Value) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    for pod in owners::owned(store, "pods", job) {
        requests::take_finalizer(store, kind, &owners::key_of(&pod), TRACKING);
    }
}

/// Removes a job that is over when its time to live has passed.
fn expire(store: &mut Store, maker: &Maker<'_>, now: Timestamp) {
    let Some(seconds) = maker.object["spec"]["ttlSecondsAfterFinished"].as_i64() else { return };
    let all = maker.object["status"]["conditions"].as_array().into_iter().flatten();
    let end = all.filter_map(|one| one["lastTransitionTime"].as_str()?.parse().ok()).max().unwrap_or(now);
    let due = later(end, seconds);
    if due > now {
        store.work.add_at(due, Part::Job, owners::key_of(maker.object));
        return;
    }
    let options = json!({"propagationPolicy": "Background"});
    requests::delete(store, now, "ttl-after-finished-controller", maker.kind, maker.object, options);
}

/// Counts the pods that have ended since, and lets go of them.
fn count(store: &mut Store, job: &Value, status: &mut Value) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    for pod in owners::owned(store, "pods", job) {
        let tracked = pod["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == TRACKING));
        if !tracked || !(pods::ended(&pod) || owners::leaving(&pod)) {
            continue;
        }
        if !pods::ended(&pod) && pod["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or_default() > 0 {
            continue;
        }
        let succeeded = pod["status"]["phase"] == "Succeeded";
        let field = if succeeded { "succeeded" } else { "failed" };
        status[field] = json!(status[field].as_i64().unwrap_or_default() + 1);
        if let Some(index) = pod["metadata"]["annotations"][INDEX].as_str().filter(|_| succeeded) {
            status::complete_index(status, index);
        }
        requests::take_finalizer(store, kind, &owners::key_of(&pod), TRACKING);
    }
}

/// Starts the pods that are missing, after failures only when their pause is over.
fn start(store: &mut Store, maker: &Maker<'_>, status: &Value, active: &[Value], now: Timestamp) {
    let job = maker.object;
    let parallel = job["spec"]["parallelism"].as_i64().unwrap_or(1);
    let done = status["succeeded"].as_i64().unwrap_or_default();
    let running = i64::try_from(active.len()).unwrap_or(i64::MAX);
    // Without a number of completions one success is enough, and then no more are started.
    let left = match job["spec"]["completions"].as_i64() {
        Some(wanted) => wanted - done,
        None if done > 0 => running,
        None => parallel,
    };
    let missing = parallel.min(left) - running;
    if missing <= 0 {
        return;
    }
    let failures = status["failed"].as_i64().unwrap_or_default();
    if let Some(due) = paused_until(store, job, failures).filter(|due| *due > now) {
        store.work.add_at(due, Part::Job, owners::key_of(job));
        return;
    }
    let mut free = status::free_indexes(job, status, active).into_iter();
    for _ in 0..missing {
        let mut pod = maker.pod(&job["spec"]["template"]);
        pod["metadata"]["finalizers"] = json!([TRACKING]);
        for prefix in ["", "batch.kubernetes.io/"] {
            pod["metadata"]["labels"][format!("{prefix}controller-uid")] = job["metadata"]["uid"].clone();
            pod["metadata"]["labels"][format!("{prefix}job-name")] = job["metadata"]["name"].clone();
        }
        if job["spec"]["completionMode"] == "Indexed" {
            let Some(index) = free.next() else { return };
            pod["metadata"]["annotations"][INDEX] = json!(index.to_string());
            pod["metadata"]["labels"][INDEX] = json!(index.to_string());
            pod["metadata"]["generateName"] = json!(format!("{}-{index}-", owners::name_of(job)));
        }
        if maker.create(store, now, &pod).is_err() {
            store.work.add_after(now, BACK_OFF_SECONDS, Part::Job, owners::key_of(job));
            return;
        }
    }
}

/// Until when the next pod waits after failures.
fn paused_until(store: &Store, job: &Value, failures: i64) -> Option<Timestamp> {
    if failures == 0 {
        return None;
    }
    let ends =
        owners::owned(store, "pods", job).into_iter().filter(|pod| pod["status"]["phase"] == "Failed").filter_map(
            |pod| pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"].as_str()?.parse().ok(),
        );
    let last: Timestamp = ends.max()?;
    Some(later(last, (BACK_OFF_SECONDS << (failures - 1).min(6)).min(600)))
}
