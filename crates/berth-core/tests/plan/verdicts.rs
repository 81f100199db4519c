//! Verification reports as tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use berth_core::actions::gke::GkeDriver;
use berth_core::observed::{Issue, IssueCause, Observed, ObservedNode, Phase};
use berth_core::spec::{ClusterSpec, PoolSpec, Sharing, Taint, TaintEffect};
use berth_core::verify::{Evidence, Verdict, verify};
use insta::assert_snapshot;

use crate::build::{cluster, dubbing, in_phase, made, stockout};

/// A node as GKE makes it for this pool, once everything on it has come up.
fn node(pool: &PoolSpec, number: u32) -> ObservedNode {
    let mut labels = pool.labels.clone();
    labels.insert("cloud.google.com/gke-nodepool".to_owned(), pool.name.clone());
    let mut extended_resources = BTreeMap::new();
    let mut taints = pool.taints.clone();
    if let Some(gpu) = &pool.gpu {
        let kind = if gpu.model == "v100" { "nvidia-tesla-v100" } else { "nvidia-tesla-a100" };
        for (key, value) in [
            ("cloud.google.com/gke-accelerator", kind.to_owned()),
            ("cloud.google.com/gke-gpu-sharing-strategy", "time-sharing".to_owned()),
            ("cloud.google.com/gke-max-shared-clients-per-gpu", gpu.sharing.shares().to_string()),
            ("cloud.google.com/gke-gpu-driver-version", "default".to_owned()),
        ] {
            labels.insert(key.to_owned(), value);
        }
        extended_resources.insert("nvidia.com/gpu".to_owned(), u64::from(pool.shares_per_node()));
        taints.push(Taint {
            key: "cloud.google.com/other".into(),
            value: String::new(),
            effect: TaintEffect::NoExecute,
        });
    }
    ObservedNode {
        name: format!("gke-{}-{number}", pool.name),
        labels,
        taints,
        ready: true,
        ready_message: "kubelet is posting ready status".to_owned(),
        extended_resources,
        created_at: None,
    }
}

/// The dubbing cluster with 3 CPU nodes, no A100 node and 2 V100 nodes.
fn nodes(spec: &ClusterSpec) -> Vec<ObservedNode> {
    let counts = [3, 0, 2];
    let pools = spec.pools.iter().zip(counts);
    pools.flat_map(|(pool, count)| (0..count).map(|number| node(pool, number))).collect()
}

fn v100(nodes: &mut [ObservedNode]) -> &mut ObservedNode {
    nodes.iter_mut().find(|node| node.name == "gke-gpu-v100-pool-1").expect("a node")
}

fn report(spec: &ClusterSpec, cluster: &Observed, nodes: &[ObservedNode]) -> String {
    let report = verify(spec, &Evidence { cluster, nodes, running: None });
    let mut text = String::new();
    let settled = if report.is_settled() { "settled" } else { "not settled" };
    writeln!(text, "{:?}, {settled}, kept: {}", report.verdict, report.is_kept()).expect("a string");
    for row in &report.pools {
        let counts = row.nodes;
        let gpus = row.gpus.as_ref().map_or_else(String::new, |gpus| {
            let (per_node, shares) = (gpus.per_node, gpus.shares);
            format!(", {} {per_node} x {shares}: {} of {}", gpus.model, gpus.allocatable, gpus.expected)
        });
        let (ready, registered, min, max) = (counts.ready, counts.registered, counts.min, counts.max);
        writeln!(text, "{}: {ready}/{registered} ready of {min} to {max}{gpus}: {:?}", row.pool, row.verdict)
            .expect("a string");
    }
    for found in &report.shortfalls {
        let place = [&found.pool, &found.node].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        writeln!(text, "{:?} {} [{place}] {}", found.verdict, found.check, found.cause).expect("a string");
    }
    for note in &report.notes {
        writeln!(text, "note: {note}").expect("a string");
    }
    text
}

#[test]
fn the_promise_is_kept() {
    let spec = dubbing();
    assert_snapshot!(report(&spec, &made(&spec), &nodes(&spec)));
}

#[test]
fn nothing_is_proved_about_a_cluster_without_nodes() {
    let mut spec = dubbing();
    spec.pools.retain(|pool| pool.name == "gpu-a100-pool");
    let report = verify(&spec, &Evidence { cluster: &made(&spec), nodes: &[], running: None });
    assert_eq!(report.verdict, Verdict::Empty);
}

