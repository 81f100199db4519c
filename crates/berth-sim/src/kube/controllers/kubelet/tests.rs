use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::controllers::work::later;
use crate::kube::store::Store;

fn now() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

fn store() -> Store {
    let mut store = Store::new(now(), "v1.36.0");
    let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": "1"});
    let node = json!({
        "metadata": {"name": "n"},
        "spec": {"providerID": "gce://p/z/n"},
        "status": {"allocatable": amounts, "conditions": [{"type": "Ready", "status": "True"}]},
    });
    store.put(now(), "nodes", None, node);
    store
}

fn put(store: &mut Store, name: &str, spec: Value) {
    let pod = json!({"metadata": {"name": name}, "spec": spec, "status": {"phase": "Pending"}});
    store.put(now(), "pods", Some("default"), pod);
}

fn running(command: Value) -> Value {
    json!([{"name": "a", "image": "busybox", "command": command}])
}

/// The phase, then for each container its state's name or reason, and how often it was run again.
fn told(store: &mut Store, name: &str, seconds: i64) -> String {
    store.settle(later(now(), seconds));
    let Some(pod) = store.get("pods", Some("default"), name) else { return "gone".to_owned() };
    let mut words = vec![pod["status"]["phase"].as_str().unwrap_or_default().to_owned()];
    for field in ["initContainerStatuses", "containerStatuses"] {
        for one in pod["status"][field].as_array().into_iter().flatten() {
            let (state, of) = one["state"].as_object().and_then(|all| all.iter().next()).unwrap();
            let ready = if one["ready"] == true { " ready" } else { "" };
            words.push(format!("{}{ready} {}", of["reason"].as_str().unwrap_or(state), one["restartCount"]));
        }
    }
    words.join(", ")
}

#[test]
fn a_server_is_created_runs_and_ends_when_it_is_told_to() {
    let mut store = store();
    put(&mut store, "web", json!({"containers": running(json!(["serve"]))}));
    assert_eq!(told(&mut store, "web", 0), "Pending, ContainerCreating 0");
    assert_eq!(told(&mut store, "web", 5), "Running, running ready 0");
    let mut pod = store.get("pods", Some("default"), "web").unwrap().clone();
    assert!(pod["status"]["podIP"].as_str().unwrap().starts_with("10."));
    pod["metadata"]["deletionTimestamp"] = json!("2026-11-21T04:00:40Z");
    pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    store.put(later(now(), 10), "pods", Some("default"), pod);
    assert_eq!(told(&mut store, "web", 11), "Running, running ready 0");
    assert_eq!(told(&mut store, "web", 13), "gone");
}

#[test]
fn what_ends_is_completed_failed_or_run_again_with_pauses() {
    let mut store = store();
    let never = |command: Value| json!({"restartPolicy": "Never", "containers": running(command)});
    put(&mut store, "done", never(json!(["true"])));
    put(&mut store, "failed", never(json!(["sh", "-c", "sleep 10; exit 3"])));
    put(&mut store, "crash", json!({"containers": running(json!(["false"]))}));
    assert_eq!(told(&mut store, "failed", 8), "Running, running ready 0");
    assert_eq!(told(&mut store, "done", 8), "Succeeded, Completed 0");
    assert_eq!(told(&mut store, "failed", 30), "Failed, Error 0");
    assert_eq!(told(&mut store, "crash", 30), "Running, CrashLoopBackOff 2");
    let crash = store.get("pods", Some("default"), "crash").unwrap();
    let waiting = &crash["status"]["containerStatuses"][0];
    assert_eq!(waiting["lastState"]["terminated"]["exitCode"], 1);
    assert!(
        waiting["state"]["waiting"]["message"]
            .as_str()
            .unwrap()
            .starts_with("back-off 20s restarting failed container=a pod=crash_default(")
    );
    assert_eq!(told(&mut store, "crash", 3600).split(' ').next_back(), Some("16"));
}

