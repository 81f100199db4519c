//! What a verification says of the things that are to run in a cluster.

use std::fmt::Write as _;

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::manifests::quotas;
use berth_core::observed::Rollout;
use berth_core::spec::{ClusterSpec, check_quotas};
use berth_core::verify::{Evidence, Running, Verdict, brought_up, verify};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::build::{dubbing, made};

const QUOTAS: &str = "
apiVersion: berth/v1
kind: ServiceQuotas
spec:
  services:
    stt: {cpu: 64, memory: 256Gi, gpus: 4}
    tts: {cpu: 1500m, memory: 8Gi}
";

fn with_quotas() -> ClusterSpec {
    let quotas = check_quotas("quotas.yaml", QUOTAS).expect("good quotas");
    ClusterSpec { quotas: Some(quotas), pools: Vec::new(), ..dubbing() }
}

/// The services' quotas as their controller leaves them.
fn in_force(spec: &ClusterSpec) -> Vec<Value> {
    let objects = quotas::render(spec).expect("the file has quotas").objects;
    let quotas = objects.into_iter().filter(|object| object["kind"] == "ResourceQuota");
    quotas
        .map(|mut quota| {
            quota["status"] =
                json!({"hard": quota["spec"]["hard"], "used": {"requests.nvidia.com/gpu": "3", "requests.cpu": "12"}});
            quota
        })
        .collect()
}

fn reference(kind: &str, name: &str) -> KubeObjectRef {
    let (api_version, namespace) = ("apps/v1".to_owned(), Some("ai".to_owned()));
    KubeObjectRef { api_version, kind: kind.to_owned(), namespace, name: name.to_owned() }
}

fn said(spec: &ClusterSpec, running: &Running) -> String {
    let cluster = made(&dubbing());
    let report = verify(spec, &Evidence { cluster: &cluster, nodes: &[], running: Some(running) });
    let mut text = format!("{:?}, kept: {}, settled: {}\n", report.verdict, report.is_kept(), report.is_settled());
    for row in &report.workloads {
        writeln!(text, "{}: {:?}", row.object, row.verdict).expect("a string");
    }
    for row in &report.services {
        let gpus = format!("{} of {} GPUs", row.gpus_taken, row.gpus);
        let cpu = format!("{} of {} cores", row.cpu_taken, row.cpu);
        let memory = format!("{} of {}", row.memory_taken, row.memory);
        writeln!(text, "{} in {}: {gpus}, {cpu}, {memory}: {:?}", row.service, row.namespace, row.verdict)
            .expect("a string");
    }
    for found in &report.shortfalls {
        writeln!(text, "{:?} {}: {}", found.verdict, found.check, found.cause).expect("a string");
    }
    text
}

#[test]
fn what_runs_and_what_services_take_is_told() {
    let spec = with_quotas();
    let rollouts = vec![(reference("Deployment", "stt"), Rollout::Complete)];
    assert_snapshot!(said(&spec, &Running { rollouts, quotas: in_force(&spec) }), @r"
    Empty, kept: true, settled: true
    Deployment ai/stt: Passed
    stt in stt: 3 of 4 GPUs, 12 of 64 cores, 0 of 256Gi: Passed
    tts in tts: 3 of 0 GPUs, 12 of 1500m cores, 0 of 8Gi: Passed
    ");
}

#[test]
fn what_does_not_run_is_said_with_its_reason() {
    let spec = with_quotas();
    let mut quotas = in_force(&spec);
    quotas.retain(|quota| quota["metadata"]["name"] == "stt");
    quotas[0]["status"] = json!({});
    let rollouts = vec![
        (reference("Deployment", "stt"), Rollout::Going("1 of 2 ready; stt-1: exceeded quota".to_owned())),
        (reference("Job", "seed"), Rollout::Failed("BackoffLimitExceeded".to_owned())),
    ];
    assert_snapshot!(said(&spec, &Running { rollouts, quotas }), @r"
    Failed, kept: false, settled: false
    Deployment ai/stt: Waiting
    Job ai/seed: Failed
    stt in stt: 0 of 4 GPUs, 0 of 64 cores, 0 of 256Gi: Waiting
    tts in tts: 0 of 0 GPUs, 0 of 1500m cores, 0 of 8Gi: Failed
    Waiting running: Deployment ai/stt: 1 of 2 ready; stt-1: exceeded quota
    Failed running: Job ai/seed: BackoffLimitExceeded
    Waiting quota: service stt: its quota limits nothing yet: the controller has not seen it
    Failed quota: service tts: its quota is not there
    ");
}

#[test]
fn nothing_is_said_of_what_was_not_looked_at() {
    let spec = with_quotas();
    let report = verify(&spec, &Evidence { cluster: &made(&dubbing()), nodes: &[], running: None });
    assert_eq!((report.verdict, report.services.len(), report.workloads.len()), (Verdict::Empty, 0, 0));
}

#[test]
fn only_what_makes_pods_is_waited_for() {
    let manifest = |kind: &str, api: &str| {
        Manifest::new(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "ai"}}))
    };
    let workloads = [manifest("ConfigMap", "v1"), manifest("Deployment", "apps/v1"), manifest("Job", "batch/v1")];
    let names: Vec<String> = brought_up(&dubbing(), &workloads).iter().map(|object| object.kind.clone()).collect();
    assert_eq!(names, ["Deployment", "Job"]);
}
