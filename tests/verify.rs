//! `berth verify --probe`: shares are held and GPUs are looked at, on both clouds, and nothing of it stays.

use crate::sandbox::Sandbox;
use crate::spec::{FILE, SMALL, SMALL_EKS};

const SPEED: u32 = 600;

/// Probes the four shares of one T4, then with an image that cannot be had.
fn probe(spec: &str) {
    let (mut sandbox, _control) = Sandbox::serving(SPEED);
    sandbox.write(FILE, spec);
    sandbox.berth(&format!("create -f {FILE} --simulate --yes")).exits(0);
    let probed = sandbox.berth(&format!("verify -f {FILE} --simulate --probe --output json")).exits(0).json();
    let row = &probed["probe"][0];
    assert_eq!((&row["pool"], &row["offered"], &row["wanted"]), (&"t4-pool".into(), &4.into(), &4.into()), "{probed}");
    assert_eq!((&row["ran"], &row["nodes"], &row["verdict"]), (&4.into(), &1.into(), &"passed".into()), "{probed}");
    assert_eq!(row["seen"], serde_json::json!({"Tesla T4": 1}), "{probed}");

    let image = "--probe-image registry.invalid/cuda:1 --probe-timeout 5m";
    let stuck = sandbox.berth(&format!("verify -f {FILE} --simulate --probe {image}")).exits(3);
    assert!(stuck.stdout.contains("0 of 4"), "{}", stuck.text());
    assert!(stuck.stdout.contains("registry.invalid"), "{}", stuck.text());

    let written = std::fs::read_dir(sandbox.path("state/kubeconfig")).unwrap().next().unwrap().unwrap().path();
    sandbox.set("KUBECONFIG", written.to_str().unwrap());
    let left = sandbox.other("kubectl", "get namespaces -o name").exits(0);
    assert!(left.stdout.contains("kube-system"), "{}", left.text());
    assert!(!left.stdout.contains("berth-probe"), "{}", left.text());
    sandbox.berth(&format!("destroy -f {FILE} --simulate --yes")).exits(0);
    sandbox.assert_nothing_billed();
}

#[test]
fn every_share_of_a_pool_on_gke_is_held_at_once() {
    probe(SMALL);
}

#[test]
fn every_share_of_a_pool_on_eks_is_held_at_once() {
    probe(SMALL_EKS);
}
