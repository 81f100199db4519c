//! Live prices, page by page, and what is said when they may not be read.

use std::collections::BTreeSet;

use berth_core::cost::{Bought, Item, LivePrice, Market, PriceBook};
use berth_core::run::FaultKind;
use berth_core::spec::Provider;
use berth_eks::{LIST_PERMISSION, SPOT_PERMISSION};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::bench::Bench;
use crate::wish::REGION;

fn items() -> BTreeSet<Item> {
    let p4d = |bought| Item::machine("p4d.24xlarge", bought);
    let kinds = ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"].map(|kind| Item::Disk(kind.to_owned()));
    let around = [
        Item::ControlPlane,
        Item::ControlPlaneExtended,
        Item::NatGateway,
        Item::NatTraffic,
        Item::Address,
        Item::LoadBalancer,
    ];
    [p4d(Bought::OnDemand), p4d(Bought::Spot), Item::machine("m5.xlarge", Bought::OnDemand)]
        .into_iter()
        .chain(kinds)
        .chain(around)
        .collect()
}

#[tokio::test]
async fn the_price_list_says_what_the_price_book_says() {
    let bench = Bench::start().await;
    let (live, notes) = bench.eks.list_prices(&items(), Timestamp::now()).await.unwrap();
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(live.prices.len(), items().len() - 1, "all but the spot machine");
    // Machines and disks are one product each; gateways, clusters, addresses and load balancers are on two pages each.
    let pages = bench.calls(LIST_PERMISSION).await;
    assert!(pages >= 7 + 4 * 2, "{pages} pages for eleven questions");
    let facts = PriceBook::facts();
    let market = Market { provider: Provider::Eks, region: REGION, zones: &[] };
    let mut compared = 0;
    for price in &live.prices {
        let Some(fact) = facts.find(market, &price.item) else { continue };
        assert_eq!((price.micro_usd, price.unit), (fact.micro_usd, fact.unit), "{}", price.item);
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
    bench.stop().await;
}

#[tokio::test]
async fn what_is_said_to_be_read_live_is_read_and_nothing_else() {
    let bench = Bench::start().await;
    let gpu = Item::Gpu { name: "nvidia-tesla-t4".to_owned(), bought: Bought::OnDemand };
    let all: BTreeSet<Item> = items().into_iter().chain([gpu, Item::ExtendedChannel, Item::NatMachine]).collect();
    let now = bench.now().await;
    let (list, _) = bench.eks.list_prices(&all, now).await.unwrap();
    let (spot, _) = bench.eks.spot_prices(&all, now, now).await.unwrap();
    let read: BTreeSet<&Item> = list.prices.iter().chain(&spot.prices).map(|price| &price.item).collect();
    let said: BTreeSet<&Item> = all.iter().filter(|item| item.is_read_live(Provider::Eks)).collect();
    assert_eq!(read, said);
    bench.stop().await;
}

#[tokio::test]
async fn spot_prices_are_told_for_each_zone_and_move() {
    let bench = Bench::start().await;
    let spot = BTreeSet::from([Item::machine("p4d.24xlarge", Bought::Spot)]);
    let now = bench.now().await;
    let (held, notes) = bench.eks.spot_prices(&spot, now, now).await.unwrap();
    assert_eq!(notes, Vec::<String>::new());
    let zones: BTreeSet<&str> = held.prices.iter().filter_map(|price| price.zone.as_deref()).collect();
    assert_eq!(zones.len(), held.prices.len(), "one price holds in each zone");
    assert_eq!(zones.into_iter().collect::<Vec<_>>(), ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]);
    assert!(held.prices.iter().all(|price| price.since.is_some_and(|since| since <= now)));

    bench.advance(24 * 3600).await;
    let later = bench.now().await;
    let (next, _) = bench.eks.spot_prices(&spot, later, later).await.unwrap();
    let amounts = |prices: &[LivePrice]| prices.iter().map(|price| price.micro_usd).collect::<BTreeSet<_>>();
    assert_ne!(amounts(&held.prices), amounts(&next.prices));
    let (moves, _) = bench.eks.spot_prices(&spot, later - SignedDuration::from_hours(24), later).await.unwrap();
    assert!(moves.prices.len() > next.prices.len() && amounts(&moves.prices).is_superset(&amounts(&next.prices)));
    bench.stop().await;
}

#[tokio::test]
async fn days_of_spot_prices_are_read_to_the_last_page() {
    let bench = Bench::start().await;
    let spot = BTreeSet::from([Item::machine("p4d.24xlarge", Bought::Spot)]);
    let now = bench.now().await;
    let since = now - SignedDuration::from_hours(6 * 24);
    let (days, _) = bench.eks.spot_prices(&spot, since, now).await.unwrap();
    let pages = bench.calls(SPOT_PERMISSION).await;
    assert!(pages > 1 && days.prices.len() > 20, "{} prices on {pages} pages", days.prices.len());
    // The history begins with the newest, so that what held at first is on the last page.
    let first = |zone: &str| {
        let of_zone = days.prices.iter().filter(|price| price.zone.as_deref() == Some(zone));
        of_zone.filter_map(|price| price.since).min()
    };
    for zone in ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] {
        assert!(first(zone).is_some_and(|first| first <= since), "{zone}: {:?}", first(zone));
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_is_not_sold_is_a_note_and_what_is_denied_a_fault() {
    let bench = Bench::start().await;
    let mut odd = items();
    odd.insert(Item::machine("p9.nano", Bought::OnDemand));
    let (live, notes) = bench.eks.list_prices(&odd, Timestamp::now()).await.unwrap();
    assert_eq!(live.prices.len(), items().len() - 1);
    assert_eq!(notes, ["AWS's price list has no single price of p9.nano in us-east-1"]);

    let denied = json!({"code": 400, "status": "AccessDeniedException", "message": "User is not authorized to perform: pricing:GetProducts"});
    bench.arm(json!({"on": "pricing:GetProducts", "times": 1000, "do": {"answer": denied}})).await;
    let fault = bench.eks.list_prices(&items(), Timestamp::now()).await.unwrap_err();
    assert!(fault.kind == FaultKind::Denied && fault.said.contains("pricing:GetProducts"), "{fault}");
    bench.disarm().await;

    bench.arm(json!({"on": "pricing:GetProducts", "times": 2, "do": {"answer": {"code": 400, "status": "ThrottlingException", "message": "Rate exceeded"}}})).await;
    let (live, _) = bench.eks.list_prices(&items(), Timestamp::now()).await.unwrap();
    assert_eq!(live.prices.len(), items().len() - 1, "the SDK asks again");
    bench.stop().await;
}
