//! The CronJob controller: a job at each time of a schedule.

mod schedule;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::events::{self, Happened};
use super::pods::Maker;
use super::work::{Part, later};
use super::{conditions, jobs, owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::time;

use schedule::Schedule;

/// Starts the job that is due and plans the next one.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let (Some(kind), Some(jobs_kind)) = (kinds::by_plural("cronjobs"), kinds::by_plural("jobs")) else { return };
    let Some(cron) = store.object(kind, key).cloned() else { return };
    if owners::leaving(&cron) {
        return;
    }
    let maker = Maker { kind, object: &cron, name: "cronjob-controller" };
    let mut status = cron["status"].as_object().map_or_else(|| json!({}), |fields| json!(fields));
    prune(store, &maker, now);
    let schedule = Schedule::parse(
        cron["spec"]["schedule"].as_str().unwrap_or_default(),
        cron["spec"]["timeZone"].as_str().unwrap_or("UTC"),
    );
    if let Some(schedule) = schedule.filter(|_| cron["spec"]["suspend"] != true) {
        let from = status["lastScheduleTime"].as_str().or(cron["metadata"]["creationTimestamp"].as_str());
        let from: Timestamp = from.and_then(|text| text.parse().ok()).unwrap_or(now);
        let mut next = schedule.after(from);
        // Of several missed times only the last is made up for.
        let mut due = None;
        for _ in 0..100 {
            match next {
                Some(at) if at <= now => {
                    due = next;
                    next = schedule.after(at);
                }
                _ => break,
            }
        }
        if let Some(at) = due {
            status["lastScheduleTime"] = json!(time::seconds(at));
            start(store, &maker, at, now);
        }
        if let Some(at) = next.filter(|at| *at > now) {
            store.work.add_at(at, Part::CronJob, key);
        }
    }
    let own = owners::owned(store, "jobs", &cron);
    let active: Vec<Value> = own
        .iter()
        .filter(|job| !jobs::over(&job["status"]))
        .map(|job| {
            json!({
                "apiVersion": "batch/v1", "kind": jobs_kind.kind, "name": job["metadata"]["name"],
                "namespace": job["metadata"]["namespace"], "uid": job["metadata"]["uid"],
            })
        })
        .collect();
    if let Some(fields) = status.as_object_mut() {
        fields.remove("active");
    }
    if !active.is_empty() {
        status["active"] = json!(active);
    }
    let ends = own.iter().filter_map(|job| job["status"]["completionTime"].as_str());
    if let Some(last) = ends.max() {
        status["lastSuccessfulTime"] = json!(last);
    }
    requests::write_status(store, kind, key, status);
}

fn start(store: &mut Store, maker: &Maker<'_>, at: Timestamp, now: Timestamp) {
    let cron = maker.object;
    let Some(jobs_kind) = kinds::by_plural("jobs") else { return };
    let late = cron["spec"]["startingDeadlineSeconds"].as_i64().is_some_and(|limit| later(at, limit) < now);
    let running: Vec<Value> =
        owners::owned(store, "jobs", cron).into_iter().filter(|job| !jobs::over(&job["status"])).collect();
    let policy = cron["spec"]["concurrencyPolicy"].as_str().unwrap_or("Allow");
    if late || (policy == "Forbid" && !running.is_empty()) {
        return;
    }
    if policy == "Replace" {
        for job in &running {
            requests::delete(store, now, maker.name, jobs_kind, job, json!({"propagationPolicy": "Background"}));
        }
    }
    let template = &cron["spec"]["jobTemplate"];
    let mut metadata = json!({
        "name": format!("{}-{}", owners::name_of(cron), at.as_second() / 60),
        "namespace": cron["metadata"]["namespace"],
        "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": time::seconds(at)},
        "ownerReferences": [owners::reference(maker.kind, cron)],
    });
    if template["metadata"]["labels"].is_object() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    match requests::create(store, now, maker.name, jobs_kind, &json!({"metadata": metadata, "spec": template["spec"]}))
    {
        Ok(job) => maker.say(store, now, "SuccessfulCreate", format!("Created job {}", owners::name_of(&job))),
        Err(why) => {
            let message = format!("Error creating job: {why}");
            let happened = Happened { component: maker.name, warns: true, reason: "FailedCreate", message };
            events::record(store, now, maker.kind, cron, &happened);
        }
    }
}

/// Removes old jobs beyond those that are kept.
fn prune(store: &mut Store, maker: &Maker<'_>, now: Timestamp) {
    let Some(jobs_kind) = kinds::by_plural("jobs") else { return };
    let own = owners::owned(store, "jobs", maker.object);
    for (kind, field, usual) in [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let mut all: Vec<&Value> = own.iter().filter(|job| conditions::holds(&job["status"], kind)).collect();
        all.sort_by_key(|job| job["metadata"]["creationTimestamp"].to_string());
        let kept = maker.object["spec"][field].as_u64().unwrap_or(usual);
        let surplus = all.len().saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
        for job in all.into_iter().take(surplus) {
            requests::delete(store, now, maker.name, jobs_kind, job, json!({"propagationPolicy": "Background"}));
        }
    }
}
