//! One price looked up, and one line of an estimate.

use super::amount::{Amount, Cases};
use super::book::{Market, Price, PriceBook, Unit};
use super::item::Item;
use crate::spec::Provider;

/// The price of a thing, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quote {
    /// A price of the book.
    Known(Price),
    /// There is no price.
    Unknown {
        /// Why, and what would supply it: a sentence without its full stop.
        supply: String,
    },
}

impl Quote {
    /// The price of one of the thing for a month.
    pub fn amount(&self) -> Amount {
        match self {
            // Only prices of things that are kept stand on lines; what passes through has no month.
            Self::Known(Price { unit: Unit::Gb, .. }) | Self::Unknown { .. } => Amount::UNKNOWN,
            Self::Known(Price { unit: Unit::GbMonth, micro_usd, .. }) => Amount::by_the_month(*micro_usd),
            Self::Known(price) => Amount::by_the_hour(price.micro_usd),
        }
    }
}

/// Where prices are asked, and of which book.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) book: &'a PriceBook,
    pub(super) market: Market<'a>,
}

impl<'a> Asked<'a> {
    /// The same book, for what may be in some zones only.
    pub(super) fn in_zones(self, zones: &'a [String]) -> Self {
        Self { market: Market { zones, ..self.market }, ..self }
    }

    /// The price of a thing.
    pub(super) fn quote(self, item: &Item) -> Quote {
        match self.book.find(self.market, item) {
            Some(price) => Quote::Known(price),
            None => {
                let mut supply = supply(self.book, self.market, item);
                // Zones have prices of their own, of which one is not the other.
                if self.market.provider == Provider::Eks && item.is_spot() && !self.market.zones.is_empty() {
                    supply = format!("{supply} (in {})", self.market.zones.join(", "));
                }
                Quote::Unknown { supply }
            }
        }
    }
}

/// Why there is no price of a thing, and what would supply one.
pub(super) fn supply(book: &PriceBook, market: Market<'_>, item: &Item) -> String {
    let (provider, region) = (market.provider, market.region);
    let name = item.words(provider);
    let what = if item.is_spot() { "spot price" } else { "price" };
    let elsewhere = book.regions_with(provider, item);
    let why = if item.is_spot() || elsewhere.is_empty() || elsewhere.contains(&region) {
        format!("the price book has no {what} of {name} in {region}")
    } else {
        format!("the price book has the price of {name} for {} only, not for {region}", elsewhere.join(", "))
    };
    if !item.is_read_live(provider) || book.has_live(provider, item.is_spot()) {
        return format!("{why}, and its cloud tells none that berth finds; a file of own prices would supply it");
    }
    format!("{why}; {}", live(provider, item.is_spot()))
}

/// Where a cloud tells its prices.
fn live(provider: Provider, is_spot: bool) -> &'static str {
    match (provider, is_spot) {
        (Provider::Eks, true) => {
            "EC2's spot price history would supply it (permission ec2:DescribeSpotPriceHistory), or a file of own prices"
        }
        (Provider::Eks, false) => {
            "AWS's price list would supply it (permission pricing:GetProducts), or a file of own prices"
        }
        _ => "Google's billing catalog would supply it (with the Cloud Billing API enabled), or a file of own prices",
    }
}

/// Some number of one thing at one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is bought, in words.
    pub what: String,
    /// How many hours' or months' worth run at once; gigabytes for disks.
    pub quantity: Cases<u64>,
    /// The price of one.
    pub quote: Quote,
}

impl Line {
    /// What it comes to.
    pub fn amount(&self) -> Cases<Amount> {
        let one = self.quote.amount();
        self.quantity.map(|quantity| one * quantity)
    }

    /// Why it has no price, if it has none and one is needed.
    pub fn lacks(&self) -> Option<&str> {
        match &self.quote {
            Quote::Unknown { supply } if self.quantity.all().iter().any(|quantity| *quantity > 0) => Some(supply),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Bought;

    #[test]
    fn a_cloud_is_named_only_for_what_berth_reads_there() {
        let book = PriceBook::facts();
        let said = |provider, item: &Item| supply(&book, Market { provider, region: "us-east-1", zones: &[] }, item);
        let (gke, eks) = (Provider::Gke, Provider::Eks);
        let spot = Item::machine("p4d.24xlarge", Bought::Spot);
        assert!(said(gke, &Item::Address).contains("; Google's billing catalog would supply it"));
        assert!(said(eks, &Item::LoadBalancer).contains("; AWS's price list would supply it"));
        assert!(said(eks, &spot).contains("; EC2's spot price history would supply it"));
        let elsewhere = [
            (gke, Item::ExtendedChannel),
            (gke, Item::NatMachine),
            (gke, Item::NatGateway),
            (gke, Item::LoadBalancer),
            (eks, Item::Gpu { name: "nvidia-tesla-t4".to_owned(), bought: Bought::OnDemand }),
            (eks, Item::NatMachine),
        ];
        for (provider, item) in elsewhere {
            let said = said(provider, &item);
            let own = "and its cloud tells none that berth finds; a file of own prices would supply it";
            assert!(said.ends_with(own), "{said}");
        }
    }
}
