//! The same road on EKS, and what goes wrong there.

use serde_json::{Value, json};

use crate::control::Control;
use crate::sandbox::Sandbox;
use crate::spec::{SMALL_EKS, small_eks};

/// Slow enough that no limit of a step is reached on a machine that has other things to do.
const SPEED: u32 = 100;
/// What the cloud is faster.
const HURRY: u32 = 500;
const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy -f small.yaml --simulate --yes";

fn start() -> (Sandbox, Control) {
    let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
    small_eks(&sandbox);
    (sandbox, control)
}

/// Takes the cluster away and asserts that AWS has nothing of it any more, billed or not.
fn end(sandbox: &Sandbox, control: &Control) {
    sandbox.berth(DESTROY).exits(0).says("0 left");
    assert_nothing_left(control);
}

fn assert_nothing_left(control: &Control) {
    assert_eq!(control.leftovers(), json!([]), "something of it is left on AWS");
    assert_eq!(control.ledger()["billedNow"], json!([]));
}

fn count(control: &Control, method: &str) -> u64 {
    control.ledger()["counts"][method].as_u64().unwrap_or(0)
}

#[test]
fn one_file_makes_the_cluster_on_either_cloud() {
    for provider in ["gke", "eks"] {
        let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
        let file = format!("-f clusters/ai-dubbing.yaml --provider {provider} --simulate");
        sandbox.berth(&format!("create {file} --yes")).exits(0).says("passed");
        sandbox.berth(&format!("create {file} --yes")).exits(0).says("nothing to do");
        sandbox.berth(&format!("verify {file}")).exits(0);
        sandbox.berth(&format!("destroy {file} --yes")).exits(0).says("0 left");
        assert_nothing_left(&control);
    }
}

#[test]
fn eight_gpus_in_four_shares_make_thirty_two_on_a_node() {
    thirty_two_on_a_node("");
}

#[test]
fn bottlerocket_shares_gpus_by_its_own_plugin() {
    thirty_two_on_a_node("      eks: {amiFamily: bottlerocket}\n");
}

/// Makes the dubbing cluster with one node of eight A100s, its pool with these lines more.
fn thirty_two_on_a_node(more: &str) {
    let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
    let file = sandbox.read("clusters/ai-dubbing-eks.yaml");
    let file = file.replace("nodes: {min: 0, max: 2}", "nodes: {min: 1, max: 2}");
    let file = file.replace("- name: gpu-a100-pool\n", &format!("- name: gpu-a100-pool\n{more}"));
    sandbox.write("small.yaml", &file.replace("../", ""));
    let report = sandbox.berth(&format!("{CREATE} --output json")).exits(0);
    let report: Value = serde_json::from_str(report.stdout.lines().last().unwrap()).unwrap();
    let pools = report["verification"]["pools"].as_array().unwrap();
    let a100 = pools.iter().find(|pool| pool["pool"] == "gpu-a100-pool").unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&a100["gpus"]["expected"], &a100["gpus"]["allocatable"]), (&json!(32), &json!(32)), "{a100}");
    end(&sandbox, &control);
}

#[test]
fn a_cluster_is_found_by_its_name_alone_on_the_cloud_that_has_it() {
    let (sandbox, control) = start();
    sandbox.berth(CREATE).exits(0);
    sandbox.berth("list --simulate").exits(0).says("eks").says("small");
    let status = sandbox.berth("status small --simulate --output json").exits(0).json();
    assert_eq!(status["provider"], "eks", "{status}");
    let credential =
        sandbox.berth("token --provider eks --location us-east-1 --cluster small --simulate").exits(0).json();
    assert!(credential["status"]["token"].as_str().unwrap().starts_with("k8s-aws-v1."), "a token of EKS");
    assert!(credential["status"]["expirationTimestamp"].is_string(), "kubectl must know when to ask again");
    sandbox.berth("destroy small --simulate --yes").exits(0).says("0 left").says("VPCs");
    assert_nothing_left(&control);
    sandbox.berth("destroy small --simulate --yes").exits(0).says("is not there");
}

