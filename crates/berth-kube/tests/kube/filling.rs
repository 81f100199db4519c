//! Filling a cluster: the simulator's always, and a real server where there is one.

use berth_core::actions::kube::{KubeAction, KubeClusterRef, KubeObjectRef, Manifest};
use berth_core::manifests::workloads::LABEL;
use berth_core::observed::{ObjectState, ObservedObject};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::Provider;
use berth_kube::{Going, carry_out, look_at};
use kube::Client;
use serde_json::{Value, json};

use crate::real::{self, Real};
use crate::server::{HandClock, Tokens};
use crate::simulated;

fn cluster() -> KubeClusterRef {
    KubeClusterRef { provider: Provider::Gke, location: "us-central1".to_owned(), name: "film".to_owned() }
}

fn apply(objects: &[Manifest], force: bool) -> KubeAction {
    KubeAction::ApplyObjects { cluster: cluster(), about: "workloads".to_owned(), objects: objects.to_vec(), force }
}

/// Carries an action out as the engine does: until it is done.
async fn carry(client: &Client, action: &KubeAction) -> Result<(), Fault> {
    for _ in 0..100 {
        if carry_out(client, action).await? == Going::Done {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it goes on for ever: {:?}", carry_out(client, action).await);
}

fn manifest(mut object: Value) -> Manifest {
    object["metadata"]["labels"][LABEL] = "film".into();
    Manifest::new(object)
}

fn config(namespace: &str, name: &str, value: &str) -> Manifest {
    manifest(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
        "data": {"key": value}}))
}

fn namespace(name: &str) -> Manifest {
    manifest(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
}

fn definition() -> Manifest {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    manifest(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "oxen.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Ox", "listKind": "OxList", "plural": "oxen", "singular": "ox"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}}))
}

fn ox() -> Manifest {
    manifest(json!({"apiVersion": "example.com/v1", "kind": "Ox", "metadata": {"name": "one"}, "spec": {"legs": 4}}))
}

fn deployment(namespace: &str) -> Manifest {
    let labels = json!({"app": "tts"});
    manifest(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "tts", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": "tts:1", "ports": [{"containerPort": 80}]}]}}}}))
}

/// The states of these, and of all else that was seen, a line each.
async fn lines(client: &Client, wanted: &[Manifest]) -> String {
    let selector = format!("{LABEL}=film");
    let seen = look_at(client, wanted, &selector).await.unwrap();
    let line = |seen: &ObservedObject| format!("{}: {:?}", seen.object, seen.state);
    seen.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn write_as(client: &Client, manager: &str, path: &str, object: Value) {
    let request = http::Request::patch(format!("{path}?fieldManager={manager}&force=true"))
        .header("content-type", "application/apply-patch+yaml")
        .body(object.to_string().into_bytes())
        .unwrap();
    client.request::<Value>(request).await.unwrap();
}

async fn a_cluster_is_filled_looked_at_and_changed(client: &Client) {
    let mut wanted = vec![deployment("fill"), config("fill", "a", "1"), namespace("fill")];
    wanted.push(manifest(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "fill"},
        "stringData": {"password": "hunter2"}})));
    assert!(lines(client, &wanted).await.lines().all(|line| line.ends_with(": Missing")));
    carry(client, &apply(&wanted, false)).await.unwrap();
    assert_eq!(
        lines(client, &wanted).await,
        "Deployment fill/tts: Unready\nConfigMap fill/a: AsWanted\nNamespace fill: AsWanted\nSecret fill/s: AsWanted"
    );
    carry(client, &apply(&wanted, false)).await.unwrap();

    wanted[1] = config("fill", "a", "2");
    assert!(lines(client, &wanted).await.contains("ConfigMap fill/a: Differs([\".data.key\"])"));
    carry(client, &apply(&wanted, false)).await.unwrap();
    assert!(lines(client, &wanted).await.contains("ConfigMap fill/a: AsWanted"));
}

