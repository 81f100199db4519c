//! Ctrl-C: once finishes what runs and begins nothing new, twice leaves at once and says what goes on.

use std::fs::File;
use std::process::{Child, Command};

use serde_json::json;

use crate::control::{Control, eventually};
use crate::sandbox::Sandbox;
use crate::spec::small;

const SPEED: u32 = 600;
const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy small --simulate --yes";

/// Begins a create and comes back when its operation has been looked at; what it says goes to a file.
fn begin(sandbox: &Sandbox, control: &Control) -> Child {
    let child = sandbox.begin_saying(CREATE, File::create(sandbox.path("said")).unwrap());
    eventually("the operation is polled", || control.ledger()["counts"]["GetOperation"].as_u64().is_some());
    child
}

fn interrupt(child: &Child) {
    // The shell's own `kill`, because not every machine has one as a program.
    let status = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(status.success());
}

#[test]
fn once_finishes_the_step_that_runs() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let mut child = begin(&sandbox, &control);
    interrupt(&child);
    let code = child.wait().unwrap().code();
    let said = sandbox.read("said");
    assert!(said.contains("stopping"), "{said}");
    assert!(said.contains("done     create cluster small"), "what ran is finished: {said}");
    assert_eq!(code, Some(5), "a cluster runs and is not verified: {said}");
    assert!(said.contains("cluster small is running and billed"), "{said}");
    sandbox.berth(CREATE).exits(0);
    sandbox.berth(DESTROY).exits(0);
}

#[test]
fn twice_leaves_at_once_and_says_what_goes_on() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    control.arm(&json!({"on": "CreateCluster", "do": "stuck"}));
    let mut child = begin(&sandbox, &control);
    interrupt(&child);
    eventually("it says that it stops", || sandbox.read("said").contains("stopping"));
    interrupt(&child);
    let code = child.wait().unwrap().code();
    let said = sandbox.read("said");
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("small") && said.contains("billed"), "{said}");
    control.clear_faults();
    sandbox.berth(CREATE).exits(0);
    sandbox.berth(DESTROY).exits(0);
}
