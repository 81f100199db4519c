//! The world as data in, text out: a script of calls and times, and what came of them.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use crate::wire::{Delivery, Request};

/// A world under a script, with the seconds since its beginning.
struct Script {
    world: World,
    start: Timestamp,
    seconds: i64,
    bearer: Option<String>,
    told: String,
}

const ZONE: &str = "/v1/projects/p/locations/us-central1-a";
const REGION: &str = "/v1/projects/p/locations/us-central1";

impl Script {
    fn new() -> Script {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        Script { world: World::new("seed", start), start, seconds: 0, bearer: None, told: String::new() }
    }

    fn now(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.seconds)
    }

    /// Lets time pass up to so many seconds after the beginning.
    fn at(&mut self, seconds: i64) -> &mut Script {
        self.seconds = seconds;
        let now = self.now();
        self.world.advance(now);
        self
    }

    fn arm(&mut self, rule: Value) -> &mut Script {
        self.world.faults.arm(serde_json::from_value(rule).unwrap());
        self
    }

    fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value, Delivery) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: crate::wire::form(query.as_bytes()),
            bearer: self.bearer.clone(),
            agent: "test".to_owned(),
            body: if body.is_null() { bytes::Bytes::new() } else { body.to_string().into() },
        };
        let now = self.now();
        let outcome = self.world.apply(&request, "http://base", now, false);
        (outcome.reply.status, outcome.reply.body, outcome.delivery)
    }

    /// Calls and notes the status with the error's words or the operation's type.
    fn say(&mut self, method: &str, path: &str, body: Value) -> &mut Script {
        let (status, body, _) = self.call(method, path, body);
        let told = body["error"]["message"].as_str().or(body["operationType"].as_str()).unwrap_or_default();
        let kind = body["error"]["status"].as_str().unwrap_or_default();
        let line = format!("{:>4}s {status} {kind} {told}", self.seconds);
        writeln!(self.told, "{}", line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap();
        self
    }

    /// Notes clusters, pools and nodes: how many registered, ready, and what their GPUs count.
    fn look(&mut self) -> &mut Script {
        let ids: Vec<String> = self.world.clusters.keys().cloned().collect();
        for id in ids {
            let (_, shown, _) = self.call("GET", &format!("/v1/{id}"), Value::Null);
            write!(
                self.told,
                "{:>4}s {} {}",
                self.seconds,
                shown["name"].as_str().unwrap(),
                shown["status"].as_str().unwrap()
            )
            .unwrap();
            for pool in shown["nodePools"].as_array().unwrap() {
                let name = pool["name"].as_str().unwrap();
                let nodes = self.nodes(&id, name);
                let ready = nodes.iter().filter(|node| node.to_string().contains("KubeletReady")).count();
                let gpus: i64 = nodes
                    .iter()
                    .filter_map(|node| {
                        node.pointer("/status/allocatable/nvidia.com~1gpu")?.as_str()?.parse::<i64>().ok()
                    })
                    .sum();
                let made = self.world.clusters[&id].pool(name).unwrap().nodes.len();
                let status = pool["status"].as_str().unwrap();
                write!(self.told, "; {name} {status} made {made} registered {} ready {ready} gpus {gpus}", nodes.len())
                    .unwrap();
                if let Some(code) = pool["conditions"][0]["code"].as_str() {
                    write!(self.told, " {code}").unwrap();
                }
            }
            self.told.push('\n');
        }
        if self.world.clusters.is_empty() {
            writeln!(self.told, "{:>4}s nothing", self.seconds).unwrap();
        }
        self
    }

    fn nodes(&self, id: &str, pool: &str) -> Vec<Value> {
        let cluster = &self.world.clusters[id];
        let names = cluster.pool(pool).unwrap().nodes.iter();
        names.filter_map(|node| cluster.kube.get("nodes", None, &node.name).cloned()).collect()
    }

    /// Notes the operations: type, status, error.
    fn operations(&mut self, parent: &str) -> &mut Script {
        let (_, shown, _) = self.call("GET", &format!("{parent}/operations"), Value::Null);
        for operation in shown["operations"].as_array().into_iter().flatten() {
            let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
            writeln!(self.told, "{} {} {}", text("operationType"), text("status"), operation["error"]["message"])
                .unwrap();
        }
        self
    }

    fn billed(&mut self) -> &mut Script {
        let billed = self.world.ledger.billed().count();
        writeln!(self.told, "{:>4}s billed {billed}", self.seconds).unwrap();
        self
    }

    #[track_caller]
    fn told(&self, expected: &str) {
        let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
        let told: Vec<&str> = self.told.trim().lines().map(str::trim).collect();
        assert_eq!(told, expected, "\n{}", self.told);
    }
}

