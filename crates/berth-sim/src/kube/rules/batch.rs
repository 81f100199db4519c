//! Jobs and cron jobs.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::defaults::fill;
use super::{template, workload};
use crate::kube::failure::Cause;

const OWNER: &str = "batch.kubernetes.io/controller-uid";
const NAME: &str = "batch.kubernetes.io/job-name";
/// The names a job is given end in five letters or a time.
const LONGEST_CRON_NAME: usize = 52;

pub(crate) fn complete_job(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({}))]);
    let spec = &mut object["spec"];
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        spec["completions"] = json!(1);
    }
    fill(
        spec,
        [
            ("parallelism", json!(1)),
            ("backoffLimit", json!(6)),
            ("manualSelector", json!(false)),
            ("template", json!({})),
            ("completionMode", json!("NonIndexed")),
            ("suspend", json!(false)),
            ("podReplacementPolicy", json!("TerminatingOrFailed")),
        ],
    );
    template::complete(&mut spec["template"]);
}

/// A job's pods bear its uid, and it finds them by that.
pub(crate) fn admit_job(object: &mut Value) {
    let metadata = &object["metadata"];
    let own = [
        (OWNER, metadata["uid"].clone()),
        (NAME, metadata["name"].clone()),
        ("controller-uid", metadata["uid"].clone()),
        ("job-name", metadata["name"].clone()),
    ];
    if object["spec"]["manualSelector"] != true {
        let labels = &mut object["spec"]["template"]["metadata"]["labels"];
        for (label, value) in own {
            labels[label] = value;
        }
        let uid = object["metadata"]["uid"].clone();
        object["spec"]["selector"]["matchLabels"][OWNER] = uid;
    }
    if object["metadata"]["labels"].is_null() {
        object["metadata"]["labels"] = object["spec"]["template"]["metadata"]["labels"].clone();
    }
}

pub(crate) fn complete_cron_job(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({}))]);
    let spec = &mut object["spec"];
    fill(
        spec,
        [
            ("concurrencyPolicy", json!("Allow")),
            ("suspend", json!(false)),
            ("jobTemplate", json!({})),
            ("successfulJobsHistoryLimit", json!(3)),
            ("failedJobsHistoryLimit", json!(1)),
        ],
    );
    fill(&mut spec["jobTemplate"], [("metadata", json!({})), ("spec", json!({}))]);
    fill(&mut spec["jobTemplate"]["spec"], [("template", json!({}))]);
    template::complete(&mut spec["jobTemplate"]["spec"]["template"]);
}

pub(crate) fn decode_check_cron_job(object: &Value) -> Result<(), String> {
    template::decode_check(&object["spec"]["jobTemplate"]["spec"]["template"]["spec"])
}

pub(crate) fn validate_job(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec["manualSelector"] != true {
        let wanted = json!({"matchLabels": {OWNER: object["metadata"]["uid"]}});
        if spec["selector"] != wanted {
            causes.push(Cause::invalid("spec.selector", &spec["selector"], "`selector` not auto-generated"));
        }
    }
    workload::validate_template(spec, causes);
    validate_restart("spec.template.spec", &spec["template"]["spec"], causes);
}

/// A job's pods end.
fn validate_restart(at: &str, spec: &Value, causes: &mut Vec<Cause>) {
    if !matches!(spec["restartPolicy"].as_str(), Some("OnFailure" | "Never")) {
        let why = "valid values: \"OnFailure\", \"Never\"";
        causes.push(Cause::required(format!("{at}.restartPolicy"), why));
    }
}

/// What a job does stays as it is.
pub(crate) fn validate_job_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    for field in ["completions", "selector", "template", "completionMode"] {
        let value = &object["spec"][field];
        let elastic = field == "completions" && *value == object["spec"]["parallelism"];
        if *value != current["spec"][field] && !elastic {
            causes.push(Cause::invalid(format!("spec.{field}"), value, "field is immutable"));
        }
    }
}

pub(crate) fn validate_cron_job(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    if object["metadata"]["name"].as_str().is_some_and(|name| name.len() > LONGEST_CRON_NAME) {
        let why = format!("must be no more than {LONGEST_CRON_NAME} characters");
        causes.push(Cause::invalid("metadata.name", &object["metadata"]["name"], &why));
    }
    if schedule.is_empty() {
        causes.push(Cause::required("spec.schedule", ""));
    } else if schedule.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        causes.push(Cause::invalid("spec.schedule", &spec["schedule"], why));
    } else if let Some(why) = schedule_fault(schedule) {
        causes.push(Cause::invalid("spec.schedule", &spec["schedule"], &why));
    }
    if let Some(zone) = spec["timeZone"].as_str()
        && TimeZone::get(zone).is_err()
    {
        causes.push(Cause::invalid("spec.timeZone", &spec["timeZone"], &format!("unknown time zone {zone}")));
    }
    let pods = &spec["jobTemplate"]["spec"]["template"]["spec"];
    let at = "spec.jobTemplate.spec.template.spec";
    template::validate(at, pods, causes);
    validate_restart(at, pods, causes);
}

/// What is wrong with the five fields of a schedule, as far as their number; `@daily` and its like are fine.
fn schedule_fault(schedule: &str) -> Option<String> {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() == 5 || schedule.starts_with('@') {
        return None;
    }
    Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")))
}
