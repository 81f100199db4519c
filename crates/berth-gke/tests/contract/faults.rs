//! What goes wrong, and what is said of it.

use berth_core::actions::gke::{GkeAction, GkeClusterChange, GkePoolChange};
use berth_core::ports::{Eyes, Hands, Progress, Started, Ticket};
use berth_core::run::{FaultKind, LeftBehind, Retry};
use serde_json::json;

use crate::bench::{Bench, REGION, gpu_pool, labels, reference, wanted};

fn create() -> GkeAction {
    GkeAction::CreateCluster(Box::new(wanted()))
}

fn more() -> GkeAction {
    GkeAction::CreatePool { cluster: reference(), pool: Box::new(gpu_pool("more")) }
}

#[tokio::test]
async fn a_stockout_names_the_pool_that_is_left() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    bench.arm(json!({"on": "CreateNodePool", "do": {"stockout": {"zone": null, "created": 1}}})).await;
    let fault = bench.carry_out(more()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Stockout, Retry::Never), "{fault}");
    let LeftBehind::These(left) = &fault.left_behind else { panic!("{fault:?}") };
    assert!(left.len() == 1 && left[0].starts_with("pool more ("), "{left:?}");
    // A second run must not take the half-made pool for a whole one.
    assert_eq!(bench.carry_out(more()).await.unwrap_err().kind, FaultKind::Stockout);
    bench.carry_out(GkeAction::DeletePool { cluster: reference(), pool: "more".to_owned() }).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn a_stockout_of_an_inline_pool_names_all_that_is_left() {
    let bench = Bench::start().await;
    bench
        .arm(json!({"on": "CreateNodePool", "matches": "gpu-v100-pool", "do": {"stockout": {"zone": null, "created": 0}}}))
        .await;
    let fault = bench.carry_out(create()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Stockout, "{fault}");
    let LeftBehind::These(left) = &fault.left_behind else { panic!("{fault:?}") };
    assert!(left[0].starts_with("cluster dubbing"), "{left:?}");
    assert!(left.iter().any(|part| part.starts_with("pool gpu-v100-pool (")), "{left:?}");
    bench.carry_out(GkeAction::DeleteCluster { cluster: reference() }).await.unwrap();
    assert_eq!(bench.billed().await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn an_operation_that_fails_without_a_word_of_stock_is_no_stockout() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let error = json!({"operation-error": {"code": 13, "message": "Internal error."}});
    bench.arm(json!({"on": "CreateNodePool", "do": error})).await;
    let fault = bench.carry_out(more()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Other);
    assert_eq!(fault.tried, "create pool more");
    assert_eq!(fault.said, "Internal error (INTERNAL)");
    bench.stop().await;
}

#[tokio::test]
async fn an_awaited_operation_is_over_however_it_ends() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    bench.arm(json!({"on": "CreateNodePool", "do": {"stockout": {"zone": null, "created": 0}}})).await;
    let Started::Waiting(own) = bench.begin(more()).await.unwrap() else { panic!("it takes minutes") };
    let running = bench.gke.observe("dubbing", REGION).await.unwrap().operations;
    let operation = running[0].name.clone();
    let awaited = bench.begin(GkeAction::AwaitOperation { cluster: reference(), operation }).await.unwrap();
    let Started::Waiting(awaited) = awaited else { panic!("it still runs") };
    bench.finish(&awaited).await.unwrap();
    assert_eq!(bench.finish(&own).await.unwrap_err().kind, FaultKind::Stockout);
    bench.stop().await;
}

#[tokio::test]
async fn calls_that_change_are_not_repeated_and_calls_that_read_are() {
    let bench = Bench::start().await;
    let down = json!({"answer": {"code": 503, "status": "UNAVAILABLE", "message": "The service is down."}});
    bench.arm(json!({"on": "CreateCluster", "do": down})).await;
    let fault = bench.begin(create()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff));
    assert_eq!(fault.left_behind, LeftBehind::Unknown);
    assert_eq!(bench.calls("CreateCluster").await, 1);
    bench.arm(json!({"on": "GetCluster", "times": 2, "do": down})).await;
    assert_eq!(bench.gke.observe("dubbing", REGION).await.unwrap().cluster, None);
    assert_eq!(bench.calls("GetCluster").await, 3);
    let broken = json!({"answer": {"code": 500, "status": "INTERNAL", "message": "Internal error encountered."}});
    bench.arm(json!({"on": "GetCluster", "do": broken})).await;
    bench.arm(json!({"on": "GetCluster", "nth": 2, "do": "drop-before"})).await;
    assert_eq!(bench.gke.observe("dubbing", REGION).await.unwrap().cluster, None);
    assert_eq!(bench.calls("GetCluster").await, 6);
    let full = json!({"answer": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Slow down."}});
    bench.arm(json!({"on": "CreateCluster", "do": full})).await;
    let fault = bench.begin(create()).await.unwrap_err();
    assert_eq!((fault.kind, fault.left_behind), (FaultKind::Throttled, LeftBehind::Nothing));
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_that_works_on_something_else_is_busy() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let change = |on| GkeAction::ChangeCluster { cluster: reference(), change: GkeClusterChange::ShieldedNodes(on) };
    let Started::Waiting(_) = bench.begin(change(false)).await.unwrap() else { panic!("it takes a while") };
    let running = bench.gke.observe("dubbing", REGION).await.unwrap().operations[0].name.clone();
    let fault = bench.begin(more()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry, fault.left_behind), (FaultKind::Busy, Retry::Backoff, LeftBehind::Nothing));
    assert!(fault.said.contains(&running), "{}", fault.said);
    bench.stop().await;
}

