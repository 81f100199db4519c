//! Preflight findings as tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use berth_core::observed::{Observed, Phase};
use berth_core::rules::gke::preflight::findings;
use berth_core::rules::preflight::{CloudFacts, QuotaFact};
use berth_core::spec::{Capacity, ClusterSpec, NodeRange, Sharing};
use insta::assert_snapshot;

use crate::build::{PROJECT, dubbing, gke, gpu, in_phase, made, zones};

const REGION: &str = "us-central1";

fn quota(metric: &str, limit: f64, usage: f64) -> QuotaFact {
    let region = (metric != "GPUS_ALL_REGIONS").then(|| REGION.to_owned());
    QuotaFact { metric: metric.to_owned(), region, limit, usage }
}

/// A project in which the dubbing cluster can be made and grow.
fn facts() -> CloudFacts {
    let kinds = BTreeSet::from(["nvidia-tesla-a100", "nvidia-tesla-v100", "nvidia-tesla-t4"].map(str::to_owned));
    CloudFacts {
        identity: Some("deploy@studio-1.iam.gserviceaccount.com".to_owned()),
        account: PROJECT.to_owned(),
        zones: zones("abcf").into_iter().collect(),
        accelerators: Some(zones("abcf").into_iter().map(|zone| (zone, kinds.clone())).collect()),
        quotas: Some(vec![
            quota("NVIDIA_A100_GPUS", 8.0, 0.0),
            quota("NVIDIA_V100_GPUS", 0.0, 0.0),
            quota("PREEMPTIBLE_NVIDIA_V100_GPUS", 8.0, 0.0),
            quota("GPUS_ALL_REGIONS", 16.0, 0.0),
            quota("N2_CPUS", 200.0, 0.0),
            quota("SSD_TOTAL_GB", 5000.0, 0.0),
        ]),
        versions: vec!["1.34.1-gke.1829001".to_owned(), "1.33.5-gke.1201000".to_owned()],
        ..CloudFacts::default()
    }
}

fn set(facts: &mut CloudFacts, metric: &str, limit: f64, usage: f64) {
    let quotas = facts.quotas.as_mut().expect("quotas");
    quotas.retain(|quota| quota.metric != metric);
    quotas.push(quota(metric, limit, usage));
}

fn table(spec: &ClusterSpec, observed: &Observed, facts: &CloudFacts) -> String {
    let mut text = String::new();
    for finding in findings(spec, PROJECT, observed, facts) {
        writeln!(text, "{:?} {}: {}", finding.verdict, finding.check, finding.text).expect("a string");
    }
    text
}

