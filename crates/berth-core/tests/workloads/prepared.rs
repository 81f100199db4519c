//! Files as the objects that are applied.

use berth_core::actions::kube::Manifest;
use berth_core::lint::ManifestFile;
use berth_core::manifests::waves::{WaveKind, is_custom, waves};
use berth_core::manifests::workloads::{Prepared, prepare, selector};
use serde_json::json;

pub(crate) fn file(path: &str, text: &str) -> ManifestFile {
    ManifestFile { path: path.to_owned(), text: text.to_owned() }
}

pub(crate) fn prepared(text: &str) -> Prepared {
    prepare("demo", &[file("film.yaml", text)], Vec::new()).expect("good files")
}

/// Of everything that has to be settled, one.
const FILM: &str = r"
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: film, namespace: wrong}}
  - {apiVersion: example.org/v1, kind: Studio, metadata: {name: one}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: studios.example.org, creationTimestamp: null}
spec: {group: example.org, scope: Cluster, names: {kind: Studio, plural: studios}}
status: {conditions: []}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: comfyui
  namespace: film
  resourceVersion: '7'
  uid: 1-2-3
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}', team: film}
spec:
  replicas: 3
  template: {spec: {volumes: [{name: keys, secret: {secretName: keys, defaultMode: 0400}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: comfyui, namespace: film, labels: null}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: comfyui}}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, labels: {app: film}}
data: {old: b2xk}
stringData: {new: new}
---
# Of a kind nobody here knows the scope of.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: cut}
";

#[test]
fn objects_are_complete_labelled_and_without_what_only_a_cluster_writes() {
    let prepared = prepared(FILM);
    let objects: Vec<String> = prepared.objects.iter().map(|object| object.value().to_string()).collect();
    let notes = prepared.notes.iter().map(|note| format!("note: {}: {}", note.about, note.text));
    insta::assert_snapshot!(objects.into_iter().chain(notes).collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_cannot_be_applied_is_said_all_at_once() {
    let twice = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    let files = [
        file("a.yaml", twice),
        file(
            "b.yaml",
            &format!("---\n{twice}\n---\n{{apiVersion: batch/v1, kind: Job, metadata: {{generateName: once-}}}}\n"),
        ),
        file("c.json", r#"{"apiVersion": "v1", "kind": "Pod"}"#),
    ];
    let findings = prepare("demo", &files, Vec::new()).expect_err("three things are wrong");
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_kustomization_is_no_object() {
    let text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    assert_eq!(prepared(text).objects, Vec::new());
}

#[test]
fn the_label_of_a_long_name_is_short_and_its_own() {
    let long = "c".repeat(100);
    let (one, other) = (selector(&format!("{long}1")), selector(&format!("{long}2")));
    assert_ne!(one, other);
    assert_eq!(one.split_once('=').map(|(_, value)| value.len()), Some(63));
    assert_eq!(selector("demo"), "berth.dev/workloads=demo");
}

#[test]
fn waves_as_a_table() {
    let kinds = [
        ("apps/v1", "Deployment"),
        ("argoproj.io/v1alpha1", "Workflow"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("batch/v1", "Job"),
        ("networking.k8s.io/v1", "Ingress"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("policy/v1", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        // Of the same word as a built-in kind.
        ("serving.knative.dev/v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "ResourceQuota"),
        ("v1", "Service"),
    ];
    let object = |(api_version, kind): &(&str, &str)| {
        Manifest::new(json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}))
    };
    let objects: Vec<Manifest> = kinds.iter().map(object).collect();
    let rows = waves(&objects).into_iter().map(|wave| {
        let kinds = wave.objects.iter().map(|object| {
            let reference = object.reference();
            assert_eq!(WaveKind::of(&reference), wave.kind);
            if is_custom(&reference) { format!("{} (custom)", reference.kind) } else { reference.kind }
        });
        format!("{}: {}", wave.kind.id(), kinds.collect::<Vec<_>>().join(", "))
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}
