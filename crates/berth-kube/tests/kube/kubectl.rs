//! `kubectl` as a witness: it reads what is written here, and writes what is read here.

use std::fs;
use std::path::Path;
use std::process::Command;

use berth_kube::{merge_into, remove_from, write_own};
use tempfile::TempDir;

use crate::files::{THEIRS, entry};

/// What kubectl says; `None`, with a word on it, where there is no kubectl and none is required.
#[expect(clippy::print_stderr, reason = "a skipped witness is said so")]
fn kubectl(file: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("kubectl").env_remove("KUBECONFIG").arg("--kubeconfig").arg(file).args(args).output();
    let Ok(output) = output else {
        assert!(std::env::var_os("BERTH_REQUIRE_WITNESSES").is_none(), "kubectl is required and missing");
        eprintln!("skipped: there is no kubectl");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {args:?}: {said}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn kubectl_reads_an_own_kubeconfig() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("own.yaml");
    write_own(&path, &entry("dubbing")).unwrap();
    let Some(view) = kubectl(&path, &["config", "view", "--raw", "-o", "json"]) else { return };
    let view: serde_json::Value = serde_json::from_str(&view).unwrap();
    assert_eq!(view["current-context"], "berth_dubbing");
    assert_eq!(view["clusters"][0]["cluster"]["server"], "https://34.1.2.3");
    let exec = &view["users"][0]["user"]["exec"];
    assert_eq!(exec["command"], "/opt/some place/berth");
    assert_eq!(exec["args"][4], "dubbing");
    assert_eq!((&exec["interactiveMode"], &exec["provideClusterInfo"]), (&"Never".into(), &false.into()));
}

#[test]
fn what_kubectl_rewrites_is_still_taken_out() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, THEIRS).unwrap();
    let before = kubectl(&path, &["config", "view", "--raw"]);
    merge_into(&path, &entry("dubbing")).unwrap();
    // kubectl writes the file anew in its own order and style.
    if kubectl(&path, &["config", "set-context", "work", "--namespace", "x"]).is_none() {
        return;
    }
    kubectl(&path, &["config", "set-context", "work", "--namespace", ""]);
    assert_eq!(kubectl(&path, &["config", "current-context"]).unwrap().trim(), "berth_dubbing");
    assert!(remove_from(&path, "berth_dubbing").unwrap());
    assert_eq!(kubectl(&path, &["config", "current-context"]).unwrap().trim(), "work");
    assert_eq!(kubectl(&path, &["config", "view", "--raw"]), before);
}