#[test]
fn the_program_that_shows_gpus_needs_one() {
    let mut store = store();
    let mut with = running(json!(["nvidia-smi"]));
    with[0]["resources"] = json!({"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}});
    put(&mut store, "with", json!({"restartPolicy": "Never", "containers": with}));
    put(&mut store, "without", json!({"restartPolicy": "Never", "containers": running(json!(["nvidia-smi"]))}));
    assert_eq!(told(&mut store, "with", 10), "Succeeded, Completed 0");
    assert_eq!(told(&mut store, "without", 10), "Failed, Error 0");
    let code = &store.get("pods", Some("default"), "without").unwrap()["status"]["containerStatuses"][0]["state"];
    assert_eq!(code["terminated"]["exitCode"], 127);
}

#[test]
fn images_secrets_and_volumes_that_are_missing_are_named() {
    let mut store = store();
    let image = json!([{"name": "a", "image": "registry.invalid/app:1"}]);
    put(&mut store, "image", json!({"containers": image}));
    let secret = json!([{"name": "a", "image": "x", "envFrom": [{"secretRef": {"name": "keys"}}]}]);
    put(&mut store, "secret", json!({"containers": secret}));
    let volumes = json!([{"name": "conf", "configMap": {"name": "settings"}}]);
    put(&mut store, "volume", json!({"containers": [{"name": "a", "image": "x"}], "volumes": volumes}));
    assert_eq!(told(&mut store, "image", 4), "Pending, ErrImagePull 0");
    assert_eq!(told(&mut store, "image", 60), "Pending, ImagePullBackOff 0");
    assert_eq!(told(&mut store, "secret", 60), "Pending, CreateContainerConfigError 0");
    assert_eq!(told(&mut store, "volume", 60), "Pending, ContainerCreating 0");
    let said: Vec<&str> = store.list("events").filter_map(|event| event["message"].as_str()).collect();
    assert!(
        said.contains(&"MountVolume.SetUp failed for volume \"conf\" : configmap \"settings\" not found"),
        "{said:?}"
    );
    assert!(said.contains(&"Error: secret \"keys\" not found"), "{said:?}");
    store.put(later(now(), 61), "secrets", Some("default"), json!({"metadata": {"name": "keys"}}));
    store.put(later(now(), 61), "configmaps", Some("default"), json!({"metadata": {"name": "settings"}}));
    assert_eq!(told(&mut store, "secret", 80), "Running, running ready 0");
    assert_eq!(told(&mut store, "volume", 80), "Running, running ready 0");
}

#[test]
fn init_containers_come_first_and_one_that_fails_holds_the_pod() {
    let mut store = store();
    let init = |command: Value| json!([{"name": "i", "image": "x", "command": command}]);
    let spec = |command: Value| json!({"initContainers": init(command), "containers": running(json!(["serve"]))});
    put(&mut store, "good", spec(json!(["sh", "-c", "cp a b"])));
    put(&mut store, "bad", spec(json!(["false"])));
    assert_eq!(told(&mut store, "good", 1), "Pending, ContainerCreating 0, PodInitializing 0");
    assert_eq!(told(&mut store, "good", 20), "Running, Completed 0, running ready 0");
    assert_eq!(told(&mut store, "bad", 20), "Pending, CrashLoopBackOff 2, PodInitializing 0");
}

#[test]
fn a_taint_that_executes_and_a_node_that_goes_end_pods() {
    let mut store = store();
    put(&mut store, "web", json!({"containers": running(json!(["serve"]))}));
    let bears = json!([{"operator": "Exists"}]);
    put(&mut store, "tough", json!({"containers": running(json!(["serve"])), "tolerations": bears}));
    assert_eq!(told(&mut store, "web", 5), "Running, running ready 0");
    let mut node = store.get("nodes", None, "n").unwrap().clone();
    node["spec"]["taints"] = json!([{"key": "maintenance", "effect": "NoExecute"}]);
    store.put(later(now(), 10), "nodes", None, node);
    assert_eq!(told(&mut store, "web", 15), "gone");
    assert_eq!(told(&mut store, "tough", 15), "Running, running ready 0");
    store.remove(later(now(), 20), "nodes", None, "n");
    assert_eq!(told(&mut store, "tough", 30), "Running, running ready 0");
    assert_eq!(told(&mut store, "tough", 70), "gone");
}