fn gpu_pool(name: &str, kind: &str, machine: &str, each: u32, shares: u32) -> Value {
    json!({"name": name, "initialNodeCount": each, "config": {"machineType": machine, "spot": true, "accelerators": [{
        "acceleratorCount": "1", "acceleratorType": kind,
        "gpuSharingConfig": {"maxSharedClientsPerGpu": shares, "gpuSharingStrategy": 1}}]}})
}

fn plain_pool(name: &str, each: u32) -> Value {
    json!({"name": name, "initialNodeCount": each, "config": {"machineType": "n2-standard-4"}})
}

fn cluster(name: &str, pools: &[Value]) -> Value {
    json!({"cluster": {"name": name, "nodePools": pools}})
}

fn v100(each: u32) -> Value {
    gpu_pool("v100", "nvidia-tesla-v100", "n1-standard-8", each, 2)
}

#[test]
fn a_cluster_comes_up_step_by_step_and_goes_without_a_trace() {
    let mut script = Script::new();
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 2), v100(1)])).look();
    script
        .at(299)
        .look()
        .at(301)
        .look()
        .at(391)
        .look()
        .at(403)
        .look()
        .at(470)
        .look()
        .at(481)
        .look()
        .at(700)
        .look()
        .billed();
    script.say("DELETE", &format!("{ZONE}/clusters/c"), Value::Null).look().at(879).billed().at(881).look().billed();
    script.told(
        "0s 200 CREATE_CLUSTER
         0s c PROVISIONING; cpu PROVISIONING made 0 registered 0 ready 0 gpus 0; v100 PROVISIONING made 0 registered 0 ready 0 gpus 0
         299s c PROVISIONING; cpu PROVISIONING made 0 registered 0 ready 0 gpus 0; v100 PROVISIONING made 0 registered 0 ready 0 gpus 0
         301s c PROVISIONING; cpu PROVISIONING made 2 registered 0 ready 0 gpus 0; v100 PROVISIONING made 1 registered 0 ready 0 gpus 0
         391s c PROVISIONING; cpu PROVISIONING made 2 registered 2 ready 0 gpus 0; v100 PROVISIONING made 1 registered 0 ready 0 gpus 0
         403s c PROVISIONING; cpu PROVISIONING made 2 registered 2 ready 2 gpus 0; v100 PROVISIONING made 1 registered 0 ready 0 gpus 0
         470s c PROVISIONING; cpu PROVISIONING made 2 registered 2 ready 2 gpus 0; v100 PROVISIONING made 1 registered 1 ready 1 gpus 0
         481s c RUNNING; cpu RUNNING made 2 registered 2 ready 2 gpus 0; v100 RUNNING made 1 registered 1 ready 1 gpus 0
         700s c RUNNING; cpu RUNNING made 2 registered 2 ready 2 gpus 0; v100 RUNNING made 1 registered 1 ready 1 gpus 2
         700s billed 7
         700s 200 DELETE_CLUSTER
         700s c STOPPING; cpu STOPPING made 2 registered 2 ready 2 gpus 0; v100 STOPPING made 1 registered 1 ready 1 gpus 2
         879s billed 7
         881s nothing
         881s billed 0",
    );
}

#[test]
fn the_autoscaler_raises_pools_to_their_minimum_per_zone_or_in_all() {
    let mut script = Script::new();
    let mut each = plain_pool("each", 0);
    each["autoscaling"] = json!({"enabled": true, "minNodeCount": 1, "maxNodeCount": 3});
    let mut total = plain_pool("total", 0);
    total["autoscaling"] = json!({"enabled": true, "totalMinNodeCount": 2, "totalMaxNodeCount": 8});
    script.say("POST", &format!("{REGION}/clusters"), cluster("c", &[each, total])).at(340).look().at(800).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         340s c RUNNING; each RUNNING made 0 registered 0 ready 0 gpus 0; total RUNNING made 0 registered 0 ready 0 gpus 0
         800s c RUNNING; each RUNNING made 3 registered 3 ready 3 gpus 0; total RUNNING made 2 registered 2 ready 2 gpus 0",
    );
}

