//! The real kubectl, unmodified, with workloads: apply, rollout, scale, drain, logs, access and custom resources.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "kubectl/client.rs"]
mod client;
#[path = "kubectl/server.rs"]
mod server;

use std::process::Output;

use client::{Kubectl, line, with_each};
use serde_json::{Value, json};

/// Seconds in the cluster for one here: images are pulled and pods end in their usual time.
const SPEED: i32 = 30;

fn deployment(image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{
                    "name": "app", "image": image, "ports": [{"name": "http", "containerPort": 8080}],
                    "resources": {"requests": {"cpu": "100m"}},
                }]},
            },
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

/// What kubectl prints when it takes a manifest.
fn takes(kubectl: &Kubectl, arguments: &[&str], manifest: &Value) -> String {
    let Output { status, stdout, stderr } = kubectl.sends(arguments, manifest);
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "kubectl {arguments:?}: {stderr}\n{:#?}", kubectl.server.take_log());
    assert!(!stderr.contains("Warning"), "{stderr}");
    stdout.into_owned()
}

const APPLY: &[&str] = &["apply", "-f", "-"];
const ROLLED_OUT: &[&str] = &["rollout", "status", "deployment/web", "--timeout=60s"];

#[test]
fn a_deployment_is_applied_rolled_out_scaled_and_deleted() {
    with_each(SPEED, |kubectl| {
        let both = json!([deployment("registry.example/app:1", 2), service()]);
        assert_eq!(takes(kubectl, APPLY, &both), "deployment.apps/web created\nservice/web created\n");
        assert!(kubectl.says(ROLLED_OUT).ends_with("deployment \"web\" successfully rolled out\n"));
        assert_eq!(takes(kubectl, APPLY, &both), "deployment.apps/web unchanged\nservice/web unchanged\n");
        let row = kubectl.says(&["get", "deploy", "web", "-o", "wide"]);
        assert_eq!(line(&row, "NAME").join(" "), "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR");
        assert_eq!(line(&row, "web")[1..4], ["2/2", "2", "2"]);
        assert_eq!(line(&row, "web")[5..], ["app", "registry.example/app:1", "app=web"]);
        let newer = deployment("registry.example/app:2", 2);
        assert_eq!(takes(kubectl, APPLY, &newer), "deployment.apps/web configured\n");
        kubectl.says(ROLLED_OUT);
        assert_eq!(kubectl.says(&["scale", "deploy/web", "--replicas=3"]), "deployment.apps/web scaled\n");
        let waited = kubectl.says(&["wait", "deploy/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=60s"]);
        assert_eq!(waited, "deployment.apps/web condition met\n");
        let history = kubectl.says(&["rollout", "history", "deploy/web"]);
        assert_eq!(line(&history, "2"), ["2", "<none>"]);
        let sets = kubectl.says(&["get", "rs"]);
        assert_eq!(line(&sets, "NAME").join(" "), "NAME DESIRED CURRENT READY AGE");
        assert_eq!(sets.lines().count(), 3, "{sets}");
        let text = kubectl.says(&["describe", "deploy", "web"]);
        for part in ["3 desired | 3 updated | 3 total | 3 available | 0 unavailable", "MinimumReplicasAvailable"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let slices = kubectl.says(&["get", "endpointslices", "-l", "kubernetes.io/service-name=web", "--no-headers"]);
        assert!(slices.contains("8080"), "{slices}");
        assert_eq!(kubectl.says(&["delete", "deploy", "web"]), "deployment.apps \"web\" deleted\n");
        kubectl.says(&["wait", "pod", "-l", "app=web", "--for=delete", "--timeout=60s"]);
        assert_eq!(kubectl.says(&["get", "pods", "-o", "name"]), "");
    });
}

#[test]
fn server_side_apply_shares_an_object_between_managers() {
    with_each(SPEED, |kubectl| {
        let apply = |manager: &str, manifest: &Value, more: &[&str]| {
            let owner = format!("--field-manager={manager}");
            let mut arguments = vec!["apply", "--server-side", &owner, "-f", "-"];
            arguments.extend(more);
            kubectl.sends(&arguments, manifest)
        };
        let first = apply("one", &deployment("registry.example/app:1", 1), &[]);
        assert_eq!(String::from_utf8_lossy(&first.stdout), "deployment.apps/web serverside-applied\n");
        let refused = apply("two", &deployment("registry.example/app:2", 1), &[]);
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(text.contains("conflict with \"one\": .spec.template.spec.containers[name=\"app\"].image"), "{text}");
        assert!(apply("two", &deployment("registry.example/app:2", 1), &["--force-conflicts"]).status.success());
        let mut wrong = deployment("registry.example/app:2", 1);
        wrong["spec"]["replica"] = json!(1);
        let text = String::from_utf8_lossy(&apply("two", &wrong, &[]).stderr).into_owned();
        assert!(text.contains(".spec.replica: field not declared in schema"), "{text}");
        let dry = apply("three", &service(), &["--dry-run=server"]);
        assert_eq!(String::from_utf8_lossy(&dry.stdout), "service/web serverside-applied (server dry run)\n");
        assert_eq!(kubectl.says(&["get", "svc", "web", "--ignore-not-found"]), "");
    });
}

#[test]
fn a_strict_server_names_the_field_it_does_not_know() {
    with_each(SPEED, |kubectl| {
        let mut wrong = deployment("registry.example/app:1", 1);
        wrong["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = json!("Always");
        let Output { status, stderr, .. } = kubectl.sends(APPLY, &wrong);
        let text = String::from_utf8_lossy(&stderr);
        assert!(!status.success());
        assert!(text.contains("unknown field \"spec.template.spec.containers[0].imagePullPolice\""), "{text}");
    });
}

#[test]
fn a_drain_keeps_to_the_budget() {
    with_each(SPEED, |kubectl| {
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        });
        takes(kubectl, APPLY, &json!([deployment("registry.example/app:1", 2), budget]));
        kubectl.says(ROLLED_OUT);
        kubectl.says(&["wait", "pdb/web", "--for=jsonpath={.status.currentHealthy}=2", "--timeout=60s"]);
        let row = kubectl.says(&["get", "pdb"]);
        assert_eq!(line(&row, "web")[..4], ["web", "2", "N/A", "0"]);
        let node = kubectl.says(&["get", "pod", "-l", "app=web", "-o", "jsonpath={.items[0].spec.nodeName}"]);
        let drain = ["drain", &node, "--ignore-daemonsets", "--timeout=2s"];
        let refused = kubectl.command(&drain).output().unwrap();
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success());
        assert!(text.contains("Cannot evict pod as it would violate the pod's disruption budget."), "{text}");
        assert_eq!(kubectl.says(&["delete", "pdb", "web"]), "poddisruptionbudget.policy \"web\" deleted\n");
        let drained = kubectl.says(&["drain", &node, "--ignore-daemonsets", "--timeout=60s"]);
        assert!(drained.ends_with(&format!("node/{node} drained\n")), "{drained}");
        assert_eq!(kubectl.says(&["uncordon", &node]), format!("node/{node} uncordoned\n"));
    });
}

