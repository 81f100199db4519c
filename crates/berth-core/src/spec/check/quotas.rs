//! Service quotas: what each service may take, and whether the pools can ever give it.

use std::collections::BTreeMap;

use super::names::is_dns_label;
use super::report::Report;
use super::source::Source;
use crate::catalog::{self, MachineLookup};
use crate::spec::file::quotas::ServiceQuotasFile;
use crate::spec::problem::{Finding, Path, Problem};
use crate::spec::structure::{self, printable};
use crate::spec::tree::Document;
use crate::spec::{ClusterSpec, Fence, PoolSpec, ServiceQuota, ServiceQuotas};

/// Checks a ServiceQuotas file by itself.
///
/// # Errors
///
/// Everything that is wrong with it, at once.
pub fn check_quotas(file: &str, text: &str) -> Result<ServiceQuotas, Vec<Problem>> {
    let document = Document::parse(file, text)?;
    let structure = structure::check(&document, "ServiceQuotas");
    let mut report = Report::default();
    for finding in structure.findings {
        report.problem(finding);
    }
    let mut quotas = ServiceQuotas { fence: Fence::Namespaces, services: BTreeMap::new() };
    if structure.broken.is_empty() {
        match serde_json::from_value::<ServiceQuotasFile>(structure.json) {
            Ok(file) => {
                quotas.fence = fence(&file, &mut report);
                quotas.services = services(file, &mut report);
            }
            Err(error) => report.problem(Finding::at(Path::default(), error.to_string())),
        }
    }
    report.settle(&document)?;
    Ok(quotas)
}

/// The quotas a cluster file names; more than its pools can ever offer is a warning.
pub(super) fn of_cluster(
    source: &Source<'_>,
    named: Option<&str>,
    spec: &ClusterSpec,
    report: &mut Report,
) -> Option<ServiceQuotas> {
    let named = named?;
    let path = Path::of(&["spec", "quotas"]);
    let file = source.beside(named);
    let text = match (source.read)(&file) {
        Ok(text) => text,
        Err(why) => {
            report.problem(Finding::at(path, format!("cannot read {file}: {why}")));
            return None;
        }
    };
    match check_quotas(&file, &text) {
        Ok(quotas) => {
            against_pools(&quotas, spec, &path, report);
            Some(quotas)
        }
        Err(problems) => {
            report.elsewhere(problems);
            None
        }
    }
}

/// The namespace the file names for all services, or one for each.
fn fence(file: &ServiceQuotasFile, report: &mut Report) -> Fence {
    let path = Path::of(&["spec", "namespace"]);
    let Some(namespace) = &file.spec.namespace else {
        for name in file.spec.services.keys().filter(|name| is_taken_namespace(name)) {
            let message = format!("a service has a namespace of its name, and `{name}` is the cluster's own");
            report.problem(Finding::at_key(Path::of(&["spec", "services"]).key(name), message));
        }
        return Fence::Namespaces;
    };
    if !is_dns_label(namespace) {
        let message = format!(
            "`{}` is no name of a namespace: lowercase letters, digits and `-`, at most 63, with a letter or digit at both ends",
            printable(namespace)
        );
        report.problem(Finding::at(path, message));
    } else if is_taken_namespace(namespace) {
        report.problem(Finding::at(path, format!("the namespace `{namespace}` is the cluster's own")));
    } else if namespace.starts_with("system-") {
        // The services' priority classes begin with it, and Kubernetes keeps that prefix for its own.
        report.problem(Finding::at(path, format!("`{namespace}` begins with `system-`, which no priority class may")));
    }
    Fence::PriorityClasses { namespace: namespace.clone() }
}

/// Namespaces that are there in every cluster, whose other pods a quota would hold too.
fn is_taken_namespace(name: &str) -> bool {
    name == "default" || name.starts_with("kube-") || name.starts_with("gke-") || name.starts_with("gmp-")
}

