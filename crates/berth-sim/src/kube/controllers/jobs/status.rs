//! What a job says of itself, and when it is over.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::INDEX;
use crate::kube::controllers::pods::{self, Maker};
use crate::kube::controllers::work::{Part, later};
use crate::kube::controllers::{conditions, owners};
use crate::kube::store::Store;
use crate::kube::time;

/// How a job ends: the condition that comes first, the one that stays, reason and message.
pub(super) type Verdict = (&'static str, &'static str, &'static str, String);

/// The status with which a look begins: what was counted before.
pub(super) fn begun(job: &Value, suspended: bool, now: Timestamp) -> Value {
    let mut status = json!({});
    for field in ["conditions", "startTime", "succeeded", "failed", "completedIndexes"] {
        if !job["status"][field].is_null() {
            status[field] = job["status"][field].clone();
        }
    }
    if suspended {
        if let Some(fields) = status.as_object_mut() {
            fields.remove("startTime");
        }
        let message = "Job suspended";
        let condition = json!({"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": message});
        conditions::set(&mut status, condition, now);
    } else {
        if conditions::holds(&status, "Suspended") {
            let message = "Job resumed";
            let condition = json!({"type": "Suspended", "status": "False", "reason": "JobResumed", "message": message});
            conditions::set(&mut status, condition, now);
        }
        if status["startTime"].is_null() {
            status["startTime"] = json!(time::seconds(now));
        }
    }
    status
}

fn count(status: &Value, field: &str) -> i64 {
    status[field].as_i64().unwrap_or_default()
}

/// Whether the job is over, and why.
pub(super) fn verdict(job: &Value, status: &Value, active: &[Value], now: Timestamp) -> Option<Verdict> {
    let limit = job["spec"]["backoffLimit"].as_i64().unwrap_or(6);
    let restarts: i64 = if job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure" {
        let all = active.iter().flat_map(|pod| pod["status"]["containerStatuses"].as_array().into_iter().flatten());
        all.filter_map(|one| one["restartCount"].as_i64()).sum()
    } else {
        0
    };
    if count(status, "failed") > limit || (restarts > 0 && restarts >= limit.max(1)) {
        let message = "Job has reached the specified backoff limit".to_owned();
        return Some(("FailureTarget", "Failed", "BackoffLimitExceeded", message));
    }
    let since: Option<Timestamp> = status["startTime"].as_str().and_then(|text| text.parse().ok());
    if let (Some(seconds), Some(since)) = (job["spec"]["activeDeadlineSeconds"].as_i64(), since)
        && later(since, seconds) <= now
    {
        let message = "Job was active longer than specified deadline".to_owned();
        return Some(("FailureTarget", "Failed", "DeadlineExceeded", message));
    }
    let succeeded = count(status, "succeeded");
    let complete = match job["spec"]["completions"].as_i64() {
        Some(wanted) => succeeded >= wanted,
        None => succeeded > 0 && active.is_empty(),
    };
    let message = "Reached expected number of succeeded pods".to_owned();
    complete.then_some(("SuccessCriteriaMet", "Complete", "CompletionsReached", message))
}

/// The completed indexes as a set of numbers.
fn indexes(status: &Value) -> std::collections::BTreeSet<i64> {
    let text = status["completedIndexes"].as_str().unwrap_or_default();
    let mut all = std::collections::BTreeSet::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
            all.extend(first..=last);
        }
    }
    all
}

/// Adds an index to the completed ones, which are written as `0,2-4`.
pub(super) fn complete_index(status: &mut Value, index: &str) {
    let mut all = indexes(status);
    all.extend(index.parse::<i64>());
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for index in all {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let parts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    status["completedIndexes"] = json!(parts.join(","));
}

/// The indexes that are neither completed nor being worked on.
pub(super) fn free_indexes(job: &Value, status: &Value, active: &[Value]) -> Vec<i64> {
    let done = indexes(status);
    let taken: Vec<&str> = active.iter().filter_map(|pod| pod["metadata"]["annotations"][INDEX].as_str()).collect();
    let all = 0..job["spec"]["completions"].as_i64().unwrap_or_default();
    all.filter(|index| !done.contains(index) && !taken.contains(&index.to_string().as_str())).collect()
}

/// Writes the counts of pods that are left and, when the job is over, how it ended.
pub(super) fn conclude(
    store: &mut Store,
    maker: &Maker<'_>,
    status: &mut Value,
    verdict: Option<Verdict>,
    now: Timestamp,
) {
    let all = owners::owned(store, "pods", maker.object);
    let active: Vec<&Value> = all.iter().filter(|pod| pods::active(pod)).collect();
    if !active.is_empty() {
        status["active"] = json!(active.len());
    }
    status["ready"] = json!(active.iter().filter(|pod| pods::ready(pod)).count());
    status["terminating"] = json!(all.iter().filter(|pod| owners::leaving(pod) && !pods::ended(pod)).count());
    status["uncountedTerminatedPods"] = json!({});
    let Some((first, last, reason, message)) = verdict else { return };
    let ending = status["terminating"] != 0;
    for kind in [Some(first), (!ending).then_some(last)].into_iter().flatten() {
        let condition = json!({
            "type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": time::seconds(now),
        });
        if !conditions::holds(status, kind) {
            conditions::set(status, condition, now);
        }
    }
    if ending {
        // The last pods are waited for.
        store.work.add_after(now, 1, Part::Job, owners::key_of(maker.object));
        return;
    }
    if last == "Complete" {
        status["completionTime"] = json!(time::seconds(now));
        maker.say(store, now, "Completed", "Job completed".to_owned());
    }
}