/// The same without what is good.
fn trouble(spec: &ClusterSpec, observed: &Observed, facts: &CloudFacts) -> String {
    table(spec, observed, facts)
        .lines()
        .filter(|line| !line.starts_with("Passed"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn all_is_well() {
    assert_snapshot!(table(&dubbing(), &Observed::default(), &facts()));
}

#[test]
fn too_little_quota_for_the_start() {
    let mut facts = facts();
    set(&mut facts, "PREEMPTIBLE_NVIDIA_V100_GPUS", 3.0, 2.0);
    set(&mut facts, "GPUS_ALL_REGIONS", 1.0, 0.0);
    assert_snapshot!(trouble(&dubbing(), &Observed::default(), &facts));
}

#[test]
fn enough_quota_for_the_start_only() {
    let mut facts = facts();
    set(&mut facts, "NVIDIA_A100_GPUS", 2.0, 0.0);
    set(&mut facts, "SSD_TOTAL_GB", 600.0, 0.0);
    set(&mut facts, "N2_CPUS", 8.0, 0.0);
    assert_snapshot!(trouble(&dubbing(), &Observed::default(), &facts));
}

#[test]
fn spot_falls_back_to_the_ordinary_quota() {
    let mut facts = facts();
    set(&mut facts, "PREEMPTIBLE_NVIDIA_V100_GPUS", 0.0, 0.0);
    set(&mut facts, "NVIDIA_V100_GPUS", 1.0, 0.0);
    assert_snapshot!(trouble(&dubbing(), &Observed::default(), &facts));
}

#[test]
fn pools_of_one_gpu_are_summed() {
    let mut spec = dubbing();
    spec.pools[1].nodes = NodeRange { min: 3, max: 6 };
    let mut second = spec.pools[1].clone();
    second.name = "gpu-a100-batch".to_owned();
    second.zones = zones("a");
    second.nodes = NodeRange { min: 6, max: 6 };
    spec.pools.push(second);
    assert_snapshot!(trouble(&spec, &Observed::default(), &facts()));
}

#[test]
fn what_runs_already_is_not_counted_twice() {
    let spec = dubbing();
    let mut facts = facts();
    // One V100 at the fewest nodes and 7 more up to the most.
    set(&mut facts, "PREEMPTIBLE_NVIDIA_V100_GPUS", 8.0, 1.0);
    assert_snapshot!("there_already", trouble(&spec, &made(&spec), &facts));
    assert_snapshot!("not_there", trouble(&spec, &Observed::default(), &facts));
    let mut failed = made(&spec);
    in_phase(&mut failed, "gpu-v100-pool", Phase::Failed, Vec::new());
    assert_snapshot!("there_but_failed", trouble(&spec, &failed, &facts));
    let mut more = spec.clone();
    more.pools[2].nodes = NodeRange { min: 9, max: 9 };
    more.pools[2].zones = zones("a");
    assert_snapshot!("there_already_and_grows", trouble(&more, &made(&spec), &facts));
}

#[test]
fn zones_that_are_down_or_do_not_sell_it() {
    let mut facts = facts();
    facts.zones.remove("us-central1-b");
    for zone in ["us-central1-a", "us-central1-c"] {
        let sold = facts.accelerators.as_mut().unwrap().get_mut(zone).unwrap();
        sold.remove("nvidia-tesla-v100");
    }
    let mut spec = dubbing();
    spec.pools.push(gpu("gpu-l4-pool", "g2-standard-4", "l4", Sharing::Exclusive, 0, 1));
    assert_snapshot!(trouble(&spec, &Observed::default(), &facts));
}

#[test]
fn nothing_could_be_read() {
    let facts = CloudFacts {
        account: PROJECT.to_owned(),
        unread: vec!["regions of studio-1: 403, takes compute.regions.get".to_owned()],
        ..CloudFacts::default()
    };
    let mut spec = dubbing();
    gke(&mut spec).settings.version = Some("1.34".to_owned());
    assert_snapshot!(trouble(&spec, &Observed::default(), &facts));
}

#[test]
fn gpus_without_a_metric() {
    let mut spec = dubbing();
    spec.pools.push(gpu("gpu-h100-pool", "a3-highgpu-1g", "h100-80gb", Sharing::Exclusive, 0, 1));
    let mut facts = facts();
    for sold in facts.accelerators.as_mut().unwrap().values_mut() {
        sold.insert("nvidia-h100-80gb".to_owned());
    }
    assert_snapshot!("h100_on_demand", trouble(&spec, &Observed::default(), &facts));
    spec.pools[3].capacity = Capacity::Spot;
    assert_snapshot!("h100_spot", trouble(&spec, &Observed::default(), &facts));
}

#[test]
fn names_labels_versions_and_taints() {
    let mut spec = dubbing();
    spec.name = "a-cluster-whose-name-is-longer-than-gke-takes".to_owned();
    spec.labels = (0..70).map(|number| (format!("label-{number}"), String::new())).collect();
    spec.pools[1].labels = BTreeMap::from([("notes".to_owned(), "x".repeat(1100))]);
    spec.pools.remove(0);
    gke(&mut spec).settings.version = Some("1.29".to_owned());
    let long = trouble(&spec, &Observed::default(), &facts());
    spec.name = "Dubbing-".to_owned();
    let first = trouble(&spec, &Observed::default(), &facts());
    let first = first.lines().next().unwrap_or_default();
    assert_snapshot!(format!("{long}{first}"));
}
