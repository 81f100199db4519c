//! The cloud is the truth: another laptop, the other road to the same endpoints, and two people at once.

use crate::control::Control;
use crate::sandbox::Sandbox;
use crate::spec::{SMALL, small};

const SPEED: u32 = 600;

/// A served simulator, and the settings of `berth sim env` for everything that runs in the box: berth then needs no
/// `--simulate`, and takes the simulator for the real cloud.
fn pointed_at_the_simulator() -> (Sandbox, Control) {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let settings = sandbox.berth("sim env --output json").exits(0).json();
    for (name, value) in settings.as_object().unwrap() {
        sandbox.set(name, value.as_str().unwrap());
    }
    (sandbox, control)
}

#[test]
fn another_laptop_destroys_what_this_one_made() {
    let (mut sandbox, _control) = pointed_at_the_simulator();
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);

    let state = sandbox.path("state").display().to_string();
    let other = sandbox.path("other-laptop").display().to_string();
    sandbox.set("BERTH_STATE_DIR", &other);
    sandbox.berth("list").exits(0).says("small").says("us-central1-a");
    sandbox.berth("status small").exits(0).says("t4-pool");
    sandbox.berth("verify -f small.yaml").exits(0);
    sandbox.berth("destroy small --yes").exits(0).says("0 left");
    sandbox.set("BERTH_STATE_DIR", &state);
    sandbox.berth("list --simulate").exits(0).never_says("small");
}

#[test]
fn two_at_once_make_one_cluster() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let line = "create -f small.yaml --simulate --yes";
    let mut both = [sandbox.begin(line), sandbox.begin(line)];
    for child in &mut both {
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
    let ledger = control.ledger();
    let clusters = ledger["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "control-plane").count();
    assert_eq!(clusters, 1);
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(0);
    sandbox.berth("destroy small --simulate --yes").exits(0);
}

#[test]
fn a_name_that_two_clusters_have_needs_its_place() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    sandbox.write("other.yaml", &SMALL.replace("us-central1-a", "us-central1-b"));
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.berth("create -f other.yaml --simulate --yes").exits(0);
    sandbox.berth("destroy small --simulate --yes").exits(1).says("--location").says("us-central1-b");
    assert_eq!(control.ledger()["counts"].get("DeleteCluster"), None);
    sandbox.berth("destroy small --location us-central1-b --simulate --yes").exits(0);
    sandbox.berth("list --simulate").exits(0).says("us-central1-a").never_says("us-central1-b");
    sandbox.berth("destroy small --simulate --yes").exits(0);
}

#[test]
fn without_credentials_the_hint_says_how_to_get_them() {
    let mut sandbox = Sandbox::new(SPEED);
    sandbox.set("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json");
    sandbox.berth("list --project some-project").exits(1).says("gcloud auth application-default login");
}