#[test]
fn a_job_runs_to_its_end_and_its_log_is_read() {
    with_each(SPEED, |kubectl| {
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "look"},
            "spec": {"backoffLimit": 0, "template": {"spec": {
                "restartPolicy": "Never",
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                "containers": [{
                    "name": "look", "image": "registry.example/cuda:12", "command": ["nvidia-smi", "-L"],
                    "resources": {"limits": {"nvidia.com/gpu": 1}},
                }],
            }}},
        });
        assert_eq!(takes(kubectl, &["create", "-f", "-"], &job), "job.batch/look created\n");
        let waited = kubectl.says(&["wait", "job/look", "--for=condition=Complete", "--timeout=60s"]);
        assert_eq!(waited, "job.batch/look condition met\n");
        let row = kubectl.says(&["get", "jobs"]);
        assert_eq!(line(&row, "NAME").join(" "), "NAME STATUS COMPLETIONS DURATION AGE");
        assert_eq!(line(&row, "look")[1..3], ["Complete", "1/1"]);
        let log = kubectl.says(&["logs", "job/look"]);
        assert!(log.starts_with("GPU 0: "), "{log}");
        let lost = kubectl.command(&["logs", "job/look", "-c", "other"]).output().unwrap();
        let text = String::from_utf8_lossy(&lost.stderr).into_owned();
        assert!(text.contains("container other is not valid for pod look-"), "{text}");
        assert_eq!(kubectl.says(&["delete", "job", "look"]), "job.batch \"look\" deleted\n");
    });
}