fn services(file: ServiceQuotasFile, report: &mut Report) -> BTreeMap<String, ServiceQuota> {
    let path = Path::of(&["spec", "services"]);
    let mut quotas = BTreeMap::new();
    for (name, quota) in file.spec.services {
        if !is_dns_label(&name) {
            let message = format!(
                "`{}` is no service name: lowercase letters, digits and `-`, at most 63, with a letter or digit at both ends",
                printable(&name)
            );
            report.problem(Finding::at_key(path.key(&name), message));
        }
        let cpu_millis = cpu_millis(&quota.cpu);
        let memory_bytes = bytes(&quota.memory);
        if cpu_millis.is_none() {
            let message = format!("`{}` is too much or too fine: whole thousandths of a core", printable(&quota.cpu));
            report.problem(Finding::at(path.key(&name).key("cpu"), message));
        }
        if memory_bytes.is_none() {
            let message = format!("`{}` is too much", printable(&quota.memory));
            report.problem(Finding::at(path.key(&name).key("memory"), message));
        }
        quotas.insert(
            name,
            ServiceQuota {
                cpu_millis: cpu_millis.unwrap_or_default(),
                memory: quota.memory,
                memory_bytes: memory_bytes.unwrap_or_default(),
                gpus: quota.gpus.unwrap_or(0),
            },
        );
    }
    quotas
}

/// Quotas that add up to more than all pools at their most nodes can offer will never be reached.
fn against_pools(quotas: &ServiceQuotas, spec: &ClusterSpec, path: &Path, report: &mut Report) {
    let gpus = quotas.gpus();
    let offered: u64 = spec.pools.iter().map(PoolSpec::most_shares).sum();
    if gpus > offered {
        let parts: Vec<String> = spec.pools.iter().filter_map(shares_words).collect();
        let sum = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let message =
            format!("the services may take {gpus} GPU shares together, the pools offer at most {offered}{sum}");
        report.warning(Finding::at(path.clone(), message));
    }
    let Some((cores, bytes)) = largest_size(spec) else { return };
    for (name, quota) in &quotas.services {
        if quota.cpu_millis > cores * 1000 {
            let message =
                format!("`{name}` may take {} cores, all pools together have at most {cores}", quota.cpu_millis / 1000);
            report.warning(Finding::at(path.clone(), message));
        }
        if quota.memory_bytes > bytes {
            let has = bytes >> 30;
            let message =
                format!("`{name}` may take {} of memory, all pools together have at most {has}Gi", quota.memory);
            report.warning(Finding::at(path.clone(), message));
        }
    }
}

/// How a pool's most shares come about; `None` without GPUs.
fn shares_words(pool: &PoolSpec) -> Option<String> {
    let gpu = pool.gpu.as_ref()?;
    let (nodes, count, shares) = (pool.nodes.max, gpu.count, gpu.sharing.shares());
    Some(format!("{}: {nodes} nodes x {count} GPUs x {shares} shares = {}", pool.name, pool.most_shares()))
}

/// Cores and bytes of memory of all pools at their most nodes; `None` if the catalog does not hold every machine.
///
/// A single service is held against it, not their sum: CPU and memory are limits here, and limits may add up to more.
fn largest_size(spec: &ClusterSpec) -> Option<(u64, u64)> {
    let provider = spec.cloud.provider();
    let mut sum = (0, 0);
    for pool in &spec.pools {
        let MachineLookup::Known(machine) = catalog::machine(provider, &pool.machine_type) else { return None };
        let nodes = u64::from(pool.nodes.max);
        sum.0 += nodes * u64::from(machine.vcpus);
        sum.1 += nodes * (u64::from(machine.memory_mib) << 20);
    }
    Some(sum)
}

/// Thousandths of a core in `64`, `1.5`, `500m`; the schema holds the form.
fn cpu_millis(text: &str) -> Option<u64> {
    if let Some(millis) = text.strip_suffix('m') {
        return millis.parse().ok();
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part)
}

/// Bytes in `256Gi`, `512Mi`, `1.5G`; the schema holds the form.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part = u128::from(part.parse::<u64>().ok()?) * u128::from(unit) / u128::from(scale);
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{bytes, cpu_millis};

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        assert_eq!(cpu_millis("64"), Some(64_000));
        assert_eq!(cpu_millis("1.5"), Some(1500));
        assert_eq!(cpu_millis("500m"), Some(500));
        assert_eq!(cpu_millis("0.0001"), None);
        assert_eq!(cpu_millis("99999999999999999999"), None);
        assert_eq!(bytes("1Ki"), Some(1024));
        assert_eq!(bytes("1.5Gi"), Some(1_610_612_736));
        assert_eq!(bytes("2G"), Some(2_000_000_000));
        assert_eq!(bytes("99999999999Ti"), None);
    }
}
