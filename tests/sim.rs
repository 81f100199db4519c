//! `berth sim`: the world is kept between commands, faults are armed by hand, and the ledger is readable.

use crate::sandbox::Sandbox;
use crate::spec::small;

const SPEED: u32 = 600;

#[test]
fn a_world_is_kept_between_commands_until_it_is_reset() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.berth("list --simulate").exits(0).says("small");
    sandbox.berth("sim ledger").exits(0).says("CreateCluster").says("t4-pool");
    sandbox.berth("sim reset").exits(0);
    sandbox.berth("list --simulate").exits(0).never_says("small");
    sandbox.assert_nothing_billed();
}

#[test]
fn faults_are_armed_listed_and_cleared_by_hand() {
    let (sandbox, _control) = Sandbox::serving(SPEED);
    let rule =
        r#"{"on":"ListClusters","times":99,"do":{"answer":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}}"#;
    sandbox.berth(&format!("sim fault add {rule}")).exits(0);
    sandbox.berth("list --simulate").exits(1);
    let report = sandbox.berth("sim fault list --output json").exits(0).json();
    assert!(report["faults"][0]["fired"].as_u64().unwrap() >= 1, "{report}");
    sandbox.berth("sim fault clear").exits(0);
    sandbox.berth("list --simulate").exits(0);
    sandbox.berth(r#"sim fault add {"on":"*","do":"explode"}"#).exits(1).says("explode");
}

#[test]
fn simulated_time_can_be_pushed() {
    let (sandbox, _control) = Sandbox::serving(1);
    let before = sandbox.berth("sim advance 1s --output json").exits(0).json();
    let after = sandbox.berth("sim advance 2h --output json").exits(0).json();
    let hour = |value: &serde_json::Value| value["now"].as_str().unwrap()[11..13].parse::<i32>().unwrap();
    let passed = (hour(&after) - hour(&before)).rem_euclid(24);
    assert!((2..=3).contains(&passed), "{before} {after}");
}

#[test]
fn env_without_a_served_simulator_says_how_to_serve_one() {
    let sandbox = Sandbox::new(SPEED);
    sandbox.berth("sim env").exits(1).says("berth sim serve");
}

#[test]
fn a_speed_that_is_no_number_is_refused() {
    let mut sandbox = Sandbox::new(SPEED);
    sandbox.set("BERTH_SIM_SPEED", "fast");
    sandbox.berth("list --simulate").exits(1).says("BERTH_SIM_SPEED");
    // The sandbox asks for the ledger when it goes.
    sandbox.set("BERTH_SIM_SPEED", "1");
}
