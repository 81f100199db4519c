//! What the container API refuses, as data in, text out.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{serve, target};
use crate::wire::Request;
use crate::world::World;

/// The refusal of a cluster creation; empty when it is taken. `location` is the parent's.
fn refusal(location: &str, cluster: &Value) -> String {
    let mut world = World::new("seed", Timestamp::UNIX_EPOCH);
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/v1/projects/p/locations/{location}/clusters"),
        ..Request::default()
    };
    let target = target(&request).unwrap();
    let body = json!({ "cluster": cluster }).to_string();
    match serve(&mut world, &target, body.as_bytes(), None, Timestamp::UNIX_EPOCH) {
        Ok(_) => String::new(),
        Err(refusal) => format!("{} {}", refusal.status, refusal.message),
    }
}

/// A cluster whose one pool has this config and these other fields.
fn with_pool(config: Value, others: Value) -> Value {
    let mut pool = json!({"name": "pool", "initialNodeCount": 1, "config": config});
    for (key, value) in others.as_object().into_iter().flatten() {
        pool[key] = value.clone();
    }
    json!({"name": "c", "nodePools": [pool]})
}

#[track_caller]
fn refused(location: &str, cluster: Value, expected: &str) {
    assert_eq!(refusal(location, &cluster), expected);
}

#[test]
fn names_and_places() {
    let pool = json!([{"name": "pool", "initialNodeCount": 1}]);
    let named = |name: &str| json!({"name": name, "nodePools": pool});
    refused("us-central1", named("a-good-name"), "");
    let rule = "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?)'.";
    for name in ["Film", "1film", "film-", "fi_lm"] {
        let expected = format!("INVALID_ARGUMENT Invalid value for field \"cluster.name\": \"{name}\". {rule}");
        refused("us-central1", named(name), &expected);
    }
    let long = "a".repeat(41);
    let expected = format!(
        "INVALID_ARGUMENT Invalid value for field \"cluster.name\": \"{long}\". Must be at most 40 characters."
    );
    refused("us-central1", named(&long), &expected);
    refused("us-central9", named("c"), "INVALID_ARGUMENT Location \"us-central9\" does not exist.");
    let mut outside = named("c");
    outside["locations"] = json!(["us-east1-b"]);
    let expected = "INVALID_ARGUMENT Location \"us-east1-b\" is not in the region \"us-central1\" of the cluster.";
    refused("us-central1", outside.clone(), expected);
    outside["locations"] = json!(["us-central1-b"]);
    let expected = "INVALID_ARGUMENT Cluster.locations must contain the cluster's own zone \"us-central1-a\".";
    refused("us-central1-a", outside, expected);
}

#[test]
fn pools_or_a_count_but_not_both() {
    refused("us-central1", json!({"name": "c", "initialNodeCount": 1}), "");
    refused(
        "us-central1",
        json!({"name": "c"}),
        "INVALID_ARGUMENT Cluster.initial_node_count must be greater than zero.",
    );
    refused(
        "us-central1",
        json!({"name": "c", "initialNodeCount": 1, "nodePools": [{"name": "pool", "initialNodeCount": 1}]}),
        "INVALID_ARGUMENT Cannot specify both node_pools and initial_node_count or node_config: these are mutually exclusive.",
    );
}

#[test]
fn machines_and_accelerators_must_fit_and_be_sold_there() {
    let gpu = |machine: &str, kind: &str, count: &str| {
        let accelerators = json!([{"acceleratorType": kind, "acceleratorCount": count}]);
        with_pool(
            json!({"machineType": machine, "accelerators": accelerators}),
            json!({"locations": ["us-central1-a"]}),
        )
    };
    refused("us-central1", gpu("n1-standard-8", "nvidia-tesla-v100", "1"), "");
    refused("us-central1", gpu("a2-highgpu-2g", "nvidia-tesla-a100", "2"), "");
    refused(
        "us-central1",
        gpu("n1-standard-16", "nvidia-tesla-v100", "1"),
        "INVALID_ARGUMENT Machine type \"n1-standard-16\" is too large for 1 accelerators of type \"nvidia-tesla-v100\": at most 12 vCPUs and 78 GB.",
    );
    refused(
        "us-central1",
        gpu("n1-standard-8", "nvidia-tesla-t4", "3"),
        "INVALID_ARGUMENT The number of accelerators of type \"nvidia-tesla-t4\" must be one of [1, 2, 4], but is 3.",
    );
    refused(
        "us-central1",
        gpu("a2-highgpu-1g", "nvidia-tesla-a100", "2"),
        "INVALID_ARGUMENT Machine type \"a2-highgpu-1g\" requires 1 accelerators of type \"nvidia-tesla-a100\", but 2 of type \"nvidia-tesla-a100\" were given.",
    );
    refused(
        "us-central1",
        gpu("n2-standard-8", "nvidia-tesla-t4", "1"),
        "INVALID_ARGUMENT [machineType:n2-standard-8] and [acceleratorType:nvidia-tesla-t4] are not compatible.",
    );
    refused(
        "us-central1",
        with_pool(json!({"machineType": "n9-mega-1"}), json!({"locations": ["us-central1-b"]})),
        "INVALID_ARGUMENT Machine type with name \"n9-mega-1\" does not exist in zone \"us-central1-b\".",
    );
    // The region's default zones are not those with this accelerator.
    let accelerators = json!([{"acceleratorType": "nvidia-tesla-t4", "acceleratorCount": "1"}]);
    refused(
        "us-east1",
        with_pool(json!({"machineType": "n1-standard-4", "accelerators": accelerators}), json!({})),
        "INVALID_ARGUMENT Accelerator type \"nvidia-tesla-t4\" does not exist in zone us-east1-b.",
    );
}

