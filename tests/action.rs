//! The GitHub action's steps, run with the variables that GitHub sets.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::ci::entries;
use crate::sandbox::{ROOT, Sandbox};
use crate::spec::small;

const SPEED: u32 = 600;

/// Sets what GitHub sets for each step of a job on a pull request, and the action's inputs.
fn on_github(sandbox: &mut Sandbox, inputs: &[(&str, &str)]) {
    let files = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"];
    for name in files {
        sandbox.write(name, "");
        let path = sandbox.path(name).display().to_string();
        sandbox.set(name, &path);
    }
    let temporary = sandbox.path("home").display().to_string();
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("CI", "true"),
        ("GITHUB_SERVER_URL", "https://github.example"),
        ("GITHUB_REPOSITORY", "acme/app"),
        ("GITHUB_RUN_ID", "42"),
        ("GITHUB_REF", "refs/pull/123/merge"),
        ("RUNNER_TEMP", temporary.as_str()),
    ] {
        sandbox.set(name, value);
    }
    for (name, value) in inputs {
        sandbox.set(&format!("INPUT_{}", name.to_uppercase()), value);
    }
}

/// The state that a step has kept, as GitHub hands it to the step after the job.
fn hand_on_state(sandbox: &mut Sandbox) {
    for line in sandbox.read("GITHUB_STATE").lines() {
        let (name, value) = line.split_once('=').unwrap();
        sandbox.set(&format!("STATE_{name}"), value);
    }
}

/// Whether there is a node that runs the action; `BERTH_REQUIRE_WITNESSES=1` makes its lack a failure.
fn node_is_there() -> bool {
    let there = Command::new("node").arg("--version").output().is_ok();
    let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
    assert!(there || !required, "missing witness: node");
    there
}

#[test]
fn a_job_has_its_environment_and_leaves_nothing() {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let berth = env!("CARGO_BIN_EXE_berth");
    let inputs = [
        ("file", "small.yaml"),
        ("ttl", "2h"),
        ("mode", "cluster"),
        ("on-failure", "destroy"),
        ("down", "wait"),
        ("berth", berth),
        ("arguments", "--simulate"),
    ];
    on_github(&mut sandbox, &inputs);
    let (program, main, post) = if node_is_there() {
        ("node", "ci/github/main.js", "ci/github/post.js")
    } else {
        ("sh", "ci/github/up.sh", "ci/github/down.sh")
    };
    if program == "sh" {
        // What the node part would hand on.
        for (name, value) in inputs {
            sandbox.set(&format!("BERTH_INPUT_{}", name.to_uppercase().replace('-', "_")), value);
        }
    }
    let script = |name: &str| Path::new(ROOT).join(name).display().to_string();
    sandbox.other(program, &script(main)).exits(0);
    let outputs = entries(&sandbox.read("GITHUB_OUTPUT"));
    assert!(outputs.contains(&("id".to_owned(), "pr-123".to_owned())), "{outputs:?}");
    assert!(outputs.contains(&("cluster".to_owned(), "small-pr-123".to_owned())), "{outputs:?}");
    // Every output that the action's page promises is there.
    let action = std::fs::read_to_string(script("action.yml")).unwrap();
    let promised = action.split("\noutputs:\n").nth(1).unwrap().split("\nruns:").next().unwrap();
    for name in promised.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':')) {
        assert!(outputs.iter().any(|(known, _)| known == name), "no output {name}: {outputs:?}");
    }
    hand_on_state(&mut sandbox);
    sandbox.other(program, &script(post)).exits(0).says("is taken away");
    assert_eq!(control.leftovers(), json!([]));
}

#[test]
fn a_step_that_never_came_so_far_takes_nothing_away() {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    on_github(&mut sandbox, &[("file", "small.yaml"), ("arguments", "--simulate")]);
    let script = Path::new(ROOT).join("ci/github/down.sh").display().to_string();
    sandbox.other("sh", &script).exits(0);
    assert_eq!(control.calls_since(0).len(), 0);
}

#[test]
fn every_input_of_the_action_is_handed_on() {
    let action = std::fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let start = std::fs::read_to_string(Path::new(ROOT).join("ci/github/start.js")).unwrap();
    let inputs = action.split("\ninputs:\n").nth(1).unwrap().split("\noutputs:").next().unwrap();
    let names: Vec<&str> = inputs.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':')).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(start.contains(&format!("'{name}'")), "start.js does not hand on {name}");
        let variable = format!("BERTH_INPUT_{}", name.to_uppercase().replace('-', "_"));
        let scripts = ["up.sh", "down.sh", "which.sh"]
            .map(|script| std::fs::read_to_string(Path::new(ROOT).join("ci/github").join(script)).unwrap());
        assert!(scripts.iter().any(|text| text.contains(&variable)), "no script reads {variable}");
    }
}
