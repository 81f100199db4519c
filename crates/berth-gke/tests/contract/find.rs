//! Finding what clusters leave, and taking it away.

use berth_core::actions::gke::{GkeAction, GkeLeftover};
use berth_core::gc::{Claim, Inventory, Leftover, LeftoverKind, LeftoverSize, Scope, of_cluster};
use berth_core::observed::Phase;
use berth_core::ports::{Finder, Hands, Progress, Started};
use berth_core::run::{FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;
use serde_json::{Value, json};

use crate::bench::{Bench, REGION, reference, wanted};

const PROJECT: &str = "projects/berth-sim";
const MARK: [(&str, &str); 2] = [("managed-by", "berth"), ("berth-cluster", "dubbing")];

fn thing(path: &str, fields: Value) -> Value {
    json!({"id": format!("{PROJECT}/{path}"), "fields": fields})
}

fn disk(name: &str, labels: &[(&str, &str)]) -> Value {
    let labels: serde_json::Map<String, Value> =
        labels.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let kind = format!("{PROJECT}/zones/us-central1-a/diskTypes/pd-balanced");
    thing(&format!("zones/us-central1-a/disks/{name}"), json!({"labels": labels, "sizeGb": "20", "type": kind}))
}

/// The parts of a Service's load balancer, for the nodes with this tag; used ones last.
fn balancer(tag: &str, name: &str) -> Vec<Value> {
    let said = json!({"kubernetes.io/service-name": "default/web"}).to_string();
    let check = format!("k8s-{name}-node");
    vec![
        thing(&format!("global/firewalls/k8s-fw-{name}"), json!({"targetTags": [tag], "description": said})),
        thing(&format!("global/firewalls/{check}-http-hc"), json!({"targetTags": [tag]})),
        thing(
            &format!("regions/{REGION}/forwardingRules/{name}"),
            json!({"description": said, "target": format!("{PROJECT}/regions/{REGION}/targetPools/{name}")}),
        ),
        thing(
            &format!("regions/{REGION}/targetPools/{name}"),
            json!({"description": said, "healthChecks": [format!("{PROJECT}/global/httpHealthChecks/{check}")]}),
        ),
        thing(&format!("global/httpHealthChecks/{check}"), json!({})),
    ]
}

async fn inventory(bench: &Bench) -> Inventory {
    bench.gke.inventory(&Scope::default()).await.unwrap()
}

fn names(found: &[Leftover]) -> Vec<String> {
    let mut names: Vec<String> = found.iter().map(|thing| format!("{} {}", thing.kind, thing.name)).collect();
    names.sort();
    names
}

fn removal(thing: &Leftover) -> GkeAction {
    GkeAction::DeleteLeftover(GkeLeftover {
        project: thing.at.account.clone(),
        kind: thing.kind,
        name: thing.name.clone(),
        path: thing.id.clone(),
    })
}

fn named(path: &str, kind: LeftoverKind) -> GkeAction {
    let name = path.rsplit('/').next().unwrap().to_owned();
    GkeAction::DeleteLeftover(GkeLeftover {
        project: berth_sim::PROJECT.to_owned(),
        kind,
        name,
        path: format!("{PROJECT}/{path}"),
    })
}

#[tokio::test]
async fn lists_are_read_to_their_last_page_and_only_ours_are_told() {
    let bench = Bench::start().await;
    let mut plants: Vec<Value> = (0..1203).map(|number| disk(&format!("pvc-{number:04}"), &MARK)).collect();
    plants.extend((0..700).map(|number| disk(&format!("other-{number}"), &[("managed-by", "terraform")])));
    plants.extend((0..600).map(|number| thing(&format!("global/firewalls/allow-{number}"), json!({}))));
    bench.plant(&json!(plants)).await;
    let found = inventory(&bench).await;
    assert_eq!((found.found.len(), found.unread), (1203, Vec::new()));
    assert!(found.found.iter().all(|thing| thing.claim == Claim::Mark && thing.cluster == "dubbing"));
    let size = LeftoverSize::Disk { kind: "pd-balanced".to_owned(), gigabytes: 20 };
    assert_eq!(found.found[0].size, Some(size));
    assert!(found.found[0].made.is_some());
    assert_eq!(bench.calls("compute.disks.aggregatedList").await, 3, "others' disks are left out by the service");
    assert_eq!(bench.calls("compute.firewalls.list").await, 2);
    let elsewhere = Scope { regions: vec!["us-east1".to_owned()], ..Scope::default() };
    assert_eq!(bench.gke.inventory(&elsewhere).await.unwrap().found, Vec::new());
    bench.stop().await;
}

#[tokio::test]
async fn what_a_cluster_made_is_found_while_it_stands_and_goes_after_it_but_lookalikes_stay() {
    let bench = Bench::start().await;
    bench.carry_out(GkeAction::CreateCluster(Box::new(wanted()))).await.unwrap();
    let tag = format!("gke-dubbing-{}-node", &bench.cluster_id().await[..8]);
    bench.plant(&json!(balancer(&tag, "a1"))).await;
    bench.plant(&disk("pvc-1", &MARK)).await;
    let lookalikes = balancer("gke-dubbing-00000000-node", "a2");
    bench.plant(&json!(lookalikes)).await;
    bench.plant(&disk("pvc-2", &[("managed-by", "somebody"), ("berth-cluster", "dubbing")])).await;
    bench.plant(&disk("pvc-3", &[("berth-cluster", "dubbing")])).await;
    let seen = inventory(&bench).await;
    assert_eq!(seen.unread, Vec::new());
    let found = of_cluster(&seen, (Provider::Gke, berth_sim::PROJECT), "dubbing", REGION);
    assert_eq!(
        names(&found.things),
        [
            "cluster dubbing",
            "disk pvc-1",
            "firewall rule k8s-a1-node-http-hc",
            "firewall rule k8s-fw-a1",
            "forwarding rule a1",
            "health check k8s-a1-node",
            "target pool a1",
        ]
    );
    let standing = found.standing().unwrap();
    assert_eq!((standing.kind, standing.phase), (LeftoverKind::Cluster, Some(Phase::Running)));
    let Some(LeftoverSize::Machines(machines)) = &standing.size else { panic!("its machines are told") };
    let gpus: Vec<_> = machines.iter().filter(|one| one.accelerator.is_some()).collect();
    assert_eq!(gpus[0].accelerator, Some(("nvidia-tesla-v100".to_owned(), 1)));
    assert!(gpus[0].spot);

    bench.carry_out(GkeAction::DeleteCluster { cluster: reference() }).await.unwrap();
    let mut things = found.things.clone();
    things.retain(|thing| thing.kind != LeftoverKind::Cluster);
    assert_eq!(bench.gke.still_there(&things).await.unwrap().len(), 6);
    things.sort_by_key(|thing| thing.kind);
    for thing in &things {
        bench.carry_out(removal(thing)).await.unwrap();
    }
    assert_eq!(bench.gke.still_there(&things).await.unwrap(), Vec::new());
    for thing in &things {
        assert_eq!(bench.begin(removal(thing)).await.unwrap(), Started::Done, "a second time is no error");
    }
    let left = bench.leftovers().await;
    assert_eq!(left.len(), lookalikes.len() + 2, "{left:?}");
    assert_eq!(inventory(&bench).await.found, Vec::new());
    bench.stop().await;
}

#[tokio::test]
async fn what_is_in_use_is_asked_for_again_until_it_is_free() {
    let bench = Bench::start().await;
    bench.plant(&json!(balancer("x", "a1"))).await;
    let pool = named(&format!("regions/{REGION}/targetPools/a1"), LeftoverKind::TargetPool);
    let Started::Waiting(ticket) = bench.begin(pool.clone()).await.unwrap() else { panic!("it takes a while") };
    let second = bench.begin(pool.clone()).await.unwrap_err();
    assert_eq!((second.kind, second.retry), (FaultKind::Busy, Retry::Backoff), "{second}");
    bench.advance(30).await;
    let Progress::Pending(Some(why)) = bench.gke.poll(&ticket).await.unwrap() else { panic!("a rule uses it") };
    assert!(why.contains("is already being used by"), "{why}");
    bench.advance(30).await;
    bench
        .carry_out(named(&format!("regions/{REGION}/forwardingRules/a1"), LeftoverKind::ForwardingRule))
        .await
        .unwrap();
    bench.finish(&ticket).await.unwrap();
    assert_eq!(bench.begin(pool).await.unwrap(), Started::Done);
    bench.plant(&disk("pvc-1", &MARK)).await;
    let user = json!({"disks": [{"source": format!("{PROJECT}/zones/us-central1-a/disks/pvc-1")}]});
    bench.plant(&thing("zones/us-central1-a/instances/by-hand", user)).await;
    let fault = bench.begin(named("zones/us-central1-a/disks/pvc-1", LeftoverKind::Disk)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Busy, Retry::Backoff), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::These(vec!["disk pvc-1".to_owned()]));
    bench.stop().await;
}

