//! A pod's status from one look of its kubelet to the next.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::containers::{self, Around, Said};
use super::sources;
use crate::kube::controllers::events::{self, Happened};
use crate::kube::controllers::work::{Part, later};
use crate::kube::controllers::{conditions, owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::time;
use crate::lifecycle::digest;

/// Volumes that could not be mounted are tried again after so many seconds.
const MOUNT_SECONDS: i64 = 10;
/// An init container whose command says nothing about its end ends after so many seconds.
const INIT_SECONDS: i64 = 2;

/// Looks after all containers of a pod.
pub(super) fn advance(store: &mut Store, key: &str, pod: &Value, node: &Value, now: Timestamp) {
    let Some(kind) = kinds::by_plural("pods") else { return };
    let mut status = pod["status"].clone();
    if status["startTime"].is_null() {
        status["startTime"] = json!(time::seconds(now));
        status["hostIP"] = host_address(node);
        status["hostIPs"] = json!([{"ip": status["hostIP"]}]);
    }
    let unmounted = sources::unmounted(store, pod);
    let mounted = unmounted.is_none() && sources::claims_bound(store, pod);
    let mut memory = std::mem::take(&mut store.kubelet);
    let mut around = Around {
        key,
        uid: pod["metadata"]["uid"].as_str().unwrap_or_default(),
        policy: pod["spec"]["restartPolicy"].as_str().unwrap_or("Always"),
        now,
        memory: &mut memory,
        next: None,
        said: Vec::new(),
    };
    if mounted {
        if status["podIP"].is_null() {
            let address = if pod["spec"]["hostNetwork"] == true { status["hostIP"].clone() } else { address(pod) };
            status["podIPs"] = json!([{"ip": address}]);
            status["podIP"] = address;
        }
        look_at_containers(store, pod, &mut status, &mut around);
    } else {
        await_volumes(pod, &mut status, unmounted, &mut around);
    }
    let (next, said) = (around.next, around.said);
    store.kubelet = memory;
    conclude(pod, &mut status, mounted, now);
    if let Some(at) = next {
        store.work.add_at(at, Part::Pod, key);
    }
    for Said { warns, reason, message } in said {
        events::record(store, now, kind, pod, &Happened { component: "kubelet", warns, reason, message });
    }
    requests::write_status(store, kind, key, status);
}

fn list<'a>(pod: &'a Value, field: &str) -> &'a [Value] {
    pod["spec"][field].as_array().map_or(&[], Vec::as_slice)
}

fn known(status: &Value, field: &str, container: &Value) -> Value {
    let all = status[field].as_array().into_iter().flatten();
    all.into_iter().find(|one| one["name"] == container["name"]).cloned().unwrap_or_default()
}

/// All containers wait for the volumes, and for each other.
fn await_volumes(pod: &Value, status: &mut Value, unmounted: Option<String>, around: &mut Around<'_>) {
    let first = if list(pod, "initContainers").is_empty() { "ContainerCreating" } else { "PodInitializing" };
    for (specs, field) in [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")] {
        let all: Vec<Value> = list(pod, specs).iter().map(|one| containers::waiting(one, first)).collect();
        if !all.is_empty() && status[field].is_null() {
            status[field] = json!(all);
        }
    }
    around.look_again(later(around.now, MOUNT_SECONDS));
    if let Some(message) = unmounted
        && around.memory.first(around.key, &message)
    {
        around.said.push(Said { warns: true, reason: "FailedMount", message });
    }
}

/// Init containers one after the other, then the others side by side.
fn look_at_containers(store: &Store, pod: &Value, status: &mut Value, around: &mut Around<'_>) {
    let mut inits = Vec::new();
    let mut clear = true;
    let policy = around.policy;
    for spec in list(pod, "initContainers") {
        let sidecar = spec["restartPolicy"] == "Always";
        let old = known(status, "initContainerStatuses", spec);
        if !clear {
            inits.push(if old.is_null() { containers::waiting(spec, "PodInitializing") } else { old });
            continue;
        }
        // An init container that fails is run again unless the pod's containers never are.
        around.policy = match (sidecar, policy) {
            (true, _) => "Always",
            (false, "Never") => "Never",
            (false, _) => "OnFailure",
        };
        let spec = if sidecar { spec.clone() } else { ending(spec) };
        let new = containers::advance(&spec, &old, sources::unset(store, pod, &spec), around);
        clear = if sidecar { new["started"] == true } else { new["state"]["terminated"]["exitCode"] == 0 };
        inits.push(new);
    }
    around.policy = policy;
    if !inits.is_empty() {
        status["initContainerStatuses"] = json!(inits);
    }
    let mut all = Vec::new();
    for spec in list(pod, "containers") {
        let old = known(status, "containerStatuses", spec);
        if clear {
            all.push(containers::advance(spec, &old, sources::unset(store, pod, spec), around));
        } else {
            all.push(if old.is_null() { containers::waiting(spec, "PodInitializing") } else { old });
        }
    }
    status["containerStatuses"] = json!(all);
}

