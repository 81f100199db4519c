//! Answers as they come from proxies, other versions and long lists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use berth_core::actions::Action;
use berth_core::actions::gke::{GkeAction, GkePoolChange};
use berth_core::observed::{IssueCause, ObservedCloud, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Ticket};
use berth_core::run::{FaultKind, LeftBehind, Retry};
use berth_core::spec::{Autoscaler, CloudSpec, ClusterSpec, GkeSpec, NetworkPolicy, Place};
use serde_json::json;

use crate::bench::{REGION, reference, settings_of, wanted};
use crate::stand_in::{self, Answer};

fn ok(body: &serde_json::Value) -> Answer {
    ("200 OK\r\ncontent-type: application/json", body.to_string())
}

fn create() -> Action {
    Action::Gke(GkeAction::CreateCluster(Box::new(wanted())))
}

#[tokio::test]
async fn a_proxys_page_is_an_unavailable_service() {
    let gke = stand_in::gke(|_| ("502 Bad Gateway\r\nretry-after: 7", "<html>\n<h1>Bad gateway</h1>".to_owned())).await;
    let fault = gke.start(&create()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::After(Duration::from_secs(7))));
    assert_eq!(fault.to_string(), "create cluster dubbing: a web page instead of an answer (HTTP 502)");
    assert_eq!(fault.left_behind, LeftBehind::Unknown);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unavailable() {
    let fault = stand_in::nobody().await.start(&create()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff));
    assert!(!fault.to_string().contains("sesame"), "{fault}");
}

#[tokio::test]
async fn a_refused_fixed_token_is_a_fault_of_the_credentials() {
    let unauthenticated = |_: &str| {
        let error = json!({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Who are you?"}});
        ("401 Unauthorized", error.to_string())
    };
    let gke = stand_in::gke(unauthenticated).await;
    let fault = gke.observe("dubbing", REGION).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Credentials, Retry::Never));
    let fault = gke.tokens().identity().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Credentials);
    assert!(!fault.to_string().contains("sesame"), "{fault}");
}

#[tokio::test]
async fn a_token_is_asked_about_in_the_body_and_not_in_the_url() {
    let (gke, heard) = stand_in::heard(pages).await;
    assert_eq!(gke.tokens().identity().await.unwrap().as_deref(), Some("who@example.com"));
    let asked = heard.only("POST /tokeninfo");
    assert_eq!((asked.line.as_str(), asked.body.as_str()), ("POST /tokeninfo", "access_token=sesame"));
}

/// Two pages of zones and of accelerator types.
fn pages(path: &str) -> Answer {
    let second = path.contains("pageToken=next");
    let zone = if second { "us-central1-b" } else { "us-central1-a" };
    let next = if second { "" } else { "next" };
    let region = format!("https://compute.example/compute/v1/projects/p/regions/{REGION}");
    if path.contains("/zones") {
        return ok(&json!({"nextPageToken": next, "items": [
            {"name": zone, "status": "UP", "region": region},
            {"name": format!("{zone}x"), "status": "DOWN", "region": region},
            {"name": "us-east1-b", "status": "UP", "region": "https://compute.example/projects/p/regions/us-east1"},
        ]}));
    }
    if path.contains("/aggregated/acceleratorTypes") {
        return ok(&json!({"nextPageToken": next, "items": {
            format!("zones/{zone}"): {"acceleratorTypes": [{"name": "nvidia-tesla-v100"}]},
            "zones/us-east1-b": {"acceleratorTypes": [{"name": "nvidia-tesla-t4"}]},
        }}));
    }
    if path.starts_with("/tokeninfo") {
        return ok(&json!({"email": "who@example.com", "expires_in": 3000}));
    }
    ok(&json!({}))
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let spec = ClusterSpec {
        name: "dubbing".to_owned(),
        labels: BTreeMap::new(),
        place: Place { region: REGION.to_owned(), zone: None },
        cloud: CloudSpec::Gke(GkeSpec { project: None, settings: wanted().settings, secure_boot: false }),
        pools: Vec::new(),
        quotas: None,
        secrets: Vec::new(),
        autoscaler: Autoscaler::default(),
        network_policy: NetworkPolicy::default(),
    };
    let facts = stand_in::gke(pages).await.facts(&spec).await.unwrap();
    let zones = ["us-central1-a", "us-central1-b"].map(ToOwned::to_owned);
    assert_eq!(facts.zones, BTreeSet::from(zones.clone()));
    assert_eq!(facts.accelerators.unwrap().into_keys().collect::<Vec<_>>(), zones);
    assert_eq!(facts.identity.as_deref(), Some("who@example.com"));
}

