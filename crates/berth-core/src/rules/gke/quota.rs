//! How much of which Compute Engine quota a file needs, beyond what its cluster uses already.

use std::collections::BTreeMap;

use crate::actions::gke::{GkeAutoscaling, GkePool};
use crate::catalog::{self, MachineLookup};
use crate::rules::preflight::QuotaFact;
use crate::spec::Provider;

/// Quota of the whole project on GPUs of all models.
pub const ALL_GPUS: &str = "GPUS_ALL_REGIONS";

/// How much of one quota is needed beyond what is used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Metric by Compute Engine's name.
    pub metric: String,
    /// `None` for a quota of the whole project.
    pub region: Option<String>,
    /// When every pool that is to be made starts.
    pub start: u64,
    /// When every pool is at its most nodes.
    pub most: u64,
    /// Pools that need it.
    pub pools: Vec<String>,
    /// Too little at the start makes the create fail; otherwise it is only likely to, because which machine counts against
    /// which metric is not known for certain.
    pub blocks: bool,
}

/// A pool that is to be there, with what there is of it.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Wanted.
    pub want: &'a GkePool,
    /// There.
    pub have: Option<&'a GkePool>,
}

impl Demand<'_> {
    /// Nodes needed at the start and at most, beyond `running`.
    fn nodes(&self, running: u64) -> (u64, u64) {
        let zones = self.want.zones.len() as u64;
        let start = match (self.have, &self.want.autoscaling) {
            // A pool that is there is not started again; only a higher minimum may add nodes.
            (Some(_), Some(autoscaling)) => fewest(autoscaling, zones),
            _ => u64::from(self.want.initial_nodes_per_zone) * zones,
        };
        let most = u64::from(super::pool::most_nodes(self.want));
        (start.saturating_sub(running), most.saturating_sub(running))
    }

    /// Nodes that surely run now and use the same quota, because they are of the same kind by `same`.
    fn running(&self, same: impl Fn(&GkePool) -> bool) -> u64 {
        let Some(have) = self.have.filter(|have| same(have)) else { return 0 };
        let zones = have.zones.len() as u64;
        have.autoscaling
            .as_ref()
            .map_or_else(|| u64::from(have.initial_nodes_per_zone) * zones, |autoscaling| fewest(autoscaling, zones))
    }
}

fn fewest(autoscaling: &GkeAutoscaling, zones: u64) -> u64 {
    u64::from(autoscaling.nodes.min) * if autoscaling.per_zone { zones } else { 1 }
}

/// GPU quota that is needed, and GPU types for which Compute Engine has no metric, with the pools that want them.
pub fn gpu_needs(
    demands: &[Demand<'_>],
    quotas: &[QuotaFact],
    region: &str,
) -> (Vec<Need>, BTreeMap<String, Vec<String>>) {
    let mut needs = Needs::default();
    let mut unmeasured: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for demand in demands {
        let Some(gpu) = &demand.want.accelerator else { continue };
        let running = demand.running(|have| {
            have.spot == demand.want.spot
                && have.accelerator.as_ref().is_some_and(|old| old.kind == gpu.kind && old.count == gpu.count)
        });
        let (start, most) = demand.nodes(running);
        let gpus = (start * u64::from(gpu.count), most * u64::from(gpu.count));
        let pool = &demand.want.name;
        match gpu_metric(&gpu.kind, demand.want.spot, quotas, region) {
            Some(metric) => needs.add(metric, Some(region), gpus, pool, true),
            None => unmeasured.entry(gpu.kind.clone()).or_default().push(pool.clone()),
        }
        needs.add(ALL_GPUS.to_owned(), None, gpus, pool, true);
    }
    (needs.0, unmeasured)
}

/// Processor and disk quota that is needed; which metric counts a machine is general knowledge, so these only warn.
pub fn other_needs(demands: &[Demand<'_>], region: &str) -> Vec<Need> {
    let mut needs = Needs::default();
    for demand in demands {
        let want = demand.want;
        let running = demand.running(|have| have.machine_type == want.machine_type && have.spot == want.spot);
        let (start, most) = demand.nodes(running);
        if let MachineLookup::Known(machine) = catalog::machine(Provider::Gke, &want.machine_type) {
            let vcpus = u64::from(machine.vcpus);
            needs.add(cpu_metric(&machine.family), Some(region), (start * vcpus, most * vcpus), &want.name, false);
        }
        let gigabytes = u64::from(want.disk.size_gb);
        let metric = if want.disk.kind == "pd-standard" { "DISKS_TOTAL_GB" } else { "SSD_TOTAL_GB" };
        needs.add(metric.to_owned(), Some(region), (start * gigabytes, most * gigabytes), &want.name, false);
    }
    needs.0
}

/// The regional metric that counts these GPUs: the preemptible one for spot if any of it is granted, else the plain one.
fn gpu_metric(kind: &str, spot: bool, quotas: &[QuotaFact], region: &str) -> Option<String> {
    let plain = match kind {
        "nvidia-tesla-t4" => "NVIDIA_T4_GPUS",
        "nvidia-tesla-v100" => "NVIDIA_V100_GPUS",
        "nvidia-tesla-p100" => "NVIDIA_P100_GPUS",
        "nvidia-tesla-p4" => "NVIDIA_P4_GPUS",
        "nvidia-tesla-a100" => "NVIDIA_A100_GPUS",
        "nvidia-a100-80gb" => "NVIDIA_A100_80GB_GPUS",
        "nvidia-l4" => "NVIDIA_L4_GPUS",
        // Compute Engine has a preemptible metric for H100 but no plain one, and neither for H200 and H100 mega.
        "nvidia-h100-80gb" if spot => return Some("PREEMPTIBLE_NVIDIA_H100_GPUS".to_owned()),
        _ => return None,
    };
    let preemptible = format!("PREEMPTIBLE_{plain}");
    let granted = quota(quotas, &preemptible, Some(region)).is_some_and(|quota| quota.limit > 0.0);
    Some(if spot && granted { preemptible } else { plain.to_owned() })
}

fn cpu_metric(family: &str) -> String {
    match family {
        "n2" | "n2d" | "c2" | "c2d" | "c3" | "a2" => format!("{}_CPUS", family.to_uppercase()),
        _ => "CPUS".to_owned(),
    }
}

/// The quota of this metric.
pub fn quota<'a>(quotas: &'a [QuotaFact], metric: &str, region: Option<&str>) -> Option<&'a QuotaFact> {
    quotas.iter().find(|quota| quota.metric == metric && quota.region.as_deref() == region)
}

#[derive(Default)]
struct Needs(Vec<Need>);

impl Needs {
    fn add(&mut self, metric: String, region: Option<&str>, (start, most): (u64, u64), pool: &str, blocks: bool) {
        let known = self.0.iter().position(|need| need.metric == metric && need.region.as_deref() == region);
        let at = known.unwrap_or_else(|| {
            let region = region.map(str::to_owned);
            self.0.push(Need { metric, region, start: 0, most: 0, pools: Vec::new(), blocks });
            self.0.len() - 1
        });
        let need = &mut self.0[at];
        need.start += start;
        need.most += most;
        need.pools.push(pool.to_owned());
    }
}
