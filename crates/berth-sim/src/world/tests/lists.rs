//! Lists: pages, missing zones, quotas with what is used.

use serde_json::{Value, json};

use super::script::{Script, ZONE, cluster, plain_pool, v100};

const COMPUTE: &str = "/compute/v1/projects/p";

#[test]
fn pages_together_are_the_whole_list() {
    let mut script = Script::new();
    let names = |body: &Value| {
        let items = body["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (_, whole, _) = script.call("GET", &format!("{COMPUTE}/regions"), Value::Null);
    let (mut paged, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let (_, page, _) =
            script.call("GET", &format!("{COMPUTE}/regions?maxResults=10&pageToken={token}"), Value::Null);
        paged.extend(names(&page));
        pages += 1;
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((paged, pages), (names(&whole), 4));
}

#[test]
fn accelerators_are_listed_by_zone() {
    let mut script = Script::new();
    let (_, all, _) = script.call("GET", &format!("{COMPUTE}/aggregated/acceleratorTypes"), Value::Null);
    let (_, zone, _) = script.call("GET", &format!("{COMPUTE}/zones/us-west1-b/acceleratorTypes"), Value::Null);
    assert_eq!(all["items"]["zones/us-west1-b"]["acceleratorTypes"], zone["items"]);
    let names: Vec<&str> =
        zone["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"nvidia-tesla-v100") && !names.contains(&"nvidia-tesla-p4"), "{names:?}");
    let (status, refused, _) = script.call("GET", &format!("{COMPUTE}/zones/us-west1-z/machineTypes"), Value::Null);
    assert_eq!(status, 404);
    assert_eq!(refused["error"]["message"], "The resource 'projects/p/zones/us-west1-z' was not found");
}

#[test]
fn quotas_tell_what_runs() {
    let mut script = Script::new();
    script.call("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1), v100(2)]));
    script.at(700);
    let (_, region, _) = script.call("GET", &format!("{COMPUTE}/regions/us-central1"), Value::Null);
    let (_, project, _) = script.call("GET", COMPUTE, Value::Null);
    let used = |body: &Value, metric: &str| {
        let rows = body["quotas"].as_array().unwrap();
        rows.iter().find(|row| row["metric"] == metric).map(|row| row["usage"].as_f64().unwrap())
    };
    assert_eq!(used(&region, "PREEMPTIBLE_NVIDIA_V100_GPUS"), Some(2.0));
    assert_eq!(used(&region, "NVIDIA_V100_GPUS"), Some(0.0));
    assert_eq!(used(&region, "N2_CPUS"), Some(4.0));
    assert_eq!(used(&region, "NVIDIA_H100_GPUS"), None);
    assert_eq!(used(&project, "GPUS_ALL_REGIONS"), Some(2.0));
}

#[test]
fn a_missing_zone_is_named_and_its_clusters_are_not_shown() {
    let mut script = Script::new();
    script.call("POST", &format!("{ZONE}/clusters"), cluster("c", &[plain_pool("cpu", 1)]));
    script.arm(json!({"on": "ListClusters", "do": {"missing-zone": {"zone": "us-central1-a"}}}));
    let (_, listed, _) = script.call("GET", "/v1/projects/p/locations/-/clusters", Value::Null);
    assert_eq!(listed, json!({"missingZones": ["us-central1-a"]}));
}
