//! Environments for pipelines: made, joined, told, extended, cancelled, taken away; on both clouds.

use std::fs::File;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::control::{Control, eventually};
use crate::sandbox::{Output, Sandbox};
use crate::spec::{small, small_eks};

const SPEED: u32 = 600;
/// Slow enough that no limit of a step on AWS is reached on a busy machine, and what its cloud is faster.
const EKS_SPEED: u32 = 100;
const EKS_HURRY: u32 = 500;

const UP: &str = "ci up -f small.yaml --id pr-1 --owner acme/app --ttl 2d --simulate";
const DOWN: &str = "ci down -f small.yaml --id pr-1 --owner acme/app --simulate";
const GC: &str = "gc --yes --simulate --grace 5m";

/// Both clouds, each with its file.
fn clouds() -> [(&'static str, Sandbox, Control); 2] {
    let (gke, gke_control) = Sandbox::serving(SPEED);
    small(&gke);
    let (eks, eks_control) = Sandbox::hurried(EKS_SPEED, EKS_HURRY);
    small_eks(&eks);
    [("gke", gke, gke_control), ("eks", eks, eks_control)]
}

/// The labels of the one cluster of berth's that is there.
pub(crate) fn labels(sandbox: &Sandbox) -> Value {
    let list = sandbox.berth("list --simulate --output json").exits(0).json();
    list["clusters"][0]["labels"].clone()
}

fn environments(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.berth("ci list --simulate --output json").exits(0).json();
    list["environments"].as_array().unwrap().clone()
}

/// The variables that GitHub sets for a step, with its files in the box.
fn on_github(sandbox: &mut Sandbox, repository: &str, run: &str) {
    for (name, value) in [
        ("GITHUB_SERVER_URL", "https://github.example"),
        ("GITHUB_REPOSITORY", repository),
        ("GITHUB_RUN_ID", run),
        ("CI", "true"),
    ] {
        sandbox.set(name, value);
    }
    for name in ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"] {
        let path = sandbox.path(name).display().to_string();
        sandbox.write(name, "");
        sandbox.set(name, &path);
    }
}

/// Name and value of each entry of a file of GitHub's, which knows values between two delimiters.
pub(crate) fn entries(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut entries = Vec::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        entries.push((name.to_owned(), value.join("\n")));
    }
    entries
}

#[test]
fn an_environment_is_made_told_joined_extended_and_taken_away() {
    for (cloud, mut sandbox, _control) in clouds() {
        on_github(&mut sandbox, "acme/App", "42");
        let up = "ci up -f small.yaml --id pr-1 --ttl 2d --simulate --dotenv berth.env --kubeconfig kube/pr-1.yaml";
        sandbox.berth(up).exits(0).says("Environment pr-1 is up until").never_says("Go on?");
        let labels = labels(&sandbox);
        assert_eq!(labels["berth-lease"], "pr-1", "{cloud}: {labels}");
        assert_eq!(labels["berth-owner"], "acme_2f_41pp");
        assert!(labels["berth-run"].as_str().unwrap().contains("github_2eexample"), "{labels}");

        let outputs = entries(&sandbox.read("GITHUB_OUTPUT"));
        let told = |name: &str| outputs.iter().find(|(known, _)| known == name).unwrap().1.clone();
        assert_eq!([told("id"), told("cluster"), told("owner")], ["pr-1", "small-pr-1", "acme/App"]);
        assert_eq!(told("kubeconfig"), sandbox.path("kube/pr-1.yaml").display().to_string());
        assert!(sandbox.read("kube/pr-1.yaml").contains("client.authentication.k8s.io"));
        let variables = entries(&sandbox.read("GITHUB_ENV"));
        assert!(variables.contains(&("KUBECONFIG".to_owned(), told("kubeconfig"))), "{variables:?}");
        let summary = sandbox.read("GITHUB_STEP_SUMMARY");
        assert!(summary.contains("| t4-pool | t4 | 1 | 4 | 4 | 4 |"), "{summary}");
        let cost = summary.lines().find_map(|line| line.strip_prefix("| cost so far | ")).unwrap();
        let (so_far, hourly) = cost.trim_end_matches(" an hour now |").split_once(" USD so far, ").unwrap();
        // Where the cloud is hurried, machines are younger than this machine's clock knows.
        let is_seen = cloud == "eks" || so_far.parse::<f64>().unwrap() > 0.0;
        assert!(is_seen && hourly.parse::<f64>().unwrap() > 0.1, "{cloud}: {cost}");
        assert!(sandbox.read("berth.env").contains("BERTH_CLUSTER=small-pr-1\n"));

        let before = environments(&sandbox);
        assert_eq!(before.len(), 1, "{before:?}");
        let [id, owner, run, state] = ["id", "owner", "run", "state"].map(|key| before[0][key].clone());
        assert_eq!([id, owner, state], [json!("pr-1"), json!("acme/App"), json!("up")]);
        assert_eq!(run, "https://github.example/acme/App/actions/runs/42");

        // Another run of the same owner joins, and its shorter time does not cut the first one's.
        sandbox.set("GITHUB_RUN_ID", "43");
        sandbox.berth("ci up -f small.yaml --id pr-1 --ttl 10m --simulate").exits(0).never_says("create cluster");
        let joined = environments(&sandbox);
        assert_eq!(joined[0]["expires"], before[0]["expires"]);
        assert!(joined[0]["run"].as_str().unwrap().ends_with("/43"), "{joined:?}");

        // Somebody else is told whose it is, and changes nothing.
        sandbox.set("GITHUB_REPOSITORY", "other/app");
        sandbox.berth("ci up -f small.yaml --id pr-1 --simulate").exits(1).says("belongs to acme/App");
        sandbox.berth("ci extend --id pr-1 --ttl 4d --simulate -f small.yaml").exits(1).says("belongs to acme/App");
        sandbox.berth("ci down -f small.yaml --id pr-1 --simulate").exits(1).says("--owner");
        assert_eq!(environments(&sandbox)[0]["expires"], joined[0]["expires"]);
        sandbox.set("GITHUB_REPOSITORY", "acme/App");

        sandbox.berth("ci extend --id pr-1 --ttl 4d --simulate").exits(0).says("ends at");
        let extended = environments(&sandbox);
        assert_ne!(extended[0]["expires"], joined[0]["expires"]);
        sandbox.berth("ci extend small-pr-1 --ttl 1h --simulate").exits(0).says("as before");
        assert_eq!(environments(&sandbox)[0]["expires"], extended[0]["expires"]);

        sandbox.berth("ci down --id pr-1 --simulate").exits(0).says("is taken away");
        sandbox.berth("ci down -f small.yaml --id pr-1 --simulate").exits(0).says("is not there");
        assert_eq!(environments(&sandbox), Vec::<Value>::new());
    }
}

