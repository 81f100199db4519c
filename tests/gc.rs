//! What is left or over is found by label, shown, and taken away; what is not proved to be ours survives.

use serde_json::{Value, json};

use crate::ci::elsewhere;
use crate::control::Control;
use crate::sandbox::Sandbox;
use crate::spec::{small, small_eks};

const SPEED: u32 = 600;
const EKS_SPEED: u32 = 100;
const EKS_HURRY: u32 = 500;

const GC: &str = "gc --yes --simulate --grace 5m";

/// Clusters and disks of others that look like ours: without a mark, or with another's. Gives what they are called.
fn plant_clusters(sandbox: &Sandbox) -> usize {
    let spec = |name: &str| {
        format!(
            "apiVersion: berth/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n  provider: gke\n  zone: us-central1-a\n  \
             nodePools:\n    - {{name: cpu-pool, machineType: e2-standard-4, nodes: {{min: 1, max: 1}}}}\n"
        )
    };
    sandbox.write("standing.yaml", &spec("small-pr-9"));
    sandbox.berth("create -f standing.yaml --simulate --yes").exits(0);
    1
}

/// Disks in Compute Engine whose names and labels are like ours, but are not.
pub(crate) fn lookalikes(project: &str) -> Vec<Value> {
    let disk = |name: &str, labels: Value| {
        json!({"id": format!("projects/{project}/zones/us-central1-a/disks/{name}"),
               "fields": {"name": name, "sizeGb": "10", "labels": labels}})
    };
    vec![
        disk("gke-small-pr-1-pvc-1", json!({})),
        disk("small-pr-1-data", json!({"managed-by": "terraform", "berth-cluster": "small-pr-1"})),
        disk("berth-other", json!({"managed-by": "berthier", "berth-lease": "pr-1"})),
    ]
}

#[test]
fn a_report_names_what_is_over_and_why_and_deletes_nothing() {
    let (mut sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let standing = plant_clusters(&sandbox);
    sandbox.berth("ci up -f small.yaml --id pr-1 --owner a/b --ttl 30m --simulate").exits(0);
    sandbox.berth("ci up -f small.yaml --id pr-2 --owner a/b --ttl 9d --simulate").exits(0);
    control.advance(2 * 3600);
    elsewhere(&mut sandbox);
    let report = sandbox.berth("gc --simulate --output json").exits(5).json();
    let gke = &report["accounts"][0];
    assert_eq!(gke["doomed"].as_array().unwrap().len(), 1, "{report}");
    let doomed = &gke["doomed"][0];
    assert_eq!([&doomed["cluster"], &doomed["lease"]["id"]], ["small-pr-1", "pr-1"], "{doomed}");
    assert!(doomed["ageSeconds"].as_u64().unwrap() > 7000, "{doomed}");
    assert!(doomed["why"].as_str().unwrap().contains("managed-by=berth"), "{doomed}");
    let kept = gke["kept"].as_array().unwrap();
    assert_eq!(kept.len(), 1 + standing, "{report}");
    assert_eq!(control.ledger()["counts"].get("DeleteCluster"), None);

    let said = sandbox.berth(GC).exits(0).says("deleted").says("has no lease").says("lease pr-2 of a/b until");
    assert!(said.stdout.contains("Nothing remains"), "{}", said.text());
    let left = sandbox.berth("list --simulate --output json").exits(0).json();
    assert_eq!(left["clusters"].as_array().unwrap().len(), 2, "{left}");
    sandbox.berth("ci down --id pr-2 --simulate").exits(0);
    sandbox.berth("destroy small-pr-9 --simulate --yes").exits(0);
}

#[test]
fn twice_at_once_it_does_no_harm() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    for id in ["pr-1", "pr-2", "pr-3"] {
        sandbox.berth(&format!("ci up -f small.yaml --id {id} --owner a/b --ttl 30m --simulate")).exits(0);
    }
    control.advance(3600);
    let mut other = sandbox.begin(GC);
    sandbox.berth(GC).exits(0);
    assert_eq!(other.wait().unwrap().code(), Some(0));
    assert_eq!(control.leftovers(), json!([]));
}

