//! Several clusters in one run.

use serde_json::{Value, json};

use crate::control::Control;
use crate::sandbox::{Sandbox, billed_or_there};
use crate::spec::{SMALL, SMALL_EKS};

/// Slow enough that no limit of a step is reached on a machine that has other things to do.
const SPEED: u32 = 100;
/// What the cloud is faster.
const HURRY: u32 = 500;

/// Files of three clusters, two on GKE and one on EKS.
const FILES: &str = "-f one.yaml -f two.yaml -f three.yaml --simulate";

fn start() -> (Sandbox, Control) {
    let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
    for (file, name, text) in
        [("one", "small-one", SMALL), ("two", "small-two", SMALL), ("three", "small-three", SMALL_EKS)]
    {
        sandbox.write(&format!("{file}.yaml"), &text.replace("name: small\n", &format!("name: {name}\n")));
    }
    (sandbox, control)
}

fn clusters(control: &Control) -> usize {
    let ledger = control.ledger();
    ledger["billedNow"].as_array().unwrap().iter().filter(|span| span["kind"] == "control-plane").count()
}

#[test]
fn clusters_of_both_clouds_are_made_and_taken_away_at_once() {
    let (sandbox, control) = start();
    let made = sandbox.berth(&format!("create {FILES} --yes")).exits(0).says("3 clusters made");
    for name in ["small-one", "small-two", "small-three"] {
        assert!(made.stdout.contains(&format!("Cluster {name}\n")), "{}", made.stdout);
        assert!(made.stderr.contains(&format!("[{name}] start ")), "{}", made.stderr);
    }
    assert_eq!(clusters(&control), 3);
    sandbox.berth(&format!("create {FILES} --yes")).exits(0).says("nothing to do").never_says("create cluster");
    sandbox.berth(&format!("destroy {FILES} --yes")).exits(0).says("3 clusters taken away");
    assert_eq!(control.leftovers(), json!([]));
    assert_eq!(control.ledger()["billedNow"], json!([]));
}

#[test]
fn a_cluster_among_others_is_looked_at_as_often_as_one_alone() {
    let (sandbox, control) = start();
    sandbox.berth("create -f one.yaml -f two.yaml --simulate --yes").exits(0);
    let calls = |line: &str| {
        let before = control.calls_since(0).len();
        sandbox.berth(line).exits(0).says("nothing to do");
        control.calls_since(before).len()
    };
    let alone = calls("create -f one.yaml --simulate --yes");
    assert_eq!(calls("create -f one.yaml -f two.yaml --simulate --yes"), 2 * alone);
    sandbox.berth("destroy -f one.yaml -f two.yaml --simulate --yes").exits(0);
}

#[test]
fn nothing_is_touched_when_one_of_them_cannot_be_made() {
    let (sandbox, control) = start();
    let refused = |line: &str, says: &str| {
        sandbox.berth(line).exits(1).says(says).says("nothing was touched");
        assert_eq!(clusters(&control), 0, "{line}");
    };
    sandbox.write("bad.yaml", "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: x}\nspec: {provider: gke}\n");
    refused(&format!("create -f bad.yaml {FILES} --yes"), "1 of 4 files cannot be used");
    refused(&format!("create -f two.yaml {FILES} --yes"), "two of the files describe cluster small-two");
    for metric in ["NVIDIA_T4_GPUS", "PREEMPTIBLE_NVIDIA_T4_GPUS"] {
        control.quota(metric, Some("us-central1"), 0.0);
    }
    refused(&format!("create {FILES} --yes"), "2 of 3 clusters cannot be made");
}

#[test]
fn the_others_are_made_when_one_fails_and_the_worst_end_is_told() {
    let (sandbox, control) = start();
    control.arm(&json!({"on": "CreateCluster", "matches": "small-two", "times": 99, "do": {"stockout": {}}}));
    let failed = sandbox.berth(&format!("create {FILES} --yes")).exits(5).says("1 of 3 clusters not made");
    assert!(failed.stderr.contains("small-two"), "{}", failed.stderr);
    sandbox.berth("verify -f one.yaml --simulate").exits(0);
    sandbox.berth("verify -f three.yaml --simulate").exits(0);
    sandbox.berth(&format!("destroy {FILES} --yes")).exits(0);
    assert_eq!(billed_or_there(&control.ledger()), Vec::<Value>::new());
}
