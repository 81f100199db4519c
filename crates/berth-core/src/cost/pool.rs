//! What a node pool costs.

use std::iter;

use super::amount::{Amount, Cases, Span};
use super::item::{Bought, Item};
use super::quote::{Asked, Line, Quote};
use super::split::Split;
use crate::catalog::{self, MachineGpus, MachineLookup};
use crate::spec::{Capacity, NodeRange, PoolSpec, Provider};

/// What a pool costs, line by line.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolEstimate {
    /// The pool's name.
    pub name: String,
    /// The machine type it was priced as.
    pub machine_type: String,
    /// How its machines are bought.
    pub capacity: Capacity,
    /// Its nodes.
    pub nodes: Cases<u64>,
    /// Shares of GPUs of one node; 0 without GPUs.
    pub shares_per_node: u64,
    /// Machines, attached GPUs, and last the disks.
    pub lines: Vec<Line>,
    /// One node, bought either way.
    pub rates: Rates,
    /// What of it is whose, if the spec has quotas and the pool has GPUs.
    pub split: Option<Split>,
}

/// What one node costs with its GPUs and its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// As the pool buys it; spot, where spot is tried first.
    pub node: Amount,
    /// Bought on demand.
    pub on_demand: Amount,
    /// Bought as spot.
    pub spot: Amount,
    /// One of its GPUs, as the pool buys it.
    pub gpu: Option<Amount>,
    /// One share of a GPU, as the pool buys it.
    pub share: Option<Amount>,
}

impl Rates {
    /// By how much spot is cheaper, in tenths of a percent, and below 0 if it is dearer; `None` if either price is unknown.
    pub fn savings_per_mille(&self) -> Option<i64> {
        if self.on_demand.is_at_least() || self.spot.is_at_least() {
            return None;
        }
        let (on_demand, spot) = (self.on_demand.micro_usd(Span::Month), self.spot.micro_usd(Span::Month));
        let difference = on_demand.abs_diff(spot).checked_mul(1000)?;
        let tenths = i64::try_from((difference + on_demand / 2).checked_div(on_demand)?).ok()?;
        Some(if spot > on_demand { -tenths } else { tenths })
    }
}

impl PoolEstimate {
    /// What the pool comes to.
    pub fn total(&self) -> Cases<Amount> {
        self.lines.iter().map(Line::amount).sum()
    }

    /// What it would come to on demand.
    pub fn on_demand(&self) -> Cases<Amount> {
        self.nodes.map(|nodes| self.rates.on_demand * nodes)
    }

    /// What it would come to as spot.
    pub fn spot(&self) -> Cases<Amount> {
        self.nodes.map(|nodes| self.rates.spot * nodes)
    }

    /// Shares of GPUs it offers.
    pub fn shares(&self) -> Cases<u64> {
        self.nodes.map(|nodes| nodes * self.shares_per_node)
    }
}

/// Prices a pool where it stands.
pub(super) fn pool<'a>(pool: &'a PoolSpec, asked: Asked<'a>) -> PoolEstimate {
    let asked = asked.in_zones(&pool.zones);
    let nodes = counts(pool.nodes);
    let bought = [(Bought::Spot, spot_nodes(pool, nodes)), (Bought::OnDemand, on_demand_nodes(pool, nodes))];
    let bought = bought.into_iter().filter(|(_, nodes)| nodes.is_some());
    let mut lines: Vec<Line> =
        bought.flat_map(|(bought, nodes)| machines(pool, asked, bought, nodes.unwrap_or_default())).collect();
    lines.push(disk(pool, asked, nodes));
    PoolEstimate {
        name: pool.name.clone(),
        machine_type: pool.machine_type.clone(),
        capacity: pool.capacity,
        nodes,
        shares_per_node: pool.shares_per_node().into(),
        lines,
        rates: rates(pool, asked),
        split: None,
    }
}

/// The nodes of each case. Nobody knows the load beforehand, so halfway is what is expected.
pub(super) fn counts(nodes: NodeRange) -> Cases<u64> {
    let (min, max) = (u64::from(nodes.min), u64::from(nodes.max));
    Cases { min, expected: (min + max).div_ceil(2), max }
}

/// Where spot is tried first, the worst case is that there is none.
fn spot_nodes(pool: &PoolSpec, nodes: Cases<u64>) -> Option<Cases<u64>> {
    match pool.capacity {
        Capacity::OnDemand => None,
        Capacity::Spot => Some(nodes),
        Capacity::SpotThenOnDemand => Some(Cases { max: 0, ..nodes }),
    }
}

