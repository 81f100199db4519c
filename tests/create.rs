//! The main road: plan, create, look, destroy.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::redact::assert_output;
use crate::sandbox::{ROOT, Sandbox};
use crate::spec::{SMALL, small};

/// The simulated clouds' speed for tests whose words matter, not their number of calls.
const SPEED: u32 = 600;

#[test]
fn the_readmes_first_command_ends_in_the_allocatable_table() {
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let command = readme.lines().find(|line| line.starts_with("cargo run ")).unwrap();
    let (_, line) = command.split_once(" -- ").unwrap();

    let sandbox = Sandbox::new(SPEED);
    let created = sandbox.berth(line).exits(0);
    insta::with_settings!({filters => crate::redact::PATTERNS.to_vec()}, {
        insta::assert_snapshot!("first_command_stdout", created.stdout);
    });
    for shown in sample(&readme) {
        assert!(
            created.stdout.contains(shown) || created.stderr.contains(shown),
            "README: {shown}\n{}",
            created.text()
        );
    }
    sandbox.berth(line).exits(0).says("nothing to do");
    assert!(!sandbox.ledger()["billedNow"].as_array().unwrap().is_empty(), "a running cluster costs");
    sandbox.berth("destroy ai-dubbing-production --simulate --yes").exits(0);
    sandbox.assert_nothing_billed();
    assert_output!("destroy_of_nothing", sandbox.berth("destroy ai-dubbing-production --simulate --yes"));
}

/// The lines of the README's sample that are alike in every run: all but those that end in a duration.
fn sample(readme: &str) -> impl Iterator<Item = &str> {
    let block = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().filter(|line| !line.ends_with(" s)") && !line.is_empty() && *line != "...")
}

#[test]
fn every_shipped_cluster_is_made_verified_and_taken_away() {
    for entry in std::fs::read_dir(format!("{ROOT}/clusters")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let file = format!("clusters/{name}");
        if name == "existing.yaml" {
            // A cluster that stands already is nothing to make; tests/existing.rs fills one.
            continue;
        }
        let (sandbox, _control) = Sandbox::hurried(100, SPEED);
        sandbox.berth(&format!("validate -f {file}")).exits(0).says("valid");
        sandbox.berth(&format!("create -f {file} --simulate --yes")).exits(0);
        sandbox.berth(&format!("verify -f {file} --simulate")).exits(0);
        sandbox.berth(&format!("destroy -f {file} --simulate --yes")).exits(0);
        sandbox.assert_nothing_billed();
    }
}

#[test]
fn a_small_cluster_said_in_full() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    assert_output!("small_plan", sandbox.berth("plan -f small.yaml --simulate"));
    let created = sandbox.berth("create -f small.yaml --simulate --yes").says("\nwait     create cluster small");
    assert_output!("small_create", created);
    assert_output!("small_create_again", sandbox.berth("create -f small.yaml --simulate --yes"));
    assert_output!("small_status", sandbox.berth("status small --simulate"));
    assert_output!("small_list", sandbox.berth("list --simulate"));
    assert_output!("small_verify", sandbox.berth("verify -f small.yaml --simulate"));
    assert_output!("small_destroy", sandbox.berth("destroy small --simulate --yes"));
    assert_output!("small_list_after", sandbox.berth("list --simulate"));
}

#[test]
fn plan_tells_changes_by_its_exit_code_and_changes_nothing() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    sandbox.berth("plan -f small.yaml --simulate").exits(0);
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(6);
    let plan = sandbox.berth("plan -f small.yaml --simulate --output json").exits(0).json();
    assert!(plan["plan"]["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{plan}");
    let counts = sandbox.ledger()["counts"].clone();
    assert_eq!(counts.get("CreateCluster"), None, "plan only reads: {counts}");

    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(0);
    sandbox.write("small.yaml", &SMALL.replace("max: 2", "max: 3"));
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(6).says("t4-pool");
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(0);
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn create_and_destroy_touch_nothing_unless_told() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    assert_output!("create_without_yes", sandbox.berth("create -f small.yaml --simulate"));
    assert_eq!(sandbox.ledger()["counts"].get("CreateCluster"), None);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    assert_output!("destroy_without_yes", sandbox.berth("destroy small --simulate"));
    assert_eq!(sandbox.ledger()["counts"].get("DeleteCluster"), None);
    sandbox.berth("destroy small --simulate --yes").exits(0);
}

#[test]
fn a_change_that_takes_nodes_down_needs_its_own_yes() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.write("small.yaml", &SMALL.replace("capacity: spot", "capacity: on-demand"));
    sandbox.berth("create -f small.yaml --simulate --yes").exits(1).says("--allow-recreate").says("t4-pool");
    assert_eq!(sandbox.ledger()["counts"].get("DeleteNodePool"), None);
    sandbox.berth("create -f small.yaml --simulate --yes --allow-recreate").exits(0);
    sandbox.berth("plan -f small.yaml --simulate --exit-code").exits(0);
    sandbox.berth("destroy -f small.yaml --simulate --yes").exits(0);
}

#[test]
fn verify_fails_for_a_cluster_that_keeps_less_than_the_file_promises() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    sandbox.write("more.yaml", &SMALL.replace("nodes: {min: 1, max: 2}", "nodes: {min: 2, max: 2}"));
    sandbox.berth("verify -f more.yaml --simulate").exits(3).says("t4-pool");
    sandbox.berth("destroy small --simulate --yes").exits(0);
    sandbox.berth("verify -f small.yaml --simulate").exits(3);
}