#[test]
fn kubectl_asks_who_it_is_and_what_it_may_do() {
    with_each(1, |kubectl| {
        assert_eq!(kubectl.says(&["create", "namespace", "ci"]), "namespace/ci created\n");
        assert_eq!(kubectl.says(&["auth", "can-i", "create", "deployments", "-n", "ci"]), "yes\n");
        let who = kubectl.says(&["auth", "whoami"]);
        assert_eq!(line(&who, "Username"), ["Username", "admin"]);
        let rules = kubectl.says(&["auth", "can-i", "--list", "-n", "ci"]);
        assert_eq!(line(&rules, "*.*").last(), Some(&"[*]"));
        kubectl.says(&["create", "serviceaccount", "runner", "-n", "ci"]);
        kubectl.says(&["create", "role", "reader", "--verb=get,list", "--resource=pods", "-n", "ci"]);
        kubectl.says(&["create", "rolebinding", "runner", "--role=reader", "--serviceaccount=ci:runner", "-n", "ci"]);
        let row = kubectl.says(&["get", "rolebindings", "-n", "ci", "-o", "wide"]);
        assert_eq!(line(&row, "runner")[1], "Role/reader");
        assert_eq!(line(&row, "runner").last(), Some(&"ci/runner"));
        let token = kubectl.says(&["create", "token", "runner", "-n", "ci"]);
        let store = kubectl.server.served.store.lock().unwrap();
        let owner = store.whose(token.trim(), kubectl.server.served.now());
        assert!(format!("{owner:?}").contains("system:serviceaccount:ci:runner"), "{owner:?}");
        assert_eq!(store.whose("a.b.c", kubectl.server.served.now()), None);
    });
}

#[test]
fn custom_resources_are_defined_used_and_taken_along() {
    with_each(1, |kubectl| {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "films.studio.example"},
            "spec": {
                "group": "studio.example", "scope": "Namespaced", "names": {"plural": "films", "kind": "Film"},
                "versions": [{
                    "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                    "additionalPrinterColumns": [{"name": "Frames", "type": "integer", "jsonPath": ".spec.frames"}],
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                        "spec": {"type": "object", "properties": {
                            "frames": {"type": "integer", "minimum": 1, "default": 24},
                        }},
                        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                    }}},
                }],
            },
        });
        let film = |frames: Option<u32>| {
            let mut film = json!({
                "apiVersion": "studio.example/v1", "kind": "Film",
                "metadata": {"name": "one", "namespace": "default"}, "spec": {},
            });
            if let Some(frames) = frames {
                film["spec"]["frames"] = json!(frames);
            }
            film
        };
        let created = takes(kubectl, APPLY, &definition);
        assert_eq!(created, "customresourcedefinition.apiextensions.k8s.io/films.studio.example created\n");
        kubectl.says(&["wait", "crd/films.studio.example", "--for=condition=Established", "--timeout=10s"]);
        assert_eq!(takes(kubectl, APPLY, &film(None)), "film.studio.example/one created\n");
        let row = kubectl.says(&["get", "films"]);
        assert_eq!(line(&row, "one"), ["one", "24"]);
        let Output { stderr, .. } = kubectl.sends(APPLY, &film(Some(0)));
        let text = String::from_utf8_lossy(&stderr);
        assert!(text.contains("spec.frames in body should be greater than or equal to 1"), "{text}");
        // What a process leaves behind is read by the next one.
        let mut store = kubectl.server.served.store.lock().unwrap();
        *store = serde_json::from_str(&serde_json::to_string(&*store).unwrap()).unwrap();
        drop(store);
        assert_eq!(line(&kubectl.says(&["get", "films"]), "one"), ["one", "24"]);
        kubectl.says(&["delete", "crd", "films.studio.example", "--timeout=10s"]);
        let gone = kubectl.command(&["get", "films", "--cached=false"]).output().unwrap();
        assert!(!gone.status.success());
    });
}

