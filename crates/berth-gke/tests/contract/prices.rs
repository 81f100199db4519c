//! Live prices out of the catalog, page by page, and what is said when it may not be read.

use std::collections::BTreeSet;

use berth_core::cost::{Bought, Item, Market, PriceBook};
use berth_core::run::FaultKind;
use berth_core::spec::Provider;
use jiff::Timestamp;
use serde_json::json;

use crate::bench::Bench;

const MACHINES: [&str; 9] = [
    "n1-standard-8",
    "n2-standard-4",
    "e2-medium",
    "e2-standard-4",
    "g2-standard-12",
    "g2-standard-48",
    "a2-highgpu-1g",
    "a2-megagpu-16g",
    "a2-ultragpu-2g",
];

fn items() -> BTreeSet<Item> {
    let ways = [Bought::OnDemand, Bought::Spot];
    let machines = MACHINES.iter().flat_map(|name| ways.map(|bought| Item::machine(name, bought)));
    let gpus = ["nvidia-tesla-t4", "nvidia-tesla-v100"];
    let gpus = gpus.iter().flat_map(|name| ways.map(|bought| Item::Gpu { name: (*name).to_owned(), bought }));
    let disks = ["pd-standard", "pd-balanced", "pd-ssd"].map(|kind| Item::Disk(kind.to_owned()));
    machines.chain(gpus).chain(disks).chain([Item::ControlPlane, Item::Address]).collect()
}

#[tokio::test]
async fn what_the_catalog_adds_up_to_is_what_the_price_book_says() {
    let bench = Bench::start().await;
    let facts = PriceBook::facts();
    for region in ["us-central1", "europe-west4"] {
        let (live, notes) = bench.gke.list_prices(region, &items(), Timestamp::now()).await.unwrap();
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(live.prices.len(), items().len());
        let market = Market { provider: Provider::Gke, region, zones: &[] };
        for price in &live.prices {
            let Some(fact) = facts.find(market, &price.item) else { continue };
            assert_eq!(price.unit, fact.unit, "{}", price.item);
            // The book's prices of machines were rounded to micro-USD, the parts to their billionths.
            let off = price.micro_usd.abs_diff(fact.micro_usd);
            assert!(
                off <= 1 + fact.micro_usd / 1_000_000,
                "{} in {region}: {} and {}",
                price.item,
                price.micro_usd,
                fact.micro_usd
            );
        }
    }
    assert!(bench.calls("cloudbilling.skus.list").await > 6, "it takes several pages");
    bench.stop().await;
}

#[tokio::test]
async fn what_is_said_to_be_read_live_is_read_and_nothing_else() {
    let bench = Bench::start().await;
    let others = [
        Item::ControlPlaneExtended,
        Item::ExtendedChannel,
        Item::NatGateway,
        Item::NatTraffic,
        Item::NatMachine,
        Item::LoadBalancer,
    ];
    let all: BTreeSet<Item> = items().into_iter().chain(others).collect();
    let (live, _) = bench.gke.list_prices("us-central1", &all, Timestamp::now()).await.unwrap();
    let read: BTreeSet<&Item> = live.prices.iter().map(|price| &price.item).collect();
    let said: BTreeSet<&Item> = all.iter().filter(|item| item.is_read_live(Provider::Gke)).collect();
    assert_eq!(read, said);
    bench.stop().await;
}

#[tokio::test]
async fn what_cannot_be_put_together_is_a_note() {
    let bench = Bench::start().await;
    let h100 = Item::machine("a3-highgpu-8g", Bought::Spot);
    let items = BTreeSet::from([h100, Item::ControlPlane, Item::NatMachine]);
    let (live, notes) = bench.gke.list_prices("us-central1", &items, Timestamp::now()).await.unwrap();
    let known: Vec<&Item> = live.prices.iter().map(|price| &price.item).collect();
    assert_eq!(known, [&Item::ControlPlane]);
    let said = "berth finds no single spot price of a3-highgpu-8g in us-central1 in Google's billing catalog";
    assert!(notes.len() == 2 && notes.contains(&said.to_owned()), "{notes:?}");
    bench.stop().await;
}

#[tokio::test]
async fn a_catalog_that_is_not_enabled_is_a_fault_and_a_bad_minute_passes() {
    let bench = Bench::start().await;
    let items = BTreeSet::from([Item::ControlPlane]);
    let message = "Cloud Billing API has not been used in project 1 before or it is disabled.";
    let answer = json!({"answer": {"code": 403, "status": "PERMISSION_DENIED", "message": message}});
    bench.arm(json!({"on": "cloudbilling.skus.list", "times": 1000, "do": answer})).await;
    let fault = bench.gke.list_prices("us-central1", &items, Timestamp::now()).await.unwrap_err();
    assert!(fault.kind == FaultKind::Denied && fault.said.contains("Cloud Billing API"), "{fault}");
    bench.disarm().await;

    let busy = json!({"answer": {"code": 503, "status": "UNAVAILABLE", "message": "try again"}});
    bench.arm(json!({"on": "cloudbilling.skus.list", "times": 2, "do": busy})).await;
    let (live, _) = bench.gke.list_prices("us-central1", &items, Timestamp::now()).await.unwrap();
    assert_eq!(live.prices.len(), 1);
    bench.stop().await;
}
