//! The check of a whole cluster file.

use std::collections::BTreeSet;

use super::quotas;
use super::report::Report;
use super::source::Source;
use super::{counts, either, eks, existing, gke, names, place, pool, salvage, secrets, sharing};
use crate::spec::file::cluster::{AutoscalerFile, ClusterFile, ProviderWord};
use crate::spec::problem::{Finding, Path, Problem, nearest};
use crate::spec::structure;
use crate::spec::tree::Document;
use crate::spec::{Autoscaler, CloudSpec, ClusterSpec, NetworkPolicy, Provider, TaintEffect};

/// A file that is good.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What the file means, all defaults filled in.
    pub spec: ClusterSpec,
    /// What works but is probably not meant, or could not be checked.
    pub warnings: Vec<Problem>,
    /// Paths of workload manifests or folders, joined to the folder of the file; not read.
    pub workloads: Vec<String>,
    /// What the cluster may cost, in US dollars per month.
    pub budget_monthly_usd: Option<f64>,
}

/// Checks a cluster file and everything it names.
///
/// # Errors
///
/// Everything that is wrong, at once, each with its place: the form (fields, types, ranges), and the meaning of all parts whose form
/// is right.
/// Text that is not YAML gives one problem.
pub fn check(source: &Source<'_>) -> Result<Checked, Vec<Problem>> {
    let document = Document::parse(source.file, source.text)?;
    let mut structure = structure::check(&document, "Cluster");
    counts::require(&mut structure, source.provider);
    let mut report = Report::default();
    for finding in structure.findings {
        report.problem(later_provider(finding));
    }
    if !structure.broken.is_empty() {
        if let Some(salvaged) = salvage::salvage(structure.json, &structure.broken) {
            let mut more = Report::default();
            meaning(source, &salvaged.file, &mut more);
            salvaged.forget(&mut more);
            report.extend(more);
        }
        return Err(report.settle(&document).err().unwrap_or_default());
    }
    let file = match serde_json::from_value::<ClusterFile>(structure.json) {
        Ok(file) => file,
        Err(error) => {
            report.problem(Finding::at(Path::default(), error.to_string()));
            return Err(report.settle(&document).err().unwrap_or_default());
        }
    };
    let mut checked = meaning(source, &file, &mut report);
    checked.warnings = report.settle(&document)?;
    Ok(checked)
}

/// Everything about the file's meaning; what it gives is only good if the report stays without problems.
fn meaning(source: &Source<'_>, file: &ClusterFile, report: &mut Report) -> Checked {
    let provider = provider(source, file, report);
    let file = &either::on_cloud(file, provider);
    let body = &file.spec;
    let spec_path = Path::of(&["spec"]);
    names::cluster_name(&file.metadata.name, provider, report);
    names::cloud_labels(&file.metadata.labels, provider, report);
    let place = match provider {
        Provider::Existing => existing::place(body, report),
        Provider::Gke | Provider::Eks => place::place(body, provider, report),
    };
    let sharing = sharing::by_pool(source, body, report);
    let frame = pool::Frame { provider, place: &place, sharing: &sharing };
    let pools = if provider == Provider::Existing {
        existing::pools(&body.node_pools, &frame, report)
    } else {
        existing::refuse_selectors(&body.node_pools, provider, report);
        pool::pools(&body.node_pools, &frame, report)
    };
    let network_policy = match body.network_policy {
        None => NetworkPolicy::FromCreation,
        Some(true) => NetworkPolicy::Enforced,
        Some(false) => NetworkPolicy::Unenforced,
    };
    let cloud = match provider {
        Provider::Gke => CloudSpec::Gke(gke::settings(body.gke.as_ref(), network_policy, report)),
        Provider::Eks => CloudSpec::Eks(eks::settings(body.eks.as_ref(), report)),
        Provider::Existing => CloudSpec::Existing(existing::settings(body, source, report)),
    };
    let (name, labels) = (file.metadata.name.clone(), file.metadata.labels.clone());
    let mut spec = ClusterSpec {
        name,
        labels,
        place,
        cloud,
        pools,
        quotas: None,
        secrets: Vec::new(),
        autoscaler: Autoscaler::default(),
        network_policy,
    };
    system_pool(&spec, report);
    spec.quotas = quotas::of_cluster(source, body.quotas.as_deref(), &spec, report);
    spec.secrets = secrets::secrets(&body.secrets, source, report);
    spec.autoscaler = autoscaler(body.autoscaler.as_ref(), &spec, report);
    for (index, path) in body.workloads.iter().enumerate() {
        if body.workloads[..index].contains(path) {
            report.problem(Finding::at(spec_path.key("workloads").index(index), format!("`{path}` is listed twice")));
        }
    }
    Checked {
        spec,
        warnings: Vec::new(),
        workloads: body.workloads.iter().map(|path| source.beside(path)).collect(),
        budget_monthly_usd: body.budget.as_ref().map(|budget| budget.monthly_usd),
    }
}