#[test]
fn a_stockout_leaves_a_broken_pool_and_the_others_alone() {
    let mut script = Script::new();
    script.arm(json!({"on": "CreateNodePool", "matches": "v100", "do": {"stockout": {"created": 1}}}));
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(2)])).at(1000).look();
    script.operations(ZONE);
    script.arm(json!({"on": "CreateNodePool", "do": {"stockout": {}}}));
    script.say(
        "POST",
        &format!("{ZONE}/clusters/c/nodePools"),
        json!({"nodePool": gpu_pool("t4", "nvidia-tesla-t4", "n1-standard-4", 1, 2)}),
    );
    script.at(1700).look();
    script.say("DELETE", &format!("{ZONE}/clusters/c/nodePools/t4"), Value::Null).at(1900).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         1000s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT
         CREATE_CLUSTER DONE \"Google Compute Engine: The zone 'us-central1-a' does not have enough resources available to fulfill the request for n1-standard-8 instances of node pool 'v100' in cluster 'c'. Try a different zone, or try again later. [GCE_STOCKOUT]\"
         1000s 200 CREATE_NODE_POOL
         1700s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT; t4 ERROR made 0 registered 0 ready 0 gpus 0 GCE_STOCKOUT
         1700s 200 DELETE_NODE_POOL
         1900s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT",
    );
}

#[test]
fn a_gpu_quota_ends_the_operation_with_its_name() {
    let mut script = Script::new();
    script.world.set_quota("PREEMPTIBLE_NVIDIA_V100_GPUS", Some("us-central1"), 1.0);
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(3)])).at(1000).look();
    script.operations(ZONE);
    script.told(
        "0s 200 CREATE_CLUSTER
         1000s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_QUOTA_EXCEEDED
         CREATE_CLUSTER DONE \"[GCE_QUOTA_EXCEEDED] Instance creation for node pool 'v100' failed: Quota 'PREEMPTIBLE_NVIDIA_V100_GPUS' exceeded.  Limit: 1.0 in region us-central1.\"",
    );
}

#[test]
fn one_operation_for_a_cluster_or_one_for_each_pool() {
    let mut script = Script::new();
    let parent = format!("{ZONE}/clusters");
    script.say("POST", &parent, cluster("c", &[plain_pool("cpu", 1)]));
    script.say("POST", &parent, cluster("c", &[plain_pool("cpu", 1)]));
    let pools = format!("{parent}/c/nodePools");
    script.say("POST", &pools, json!({"nodePool": plain_pool("early", 1)}));
    script.at(600);
    for name in ["a", "b", "d", "e", "f", "g"] {
        script.say("POST", &pools, json!({"nodePool": plain_pool(name, 0)}));
    }
    script.say("PUT", &format!("{parent}/c"), json!({"update": {"desiredReleaseChannel": {"channel": 3}}}));
    script.at(700).say("PUT", &format!("{parent}/c"), json!({"update": {"desiredReleaseChannel": {"channel": 3}}}));
    let running: Vec<String> = script.world.operations.values().map(|operation| operation.name.clone()).collect();
    let told = running.iter().fold(script.told.clone(), |told, name| told.replace(name.as_str(), "OPERATION"));
    script.told = told;
    script.told(
        "0s 200 CREATE_CLUSTER
         0s 409 ALREADY_EXISTS Already exists: projects/p/locations/us-central1-a/clusters/c.
         0s 400 FAILED_PRECONDITION Cluster is currently being created, deleted, updated or repaired and cannot be updated.
         600s 200 CREATE_NODE_POOL
         600s 200 CREATE_NODE_POOL
         600s 200 CREATE_NODE_POOL
         600s 200 CREATE_NODE_POOL
         600s 200 CREATE_NODE_POOL
         600s 429 RESOURCE_EXHAUSTED Too many operations: cluster \"c\" hits the concurrent operations quota 5, please try again later.
         600s 400 FAILED_PRECONDITION Cluster is running incompatible operation OPERATION.
         700s 200 UPDATE_CLUSTER",
    );
}

