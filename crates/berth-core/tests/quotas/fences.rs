//! What the rendered quotas mean to pods, by the API server's rules: every quota that matches a pod must have room for it.

use berth_core::manifests::quotas::render;
use serde_json::Value;

use crate::spec::{NAMESPACES, ONE_NAMESPACE, spec};

/// A pod as the quota admission sees it: defaults filled in.
struct Pod<'a> {
    namespace: &'a str,
    class: Option<&'a str>,
    gpus: u64,
}

/// Whether a scoped or plain quota counts this pod.
fn counts(quota: &Value, pod: &Pod<'_>) -> bool {
    let expressions = quota["spec"]["scopeSelector"]["matchExpressions"].as_array();
    quota["metadata"]["namespace"] == pod.namespace
        && expressions.into_iter().flatten().all(|expression| {
            assert_eq!(expression["scopeName"], "PriorityClass");
            let values = expression["values"].as_array().expect("values");
            let named = pod.class.is_some_and(|class| values.iter().any(|value| value == class));
            match expression["operator"].as_str() {
                Some("In") => named,
                Some("NotIn") => !named,
                other => panic!("{other:?}"),
            }
        })
}

fn amount(quota: &Value, resource: &str) -> Option<u64> {
    quota["spec"]["hard"].get(resource).map(|text| text.as_str().expect("text").parse().expect("whole"))
}

/// Names of the quotas that refuse a pod when nothing else runs.
fn refusing(objects: &[Value], pod: &Pod<'_>) -> Vec<String> {
    let quotas = objects.iter().filter(|object| object["kind"] == "ResourceQuota" && counts(object, pod));
    let full = quotas.filter(|quota| {
        amount(quota, "pods").is_some_and(|most| most < 1)
            || amount(quota, "requests.nvidia.com/gpu").is_some_and(|most| most < pod.gpus)
    });
    full.map(|quota| quota["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn in_one_namespace_each_service_has_its_own_limit_and_nobody_escapes() {
    let objects = render(&spec("gke", Some(ONE_NAMESPACE))).expect("quotas").objects;
    let pod = |class, gpus| Pod { namespace: "ai-models", class, gpus };
    let none: Vec<String> = Vec::new();
    assert_eq!(refusing(&objects, &pod(Some("ai-models-stt"), 4)), none);
    assert_eq!(refusing(&objects, &pod(Some("ai-models-stt"), 5)), ["stt"]);
    assert_eq!(refusing(&objects, &pod(Some("ai-models-mt"), 0)), none);
    assert_eq!(refusing(&objects, &pod(Some("ai-models-mt"), 1)), ["mt"], "a service without GPUs gets none");
    for class in [None, Some("system-cluster-critical"), Some("ai-models-tts")] {
        assert_eq!(refusing(&objects, &pod(class, 0)), ["berth-needs-a-service-priority-class"], "{class:?}");
    }
    assert_eq!(refusing(&objects, &Pod { namespace: "default", class: None, gpus: 1 }), none);
}

#[test]
fn with_namespaces_each_service_has_its_own_limit_whatever_its_class() {
    let objects = render(&spec("eks", Some(NAMESPACES))).expect("quotas").objects;
    let none: Vec<String> = Vec::new();
    assert_eq!(refusing(&objects, &Pod { namespace: "stt", class: None, gpus: 4 }), none);
    assert_eq!(refusing(&objects, &Pod { namespace: "stt", class: Some("other"), gpus: 5 }), ["stt"]);
    assert_eq!(refusing(&objects, &Pod { namespace: "mt", class: None, gpus: 1 }), ["mt"]);
}

#[test]
fn scoped_quotas_hold_only_what_they_may_and_plain_ones_stand_alone() {
    for body in [ONE_NAMESPACE, NAMESPACES] {
        let objects = render(&spec("gke", Some(body))).expect("quotas").objects;
        let quotas = || objects.iter().filter(|object| object["kind"] == "ResourceQuota");
        for quota in quotas() {
            let hard = quota["spec"]["hard"].as_object().expect("a map");
            let legal = ["pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
            let is_legal = |key: &String| legal.contains(&key.as_str()) || key == "requests.nvidia.com/gpu";
            assert!(hard.keys().all(is_legal), "{hard:?}");
            let is_plain = quota["spec"]["scopeSelector"].is_null();
            let beside = quotas().filter(|other| other["metadata"]["namespace"] == quota["metadata"]["namespace"]);
            assert!(!is_plain || beside.count() == 1, "{quota}");
        }
    }
}

#[test]
fn defaults_never_name_gpus_and_fit_into_the_smallest_service() {
    for body in [ONE_NAMESPACE, NAMESPACES] {
        let objects = render(&spec("gke", Some(body))).expect("quotas").objects;
        let ranges: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "LimitRange").collect();
        assert!(!ranges.is_empty());
        for range in ranges {
            assert!(!range.to_string().contains("nvidia.com"), "{range}");
            assert_eq!(range["spec"]["limits"].as_array().map(Vec::len), Some(1));
            assert!(range["spec"]["limits"][0].get("max").is_none());
        }
    }
    let objects = render(&spec("gke", Some(NAMESPACES))).expect("quotas").objects;
    let of_mt = objects.iter().find(|object| object["kind"] == "LimitRange" && object["metadata"]["namespace"] == "mt");
    let limits = &of_mt.expect("a LimitRange of mt")["spec"]["limits"][0];
    assert_eq!(limits["default"], serde_json::json!({"cpu": "500m", "memory": "512Mi"}));
}
