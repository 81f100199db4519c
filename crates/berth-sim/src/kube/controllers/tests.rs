use jiff::Timestamp;
use serde_json::{Value, json};

use super::requests;
use super::work::later;
use crate::kube::kinds;
use crate::kube::store::Store;

fn start() -> Timestamp {
    "2026-11-21T04:00:00Z".parse().unwrap()
}

fn store(nodes: &[&str]) -> Store {
    let mut store = Store::new(start(), "v1.36.0");
    for name in nodes {
        store.put(start(), "nodes", None, node(name));
    }
    store
}

fn node(name: &str) -> Value {
    let amounts = json!({"cpu": "8", "memory": "32Gi", "pods": "110"});
    json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"providerID": format!("gce://p/z/{name}")},
        "status": {"allocatable": amounts, "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn template(image: &str, spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["containers"][0]["name"] = json!("a");
    spec["containers"][0]["image"] = json!(image);
    json!({"metadata": {"labels": {"app": "web"}}, "spec": spec})
}

fn create(store: &mut Store, seconds: i64, plural: &str, name: &str, spec: Value) {
    let now = later(start(), seconds);
    let object = json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec});
    requests::create(store, now, "test", kinds::by_plural(plural).unwrap(), &object).unwrap();
    store.settle(now);
}

fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image, &json!({"containers": [{}]})),
        "progressDeadlineSeconds": 60,
    })
}

fn change(store: &mut Store, seconds: i64, plural: &str, name: &str, change: impl FnOnce(&mut Value)) {
    let mut object = store.get(plural, Some("default"), name).unwrap().clone();
    change(&mut object);
    object["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap_or(1) + 1);
    store.put(later(start(), seconds), plural, Some("default"), object);
}

fn at<'a>(store: &'a mut Store, seconds: i64, plural: &str, name: &str) -> &'a Value {
    store.settle(later(start(), seconds));
    &store.get(plural, Some("default"), name).unwrap()["status"]
}

fn condition<'a>(status: &'a Value, kind: &str) -> &'a str {
    super::conditions::find(status, kind).and_then(|one| one["reason"].as_str()).unwrap_or("none")
}

fn count(store: &Store, plural: &str) -> usize {
    store.list(plural).count()
}

#[test]
fn a_deployment_becomes_available_and_rolls_on_to_another_image_without_a_gap() {
    let mut store = store(&["n"]);
    create(&mut store, 0, "deployments", "web", deployment("app:1", 4));
    let status = at(&mut store, 1, "deployments", "web").clone();
    assert_eq!((&status["replicas"], &status["unavailableReplicas"]), (&json!(4), &json!(4)));
    let status = at(&mut store, 10, "deployments", "web").clone();
    assert_eq!((&status["availableReplicas"], &status["updatedReplicas"]), (&json!(4), &json!(4)));
    assert_eq!(
        (condition(&status, "Available"), condition(&status, "Progressing")),
        ("MinimumReplicasAvailable", "NewReplicaSetAvailable")
    );
    change(&mut store, 20, "deployments", "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2")
    });
    let mut least = 4;
    for seconds in 20..60 {
        let status = at(&mut store, seconds, "deployments", "web");
        least = least.min(status["availableReplicas"].as_i64().unwrap());
        assert!(status["replicas"].as_i64().unwrap() <= 5, "{status}");
    }
    assert_eq!(least, 3, "one may be missing at a time");
    let status = at(&mut store, 60, "deployments", "web").clone();
    assert_eq!(
        (&status["updatedReplicas"], &status["replicas"], &status["availableReplicas"]),
        (&json!(4), &json!(4), &json!(4))
    );
    assert_eq!(condition(&status, "Progressing"), "NewReplicaSetAvailable");
    assert_eq!(count(&store, "replicasets"), 2);
    assert_eq!(count(&store, "pods"), 4);
    let web = store.get("deployments", Some("default"), "web").unwrap();
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
}

#[test]
fn a_rollout_that_cannot_go_on_says_so_when_its_time_is_over() {
    let mut store = store(&["n"]);
    create(&mut store, 0, "deployments", "web", deployment("registry.invalid/app:1", 1));
    assert_eq!(condition(at(&mut store, 30, "deployments", "web"), "Progressing"), "ReplicaSetUpdated");
    assert_eq!(condition(at(&mut store, 90, "deployments", "web"), "Progressing"), "ProgressDeadlineExceeded");
}

#[test]
fn pods_that_a_quota_refuses_are_told_by_the_deployment() {
    let mut store = store(&["n"]);
    create(&mut store, 0, "resourcequotas", "few", json!({"hard": {"pods": "1"}}));
    store.settle(later(start(), 5));
    create(&mut store, 5, "deployments", "web", deployment("app:1", 3));
    let status = at(&mut store, 10, "deployments", "web").clone();
    assert_eq!((condition(&status, "ReplicaFailure"), &status["availableReplicas"]), ("FailedCreate", &json!(1)));
    let failure = super::conditions::find(&status, "ReplicaFailure").unwrap()["message"].as_str().unwrap();
    assert!(failure.contains("exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1"), "{failure}");
    change(&mut store, 20, "resourcequotas", "few", |quota| quota["spec"]["hard"]["pods"] = json!("5"));
    assert_eq!(at(&mut store, 60, "deployments", "web")["availableReplicas"], 3);
}