#[test]
fn what_is_marked_dying_goes_with_the_next_gc_of_anybody() {
    for (cloud, mut sandbox, control) in clouds() {
        sandbox.berth(UP).exits(0);
        let calls = control.calls_since(0).len();
        let began = Instant::now();
        sandbox.berth(&format!("{DOWN} --detach")).exits(0).says("marked dying");
        let took = began.elapsed();
        assert!(took.as_secs() < 10, "{cloud}: {took:?}");
        let made = control.calls_since(calls).len();
        assert!(made < 120, "{cloud}: {made} calls");
        eventually("it is seen to be dying", || environments(&sandbox)[0]["state"] == "dying");
        sandbox.berth(&format!("{DOWN} --detach")).exits(0);

        elsewhere(&mut sandbox);
        let report = sandbox.berth("gc --simulate").exits(5).says("its lease was over");
        assert!(report.stdout.contains("small-pr-1") && report.stdout.contains("1 cluster"), "{}", report.text());
        assert_eq!(control.ledger()["counts"].get("DeleteCluster"), None, "a report deletes nothing");
        sandbox.berth(GC).exits(0).says("deleted");
        sandbox.berth(GC).exits(0).says("Nothing remains");
        assert_eq!(control.leftovers(), json!([]), "{cloud}");
    }
}

/// From now on commands know nothing but the clouds: they run as on another machine.
pub(crate) fn elsewhere(sandbox: &mut Sandbox) {
    for folder in ["other-home", "other-state"] {
        std::fs::create_dir_all(sandbox.path(folder)).unwrap();
        let name = if folder == "other-home" { "HOME" } else { "BERTH_STATE_DIR" };
        let path = sandbox.path(folder).display().to_string();
        sandbox.set(name, &path);
    }
    let world = sandbox.path("other-state/sim");
    if !world.exists() {
        std::os::unix::fs::symlink(sandbox.path("state/sim"), world).unwrap();
    }
}

#[test]
fn a_lease_that_is_over_is_begun_again_by_its_owner_only() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    sandbox.berth(UP).exits(0);
    control.advance(3 * 24 * 3600);
    sandbox.berth("ci extend --id pr-1 --ttl 2h --simulate").exits(1).says("is over");
    sandbox.berth("ci up -f small.yaml --id pr-1 --owner b/b --simulate").exits(1).says("belongs to acme/app");
    sandbox.berth(UP).exits(0).never_says("create cluster");
    sandbox.berth(GC).exits(0).says("Nothing remains");
    assert_eq!(environments(&sandbox)[0]["state"], "up");
    sandbox.berth(DOWN).exits(0);
}

#[test]
fn two_runs_at_once_share_one_environment_or_one_is_refused() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    for (other, code) in [("acme/app", 0), ("other/app", 1)] {
        let said = File::create(sandbox.path("said")).unwrap();
        let mut first = sandbox.begin_saying(UP, said);
        eventually("the first one creates", || control.ledger()["counts"]["CreateCluster"].as_u64().is_some());
        let second = sandbox.berth(&UP.replace("acme/app", other));
        let ended = first.wait().unwrap();
        assert_eq!(ended.code(), Some(0), "{}", sandbox.read("said"));
        assert_eq!(second.code, code, "{}", second.text());
        let made = control.ledger()["counts"]["CreateCluster"].as_u64();
        sandbox.berth(DOWN).exits(0);
        assert_eq!(made, Some(1), "one cluster");
        control.reset();
    }
}