#[tokio::test]
async fn a_kind_that_may_not_be_listed_is_told_with_its_permission() {
    let bench = Bench::start().await;
    bench
        .plant(&json!([
            disk("pvc-1", &MARK),
            thing("global/addresses/ip", json!({"labels": {"managed-by": "berth", "berth-cluster": "dubbing"}}))
        ]))
        .await;
    let denied = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": "Required 'compute.disks.list' permission for 'projects/berth-sim'."}});
    bench.arm(json!({"on": "compute.disks.aggregatedList", "do": denied})).await;
    let found = inventory(&bench).await;
    assert_eq!(names(&found.found), ["address ip"]);
    let unread: Vec<_> = found.unread.iter().map(|unread| (unread.kinds.clone(), unread.why.clone())).collect();
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert_eq!(unread[0].0, [LeftoverKind::Disk]);
    assert!(unread[0].1.ends_with("(takes compute.disks.list)"), "{unread:?}");
    bench.arm(json!({"on": "ListClusters", "do": denied})).await;
    let found = inventory(&bench).await;
    assert_eq!(found.unread[0].kinds, [LeftoverKind::Cluster]);
    assert_eq!(found.found.len(), 2);
    bench.arm(json!({"on": "compute", "times": 99, "do": denied})).await;
    bench.arm(json!({"on": "ListClusters", "do": denied})).await;
    let fault = bench.gke.inventory(&Scope::default()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Denied, Retry::Never), "{fault}");
    bench.disarm().await;
    bench.arm(json!({"on": "compute", "matches": "projects/other/", "times": 99, "do": denied})).await;
    bench.arm(json!({"on": "ListClusters", "matches": "projects/other/", "do": denied})).await;
    let accounts = vec!["other".to_owned(), berth_sim::PROJECT.to_owned()];
    let found = bench.gke.inventory(&Scope { accounts, ..Scope::default() }).await.unwrap();
    assert_eq!(found.found.len(), 2, "a project that cannot be read hides no other");
    assert_eq!((found.unread.len(), found.unread[0].account.as_str()), (1, "other"));
    bench.stop().await;
}

