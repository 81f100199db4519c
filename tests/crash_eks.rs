//! SIGKILL at calls of create and of destroy on EKS: at each one that changes something, just before and just after its effect, and
//! at the first one of each method that only reads.
//!
//! A kill at a call that reads leaves AWS as the change before it did, whether the call was carried out or not, so that the changes
//! alone are all the states a kill can leave there; a sample of the reads shows that nothing else is left half done either.
//! With `BERTH_KILL_AT_EVERY_READ=1` none is left out; that takes the better part of an hour.

use std::io::Write;

use serde_json::{Value, json};

use crate::control::Control;
use crate::crash::{End, expect, run_and_kill_at};
use crate::sandbox::{Sandbox, billed_or_there};
use crate::spec::small_eks;

/// Slow enough that no limit of a step is reached on a machine that has other things to do.
const SPEED: u32 = 100;
/// What the cloud is faster.
const HURRY: u32 = 500;

const CREATE: &str = "create -f small.yaml --simulate --yes";
const DESTROY: &str = "destroy -f small.yaml --simulate --yes";

/// A call of a command when nobody disturbs: its method, and which one of the method it is.
type Call = (String, u64);

#[test]
fn killed_just_before_any_change_the_next_run_converges() {
    kill_at_every("change", "hang-before", changes);
}

#[test]
fn killed_just_after_any_change_the_next_run_converges() {
    kill_at_every("change", "hang-after", changes);
}

#[test]
fn killed_at_the_first_read_of_a_method_the_next_run_converges() {
    if std::env::var_os("BERTH_KILL_AT_EVERY_READ").is_some() {
        return kill_at_every("read", "hang-before", reads);
    }
    kill_at_every("first read", "hang-before", first_reads);
}

fn kill_at_every(what: &str, effect: &str, chosen: fn(&[Call]) -> Vec<Call>) {
    let (sandbox, control) = Sandbox::hurried(SPEED, HURRY);
    small_eks(&sandbox);
    let (creating, destroying) = (calls_of(&sandbox, &control, CREATE), calls_of(&sandbox, &control, DESTROY));
    let is_made = |calls: &[Call], wanted: &str| calls.iter().any(|(method, _)| method == wanted);
    assert!(is_made(&creating, "eks:CreateCluster"), "{creating:?}");
    assert!(is_made(&destroying, "eks:DeleteCluster"), "{destroying:?}");
    let (creating, destroying) = (chosen(&creating), chosen(&destroying));
    assert!(creating.len() > 10 && destroying.len() > 10, "{creating:?} {destroying:?}");
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
        assert_eq!(billed_or_there(&ledger), Vec::<Value>::new(), "billed after {killed:?}");
        let made = ledger["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "control-plane").count();
        assert_eq!(made, 1, "the cluster was made {made} times after {killed:?}");
    }
    let all = creating.len() + destroying.len();
    assert!(kills * 10 >= all * 9, "only {kills} of {all} calls were killed");
    let text = format!("crash ({what}, {effect}, EKS): {kills} of {all} calls of create and destroy killed\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// All calls to AWS of a command when nobody disturbs.
fn calls_of(sandbox: &Sandbox, control: &Control, line: &str) -> Vec<Call> {
    let calls_before = control.calls_since(0).len();
    sandbox.berth(line).exits(0);
    let mut calls: Vec<Call> = Vec::new();
    for call in control.calls_since(calls_before) {
        let method = call.split(' ').next().unwrap().to_owned();
        if method.contains(':') {
            let earlier = calls.iter().filter(|(known, _)| *known == method).count();
            calls.push((method, earlier as u64 + 1));
        }
    }
    calls
}

fn is_read((method, _): &&Call) -> bool {
    let verb = method.split(':').nth(1).unwrap_or_default();
    ["Describe", "Get", "List"].iter().any(|reading| verb.starts_with(reading))
}

fn changes(calls: &[Call]) -> Vec<Call> {
    calls.iter().filter(|call| !is_read(call)).cloned().collect()
}

fn reads(calls: &[Call]) -> Vec<Call> {
    calls.iter().filter(is_read).cloned().collect()
}

fn first_reads(calls: &[Call]) -> Vec<Call> {
    calls.iter().filter(is_read).filter(|(_, nth)| *nth == 1).cloned().collect()
}

fn kill(sandbox: &Sandbox, control: &Control, line: &str, call: Option<&Call>, effect: &str, killed: &mut Vec<String>) {
    let Some((method, nth)) = call else { return };
    let rule = json!({"on": method, "nth": nth, "times": 1, "do": effect});
    let end = run_and_kill_at(sandbox, control, line, &rule);
    // A call that another order of concurrent steps makes unnecessary is not made; all others are.
    if end != End::Finished {
        killed.push(format!("{line} at {method} {nth} {effect}"));
    }
}
