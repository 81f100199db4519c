//! Clients that we did not write look at a cluster that berth made, and berth looks at one that they made.
//!
//! Each test is left out where its witness is missing, unless `BERTH_REQUIRE_WITNESSES=1`.

use std::process::Command;

use serde_json::Value;

use crate::control::Control;
use crate::sandbox::{Output, Sandbox};
use crate::spec::{SMALL, small};

/// gcloud polls every few real seconds, so a simulated minute may well pass between two looks.
const SPEED: u32 = 600;
const PLACE: &str = "--zone us-central1-a";

/// Whether all of these programs are here; fails where they have to be.
pub(crate) fn present(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| {
            let argument = if **program == "kubectl" { "version" } else { "--version" };
            let flag = if **program == "kubectl" { "--client" } else { "--quiet" };
            Command::new(program).args([argument, flag]).output().is_err()
        })
        .collect();
    let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
    assert!(!required || missing.is_empty(), "missing witnesses: {missing:?}");
    missing.is_empty()
}

/// A box with a served simulator and the settings that `berth sim env` prints.
fn served() -> (Sandbox, Control) {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let settings = sandbox.berth("sim env --output json").exits(0).json();
    let exports = sandbox.berth("sim env").exits(0);
    for (name, value) in settings.as_object().unwrap() {
        let value = value.as_str().unwrap();
        assert!(exports.stdout.contains(&format!("export {name}='")), "{}", exports.text());
        sandbox.set(name, value);
    }
    let cloudsdk = sandbox.path("cloudsdk");
    sandbox.set("CLOUDSDK_CONFIG", cloudsdk.to_str().unwrap());
    sandbox.set("CLOUDSDK_CORE_DISABLE_PROMPTS", "1");
    sandbox.set("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "1");
    (sandbox, control)
}

fn gcloud(sandbox: &Sandbox, line: &str) -> Output {
    sandbox.other("gcloud", &format!("container {line}")).exits(0)
}

fn gcloud_json(sandbox: &Sandbox, line: &str) -> Value {
    gcloud(sandbox, &format!("{line} --format json")).json()
}

#[test]
fn gcloud_sees_what_berth_made_and_can_delete_it() {
    if !present(&["gcloud"]) {
        return;
    }
    let (sandbox, _control) = served();
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);

    let output = gcloud(&sandbox, "clusters list").says("small").says("us-central1-a").says("RUNNING");
    assert_eq!(output.stdout.lines().count(), 2, "{}", output.text());
    let cluster = gcloud_json(&sandbox, &format!("clusters describe small {PLACE}"));
    assert_eq!(cluster["status"], "RUNNING");
    assert_eq!(cluster["currentNodeCount"], 2);
    assert!(cluster["resourceLabels"].to_string().contains("berth"), "{cluster}");

    let pools = gcloud_json(&sandbox, &format!("node-pools list --cluster small {PLACE}"));
    let names: Vec<_> = pools.as_array().unwrap().iter().map(|pool| pool["name"].as_str().unwrap()).collect();
    assert!(names.len() == 2 && names.contains(&"cpu-pool") && names.contains(&"t4-pool"), "{names:?}");
    let pool = gcloud_json(&sandbox, &format!("node-pools describe t4-pool --cluster small {PLACE}"));
    let accelerator = &pool["config"]["accelerators"][0];
    assert_eq!(accelerator["acceleratorType"], "nvidia-tesla-t4");
    assert_eq!(accelerator["gpuSharingConfig"]["maxSharedClientsPerGpu"], "4");
    assert_eq!(pool["config"]["spot"], true);

    gcloud(&sandbox, "operations list").says("CREATE_CLUSTER").says("DONE");
    gcloud(&sandbox, &format!("clusters delete small {PLACE} --quiet"));
    sandbox.berth("status small --simulate").exits(1);
    let output = sandbox.berth("list --simulate").exits(0);
    assert!(!output.stdout.contains("small"), "{}", output.text());
}

