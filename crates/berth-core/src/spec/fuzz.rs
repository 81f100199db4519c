//! Whatever a file holds, the check does not panic, and what it says points into the file.
//!
//! The form is also held against a general JSON Schema validator: both must agree on every tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::schema::KINDS;
use super::structure;
use super::tree::Document;
use super::{Checked, PoolSpec, Problem, Provider, Source};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped cluster files and all malformed ones: good seeds for mutations.
static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folders = [root().join("clusters"), root().join("crates/berth-core/tests/malformed")];
    let mut seeds: Vec<String> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the folder is there"))
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| fs::read_to_string(path).expect("a readable file"))
        .collect();
    seeds.sort();
    seeds
});

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&super::schema()).expect("a usable schema"));

const SHARING: &str =
    "apiVersion: berth/v1\nkind: GpuSharing\nspec: {pools: {gpu-a100-pool: {shares: 4}, gpu-v100-pool: {shares: 2}}}\n";
const QUOTAS: &str =
    "apiVersion: berth/v1\nkind: ServiceQuotas\nspec: {services: {stt: {cpu: 4, memory: 1Gi, gpus: 1}}}\n";

fn read(path: &str) -> Result<String, String> {
    match path {
        path if path.contains("sharing") => Ok(SHARING.to_owned()),
        path if path.contains("quotas") => Ok(QUOTAS.to_owned()),
        _ => Err("no such file".to_owned()),
    }
}

/// Runs the check for the file's cloud and for both others, and holds every problem against the text.
fn check(text: &str) -> Result<Checked, Vec<Problem>> {
    let run = |provider| super::check(&Source { file: "fuzz.yaml", text, provider, read: &read });
    for provider in [None, Some(Provider::Gke), Some(Provider::Eks)] {
        let problems = match run(provider) {
            Ok(checked) => {
                let is_found = checked.spec.cloud.provider() == Provider::Existing;
                let is_whole = |pool: &PoolSpec| !pool.zones.is_empty() && !pool.machine_type.is_empty();
                assert!(checked.spec.pools.iter().all(|pool| is_found || is_whole(pool)));
                checked.warnings
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "refused without a problem");
                problems
            }
        };
        for problem in problems {
            let text =
                if problem.file == "fuzz.yaml" { text.to_owned() } else { read(&problem.file).unwrap_or_default() };
            let line = text.lines().nth(problem.line.wrapping_sub(1)).unwrap_or_default();
            assert!((1..=text.lines().count().max(1)).contains(&problem.line), "{problem}: no such line");
            assert!((1..=line.chars().count() + 1).contains(&problem.column), "{problem}: no such column");
            assert!(!problem.to_string().contains('\n'), "{problem}: more than one line");
            assert!(!problem.message.is_empty());
        }
    }
    run(None)
}

/// Names that mean something to a spec, and some that do not.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        "name",
        "labels",
        "provider",
        "region",
        "zone",
        "gke",
        "eks",
        "nodePools",
        "machineType",
        "gpu",
        "type",
        "count",
        "capacity",
        "nodes",
        "min",
        "max",
        "zones",
        "taints",
        "disk",
        "sizeGb",
        "gpuSharing",
        "pools",
        "shares",
        "quotas",
        "vpc",
        "cidr",
        "maintenanceWindow",
        "recurring",
        "daily",
        "start",
        "end",
        "Cluster",
        "berth/v1",
        "us-central1",
        "us-central1-a",
        "t4",
        "v100",
        "a100",
        "n1-standard-4",
        "spot",
        "p4d.24xlarge",
        "10.0.0.0/16",
        "NoSchedule",
        "nvidia.com/gpu",
        "Prices",
        "prices",
        "discounts",
        "fee",
        "address",
        "usdPerHour",
        "percent",
        "0.526",
        "02:00",
        "mps",
        "",
        "~",
        "é",
        "\u{1f600}",
        "a/b",
        "-",
    ];
    prop_oneof![4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,12}"]
}

/// Any JSON value, which is YAML too.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => word().prop_map(Value::String),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => (-3_i64..100).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-2.5_f64..2.5).prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((word(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A good cluster as JSON, to put values into.
fn good() -> Value {
    json!({
        "apiVersion": "berth/v1",
        "kind": "Cluster",
        "metadata": {"name": "demo", "labels": {"team": "dubbing"}},
        "spec": {
            "provider": "gke",
            "region": "us-central1",
            "gke": {"releaseChannel": "regular", "logging": ["WORKLOADS"], "maintenanceWindow": {"daily": {"start": "03:00"}}},
            "eks": {"version": "1.34", "vpc": {"cidr": "10.0.0.0/16"}, "addons": ["coredns"]},
            "nodePools": [
                {"name": "cpu-pool", "machineType": "n2-standard-4", "nodes": {"min": 1, "max": 3}},
                {"name": "gpu-pool", "gpu": {"type": "t4", "count": 1, "sharing": {"shares": 2}}, "nodes": {"min": 0, "max": 4},
                 "zones": ["us-central1-a"], "taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}],
                 "labels": {"tier": "premium"}, "disk": {"sizeGb": 200, "type": "ssd"}}
            ],
            "secrets": [{"name": "keys", "namespace": "film", "env": ["API_KEY"], "envFile": "more.env", "files": {"tls.key": "key.pem"},
                         "generate": ["password"]}],
            "autoscaler": {"prefer": ["gpu-pool"], "scaleDown": {"utilization": 0.5, "after": "10m"}},
            "budget": {"monthlyUsd": 15000}
        }
    })
}