#[test]
fn a_strangers_cluster_is_left_alone() {
    let (sandbox, control) = start();
    sandbox.berth(CREATE).exits(0);
    sandbox.write("other.yaml", &SMALL_EKS.replace("name: small", "name: other"));
    sandbox.berth("destroy -f other.yaml --simulate --yes").exits(0);
    sandbox.berth("verify -f small.yaml --simulate").exits(0);
    end(&sandbox, &control);
}

#[test]
fn a_change_of_sharing_rolls_the_device_plugin_and_the_count_follows() {
    let (sandbox, control) = start();
    sandbox.berth(CREATE).exits(0);
    sandbox.write("small.yaml", &SMALL_EKS.replace("shares: 4", "shares: 8"));
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(6).says("device plugin");
    sandbox.berth(CREATE).exits(0);
    sandbox.berth("verify -f small.yaml --simulate").exits(0).says("8");
    end(&sandbox, &control);
}

#[test]
fn a_stockout_fails_early_in_ec2s_own_words_and_names_what_runs() {
    let (sandbox, control) = start();
    control.arm_now(&json!({"no-capacity": {"instanceType": "g4dn.xlarge"}}));
    sandbox
        .berth(CREATE)
        .exits(5)
        .says("t4-pool")
        .says("UnfulfillableCapacity")
        .says("running and billed")
        .says("berth destroy -f small.yaml --simulate");
    control.arm_now(&json!("capacity-back"));
    sandbox.berth(CREATE).exits(0);
    sandbox.berth("verify -f small.yaml --simulate").exits(0);
    end(&sandbox, &control);
}

#[test]
fn a_stockout_in_one_zone_is_no_stockout() {
    let (sandbox, control) = start();
    control.arm_now(&json!({"no-capacity": {"instanceType": "g4dn.xlarge", "zone": "us-east-1a"}}));
    sandbox.berth(CREATE).exits(0);
    end(&sandbox, &control);
}

#[test]
fn spot_that_cannot_be_had_falls_back_to_on_demand_and_says_so() {
    let (sandbox, control) = start();
    sandbox.write("small.yaml", &SMALL_EKS.replace("capacity: spot", "capacity: spot-then-on-demand"));
    control.arm_now(&json!({"no-capacity": {"instanceType": "g4dn.xlarge", "spot": true}}));
    let fallback = "falls back to on-demand for 1 of 1 nodes, because ";
    let parts = "meanwhile 1 of its at most 2 nodes may be spot and 1 on-demand";
    sandbox.berth(CREATE).exits(0).says(fallback).says(parts);
    sandbox.berth("verify -f small.yaml --simulate").exits(0);
    // Later runs leave both groups as they are, until spot holds a node again.
    control.advance(1800);
    sandbox.berth(CREATE).exits(0).says("nothing to do");
    end(&sandbox, &control);
}

#[test]
fn a_limit_on_spot_machines_is_told_as_a_limit() {
    let (sandbox, control) = start();
    control.arm_now(
        &json!({"no-capacity": {"instanceType": "g4dn.xlarge", "spot": true, "code": "MaxSpotInstanceCountExceeded"}}),
    );
    sandbox.berth(CREATE).exits(5).says("MaxSpotInstanceCountExceeded").says("ask for more quota");
    end(&sandbox, &control);
}

#[test]
fn missing_quota_is_refused_before_anything_is_touched() {
    let (sandbox, control) = start();
    for code in ["L-3819A6DF", "L-DB2E81BA"] {
        control.quota(code, None, 0.0);
    }
    sandbox.berth(CREATE).exits(1).says("vCPU").says("nothing was created");
    assert_eq!(count(&control, "ec2:CreateVpc"), 0);
    assert_nothing_left(&control);
}

#[test]
fn a_type_that_is_not_sold_is_refused_before_anything_is_touched() {
    let (sandbox, control) = start();
    let v100 = SMALL_EKS.replace("g4dn.xlarge", "p3.2xlarge").replace("type: t4", "type: v100");
    sandbox.write("small.yaml", &v100);
    sandbox.berth(CREATE).exits(1).says("p3.2xlarge");
    assert_nothing_left(&control);
}

