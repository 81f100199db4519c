//! What an environment costs for an hour, as far as its things tell and the price book knows.

use berth_core::cost::{Amount, Bought, Item, Market, PriceBook, Quote, pays_for_gpus};
use berth_core::gc::{Environment, Leftover, LeftoverKind, LeftoverSize, Machines};
use berth_core::spec::{Place, Provider};

/// The price of all its things; what has none makes it "at least" or unknown.
pub(super) fn of(environment: &Environment, book: &PriceBook) -> Amount {
    environment.things.iter().filter(|thing| thing.kind.is_billed()).map(|thing| of_thing(thing, book)).sum()
}

fn of_thing(thing: &Leftover, book: &PriceBook) -> Amount {
    let region = Place::from_gke_location(&thing.at.place).region;
    let market = Market { provider: thing.at.provider, region: &region, zones: &[] };
    let one = |item: Item| book.find(market, &item).map_or(Amount::UNKNOWN, |price| Quote::Known(price).amount());
    let own = match thing.kind {
        LeftoverKind::Cluster => one(Item::ControlPlane),
        LeftoverKind::NatGateway => one(Item::NatGateway),
        LeftoverKind::Address => one(Item::Address),
        LeftoverKind::LoadBalancer | LeftoverKind::ForwardingRule => one(Item::LoadBalancer),
        // Logs are billed by what is in them, which nothing tells; the rest has a size.
        LeftoverKind::LogGroup => Amount::UNKNOWN,
        // Of these each machine is there by itself.
        LeftoverKind::NodeGroup | LeftoverKind::MachineGroup => Amount::NOTHING,
        _ if thing.size.is_none() => Amount::UNKNOWN,
        _ => Amount::NOTHING,
    };
    let sized = match &thing.size {
        Some(LeftoverSize::Disk { kind, gigabytes }) => one(Item::Disk(kind.clone())) * *gigabytes,
        Some(LeftoverSize::Machines(machines)) => {
            machines.iter().map(|machines| of_machines(machines, market.provider, &one)).sum()
        }
        None => Amount::NOTHING,
    };
    own + sized
}

fn of_machines(machines: &Machines, provider: Provider, one: &impl Fn(Item) -> Amount) -> Amount {
    let bought = if machines.spot { Bought::Spot } else { Bought::OnDemand };
    let gpus = machines
        .accelerator
        .as_ref()
        .filter(|_| pays_for_gpus(provider, &machines.machine_type))
        .map_or(Amount::NOTHING, |(name, count)| one(Item::Gpu { name: name.clone(), bought }) * u64::from(*count));
    (one(Item::machine(&machines.machine_type, bought)) + gpus) * u64::from(machines.count)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use berth_core::cost::Span;
    use berth_core::gc::{Claim, Whereabouts};

    use super::*;

    fn thing(kind: LeftoverKind, size: Option<LeftoverSize>) -> Leftover {
        Leftover {
            kind,
            id: "x".to_owned(),
            name: "x".to_owned(),
            at: Whereabouts { provider: Provider::Gke, account: "p".to_owned(), place: "us-central1-a".to_owned() },
            cluster: "c".to_owned(),
            cluster_location: None,
            labels: BTreeMap::new(),
            made: None,
            claim: Claim::Mark,
            phase: None,
            size,
        }
    }

    fn environment(things: Vec<Leftover>) -> Environment {
        let (account, cluster) = ("p".to_owned(), "c".to_owned());
        Environment { provider: Provider::Gke, account, location: None, cluster, things }
    }

    #[test]
    fn what_is_known_is_summed_and_what_is_not_is_never_nothing() {
        let book = PriceBook::facts();
        let disk = LeftoverSize::Disk { kind: "pd-ssd".to_owned(), gigabytes: 100 };
        let known =
            of(&environment(vec![thing(LeftoverKind::Cluster, None), thing(LeftoverKind::Disk, Some(disk))]), &book);
        assert!(known.micro_usd(Span::Hour) > 100_000 && !known.is_at_least(), "{known:?}");
        let free = of(&environment(vec![thing(LeftoverKind::Firewall, None)]), &book);
        assert_eq!(free, Amount::NOTHING);
        let hourly = |machine_type: &str, gpu: Option<&str>| {
            let accelerator = gpu.map(|gpu| (gpu.to_owned(), 1));
            let one = Machines { machine_type: machine_type.to_owned(), spot: false, count: 1, accelerator };
            of(&environment(vec![thing(LeftoverKind::Instance, Some(LeftoverSize::Machines(vec![one])))]), &book)
                .micro_usd(Span::Hour)
        };
        assert_eq!(hourly("g2-standard-4", Some("nvidia-l4")), hourly("g2-standard-4", None));
        assert!(hourly("n1-standard-8", Some("nvidia-tesla-t4")) > hourly("n1-standard-8", None));
        let unheard_of = Machines { machine_type: "z9".to_owned(), spot: false, count: 2, accelerator: None };
        let machine = thing(LeftoverKind::Instance, Some(LeftoverSize::Machines(vec![unheard_of])));
        assert!(of(&environment(vec![machine]), &book).is_unknown());
        assert!(of(&environment(vec![thing(LeftoverKind::Disk, None)]), &book).is_unknown());
    }
}
