//! One price looked up, and one line of an estimate.

use super::amount::{Amount, Cases};
use super::book::{self, Price, Unit};
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

/// Where a price holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Market<'a> {
    pub(super) provider: Provider,
    pub(super) region: &'a str,
}

impl Market<'_> {
    /// The price of a thing, ordinary or of spare capacity.
    pub(super) fn quote(self, item: &str, is_spot: bool) -> Quote {
        if let Some(price) = book::find(self.provider, self.region, item, is_spot) {
            return Quote::Known(price);
        }
        let what = if is_spot { "spot price" } else { "price" };
        let elsewhere = book::regions_with(self.provider, item);
        let why = if is_spot || elsewhere.is_empty() || elsewhere.contains(&self.region) {
            format!("the price book has no {what} of {item} in {}", self.region)
        } else {
            format!("the price book has the price of {item} for {} only, not for {}", elsewhere.join(", "), self.region)
        };
        Quote::Unknown { supply: format!("{why}; {}", live(self.provider, is_spot)) }
    }
}

/// Where a cloud tells its prices.
fn live(provider: Provider, is_spot: bool) -> &'static str {
    match (provider, is_spot) {
        (Provider::Eks, true) => {
            "EC2's spot price history would supply it (permission ec2:DescribeSpotPriceHistory), which berth does not read yet"
        }
        (Provider::Eks, false) => {
            "AWS's price list would supply it (permission pricing:GetProducts), which berth does not read yet"
        }
        _ => {
            "Google's billing catalog would supply it (with the Cloud Billing API enabled), which berth does not read yet"
        }
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
