//! What a change of a spec changes in its cost: between two files, and between revisions of git.

use std::fs;

use crate::sandbox::Sandbox;
use crate::spec::{self, SMALL};
use crate::witnesses::present;

fn expected_month(value: &serde_json::Value) -> f64 {
    value["expected"]["month"].as_f64().unwrap()
}

/// The small cluster with up to six nodes instead of two, in a file of its own.
fn larger(sandbox: &Sandbox) {
    let (from, to) = ("nodes: {min: 1, max: 2}", "nodes: {min: 1, max: 6}");
    assert!(SMALL.contains(from));
    sandbox.write("larger.yaml", &SMALL.replace(from, to));
}

#[test]
fn a_change_of_a_spec_is_told_for_people_programs_and_pull_requests() {
    let sandbox = Sandbox::new(60);
    spec::small(&sandbox);
    let same = sandbox.berth("cost diff small.yaml small.yaml").exits(0).says("Nothing changes");
    same.says("0.00").never_says("as far as known");
    sandbox.write("private.yaml", &SMALL.replace("spec:\n", "spec:\n  gke: {privateNodes: true}\n"));
    let unknown = sandbox.berth("cost diff small.yaml private.yaml").exits(0);
    unknown.says("Cost from small.yaml to private.yaml: unknown").never_says("as far as known");
    let unknown = sandbox.berth("cost diff small.yaml private.yaml --output json").exits(0).json();
    let delta = serde_json::json!({"month": null, "partlyUnknown": true});
    assert_eq!(unknown["total"]["delta"]["expected"], delta, "{unknown}");
    larger(&sandbox);
    let json = sandbox.berth("cost diff small.yaml larger.yaml --output json").exits(0).json();
    let month =
        |name: &str| expected_month(&sandbox.berth(&format!("cost -f {name} --output json")).exits(0).json()["total"]);
    let grown = month("larger.yaml") - month("small.yaml");
    assert!(
        grown > 1.0 && (json["total"]["delta"]["expected"]["month"].as_f64().unwrap() - grown).abs() < 1e-5,
        "{json}"
    );
    let sum = format!("+{grown:.2}");
    for form in ["table", "markdown"] {
        let said = sandbox.berth(&format!("cost diff small.yaml larger.yaml --output {form}")).exits(0);
        said.says(&sum).says("t4-pool").says("nodes 1-2");
    }
    for form in ["table", "markdown"] {
        for other in ["small.yaml", "larger.yaml"] {
            let said = sandbox.berth(&format!("cost diff small.yaml {other} --output {form}")).exits(0);
            said.says("Prices").says("2026-08-03").says("Unknown prices").says("another project's copy");
        }
    }
    let row = &json["prices"][0];
    assert!(
        row["what"].is_string() && row["price"]["date"].is_string() && row["price"]["source"].is_string(),
        "{json}"
    );
    assert!(json["unknown"].to_string().contains("public IPv4 address"), "{json}");
    assert!(json["notes"].to_string().contains("[S] is another project's copy"), "{json}");
    sandbox.berth_answering("cost diff small.yaml -", &sandbox.read("larger.yaml")).exits(0).says(&sum);
    sandbox.berth("cost diff - -").exits(1).says("not both");
    let all = format!("+{:.2}", month("small.yaml"));
    sandbox.berth("cost diff /dev/null small.yaml").exits(0).says(&all).says("from no cluster to small.yaml");
}