#[test]
fn throttling_on_every_api_is_waited_out() {
    for family in ["eks", "ec2", "iam", "sts", "autoscaling", "elb", "elbv2", "logs", "service-quotas"] {
        let (sandbox, control) = start();
        let id = control.arm(&json!({"on": family, "do": {"throttle": {"seconds": 20, "code": 429}}}));
        sandbox.berth(CREATE).exits(0);
        let fired = control.fault(id)["fired"].as_u64().unwrap();
        assert!(fired >= 1, "{family} was not throttled");
        let id = control.arm(&json!({"on": family, "do": {"throttle": {"seconds": 20, "code": 503}}}));
        end(&sandbox, &control);
        let fired = control.fault(id)["fired"].as_u64().unwrap();
        assert!(fired >= 1 || family == "service-quotas", "{family} was not throttled");
    }
}

#[test]
fn nodes_that_never_join_fail_the_group_and_the_next_run_makes_it_anew() {
    let (sandbox, control) = start();
    let issue =
        json!({"issue": {"code": "NodeCreationFailure", "message": "Instances failed to join the kubernetes cluster"}});
    control.arm(&json!({"on": "eks:CreateNodegroup", "matches": "t4-pool", "times": 1, "do": issue}));
    sandbox.berth(CREATE).exits(5).says("failed to join");
    control.clear_faults();
    sandbox.berth(CREATE).exits(0);
    end(&sandbox, &control);
}

#[test]
fn what_the_control_plane_wrote_last_is_taken_away_when_it_arrives() {
    // The cloud is not hurried here, so that the lines come after the log group was deleted.
    let (sandbox, control) = Sandbox::serving(SPEED);
    let logging = "region: us-east-1\n  eks: {logging: [api, audit]}";
    sandbox.write("small.yaml", &SMALL_EKS.replace("region: us-east-1", logging));
    sandbox.berth(CREATE).exits(0);
    control.arm(&json!({"on": "eks:DeleteCluster", "do": {"late-logs": {"seconds": 35}}}));
    end(&sandbox, &control);
}

#[test]
fn what_the_network_plugin_and_workloads_leave_is_taken_away() {
    if !crate::witnesses::present(&["kubectl"]) {
        return;
    }
    let (sandbox, control) = start();
    let driver = "region: us-east-1\n  eks: {addons: [vpc-cni, coredns, kube-proxy, aws-ebs-csi-driver]}";
    sandbox.write("small.yaml", &SMALL_EKS.replace("region: us-east-1", driver));
    sandbox.berth(CREATE).exits(0);
    control.arm(&json!({"on": "eks:DeleteNodegroup", "times": 9, "do": {"leave-interfaces": {"count": 2}}}));
    make_workloads(&sandbox, &control);
    end(&sandbox, &control);
}

/// Whether something was made for an object inside the cluster, not for a machine of it.
fn of_a_workload(one: &Value) -> bool {
    ["kubernetes.io/service-name", "kubernetes.io/created-for/pvc/name"].iter().any(|key| !one["tags"][key].is_null())
}

/// A Service with a load balancer and a claim with a volume, by kubectl, as a user would make them.
fn make_workloads(sandbox: &Sandbox, control: &Control) {
    let kubeconfig = sandbox.berth("kubeconfig small --simulate").exits(0).stdout.trim().replace("[BOX]/", "");
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
         "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "models", "namespace": "default"},
         "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
                  "resources": {"requests": {"storage": "10Gi"}}}},
    ]});
    sandbox.write("objects.json", &objects.to_string());
    let apply = format!("--kubeconfig {kubeconfig} apply --validate=false -f objects.json");
    sandbox.other("kubectl", &apply).exits(0);
    for kind in ["load-balancer", "volume"] {
        crate::control::eventually(kind, || {
            let there = control.leftovers();
            there.as_array().unwrap().iter().filter(|one| one["kind"] == kind).any(of_a_workload)
        });
    }
}
