//! What goes wrong in clouds, and what berth makes of it.

use serde_json::{Value, json};

use crate::control::Control;
use crate::redact::assert_output;
use crate::sandbox::Sandbox;
use crate::spec::{SMALL, small};

const SPEED: u32 = 600;
const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy small --simulate --yes";

fn start() -> (Sandbox, Control) {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    (sandbox, control)
}

/// Kinds and pools of what is billed now.
fn billed(control: &Control) -> Vec<String> {
    let ledger = control.ledger();
    let spans = ledger["billedNow"].as_array().unwrap().iter();
    spans.map(|span| format!("{} {}", span["kind"].as_str().unwrap(), span["pool"].as_str().unwrap())).collect()
}

/// Clusters that were ever made.
fn clusters_made(control: &Control) -> usize {
    let ledger = control.ledger();
    ledger["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "control-plane").count()
}

fn count(control: &Control, method: &str) -> u64 {
    control.ledger()["counts"][method].as_u64().unwrap_or(0)
}

#[test]
fn a_stockout_of_a_gpu_pool_keeps_the_others_and_names_what_runs() {
    let (sandbox, control) = start();
    control.arm(&json!({"on": "CreateNodePool", "matches": "t4-pool", "times": 99, "do": {"stockout": {}}}));
    let output = sandbox
        .berth(CREATE)
        .exits(5)
        .says("t4-pool")
        .says("running and billed")
        .says("berth destroy -f small.yaml --simulate");
    assert_output!("stockout", output);
    let billed = billed(&control);
    assert!(billed.contains(&"node cpu-pool".to_owned()), "{billed:?}");
    assert!(!billed.contains(&"node t4-pool".to_owned()), "{billed:?}");
    sandbox.berth("verify -f small.yaml --simulate").exits(3).says("t4-pool");

    control.clear_faults();
    sandbox.berth(CREATE).exits(0);
    sandbox.berth("verify -f small.yaml --simulate").exits(0);
    assert_eq!(clusters_made(&control), 1);
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn a_stockout_after_some_nodes_leaves_none_unnamed() {
    let (sandbox, control) = start();
    sandbox.write("small.yaml", &SMALL.replace("nodes: {min: 1, max: 2}", "nodes: {min: 2, max: 2}"));
    control
        .arm(&json!({"on": "CreateNodePool", "matches": "t4-pool", "times": 99, "do": {"stockout": {"created": 1}}}));
    sandbox.berth(CREATE).exits(5).says("t4-pool");
    control.clear_faults();
    sandbox.berth(CREATE).exits(0);
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn missing_quota_is_refused_before_anything_is_touched() {
    let (sandbox, control) = start();
    let region = "us-central1";
    for metric in ["NVIDIA_T4_GPUS", "PREEMPTIBLE_NVIDIA_T4_GPUS"] {
        control.quota(metric, Some(region), 0.0);
    }
    let output = sandbox.berth(CREATE).exits(1).says("NVIDIA_T4_GPUS").says("short by 1");
    assert_output!("quota_preflight", output);
    assert_eq!(count(&control, "CreateCluster"), 0);

    let refused = sandbox.berth("create -f small.yaml --simulate --yes --skip-preflight");
    assert!([4, 5].contains(&refused.code), "{}", refused.text());
    let refused = refused.says("QUOTA");
    assert_eq!(refused.code == 5, !billed(&control).is_empty(), "{}", refused.text());
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn bursts_of_429_and_503_are_waited_out() {
    for code in [429, 503] {
        let (sandbox, control) = start();
        let id = control.arm(&json!({"on": "*", "nth": 3, "do": {"throttle": {"seconds": 20, "code": code}}}));
        sandbox.berth(CREATE).exits(0);
        assert!(control.fault(id)["fired"].as_u64().unwrap() >= 1);
        let id = control.arm(&json!({"on": "GetOperation", "do": {"throttle": {"seconds": 20, "code": code}}}));
        sandbox.berth(DESTROY).exits(0);
        assert!(control.fault(id)["fired"].as_u64().unwrap() >= 1);
    }
}

#[test]
fn a_burst_at_the_call_that_creates_makes_one_cluster() {
    for code in [429, 503] {
        let (sandbox, control) = start();
        control.arm(&json!({"on": "CreateCluster", "do": {"throttle": {"seconds": 20, "code": code}}}));
        sandbox.berth(CREATE).exits(0);
        assert_eq!(clusters_made(&control), 1);
        sandbox.berth(DESTROY).exits(0);
    }
}

#[test]
fn a_connection_dropped_after_the_effect_makes_one_cluster() {
    let (sandbox, control) = start();
    for (line, method) in [(CREATE, "CreateCluster"), (DESTROY, "DeleteCluster")] {
        for effect in ["drop-after", "drop-before"] {
            let id = control.arm(&json!({"on": method, "do": effect}));
            sandbox.berth(line).exits(0);
            assert_eq!(control.fault(id)["fired"], 1, "{method} {effect}");
            control.clear_faults();
            let undo = if line == CREATE { DESTROY } else { CREATE };
            sandbox.berth(undo).exits(0);
        }
        if line == CREATE {
            assert_eq!(clusters_made(&control), 2, "one for each round");
            sandbox.berth(CREATE).exits(0);
        }
    }
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn an_operation_that_never_ends_is_given_up_and_named() {
    let (sandbox, control) = start();
    control.arm(&json!({"on": "CreateCluster", "do": "stuck"}));
    let output = sandbox.berth(CREATE).exits(5).says("small").says("billed");
    assert_output!("stuck", output);
    control.clear_faults();
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn an_operation_that_ends_done_with_an_error_is_a_failure() {
    let (sandbox, control) = start();
    let effect = json!({"operation-error": {"code": 13, "message": "an internal error has occurred"}});
    control.arm(&json!({"on": "CreateCluster", "do": effect}));
    let output = sandbox.berth(CREATE);
    assert!([4, 5].contains(&output.code), "{}", output.text());
    let output = output.says("an internal error has occurred");
    assert_eq!(output.code == 5, !billed(&control).is_empty(), "{}", output.text());
    control.clear_faults();
    // No pool of it has ever worked, so nobody's pods go down when it is made anew, and nobody is asked.
    sandbox.berth(CREATE).exits(0);
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn tokens_that_expire_in_the_middle_are_replaced() {
    let (sandbox, control) = start();
    for nth in [2, 6, 10, 14] {
        let id = control.arm(&json!({"on": "*", "nth": nth, "do": "expire-tokens"}));
        sandbox.berth(CREATE).exits(0);
        assert_eq!(control.fault(id)["fired"], 1);
        let id = control.arm(&json!({"on": "*", "nth": nth, "do": "expire-tokens"}));
        sandbox.berth(DESTROY).exits(0);
        let fired: &Value = &control.fault(id)["fired"];
        assert!(fired == 1 || nth > 6, "{fired}");
        control.clear_faults();
    }
}

#[test]
fn a_denied_call_is_refused_with_what_prints_a_role_that_suffices() {
    let (sandbox, control) = start();
    let answer = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED",
                                   "message": "Required \"container.clusters.create\" permission(s) for \"projects/berth-sim\"."}});
    control.arm(&json!({"on": "CreateCluster", "times": 99, "do": answer}));
    let output = sandbox.berth(CREATE).exits(4).says("container.clusters.create").says("berth iam");
    assert_output!("denied", output);
}

#[test]
fn a_zone_that_does_not_answer_is_said_by_list() {
    let (sandbox, control) = start();
    sandbox.berth(CREATE).exits(0);
    control.arm(&json!({"on": "ListClusters", "times": 99, "do": {"missing-zone": {"zone": "us-central1-a"}}}));
    let output = sandbox.berth("list --simulate").exits(0).says("us-central1-a");
    assert_output!("missing_zone_list", output);
    sandbox.berth(DESTROY).exits(1).says("us-central1-a");
    // Its own zone is among those that do not answer, so naming it does not help.
    sandbox.berth("destroy small --location us-central1-a --simulate --yes").exits(1).says("us-central1-a");
    control.clear_faults();
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn a_spot_node_that_was_taken_away_is_missed_until_it_is_back() {
    let (sandbox, control) = Sandbox::serving(200);
    small(&sandbox);
    sandbox.berth(CREATE).exits(0);
    control.arm_now(&json!({"preempt": {"pool": "t4-pool", "count": 1}}));
    sandbox.berth("verify -f small.yaml --simulate").exits(3).says("t4-pool");
    sandbox.berth("verify -f small.yaml --simulate --timeout 30m").exits(0);
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn a_dead_simulator_is_said_and_not_taken_for_an_empty_cloud() {
    let (sandbox, control) = start();
    sandbox.berth(CREATE).exits(0);
    control.arm(&json!({"on": "*", "times": 9999, "do": "drop-before"}));
    let output = sandbox.berth("list --simulate");
    assert_ne!(output.code, 0, "{}", output.text());
    let output = sandbox.berth(DESTROY);
    assert_ne!(output.code, 0, "{}", output.text());
    let output = output.never_says("nothing is left");
    assert_eq!(output.code, 1, "{}", output.text());
    control.clear_faults();
    sandbox.berth(DESTROY).exits(0);
}
