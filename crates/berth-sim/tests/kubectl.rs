//! The real kubectl, unmodified, against the store: nodes, discovery, quotas.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "kubectl/client.rs"]
mod client;
#[path = "kubectl/server.rs"]
mod server;

use std::process::{Output, Stdio};
use std::time::Duration;

use client::{line, node, with_each};
use jiff::Timestamp;
use serde_json::{Value, json};

#[test]
fn kubectl_prints_nodes_wide_and_by_label() {
    with_each(1, |kubectl| {
        let wide = kubectl.says(&["get", "nodes", "-o", "wide"]);
        assert_eq!(
            line(&wide, "NAME").join(" "),
            "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME"
        );
        let row = line(&wide, "gke-a100-1");
        assert_eq!((row[1], row[2], row[4], row[5]), ("Ready", "<none>", "v1.33.4-gke.1000", "10.128.0.2"));
        assert_eq!(row.last(), Some(&"containerd://2.0.5"));
        let labelled = kubectl.says(&["get", "nodes", "-L", "cloud.google.com/gke-accelerator"]);
        assert_eq!(line(&labelled, "gke-a100-1").last(), Some(&"nvidia-tesla-a100"));
        assert_eq!(line(&labelled, "NAME").last(), Some(&"GKE-ACCELERATOR"));
    });
}

#[test]
fn discovery_is_read_once_and_cached_as_recorded() {
    with_each(1, |kubectl| {
        kubectl.says(&["get", "nodes"]);
        let cold: Vec<String> = kubectl.server.take_log();
        let asked = |path: &str| cold.iter().filter(|line| line.contains(path)).count();
        assert_eq!((asked("/api?"), asked("/apis?"), asked("/api/v1/nodes?limit=500")), (1, 1, 1), "{cold:#?}");
        kubectl.says(&["get", "nodes"]);
        let warm: Vec<String> = kubectl.server.take_log();
        assert!(!warm.iter().any(|line| line.contains("/api?")), "{warm:#?}");
        kubectl.says(&["api-resources", "--cached=false"]);
        let again = kubectl.server.take_log();
        assert!(again.iter().any(|line| line.contains("/apis?") && line.ends_with("304")), "{again:#?}");
    });
}

