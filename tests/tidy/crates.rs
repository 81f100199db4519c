//! Who may use whom.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::ROOT;

/// The arrows between rooms, as ARCHITECTURE.md draws them: crate, uses, and may use in its tests besides.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    (
        "berth",
        &["berth-core", "berth-eks", "berth-engine", "berth-gke", "berth-kube", "berth-report", "berth-sim"],
        &[],
    ),
    ("berth-core", &[], &[]),
    ("berth-eks", &["berth-core"], &["berth-sim"]),
    ("berth-engine", &["berth-core"], &[]),
    ("berth-gke", &["berth-core"], &["berth-sim"]),
    ("berth-kube", &["berth-core"], &["berth-sim"]),
    ("berth-report", &["berth-core"], &[]),
    ("berth-sim", &[], &[]),
];

/// Crates that mean waiting, sockets or a cloud; the core reaches none of them, however indirectly.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "futures-util",
    "google-cloud-gax",
    "hyper",
    "kube",
    "kube-client",
    "mio",
    "reqwest",
    "rustls",
    "socket2",
    "tokio",
];

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(arguments).args(["--offline", "--locked"]).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn packages() -> Vec<Value> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Names of the berth crates a package depends on, for building and for its tests.
fn arrows(package: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut uses, mut tests) = (BTreeSet::new(), BTreeSet::new());
    for dependency in package["dependencies"].as_array().unwrap() {
        let name = dependency["name"].as_str().unwrap().to_owned();
        if name.starts_with("berth") {
            if dependency["kind"] == "dev" {
                tests.insert(name)
            } else {
                uses.insert(name)
            };
        }
    }
    (uses, tests)
}

#[test]
fn the_arrows_between_crates_are_those_of_the_architecture() {
    let packages = packages();
    let named: BTreeMap<&str, &Value> =
        packages.iter().map(|package| (package["name"].as_str().unwrap(), package)).collect();
    let known: Vec<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(named.keys().copied().collect::<Vec<_>>(), known, "a new crate needs a row here and in ARCHITECTURE.md");
    for (name, allowed, allowed_in_tests) in ARROWS {
        let (uses, tests) = arrows(named[name]);
        assert_eq!(uses, allowed.iter().map(|&name| name.to_owned()).collect(), "what {name} uses");
        for test in &tests {
            assert!(
                allowed_in_tests.contains(&test.as_str()) || allowed.contains(&test.as_str()),
                "{name}'s tests use {test}"
            );
        }
    }
}

#[test]
fn every_crate_takes_the_lints_and_the_versions_of_the_workspace() {
    for package in packages() {
        let path = package["manifest_path"].as_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let name = &package["name"];
        assert!(text.contains("[lints]\nworkspace = true"), "{name} has its own lints");
        let begin = text.find("\n[dependencies]").unwrap_or(text.len());
        for line in
            text[begin..].lines().take_while(|line| !line.starts_with("[profile") && !line.starts_with("[lints"))
        {
            let version = line
                .split_once('=')
                .is_some_and(|(_, value)| value.trim().starts_with('"') || value.contains("version"));
            assert!(!version, "{name} has a version of its own: {line}");
        }
    }
}

#[test]
fn the_core_reaches_no_async_runtime_and_no_network() {
    let tree = cargo(&["tree", "-p", "berth-core", "-e", "normal", "--prefix", "none", "-f", "{p}"]);
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(reached.contains("serde"), "the tree is empty:\n{tree}");
    let impure: Vec<_> = IMPURE.iter().filter(|name| reached.contains(**name)).collect();
    assert!(impure.is_empty(), "berth-core reaches {impure:?}");
}

#[test]
fn the_simulator_reaches_no_berth_crate_and_no_cloud_sdk() {
    let tree = cargo(&["tree", "-p", "berth-sim", "-e", "normal", "--prefix", "none", "-f", "{p}"]);
    let of_ours: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| {
            (name.starts_with("berth") && *name != "berth-sim") || name.starts_with("google-cloud") || *name == "kube"
        })
        .collect();
    assert!(of_ours.is_empty(), "berth-sim reaches {of_ours:?}");
}