#[test]
fn a_cluster_that_gcloud_made_is_not_berths_until_told() {
    if !present(&["gcloud"]) {
        return;
    }
    let (sandbox, control) = served();
    gcloud(&sandbox, &format!("clusters create theirs {PLACE} --num-nodes 1 --machine-type e2-standard-4"));
    let pool = format!(
        "node-pools create gpus --cluster theirs {PLACE} --num-nodes 1 --machine-type n1-standard-4 \
         --accelerator type=nvidia-tesla-t4,count=1,gpu-driver-version=default --spot"
    );
    gcloud(&sandbox, &pool);

    sandbox.berth("list --simulate").exits(0).never_says("theirs");
    sandbox.berth("list --all --simulate").exits(0).says("theirs");
    sandbox.berth("destroy theirs --location us-central1-a --simulate --yes").exits(1).says("--adopt");
    sandbox.write("theirs.yaml", &SMALL.replace("name: small", "name: theirs"));
    sandbox.berth("create -f theirs.yaml --simulate --yes").exits(1).says("--adopt");
    assert_eq!(control.ledger()["counts"]["CreateNodePool"], 1, "only gcloud's own");
    assert_eq!(control.ledger()["counts"].get("DeleteCluster"), None);
    sandbox.berth("destroy theirs --location us-central1-a --simulate --yes --adopt").exits(0);
    gcloud(&sandbox, "clusters list").never_says("theirs");
}

#[test]
fn gcloud_makes_and_deletes_a_cluster_of_its_own() {
    if !present(&["gcloud"]) {
        return;
    }
    let (sandbox, _control) = served();
    gcloud(&sandbox, &format!("clusters create theirs {PLACE} --num-nodes 1")).says("RUNNING");
    gcloud(&sandbox, &format!("clusters delete theirs {PLACE} --quiet"));
}

#[test]
fn kubectl_reads_the_nodes_through_berths_own_kubeconfig() {
    if !present(&["kubectl"]) {
        return;
    }
    let (mut sandbox, _control) = served();
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let by_env = sandbox.other("kubectl", "get nodes -o name").exits(0);
    assert_eq!(by_env.stdout.lines().count(), 2, "what `sim env` points kubectl at: {}", by_env.text());

    let written = std::fs::read_dir(sandbox.path("state/kubeconfig")).unwrap().next().unwrap().unwrap().path();
    sandbox.set("KUBECONFIG", written.to_str().unwrap());
    let kubectl = |line: &str| sandbox.other("kubectl", line).exits(0);

    let wide = kubectl("get nodes -o wide").says("Ready").says("INTERNAL-IP").says("Container-Optimized OS");
    assert_eq!(wide.stdout.lines().count(), 3, "{}", wide.text());
    let labelled = kubectl("get nodes -L cloud.google.com/gke-accelerator").says("nvidia-tesla-t4");
    assert_eq!(labelled.stdout.matches("nvidia-tesla-t4").count(), 1, "{}", labelled.text());

    let selected = kubectl("get nodes -l cloud.google.com/gke-accelerator=nvidia-tesla-t4 -o name");
    let node = selected.stdout.trim();
    assert!(node.starts_with("node/gke-small-t4-pool-"), "{}", selected.text());
    let described = kubectl(&format!("describe {node}"))
        .says("nvidia.com/gpu=present:NoSchedule")
        .says("cloud.google.com/gke-spot=true");
    let allocatable = described.stdout.split("Allocatable:").nth(1).unwrap();
    let gpus = allocatable.lines().find(|line| line.contains("nvidia.com/gpu")).unwrap();
    assert_eq!(gpus.split_whitespace().last(), Some("4"), "one GPU in four shares: {}", described.text());

    sandbox.berth("destroy small --simulate --yes").exits(0);
}

#[test]
fn kubectl_reads_the_nodes_through_gclouds_kubeconfig() {
    if !present(&["gcloud", "kubectl"]) {
        return;
    }
    let (mut sandbox, _control) = served();
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let own = sandbox.path("gcloud-kube.yaml");
    sandbox.set("KUBECONFIG", own.to_str().unwrap());
    gcloud(&sandbox, &format!("clusters get-credentials small {PLACE}"));
    let nodes = sandbox.other("kubectl", "get nodes -o name").exits(0);
    assert_eq!(nodes.stdout.lines().count(), 2, "{}", nodes.text());
    sandbox.berth("destroy small --simulate --yes").exits(0);
}