/// Runs after the one above, on what it has left.
async fn what_nobody_wants_any_more_is_found(client: &Client) {
    let only_config = [config("fill", "a", "2"), namespace("fill")];
    assert_eq!(
        lines(client, &only_config).await,
        "ConfigMap fill/a: AsWanted\nNamespace fill: AsWanted\nSecret fill/s: Unwanted\nDeployment fill/tts: Unwanted"
    );
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
    write_as(client, "somebody", "/api/v1/namespaces/fill/configmaps/theirs", theirs).await;
    // Kinds that stand in no file any more are known from the record.
    let seen = lines(client, &[]).await;
    assert!(seen.contains("Namespace fill: Holding([\"ConfigMap fill/theirs\"])"), "{seen}");
    assert!(seen.contains("Deployment fill/tts: Unwanted"), "{seen}");
    let request = http::Request::delete("/api/v1/namespaces/fill/configmaps/theirs").body(Vec::new()).unwrap();
    client.request::<Value>(request).await.unwrap();
    assert!(lines(client, &[]).await.contains("Namespace fill: Unwanted"));
    // A wanted object does not go with its namespace either.
    let seen = lines(client, &only_config[..1]).await;
    assert!(seen.contains("Namespace fill: Holding([\"ConfigMap fill/a\"])"), "{seen}");
}

async fn fields_of_others_are_taken_only_by_force(client: &Client) {
    let wanted = [namespace("owned"), deployment("owned")];
    carry(client, &apply(&wanted, false)).await.unwrap();
    let path = "/apis/apps/v1/namespaces/owned/deployments/tts";
    let scaled =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "tts"}, "spec": {"replicas": 7}});
    write_as(client, "somebody", path, scaled).await;

    let seen = look_at(client, &wanted, &format!("{LABEL}=film")).await.unwrap();
    let ObjectState::Contested(contests) = &seen[1].state else { panic!("{seen:?}") };
    assert_eq!((contests.len(), contests[0].manager.as_str()), (1, "\"somebody\""));
    assert_eq!(contests[0].fields, [".spec.replicas"]);
    let fault = carry(client, &apply(&wanted, false)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never));
    assert_eq!(fault.to_string(), "apply Deployment owned/tts: 409 Conflict: \"somebody\" owns .spec.replicas");
    carry(client, &apply(&wanted, true)).await.unwrap();
    let found = berth_kube::object(client, &wanted[1].reference()).await.unwrap().unwrap();
    assert_eq!(found["spec"]["replicas"], 2);
}

async fn what_can_never_be_applied_is_final(client: &Client) {
    let mut unfit = config("default", "unfit", "1").value().clone();
    unfit["data"]["key"] = 1.into();
    let both = [Manifest::new(unfit), config("default", "good", "1")];
    let fault = carry_out(client, &apply(&both, false)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never));
    assert!(fault.said.contains(".data.key: expected string"), "{fault}");
    // The rest of the wave is there all the same, and is told.
    assert_eq!(fault.left_behind, LeftBehind::These(vec!["ConfigMap default/good".to_owned()]));
    assert!(lines(client, &both).await.contains("ConfigMap default/good: AsWanted"));

    let unknown = manifest(json!({"apiVersion": "none.example.com/v1", "kind": "Cow", "metadata": {"name": "c"}}));
    let fault = carry_out(client, &apply(std::slice::from_ref(&unknown), false)).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "apply Cow c: the cluster has no kind Cow in none.example.com/v1; its definition is missing"
    );
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never));
    assert!(lines(client, &[unknown]).await.starts_with("Cow c: Undefined"));

    let homeless = config("nowhere", "a", "1");
    let fault = carry_out(client, &apply(&[homeless], false)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::NotFound, Retry::Never));
    assert!(fault.said.contains("namespaces \"nowhere\" not found"), "{fault}");
}

async fn what_names_no_namespace_is_in_the_default_one(client: &Client) {
    let wanted = [config_of_no_namespace()];
    carry(client, &apply(&wanted, false)).await.unwrap();
    assert_eq!(lines(client, &wanted).await.lines().next(), Some("ConfigMap homeless: AsWanted"));
    let at = KubeObjectRef { namespace: Some("default".to_owned()), ..wanted[0].reference() };
    assert!(berth_kube::object(client, &at).await.unwrap().is_some());
    delete(client, vec![wanted[0].reference(), config("default", "never", "1").reference()]).await;
    assert!(berth_kube::object(client, &at).await.unwrap().is_none());
}

fn config_of_no_namespace() -> Manifest {
    manifest(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "homeless"}}))
}

