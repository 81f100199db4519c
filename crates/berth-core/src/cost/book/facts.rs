//! The facts: dated list prices that are in the program itself, for when no live price is at hand.
//!
//! Nothing in them is older or newer than its source says.

use std::sync::Arc;

use super::price::{Price, Source, Unit};
use super::sources::Origin;
use super::{aws, gcp};
use crate::cost::item::{Bought, Item};
use crate::spec::Provider;

/// Prices of one region, in one unit, from one source.
pub(super) struct Sheet {
    pub(super) region: &'static str,
    pub(super) unit: Unit,
    pub(super) source: &'static Origin,
    pub(super) rows: &'static [Row],
}

/// A thing, its ordinary price and its spot price in micro-USD.
pub(super) struct Row(pub(super) &'static str, pub(super) u64, pub(super) Option<u64>);

/// Every fact: whose price, of what, and the price.
pub(super) fn all() -> Vec<(Provider, Item, Price)> {
    let mut found = Vec::new();
    for provider in [Provider::Gke, Provider::Eks] {
        for sheet in sheets(provider) {
            let origin = sheet.source;
            let source = Arc::new(Source {
                name: origin.name.to_owned(),
                date: origin.date.to_owned(),
                basis: origin.basis,
                fetched: None,
            });
            let price = |micro_usd| Price {
                micro_usd,
                unit: sheet.unit,
                region: sheet.region.to_owned(),
                zone: None,
                source: Arc::clone(&source),
            };
            for row in sheet.rows {
                found.push((provider, item(row.0, sheet.unit, Bought::OnDemand), price(row.1)));
                if let Some(spot) = row.2 {
                    found.push((provider, item(row.0, sheet.unit, Bought::Spot), price(spot)));
                }
            }
        }
    }
    found
}

/// What a row is the price of.
fn item(name: &str, unit: Unit, bought: Bought) -> Item {
    match (name, unit) {
        ("GKE cluster management fee" | "EKS cluster, standard support", _) => Item::ControlPlane,
        ("EKS cluster, extended support", _) => Item::ControlPlaneExtended,
        ("NAT gateway", _) => Item::NatGateway,
        ("Elastic IP, unused", _) => Item::Address,
        (_, Unit::Gb) => Item::NatTraffic,
        (_, Unit::VmHour) => Item::NatMachine,
        (kind, Unit::GbMonth) => Item::Disk(kind.strip_prefix("EBS ").unwrap_or(kind).to_owned()),
        (name, Unit::GpuHour) => Item::Gpu { name: name.to_owned(), bought },
        (name, Unit::Hour) => Item::machine(name, bought),
    }
}

fn sheets(provider: Provider) -> &'static [Sheet] {
    match provider {
        Provider::Gke => gcp::SHEETS,
        Provider::Eks => aws::SHEETS,
        Provider::Existing => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Provider, all, item, sheets};
    use crate::cost::item::{Bought, Item};

    #[test]
    fn nothing_is_free_spot_is_no_dearer_and_no_thing_has_two_prices() {
        for provider in [Provider::Gke, Provider::Eks] {
            let mut seen = BTreeSet::new();
            for sheet in sheets(provider) {
                assert!(!sheet.source.date.is_empty() && !sheet.source.name.is_empty());
                for row in sheet.rows {
                    assert!(row.1 > 0 && row.2.is_none_or(|spot| spot > 0 && spot <= row.1), "{}", row.0);
                    let item = item(row.0, sheet.unit, Bought::OnDemand);
                    assert!(seen.insert((sheet.region, item)), "{} twice in {}", row.0, sheet.region);
                }
            }
            assert!(seen.len() > 70, "{seen:?}");
        }
    }

    #[test]
    fn only_machines_and_gpus_are_named_by_their_rows() {
        for (provider, item, _) in all() {
            if let Item::Machine { name, .. } = &item {
                assert!(!name.contains(' ') && name.contains(['-', '.']), "{provider:?}: {name} is no machine type");
            }
        }
    }
}