#[test]
fn every_allocatable_number_has_its_cause() {
    let mut spec = dubbing();
    spec.pools[2].gpu.as_mut().unwrap().count = 4;
    let observed = made(&spec);
    let mut text = String::new();
    for allocatable in [None, Some(0), Some(4), Some(6), Some(8), Some(16)] {
        let mut nodes = nodes(&spec);
        v100(&mut nodes).extended_resources.clear();
        if let Some(number) = allocatable {
            v100(&mut nodes).extended_resources.insert("nvidia.com/gpu".to_owned(), number);
        }
        let lines = report(&spec, &observed, &nodes);
        let found: Vec<&str> = lines.lines().filter(|line| line.contains("allocatable [")).collect();
        writeln!(text, "{allocatable:?}: {}", found.join("\n")).expect("a string");
    }
    spec.pools[2].gpu.as_mut().unwrap().driver = GkeDriver::Disabled;
    let mut nodes = nodes(&spec);
    v100(&mut nodes).extended_resources.clear();
    assert_snapshot!(format!("{text}{}", report(&spec, &observed, &nodes)));
}

#[test]
fn a_node_is_not_ready() {
    let spec = dubbing();
    let mut nodes = nodes(&spec);
    let node = v100(&mut nodes);
    node.ready = false;
    "container runtime network not ready".clone_into(&mut node.ready_message);
    node.extended_resources.clear();
    node.labels.remove("cloud.google.com/gke-gpu-driver-version");
    assert_snapshot!(report(&spec, &made(&spec), &nodes));
}

#[test]
fn taints_and_labels_differ() {
    let spec = dubbing();
    let mut observed = made(&spec);
    let mut nodes = nodes(&spec);
    let node = v100(&mut nodes);
    node.taints.clear();
    node.labels.insert("tier".to_owned(), "standard".to_owned());
    node.labels.insert("cloud.google.com/gke-accelerator".to_owned(), "nvidia-tesla-t4".to_owned());
    node.labels.remove("cloud.google.com/gke-max-shared-clients-per-gpu");
    assert_snapshot!("at_rest", report(&spec, &observed, &nodes));
    in_phase(&mut observed, "gpu-v100-pool", Phase::Updating, Vec::new());
    assert_snapshot!("while_the_pool_changes", report(&spec, &observed, &nodes));
}

#[test]
fn too_few_nodes_and_what_the_cloud_says() {
    let spec = dubbing();
    let mut observed = made(&spec);
    let nodes: Vec<ObservedNode> = nodes(&spec).into_iter().filter(|node| !node.name.contains("v100")).collect();
    let mut text = format!("no reason\n{}", report(&spec, &observed, &nodes));
    in_phase(&mut observed, "gpu-v100-pool", Phase::Degraded, vec![stockout()]);
    text += &format!("stockout\n{}", report(&spec, &observed, &nodes));
    let quota = Issue { cause: IssueCause::Quota, code: "GCE_QUOTA_EXCEEDED".into(), message: "limit 0".into() };
    in_phase(&mut observed, "gpu-v100-pool", Phase::Degraded, vec![quota]);
    text += &format!("quota\n{}", report(&spec, &observed, &nodes));
    in_phase(&mut observed, "gpu-v100-pool", Phase::Failed, vec![stockout()]);
    text += &format!("failed\n{}", report(&spec, &observed, &nodes));
    cluster(&mut observed).pools.retain(|pool| pool.name != "gpu-v100-pool");
    text += &format!("gone\n{}", report(&spec, &observed, &nodes));
    assert_snapshot!(text);
}

#[test]
fn too_many_nodes_and_nodes_of_no_pool() {
    let spec = dubbing();
    let mut nodes = nodes(&spec);
    nodes.extend((2..9).map(|number| node(&spec.pools[2], number)));
    let mut stranger = node(&spec.pools[0], 9);
    stranger.labels.insert("cloud.google.com/gke-nodepool".to_owned(), "default-pool".to_owned());
    nodes.push(stranger);
    let mut nameless = node(&spec.pools[0], 10);
    nameless.labels.clear();
    nodes.push(nameless);
    assert_snapshot!(report(&spec, &made(&spec), &nodes));
}

#[test]
fn the_cluster_itself_is_not_well() {
    let mut spec = dubbing();
    spec.pools[2].gpu.as_mut().unwrap().sharing = Sharing::TimeSlicing(2);
    let mut observed = made(&spec);
    let mut text = format!("gone\n{}", report(&spec, &Observed::default(), &[]));
    for phase in [Phase::Creating, Phase::Deleting, Phase::Failed] {
        cluster(&mut observed).phase = phase;
        cluster(&mut observed).issues = vec![stockout()];
        let report = report(&spec, &observed, &nodes(&spec));
        let lines: Vec<&str> = report.lines().filter(|line| !line.contains("pool:")).collect();
        writeln!(text, "{phase:?}\n{}", lines.join("\n")).expect("a string");
    }
    assert_snapshot!(text);
}
