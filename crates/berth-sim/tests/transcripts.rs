//! Recorded answers of a kube-apiserver 1.36, held against the store.
//!
//! A small copy of the recordings is in `tests/recorded/` and always runs. The whole corpus runs where it is found:
//! in the folder `BERTH_APISERVER_TRANSCRIPTS`, or beside the repository. The steps that are not served yet are
//! named one by one in `tests/transcripts/unserved.txt`; a step on that list that matches fails the test.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and tells how many steps matched"
)]

#[path = "transcripts/compare.rs"]
mod compare;
#[path = "transcripts/replay.rs"]
mod replay;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The discovery of these resources is compared; the recorded server has more.
const SERVED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "bindings",
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "namespaces",
            "namespaces/finalize",
            "namespaces/status",
            "nodes",
            "nodes/status",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "persistentvolumes",
            "persistentvolumes/status",
            "pods",
            "pods/binding",
            "pods/eviction",
            "pods/log",
            "pods/status",
            "resourcequotas",
            "resourcequotas/status",
            "secrets",
            "serviceaccounts",
            "serviceaccounts/token",
            "services",
            "services/status",
        ],
    ),
    (
        "apps",
        &[
            "controllerrevisions",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
    ),
    ("events.k8s.io", &["events"]),
    ("authentication.k8s.io", &["selfsubjectreviews"]),
    (
        "authorization.k8s.io",
        &["localsubjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"],
    ),
    ("batch", &["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
    ("networking.k8s.io", &["ingressclasses", "ingresses", "ingresses/status", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ("rbac.authorization.k8s.io", &["clusterrolebindings", "clusterroles", "rolebindings", "roles"]),
    ("storage.k8s.io", &["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattachments/status"]),
    ("apiextensions.k8s.io", &["customresourcedefinitions", "customresourcedefinitions/status"]),
    ("coordination.k8s.io", &["leases"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn steps(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut steps: Vec<Value> = serde_json::from_str(&text).unwrap();
    for step in &mut steps {
        keep_served(&mut step["response"]["body"]);
        // The recorded server had priority classes of its own, one of them the default of every pod.
        if let Some(volatile) = step["volatile"].as_array_mut() {
            volatile.extend(["priorityClassName", "/spec/priority", "/items/*/spec/priority"].map(Value::from));
        }
    }
    steps
}

/// Takes groups and resources that are not served out of recorded discovery documents.
fn keep_served(body: &mut Value) {
    let resources = |group: &str| SERVED.iter().find(|(name, _)| *name == group).map_or(&[][..], |(_, list)| *list);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match body["kind"].as_str() {
        Some("APIGroupList") => retain(&mut body["groups"], |group| !resources(&text(&group["name"])).is_empty()),
        Some("APIResourceList") => {
            let version = text(&body["groupVersion"]);
            let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
            retain(&mut body["resources"], |row| resources(&group).contains(&text(&row["name"]).as_str()));
        }
        Some("APIGroupDiscoveryList") => {
            retain(&mut body["items"], |group| !resources(&text(&group["metadata"]["name"])).is_empty());
            for group in body["items"].as_array_mut().unwrap() {
                let known = resources(&text(&group["metadata"]["name"]));
                for version in group["versions"].as_array_mut().unwrap() {
                    retain(&mut version["resources"], |row| known.contains(&text(&row["resource"]).as_str()));
                    for row in version["resources"].as_array_mut().unwrap() {
                        let plural = text(&row["resource"]);
                        retain(&mut row["subresources"], |part| {
                            known.contains(&format!("{plural}/{}", text(&part["subresource"])).as_str())
                        });
                        if row["subresources"].as_array().is_none_or(Vec::is_empty) {
                            row.as_object_mut().unwrap().remove("subresources");
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

fn retain(list: &mut Value, keep: impl Fn(&Value) -> bool) {
    if let Some(items) = list.as_array_mut() {
        items.retain(|item| keep(item));
    }
}

/// The scenario files of a folder in order; kubectl's own recordings have another form.
fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !stem(path).starts_with("10-"))
        .collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The corpus, where there is one.
fn corpus() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("BERTH_APISERVER_TRANSCRIPTS") {
        let named = PathBuf::from(named);
        let required = std::env::var("BERTH_REQUIRE_WITNESSES").is_ok_and(|value| value == "1");
        assert!(named.is_dir() || !required, "{} is no folder of transcripts", named.display());
        return named.is_dir().then_some(named);
    }
    let beside = folder("../../../shared/apiserver-transcripts");
    beside.is_dir().then_some(beside)
}

/// The steps that are not served yet, as `scenario/step`.
fn unserved() -> BTreeSet<String> {
    let list = std::fs::read_to_string(folder("tests/transcripts/unserved.txt")).unwrap();
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// What came of all scenarios of a folder.
#[derive(Default)]
struct Results {
    matched: usize,
    /// Steps that differ though they are served, and steps that match though they are listed as not served.
    surprises: String,
    /// Every step that differs.
    differing: BTreeSet<String>,
    /// Every step that was performed.
    performed: BTreeSet<String>,
}

fn perform(folder: &Path) -> Results {
    let unserved = unserved();
    let mut results = Results::default();
    let mut steps_in_all = 0;
    for path in scenarios(folder) {
        let outcome = replay::replay(&steps(&path));
        let matched = outcome.iter().filter(|(_, found)| found.is_empty()).count();
        results.matched += matched;
        steps_in_all += outcome.len();
        println!("{}: {matched} of {} steps match", stem(&path), outcome.len());
        for (name, found) in outcome {
            let id = format!("{}/{name}", stem(&path));
            match (unserved.contains(&id), found.is_empty()) {
                (true, true) => {
                    let _ = writeln!(results.surprises, "{id} matches now: take it off the list");
                }
                (false, false) => {
                    let found: Vec<String> = found.into_iter().take(4).collect();
                    let _ = writeln!(results.surprises, "{id}: {}", found.join("; "));
                    results.differing.insert(id.clone());
                }
                (true, false) => {
                    results.differing.insert(id.clone());
                }
                (false, true) => {}
            }
            results.performed.insert(id);
        }
    }
    println!("{} of {steps_in_all} steps match", results.matched);
    results
}

#[test]
fn the_shipped_recordings_match() {
    let results = perform(&folder("tests/recorded"));
    assert!(results.surprises.is_empty(), "{}", results.surprises);
    assert!(results.matched > 1000, "the recordings are there: {} match", results.matched);
}

#[test]
fn the_whole_corpus_matches_but_for_what_is_not_served() {
    let Some(corpus) = corpus() else {
        println!("skipped: no transcripts beside the repository");
        return;
    };
    let results = perform(&corpus);
    if let Some(path) = std::env::var_os("BERTH_WRITE_UNSERVED") {
        let lines: Vec<String> = results.differing.iter().map(|id| format!("{id}\n")).collect();
        std::fs::write(path, lines.concat()).unwrap();
    }
    assert!(results.surprises.is_empty(), "{}", results.surprises);
    let stale: Vec<String> = unserved().difference(&results.performed).cloned().collect();
    assert!(stale.is_empty(), "on the list and not in the corpus: {stale:?}");
}