#[test]
fn what_a_deployment_owns_goes_with_it() {
    let mut store = store(&["n"]);
    create(&mut store, 0, "deployments", "web", deployment("app:1", 2));
    store.settle(later(start(), 10));
    store.remove(later(start(), 11), "deployments", Some("default"), "web");
    store.settle(later(start(), 20));
    assert_eq!((count(&store, "replicasets"), count(&store, "pods")), (0, 0));
}

#[test]
fn a_daemon_runs_on_every_node_and_follows_its_template() {
    let mut store = store(&["a", "b"]);
    let spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template("agent:1", &json!({"containers": [{}]}))});
    create(&mut store, 0, "daemonsets", "agent", spec);
    assert_eq!(at(&mut store, 10, "daemonsets", "agent")["numberAvailable"], 2);
    store.put(later(start(), 11), "nodes", None, node("c"));
    assert_eq!(at(&mut store, 20, "daemonsets", "agent")["numberAvailable"], 3);
    change(&mut store, 21, "daemonsets", "agent", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("agent:2")
    });
    let status = at(&mut store, 60, "daemonsets", "agent").clone();
    assert_eq!((&status["updatedNumberScheduled"], &status["numberAvailable"]), (&json!(3), &json!(3)));
    store.remove(later(start(), 61), "nodes", None, "c");
    assert_eq!(at(&mut store, 120, "daemonsets", "agent")["desiredNumberScheduled"], 2);
    assert_eq!(count(&store, "pods"), 2);
}

#[test]
fn stateful_pods_come_one_after_the_other_and_are_replaced_from_the_last() {
    let mut store = store(&["n"]);
    let spec = json!({
        "replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "web"}},
        "template": template("db:1", &json!({"containers": [{}]})),
    });
    create(&mut store, 0, "statefulsets", "db", spec);
    store.settle(later(start(), 1));
    assert!(
        store.get("pods", Some("default"), "db-0").is_some() && store.get("pods", Some("default"), "db-1").is_none()
    );
    let status = at(&mut store, 20, "statefulsets", "db").clone();
    assert_eq!((&status["readyReplicas"], &status["currentRevision"]), (&json!(2), &status["updateRevision"]));
    change(&mut store, 21, "statefulsets", "db", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2")
    });
    let status = at(&mut store, 22, "statefulsets", "db").clone();
    assert_ne!(status["currentRevision"], status["updateRevision"]);
    let first = store.get("pods", Some("default"), "db-0").unwrap();
    assert!(first["metadata"]["deletionTimestamp"].is_null(), "the last goes first");
    let status = at(&mut store, 60, "statefulsets", "db").clone();
    assert_eq!((&status["readyReplicas"], &status["currentRevision"]), (&json!(2), &status["updateRevision"]));
    change(&mut store, 61, "statefulsets", "db", |set| set["spec"]["replicas"] = json!(1));
    assert_eq!(at(&mut store, 80, "statefulsets", "db")["replicas"], 1);
    assert!(store.get("pods", Some("default"), "db-1").is_none());
}

fn job(command: Value, more: Value) -> Value {
    let spec = json!({"restartPolicy": "Never", "containers": [{"command": command}]});
    let mut job = json!({"template": template("job:1", &spec)});
    for (field, value) in more.as_object().unwrap() {
        job[field] = value.clone();
    }
    job
}

#[test]
fn a_job_counts_its_successes_and_gives_up_after_its_failures() {
    let mut store = store(&["n"]);
    create(
        &mut store,
        0,
        "jobs",
        "good",
        job(json!(["true"]), json!({"completions": 3, "parallelism": 2, "ttlSecondsAfterFinished": 100})),
    );
    create(&mut store, 0, "jobs", "bad", job(json!(["false"]), json!({"completions": 1, "backoffLimit": 1})));
    create(
        &mut store,
        0,
        "jobs",
        "late",
        job(json!(["serve"]), json!({"completions": 1, "activeDeadlineSeconds": 20})),
    );
    let status = at(&mut store, 30, "jobs", "good").clone();
    assert_eq!((&status["succeeded"], condition(&status, "Complete")), (&json!(3), "CompletionsReached"));
    let status = at(&mut store, 60, "jobs", "bad").clone();
    assert_eq!((&status["failed"], condition(&status, "Failed")), (&json!(2), "BackoffLimitExceeded"));
    assert_eq!(condition(at(&mut store, 60, "jobs", "late"), "Failed"), "DeadlineExceeded");
    store.settle(later(start(), 200));
    assert!(store.get("jobs", Some("default"), "good").is_none(), "its time to live is over");
    assert_eq!(store.list("pods").filter(|pod| pod["metadata"]["labels"]["job-name"] == "good").count(), 0);
}