#[tokio::test]
async fn a_precondition_in_unknown_words_is_busy_only_while_an_operation_runs() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let odd = json!({"answer": {"code": 400, "status": "FAILED_PRECONDITION", "message": "Not in this state."}});
    let change = |on| GkeAction::ChangeCluster { cluster: reference(), change: GkeClusterChange::ShieldedNodes(on) };
    let size = || GkeAction::ChangePool {
        cluster: reference(),
        pool: "cpu-pool".to_owned(),
        change: GkePoolChange::NodesPerZone(2),
    };
    bench.arm(json!({"on": "UpdateCluster", "do": odd})).await;
    let fault = bench.begin(change(false)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never), "{fault}");
    let Started::Waiting(ticket) = bench.begin(change(false)).await.unwrap() else { panic!("it takes a while") };
    let running = bench.gke.observe("dubbing", REGION).await.unwrap().operations[0].name.clone();
    for (call, action) in [("UpdateCluster", change(true)), ("CreateNodePool", more()), ("SetNodePoolSize", size())] {
        bench.arm(json!({"on": call, "do": odd})).await;
        let fault = bench.begin(action).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.retry, &fault.left_behind),
            (FaultKind::Busy, Retry::Backoff, &LeftBehind::Nothing)
        );
        assert!(fault.said.ends_with(&format!("operation {running} runs on the cluster")), "{call}: {fault}");
    }
    bench.finish(&ticket).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let bench = Bench::start().await;
    bench.carry_out(create()).await.unwrap();
    let before = bench.gke.tokens().token(false).await.unwrap();
    bench.arm(json!({"on": "now", "do": "expire-tokens"})).await;
    assert!(bench.gke.observe("dubbing", REGION).await.unwrap().cluster.is_some());
    assert_ne!(bench.gke.tokens().token(false).await.unwrap(), before);
    let change = GkeClusterChange::ResourceLabels(labels(&[("team", "film")]));
    bench.arm(json!({"on": "now", "do": "expire-tokens"})).await;
    bench.carry_out(GkeAction::ChangeCluster { cluster: reference(), change }).await.unwrap();
    let fresh = bench.gke.tokens().token(true).await.unwrap();
    assert_ne!(bench.gke.tokens().token(true).await.unwrap(), fresh);
    let refused = json!({"answer": {"code": 401, "status": "UNAUTHENTICATED", "message": "Who are you?"}});
    bench.arm(json!({"on": "ListClusters", "times": 9, "do": refused})).await;
    let fault = bench.gke.fleet().await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Credentials, Retry::Never));
    assert_eq!(bench.calls("ListClusters").await, 2);
    bench.stop().await;
}

#[tokio::test]
async fn a_stuck_operation_stays_pending() {
    let bench = Bench::start().await;
    bench.arm(json!({"on": "CreateCluster", "do": "stuck"})).await;
    let Started::Waiting(ticket) = bench.begin(create()).await.unwrap() else { panic!("it takes minutes") };
    bench.advance(7200).await;
    assert!(matches!(bench.gke.poll(&ticket).await.unwrap(), Progress::Pending(_)));
    bench.stop().await;
}

#[tokio::test]
async fn an_operation_nobody_knows_any_more_is_judged_by_its_target() {
    let bench = Bench::start().await;
    let Started::Waiting(mut ticket) = bench.begin(create()).await.unwrap() else { panic!("it takes minutes") };
    let true_ticket = ticket.clone();
    let name = ticket.operation.split(' ').nth(1).unwrap().to_owned();
    ticket.operation = ticket.operation.replace(&name, "operation-1-forgotten");
    assert!(matches!(bench.gke.poll(&ticket).await.unwrap(), Progress::Pending(_)));
    bench.finish(&true_ticket).await.unwrap();
    assert_eq!(bench.gke.poll(&ticket).await.unwrap(), Progress::Done);
    let of_kind = |kind: &str| Ticket { operation: ticket.operation.replace("CREATE_CLUSTER", kind), ..ticket.clone() };
    let removal = of_kind("DELETE_CLUSTER");
    let fault = bench.gke.poll(&removal).await.unwrap_err();
    assert_eq!(fault.left_behind, LeftBehind::These(vec!["cluster dubbing".to_owned()]));
    let forgotten = "GKE does not know operation operation-1-forgotten any more";
    assert_eq!(fault.to_string(), format!("delete cluster dubbing: {forgotten}, and cluster dubbing is still there"));
    bench.carry_out(GkeAction::DeleteCluster { cluster: reference() }).await.unwrap();
    assert_eq!(bench.gke.poll(&removal).await.unwrap(), Progress::Done);
    let said = async |ticket| bench.gke.poll(&ticket).await.unwrap_err().to_string();
    assert_eq!(
        said(ticket.clone()).await,
        format!("create cluster dubbing: {forgotten}, but cluster dubbing is not there")
    );
    let gone = said(of_kind("UPDATE_CLUSTER")).await;
    assert_eq!(gone, format!("change cluster dubbing: {forgotten}, and cluster dubbing is not there"));
    bench.stop().await;
}
