//! What good files mean once every default is filled in, and what they are warned about.
//!
//! Beside each `meaning/x.yaml` stands `x.snap`; `meaning/beside/` holds files that others name.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use berth_core::spec::{self, Checked, CloudSpec, PoolSpec, Provider, Sharing, Source};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meaning")
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(folder().join(path)).map_err(|_| "no such file".to_owned())
}

fn check(file: &str, provider: Option<Provider>) -> Checked {
    let text = read(file).expect("a readable file");
    match spec::check(&Source { file, text: &text, provider, read: &read }) {
        Ok(checked) => checked,
        Err(problems) => panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()),
    }
}

/// One line for each thing a reader would look for.
fn render(checked: &Checked) -> String {
    let spec = &checked.spec;
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").expect("a String takes all");
    line(format!("{} {:?} in {} labels {:?}", spec.name, spec.cloud.provider(), spec.place.location(), spec.labels));
    match &spec.cloud {
        CloudSpec::Gke(gke) => {
            line(format!("project {:?}, secure boot {}", gke.project, gke.secure_boot));
            line(format!("{:?}", gke.settings));
        }
        CloudSpec::Eks(eks) => line(format!("{eks:?}")),
        CloudSpec::Existing(existing) => line(format!("{existing:?}")),
    }
    for pool in &spec.pools {
        line(pool_line(pool));
    }
    let quotas = spec.quotas.as_ref();
    if let Some(quotas) = quotas {
        line(format!("fence {:?}", quotas.fence));
    }
    for (name, quota) in quotas.into_iter().flat_map(|quotas| &quotas.services) {
        line(format!(
            "quota {name}: {} m, {} = {} bytes, {} gpus",
            quota.cpu_millis, quota.memory, quota.memory_bytes, quota.gpus
        ));
    }
    if !checked.workloads.is_empty() {
        line(format!("workloads {:?}", checked.workloads));
    }
    if spec.autoscaler != spec::Autoscaler::default() {
        line(format!("{:?}", spec.autoscaler));
    }
    if spec.network_policy != spec::NetworkPolicy::default() {
        line(format!("network policies {:?}", spec.network_policy));
    }
    if let Some(budget) = checked.budget_monthly_usd {
        line(format!("budget {budget} a month"));
    }
    for warning in &checked.warnings {
        line(format!("warning: {warning}"));
    }
    text
}

fn pool_line(pool: &PoolSpec) -> String {
    let mut text = format!("pool {}: {}", pool.name, pool.machine_type);
    if !pool.other_machine_types.is_empty() {
        text += &format!(" or {}", pool.other_machine_types.join(", "));
    }
    if let Some(gpu) = &pool.gpu {
        text += &format!(" with {} x {}", gpu.count, gpu.model);
        if gpu.sharing != Sharing::Exclusive {
            text += &format!(" {:?}", gpu.sharing);
        }
        text += &format!(", driver {:?}", gpu.driver);
    }
    text += &format!(", {:?} {}-{} in {}", pool.capacity, pool.nodes.min, pool.nodes.max, pool.zones.join(" "));
    text += &format!(", disk {} {}", pool.disk.size_gb, pool.disk.kind);
    for taint in &pool.taints {
        text += &format!(", taint {}={}:{:?}", taint.key, taint.value, taint.effect);
    }
    for (key, value) in &pool.labels {
        text += &format!(", label {key}={value}");
    }
    text
}

#[test]
fn good_files_mean_what_their_snapshots_say() {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable entry").file_name().into_string().expect("a UTF-8 name"))
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let mut snapshots = insta::Settings::clone_current();
    snapshots.set_snapshot_path("meaning");
    snapshots.set_prepend_module_to_snapshot(false);
    snapshots.set_omit_expression(true);
    for name in names {
        let said = render(&check(&name, None));
        snapshots.bind(|| insta::assert_snapshot!(name.trim_end_matches(".yaml"), said));
    }
}

#[test]
fn the_caller_can_name_another_cloud() {
    let file = "both-clouds.yaml";
    let text = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  provider: gke\n  region: eu-west-1\n  \
                gke: {releaseChannel: rapid}\n  eks: {version: \"1.34\"}\n  nodePools:\n    \
                - {name: cpu, machineType: m5.large, nodes: {min: 1, max: 2}}\n";
    let run = |provider| spec::check(&Source { file, text, provider, read: &read });
    assert!(run(None).is_err(), "the region is not one of GKE's");
    let checked = run(Some(Provider::Eks)).expect("a good EKS cluster");
    assert_eq!(checked.warnings, Vec::new());
    assert!(matches!(checked.spec.cloud, CloudSpec::Eks(eks) if eks.version.as_deref() == Some("1.34")));
}