#[test]
fn what_looks_like_ours_survives() {
    let (sandbox, control) = Sandbox::serving(SPEED);
    small(&sandbox);
    let planted = lookalikes("berth-sim");
    control.plant(&json!(planted));
    sandbox.berth("ci up -f small.yaml --id pr-1 --owner a/b --ttl 30m --simulate").exits(0);
    control.advance(3600);
    sandbox.berth(GC).exits(0).says("deleted");
    sandbox.berth("ci down -f small.yaml --id pr-1 --simulate").exits(0).says("is not there");
    assert_eq!(names(&control).len(), planted.len(), "{}", control.leftovers());
}

/// What stands in the clouds, by name.
pub(crate) fn names(control: &Control) -> Vec<String> {
    let left = control.leftovers();
    left.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_half_made_environment_on_aws_goes_without_its_cluster() {
    let (mut sandbox, control) = Sandbox::hurried(EKS_SPEED, EKS_HURRY);
    small_eks(&sandbox);
    let up = "ci up -f small.yaml --id pr-1 --owner a/b --ttl 2d --simulate";
    let rule = json!({"on": "eks:CreateCluster", "nth": 1, "times": 1, "do": "hang-before"});
    crate::crash::run_and_kill_at(&sandbox, &control, up, &rule);
    assert_ne!(control.leftovers(), json!([]), "roles and a network are there");
    elsewhere(&mut sandbox);
    sandbox.berth(GC).exits(0);
    assert_ne!(control.leftovers(), json!([]), "its lease goes on");
    control.advance(3 * 24 * 3600);
    sandbox.berth("gc --simulate").exits(5).says("small-pr-1");
    sandbox.berth(GC).exits(0).says("deleted");
    assert_eq!(control.leftovers(), json!([]));
}

#[test]
fn what_looks_like_ours_on_aws_survives() {
    if !crate::witnesses::present(&["aws"]) {
        return;
    }
    let (mut sandbox, control) = Sandbox::hurried(EKS_SPEED, EKS_HURRY);
    small_eks(&sandbox);
    let settings = sandbox.berth("sim env --output json").exits(0).json();
    for (name, value) in settings.as_object().unwrap() {
        sandbox.set(name, value.as_str().unwrap());
    }
    let tags = |kind: &str, tags: &str| format!("--tag-specifications ResourceType={kind},Tags=[{tags}]");
    let volume = "ec2 create-volume --region us-east-1 --availability-zone us-east-1a --size 5 --volume-type gp3";
    let anothers = "{Key=managed-by,Value=terraform},{Key=berth-cluster,Value=small-pr-1},{Key=berth-lease,Value=pr-1}";
    for line in [
        format!("{volume} {}", tags("volume", anothers)),
        format!("{volume} {}", tags("volume", "{Key=Name,Value=small-pr-1/data}")),
        format!("ec2 create-vpc --region us-east-1 --cidr-block 10.9.0.0/16 {}", tags("vpc", anothers)),
    ] {
        sandbox.other("aws", &line).exits(0);
    }
    let planted = control.leftovers().as_array().unwrap().len();
    sandbox.berth("ci up -f small.yaml --id pr-1 --owner a/b --ttl 30m --simulate").exits(0);
    control.advance(3600);
    sandbox.berth(GC).exits(0).says("deleted");
    assert_eq!(control.leftovers().as_array().unwrap().len(), planted, "{}", control.leftovers());
    for volume in control.leftovers().as_array().unwrap().iter().filter(|thing| thing["kind"] == "volume") {
        let id = volume["id"].as_str().unwrap();
        sandbox.other("aws", &format!("ec2 delete-volume --region us-east-1 --volume-id {id}")).exits(0);
    }
}
