//! Deployments, replica sets, daemon sets and stateful sets.

use serde_json::{Map, Value, json};

use super::defaults::fill;
use super::{storage, template};
use crate::kube::controllers::selects;
use crate::kube::failure::Cause;

pub(crate) fn complete_deployment(object: &mut Value) {
    complete_common(object);
    let spec = &mut object["spec"];
    fill(
        spec,
        [
            ("replicas", json!(1)),
            ("strategy", json!({})),
            ("revisionHistoryLimit", json!(10)),
            ("progressDeadlineSeconds", json!(600)),
        ],
    );
    let strategy = &mut spec["strategy"];
    fill(strategy, [("type", json!("RollingUpdate"))]);
    if strategy["type"] == "RollingUpdate" {
        fill(strategy, [("rollingUpdate", json!({}))]);
        fill(&mut strategy["rollingUpdate"], [("maxUnavailable", json!("25%")), ("maxSurge", json!("25%"))]);
    }
}

pub(crate) fn complete_replica_set(object: &mut Value) {
    complete_common(object);
    fill(&mut object["spec"], [("replicas", json!(1))]);
}

pub(crate) fn complete_daemon_set(object: &mut Value) {
    complete_common(object);
    let spec = &mut object["spec"];
    fill(spec, [("updateStrategy", json!({})), ("revisionHistoryLimit", json!(10))]);
    let strategy = &mut spec["updateStrategy"];
    fill(strategy, [("type", json!("RollingUpdate"))]);
    if strategy["type"] == "RollingUpdate" {
        fill(strategy, [("rollingUpdate", json!({}))]);
        fill(&mut strategy["rollingUpdate"], [("maxUnavailable", json!(1)), ("maxSurge", json!(0))]);
    }
}

/// The number of the template stands in an annotation that was deprecated and stayed.
pub(crate) fn number_template(object: &mut Value, current: Option<&Value>) {
    const NUMBER: &str = "deprecated.daemonset.template.generation";
    let number =
        |object: &Value| object["metadata"]["annotations"][NUMBER].as_str().and_then(|text| text.parse::<u64>().ok());
    let number = match current {
        None => 1,
        Some(current) if current["spec"]["template"] != object["spec"]["template"] => {
            number(current).unwrap_or_default() + 1
        }
        Some(current) => number(current).unwrap_or(1),
    };
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][NUMBER] = json!(number.to_string());
}

pub(crate) fn complete_stateful_set(object: &mut Value) {
    complete_common(object);
    let spec = &mut object["spec"];
    fill(
        spec,
        [
            ("replicas", json!(1)),
            ("podManagementPolicy", json!("OrderedReady")),
            ("updateStrategy", json!({})),
            ("revisionHistoryLimit", json!(10)),
            ("persistentVolumeClaimRetentionPolicy", json!({})),
        ],
    );
    let strategy = &mut spec["updateStrategy"];
    fill(strategy, [("type", json!("RollingUpdate"))]);
    if strategy["type"] == "RollingUpdate" {
        fill(strategy, [("rollingUpdate", json!({}))]);
        fill(&mut strategy["rollingUpdate"], [("partition", json!(0))]);
    }
    let kept = [("whenDeleted", json!("Retain")), ("whenScaled", json!("Retain"))];
    fill(&mut spec["persistentVolumeClaimRetentionPolicy"], kept);
    for claim in super::defaults::items(spec, "volumeClaimTemplates") {
        fill(claim, [("kind", json!("PersistentVolumeClaim")), ("apiVersion", json!("v1"))]);
        storage::complete_claim(claim);
        fill(claim, [("status", json!({"phase": "Pending"}))]);
    }
}

fn complete_common(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({}))]);
    fill(&mut object["spec"], [("template", json!({}))]);
    template::complete(&mut object["spec"]["template"]);
}

pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    template::decode_check(&object["spec"]["template"]["spec"])
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &spec["replicas"], why));
    }
    let selector = &spec["selector"];
    if !selector.is_object() {
        causes.push(Cause::required("spec.selector", ""));
    } else if selector.as_object().is_some_and(Map::is_empty) {
        let why = "empty selector is invalid for deployment";
        causes.push(Cause::invalid("spec.selector", selector, why));
    }
    validate_template(spec, causes);
    let restart = spec["template"]["spec"]["restartPolicy"].as_str().unwrap_or_default();
    if restart == "Never" || restart == "OnFailure" {
        causes.push(Cause::unsupported("spec.template.spec.restartPolicy", restart, &["Always"]));
    }
}

/// The template must be a pod's, and the selector must find its pods.
pub(crate) fn validate_template(spec: &Value, causes: &mut Vec<Cause>) {
    let (selector, labels) = (&spec["selector"], &spec["template"]["metadata"]["labels"]);
    if !selector.is_object() || !selects(selector, labels) {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, why));
    }
    template::validate("spec.template.spec", &volumes_of_claims(spec), causes);
}

/// The pods' specification, with the volumes a stateful set adds to it.
fn volumes_of_claims(spec: &Value) -> Value {
    let mut pods = spec["template"]["spec"].clone();
    let claims = spec["volumeClaimTemplates"].as_array().into_iter().flatten();
    let volumes: Vec<Value> = claims.map(|claim| json!({"name": claim["metadata"]["name"]})).collect();
    if volumes.is_empty() {
        return pods;
    }
    match pods.get_mut("volumes").and_then(Value::as_array_mut) {
        Some(own) => own.extend(volumes),
        None => pods["volumes"] = json!(volumes),
    }
    pods
}

/// The selector stays as it is.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let selector = &object["spec"]["selector"];
    if *selector != current["spec"]["selector"] {
        causes.push(Cause::invalid("spec.selector", selector, "field is immutable"));
    }
}

/// Most of a stateful set stays as it is.
pub(crate) fn validate_stateful_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    const FREE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |object: &Value| {
        let mut spec = object["spec"].as_object().cloned().unwrap_or_default();
        spec.retain(|field, _| !FREE.contains(&field.as_str()));
        spec
    };
    if fixed(object) != fixed(current) {
        let (last, others) = FREE.split_last().unwrap_or((&"", &[]));
        let others: Vec<String> = others.iter().map(|field| format!("'{field}'")).collect();
        let why = format!(
            "updates to statefulset spec for fields other than {} and '{last}' are forbidden",
            others.join(", ")
        );
        causes.push(Cause::forbidden("spec", &why));
    }
}
