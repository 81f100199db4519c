//! SIGKILL at every call of create and of destroy in turn, just before and just after its effect. The next run converges,
//! and in the end nothing is billed.

use std::io::Write;
use std::process::Child;

use serde_json::{Value, json};

use crate::control::{Control, eventually};
use crate::sandbox::Sandbox;
use crate::spec::{FILE, small};

/// Fast, so that waiting costs few polls and every call can be tried; slow enough that limits are longer than a busy
/// machine's pauses.
const SPEED: u32 = 600;

/// More calls than a create can make; that it makes fewer is asserted.
const MOST_CALLS: u64 = 400;

const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy -f small.yaml --simulate --yes";

#[test]
fn killed_just_before_any_call_the_next_run_converges() {
    kill_at_every_call("hang-before");
}

#[test]
fn killed_just_after_any_call_the_next_run_converges() {
    kill_at_every_call("hang-after");
}

/// A cluster before a change of many kinds.
const BEFORE: &str = r"apiVersion: berth/v1
kind: Cluster
metadata: {name: small}
spec:
  provider: gke
  zone: us-central1-a
  nodePools:
    - {name: cpu-pool, machineType: e2-standard-4, nodes: {min: 1, max: 1}}
    - {name: old-pool, machineType: e2-standard-4, nodes: {min: 1, max: 1}}
";

/// The same after it: labels, a window, a pool that grows and has labels, one pool gone and one new.
const AFTER: &str = r#"apiVersion: berth/v1
kind: Cluster
metadata: {name: small, labels: {team: film}}
spec:
  provider: gke
  zone: us-central1-a
  gke:
    maintenanceWindow: {daily: {start: "03:00"}}
  nodePools:
    - {name: cpu-pool, machineType: e2-standard-4, nodes: {min: 1, max: 3}, labels: {tier: basic}}
    - {name: t4-pool, gpu: {type: t4, count: 1}, capacity: spot, nodes: {min: 1, max: 2}}
"#;

#[test]
fn killed_at_any_call_that_changes_a_cluster_the_next_run_converges() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    let changes = changing_calls(&sandbox, &control);
    assert!(changes.len() >= 5, "{changes:?}");
    for (method, nth) in &changes {
        for effect in ["hang-before", "hang-after"] {
            make_before(&sandbox, &control);
            let rule = json!({"on": method, "nth": nth, "times": 1, "do": effect});
            let killed = run_and_kill_at(&sandbox, &control, CREATE, &rule) != End::Finished;
            assert!(killed, "{method} {nth} was not called");
            let at = [format!("{method} {nth} {effect}")];
            expect(&sandbox, CREATE, *nth, &at);
            expect(&sandbox, "plan -f small.yaml --simulate --exit-code", *nth, &at);
            expect(&sandbox, DESTROY, *nth, &at);
            assert_clean(&control, *nth, &at);
        }
    }
    std::io::stderr().write_all(format!("crash (change): {} calls killed twice\n", changes.len()).as_bytes()).unwrap();
}

fn make_before(sandbox: &Sandbox, control: &Control) {
    control.reset();
    sandbox.write(FILE, BEFORE);
    sandbox.berth(CREATE).exits(0);
    sandbox.write(FILE, AFTER);
}

/// The calls that change something when nobody disturbs, as method and its number.
fn changing_calls(sandbox: &Sandbox, control: &Control) -> Vec<(String, u64)> {
    make_before(sandbox, control);
    let calls_before = control.calls_since(0).len();
    sandbox.berth(CREATE).exits(0);
    let mut changes: Vec<(String, u64)> = Vec::new();
    for call in control.calls_since(calls_before) {
        let method = call.split(' ').next().unwrap().to_owned();
        if ["Create", "Delete", "Set", "Update"].iter().any(|verb| method.starts_with(verb)) {
            let earlier = changes.iter().filter(|(known, _)| *known == method).count();
            changes.push((method, earlier as u64 + 1));
        }
    }
    sandbox.berth(DESTROY).exits(0);
    changes
}