#[test]
fn an_indexed_job_does_each_index_once() {
    let mut store = store(&["n"]);
    let more = json!({"completions": 4, "parallelism": 2, "completionMode": "Indexed"});
    create(&mut store, 0, "jobs", "parts", job(json!(["sleep", "3"]), more));
    let status = at(&mut store, 60, "jobs", "parts").clone();
    assert_eq!((&status["completedIndexes"], &status["succeeded"]), (&json!("0-3"), &json!(4)));
}

#[test]
fn a_budget_allows_what_is_beyond_its_least() {
    let mut store = store(&["n"]);
    create(&mut store, 0, "deployments", "web", deployment("app:1", 3));
    let budget = json!({"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}});
    create(&mut store, 0, "poddisruptionbudgets", "web", budget);
    assert_eq!(at(&mut store, 0, "poddisruptionbudgets", "web")["disruptionsAllowed"], 0);
    let status = at(&mut store, 10, "poddisruptionbudgets", "web").clone();
    assert_eq!((&status["disruptionsAllowed"], condition(&status, "DisruptionAllowed")), (&json!(1), "SufficientPods"));
}

#[test]
fn a_schedule_makes_jobs_and_keeps_the_last_ones() {
    let mut store = store(&["n"]);
    let spec =
        json!({"schedule": "*/10 * * * *", "jobTemplate": {"spec": job(json!(["true"]), json!({"completions": 1}))}});
    create(&mut store, 60, "cronjobs", "nightly", spec);
    let status = at(&mut store, 3700, "cronjobs", "nightly").clone();
    assert_eq!(status["lastScheduleTime"], "2026-11-21T05:00:00Z");
    assert!(status["lastSuccessfulTime"].as_str().unwrap() > "2026-11-21T05:00:00Z");
    assert_eq!(count(&store, "jobs"), 3);
}

#[test]
fn an_autoscaler_keeps_its_target_within_bounds_and_says_that_nothing_is_measured() {
    let mut store = store(&["n"]);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let metrics = json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]);
    create(
        &mut store,
        0,
        "horizontalpodautoscalers",
        "web",
        json!({"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4, "metrics": metrics}),
    );
    assert_eq!(condition(at(&mut store, 0, "horizontalpodautoscalers", "web"), "AbleToScale"), "FailedGetScale");
    create(&mut store, 1, "deployments", "web", deployment("app:1", 1));
    assert_eq!(at(&mut store, 20, "deployments", "web")["availableReplicas"], 2);
    let status = at(&mut store, 20, "horizontalpodautoscalers", "web").clone();
    assert_eq!(
        (condition(&status, "ScalingActive"), &status["desiredReplicas"]),
        ("FailedGetResourceMetric", &json!(2))
    );
}

#[test]
fn a_claim_is_bound_where_its_first_pod_goes_and_goes_after_its_last() {
    let mut store = store(&["n"]);
    let class = json!({
        "metadata": {"name": "rwo"}, "provisioner": "pd.csi.storage.gke.io", "volumeBindingMode": "WaitForFirstConsumer",
    });
    store.put(start(), "storageclasses", None, class);
    let wanted = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "rwo", "resources": {"requests": {"storage": "1Gi"}}});
    create(&mut store, 0, "persistentvolumeclaims", "data", wanted);
    assert_eq!(at(&mut store, 30, "persistentvolumeclaims", "data")["phase"], "Pending");
    let volumes = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    create(&mut store, 30, "pods", "user", json!({"containers": [{"name": "a", "image": "x"}], "volumes": volumes}));
    assert_eq!(at(&mut store, 60, "persistentvolumeclaims", "data")["phase"], "Bound");
    assert_eq!(at(&mut store, 60, "pods", "user")["phase"], "Running");
    let claim = store.get("persistentvolumeclaims", Some("default"), "data").unwrap().clone();
    requests::delete(
        &mut store,
        later(start(), 61),
        "test",
        kinds::by_plural("persistentvolumeclaims").unwrap(),
        &claim,
        json!({}),
    );
    store.settle(later(start(), 70));
    assert_eq!(count(&store, "persistentvolumeclaims"), 1, "it is used");
    store.remove(later(start(), 71), "pods", Some("default"), "user");
    store.settle(later(start(), 80));
    assert_eq!((count(&store, "persistentvolumeclaims"), count(&store, "persistentvolumes")), (0, 0));
}

/// Not a benchmark: a store that looks at every node at every settle would take minutes here.
#[test]
fn a_few_hundred_pods_find_their_places_among_a_thousand_nodes() {
    let mut store = Store::new(start(), "v1.36.0");
    for number in 0..1000 {
        store.put(start(), "nodes", None, node(&format!("node-{number:04}")));
    }
    store.settle(start());
    create(&mut store, 0, "deployments", "web", deployment("app:1", 300));
    assert_eq!(at(&mut store, 60, "deployments", "web")["availableReplicas"], 300);
    for _ in 0..1000 {
        store.settle(later(start(), 60));
    }
}
