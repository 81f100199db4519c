//! The objects, as YAML.

use berth_core::manifests::quotas::{self, render};
use serde_json::Value;

use crate::spec::{NAMESPACES, ONE_NAMESPACE, lines, spec, try_spec};

fn yaml(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{}\n", serde_json::to_string_pretty(object).expect("JSON"))).collect()
}

#[test]
fn one_namespace_fenced_by_priority_classes() {
    let rendered = render(&spec("gke", Some(ONE_NAMESPACE))).expect("quotas");
    insta::assert_snapshot!("one_namespace", yaml(&rendered.objects));
}

#[test]
fn a_namespace_for_each_service() {
    let rendered = render(&spec("eks", Some(NAMESPACES))).expect("quotas");
    insta::assert_snapshot!("namespaces", yaml(&rendered.objects));
}

#[test]
fn both_clouds_get_the_same_and_no_quotas_give_nothing() {
    assert_eq!(render(&spec("gke", Some(ONE_NAMESPACE))), render(&spec("eks", Some(ONE_NAMESPACE))));
    assert_eq!(render(&spec("gke", None)), None);
}

#[test]
fn what_was_applied_is_read_back_and_any_difference_changes_its_hash() {
    let rendered = render(&spec("gke", Some(ONE_NAMESPACE))).expect("quotas");
    let of_ours: Vec<Value> = rendered.objects.iter().filter(|object| object["kind"] != "Namespace").cloned().collect();
    let applied = quotas::applied(&of_ours);
    assert_eq!(applied.hash.as_ref(), Some(&rendered.hash));
    let names = |refs: &[berth_core::actions::kube::KubeObjectRef]| {
        let mut names: Vec<String> = refs.iter().map(|object| format!("{object:?}")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&applied.objects), names(&rendered.refs()));
    let more = render(&spec("gke", Some(&ONE_NAMESPACE.replace("gpus: 4", "gpus: 5")))).expect("quotas");
    assert_ne!(more.hash, rendered.hash);
    let mixed: Vec<Value> = of_ours.iter().take(2).chain(more.objects.last()).cloned().collect();
    assert_eq!(quotas::applied(&mixed).hash, None, "they were not applied together");
    assert_eq!(quotas::applied(&[]).hash, None);
}

#[test]
fn namespaces_that_are_the_clusters_own_are_refused() {
    let mut said = String::new();
    for body in [
        "  namespace: kube-system\n  services: {stt: {cpu: 1, memory: 1Gi}}\n",
        "  namespace: Models\n  services: {stt: {cpu: 1, memory: 1Gi}}\n",
        "  namespace: system-models\n  services: {stt: {cpu: 1, memory: 1Gi}}\n",
        "  namespace: default\n  services: {stt: {cpu: 1, memory: 1Gi}}\n",
        "  services: {kube-stt: {cpu: 1, memory: 1Gi}, default: {cpu: 1, memory: 1Gi}}\n",
    ] {
        said += &lines(&try_spec("gke", Some(body)).expect_err("refused"));
    }
    insta::assert_snapshot!("refused", said);
}

#[test]
fn more_than_the_pools_can_ever_offer_is_said_with_numbers() {
    let body = "  services: {stt: {cpu: 1, memory: 1Gi, gpus: 8}, mt: {cpu: 1, memory: 1Gi, gpus: 5}}\n";
    let checked = try_spec("gke", Some(body)).expect("good");
    assert_eq!(
        lines(&checked.warnings),
        "cluster.yaml:7:11: spec.quotas: the services may take 13 GPU shares together, the pools offer at most 12 \
         (t4: 6 nodes x 1 GPUs x 2 shares = 12)\n"
    );
    let all = body.replace("gpus: 5", "gpus: 4");
    assert_eq!(try_spec("gke", Some(&all)).expect("good").warnings, Vec::new());
}