/// What came of a command that was to be killed.
#[derive(PartialEq)]
pub(crate) enum End {
    /// It was killed while this call was held.
    Killed(String),
    /// It made fewer calls and ended well.
    Finished,
}

fn kill_at_every_call(effect: &str) {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let (mut create_ended, mut destroy_ended) = (false, false);
    let mut killed = Vec::new();
    for nth in 1..=MOST_CALLS {
        control.reset();
        if !create_ended {
            match run_and_kill(&sandbox, &control, CREATE, effect, nth) {
                End::Killed(call) => killed.push(format!("create {nth} {call}")),
                End::Finished => create_ended = true,
            }
        }
        expect(&sandbox, CREATE, nth, &killed);
        if !destroy_ended {
            match run_and_kill(&sandbox, &control, DESTROY, effect, nth) {
                End::Killed(call) => killed.push(format!("destroy {nth} {call}")),
                End::Finished => destroy_ended = true,
            }
        }
        expect(&sandbox, DESTROY, nth, &killed);
        assert_clean(&control, nth, &killed);
        if create_ended && destroy_ended {
            tell(effect, &killed);
            // Before its effect, a held call is not yet in the ledger, and what stands there is the call before it: a kill
            // after a create was told means that the one at the create itself was tried too.
            assert!(killed.iter().any(|kill| kill.contains("CreateCluster")), "no kill at the call that matters most");
            assert!(killed.iter().any(|kill| kill.contains("DeleteCluster")), "no kill at the call that matters most");
            return;
        }
    }
    panic!("more than {MOST_CALLS} calls");
}

/// Says how many kill points were tried, past the test's captured output: it is the figure this test is for.
fn tell(effect: &str, killed: &[String]) {
    let of = |verb| killed.iter().filter(|kill| kill.starts_with(verb)).count();
    let text = format!("crash ({effect}): {} calls of create and {} of destroy killed\n", of("create"), of("destroy"));
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Runs a command until the simulator holds its nth call, and kills it there.
fn run_and_kill(sandbox: &Sandbox, control: &Control, line: &str, effect: &str, nth: u64) -> End {
    run_and_kill_at(sandbox, control, line, &json!({"on": "*", "nth": nth, "times": 1, "do": effect}))
}

pub(crate) fn run_and_kill_at(sandbox: &Sandbox, control: &Control, line: &str, rule: &Value) -> End {
    let id = control.arm(rule);
    let mut child = sandbox.begin(line);
    let mut finished = None;
    eventually(&format!("{line} comes to {rule}"), || {
        finished = child.try_wait().unwrap();
        finished.is_some() || control.fault(id)["held"] == 1
    });
    let held = control.fault(id)["held"] == 1;
    let end = match finished {
        Some(status) => {
            assert!(status.success(), "{line}, not killed, ends with {status}");
            assert!(!held, "{line} ended without waiting for a call it made");
            End::Finished
        }
        None => {
            kill(&mut child);
            End::Killed(control.last_struck())
        }
    };
    control.clear_faults();
    end
}

fn kill(child: &mut Child) {
    // Child::kill sends SIGKILL: nothing in the process runs after it.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success() && status.code().is_none(), "{status}");
}

pub(crate) fn expect(sandbox: &Sandbox, line: &str, nth: u64, killed: &[String]) {
    let output = sandbox.berth(line);
    assert_eq!(output.code, 0, "{line} after kill {nth}, {:?}:\n{}", killed.last(), output.text());
}

fn assert_clean(control: &Control, nth: u64, killed: &[String]) {
    let ledger = control.ledger();
    assert_eq!(ledger["billedNow"], json!([]), "billed after kill {nth}, {:?}", killed.last());
    let made = |span: &&Value| span["kind"] == "control-plane";
    let clusters = ledger["spans"].as_array().unwrap().iter().filter(made).count();
    assert_eq!(clusters, 1, "the cluster was made {clusters} times after kill {nth}, {:?}", killed.last());
}