#[test]
fn a_cancelled_run_marks_what_it_made_dying_in_seconds() {
    let (sandbox, control) = Sandbox::hurried(EKS_SPEED, EKS_HURRY);
    small_eks(&sandbox);
    let mut child = sandbox.begin_saying(UP, File::create(sandbox.path("said")).unwrap());
    eventually("node groups are made", || control.ledger()["counts"]["eks:CreateNodegroup"].as_u64().is_some());
    let began = Instant::now();
    interrupt(child.id());
    let code = child.wait().unwrap().code();
    let took = began.elapsed();
    let said = sandbox.read("said");
    assert_eq!(code, Some(5), "{said}");
    // Of GitHub's ten seconds it takes one or two; this machine may have other things to do.
    assert!(took.as_secs() < 30, "{took:?}: {said}");
    assert!(said.contains("is marked dying") && said.contains("berth gc"), "{said}");
    assert_eq!(environments(&sandbox)[0]["state"], "dying");
    sandbox.berth(GC).exits(0).says("deleted");
    assert_eq!(control.leftovers(), json!([]));
}

fn interrupt(process: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -INT {process}")]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_cluster_that_is_being_made_takes_no_mark_and_ends_with_its_lease() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    control.arm(&json!({"on": "CreateCluster", "do": "stuck"}));
    let mut child = sandbox.begin_saying(UP, File::create(sandbox.path("said")).unwrap());
    eventually("the operation is polled", || control.ledger()["counts"]["GetOperation"].as_u64().is_some());
    interrupt(child.id());
    let code = child.wait().unwrap().code();
    let said = sandbox.read("said");
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("ends with its lease at"), "{said}");
    sandbox.berth(&format!("{DOWN} --detach")).exits(5).says("ends with its lease at");
    // The next gc waits for it, and one that may not wait hands it over.
    control.advance(3 * 24 * 3600);
    sandbox.berth("gc --yes --simulate --wait 1s").exits(5).says("the next gc has it");
    control.clear_faults();
    sandbox.berth(GC).exits(0).says("deleted");
}

#[test]
fn what_fails_is_taken_away_again_unless_it_is_to_be_kept() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    for method in ["CreateCluster", "CreateNodePool"] {
        control.arm(&json!({"on": method, "matches": "t4-pool", "times": 1000, "do": {"stockout": {}}}));
    }
    sandbox.berth(UP).exits(4).says("it was taken away again");
    sandbox.assert_nothing_billed();
    let kept = sandbox.berth(&format!("{UP} --on-failure keep")).exits(5).says("stays until its end");
    assert!(kept.stderr.contains("berth ci down --id pr-1 -f small.yaml"), "{}", kept.text());
    // What was there before a run is not its to take away.
    sandbox.berth(UP).exits(5).says("it was there before this run");
    assert_eq!(environments(&sandbox).len(), 1);
    control.clear_faults();
    sandbox.berth(DOWN).exits(0);
}

#[test]
fn outputs_go_to_a_shell_too() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    let up = sandbox.berth(&format!("{UP} --export")).exits(0);
    assert!(up.stdout.lines().all(|line| line.starts_with("export ")), "{}", up.text());
    assert!(up.stdout.contains("export BERTH_CLUSTER='small-pr-1'\n"), "{}", up.stdout);
    let lines = sandbox.berth(&format!("{UP} --output json")).exits(0);
    let last: Value = serde_json::from_str(lines.stdout.lines().last().unwrap()).unwrap();
    assert_eq!([&last["report"], &last["environment"]["id"]], ["ci-up", "pr-1"], "{last}");
    assert!(last["costSoFar"]["usd"].as_f64().unwrap() > 0.0 && last["costPerHour"]["usd"].as_f64().unwrap() > 0.1);
    sandbox.berth(DOWN).exits(0);
}

#[test]
fn what_cannot_be_leased_is_refused_before_anything_is_touched() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    let refused = |line: &str, code: i32, says: &str| -> Output { sandbox.berth(line).exits(code).says(says) };
    refused("ci up -f small.yaml --id PR_1 --simulate", 2, "lowercase");
    refused("ci up -f small.yaml --id pr-1 --ttl 1m --simulate", 2, "at least 5m");
    refused(&format!("ci up -f small.yaml --id pr-1 --owner {} --simulate", "A".repeat(30)), 1, "--owner");
    refused("ci up --id pr-1 --simulate", 1, "--file");
    // A cluster of `berth create` is nobody's lease.
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    std::fs::write(sandbox.path("other.yaml"), sandbox.read("small.yaml").replace("name: small\n", "name: sma\n"))
        .unwrap();
    refused("ci down small --simulate", 1, "has no lease");
    refused("ci extend small --ttl 2h --simulate", 1, "has no lease");
    sandbox.berth(GC).exits(0).says("has no lease");
    sandbox.berth("destroy small --simulate --yes").exits(0);
}
