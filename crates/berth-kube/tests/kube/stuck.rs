//! Rollouts that do not go on, and what is said of them.

use berth_core::actions::kube::{KubeAction, KubeClusterRef, KubeObjectRef, Manifest};
use berth_core::observed::Rollout;
use berth_core::spec::Provider;
use berth_kube::{Going, carry_out, connect, rollouts};
use kube::Client;
use serde_json::{Value, json};

use crate::server::{HandClock, Tokens};
use crate::simulated::{self, Shared};

fn cluster() -> KubeClusterRef {
    KubeClusterRef { provider: Provider::Gke, location: "us-central1".to_owned(), name: "film".to_owned() }
}

fn workload(kind: &str, name: &str, image: &str, gpus: u32) -> Value {
    let labels = json!({"app": name});
    let gpus = gpus.to_string();
    let mut object = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "ai"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": image, "resources": {"limits": {"nvidia.com/gpu": gpus}}}]}}}});
    if kind != "DaemonSet" {
        object["spec"]["replicas"] = 1.into();
    }
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = name.into();
    }
    object
}

/// Applies these in a namespace of one node with two GPUs, and lets a minute pass.
async fn standing(objects: &[Value]) -> (Client, Shared, Vec<KubeObjectRef>) {
    let (access, world) = simulated::start().await;
    let clock = HandClock::new();
    let client = connect(&access, Tokens::new(&clock), clock).unwrap();
    world.lock().unwrap().add_node("gpu-1", 2);
    let mut manifests =
        vec![Manifest::new(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ai"}}))];
    manifests.extend(objects.iter().cloned().map(Manifest::new));
    let references = manifests.iter().skip(1).map(Manifest::reference).collect();
    let action =
        KubeAction::ApplyObjects { cluster: cluster(), about: "all".to_owned(), objects: manifests, force: false };
    while carry_out(&client, &action).await.unwrap() != Going::Done {
        world.lock().unwrap().pass(1);
    }
    world.lock().unwrap().pass(60);
    (client, world, references)
}

#[tokio::test]
async fn what_runs_is_complete_and_what_finds_no_gpu_says_so() {
    let objects = [
        workload("Deployment", "small", "app:1", 1),
        workload("StatefulSet", "state", "app:1", 0),
        workload("DaemonSet", "each", "app:1", 0),
        workload("Deployment", "large", "app:1", 8),
        workload("Deployment", "unknown", "registry.invalid/app:1", 0),
    ];
    let (client, _, references) = standing(&objects).await;
    let judged = rollouts(&client, &references).await.unwrap();
    let of = |name: &str| &judged.iter().find(|(object, _)| object.name == name).unwrap().1;
    for name in ["small", "state", "each"] {
        assert_eq!(*of(name), Rollout::Complete, "{name}");
    }
    let Rollout::Going(why) = of("large") else { panic!("{judged:?}") };
    assert!(why.starts_with("0 of 1 ready: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu."), "{why}");
    let Rollout::Going(why) = of("unknown") else { panic!("{judged:?}") };
    assert!(why.contains("container app: ImagePullBackOff: ") || why.contains("ErrImagePull: "), "{why}");

    let action = KubeAction::AwaitRollouts { cluster: cluster(), about: "all".to_owned(), objects: references };
    let Going::Waiting(Some(said)) = carry_out(&client, &action).await.unwrap() else { panic!("it is complete") };
    assert!(said.starts_with("3 of 5 ready; large: 0 of 1 ready: 0/1 nodes are available: "), "{said}");
}

#[tokio::test]
async fn pods_that_a_quota_refuses_are_told_in_its_words() {
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus", "namespace": "ai"},
        "spec": {"hard": {"requests.nvidia.com/gpu": "1"}}});
    let objects = [
        quota,
        workload("Deployment", "dep", "app:1", 2),
        workload("StatefulSet", "set", "app:1", 2),
        workload("DaemonSet", "each", "app:1", 2),
    ];
    let (client, _, references) = standing(&objects).await;
    for (object, rollout) in rollouts(&client, &references[1..]).await.unwrap() {
        let Rollout::Going(why) = rollout else { panic!("{object}: {rollout:?}") };
        assert!(why.contains("exceeded quota: gpus, requested: requests.nvidia.com/gpu=2"), "{object}: {why}");
    }
}

#[tokio::test]
async fn a_job_that_failed_ends_the_wait_and_so_does_what_is_gone() {
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once", "namespace": "ai"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}}}});
    let (client, world, references) = standing(&[job]).await;
    {
        let mut world = world.lock().unwrap();
        let mut failed = world.store.get("jobs", Some("ai"), "once").unwrap().clone();
        failed["status"]["conditions"] = json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit"}]);
        let now = world.now();
        world.store.put(now, "jobs", Some("ai"), failed);
    }
    let action = |objects| KubeAction::AwaitRollouts { cluster: cluster(), about: "all".to_owned(), objects };
    let fault = carry_out(&client, &action(references.clone())).await.unwrap_err();
    assert!(
        fault.to_string().starts_with("bring up Job ai/once: Job has reached the specified backoff limit"),
        "{fault}"
    );
    let gone = KubeObjectRef { name: "none".to_owned(), ..references[0].clone() };
    let fault = carry_out(&client, &action(vec![gone])).await.unwrap_err();
    assert_eq!(fault.to_string(), "bring up Job ai/none: it is not there");
}