async fn delete(client: &Client, objects: Vec<KubeObjectRef>) {
    carry(client, &KubeAction::DeleteObjects { cluster: cluster(), about: "all".to_owned(), objects }).await.unwrap();
}

async fn definitions_are_established_before_their_objects(client: &Client) {
    let wanted = [ox(), definition()];
    assert_eq!(
        lines(client, &wanted).await.lines().take(2).collect::<Vec<_>>(),
        ["Ox one: Missing", "CustomResourceDefinition oxen.example.com: Missing"]
    );
    carry(client, &apply(&wanted, false)).await.unwrap();
    assert_eq!(
        lines(client, &wanted).await.lines().take(2).collect::<Vec<_>>(),
        ["Ox one: AsWanted", "CustomResourceDefinition oxen.example.com: AsWanted"]
    );
    let seen = lines(client, &[]).await;
    assert!(seen.contains("Ox default/one: Unwanted"), "{seen}");
    assert!(seen.contains("CustomResourceDefinition oxen.example.com: Unwanted"), "{seen}");
    let theirs = json!({"apiVersion": "example.com/v1", "kind": "Ox", "metadata": {"name": "theirs"}});
    write_as(client, "somebody", "/apis/example.com/v1/namespaces/default/oxen/theirs", theirs).await;
    let seen = lines(client, &[]).await;
    assert!(seen.contains("CustomResourceDefinition oxen.example.com: Holding([\"Ox default/theirs\"])"), "{seen}");
    delete(client, vec![wanted[0].reference(), wanted[1].reference()]).await;
    // The kind is gone, and with it the objects that nobody named.
    delete(client, vec![wanted[0].reference()]).await;
}

fn job(image: &str) -> Manifest {
    let pod = json!({"restartPolicy": "Never",
        "containers": [{"name": "app", "image": image, "env": [{"name": "TOKEN", "value": "hunter2"}]}]});
    manifest(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "fetch", "namespace": "jobs"},
        "spec": {"template": {"spec": pod}}}))
}

/// Nothing runs here, so that the Job goes on.
async fn what_cannot_be_changed_is_told_with_its_fields(client: &Client) {
    let class = |kind: &str| {
        manifest(json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "films"},
            "provisioner": "ebs.csi.aws.com", "parameters": {"type": kind}}))
    };
    carry(client, &apply(&[namespace("jobs"), job("fetch:1"), class("gp2")], false)).await.unwrap();
    let changed = [namespace("jobs"), job("fetch:2"), class("gp3")];
    assert_eq!(
        lines(client, &changed).await.lines().skip(1).take(2).collect::<Vec<_>>(),
        [
            "Job jobs/fetch: Immutable { fields: [\"spec.template\"], finished: false }",
            "StorageClass films: Immutable { fields: [\"parameters\"], finished: false }"
        ]
    );
    let fault = carry(client, &apply(&changed[..2], true)).await.unwrap_err();
    assert_eq!(fault.to_string(), "apply Job jobs/fetch: 422 Invalid: spec.template cannot be changed");
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never));
    delete(client, vec![job("fetch:1").reference(), class("gp2").reference()]).await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_told_with_its_fields_in_the_simulator() {
    what_cannot_be_changed_is_told_with_its_fields(&simulated().await.0).await;
}

#[tokio::test]
async fn a_finished_job_of_ours_may_go_and_be_made_again() {
    let (client, world) = simulated().await;
    carry(&client, &apply(&[namespace("jobs"), job("fetch:1")], false)).await.unwrap();
    let ended = |mut live: Value| {
        live["status"]["conditions"] = json!([{"type": "Failed", "status": "True"}]);
        live
    };
    let now = world.lock().unwrap().now();
    let live = berth_kube::object(&client, &job("fetch:1").reference()).await.unwrap().unwrap();
    world.lock().unwrap().store.put(now, "jobs", Some("jobs"), ended(live));
    let seen = lines(&client, &[job("fetch:2")]).await;
    assert!(seen.starts_with("Job jobs/fetch: Immutable { fields: [\"spec.template\"], finished: true }"), "{seen}");
    delete(&client, vec![job("fetch:1").reference()]).await;
    carry(&client, &apply(&[job("fetch:2")], false)).await.unwrap();
    assert!(lines(&client, &[job("fetch:2")]).await.starts_with("Job jobs/fetch: Unready"));
}

