//! Probes: the pods they take shares with, and what is made of what those show.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use berth_core::manifests::probe::{IMAGE, Probe, probe, taken};
use berth_core::observed::ObservedNode;
use berth_core::verify::{Verdict, probed};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::build::dubbing;

fn node(pool: &str, number: u32, shares: u64) -> ObservedNode {
    ObservedNode {
        name: format!("{pool}-{number}"),
        labels: BTreeMap::from([("cloud.google.com/gke-nodepool".to_owned(), pool.to_owned())]),
        taints: Vec::new(),
        ready: true,
        ready_message: String::new(),
        extended_resources: BTreeMap::from([("nvidia.com/gpu".to_owned(), shares)]),
        created_at: None,
    }
}

/// Two V100 nodes of two shares each, one share of which a pod of somebody has.
fn of_dubbing() -> Probe {
    let nodes = [node("gpu-v100-pool", 0, 2), node("gpu-v100-pool", 1, 2)];
    let taken = BTreeMap::from([("gpu-v100-pool-1".to_owned(), 1)]);
    probe(&dubbing(), &nodes, &taken, IMAGE, "x")
}

/// The probe's pods as they run, each on the node of its number.
fn running(probe: &Probe) -> Vec<Value> {
    let pods = probe.pools.iter().flat_map(|pool| &pool.pods).map(|pod| pod.value().clone());
    pods.enumerate()
        .map(|(number, mut pod)| {
            pod["spec"]["nodeName"] = json!(format!("gpu-v100-pool-{}", number % 2));
            pod["status"] = json!({"phase": "Running"});
            pod
        })
        .collect()
}

fn said(probe: &Probe, pods: &[Value], printed: &[(&str, &str)]) -> String {
    let printed = printed.iter().map(|(pod, text)| ((*pod).to_owned(), (*text).to_owned())).collect();
    let mut text = String::new();
    for row in probed(probe, pods, &printed) {
        let (offered, taken, wanted, ran, nodes) = (row.offered, row.taken, row.wanted, row.ran, row.nodes);
        writeln!(
            text,
            "{}: {offered} offered, {taken} taken; {ran} of {wanted} on {nodes}: {:?}",
            row.pool, row.verdict
        )
        .expect("a string");
        for (model, pods) in &row.seen {
            writeln!(text, "  {pods} x {model}").expect("a string");
        }
        for cause in &row.causes {
            writeln!(text, "  {cause}").expect("a string");
        }
    }
    text
}

const V100: &str = "GPU 0: Tesla V100-SXM2-16GB (UUID: GPU-0f)\n";

#[test]
fn a_pod_of_a_probe() {
    let probe = of_dubbing();
    let pods: Vec<&str> = probe.pools[1].pods.iter().map(|pod| pod.kind()).collect();
    assert_eq!((pods.len(), probe.pools[0].pods.len()), (3, 0));
    let pod = serde_json::to_string_pretty(probe.pools[1].pods[2].value()).expect("JSON");
    assert_snapshot!(pod);
}

#[test]
fn shares_that_are_held_at_once_are_proved() {
    let probe = of_dubbing();
    let shown = said(&probe, &running(&probe), &[("gpu-v100-pool-0", V100), ("gpu-v100-pool-1", V100)]);
    assert_snapshot!(shown);
}

#[test]
fn what_does_not_run_or_sees_another_gpu_has_its_reason() {
    let probe = of_dubbing();
    let mut pods = running(&probe);
    let unscheduled = json!({"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available."});
    pods[2]["status"] = json!({"phase": "Pending", "conditions": [unscheduled]});
    let printed =
        [("gpu-v100-pool-0", "GPU 0: Tesla T4 (UUID: GPU-1)\n"), ("gpu-v100-pool-1", "sh: nvidia-smi: not found\n")];
    assert_snapshot!(said(&probe, &pods, &printed));
}

#[test]
fn nothing_is_passed_without_a_pod_that_runs() {
    let probe = of_dubbing();
    let verdicts: Vec<Verdict> = probed(&probe, &[], &BTreeMap::new()).iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Empty, Verdict::Failed]);
}

#[test]
fn shares_that_pods_hold() {
    let pod = |node: Option<&str>, phase: &str, main: &[u32], init: u32| {
        let container = |gpus: &u32| json!({"resources": {"limits": {"nvidia.com/gpu": gpus.to_string()}}});
        let containers: Vec<Value> = main.iter().map(container).collect();
        json!({"spec": {"nodeName": node, "containers": containers, "initContainers": [container(&init)]},
               "status": {"phase": phase}})
    };
    let pods = [
        pod(Some("a"), "Running", &[1, 1], 1),
        pod(Some("a"), "Pending", &[1], 3),
        pod(Some("b"), "Succeeded", &[4], 0),
        pod(None, "Pending", &[4], 0),
        pod(Some("c"), "Running", &[], 0),
    ];
    assert_eq!(taken(&pods), BTreeMap::from([("a".to_owned(), 5)]));
}
