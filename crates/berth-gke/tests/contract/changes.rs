//! Each kind of change, read back.

use std::collections::BTreeMap;

use berth_core::actions::Action;
use berth_core::actions::gke::{
    AutoscalingProfile, GkeAction, GkeAutoscaling, GkeClusterChange, GkePoolChange, GkeSettings, MaintenanceWindow,
    ReleaseChannel,
};
use berth_core::observed::ObservedCloud;
use berth_core::ports::{Hands, Started};
use berth_core::spec::{NodeRange, Taint, TaintEffect};
use serde_json::{Value, json};

use crate::bench::{Bench, labels, reference, wanted};
use crate::stand_in::{self, Answer};

async fn made() -> Bench {
    let bench = Bench::start().await;
    bench.carry_out(GkeAction::CreateCluster(Box::new(wanted()))).await.unwrap();
    bench
}

async fn change(bench: &Bench, change: GkeClusterChange) -> GkeSettings {
    bench.carry_out(GkeAction::ChangeCluster { cluster: reference(), change }).await.unwrap();
    let ObservedCloud::Gke(settings) = bench.cluster().await.cloud else { panic!("a cluster of GKE") };
    *settings
}

async fn change_pool(bench: &Bench, pool: &str, change: GkePoolChange) {
    let pool = pool.to_owned();
    bench.carry_out(GkeAction::ChangePool { cluster: reference(), pool, change }).await.unwrap();
}

#[tokio::test]
async fn every_change_of_a_cluster_is_read_back() {
    let bench = made().await;
    let settings = change(&bench, GkeClusterChange::ReleaseChannel(ReleaseChannel::Stable)).await;
    assert_eq!(settings.release_channel, ReleaseChannel::Stable);
    let daily = Some(MaintenanceWindow::Daily("03:00".to_owned()));
    assert_eq!(change(&bench, GkeClusterChange::Maintenance(daily.clone())).await.maintenance, daily);
    assert_eq!(change(&bench, GkeClusterChange::Maintenance(None)).await.maintenance, None);
    let system = vec!["SYSTEM_COMPONENTS".to_owned()];
    assert_eq!(change(&bench, GkeClusterChange::Logging(system.clone())).await.logging, system);
    let more = vec!["DCGM".to_owned(), "SYSTEM_COMPONENTS".to_owned()];
    assert_eq!(change(&bench, GkeClusterChange::Monitoring(more.clone())).await.monitoring, more);
    let balanced = AutoscalingProfile::Balanced;
    let settings = change(&bench, GkeClusterChange::AutoscalingProfile(balanced)).await;
    assert_eq!(settings.autoscaling_profile, balanced);
    assert!(!change(&bench, GkeClusterChange::ShieldedNodes(false)).await.shielded_nodes);
    assert!(change(&bench, GkeClusterChange::WorkloadIdentity(true)).await.workload_identity);
    change(&bench, GkeClusterChange::ResourceLabels(labels(&[("team", "film")]))).await;
    assert_eq!(bench.cluster().await.labels, labels(&[("team", "film")]));
    bench.stop().await;
}

#[tokio::test]
async fn labels_are_set_though_somebody_else_was_quicker() {
    let bench = made().await;
    let stale =
        json!({"answer": {"code": 412, "status": "FAILED_PRECONDITION", "message": "Labels fingerprint is stale."}});
    bench.arm(json!({"on": "SetLabels", "do": stale})).await;
    change(&bench, GkeClusterChange::ResourceLabels(labels(&[("team", "film")]))).await;
    assert_eq!(bench.cluster().await.labels, labels(&[("team", "film")]));
    assert_eq!(bench.calls("SetLabels").await, 2);
    change(&bench, GkeClusterChange::ResourceLabels(labels(&[("team", "film")]))).await;
    assert_eq!(bench.calls("SetLabels").await, 2, "labels that are there are not set again");
    bench.stop().await;
}

/// A cluster with settings beside those berth changes, some of which may be read only.
fn rich(path: &str) -> Answer {
    let body = if path.contains(":setMaintenancePolicy") || path.contains("/operations") {
        json!({"name": "operation-1", "operationType": "UPDATE_CLUSTER", "status": "RUNNING"})
    } else {
        json!({
            "name": "dubbing", "status": "RUNNING",
            "autoscaling": {
                "autoscalingProfile": "BALANCED", "enableNodeAutoprovisioning": true,
                "defaultComputeClassConfig": {"enabled": true}, "somethingNew": {"readOnly": true},
                "resourceLimits": [{"resourceType": "cpu", "maximum": "64"}],
                "autoprovisioningNodePoolDefaults": {"imageType": "COS_CONTAINERD", "upgradeSettings": {"maxSurge": 1}},
            },
            "maintenancePolicy": {"resourceVersion": "e3b0", "window": {"maintenanceExclusions": {
                "fair": {"startTime": "2026-12-01T00:00:00Z", "endTime": "2026-12-08T00:00:00Z"},
            }}},
        })
    };
    ("200 OK\r\ncontent-type: application/json", body.to_string())
}

