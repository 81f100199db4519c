//! What leftovers cost.

use berth_core::cost::{Amount, Item, Market, PriceBook, Span};
use berth_core::gc::{Environment, Leftover, LeftoverKind, LeftoverSize, Machines, price};
use berth_core::spec::Provider;

use crate::build::{cluster, decided, disk, lease, moved, thing, under};

fn environment(found: Vec<Leftover>) -> Environment {
    let mut plan = decided(found.into_iter().map(|thing| under(&lease("10:00:00"), thing)).collect());
    assert_eq!(plan.doomed.len(), 1);
    plan.doomed.remove(0)
}

fn in_the_book(region: &str, item: &Item) -> u128 {
    let market = Market { provider: Provider::Gke, region, zones: &[] };
    PriceBook::facts().find(market, item).expect("a price").micro_usd.into()
}

fn machines(machine_type: &str, count: u32) -> Option<LeftoverSize> {
    let one = Machines { machine_type: machine_type.to_owned(), spot: false, count, accelerator: None };
    Some(LeftoverSize::Machines(vec![one]))
}

fn hourly(found: Vec<Leftover>) -> Amount {
    price(&environment(found), &PriceBook::facts())
}

#[test]
fn a_cluster_costs_its_fee_and_its_machines_once() {
    let fee = in_the_book("us-central1", &Item::ControlPlane);
    let machine = in_the_book("us-central1", &Item::machine("n2-standard-4", berth_core::cost::Bought::OnDemand));
    let sized = Leftover { size: machines("n2-standard-4", 3), ..cluster("x") };
    assert_eq!(hourly(vec![cluster("x")]).micro_usd(Span::Hour), fee);
    assert_eq!(hourly(vec![sized.clone()]).micro_usd(Span::Hour), fee + 3 * machine);
    let listed = |name: &str| {
        let one = thing(LeftoverKind::Instance, "us-central1-a", name, "x");
        Leftover { size: machines("n2-standard-4", 1), ..one }
    };
    let both = hourly(vec![sized, listed("a"), listed("b")]);
    assert_eq!(both.micro_usd(Span::Hour), fee + 2 * machine);
    assert!(!both.is_at_least());
}

#[test]
fn gpus_are_counted_beside_machines_that_do_not_come_with_them() {
    let of = |machine_type: &str, gpu: Option<&str>| {
        let accelerator = gpu.map(|gpu| (gpu.to_owned(), 1));
        let one = Machines { machine_type: machine_type.to_owned(), spot: false, count: 1, accelerator };
        let size = Some(LeftoverSize::Machines(vec![one]));
        hourly(vec![Leftover { size, ..thing(LeftoverKind::Instance, "us-central1-a", "i", "x") }])
    };
    assert_eq!(of("g2-standard-4", Some("nvidia-l4")), of("g2-standard-4", None));
    let gpu = Item::Gpu { name: "nvidia-tesla-t4".to_owned(), bought: berth_core::cost::Bought::OnDemand };
    let attached = of("n1-standard-8", Some("nvidia-tesla-t4")).micro_usd(Span::Hour);
    assert_eq!(attached, of("n1-standard-8", None).micro_usd(Span::Hour) + in_the_book("us-central1", &gpu));
}

#[test]
fn disks_cost_by_their_size_and_what_costs_nothing_is_not_counted() {
    let month = in_the_book("us-central1", &Item::Disk("pd-ssd".to_owned()));
    let sized =
        Leftover { size: Some(LeftoverSize::Disk { kind: "pd-ssd".to_owned(), gigabytes: 200 }), ..disk("a", "x") };
    let rule = thing(LeftoverKind::Firewall, "global", "rule", "x");
    assert_eq!(hourly(vec![sized, rule]).micro_usd(Span::Month), 200 * month);
}

#[test]
fn what_has_no_price_is_unknown_and_never_free() {
    assert!(hourly(vec![disk("a", "x")]).is_unknown());
    let odd =
        Leftover { size: machines("z9-unheard-of", 1), ..thing(LeftoverKind::Instance, "us-central1-a", "i", "x") };
    assert!(hourly(vec![odd]).is_unknown());
    assert!(hourly(vec![thing(LeftoverKind::LogGroup, "us-central1", "l", "x")]).is_unknown());
    // A global address tells no region, and so no price.
    assert!(hourly(vec![thing(LeftoverKind::Address, "global", "a", "x")]).is_unknown());
    let volume = Leftover { kind: LeftoverKind::Volume, ..disk("v", "x") };
    assert!(hourly(vec![moved(volume, Provider::Eks, "1", "us-east-1")]).is_unknown());
}
