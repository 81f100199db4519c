//! Making and removing, once and again.

use berth_core::actions::gke::{GkeAction, GkeSettings};
use berth_core::lease::{Lease, LeaseId};
use berth_core::observed::{ObservedCloud, Phase};
use berth_core::ports::{Eyes, Hands, Progress, Started};
use berth_core::run::{FaultKind, LeftBehind, Retry};
use jiff::Timestamp;
use serde_json::json;

use crate::bench::{Bench, REGION, gpu_pool, reference, settings_of, wanted};

fn create() -> GkeAction {
    GkeAction::CreateCluster(Box::new(wanted()))
}

fn delete() -> GkeAction {
    GkeAction::DeleteCluster { cluster: reference() }
}

#[tokio::test]
async fn what_is_made_is_read_back_as_it_was_wanted() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let cluster = bench.cluster().await;
    assert_eq!(cluster.phase, Phase::Running);
    assert_eq!(cluster.labels, wanted().resource_labels);
    assert!(cluster.is_ours());
    assert!(cluster.created_at.is_some());
    assert!(!cluster.version.is_empty());
    let access = cluster.access.clone().unwrap();
    assert!(access.server.starts_with("https://127.0.0.1:"), "{}", access.server);
    assert!(access.ca_pem.unwrap().contains("BEGIN CERTIFICATE"));
    let ObservedCloud::Gke(have) = &cluster.cloud else { panic!("a cluster of GKE") };
    let want = GkeSettings {
        version: have.version.clone(),
        network: have.network.clone(),
        subnetwork: have.subnetwork.clone(),
        ..wanted().settings
    };
    assert_eq!(**have, want);
    for pool in wanted().pools {
        assert_eq!(settings_of(&cluster, &pool.name), pool);
    }
    bench.stop().await;
}

#[tokio::test]
async fn made_again_it_is_done_and_removed_again_it_is_gone() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    assert_eq!(bench.begin(create()).await.unwrap(), Started::Done);
    bench.carry_out(delete()).await.unwrap();
    assert_eq!(bench.gke.observe("dubbing", REGION).await.unwrap().cluster, None);
    assert_eq!(bench.begin(delete()).await.unwrap(), Started::Done);
    assert_eq!(bench.billed().await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_second_start_joins_what_runs() {
    let bench = Bench::start().await;
    let first = bench.begin(create()).await.unwrap();
    assert_eq!(bench.begin(create()).await.unwrap(), first);
    let Started::Waiting(ticket) = first else { panic!("it takes minutes") };
    let observed = bench.gke.observe("dubbing", REGION).await.unwrap();
    assert_eq!(observed.cluster.unwrap().phase, Phase::Creating);
    assert_eq!(observed.operations.len(), 1);
    assert_eq!(observed.operations[0].kind, "CREATE_CLUSTER");
    let operation = observed.operations[0].name.clone();
    let awaited = bench.begin(GkeAction::AwaitOperation { cluster: reference(), operation }).await.unwrap();
    let Started::Waiting(awaited) = awaited else { panic!("it still runs") };
    bench.finish(&awaited).await.unwrap();
    bench.finish(&ticket).await.unwrap();
    let first = bench.begin(delete()).await.unwrap();
    assert_eq!(bench.begin(delete()).await.unwrap(), first);
    let leaving = bench.begin(create()).await.unwrap_err();
    assert_eq!((leaving.kind, leaving.retry), (FaultKind::Busy, Retry::Backoff), "{leaving}");
    bench.stop().await;
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_by_the_next_try() {
    let bench = Bench::start().await;
    bench.arm(json!({"on": "CreateCluster", "do": "drop-after"})).await;
    let lost = bench.begin(create()).await.unwrap_err();
    assert_eq!((lost.kind, lost.left_behind, lost.retry), (FaultKind::Lost, LeftBehind::Unknown, Retry::Backoff));
    assert_eq!(bench.calls("CreateCluster").await, 1, "the SDK must not repeat a call by itself");
    bench.carry_out(create()).await.unwrap();
    assert_eq!(bench.cluster().await.phase, Phase::Running);
    bench.arm(json!({"on": "CreateNodePool", "do": "drop-after"})).await;
    let pool = || GkeAction::CreatePool { cluster: reference(), pool: Box::new(gpu_pool("more")) };
    assert_eq!(bench.begin(pool()).await.unwrap_err().kind, FaultKind::Lost);
    bench.carry_out(pool()).await.unwrap();
    assert_eq!(bench.pool("more").await, gpu_pool("more"));
    bench.arm(json!({"on": "DeleteCluster", "do": "drop-after"})).await;
    assert_eq!(bench.begin(delete()).await.unwrap_err().left_behind, LeftBehind::Unknown);
    bench.carry_out(delete()).await.unwrap();
    assert_eq!(bench.billed().await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_strangers_cluster_is_not_taken_for_ours() {
    let bench = Bench::start().await;
    let mut foreign = wanted();
    foreign.resource_labels.clear();
    bench.carry_out(GkeAction::CreateCluster(Box::new(foreign))).await.unwrap();
    let fault = bench.begin(create()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    assert_eq!(
        fault.to_string(),
        "create cluster dubbing: a cluster dubbing is there already, and its labels do not say that it is berth's"
    );
    bench.stop().await;
}

#[tokio::test]
async fn another_leases_cluster_is_refused_and_its_own_is_joined() {
    let bench = Bench::start().await;
    let leased = |id: &str, owner: &str, hour: i64| {
        let id = LeaseId::new(id).unwrap();
        let lease = Lease::new(id, owner, None, Timestamp::from_second(hour * 3600).unwrap()).unwrap();
        let mut wanted = wanted();
        wanted.resource_labels.extend(lease.labels());
        GkeAction::CreateCluster(Box::new(wanted))
    };
    bench.carry_out(leased("pr-1", "acme/app", 5)).await.unwrap();
    assert_eq!(bench.begin(leased("pr-1", "acme/app", 9)).await.unwrap(), Started::Done);
    for (id, owner) in [("pr-1", "acme/other"), ("pr-2", "acme/app")] {
        let fault = bench.begin(leased(id, owner, 5)).await.unwrap_err();
        let how = (fault.kind, fault.retry, fault.left_behind.clone());
        assert_eq!(how, (FaultKind::Refused, Retry::Never, LeftBehind::Nothing));
        assert_eq!(
            fault.to_string(),
            "create cluster dubbing: a cluster dubbing is there already, under lease pr-1 of acme/app until \
             1970-01-01T05:00:00Z; use another id"
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn pools_come_and_go() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let pool = || GkeAction::CreatePool { cluster: reference(), pool: Box::new(gpu_pool("more")) };
    let first = bench.begin(pool()).await.unwrap();
    assert_eq!(bench.begin(pool()).await.unwrap(), first);
    let Started::Waiting(ticket) = first else { panic!("it takes minutes") };
    assert!(matches!(bench.gke.poll(&ticket).await.unwrap(), Progress::Pending(_)));
    bench.finish(&ticket).await.unwrap();
    assert_eq!(bench.begin(pool()).await.unwrap(), Started::Done);
    let remove = || GkeAction::DeletePool { cluster: reference(), pool: "more".to_owned() };
    bench.carry_out(remove()).await.unwrap();
    assert_eq!(bench.begin(remove()).await.unwrap(), Started::Done);
    assert_eq!(bench.cluster().await.pools.len(), 2);
    bench.stop().await;
}
