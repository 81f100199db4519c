//! Changes of clusters and pools, and what nodes show of them.

use serde_json::{Value, json};

use super::script::{Script, ZONE, cluster, gpu_pool, plain_pool, v100};

const POOL: &str = "/v1/projects/p/locations/us-central1-a/clusters/c/nodePools/v100";

fn running() -> Script {
    let mut script = Script::new();
    script.call("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(2)]));
    script.at(700);
    script
}

fn first_node(script: &Script) -> Value {
    script.nodes("projects/p/locations/us-central1-a/clusters/c", "v100")[0].clone()
}

#[test]
fn a_gpu_node_carries_what_gke_puts_on_it() {
    let script = running();
    let node = first_node(&script);
    let label = |key: &str| node["metadata"]["labels"][key].as_str().unwrap_or("-").to_owned();
    let shown = [
        label("cloud.google.com/gke-accelerator"),
        label("cloud.google.com/gke-gpu-sharing-strategy"),
        label("cloud.google.com/gke-max-shared-clients-per-gpu"),
        label("cloud.google.com/gke-gpu-driver-version"),
        label("cloud.google.com/gke-spot"),
        label("cloud.google.com/gke-provisioning"),
        label("cloud.google.com/gke-nodepool"),
        label("topology.kubernetes.io/zone"),
        label("node.kubernetes.io/instance-type"),
        node["spec"]["taints"].to_string(),
    ];
    let expected = [
        "nvidia-tesla-v100",
        "time-sharing",
        "2",
        "default",
        "true",
        "spot",
        "v100",
        "us-central1-a",
        "n1-standard-8",
        r#"[{"effect":"NoSchedule","key":"nvidia.com/gpu","value":"present"}]"#,
    ];
    assert_eq!(shown, expected);
}

#[test]
fn labels_and_taints_of_a_pool_reach_its_nodes_when_the_operation_ends() {
    let mut script = running();
    let body = json!({
        "labels": {"labels": {"tier": "gold"}},
        "taints": {"taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": 1}]},
    });
    script.call("PUT", POOL, body);
    assert_eq!(first_node(&script)["metadata"]["labels"]["tier"], Value::Null);
    script.at(800);
    assert_eq!(first_node(&script)["metadata"]["labels"]["tier"], "gold");
    assert_eq!(
        first_node(&script)["spec"]["taints"],
        json!([{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])
    );
    script.call("PUT", POOL, json!({"labels": {"labels": {"other": "x"}}}));
    script.at(900);
    let labels = first_node(&script)["metadata"]["labels"].clone();
    assert_eq!((&labels["tier"], &labels["other"]), (&Value::Null, &json!("x")));
}

#[test]
fn sizes_go_up_and_down_and_machine_types_by_replacement() {
    let mut script = running();
    script.say("POST", &format!("{POOL}:setSize"), json!({"nodeCount": 3})).at(1100).look();
    script.say("POST", &format!("{POOL}:setSize"), json!({})).at(1200).look();
    let cpu = format!("{ZONE}/clusters/c/nodePools/cpu");
    script.say("PUT", &cpu, json!({"machineType": "n2-standard-8"})).look().at(1400).look().billed();
    script.told(
        "700s 200 SET_NODE_POOL_SIZE
         1100s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 3 registered 3 ready 3 gpus 6
         1100s 200 SET_NODE_POOL_SIZE
         1200s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 0 registered 0 ready 0 gpus 0
         1200s 200 UPDATE_CLUSTER
         1200s c RECONCILING; cpu RECONCILING made 2 registered 1 ready 1 gpus 0; v100 RUNNING made 0 registered 0 ready 0 gpus 0
         1400s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 0 registered 0 ready 0 gpus 0
         1400s billed 4",
    );
}

#[test]
fn a_stale_etag_is_refused() {
    let mut script = running();
    let (_, shown, _) = script.call("GET", POOL, Value::Null);
    let change = |etag: &Value| json!({"etag": etag, "labels": {"labels": {"a": "b"}}});
    assert_eq!(script.call("PUT", POOL, change(&json!("old"))).1["error"]["status"], "ABORTED");
    assert_eq!(script.call("PUT", POOL, change(&shown["etag"])).0, 200);
}

#[test]
fn partitions_multiply_and_a_missing_driver_offers_nothing() {
    let mut script = Script::new();
    let mut split = gpu_pool("split", "nvidia-tesla-a100", "a2-highgpu-1g", 1, 4);
    split["config"]["accelerators"][0]["gpuPartitionSize"] = json!("1g.5gb");
    let mut bare = gpu_pool("bare", "nvidia-tesla-t4", "n1-standard-4", 1, 2);
    bare["config"]["accelerators"][0]["gpuDriverInstallationConfig"] = json!({"gpuDriverVersion": 1});
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[split, bare])).at(900).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         900s c RUNNING; split RUNNING made 1 registered 1 ready 1 gpus 28; bare RUNNING made 1 registered 1 ready 1 gpus 0",
    );
}