#[tokio::test]
async fn a_profile_is_sent_with_nothing_that_is_only_read() {
    let (gke, heard) = stand_in::heard(rich).await;
    let change = GkeClusterChange::AutoscalingProfile(AutoscalingProfile::OptimizeUtilization);
    let change = GkeAction::ChangeCluster { cluster: reference(), change };
    gke.start(&Action::Gke(change)).await.unwrap();
    let sent: Value = serde_json::from_str(&heard.only(&format!("PUT /v1/{}", reference().path())).body).unwrap();
    let autoscaling = &sent["update"]["desiredClusterAutoscaling"];
    let keys: Vec<&String> = autoscaling.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["autoscalingProfile", "defaultComputeClassConfig", "enableNodeAutoprovisioning"]);
    assert_eq!(autoscaling["enableNodeAutoprovisioning"], true);
    assert_eq!(autoscaling["defaultComputeClassConfig"]["enabled"], true);
}

#[tokio::test]
async fn a_maintenance_window_is_sent_by_the_clusters_path_alone_and_keeps_exclusions() {
    let (gke, heard) = stand_in::heard(rich).await;
    let change = GkeClusterChange::Maintenance(Some(MaintenanceWindow::Daily("03:00".to_owned())));
    let change = GkeAction::ChangeCluster { cluster: reference(), change };
    gke.start(&Action::Gke(change)).await.unwrap();
    let sent = heard.only(&format!("POST /v1/{}:setMaintenancePolicy", reference().path()));
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    let exclusion = json!({"startTime": "2026-12-01T00:00:00Z", "endTime": "2026-12-08T00:00:00Z"});
    let window =
        json!({"dailyMaintenanceWindow": {"startTime": "03:00"}, "maintenanceExclusions": {"fair": exclusion}});
    assert_eq!(sent, json!({"maintenancePolicy": {"resourceVersion": "e3b0", "window": window}}));
}

#[tokio::test]
async fn labels_that_are_there_are_waited_for_while_their_operation_runs() {
    fn labelled(path: &str, status: &str) -> Answer {
        let link = format!("https://container.example/v1/{}", reference().path());
        let operation = json!({
            "name": "operation-1", "operationType": "UPDATE_CLUSTER", "status": status, "targetLink": link,
        });
        let cluster = json!({"name": "dubbing", "resourceLabels": labels(&[]), "labelFingerprint": "e3b0"});
        let body = if path.contains("/operations") { json!({"operations": [operation]}) } else { cluster };
        ("200 OK\r\ncontent-type: application/json", body.to_string())
    }
    let change = GkeClusterChange::ResourceLabels(labels(&[]));
    let change = Action::Gke(GkeAction::ChangeCluster { cluster: reference(), change });
    let Started::Waiting(ticket) = stand_in::gke(|path| labelled(path, "RUNNING")).await.start(&change).await.unwrap()
    else {
        panic!("its operation runs")
    };
    assert_eq!(ticket.operation, format!("UPDATE_CLUSTER operation-1 {}", reference().path()));
    let ended = stand_in::gke(|path| labelled(path, "DONE")).await.start(&change).await.unwrap();
    assert_eq!(ended, Started::Done);
}

#[tokio::test]
async fn every_change_of_a_pool_is_read_back() {
    let bench = made().await;
    let gpu = "gpu-v100-pool";
    let node_labels = BTreeMap::from([("tier".to_owned(), "basic".to_owned())]);
    change_pool(&bench, gpu, GkePoolChange::Labels(node_labels.clone())).await;
    assert_eq!(bench.pool(gpu).await.labels, node_labels);
    let taint = |key: &str, effect| Taint { key: key.to_owned(), value: "present".to_owned(), effect };
    let taints = vec![
        taint("dubbing", TaintEffect::NoExecute),
        taint("film", TaintEffect::PreferNoSchedule),
        taint("nvidia.com/gpu", TaintEffect::NoSchedule),
    ];
    change_pool(&bench, gpu, GkePoolChange::Taints(taints.clone())).await;
    assert_eq!(bench.pool(gpu).await.taints, taints);
    let zones = vec!["us-central1-a".to_owned()];
    change_pool(&bench, gpu, GkePoolChange::Zones(zones.clone())).await;
    assert_eq!(bench.pool(gpu).await.zones, zones);
    change_pool(&bench, gpu, GkePoolChange::WorkloadMetadata(false)).await;
    assert!(!bench.pool(gpu).await.workload_metadata);
    let wider = Some(GkeAutoscaling { nodes: NodeRange { min: 0, max: 4 }, per_zone: false, any_zone: true });
    change_pool(&bench, gpu, GkePoolChange::Autoscaling(wider.clone())).await;
    assert_eq!(bench.pool(gpu).await.autoscaling, wider);
    change_pool(&bench, "cpu-pool", GkePoolChange::Autoscaling(None)).await;
    assert_eq!(bench.pool("cpu-pool").await.autoscaling, None);
    change_pool(&bench, "cpu-pool", GkePoolChange::NodesPerZone(2)).await;
    assert_eq!(bench.pool("cpu-pool").await.initial_nodes_per_zone, 2);
    bench.stop().await;
}
