//! Cluster files with quotas, checked as berth checks them.

use berth_core::spec::{self, ClusterSpec, Problem, Source};

/// The cluster all tests share, for either cloud.
fn cluster(provider: &str, quotas: bool) -> String {
    let region = if provider == "gke" { "us-central1" } else { "us-east-1" };
    let machine = if provider == "gke" { "n2-standard-4" } else { "m5.xlarge" };
    let named = if quotas { "  quotas: quotas.yaml\n" } else { "" };
    format!(
        "apiVersion: berth/v1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  provider: {provider}\n  region: {region}\n{named}  nodePools:\n  \
         - {{name: cpu, machineType: {machine}, nodes: {{min: 2, max: 60}}}}\n  \
         - {{name: t4, gpu: {{type: t4, count: 1, sharing: {{strategy: time-slicing, shares: 2}}}}, nodes: {{min: 0, max: 6}}}}\n"
    )
}

/// What a cluster file with these quotas means, or all that is wrong with it.
pub(crate) fn try_spec(provider: &str, quotas: Option<&str>) -> Result<spec::Checked, Vec<Problem>> {
    let text = cluster(provider, quotas.is_some());
    let read = |_: &str| Ok(format!("apiVersion: berth/v1\nkind: ServiceQuotas\nspec:\n{}", quotas.unwrap_or("")));
    spec::check(&Source { file: "cluster.yaml", text: &text, provider: None, read: &read })
}

/// The same for good quotas.
pub(crate) fn spec(provider: &str, quotas: Option<&str>) -> ClusterSpec {
    match try_spec(provider, quotas) {
        Ok(checked) => checked.spec,
        Err(problems) => panic!("{}", lines(&problems)),
    }
}

pub(crate) fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// All services in one namespace.
pub(crate) const ONE_NAMESPACE: &str = "  namespace: ai-models\n  services:\n    stt: {cpu: 64, memory: 256Gi, gpus: 4}\n    mt: {cpu: 1500m, memory: 512Mi}\n";
/// A namespace for each.
pub(crate) const NAMESPACES: &str =
    "  services:\n    stt: {cpu: 64, memory: 256Gi, gpus: 4}\n    mt: {cpu: 500m, memory: 512Mi}\n";
