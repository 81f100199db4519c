use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use berth_core::observed::ClusterAccess;
use berth_kube::{Entry, KubeconfigError, context_name, merge_into, remove_from, search_paths, target_path, write_own};
use tempfile::TempDir;

pub(crate) const THEIRS: &str = "apiVersion: v1
kind: Config
current-context: work
clusters: [{name: work, cluster: {server: 'https://10.0.0.1'}}]
contexts: [{name: work, context: {cluster: work, user: me}}]
users: [{name: me, user: {token: abc}}]
";

pub(crate) fn entry(cluster: &str) -> Entry {
    Entry {
        context: context_name(cluster),
        access: ClusterAccess { server: "https://34.1.2.3".to_owned(), ca_pem: Some("PEM\n".repeat(400)) },
        command: "/opt/some place/berth".to_owned(),
        args: ["token", "--provider", "gke", "--cluster", cluster].map(ToOwned::to_owned).into(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Everything in a folder, so that nothing is left lying about.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn files_are_found_as_kubectl_finds_them() {
    let home = Path::new("/home/me");
    assert_eq!(target_path(None, home), PathBuf::from("/home/me/.kube/config"));
    assert_eq!(target_path(Some(OsStr::new("")), home), PathBuf::from("/home/me/.kube/config"));
    let several = Some(OsStr::new("/a:/b::/c"));
    assert_eq!(target_path(several, home), PathBuf::from("/a"));
    assert_eq!(search_paths(several, home), ["/a", "/b", "/c"].map(PathBuf::from));
}

#[test]
fn an_own_file_is_for_its_owner_only_and_its_folders_too() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("new/kubeconfig/a.yaml");
    write_own(&path, &entry("a")).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    write_own(&path, &entry("a")).unwrap();
    assert_eq!(names(path.parent().unwrap()), ["a.yaml"]);
}

#[test]
fn merged_and_removed_the_file_is_again_for_its_owner_only() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, THEIRS).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    merge_into(&path, &entry("a")).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("current-context: berth_a"));
    assert_eq!(mode(&path), 0o600);
    assert!(remove_from(&path, "berth_a").unwrap());
    assert!(!remove_from(&path, "berth_a").unwrap());
    assert!(fs::read_to_string(&path).unwrap().contains("current-context: work"));
    assert_eq!(names(dir.path()), ["config"]);
}

#[test]
fn a_file_that_is_not_there_is_made_for_merging_and_nothing_to_remove() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(".kube/config");
    assert!(!remove_from(&path, "berth_a").unwrap());
    assert!(names(dir.path()).is_empty());
    merge_into(&path, &entry("a")).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_link_stays_a_link() {
    let dir = TempDir::new().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("config"));
    symlink("real", &link).unwrap();
    for _ in 0..2 {
        merge_into(&link, &entry("a")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("berth_a"));
    }
}

#[test]
fn a_bad_file_is_named_and_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, "contexts: {a: [\n").unwrap();
    for error in [merge_into(&path, &entry("a")).unwrap_err(), remove_from(&path, "berth_a").unwrap_err()] {
        assert!(matches!(error, KubeconfigError::Malformed { .. }));
        assert!(error.to_string().contains(path.to_str().unwrap()));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "contexts: {a: [\n");
    assert_eq!(names(dir.path()), ["config"]);
}

#[test]
fn a_lock_of_another_program_is_respected_and_named() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, THEIRS).unwrap();
    fs::write(dir.path().join("config.lock"), "").unwrap();
    let error = merge_into(&path, &entry("a")).unwrap_err();
    assert!(error.to_string().contains("config.lock"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), THEIRS);
}

#[test]
fn simultaneous_merges_lose_nothing() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("config");
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let path = &path;
            scope.spawn(move || merge_into(path, &entry(name)).unwrap());
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    assert!(["a", "b", "c", "d"].iter().all(|name| text.contains(&format!("name: berth_{name}"))), "{text}");
}