/// Providers the design has for later are refused by name, not as a slip of the pen.
fn later_provider(finding: Finding) -> Finding {
    let is_later = ["minikube", "k3s"].iter().find(|word| finding.message == format!("unknown value `{word}`"));
    match is_later {
        Some(word) if finding.path == Path::of(&["spec", "provider"]) => {
            Finding::at(finding.path, format!("`{word}` is no provider; a cluster that stands already is `existing`"))
                .accepting(finding.accepted)
        }
        _ => finding,
    }
}

fn provider(source: &Source<'_>, file: &ClusterFile, report: &mut Report) -> Provider {
    let written = match file.spec.provider {
        ProviderWord::Gke => Provider::Gke,
        ProviderWord::Eks => Provider::Eks,
        ProviderWord::Existing => Provider::Existing,
    };
    let provider = source.provider.unwrap_or(written);
    let sections = [
        (Provider::Gke, file.spec.gke.is_some()),
        (Provider::Eks, file.spec.eks.is_some()),
        (Provider::Existing, file.spec.existing.is_some()),
    ];
    let own = sections.contains(&(provider, true));
    // A file for both clouds has both sections; one that has only the other cloud's was meant for that cloud.
    for (other, _) in sections.into_iter().filter(|(other, given)| *given && !own && *other != provider) {
        let word = other.as_str();
        let message = format!("the section `{word}` is ignored, because the provider is {}", provider.as_str());
        report.warning(Finding::at_key(Path::of(&["spec", word]), message));
    }
    provider
}

/// CoreDNS, metrics-server and the like need a node that takes them, or the cluster never becomes ready.
fn system_pool(spec: &ClusterSpec, report: &mut Report) {
    // Where the nodes are there already, the system's own pods have theirs.
    if spec.cloud.provider() == Provider::Existing {
        return;
    }
    let path = Path::of(&["spec", "nodePools"]);
    let mut for_system = spec.pools.iter().filter(|pool| {
        pool.gpu.is_none() && pool.taints.iter().all(|taint| taint.effect == TaintEffect::PreferNoSchedule)
    });
    if for_system.clone().next().is_none() {
        let message = "there is no pool for the system's own pods; add one without GPUs and without taints";
        report.problem(Finding::at(path, message));
    } else if for_system.all(|pool| pool.nodes.min == 0) {
        let message =
            "every pool without GPUs and taints may shrink to 0 nodes; the system's own pods then wait for a node";
        let finding = Finding::at(path, message);
        match spec.cloud.provider() {
            Provider::Gke => report.warning(finding),
            // EKS waits 20 minutes for the DNS add-on, which cannot run anywhere, and then fails.
            Provider::Eks => report.problem(finding),
            Provider::Existing => {}
        }
    }
}

fn autoscaler(file: Option<&AutoscalerFile>, spec: &ClusterSpec, report: &mut Report) -> Autoscaler {
    let Some(file) = file else { return Autoscaler::default() };
    let is_off = file.enabled == Some(false);
    if is_off && (!file.prefer.is_empty() || file.scale_down.is_some()) {
        let message = "with `enabled: false` there is no autoscaler to take `prefer` and `scaleDown`; leave them out";
        report.problem(Finding::at_key(Path::of(&["spec", "autoscaler", "enabled"]), message));
    }
    let path = Path::of(&["spec", "autoscaler", "prefer"]);
    let mut seen = BTreeSet::new();
    for (index, name) in file.prefer.iter().enumerate() {
        let pools = || spec.pools.iter().map(|pool| pool.name.as_str());
        if !pools().any(|pool| pool == name) {
            report.problem(
                Finding::at(path.index(index), format!("there is no pool `{name}`"))
                    .meaning(nearest(name, pools()))
                    .accepting(pools()),
            );
        } else if !seen.insert(name) {
            report.problem(Finding::at(path.index(index), format!("`{name}` is listed twice")));
        }
    }
    let scale_down = file.scale_down.clone().unwrap_or_default();
    Autoscaler {
        is_off,
        prefer: file.prefer.clone(),
        scale_down_utilization: scale_down.utilization,
        scale_down_after_seconds: scale_down.after.as_deref().and_then(seconds),
    }
}

/// The seconds in `90s`, `10m`, `1h`; the schema holds the form.
fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(each)
}