fn git(sandbox: &Sandbox, words: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    let output = sandbox.command("git", who.iter().chain(words)).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository in the box, whose spec names a file with shares and one with quotas: two commits, then changes that are in none.
fn repository(sandbox: &Sandbox) {
    for folder in ["specs", "limits", "elsewhere"] {
        fs::create_dir(sandbox.path(folder)).unwrap();
    }
    let sharing = "apiVersion: berth/v1\nkind: GpuSharing\nspec: {pools: {t4-pool: {shares: 4}}}\n";
    let quotas = "apiVersion: berth/v1\nkind: ServiceQuotas\nspec: {services: {stt: {cpu: 1, memory: 1Gi, gpus: 1}}}\n";
    let spec = SMALL.replace(", sharing: {shares: 4}", "");
    let spec =
        spec.replace("spec:\n", "spec:\n  gpuSharing: ../limits/sharing.yaml\n  quotas: ../limits/quotas.yaml\n");
    sandbox.write("limits/sharing.yaml", sharing);
    sandbox.write("limits/quotas.yaml", quotas);
    sandbox.write("specs/a.yaml", &spec);
    git(sandbox, &["init", "-q", "."]);
    git(sandbox, &["add", "specs", "limits"]);
    git(sandbox, &["commit", "-qm", "small"]);
    sandbox.write("specs/a.yaml", &spec.replace("nodes: {min: 1, max: 2}", "nodes: {min: 1, max: 6}"));
    git(sandbox, &["commit", "-qam", "larger"]);
    git(sandbox, &["tag", "v2"]);
    // Only the files that the spec names differ from the last commit.
    sandbox.write("limits/sharing.yaml", &sharing.replace("shares: 4", "shares: 2"));
    sandbox.write("limits/quotas.yaml", &quotas.replace("gpus: 1", "gpus: 0"));
}

#[test]
fn revisions_of_git_are_compared_with_the_files_they_name() {
    if !present(&["git"]) {
        return;
    }
    let sandbox = Sandbox::new(60);
    repository(&sandbox);
    // The quotas that lie here are wrong: who reads them, and not those of the revision, fails.
    let here = sandbox.berth("cost -f specs/a.yaml").exits(1).says("limits/quotas.yaml:3");
    assert!(!here.stderr.contains("HEAD"));
    let nodes = |line: &str| {
        let json = sandbox.berth(&format!("cost diff {line} --output json")).exits(0).json();
        (json["old"].clone(), json["new"].clone(), json["pools"][1]["why"].clone())
    };
    let grew = serde_json::json!(["nodes 1-2 -> 1-6"]);
    let names = |old: &str, new: &str| (old.into(), new.into(), grew.clone());
    assert_eq!(nodes("HEAD~1:specs/a.yaml v2:specs/a.yaml"), names("HEAD~1:specs/a.yaml", "v2:specs/a.yaml"));
    assert_eq!(
        nodes("HEAD~1:./specs/a.yaml HEAD:./specs/a.yaml"),
        names("HEAD~1:./specs/a.yaml", "HEAD:./specs/a.yaml")
    );
    assert_eq!(nodes("-f specs/a.yaml HEAD~1 main"), names("HEAD~1:specs/a.yaml", "main:specs/a.yaml"));
    let absolute = sandbox.path("specs/a.yaml").display().to_string();
    assert_eq!(nodes(&format!("-f {absolute} HEAD~1 main")), names("HEAD~1:a.yaml", "main:a.yaml"));
    // With right quotas the file as it lies here, with half the shares, and what is staged.
    git(&sandbox, &["checkout", "-q", "limits/quotas.yaml"]);
    assert_eq!(nodes("-f specs/a.yaml HEAD~1").2, serde_json::json!(["nodes 1-2 -> 1-6", "shares of a node 4 -> 2"]));
    assert_eq!(nodes("HEAD~1:specs/a.yaml specs/a.yaml").2.as_array().unwrap().len(), 2);
    assert_eq!(nodes("HEAD~1:specs/a.yaml :specs/a.yaml").2, grew);
}

#[test]
fn what_cannot_be_read_of_a_revision_comes_with_the_way_out() {
    if !present(&["git"]) {
        return;
    }
    let mut sandbox = Sandbox::new(60);
    // Nothing above the box counts as its repository.
    let above = sandbox.path("").parent().unwrap().display().to_string();
    sandbox.set("GIT_CEILING_DIRECTORIES", &above);
    spec::small(&sandbox);
    let refused = |line: &str| sandbox.berth(&format!("cost diff {line}")).exits(1);
    refused("HEAD:small.yaml small.yaml").says("not a git repository").says("in the repository that has the revision");
    repository(&sandbox);
    refused("nowhere:specs/a.yaml small.yaml")
        .says("there is no revision nowhere here")
        .says("git log --oneline --all");
    refused("HEAD:specs/b.yaml small.yaml").says("path 'specs/b.yaml' does not exist in 'HEAD'").says("/dev/null");
    refused("HEAD:specs small.yaml").says("cannot read HEAD:specs");
    refused("HEAD:../a.yaml small.yaml").says("outside repository");
    refused("main small.yaml").says("cannot read main").says("REVISION:FILE");
    refused("-f - HEAD").says("standard input is in no revision");
    sandbox.berth("cost diff small.yaml").exits(2).says("<NEW>");
    // A problem of a revision names it, also where it is in a file that the spec names.
    git(&sandbox, &["add", "limits"]);
    refused(":specs/a.yaml small.yaml").says(":limits/quotas.yaml:3");
    // A shallow clone has not all there is.
    let clone = format!("clone -q --depth 1 file://{} shallow", sandbox.path(".git").display());
    git(&sandbox, &clone.split(' ').collect::<Vec<_>>());
    refused("-f shallow/specs/a.yaml HEAD~1").says("cannot read HEAD~1:shallow/specs/a.yaml");
    let inside = sandbox.path("shallow/specs/a.yaml").display().to_string();
    refused(&format!("-f {inside} HEAD~1")).says("git fetch --unshallow");
}