#[tokio::test]
async fn silent_places_are_named_and_short_troubles_are_outlasted() {
    let bench = Bench::start().await;
    bench.plant(&json!([disk("pvc-1", &MARK)])).await;
    let down = json!({"answer": {"code": 503, "status": "UNAVAILABLE", "message": "The service is down."}});
    bench.arm(json!({"on": "compute.disks.aggregatedList", "do": down})).await;
    bench.arm(json!({"on": "compute.firewalls.list", "do": "drop-before"})).await;
    bench.arm(json!({"on": "now", "do": "expire-tokens"})).await;
    let found = inventory(&bench).await;
    assert_eq!((found.found.len(), found.unread.len()), (1, 0), "{:?}", found.unread);
    bench.arm(json!({"on": "now", "do": {"missing-zone": {"zone": "us-central1-a"}}})).await;
    let found = inventory(&bench).await;
    assert_eq!(found.found, Vec::new());
    let silent: Vec<_> = found.unread.iter().filter(|unread| unread.kinds == [LeftoverKind::Disk]).collect();
    assert_eq!(silent[0].place.as_deref(), Some("us-central1-a"));
    bench.stop().await;
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_found_done() {
    let bench = Bench::start().await;
    bench.plant(&json!([disk("pvc-1", &MARK), disk("pvc-2", &MARK)])).await;
    let first = named("zones/us-central1-a/disks/pvc-1", LeftoverKind::Disk);
    bench.arm(json!({"on": "compute.disks.delete", "do": "drop-after"})).await;
    let fault = bench.begin(first.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.left_behind), (FaultKind::Lost, LeftBehind::Unknown));
    bench.advance(30).await;
    assert_eq!(bench.begin(first).await.unwrap(), Started::Done);
    let broken = json!({"operation-error": {"code": 13, "message": "Internal error."}});
    bench.arm(json!({"on": "compute.disks.delete", "do": broken})).await;
    let fault = bench.carry_out(named("zones/us-central1-a/disks/pvc-2", LeftoverKind::Disk)).await.unwrap_err();
    assert_eq!(fault.left_behind, LeftBehind::Unknown, "{fault}");
    bench.stop().await;
}

/// Calls grow with pages, not with clusters or things.
#[tokio::test]
async fn what_five_hundred_clusters_left_takes_as_many_calls_as_it_has_pages() {
    let bench = Bench::start().await;
    let mut plants = Vec::new();
    for number in 0..500 {
        let cluster = format!("pr-{number}");
        let mark = [("managed-by", "berth"), ("berth-cluster", cluster.as_str())];
        plants.extend([disk(&format!("pvc-{number}-a"), &mark), disk(&format!("pvc-{number}-b"), &mark)]);
        plants.extend(balancer(&format!("gke-{cluster}-0a1b2c3d-node"), &format!("a{number:031}")));
    }
    bench.plant(&json!(plants)).await;
    let found = inventory(&bench).await;
    let marked = found.found.iter().filter(|thing| thing.claim == Claim::Mark).count();
    assert_eq!((marked, found.found.len() - marked), (1000, 2500), "what nothing proves is told of, and stays");
    let calls = [("disks.aggregatedList", 2), ("firewalls.list", 2), ("forwardingRules.aggregatedList", 1)];
    for (method, pages) in calls {
        assert_eq!(bench.calls(&format!("compute.{method}")).await, pages, "{method}");
    }
    bench.stop().await;
}
