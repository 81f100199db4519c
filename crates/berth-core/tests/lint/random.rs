//! Manifests with anything anywhere: lint says something or nothing, but it always ends.

use berth_core::lint::{self, ManifestFile};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::files::cluster;

/// Objects that every rule has something to say about.
fn objects() -> Vec<Value> {
    let pod = json!({
        "priorityClassName": "ai-models-stt", "nodeSelector": {"tier": "gold"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]}]}}},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "volumes": [{"name": "v", "secret": {"secretName": "s"}}, {"name": "h", "hostPath": {"path": "/"}}],
        "initContainers": [{"name": "i", "image": "nvidia/cuda:13.0", "resources": {"limits": {"cpu": "1"}}}],
        "containers": [{"name": "c", "image": "nvcr.io/nvidia/k8s-device-plugin:v1", "args": ["--password=x"],
            "env": [{"name": "TOKEN", "value": "x"}],
            "resources": {"limits": {"nvidia.com/gpu": 9}, "requests": {"cpu": "1e29", "nvidia.com/gpu": 9}}}],
    });
    let template = |kind: &str| {
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w", "namespace": "ai-models"},
               "spec": {"replicas": 2_147_483_647, "template": {"spec": pod},
                        "volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"storageClassName": "x"}}]}})
    };
    vec![
        template("StatefulSet"),
        template("DaemonSet"),
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "ai-models"},
               "spec": {"hard": {"limits.nvidia.com/gpu": 4, "requests.cpu": "1"}, "scopes": ["BestEffort"],
                        "scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["a"]}]}}}),
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"},
               "spec": {"limits": [{"type": "Container", "default": {"nvidia.com/gpu": 1}}]}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "YQ=="}}),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}|[0-9.]{0,40}[a-zA-Z]{0,3}|://[a-z:@$(){}<>]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z./]{0,8}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// Puts a value somewhere into the tree.
fn put(tree: &mut Value, mut at: usize, value: Value) {
    let mut node = tree;
    loop {
        let size = match node {
            Value::Object(map) => map.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        let choice = at % (size + 1);
        at /= size + 1;
        if choice == size {
            *node = value;
            return;
        }
        node = match node {
            Value::Object(map) => map.values_mut().nth(choice).expect("within its size"),
            Value::Array(items) => &mut items[choice],
            _ => return,
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_anywhere(changes in proptest::collection::vec((any::<usize>(), any::<usize>(), anything()), 0..6), text in "\\PC{0,40}") {
        let mut all = objects();
        for (which, at, value) in changes {
            let which = which % all.len();
            put(&mut all[which], at, value);
        }
        let documents: Vec<String> = all.iter().map(|object| format!("---\n{object:#}\n")).collect();
        let files = [("a.yaml", documents.concat()), ("b.yaml", text)];
        let files = files.map(|(path, text)| ManifestFile { path: path.to_owned(), text });
        for name in ["gke-services", "eks"] {
            let findings = lint::check(&cluster(name), &files);
            prop_assert!(findings.is_sorted());
            for finding in findings {
                let file = files.iter().find(|file| file.path == finding.file).expect("one of the files");
                let lines = file.text.lines().count().max(1);
                prop_assert!((1..=lines).contains(&finding.line) && finding.column >= 1, "{}", finding);
                prop_assert!(lint::RULES.contains(&finding.rule));
            }
        }
    }

    #[test]
    fn any_text(text in "[a-c{}\\[\\]:,&*!|>'\"#%@` \\n\\t-]{0,160}") {
        let file = ManifestFile { path: "a.yaml".to_owned(), text };
        lint::check(&cluster("gke"), &[file]);
    }
}