async fn simulated() -> (Client, simulated::Shared) {
    let (access, world) = simulated::start().await;
    let clock = HandClock::new();
    (berth_kube::connect(&access, Tokens::new(&clock), clock).unwrap(), world)
}

#[tokio::test]
async fn the_simulator_is_filled_looked_at_and_changed() {
    let (client, _) = simulated().await;
    a_cluster_is_filled_looked_at_and_changed(&client).await;
    what_nobody_wants_any_more_is_found(&client).await;
}

#[tokio::test]
async fn fields_of_others_are_taken_only_by_force_in_the_simulator() {
    fields_of_others_are_taken_only_by_force(&simulated().await.0).await;
}

#[tokio::test]
async fn what_can_never_be_applied_is_final_in_the_simulator() {
    what_can_never_be_applied_is_final(&simulated().await.0).await;
}

#[tokio::test]
async fn what_names_no_namespace_is_in_the_default_one_in_the_simulator() {
    what_names_no_namespace_is_in_the_default_one(&simulated().await.0).await;
}

#[tokio::test]
async fn definitions_are_established_before_their_objects_in_the_simulator() {
    definitions_are_established_before_their_objects(&simulated().await.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_is_filled_in_the_same_way() {
    let Some(assets) = real::assets() else { return };
    let mut real = Real::start(&assets);
    let clock = HandClock::new();
    // The first token of the clock's is the one the server knows; its hour never ends, as nobody pushes the clock.
    let client = berth_kube::connect(&real.access, Tokens::new(&clock), clock).unwrap();
    real.ready(&client).await;
    a_cluster_is_filled_looked_at_and_changed(&client).await;
    what_nobody_wants_any_more_is_found(&client).await;
    fields_of_others_are_taken_only_by_force(&client).await;
    what_can_never_be_applied_is_final(&client).await;
    what_names_no_namespace_is_in_the_default_one(&client).await;
    definitions_are_established_before_their_objects(&client).await;
    what_cannot_be_changed_is_told_with_its_fields(&client).await;
}

#[tokio::test]
async fn a_quota_has_to_count_before_it_is_in_force() {
    let (client, world) = simulated().await;
    let quota = manifest(json!({"apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "gpus", "namespace": "ai"}, "spec": {"hard": {"requests.nvidia.com/gpu": "1"}}}));
    let action = apply(&[quota, namespace("ai"), config("ai", "later", "1")], false);
    let said = Going::Waiting(Some("ResourceQuota ai/gpus does not count yet".to_owned()));
    assert_eq!(carry_out(&client, &action).await.unwrap(), said);
    // What comes after quotas is not there yet.
    assert!(berth_kube::object(&client, &config("ai", "later", "1").reference()).await.unwrap().is_none());
    world.lock().unwrap().pass(2);
    assert_eq!(carry_out(&client, &action).await.unwrap(), Going::Done);
}

#[tokio::test]
async fn objects_wait_for_a_namespace_that_is_going() {
    let (client, world) = simulated().await;
    let wanted = [namespace("ai"), config("ai", "a", "1")];
    carry(&client, &apply(&wanted, false)).await.unwrap();
    let objects = vec![wanted[1].reference(), wanted[0].reference()];
    let removal = KubeAction::DeleteObjects { cluster: cluster(), about: "ai".to_owned(), objects };
    let Going::Waiting(Some(said)) = carry_out(&client, &removal).await.unwrap() else { panic!("it is gone at once") };
    assert!(said.starts_with("Namespace ai is still there"), "{said}");
    let said = Going::Waiting(Some("Namespace ai is being deleted".to_owned()));
    assert_eq!(carry_out(&client, &apply(&wanted, false)).await.unwrap(), said);
    // Asked again while it goes, the server refuses; that is no failure.
    assert!(matches!(carry_out(&client, &removal).await.unwrap(), Going::Waiting(_)));
    world.lock().unwrap().pass(5);
    carry(&client, &removal).await.unwrap();
    carry(&client, &apply(&wanted, false)).await.unwrap();
    assert!(lines(&client, &wanted).await.lines().all(|line| line.ends_with(": AsWanted")));
}