#[test]
fn sizes_spot_taints_labels_and_management() {
    let sized = |autoscaling: Value| with_pool(json!({}), json!({ "autoscaling": autoscaling }));
    refused(
        "us-central1",
        sized(json!({"enabled": true, "totalMinNodeCount": 0, "totalMaxNodeCount": 4, "locationPolicy": 2})),
        "",
    );
    refused(
        "us-central1",
        sized(json!({"enabled": true, "minNodeCount": 1, "maxNodeCount": 2, "totalMaxNodeCount": 4})),
        "INVALID_ARGUMENT NodePoolAutoscaling: min_node_count and max_node_count are mutually exclusive with total_min_node_count and total_max_node_count.",
    );
    refused(
        "us-central1",
        sized(json!({"enabled": true, "minNodeCount": 3, "maxNodeCount": 2})),
        "INVALID_ARGUMENT NodePoolAutoscaling: min_node_count must not be greater than max_node_count.",
    );
    refused(
        "us-central1",
        with_pool(json!({"spot": true, "preemptible": true}), json!({})),
        "INVALID_ARGUMENT Only one of spot and preemptible can be set on a node pool.",
    );
    refused(
        "us-central1",
        with_pool(json!({"taints": [{"key": "k", "effect": "NoSchedule"}]}), json!({})),
        "INVALID_ARGUMENT Invalid value at 'cluster.node_pools[0].config.taints[0].effect', \"NoSchedule\"",
    );
    refused(
        "us-central1",
        with_pool(json!({"taints": [{"key": "k"}]}), json!({})),
        "INVALID_ARGUMENT The node taint \"k\" must have an effect.",
    );
    refused(
        "us-central1",
        with_pool(json!({"workloadMetadataConfig": {"mode": 2}}), json!({})),
        "INVALID_ARGUMENT NodeConfig.workload_metadata_config.mode GKE_METADATA requires that workload identity is enabled on the cluster.",
    );
    refused(
        "us-central1",
        with_pool(json!({}), json!({"management": {"autoRepair": true}})),
        "INVALID_ARGUMENT Auto_upgrade and auto_repair cannot be false when release_channel REGULAR is set.",
    );
    let mut labelled = with_pool(json!({}), json!({}));
    labelled["resourceLabels"] = json!({"Env": "x"});
    refused(
        "us-central1",
        labelled,
        "INVALID_ARGUMENT Invalid resource label key \"Env\". Only hyphens (-), underscores (_), lower case characters and numbers are allowed; it must start with a lower case character and have at most 63 characters.",
    );
}

#[test]
fn dataplane_v2_enforces_policies_by_itself_and_is_for_creation() {
    let cluster = |more: Value| {
        let mut cluster =
            json!({"name": "c", "initialNodeCount": 1, "networkConfig": {"datapathProvider": "ADVANCED_DATAPATH"}});
        for (key, value) in more.as_object().into_iter().flatten() {
            cluster[key] = value.clone();
        }
        cluster
    };
    let aliases = json!({"useIpAliases": true});
    refused("us-central1", cluster(json!({ "ipAllocationPolicy": aliases })), "");
    let expected = "INVALID_ARGUMENT DatapathProvider=ADVANCED_DATAPATH needs a cluster with IP aliases.";
    refused("us-central1", cluster(json!({})), expected);
    let calico = json!({"ipAllocationPolicy": aliases, "networkPolicy": {"enabled": true}});
    let expected =
        "INVALID_ARGUMENT Enabling NetworkPolicy for clusters with DatapathProvider=ADVANCED_DATAPATH is not allowed.";
    refused("us-central1", cluster(calico), expected);
}

#[test]
fn a_stale_fingerprint_is_refused_and_the_current_one_taken() {
    let mut world = World::new("seed", Timestamp::UNIX_EPOCH);
    let call = |world: &mut World, method: &str, path: &str, body: Value| {
        let path = format!("/v1/projects/p/locations/us-central1-a/clusters{path}");
        let request = Request { method: method.to_owned(), path, ..Request::default() };
        let target = target(&request).unwrap();
        let now: Timestamp = "1970-01-01T01:00:00Z".parse().unwrap();
        world.advance(now);
        serve(
            world,
            &target,
            body.to_string().as_bytes(),
            None,
            if method == "POST" && !request.path.contains(':') { Timestamp::UNIX_EPOCH } else { now },
        )
    };
    call(&mut world, "POST", "", json!({"cluster": {"name": "c", "initialNodeCount": 1}})).unwrap();
    let stale = call(
        &mut world,
        "POST",
        "/c:setResourceLabels",
        json!({"resourceLabels": {"a": "b"}, "labelFingerprint": "old"}),
    );
    assert_eq!(stale.unwrap_err().message, "Labels could not be set due to fingerprint mismatch. Please try again.");
    let shown = call(&mut world, "GET", "/c", Value::Null).unwrap();
    let body = json!({"resourceLabels": {"a": "b"}, "labelFingerprint": shown["labelFingerprint"]});
    assert_eq!(call(&mut world, "POST", "/c:setResourceLabels", body).unwrap()["operationType"], "UPDATE_CLUSTER");
}
