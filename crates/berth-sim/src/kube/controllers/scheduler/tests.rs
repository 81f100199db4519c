use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::controllers::work::later;
use crate::kube::store::Store;

fn now() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

/// A ready node of a machine with eight cores and GPUs.
fn node(name: &str, gpus: u32, labels: &Value, taints: Value) -> Value {
    let mut labels = labels.clone();
    labels["kubernetes.io/hostname"] = json!(name);
    let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": gpus.to_string()});
    json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {"allocatable": amounts, "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn pod(name: &str, spec: Value) -> Value {
    let mut spec = spec;
    if spec["containers"].is_null() {
        spec["containers"] = json!([{"name": "a", "image": "x"}]);
    }
    json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": spec, "status": {"phase": "Pending"}})
}

fn cpu(amount: &str) -> Value {
    json!([{"name": "a", "image": "x", "resources": {"requests": {"cpu": amount}}}])
}

fn store(nodes: &[Value]) -> Store {
    let mut store = Store::new(now(), "v1.36.0");
    for node in nodes {
        store.put(now(), "nodes", None, node.clone());
    }
    store
}

/// The node of a pod, or the words of its condition.
fn outcome(store: &mut Store, name: &str, spec: Value) -> String {
    store.put(now(), "pods", Some("default"), pod(name, spec));
    store.settle(now());
    told(store, name)
}

fn told(store: &Store, name: &str) -> String {
    let pod = store.get("pods", Some("default"), name).unwrap();
    let node = pod["spec"]["nodeName"].as_str();
    node.unwrap_or_else(|| pod["status"]["conditions"][0]["message"].as_str().unwrap_or("nothing")).to_owned()
}

#[test]
fn the_reasons_of_all_nodes_are_counted_in_the_scheduler_s_words() {
    let taint = json!([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]);
    let mut store = store(&[node("a", 4, &json!({}), taint), node("b", 0, &json!({"pool": "cpu"}), json!([]))]);
    let one_gpu = json!([{"name": "a", "image": "x", "resources": {"requests": {"nvidia.com/gpu": "1"}}}]);
    let unhelpful =
        "no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    assert_eq!(
        outcome(&mut store, "gpu", json!({"containers": one_gpu})),
        format!(
            "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s). {unhelpful}"
        )
    );
    assert_eq!(
        outcome(&mut store, "big", json!({"containers": cpu("64"), "tolerations": [{"operator": "Exists"}]})),
        format!("0/2 nodes are available: 2 Insufficient cpu. {unhelpful}")
    );
    let tolerant = json!([{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]);
    assert_eq!(outcome(&mut store, "fits", json!({"containers": one_gpu, "tolerations": tolerant})), "a");
    assert_eq!(outcome(&mut store, "chosen", json!({"nodeSelector": {"pool": "cpu"}})), "b");
    let claim = json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]});
    assert_eq!(
        outcome(&mut store, "claim", claim),
        "0/2 nodes are available: persistentvolumeclaim \"data\" not found. not found"
    );
    assert_eq!(store.list("events").filter(|event| event["reason"] == "FailedScheduling").count(), 3);
}

#[test]
fn a_pod_that_found_no_room_goes_to_a_node_that_comes_later() {
    let mut store = store(&[]);
    assert_eq!(outcome(&mut store, "early", json!({})), "no nodes available to schedule pods");
    store.put(now(), "nodes", None, node("a", 0, &json!({}), json!([])));
    store.settle(now());
    assert_eq!(told(&store, "early"), "a");
}

#[test]
fn a_more_important_pod_makes_room_and_comes_in_when_the_other_is_gone() {
    let mut store = store(&[node("a", 0, &json!({}), json!([]))]);
    assert_eq!(outcome(&mut store, "low", json!({"containers": cpu("6"), "priority": 1})), "a");
    let told_first = outcome(&mut store, "high", json!({"containers": cpu("6"), "priority": 1000}));
    assert!(told_first.contains("1 Insufficient cpu"), "{told_first}");
    let low = store.get("pods", Some("default"), "low").unwrap();
    assert!(low["metadata"]["deletionTimestamp"].is_string());
    assert!(store.list("events").any(|event| event["reason"] == "Preempted"));
    store.remove(later(now(), 1), "pods", Some("default"), "low");
    store.settle(later(now(), 1));
    assert_eq!(told(&store, "high"), "a");
    let equal = outcome(&mut store, "equal", json!({"containers": cpu("6"), "priority": 1000}));
    assert!(equal.ends_with("1 No preemption victims found for incoming pod."), "{equal}");
}

#[test]
fn pods_keep_apart_or_together_and_are_spread_as_they_say() {
    let nodes = ["a", "b"].map(|name| node(name, 0, &json!({"zone": name}), json!([])));
    let mut store = store(&nodes);
    let others = |kind: &str, app: &str| {
        let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}});
        json!({"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
    };
    let first = outcome(&mut store, "first", json!({}));
    let second = outcome(&mut store, "second", others("podAntiAffinity", "first"));
    assert_ne!(first, second);
    assert_eq!(outcome(&mut store, "third", others("podAffinity", "second")), second);
    // One that keeps away from it is not joined either.
    let lonely = outcome(&mut store, "first-again", others("podAffinity", "nobody"));
    assert!(lonely.contains("2 node(s) didn't match pod affinity rules"), "{lonely}");
    let spread = json!({"topologySpreadConstraints": [{
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {},
    }]});
    let counts: Vec<String> = ["s1", "s2", "s3"].iter().map(|name| outcome(&mut store, name, spread.clone())).collect();
    assert!(counts.iter().all(|node| node == "a" || node == "b"), "{counts:?}");
}
