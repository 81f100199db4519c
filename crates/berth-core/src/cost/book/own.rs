//! What was agreed with a cloud: prices of one's own and discounts.

use std::sync::Arc;

use super::price::{Price, Source, Unit};
use crate::catalog;
use crate::cost::item::{Bought, Item};
use crate::spec::Provider;

/// A file of own prices, checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnPrices {
    /// The file, as the caller named it.
    pub file: String,
    /// Prices that hold instead of all others; the first that fits is taken.
    pub prices: Vec<OwnPrice>,
    /// What is taken off all other prices; the first that fits is taken.
    pub discounts: Vec<Discount>,
}

/// A price that was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPrice {
    /// Whose price.
    pub provider: Provider,
    /// The only region it holds in; `None` for everywhere.
    pub region: Option<String>,
    /// Of what.
    pub item: Item,
    /// For one of these.
    pub unit: Unit,
    /// In micro-USD.
    pub micro_usd: u64,
}

/// A part taken off the prices of some things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Whose prices.
    pub provider: Provider,
    /// The only region; `None` for everywhere.
    pub region: Option<String>,
    /// The only kind of thing; `None` for all kinds.
    pub kind: Option<Kind>,
    /// The only family of machines, for example `a2` or `g5`; `None` for all.
    pub family: Option<String>,
    /// The only way of buying; `None` for both.
    pub bought: Option<Bought>,
    /// Hundredths of a percent, at most 10000.
    pub basis_points: u32,
}

/// What kind of thing a price is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Machines, with what is built in.
    Machine,
    /// GPUs attached to machines.
    Gpu,
    /// Disks.
    Disk,
    /// Control planes.
    ControlPlane,
    /// NAT gateways, addresses and load balancers.
    Network,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Machine, Self::Gpu, Self::Disk, Self::ControlPlane, Self::Network];

    /// The kind of a thing.
    pub fn of(item: &Item) -> Self {
        match item {
            Item::Machine { .. } => Self::Machine,
            Item::Gpu { .. } => Self::Gpu,
            Item::Disk(_) => Self::Disk,
            Item::ControlPlane | Item::ControlPlaneExtended | Item::ExtendedChannel => Self::ControlPlane,
            Item::NatGateway | Item::NatTraffic | Item::NatMachine | Item::Address | Item::LoadBalancer => {
                Self::Network
            }
        }
    }
}

impl Discount {
    /// Whether it is given on a thing in a region.
    pub(super) fn fits(&self, provider: Provider, item: &Item, region: &str) -> bool {
        let (family, bought) = match item {
            Item::Machine { name, bought } => (Some(catalog::family(provider, name)), Some(*bought)),
            Item::Gpu { bought, .. } => (None, Some(*bought)),
            _ => (None, None),
        };
        self.takes(provider, Some(region), Some(Kind::of(item)), family, bought)
    }

    /// Whether it is given on everything that a part of another one is given on.
    pub(crate) fn covers(&self, part: &Self) -> bool {
        self.takes(part.provider, part.region.as_deref(), part.kind, part.family.as_deref(), part.bought)
    }

    fn takes(
        &self,
        provider: Provider,
        region: Option<&str>,
        kind: Option<Kind>,
        family: Option<&str>,
        bought: Option<Bought>,
    ) -> bool {
        self.provider == provider
            && (self.region.is_none() || self.region.as_deref() == region)
            && (self.kind.is_none() || self.kind == kind)
            && (self.family.is_none() || self.family.as_deref() == family)
            && (self.bought.is_none() || self.bought == bought)
    }

    /// It in parts of one kind of thing, bought in one way, as far as there are such things; none if it fits nothing.
    pub(crate) fn parts(&self) -> Vec<Self> {
        let ways = |kind: Kind| match kind {
            Kind::Machine | Kind::Gpu => vec![Some(Bought::OnDemand), Some(Bought::Spot)],
            Kind::Disk | Kind::ControlPlane | Kind::Network => vec![None],
        };
        let part = |kind: Kind, bought| Self { kind: Some(kind), bought, ..self.clone() };
        let is_sold = |kind: Kind| match kind {
            Kind::Machine => true,
            Kind::Gpu => self.family.is_none() && self.provider == Provider::Gke,
            Kind::Disk | Kind::ControlPlane | Kind::Network => self.family.is_none(),
        };
        let kinds = Kind::ALL.into_iter().filter(|kind| is_sold(*kind));
        let parts = kinds.flat_map(|kind| ways(kind).into_iter().map(move |bought| (kind, bought)));
        parts.map(|(kind, bought)| part(kind, bought)).filter(|part| self.covers(part)).collect()
    }

    /// A price with it taken off, rounded to the nearest micro-USD.
    pub(super) fn off(&self, mut price: Price, file: &str) -> Price {
        let left = u128::from(10_000_u32.saturating_sub(self.basis_points));
        let micro_usd = (u128::from(price.micro_usd) * left + 5_000) / 10_000;
        price.micro_usd = u64::try_from(micro_usd).unwrap_or(price.micro_usd);
        let (whole, rest) = (self.basis_points / 100, self.basis_points % 100);
        let percent = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") };
        let name = format!("{}, less {percent} % by {file}", price.source.name);
        price.source = Arc::new(Source { name, ..Source::clone(&price.source) });
        price
    }
}