#[test]
fn validate_reports_every_problem_with_its_place() {
    let sandbox = Sandbox::new(SPEED);
    sandbox.write("bad.yaml", &SMALL.replace("type: t4", "type: t5").replace("max: 1}", "max: 0}"));
    assert_output!("validate_bad", sandbox.berth("validate -f bad.yaml"));
    sandbox.berth("validate -f missing.yaml").exits(1).says("missing.yaml");
    let report = sandbox.berth("validate -f bad.yaml --output json").exits(1).json();
    assert_eq!(report["files"][0]["valid"], false);
}

#[test]
fn schema_is_a_json_schema_of_spec_files() {
    let sandbox = Sandbox::new(SPEED);
    let schema = sandbox.berth("schema").exits(0).json();
    assert!(schema["$schema"].is_string(), "{schema}");
    assert!(schema.to_string().contains("nodePools"));
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let sandbox = Sandbox::new(SPEED);
    sandbox.berth("create").exits(2).says("--file");
    sandbox.berth("launch").exits(2);
    assert_output!("help", sandbox.berth("--help"));
    sandbox.berth("--version").exits(0).says(env!("CARGO_PKG_VERSION"));
}

#[test]
fn json_events_are_lines_and_the_report_is_the_last() {
    let sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    for (verb, line) in [
        ("create", "create -f small.yaml --simulate --yes --output json"),
        ("destroy", "destroy small --simulate --yes --output json"),
    ] {
        let output = sandbox.berth(line).exits(0);
        let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (last, events) = lines.split_last().unwrap();
        assert_eq!(last["report"], verb, "{last}");
        assert!(events.iter().all(|event| event["event"].is_string()), "{}", output.text());
        assert_eq!(events[0]["event"], "run-started", "{}", output.text());
    }
}

#[test]
fn kubeconfig_is_private_calls_berth_and_gives_the_earlier_context_back() {
    let mut sandbox = Sandbox::new(SPEED);
    small(&sandbox);
    let own = sandbox.path("kube.yaml");
    let earlier = "apiVersion: v1\nkind: Config\ncurrent-context: mine\ncontexts:\n- name: mine\n  context: {cluster: c, user: u}\n\
                   clusters:\n- name: c\n  cluster: {server: https://c.invalid}\nusers:\n- name: u\n  user: {}\n";
    sandbox.write("kube.yaml", earlier);
    sandbox.set("KUBECONFIG", own.to_str().unwrap());
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    assert_eq!(sandbox.read("kube.yaml"), earlier, "nobody asked to merge");

    let printed = sandbox.berth("kubeconfig small --simulate --print").exits(0);
    assert!(printed.stdout.contains("client.authentication.k8s.io/v1"), "{}", printed.text());
    let written = std::fs::read_dir(sandbox.path("state/kubeconfig")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::metadata(&written).unwrap().permissions().mode() & 0o777, 0o600, "{written:?}");

    sandbox.berth("kubeconfig small --simulate --merge").exits(0);
    let merged = sandbox.read("kube.yaml");
    assert!(merged.contains("small") && merged.contains("https://c.invalid"), "{merged}");
    assert!(!merged.contains("current-context: mine"), "{merged}");
    assert_eq!(std::fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600, "it holds a credential's road");

    sandbox.berth("destroy small --simulate --yes").exits(0);
    let restored = sandbox.read("kube.yaml");
    assert!(restored.contains("current-context: mine") && !restored.contains("small"), "{restored}");
    assert!(!written.exists(), "{written:?} outlives its cluster");
}

#[test]
fn token_speaks_the_exec_credential_protocol() {
    let (sandbox, _control) = Sandbox::serving(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let line = "token --provider gke --project berth-sim --location us-central1-a --cluster small --simulate";
    let credential = sandbox.berth(line).exits(0).json();
    assert_eq!(credential["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(credential["kind"], "ExecCredential");
    let status = &credential["status"];
    assert!(status["token"].as_str().is_some_and(|token| token.len() > 10), "{credential}");
    assert!(status["expirationTimestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{credential}");
    sandbox.berth("destroy small --simulate --yes").exits(0);
}

#[test]
fn journals_keep_no_secret() {
    let (sandbox, _control) = Sandbox::serving(SPEED);
    small(&sandbox);
    sandbox.berth("create -f small.yaml --simulate --yes").exits(0);
    let line = "token --provider gke --project berth-sim --location us-central1-a --cluster small --simulate";
    let credential = sandbox.berth(line).exits(0).json();
    let token = credential["status"]["token"].as_str().unwrap().to_owned();
    sandbox.berth("destroy small --simulate --yes").exits(0);
    let runs: Vec<_> = std::fs::read_dir(sandbox.path("state/runs")).unwrap().map(|run| run.unwrap().path()).collect();
    assert!(runs.len() >= 2, "{runs:?}");
    for run in runs {
        let text = std::fs::read_to_string(&run).unwrap();
        assert!(text.contains("run-started") && text.contains("run-finished"), "{}: {text}", run.display());
        assert!(!text.contains(&token) && !text.contains("Bearer"), "{} holds a token", run.display());
    }
}