#[test]
fn a_list_in_one_document_is_taken_apart() {
    with_each(1, |kubectl| {
        let both =
            json!({"apiVersion": "v1", "kind": "List", "items": [service(), deployment("registry.example/app:1", 0)]});
        assert_eq!(takes(kubectl, APPLY, &both), "service/web created\ndeployment.apps/web created\n");
    });
}

/// One object of each kind that has a table of its own.
fn one_of_each() -> Value {
    let metadata = json!({"name": "x", "namespace": "default"});
    let template = json!({
        "metadata": {"labels": {"app": "x"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]},
    });
    let mut always = template.clone();
    always["spec"]["restartPolicy"] = json!("Always");
    let selector = json!({"matchLabels": {"app": "x"}});
    let kind = |version: &str, kind: &str, spec: Value| json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
    let backend = json!({"service": {"name": "x", "port": {"number": 80}}});
    json!([
        kind(
            "apps/v1",
            "StatefulSet",
            json!({"serviceName": "x", "replicas": 0, "selector": selector, "template": always}),
        ),
        kind("apps/v1", "DaemonSet", json!({"selector": selector, "template": always})),
        kind(
            "batch/v1",
            "CronJob",
            json!({
                "schedule": "0 3 * * *", "suspend": true, "jobTemplate": {"spec": {"template": template}},
            }),
        ),
        kind(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({
                "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
            }),
        ),
        kind(
            "networking.k8s.io/v1",
            "Ingress",
            json!({"rules": [{"host": "a.example", "http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": backend},
            ]}}]}),
        ),
        kind("networking.k8s.io/v1", "NetworkPolicy", json!({"podSelector": selector})),
        kind(
            "v1",
            "PersistentVolumeClaim",
            json!({
                "accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}},
            }),
        ),
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "x"},
            "provisioner": "disks.example",
        }),
    ])
}

#[test]
fn every_kind_has_the_columns_kubectl_prints() {
    with_each(1, |kubectl| {
        takes(kubectl, APPLY, &one_of_each());
        for (kind, heads) in [
            ("sts", "NAME READY AGE"),
            ("ds", "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE"),
            ("cj", "NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE"),
            ("hpa", "NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE"),
            ("ing", "NAME CLASS HOSTS ADDRESS PORTS AGE"),
            ("netpol", "NAME POD-SELECTOR AGE"),
            ("pvc", "NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE"),
            ("sc", "NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE ALLOWVOLUMEEXPANSION AGE"),
        ] {
            let table = kubectl.says(&["get", kind]);
            assert_eq!(line(&table, "NAME").join(" "), heads);
            assert_eq!(line(&table, "x")[0], "x");
            kubectl.says(&["describe", kind, "x"]);
        }
        assert_eq!(line(&kubectl.says(&["get", "hpa"]), "x")[1..4], ["Deployment/x", "cpu:", "<unknown>/80%"]);
        assert_eq!(line(&kubectl.says(&["get", "ing"]), "x")[1..4], ["<none>", "a.example", "80"]);
        let deleted = kubectl.says(&["delete", "sts,ds,cj,hpa,ing,netpol", "--all"]);
        assert_eq!(deleted.lines().count(), 6, "{deleted}");
    });
}