/// A cluster as other people's tools leave it: nothing said, per-zone limits, old fields, unknown words.
fn strangers(path: &str) -> Answer {
    if path.contains("/operations") {
        return ok(&json!({"operations": [
            {"name": "operation-1", "operationType": "UPGRADE_NODES", "status": "RUNNING",
             "startTime": "2026-01-03T02:00:00.123456789Z",
             "targetLink": "https://container.example/v1/projects/42/zones/us-central1/clusters/dubbing/nodePools/old"},
            {"name": "operation-2", "operationType": "CREATE_CLUSTER", "status": "DONE",
             "targetLink": "https://container.example/v1/projects/42/locations/us-central1/clusters/dubbing"},
            {"name": "operation-3", "operationType": "DELETE_CLUSTER", "status": "RUNNING",
             "targetLink": "https://container.example/v1/projects/42/locations/us-central1/clusters/dubbing-2"},
        ]}));
    }
    ok(&json!({
        "name": "dubbing", "location": REGION, "status": "DEGRADED", "statusMessage": "something is odd",
        "locations": ["us-central1-f", "us-central1-a"], "network": "projects/p/global/networks/default",
        "privateClusterConfig": {"enablePrivateNodes": true},
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "x.gke.goog", "allowExternalTraffic": true}},
        "nodePools": [{
            "name": "old", "status": "A_NEW_WORD", "initialNodeCount": 3,
            "autoscaling": {"enabled": true, "minNodeCount": 1, "maxNodeCount": 3},
            "conditions": [{"code": "GCE_STOCKOUT", "message": "no T4 to give"}],
            "config": {"machineType": "n1-standard-4", "accelerators": [{
                "acceleratorCount": "2", "acceleratorType": "nvidia-tesla-t4",
                "gpuSharingConfig": {"gpuSharingStrategy": "MPS", "maxSharedClientsPerGpu": "3"},
            }], "bootDisk": {"diskType": "hyperdisk-balanced", "sizeGb": "50"}},
        }],
    }))
}

#[tokio::test]
async fn what_other_tools_left_is_understood() {
    let observed = stand_in::gke(strangers).await.observe("dubbing", REGION).await.unwrap();
    let names: Vec<&str> = observed.operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, ["operation-1"]);
    assert_eq!(observed.operations[0].pool.as_deref(), Some("old"));
    assert!(observed.operations[0].started_at.is_some());
    let cluster = observed.cluster.unwrap();
    assert_eq!(cluster.phase, Phase::Degraded);
    assert_eq!(cluster.issues[0].message, "something is odd");
    let access = cluster.access.clone().unwrap();
    assert_eq!((access.server.as_str(), access.ca_pem), ("https://x.gke.goog", None));
    let ObservedCloud::Gke(settings) = &cluster.cloud else { panic!("it is GKE's") };
    assert!(settings.private_nodes);
    assert!(!settings.network_policy, "nobody enforces them unless it is said");
    assert_eq!(settings.network.as_deref(), Some("default"));
    assert_eq!((cluster.pools[0].phase, cluster.pools[0].issues[0].cause), (Phase::Unknown, IssueCause::Stockout));
    let pool = settings_of(&cluster, "old");
    assert_eq!(pool.zones, ["us-central1-a", "us-central1-f"]);
    assert!(pool.autoscaling.unwrap().per_zone);
    let gpu = pool.accelerator.unwrap();
    assert_eq!((gpu.count, gpu.sharing.shares()), (2, 3));
    assert_eq!((pool.disk.size_gb, pool.disk.kind.as_str()), (50, "hyperdisk-balanced"));
}

#[tokio::test]
async fn a_look_that_fails_does_not_say_that_nothing_is_left() {
    let gke = stand_in::gke(|_| {
        ("403 Forbidden", json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "No."}}).to_string())
    })
    .await;
    let left = async |kind: &str| {
        let operation = format!("{kind} operation-1 {}", reference().path());
        let fault = gke.poll(&Ticket { operation, target: "cluster dubbing".to_owned() }).await.unwrap_err();
        assert_eq!(fault.tried, "ask about operation operation-1");
        fault.left_behind
    };
    assert_eq!(left("CREATE_CLUSTER").await, LeftBehind::Unknown);
    assert_eq!(left("DELETE_NODE_POOL").await, LeftBehind::Unknown);
    assert_eq!(left("UPDATE_CLUSTER").await, LeftBehind::Nothing);
}

#[tokio::test]
async fn a_removal_that_ended_with_an_error_is_done_when_nothing_is_left() {
    let gke = stand_in::gke(|path| {
        if path.contains("/operations/") {
            let error = json!({"code": 13, "message": "Internal error."});
            return ok(&json!({"name": "operation-1", "status": "DONE", "error": error}));
        }
        ("404 Not Found", json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "Not found."}}).to_string())
    })
    .await;
    let ticket = |kind: &str| Ticket {
        operation: format!("{kind} operation-1 {}", reference().path()),
        target: "cluster dubbing".to_owned(),
    };
    assert_eq!(gke.poll(&ticket("DELETE_CLUSTER")).await.unwrap(), Progress::Done);
    let fault = gke.poll(&ticket("CREATE_CLUSTER")).await.unwrap_err();
    assert_eq!((fault.kind, fault.left_behind), (FaultKind::Other, LeftBehind::Nothing));
    let change = GkePoolChange::NodesPerZone(1);
    let change = GkeAction::ChangePool { cluster: reference(), pool: "gpu".to_owned(), change };
    let fault = gke.start(&Action::Gke(change)).await.unwrap_err();
    assert_eq!(fault.to_string(), "change the size of pool gpu: Not found (HTTP 404, NOT_FOUND)");
}