#[test]
fn kubectl_describes_a_node_with_its_lease_and_events() {
    with_each(1, |kubectl| {
        let text = kubectl.says(&["describe", "node", "gke-a100-1"]);
        for part in [
            "Taints:             nvidia.com/gpu=present:NoSchedule",
            "Unschedulable:      false",
            "HolderIdentity:  gke-a100-1",
            "nvidia.com/gpu:",
            "KubeletReady",
            "Starting kubelet.",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    });
}

#[test]
fn kubectl_changes_nodes() {
    with_each(1, |kubectl| {
        assert_eq!(kubectl.says(&["label", "node", "gke-cpu-1", "pool=cpu"]), "node/gke-cpu-1 labeled\n");
        assert_eq!(line(&kubectl.says(&["get", "nodes", "-l", "pool=cpu"]), "gke-cpu-1")[1], "Ready");
        let tainted = kubectl.says(&["taint", "nodes", "gke-cpu-1", "dedicated=ml:NoSchedule"]);
        assert_eq!(tainted, "node/gke-cpu-1 tainted\n");
        assert_eq!(kubectl.says(&["cordon", "gke-cpu-1"]), "node/gke-cpu-1 cordoned\n");
        assert_eq!(kubectl.says(&["cordon", "gke-cpu-1"]), "node/gke-cpu-1 already cordoned\n");
        let row = kubectl.says(&["get", "node", "gke-cpu-1"]);
        assert_eq!(line(&row, "gke-cpu-1")[1], "Ready,SchedulingDisabled");
        let taints = kubectl.says(&["get", "node", "gke-cpu-1", "-o", "jsonpath={.spec.taints[*].key}"]);
        assert_eq!(taints, "dedicated node.kubernetes.io/unschedulable");
        assert_eq!(kubectl.says(&["uncordon", "gke-cpu-1"]), "node/gke-cpu-1 uncordoned\n");
        let taints = kubectl.says(&["get", "node", "gke-cpu-1", "-o", "jsonpath={.spec.taints[*].key}"]);
        assert_eq!(taints, "dedicated");
    });
}

#[test]
fn kubectl_reads_the_cluster_itself() {
    with_each(1, |kubectl| {
        let version = kubectl.says(&["version", "-o", "json"]);
        let version: Value = serde_json::from_str(&version).unwrap();
        assert_eq!(version["serverVersion"]["gitVersion"], "v1.33.4-gke.1000");
        let namespaces = kubectl.says(&["get", "ns"]);
        assert_eq!(line(&namespaces, "kube-node-lease")[1], "Active");
        let resources = kubectl.says(&["api-resources", "--no-headers"]);
        let mut names: Vec<&str> = resources.lines().filter_map(|line| line.split_whitespace().next()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "bindings",
                "clusterrolebindings",
                "clusterroles",
                "configmaps",
                "controllerrevisions",
                "cronjobs",
                "csidrivers",
                "csinodes",
                "customresourcedefinitions",
                "daemonsets",
                "deployments",
                "endpoints",
                "endpointslices",
                "events",
                "events",
                "horizontalpodautoscalers",
                "ingressclasses",
                "ingresses",
                "jobs",
                "leases",
                "limitranges",
                "localsubjectaccessreviews",
                "namespaces",
                "networkpolicies",
                "nodes",
                "persistentvolumeclaims",
                "persistentvolumes",
                "poddisruptionbudgets",
                "pods",
                "priorityclasses",
                "replicasets",
                "resourcequotas",
                "rolebindings",
                "roles",
                "secrets",
                "selfsubjectaccessreviews",
                "selfsubjectreviews",
                "selfsubjectrulesreviews",
                "serviceaccounts",
                "services",
                "statefulsets",
                "storageclasses",
                "subjectaccessreviews",
                "volumeattachments"
            ]
        );
        let events = kubectl.says(&["get", "events"]);
        assert_eq!(line(&events, "LAST").join(" "), "LAST SEEN TYPE REASON OBJECT MESSAGE");
        assert!(events.contains("node/gke-a100-1"), "{events}");
        let yaml = kubectl.says(&["get", "cm", "kube-root-ca.crt", "-o", "yaml"]);
        assert!(yaml.starts_with("apiVersion: v1\ndata:\n  ca.crt:"), "{yaml}");
        let gone = kubectl.command(&["get", "node", "nosuch"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&gone.stderr), "Error from server (NotFound): nodes \"nosuch\" not found\n");
    });
}

#[test]
fn kubectl_watches_nodes_come() {
    with_each(1, |kubectl| {
        let watching = kubectl
            .command(&["get", "nodes", "-w", "--request-timeout=3s"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let opened = |log: &[String]| log.iter().any(|line| line.contains("watch=true"));
        let mut log = Vec::new();
        for _ in 0..200 {
            log.extend(kubectl.server.take_log());
            if opened(&log) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(opened(&log), "{log:#?}");
        let mut store = kubectl.server.served.store.lock().unwrap();
        store.put(Timestamp::now(), "nodes", None, node("gke-a100-2", true));
        drop(store);
        let said = watching.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert_eq!(line(&text, "gke-a100-2")[1], "Ready");
    });
}

/// Two services in one namespace: each pod is counted by its priority class, and pods of no class are kept out.
fn fenced_services() -> Value {
    let quota = |name: &str, hard: Value, operator: &str, values: &[&str]| {
        let selector = json!({"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": operator, "values": values},
        ]});
        json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name, "namespace": "models"},
            "spec": {"hard": hard, "scopeSelector": selector},
        })
    };
    let hard = json!({
        "requests.cpu": "4", "limits.cpu": "4", "requests.memory": "8Gi", "limits.memory": "8Gi",
        "requests.nvidia.com/gpu": "2",
    });
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "stt"}, "value": 0,
        "globalDefault": false, "description": "Counts a pod into the quota of service stt.",
    });
    let range = json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "defaults", "namespace": "models"},
        "spec": {"limits": [{
            "type": "Container",
            "default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
        }]},
    });
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}},
        class,
        quota("stt", hard, "In", &["stt"]),
        quota("closing", json!({"pods": "0"}), "NotIn", &["stt"]),
        range,
    ]})
}

fn pod(name: &str, class: Option<&str>, gpus: u32) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "models"},
        "spec": {"containers": [
            {"name": "app", "image": "registry.example/app:1", "resources": {"limits": {"nvidia.com/gpu": gpus}}},
        ]},
    });
    if let Some(class) = class {
        pod["spec"]["priorityClassName"] = json!(class);
    }
    pod
}