fn on_demand_nodes(pool: &PoolSpec, nodes: Cases<u64>) -> Option<Cases<u64>> {
    match pool.capacity {
        Capacity::OnDemand => Some(nodes),
        Capacity::Spot => None,
        Capacity::SpotThenOnDemand => Some(Cases { max: nodes.max, ..Cases::default() }),
    }
}

/// The machines of some nodes, and the GPUs that are attached to them.
fn machines(pool: &PoolSpec, asked: Asked<'_>, bought: Bought, nodes: Cases<u64>) -> Vec<Line> {
    let machine = Line {
        what: format!("{}, {}", pool.machine_type, bought.word()),
        quantity: nodes,
        quote: asked.quote(&Item::machine(&pool.machine_type, bought)),
    };
    let gpu = pool.gpu.as_ref().map(|gpu| (gpu.model.as_str(), gpu.count));
    let gpus =
        gpu.and_then(|(model, count)| attached(asked.market.provider, &pool.machine_type, model).zip(Some(count)));
    let gpus = gpus.map(|(name, count)| Line {
        what: format!("{name} attached, {}", bought.word()),
        quantity: nodes.map(|nodes| nodes * u64::from(count)),
        quote: asked.quote(&Item::Gpu { name: name.to_owned(), bought }),
    });
    iter::once(machine).chain(gpus).collect()
}

/// Whether GPUs on a machine are paid for beside it: the price of a type that comes with them is of both, also where the cloud tells of them.
pub fn pays_for_gpus(provider: Provider, machine_type: &str) -> bool {
    // Only Google attaches them, and looking a machine up costs time if its name is not known.
    provider == Provider::Gke
        && matches!(catalog::machine(provider, machine_type), MachineLookup::Known(machine) if machine.gpus == MachineGpus::Attachable)
}

/// Google's name for GPUs of a model, if the price of the machine does not have them in it.
pub(super) fn attached(provider: Provider, machine_type: &str, model: &str) -> Option<&'static str> {
    if pays_for_gpus(provider, machine_type) { catalog::gpu(model)?.gke_type } else { None }
}

fn disk(pool: &PoolSpec, asked: Asked<'_>, nodes: Cases<u64>) -> Line {
    let item = Item::Disk(pool.disk.kind.clone());
    Line {
        what: format!("{} disks, GB", item.words(asked.market.provider)),
        quantity: nodes.map(|nodes| nodes * u64::from(pool.disk.size_gb)),
        quote: asked.quote(&item),
    }
}

fn rates(pool: &PoolSpec, asked: Asked<'_>) -> Rates {
    let one = Cases::always(1);
    let disk = disk(pool, asked, one);
    let node = |bought| {
        let lines = machines(pool, asked, bought, one);
        lines.iter().chain([&disk]).map(|line| line.amount().min).sum::<Amount>()
    };
    let (on_demand, spot) = (node(Bought::OnDemand), node(Bought::Spot));
    let node = if pool.capacity == Capacity::OnDemand { on_demand } else { spot };
    let part = |count: u32| (count > 0).then(|| node.part(1, count.into()));
    let gpus = pool.gpu.as_ref().map_or(0, |gpu| gpu.count);
    Rates { node, on_demand, spot, gpu: part(gpus), share: part(pool.shares_per_node()) }
}

/// Whether a price of either kind is missing for one node.
pub(super) fn lacking<'a>(pool: &'a PoolSpec, asked: Asked<'a>, bought: Bought) -> Option<String> {
    let lines = machines(pool, asked.in_zones(&pool.zones), bought, Cases::always(1));
    lines.into_iter().find_map(|line| match line.quote {
        Quote::Unknown { supply } => Some(supply),
        Quote::Known(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Amount, Rates};

    #[test]
    fn spot_that_is_dearer_saves_less_than_nothing() {
        let saves = |on_demand: Amount, spot: Amount| {
            Rates { node: spot, on_demand, spot, gpu: None, share: None }.savings_per_mille()
        };
        let usd = Amount::by_the_hour;
        // 1 - 17114 / 10000 = -0.7114, and 1 - 403 / 1000 = 0.597.
        assert_eq!(saves(usd(10_000), usd(17_114)), Some(-711));
        assert_eq!(saves(usd(1000), usd(403)), Some(597));
        assert_eq!(saves(usd(1000), usd(1000)), Some(0));
        assert_eq!(saves(usd(1000), Amount::UNKNOWN), None);
        assert_eq!(saves(Amount::NOTHING, usd(1000)), None, "there is nothing to save of");
    }
}