#[test]
fn faults_stop_calls_before_and_after_their_effect() {
    let mut script = Script::new();
    let parent = format!("{ZONE}/clusters");
    script.arm(json!({"on": "CreateCluster", "nth": 1, "do": "drop-before"}));
    script.arm(json!({"on": "CreateCluster", "nth": 2, "do": "drop-after"}));
    let body = cluster("c", &[plain_pool("cpu", 1)]);
    let dropped = script.call("POST", &parent, body.clone()).2;
    assert_eq!((dropped, script.world.clusters.len()), (Delivery::Drop, 0));
    let dropped = script.call("POST", &parent, body.clone()).2;
    assert_eq!((dropped, script.world.clusters.len()), (Delivery::Drop, 1));
    script.arm(json!({"on": "GetCluster", "do": "hang-before"}));
    assert!(matches!(script.call("GET", &format!("{parent}/c"), Value::Null).2, Delivery::HoldBefore(_)));
    script.arm(
        json!({"on": "ListClusters", "do": {"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}}),
    );
    script.say("GET", &parent, Value::Null);
    script.arm(json!({"on": "ListClusters", "do": {"throttle": {"seconds": 20, "code": 503}}}));
    script.say("GET", &parent, Value::Null).at(19).say("GET", &parent, Value::Null).at(20).say(
        "GET",
        &parent,
        Value::Null,
    );
    script.told(
        "0s 403 PERMISSION_DENIED no
         0s 503 UNAVAILABLE The service is currently unavailable.
         19s 503 UNAVAILABLE The service is currently unavailable.
         20s 200",
    );
}

#[test]
fn stuck_and_failed_operations() {
    let mut script = Script::new();
    let parent = format!("{ZONE}/clusters");
    script.arm(json!({"on": "CreateCluster", "do": {"operation-error": {"code": 13, "message": "internal trouble"}}}));
    script.say("POST", &parent, cluster("broken", &[plain_pool("cpu", 1)])).at(1000).look().operations(ZONE);
    script.say("DELETE", &format!("{parent}/broken"), Value::Null).at(1200).look().billed();
    script.arm(json!({"on": "CreateCluster", "do": "stuck"}));
    script.say("POST", &parent, cluster("slow", &[plain_pool("cpu", 1)])).at(90_000).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         1000s broken ERROR; cpu ERROR made 0 registered 0 ready 0 gpus 0
         CREATE_CLUSTER DONE \"internal trouble\"
         1000s 200 DELETE_CLUSTER
         1200s nothing
         1200s billed 0
         1200s 200 CREATE_CLUSTER
         90000s slow PROVISIONING; cpu PROVISIONING made 1 registered 1 ready 1 gpus 0",
    );
}

#[test]
fn tokens_run_out_and_are_taken_away() {
    let mut script = Script::new();
    let ask = json!({"grant_type": "refresh_token", "refresh_token": "r"});
    let (_, token, _) = script.call("POST", "/token", ask.clone());
    assert_eq!(token["expires_in"], 3600);
    script.bearer = token["access_token"].as_str().map(str::to_owned);
    script.say("GET", &format!("{ZONE}/clusters"), Value::Null).at(3600).say(
        "GET",
        &format!("{ZONE}/clusters"),
        Value::Null,
    );
    let (_, token, _) = script.call("POST", "/token", ask);
    script.bearer = token["access_token"].as_str().map(str::to_owned);
    script.arm(json!({"on": "GetServerConfig", "do": "expire-tokens"}));
    script.say("GET", &format!("{ZONE}/clusters"), Value::Null).say(
        "GET",
        &format!("{ZONE}/serverConfig"),
        Value::Null,
    );
    let codes: Vec<&str> = script.told.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(codes, ["200", "401", "200", "401"]);
}

#[test]
fn preempted_nodes_come_back_later() {
    let mut script = Script::new();
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(2)])).at(700).look();
    script.arm(json!({"on": "ListClusters", "do": {"preempt": {"pool": "v100", "count": 1}}}));
    script.say("GET", &format!("{ZONE}/clusters"), Value::Null).look().at(1200).look().billed();
    script.told(
        "0s 200 CREATE_CLUSTER
         700s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 2 registered 2 ready 2 gpus 4
         700s 200
         700s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 1 registered 1 ready 1 gpus 2
         1200s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 2 registered 2 ready 2 gpus 4
         1200s billed 7",
    );
}

#[test]
fn a_saved_world_goes_on_where_it_was() {
    let mut script = Script::new();
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(1)])).at(350);
    let saved = serde_json::to_string(&script.world).unwrap();
    script.world = serde_json::from_str(&saved).unwrap();
    script.at(800).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         800s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING made 1 registered 1 ready 1 gpus 2",
    );
}
