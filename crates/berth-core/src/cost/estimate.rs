//! The estimate of a spec: pools, what stands around them, services, total.

use std::collections::BTreeSet;
use std::ops::Add;

use jiff::civil::Date;

use super::amount::{Amount, Cases};
use super::bill::SUSTAINED_USE;
use super::book::{Market, PriceBook, Source, legend};
use super::cluster::{self, Around};
use super::item::Bought;
use super::pool::{self, PoolEstimate};
use super::quote::{Asked, Line, Quote};
use super::split::{self, Split};
use crate::spec::{Capacity, CloudSpec, ClusterSpec, Provider};

/// What a cluster will cost at its smallest, halfway, and at its largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Its pools, in the order of the file.
    pub pools: Vec<PoolEstimate>,
    /// What stands around the pools.
    pub lines: Vec<Line>,
    /// What each service can come to at most; empty without quotas.
    pub services: Vec<ServiceEstimate>,
    /// What has to be known to read it.
    pub notes: Vec<String>,
}

/// What a service can come to over all pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEstimate {
    /// Its name.
    pub name: String,
    /// Shares of GPUs its quota allows.
    pub shares: u64,
    /// Its part of all pools with GPUs.
    pub amount: Cases<Amount>,
}

impl Estimate {
    /// Everything together.
    pub fn total(&self) -> Cases<Amount> {
        self.pools.iter().map(PoolEstimate::total).chain(self.lines.iter().map(Line::amount)).sum()
    }

    /// What no service's quota reaches of the pools with GPUs.
    pub fn idle(&self) -> Cases<Amount> {
        self.splits().map(|split| split.idle).sum()
    }

    /// What is not divided among services: pools without GPUs, and what stands around the pools.
    pub fn undivided(&self) -> Cases<Amount> {
        let pools = self.pools.iter().filter(|pool| pool.split.is_none()).map(PoolEstimate::total);
        pools.chain(self.lines.iter().map(Line::amount)).sum()
    }

    /// All lines, each with the pool it belongs to.
    pub fn all_lines(&self) -> impl Iterator<Item = (Option<&str>, &Line)> {
        let of_pools =
            self.pools.iter().flat_map(|pool| pool.lines.iter().map(|line| (Some(pool.name.as_str()), line)));
        of_pools.chain(self.lines.iter().map(|line| (None, line)))
    }

    /// Why the total is not all there is: what has no price, each once.
    pub fn unknowns(&self) -> BTreeSet<&str> {
        self.all_lines().filter_map(|(_, line)| line.lacks()).collect()
    }

    /// The sources of the prices on its lines, each once, in the order of their names.
    pub fn sources(&self) -> Vec<&Source> {
        let mut sources: Vec<&Source> = Vec::new();
        for (_, line) in self.all_lines() {
            if let Quote::Known(price) = &line.quote
                && !sources.contains(&price.source.as_ref())
            {
                sources.push(&price.source);
            }
        }
        sources.sort_by(|one, other| one.name.cmp(&other.name));
        sources
    }

    fn splits(&self) -> impl Iterator<Item = &Split> {
        self.pools.iter().filter_map(|pool| pool.split.as_ref())
    }
}

/// Prices a spec by the book, as of that day; `None` for a cluster that stands already, whose machines berth does not buy.
pub fn estimate(spec: &ClusterSpec, book: &PriceBook, today: Date) -> Option<Estimate> {
    let market = Market { provider: spec.cloud.provider(), region: &spec.place.region, zones: &[] };
    let asked = Asked { book, market };
    let nodes = spec.pools.iter().map(|pool| pool::counts(pool.nodes));
    let nodes = nodes.fold(Cases::always(0), |sum, next| sum.with(next, Add::add));
    let Around { lines, notes } = match &spec.cloud {
        CloudSpec::Gke(gke) => cluster::gke(spec, gke, asked, nodes),
        CloudSpec::Eks(eks) => cluster::eks(spec, eks, asked, today),
        CloudSpec::Existing(_) => return None,
    };
    let mut pools: Vec<PoolEstimate> = spec.pools.iter().map(|pool| pool::pool(pool, asked)).collect();
    if let Some(quotas) = &spec.quotas {
        split::split(&mut pools, quotas);
    }
    let notes = notes.into_iter().chain(general(spec, asked)).collect();
    let mut estimate = Estimate { services: services(spec, &pools), pools, lines, notes };
    let legend =
        legend(estimate.sources().iter().map(|source| &*source.name).chain(estimate.notes.iter().map(String::as_str)));
    estimate.notes.extend(legend.map(str::to_owned));
    Some(estimate)
}

fn services(spec: &ClusterSpec, pools: &[PoolEstimate]) -> Vec<ServiceEstimate> {
    let quotas = spec.quotas.iter().flat_map(|quotas| &quotas.services);
    quotas
        .map(|(name, quota)| {
            let amount = split::of_service(pools.iter().map(|pool| &pool.split), name);
            ServiceEstimate { name: name.clone(), shares: quota.gpus.into(), amount }
        })
        .collect()
}

/// What holds of every estimate, and of the pools of this one.
fn general(spec: &ClusterSpec, asked: Asked<'_>) -> Vec<String> {
    let mut notes = vec![
        "min and max are the fewest and the most nodes of every pool; expected is halfway, rounded up, because the load is not known".to_owned(),
        "prices in USD without tax, and without discounts that no file of own prices has; a month is 730 hours".to_owned(),
        "not in it: traffic, and the load balancers, volumes, logs and metrics of what runs in the cluster".to_owned(),
    ];
    if spec.quotas.is_some() {
        notes.push("a service is counted with all the shares of GPUs its quota allows, taken evenly from all pools with GPUs that stand in each case; it costs more where only dear ones stand".to_owned());
    }
    let on_demand = spec.pools.iter().any(|pool| pool.capacity != Capacity::Spot);
    if on_demand && spec.cloud.provider() == Provider::Gke {
        notes.push(SUSTAINED_USE.to_owned());
    }
    for pool in &spec.pools {
        if pool.capacity == Capacity::SpotThenOnDemand {
            notes.push(format!(
                "pool {}: spot at min and expected, on-demand at max, for when there is no spot",
                pool.name
            ));
        }
        if !pool.other_machine_types.is_empty() {
            let others = pool.other_machine_types.join(", ");
            notes.push(format!("pool {}: priced as {}; it may get {others} instead", pool.name, pool.machine_type));
        }
        // The other way of buying is only shown beside, so its lack is no hole in the total.
        let other = if pool.capacity == Capacity::OnDemand { Bought::Spot } else { Bought::OnDemand };
        if let Some(supply) = pool::lacking(pool, asked, other).filter(|_| pool.capacity != Capacity::SpotThenOnDemand)
        {
            notes.push(format!("pool {}, beside what it buys: {supply}", pool.name));
        }
    }
    notes
}
