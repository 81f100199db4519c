//! Things coming, failing and going.

use serde_json::{Value, json};

use super::script::{REGION, Script, ZONE, cluster, gpu_pool, plain_pool, v100};
use crate::wire::Delivery;

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
         700s billed 10
         700s 200 DELETE_CLUSTER
         700s c STOPPING; cpu STOPPING made 2 registered 2 ready 2 gpus 0; v100 STOPPING made 1 registered 1 ready 1 gpus 2
         879s billed 10
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
         1200s billed 10",
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

#[test]
fn a_cleared_fault_lets_go_on_what_it_kept() {
    let mut script = Script::new();
    script.arm(json!({"on": "CreateNodePool", "matches": "v100", "do": {"stockout": {"created": 1}}}));
    script.arm(json!({"on": "DeleteNodePool", "do": "stuck"}));
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(2)])).at(1000).look();
    script.say("DELETE", &format!("{ZONE}/clusters/c/nodePools/cpu"), Value::Null).at(5000).look();
    let now = script.now();
    assert_eq!(script.world.clear_faults(None, now), 2);
    script.at(5019).look().at(5500).look();
    script.told(
        "0s 200 CREATE_CLUSTER
         1000s c RUNNING; cpu RUNNING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT
         1000s 200 DELETE_NODE_POOL
         5000s c RECONCILING; cpu STOPPING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT
         5019s c RECONCILING; cpu STOPPING made 1 registered 1 ready 1 gpus 0; v100 RUNNING_WITH_ERROR made 1 registered 1 ready 1 gpus 2 GCE_STOCKOUT
         5500s c RUNNING; v100 RUNNING made 2 registered 2 ready 2 gpus 4",
    );
}

#[test]
fn what_exists_is_listed_until_it_is_gone() {
    let mut script = Script::new();
    script.say("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 2), v100(1)]));
    script.at(700);
    let kinds = |script: &Script| {
        let all = script.world.leftovers();
        all.iter().map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["name"])).collect::<Vec<_>>()
    };
    let told = kinds(&script);
    assert_eq!(told[..2], ["cluster \"c\"", "node-pool \"cpu\""]);
    assert_eq!(told.iter().filter(|one| one.starts_with("instance \"gke-c-")).count(), 3, "{told:?}");
    script.say("DELETE", &format!("{ZONE}/clusters/c"), Value::Null).at(900);
    assert!(kinds(&script).is_empty());
}