/// An init container always ends: one that does not say when does so soon.
fn ending(spec: &Value) -> Value {
    use super::course::{Course, of};
    if of(spec, super::gpus::given(spec) > 0) != Course::Forever {
        return spec.clone();
    }
    let mut spec = spec.clone();
    spec["command"] = json!(["sleep", INIT_SECONDS.to_string()]);
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("args");
    }
    spec
}

/// The phase and the conditions that follow from the containers.
fn conclude(pod: &Value, status: &mut Value, mounted: bool, now: Timestamp) {
    let states = |field: &str| status[field].as_array().cloned().unwrap_or_default();
    let (inits, all) = (states("initContainerStatuses"), states("containerStatuses"));
    let policy = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always");
    let ended = |one: &Value| one["state"]["terminated"].is_object();
    let sound = |one: &Value| one["state"]["terminated"]["exitCode"] == 0;
    let stays = |one: &&Value| ended(one) && (policy == "Never" || (policy == "OnFailure" && sound(one)));
    let init_failed = policy == "Never" && inits.iter().any(|one| ended(one) && !sound(one));
    let over = !all.is_empty() && all.iter().filter(stays).count() == all.len();
    let begun = all
        .iter()
        .any(|one| ended(one) || one["state"]["running"].is_object() || one["lastState"]["terminated"].is_object());
    let phase = match (over, begun) {
        (_, _) if init_failed => "Failed",
        (true, _) if all.iter().all(sound) => "Succeeded",
        (true, _) => "Failed",
        (false, true) => "Running",
        (false, false) => "Pending",
    };
    status["phase"] = json!(phase);
    let specs = list(pod, "initContainers");
    let initialized = begun
        || specs
            .iter()
            .zip(&inits)
            .all(|(spec, one)| if spec["restartPolicy"] == "Always" { one["started"] == true } else { sound(one) })
            && inits.len() == specs.len();
    let unready: Vec<String> = all
        .iter()
        .filter(|one| one["ready"] != true)
        .filter_map(|one| one["name"].as_str().map(str::to_owned))
        .collect();
    let word = |holds: bool| if holds { "True" } else { "False" };
    let plain = |kind: &str, holds: bool| json!({"type": kind, "status": word(holds), "lastProbeTime": null});
    let mut changed = vec![
        plain("PodReadyToStartContainers", mounted && phase != "Succeeded" && phase != "Failed"),
        plain("Initialized", initialized),
    ];
    for kind in ["Ready", "ContainersReady"] {
        let mut condition = plain(kind, unready.is_empty() && !all.is_empty() && phase == "Running");
        if phase == "Succeeded" {
            condition["reason"] = json!("PodCompleted");
        } else if condition["status"] == "False" {
            condition["reason"] = json!("ContainersNotReady");
            condition["message"] = json!(format!("containers with unready status: [{}]", unready.join(" ")));
        }
        changed.push(condition);
    }
    changed.push(plain("PodScheduled", true));
    for condition in changed {
        conditions::set(status, condition, now);
    }
}

fn host_address(node: &Value) -> Value {
    let all = node["status"]["addresses"].as_array().into_iter().flatten();
    let internal = all.into_iter().find(|one| one["type"] == "InternalIP").map(|one| one["address"].clone());
    internal.unwrap_or_else(|| address(node))
}

/// An address that stands for an object.
fn address(object: &Value) -> Value {
    let number = digest(object["metadata"]["uid"].as_str().unwrap_or(owners::name_of(object)));
    json!(format!("10.{}.{}.{}", 64 + number % 64, number / 64 % 256, 1 + number / 16_384 % 254))
}