/// Good own prices as JSON, to put values into.
fn good_prices() -> Value {
    json!({
        "apiVersion": "berth/v1",
        "kind": "Prices",
        "spec": {
            "prices": [
                {"provider": "eks", "machineType": "p4d.24xlarge", "capacity": "spot", "region": "us-east-1", "usdPerHour": 9.5},
                {"provider": "gke", "gpu": "t4", "usdPerHour": "0.3"},
                {"provider": "gke", "disk": "pd-ssd", "usdPerGbMonth": 0.15},
                {"provider": "gke", "fee": "address", "usdPerHour": 0.004}
            ],
            "discounts": [{"provider": "gke", "kind": "machine", "family": "a2", "capacity": "on-demand", "percent": 12.5}]
        }
    })
}

/// A tree as JSON that is YAML too: JSON takes characters 7F to 9F as they are, YAML only escaped.
fn written(tree: &Value) -> String {
    let text = serde_json::to_string_pretty(tree).expect("values can be written");
    let escape = |char: char| match char {
        '\u{7f}'..='\u{9f}' => format!("\\u{:04x}", u32::from(char)),
        char => char.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Replaces, removes or adds one value somewhere in a tree; `at` picks the place.
fn change(tree: &mut Value, at: usize, key: &str, with: Option<Value>) {
    let mut pointers = Vec::new();
    places(tree, String::new(), &mut pointers);
    let pointer = &pointers[at % pointers.len()];
    let Some(place) = tree.pointer_mut(pointer) else { return };
    match (place, with) {
        (Value::Object(map), None) => {
            let first = map.keys().nth(at % map.len().max(1)).cloned();
            first.map(|key| map.remove(&key));
        }
        (Value::Object(map), Some(with)) if at.is_multiple_of(3) => {
            map.insert(key.to_owned(), with);
        }
        (Value::Array(items), Some(with)) if at.is_multiple_of(3) => items.push(with),
        (place, Some(with)) => *place = with,
        (place, None) => *place = Value::Null,
    }
}

fn places(tree: &Value, pointer: String, found: &mut Vec<String>) {
    match tree {
        Value::Object(map) => {
            for (key, value) in map {
                places(value, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

#[test]
fn the_seed_of_changes_is_good() {
    let prices = super::check_prices("fuzz.yaml", &good_prices().to_string()).map(drop);
    if let Err(problems) = check(&good().to_string()).map(drop).and(prices) {
        panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text(text in "\\PC{0,200}") {
        let _ = check(&text);
    }

    #[test]
    fn random_yaml_like_text(text in "[a-c0-9:{}\\[\\],&*!|>'\"#%@` \\n\\t-]{0,120}") {
        let _ = check(&text);
    }

    #[test]
    fn mutated_files(seed in any::<prop::sample::Index>(), cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "\\PC{0,4}|\\n *|\\t|: |- "), 1..4)) {
        let mut text: Vec<char> = seed.get(&SEEDS).chars().collect();
        for (at, length, insert) in cuts {
            let from = at.index(text.len() + 1);
            let to = (from + length).min(text.len());
            text.splice(from..to, insert.chars());
        }
        let _ = check(&text.into_iter().collect::<String>());
    }

    #[test]
    fn random_trees(tree in value()) {
        let _ = check(&written(&tree));
    }

    #[test]
    fn the_form_is_judged_as_a_general_validator_does(
        changes in proptest::collection::vec((any::<usize>(), word(), proptest::option::weighted(0.8, value())), 0..3),
        of_prices in any::<bool>()
    ) {
        let mut tree = if of_prices { good_prices() } else { good() };
        for (at, key, with) in changes {
            change(&mut tree, at, &key, with);
        }
        let text = written(&tree);
        let _ = check(&text);
        let _ = super::check_prices("fuzz.yaml", &text);
        let written = tree.get("kind").and_then(Value::as_str);
        let kind = written.filter(|kind| KINDS.iter().any(|(name, _)| name == kind)).unwrap_or("Cluster");
        let ours: Vec<String> = match Document::parse("fuzz.yaml", &text) {
            Ok(document) => structure::check(&document, kind).findings.iter().map(|finding| finding.message.clone()).collect(),
            Err(problems) => problems.into_iter().map(|problem| problem.message).collect(),
        };
        let theirs: Vec<String> = VALIDATOR.iter_errors(&tree).map(|error| error.to_string()).collect();
        prop_assert_eq!(ours.is_empty(), theirs.is_empty(), "ours: {:?}\ntheirs: {:?}\n{}", ours, theirs, text);
    }

    #[test]
    fn a_value_of_the_wrong_form_causes_no_problem_elsewhere(
        at in any::<usize>(), key in word(), with in proptest::option::weighted(0.8, value())
    ) {
        let mut tree = good();
        // Somewhere inside `spec`: without all of it nothing else can be said.
        let keys: Vec<String> = tree["spec"].as_object().expect("a map").keys().cloned().collect();
        change(&mut tree["spec"][keys[at % keys.len()].as_str()], at / keys.len(), &key, with);
        let text = written(&tree);
        let Ok(document) = Document::parse("fuzz.yaml", &text) else { return Ok(()) };
        let mut form = structure::check(&document, "Cluster");
        super::check::counts::require(&mut form, None);
        if form.broken.is_empty() {
            return Ok(());
        }
        let of_form: Vec<Problem> = form.findings.into_iter().map(|finding| document.problem(finding)).collect();
        let others: Vec<String> = check(&text)
            .expect_err("its form is wrong")
            .into_iter()
            .filter(|problem| !of_form.iter().any(|other| other.path == problem.path))
            .map(|problem| problem.to_string())
            .collect();
        prop_assert_eq!(others, Vec::<String>::new(), "{}", text);
    }
}
