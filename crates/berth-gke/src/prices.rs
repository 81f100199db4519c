//! What things cost at Google Cloud now, out of the Cloud Billing Catalog.
//!
//! The catalog knows no machine types: it has prices of processors, memory, GPUs and local disks, told apart by the words of their
//! descriptions. In reading order: `wording` those words, `rate` one SKU read, `machine` a machine put together.
//! Only what was matched beyond doubt is given; whatever is not, the price book has to supply.

mod machine;
mod rate;
mod wording;

use std::collections::BTreeSet;

use berth_core::cost::{Bought, Item, LivePrice, LivePrices, Source, Unit};
use berth_core::run::Fault;
use berth_core::spec::Provider;
use jiff::Timestamp;

use crate::classify;
use crate::client::reading;
use crate::cloud::GkeCloud;
use rate::{Rate, Rates};

/// What it takes to read the catalog; no permission is asked for.
pub const CATALOG_NEEDS: &str = "the Cloud Billing API enabled (cloudbilling.googleapis.com)";

/// Ids of services in the catalog.
const COMPUTE_ENGINE: &str = "services/6F81-5844-456A";
const KUBERNETES_ENGINE: &str = "services/CCD8-9BF1-090E";

/// SKUs on a page, the most that are given; there are tens of thousands.
const PAGE: i32 = 5000;
/// More pages than this mean that the service goes in circles.
const MOST_PAGES: usize = 1000;

impl GkeCloud {
    /// The list and spot prices of these items in a region, as of `now`; and what was not found, in sentences without their full
    /// stops. What the catalog gives away up to some amount a month is counted in full, because the account shares that amount.
    ///
    /// # Errors
    /// The catalog could not be read.
    pub async fn list_prices(
        &self,
        region: &str,
        items: &BTreeSet<Item>,
        now: Timestamp,
    ) -> Result<(LivePrices, Vec<String>), Fault> {
        let (compute, kubernetes) =
            futures::join!(rates(self, COMPUTE_ENGINE, region), rates(self, KUBERNETES_ENGINE, region));
        let rates = compute?.and(kubernetes?);
        let (mut prices, mut notes) = (Vec::new(), Vec::new());
        for item in items {
            match price(item, &rates) {
                Some(micro_usd) if micro_usd > 0 => prices.push(LivePrice {
                    item: item.clone(),
                    region: region.to_owned(),
                    zone: None,
                    unit: unit(item),
                    micro_usd,
                    since: None,
                }),
                _ => notes.push(lacking(item, region)),
            }
        }
        let source = Source::live("Google Cloud Billing Catalog", now);
        Ok((LivePrices { provider: Provider::Gke, source, prices }, notes))
    }
}

fn lacking(item: &Item, region: &str) -> String {
    let spot = if item.is_spot() { "spot " } else { "" };
    format!(
        "berth finds no single {spot}price of {} in {region} in Google's billing catalog",
        item.words(Provider::Gke)
    )
}

/// Micro-USD of an item; `None` where its parts are not all known.
fn price(item: &Item, rates: &Rates) -> Option<u64> {
    let nanos = match item {
        Item::Machine { name, bought } => return machine::price(name, *bought, rates),
        Item::Gpu { name, bought } => rates.of(wording::gpu(name)?, *bought, "h")?,
        Item::Disk(kind) => rates.of(wording::disk(kind)?, Bought::OnDemand, "GiBy.mo")?,
        Item::Address => rates.of(wording::ADDRESS, Bought::OnDemand, "h")?,
        Item::ControlPlane => rates.of(wording::CLUSTER_FEE, Bought::OnDemand, "h")?,
        _ => return None,
    };
    Some((nanos + 500) / 1000)
}

fn unit(item: &Item) -> Unit {
    match item {
        Item::Gpu { .. } => Unit::GpuHour,
        Item::Disk(_) => Unit::GbMonth,
        _ => Unit::Hour,
    }
}

/// The rates of a service in a region, page by page; all else is let go at once.
async fn rates(gke: &GkeCloud, service: &str, region: &str) -> Result<Rates, Fault> {
    let mut rates = Rates::default();
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let call = reading(gke.clients.catalog.list_skus()).set_parent(service).set_currency_code("USD");
        let call = call.set_page_size(PAGE).set_page_token(&token);
        let page = gke.clients.call(|| call.clone().send()).await;
        let page = page.map_err(|error| classify::of_call("read Google's billing catalog", &error))?;
        rates.add(page.skus.iter().filter_map(|sku| Rate::read(sku, region)));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    Ok(rates)
}
