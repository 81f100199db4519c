//! What leftovers cost as long as they are there.

use super::environment::Environment;
use super::leftover::{Leftover, LeftoverKind, LeftoverSize, Machines};
use crate::cost::{Amount, Bought, Item, Market, PriceBook, Quote, pays_for_gpus};
use crate::spec::{Place, Provider};

/// What an environment costs; what has no price in the book makes it an unknown part, never nothing.
///
/// Machines are counted once: those of a cluster or group are not counted again where they are listed themselves, nor are disks that
/// are their machines' own. Traffic and requests are not counted.
pub fn price(environment: &Environment, book: &PriceBook) -> Amount {
    let has_sized = environment.things.iter().any(|thing| thing.kind == LeftoverKind::Instance && thing.size.is_some());
    environment
        .things
        .iter()
        .filter(|thing| !(has_sized && is_group(thing)))
        .map(|thing| of_thing(thing, book))
        .sum::<Amount>()
        + fees(environment, book)
}

/// The fee of the control plane, which stands beside the machines of a cluster.
fn fees(environment: &Environment, book: &PriceBook) -> Amount {
    let stands = |cluster: &Leftover| ask(cluster, &Item::ControlPlane, book);
    environment.standing().map_or(Amount::NOTHING, stands)
}

fn is_group(thing: &Leftover) -> bool {
    matches!(thing.kind, LeftoverKind::Cluster | LeftoverKind::NodeGroup | LeftoverKind::MachineGroup)
}

/// What one thing costs.
fn of_thing(thing: &Leftover, book: &PriceBook) -> Amount {
    match (&thing.kind, &thing.size) {
        (_, Some(LeftoverSize::Machines(machines))) => machines.iter().map(|one| machine(thing, one, book)).sum(),
        (_, Some(LeftoverSize::Disk { kind, gigabytes })) => ask(thing, &Item::Disk(kind.clone()), book) * *gigabytes,
        (LeftoverKind::LoadBalancer | LeftoverKind::ForwardingRule, None) => ask(thing, &Item::LoadBalancer, book),
        (LeftoverKind::NatGateway, None) => ask(thing, &Item::NatGateway, book),
        (LeftoverKind::Address, None) => ask(thing, &Item::Address, book),
        // Its size was not read, or nothing tells what is in it, so nobody knows.
        (LeftoverKind::Instance | LeftoverKind::Disk | LeftoverKind::Volume | LeftoverKind::LogGroup, None) => {
            Amount::UNKNOWN
        }
        // Machines of groups are looked for themselves, and the rest costs nothing by being there.
        _ => Amount::NOTHING,
    }
}

fn machine(thing: &Leftover, machines: &Machines, book: &PriceBook) -> Amount {
    let bought = if machines.spot { Bought::Spot } else { Bought::OnDemand };
    let own = ask(thing, &Item::machine(&machines.machine_type, bought), book);
    let attached = machines.accelerator.as_ref().filter(|_| pays_for_gpus(thing.at.provider, &machines.machine_type));
    let attached = attached.map_or(Amount::NOTHING, |(name, count)| {
        ask(thing, &Item::Gpu { name: name.clone(), bought }, book) * u64::from(*count)
    });
    (own + attached) * u64::from(machines.count)
}

/// The price of one of an item for as long as it is there.
fn ask(thing: &Leftover, item: &Item, book: &PriceBook) -> Amount {
    let place = if thing.at.place == "global" { thing.cluster_location.as_ref() } else { Some(&thing.at.place) };
    let region = match (thing.at.provider, place) {
        (Provider::Gke, Some(place)) => Place::from_gke_location(place).region,
        (_, Some(place)) => place.clone(),
        (_, None) => return Amount::UNKNOWN,
    };
    let market = Market { provider: thing.at.provider, region: &region, zones: &[] };
    book.find(market, item).map_or(Amount::UNKNOWN, |price| Quote::Known(price).amount())
}