#[test]
fn quotas_fence_services_and_kubectl_shows_them() {
    with_each(1, |kubectl| {
        let apply = ["apply", "--server-side", "--validate=false", "-f", "-"];
        let applied = kubectl.sends(&apply, &fenced_services());
        assert!(applied.status.success(), "{applied:?}");
        for quota in ["quota/stt", "quota/closing"] {
            kubectl.says(&["wait", "-n", "models", "--for=jsonpath={.status.used}", quota, "--timeout=10s"]);
        }
        let create = ["create", "--validate=false", "-f", "-"];
        let refusal = |manifest: &Value| {
            let Output { status, stderr, .. } = kubectl.sends(&create, manifest);
            assert!(!status.success());
            String::from_utf8_lossy(&stderr).into_owned()
        };
        let forbidden = |name: &str, why: &str| {
            let source = "Error from server (Forbidden): error when creating \"STDIN\"";
            format!("{source}: pods \"{name}\" is forbidden: {why}\n")
        };
        assert_eq!(
            refusal(&pod("stray", None, 1)),
            forbidden("stray", "exceeded quota: closing, requested: pods=1, used: pods=0, limited: pods=0")
        );
        assert_eq!(
            refusal(&pod("lost", Some("tts"), 1)),
            forbidden("lost", "no PriorityClass with name tts was found")
        );
        assert!(kubectl.sends(&create, &pod("one", Some("stt"), 2)).status.success());
        let gpu = "requests.nvidia.com/gpu";
        assert_eq!(
            refusal(&pod("two", Some("stt"), 1)),
            forbidden("two", &format!("exceeded quota: stt, requested: {gpu}=1, used: {gpu}=2, limited: {gpu}=2"))
        );
        let table = kubectl.says(&["get", "resourcequota", "-n", "models"]);
        let columns: Vec<&str> = line(&table, "NAME").into_iter().filter(|word| *word != "AGE").collect();
        assert_eq!(columns, ["NAME", "REQUEST", "LIMIT"]);
        assert!(table.contains("requests.cpu: 100m/4, requests.memory: 128Mi/8Gi, requests.nvidia.com/gpu: 2/2"));
        assert!(table.contains("limits.cpu: 1/4, limits.memory: 1Gi/8Gi"), "{table}");
        let text = kubectl.says(&["describe", "quota", "stt", "-n", "models"]);
        assert_eq!(line(&text, gpu), [gpu, "2", "2"]);
        assert_eq!(line(&text, "limits.memory"), ["limits.memory", "1Gi", "8Gi"]);
        kubectl.says(&["delete", "pod", "one", "-n", "models"]);
        let text = kubectl.says(&["describe", "quota", "stt", "-n", "models"]);
        assert_eq!(line(&text, gpu), [gpu, "0", "2"]);
    });
}

#[test]
fn kubectl_shows_priority_classes_and_limit_ranges() {
    with_each(1, |kubectl| {
        let applied = kubectl.sends(&["apply", "--server-side", "--validate=false", "-f", "-"], &fenced_services());
        assert!(applied.status.success(), "{applied:?}");
        let classes = kubectl.says(&["get", "pc"]);
        assert_eq!(line(&classes, "NAME").join(" "), "NAME VALUE GLOBAL-DEFAULT AGE PREEMPTIONPOLICY");
        assert_eq!(line(&classes, "stt")[1..3], ["0", "false"]);
        assert_eq!(line(&classes, "system-node-critical")[1], "2000001000");
        let ranges = kubectl.says(&["get", "limits", "-A"]);
        assert_eq!(line(&ranges, "NAMESPACE").join(" "), "NAMESPACE NAME CREATED AT");
        let text = kubectl.says(&["describe", "limits", "defaults", "-n", "models"]);
        // kubectl prints the resources in any order.
        let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut rows: Vec<String> = rows.filter(|row| row.starts_with("Container")).collect();
        rows.sort_unstable();
        assert_eq!(rows, ["Container cpu - - 100m 1 -", "Container memory - - 128Mi 1Gi -"]);
        let deleted = kubectl.says(&["delete", "limits,quota", "--all", "-n", "models"]);
        assert_eq!(deleted.lines().count(), 3, "{deleted}");
    });
}
