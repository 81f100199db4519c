//! Autoscalers and disruption budgets.

use serde_json::{Value, json};

use super::defaults::fill;
use crate::kube::failure::Cause;

pub(crate) fn complete_autoscaler(object: &mut Value) {
    fill(object, [("spec", json!({})), ("status", json!({"desiredReplicas": 0, "currentMetrics": null}))]);
    let usual = json!([{
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }]);
    let spec = &mut object["spec"];
    fill(spec, [("minReplicas", json!(1))]);
    if spec["metrics"].as_array().is_none_or(Vec::is_empty) {
        spec["metrics"] = usual;
    }
    if spec["behavior"].is_object() {
        let steps = |percent: u32| json!({"type": "Percent", "value": percent, "periodSeconds": 15});
        fill(&mut spec["behavior"], [("scaleUp", json!({})), ("scaleDown", json!({}))]);
        let both = json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, steps(100)]);
        let up = &mut spec["behavior"]["scaleUp"];
        fill(up, [("stabilizationWindowSeconds", json!(0)), ("selectPolicy", json!("Max")), ("policies", both)]);
        let down = &mut spec["behavior"]["scaleDown"];
        fill(down, [("selectPolicy", json!("Max")), ("policies", json!([steps(100)]))]);
    }
}

pub(crate) fn validate_autoscaler(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let (least, most) = (spec["minReplicas"].as_i64().unwrap_or(1), spec["maxReplicas"].as_i64().unwrap_or_default());
    let metrics = spec["metrics"].as_array().map_or(&[][..], Vec::as_slice);
    let outside = metrics.iter().any(|metric| metric["type"] == "Object" || metric["type"] == "External");
    if least < 1 && !outside {
        causes.push(Cause::invalid("spec.minReplicas", &json!(least), "must be greater than or equal to 1"));
    }
    if most < 1 {
        causes.push(Cause::invalid("spec.maxReplicas", &json!(most), "must be greater than 0"));
    }
    if most < least {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &json!(most), why));
    }
    for field in ["kind", "name"] {
        if spec["scaleTargetRef"][field].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("spec.scaleTargetRef.{field}"), ""));
        }
    }
    if least == 0 && !outside {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        causes.push(Cause::forbidden("spec.metrics", why));
    }
}

pub(crate) fn complete_budget(object: &mut Value) {
    let none = json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0});
    fill(object, [("spec", json!({})), ("status", none)]);
}

pub(crate) fn validate_budget(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            spec["minAvailable"], spec["selector"], spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]
        );
        let why = "minAvailable and maxUnavailable cannot be both set";
        causes.push(Cause::invalid_text("spec", &shown, why));
    }
}
