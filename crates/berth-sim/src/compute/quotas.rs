//! Quotas: limits, what is used, and how much room a node pool has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::catalog::{self, GPUS, Gpu};
use crate::world::{Pool, World, integer};

/// The project-wide metric over all accelerators.
pub(crate) const ALL_REGIONS: &str = "GPUS_ALL_REGIONS";

/// A quota that cannot hold what is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shortage {
    metric: String,
    limit: f64,
    /// The region; nothing for a project-wide metric.
    region: Option<String>,
}

impl Shortage {
    /// The text an instance group reports.
    pub(crate) fn message(&self, pool: &str) -> String {
        let place = self.region.as_ref().map_or_else(|| "globally".to_owned(), |region| format!("in region {region}"));
        format!(
            "[GCE_QUOTA_EXCEEDED] Instance creation for node pool '{pool}' failed: Quota '{}' exceeded.  Limit: {:.1} {place}.",
            self.metric, self.limit
        )
    }
}

/// The default limit of a metric; generous, because most tries are not about quotas.
fn default_limit(metric: &str) -> f64 {
    match metric {
        "CPUS" | "N2_CPUS" | "A2_CPUS" | "PREEMPTIBLE_CPUS" => 5000.0,
        "SSD_TOTAL_GB" | "DISKS_TOTAL_GB" => 500_000.0,
        "IN_USE_ADDRESSES" | "INSTANCES" => 5000.0,
        ALL_REGIONS => 512.0,
        _ => 128.0,
    }
}

/// The quota metric of an accelerator; nothing where Compute Engine has none.
fn metric(gpu: &str, spot: bool) -> Option<String> {
    let gpu = Gpu::named(gpu).filter(|gpu| !gpu.metric.is_empty())?;
    Some(if spot { format!("PREEMPTIBLE_{}", gpu.metric) } else { gpu.metric.to_owned() })
}

impl World {
    /// Sets a limit; an empty region stands for all regions or the project.
    ///
    /// A metric that is a quota code of AWS, as `L-417A185B`, is one of the other cloud.
    pub(crate) fn set_quota(&mut self, metric: &str, region: Option<&str>, limit: f64) {
        if metric.starts_with("L-") {
            let key = region.map_or_else(|| metric.to_owned(), |region| format!("{region}/{metric}"));
            self.aws.quotas.insert(key, limit);
            return;
        }
        self.quotas.insert(format!("{}/{metric}", region.unwrap_or_default()), limit);
    }

    fn limit(&self, region: &str, metric: &str) -> f64 {
        [format!("{region}/{metric}"), format!("/{metric}")]
            .iter()
            .find_map(|key| self.quotas.get(key).copied())
            .unwrap_or_else(|| default_limit(metric))
    }

    /// How many of `wanted` nodes of a pool the GPU quotas allow, and the quota that is short.
    pub(crate) fn room(&self, pool: &Pool, wanted: u32) -> (u32, Option<Shortage>) {
        let Some((gpu, per_node)) = pool.gpus().filter(|(_, count)| *count > 0) else { return (wanted, None) };
        let region = pool.zones.first().and_then(|zone| catalog::region_of(zone)).unwrap_or_default();
        let used = self.usage(region);
        let mut checks = Vec::new();
        if let Some(own) = metric(gpu, pool.is_spot()) {
            // Spot takes the preemptible quota where one is granted, else the ordinary one.
            let own = if self.limit(region, &own) > 0.0 { own } else { metric(gpu, false).unwrap_or(own) };
            checks.push((own, Some(region.to_owned())));
        }
        checks.push((ALL_REGIONS.to_owned(), None));
        let mut best = (wanted, None);
        for (metric, place) in checks {
            let limit = self.limit(place.as_deref().unwrap_or_default(), &metric);
            let usage = match place {
                Some(_) => used.get(&metric).copied().unwrap_or(0.0),
                None => self.gpus_everywhere(),
            };
            let free = ((limit - usage).max(0.0) / per_node as f64).floor();
            if free < f64::from(best.0) {
                best = (free as u32, Some(Shortage { metric, limit, region: place }));
            }
        }
        best
    }

