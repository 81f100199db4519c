//! SIGKILL at every call of create and of destroy on EKS that changes something, just before and just after its effect.
//!
//! A kill at a call that only reads leaves AWS as the change before it did, so that these are all the states a kill can leave.

use std::io::Write;

use serde_json::json;

use crate::control::Control;
use crate::crash::{End, expect, run_and_kill_at};
use crate::sandbox::Sandbox;
use crate::spec::small_eks;

/// As for GKE: fast, and slow enough that limits are longer than a busy machine's pauses.
const SPEED: u32 = 600;

const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy -f small.yaml --simulate --yes";

#[test]
fn killed_just_before_any_change_the_next_run_converges() {
    kill_at_every_change("hang-before");
}

#[test]
fn killed_just_after_any_change_the_next_run_converges() {
    kill_at_every_change("hang-after");
}

fn kill_at_every_change(effect: &str) {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small_eks(&sandbox);
    let creating = changes_of(&sandbox, &control, CREATE);
    let destroying = changes_of(&sandbox, &control, DESTROY);
    assert!(creating.iter().any(|(method, _)| method == "eks:CreateCluster"), "{creating:?}");
    assert!(destroying.iter().any(|(method, _)| method == "eks:DeleteCluster"), "{destroying:?}");
    let mut kills = 0;
    for nth in 0..creating.len().max(destroying.len()) {
        control.reset();
        let mut killed = Vec::new();
        kill(&sandbox, &control, CREATE, creating.get(nth), effect, &mut killed);
        expect(&sandbox, CREATE, nth as u64, &killed);
        kill(&sandbox, &control, DESTROY, destroying.get(nth), effect, &mut killed);
        expect(&sandbox, DESTROY, nth as u64, &killed);
        kills += killed.len();
        assert_eq!(control.leftovers(), json!([]), "left on AWS after {killed:?}");
        let ledger = control.ledger();
        assert_eq!(ledger["billedNow"], json!([]), "billed after {killed:?}");
        let made = ledger["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "control-plane").count();
        assert_eq!(made, 1, "the cluster was made {made} times after {killed:?}");
    }
    let changes = creating.len() + destroying.len();
    assert!(kills * 10 >= changes * 9, "only {kills} of {changes} changes were killed");
    let text = format!("crash ({effect}, EKS): {kills} of {changes} changes of create and destroy killed\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// The calls of a command that change something when nobody disturbs, as method and its number.
fn changes_of(sandbox: &Sandbox, control: &Control, line: &str) -> Vec<(String, u64)> {
    let calls_before = control.calls_since(0).len();
    sandbox.berth(line).exits(0);
    let mut changes: Vec<(String, u64)> = Vec::new();
    for call in control.calls_since(calls_before) {
        let method = call.split(' ').next().unwrap().to_owned();
        let verb = method.split(':').nth(1).unwrap_or_default();
        if !verb.is_empty() && !["Describe", "Get", "List"].iter().any(|reading| verb.starts_with(reading)) {
            let earlier = changes.iter().filter(|(known, _)| *known == method).count();
            changes.push((method, earlier as u64 + 1));
        }
    }
    changes
}

fn kill(
    sandbox: &Sandbox,
    control: &Control,
    line: &str,
    change: Option<&(String, u64)>,
    effect: &str,
    killed: &mut Vec<String>,
) {
    let Some((method, nth)) = change else { return };
    let rule = json!({"on": method, "nth": nth, "times": 1, "do": effect});
    let end = run_and_kill_at(sandbox, control, line, &rule);
    // A call that another order of concurrent steps makes unnecessary is not made; all others are.
    if end != End::Finished {
        killed.push(format!("{line} at {method} {nth} {effect}"));
    }
}