    fn gpus_everywhere(&self) -> f64 {
        let pools = self.clusters.values().flat_map(|cluster| &cluster.pools);
        pools.map(|pool| pool.gpus().map_or(0.0, |(_, count)| count as f64) * pool.nodes.len() as f64).sum()
    }

    /// What is used in a region, by metric.
    fn usage(&self, region: &str) -> BTreeMap<String, f64> {
        let mut used: BTreeMap<String, f64> = BTreeMap::new();
        let pools = self.clusters.values().flat_map(|cluster| &cluster.pools);
        for pool in pools {
            let nodes = pool.nodes.iter().filter(|node| catalog::region_of(&node.zone) == Some(region)).count() as f64;
            if nodes == 0.0 {
                continue;
            }
            let mut add = |metric: &str, amount: f64| *used.entry(metric.to_owned()).or_insert(0.0) += amount * nodes;
            add("INSTANCES", 1.0);
            add("IN_USE_ADDRESSES", 1.0);
            let disk = integer(Some(pool.config("diskSizeGb"))).unwrap_or(100) as f64;
            let ssd = pool.config("diskType") != "pd-standard";
            add(if ssd { "SSD_TOTAL_GB" } else { "DISKS_TOTAL_GB" }, disk);
            let machine = catalog::machine(pool.machine_type());
            let cpus = machine.as_ref().map_or(2.0, |machine| f64::from(machine.cpus));
            let family = machine.as_ref().map_or(String::new(), |machine| machine.family().to_ascii_uppercase());
            match family.as_str() {
                "N2" | "A2" => add(&format!("{family}_CPUS"), cpus),
                _ if pool.is_spot() => add("PREEMPTIBLE_CPUS", cpus),
                _ => add("CPUS", cpus),
            }
            if let Some((gpu, count)) = pool.gpus()
                && let Some(mut own) = metric(gpu, pool.is_spot())
            {
                if pool.is_spot() && self.limit(region, &own) <= 0.0 {
                    own = metric(gpu, false).unwrap_or(own);
                }
                add(&own, count as f64);
            }
        }
        used
    }

    /// The `quotas` of a region.
    pub(crate) fn region_quotas(&self, region: &str) -> Value {
        let used = self.usage(region);
        let plain = [
            "CPUS",
            "N2_CPUS",
            "A2_CPUS",
            "PREEMPTIBLE_CPUS",
            "SSD_TOTAL_GB",
            "DISKS_TOTAL_GB",
            "IN_USE_ADDRESSES",
            "INSTANCES",
        ];
        let gpus = GPUS.iter().filter(|gpu| !gpu.metric.is_empty()).map(|gpu| gpu.metric);
        let mut metrics: Vec<String> = plain.into_iter().map(str::to_owned).collect();
        for gpu in gpus {
            metrics.extend([gpu.to_owned(), format!("PREEMPTIBLE_{gpu}"), format!("COMMITTED_{gpu}")]);
        }
        metrics.push("PREEMPTIBLE_NVIDIA_H100_GPUS".to_owned());
        let rows = metrics.iter().map(|metric| {
            json!({"metric": metric, "limit": self.limit(region, metric), "usage": used.get(metric).copied().unwrap_or(0.0)})
        });
        rows.collect()
    }

    /// The `quotas` of the project.
    pub(crate) fn project_quotas(&self) -> Value {
        json!([
            {"metric": "NETWORKS", "limit": 30.0, "usage": 1.0},
            {"metric": "CPUS_ALL_REGIONS", "limit": 20_000.0, "usage": 0.0},
            {"metric": ALL_REGIONS, "limit": self.limit("", ALL_REGIONS), "usage": self.gpus_everywhere()},
        ])
    }
}
