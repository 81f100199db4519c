//! Products of the price list, and the form in which the service tells them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{instances, others};
use crate::lifecycle::digest;

/// When the simulated list was published.
const PUBLISHED: &str = "2026-07-20T18:05:11Z";

/// One thing that is sold in one way in one region.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Product {
    /// The service it is billed under, as `AmazonEC2`.
    pub(super) service: &'static str,
    /// Its family; a few products have none.
    pub(super) family: Option<&'static str>,
    /// Everything that tells it from other products.
    pub(super) attributes: BTreeMap<&'static str, String>,
    /// Micro-USD for one unit.
    pub(super) micro_usd: u64,
    /// The unit, as `Hrs` or `GB-Mo`.
    pub(super) unit: &'static str,
}

/// A region of the price list.
pub(crate) struct Market {
    /// Its code.
    pub(super) code: &'static str,
    /// Its name in words.
    pub(super) location: &'static str,
    /// What usage types begin with, except those that predate regions in us-east-1.
    pub(super) front: &'static str,
    /// What things cost here in thousandths of their price in us-east-1. Only us-east-1 is as the real list has it.
    per_mille: u64,
}

/// Every region that sells something. The factors of the others are made up, so that regions differ as they really do.
pub(super) const MARKETS: &[Market] = &[
    Market { code: "us-east-1", location: "US East (N. Virginia)", front: "USE1-", per_mille: 1000 },
    Market { code: "us-east-2", location: "US East (Ohio)", front: "USE2-", per_mille: 1000 },
    Market { code: "us-west-2", location: "US West (Oregon)", front: "USW2-", per_mille: 1000 },
    Market { code: "eu-west-1", location: "EU (Ireland)", front: "EU-", per_mille: 1108 },
    Market { code: "eu-central-1", location: "EU (Frankfurt)", front: "EUC1-", per_mille: 1150 },
    Market { code: "ap-northeast-1", location: "Asia Pacific (Tokyo)", front: "APN1-", per_mille: 1290 },
];

impl Market {
    /// The region of that code.
    pub(crate) fn of(code: &str) -> Option<&'static Market> {
        MARKETS.iter().find(|market| market.code == code)
    }

    /// A price of us-east-1 as it is here.
    pub(crate) fn price(&self, micro_usd: u64) -> u64 {
        micro_usd * self.per_mille / 1000
    }

    /// A usage type of the old services, which have no front in us-east-1.
    pub(super) fn usage(&self, usage: &str) -> String {
        if self.code == "us-east-1" { usage.to_owned() } else { format!("{}{usage}", self.front) }
    }

    /// The attributes that say where something is sold.
    pub(super) fn attributes(&self, service: &str) -> BTreeMap<&'static str, String> {
        let pairs = [
            ("servicecode", service),
            ("regionCode", self.code),
            ("location", self.location),
            ("locationType", "AWS Region"),
        ];
        pairs.map(|(name, value)| (name, value.to_owned())).into()
    }
}

static PRODUCTS: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let everywhere = MARKETS.iter().flat_map(|market| instances::products(market).chain(others::products(market)));
    everywhere.collect()
});

/// The products of a service, in the order of the list.
pub(super) fn of_service(service: &str) -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().filter(move |product| product.service == service)
}

/// The codes of all services, in order.
pub(super) fn services() -> Vec<&'static str> {
    let mut services: Vec<&str> = PRODUCTS.iter().map(|product| product.service).collect();
    services.sort_unstable();
    services.dedup();
    services
}

impl Product {
    /// The value of a field a filter or a question names.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match name {
            "productFamily" => self.family,
            "ServiceCode" => Some(self.service),
            _ => self.attributes.get(name).map(String::as_str),
        }
    }

    /// The product with its on-demand term, as one text of a `PriceList` holds it.
    pub(super) fn told(&self) -> Value {
        let sku = self.sku();
        let offer = format!("{sku}.JRTCKXETXF");
        let rate = format!("{offer}.6YS6EN2CT7");
        let usd = format!("{}.{:06}0000", self.micro_usd / 1_000_000, self.micro_usd % 1_000_000);
        let usage = self.attributes.get("usagetype").map_or("", String::as_str);
        let dimension = json!({
            "unit": self.unit, "beginRange": "0", "endRange": "Inf", "rateCode": rate, "appliesTo": [],
            "description": format!("${usd} per {} of {usage}", self.unit), "pricePerUnit": {"USD": usd},
        });
        let mut product = json!({"attributes": self.attributes, "sku": sku});
        if let Some(family) = self.family {
            product["productFamily"] = Value::from(family);
        }
        json!({
            "product": product,
            "serviceCode": self.service,
            "terms": {"OnDemand": {&offer: {
                "priceDimensions": {&rate: dimension}, "sku": sku, "effectiveDate": "2026-07-01T00:00:00Z",
                "offerTermCode": "JRTCKXETXF", "termAttributes": {},
            }}},
            "version": "20260720180511",
            "publicationDate": PUBLISHED,
        })
    }

    /// Sixteen capitals and digits that only this product has.
    fn sku(&self) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let text = format!("{}{:?}", self.service, self.attributes);
        let mut left = u128::from(digest(&text)) << 64 | u128::from(digest(&format!("{text}/")));
        let mut sku = String::new();
        for _ in 0..16 {
            sku.push(char::from(LETTERS[(left % 36) as usize]));
            left /= 36;
        }
        sku
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_product_has_its_own_sku_and_costs_something_or_is_a_reservation() {
        let skus: BTreeSet<String> = PRODUCTS.iter().map(Product::sku).collect();
        assert_eq!(skus.len(), PRODUCTS.len());
        let free = |product: &&Product| product.micro_usd == 0;
        let reserved = PRODUCTS.iter().filter(free).all(|product| product.field("capacitystatus").is_some());
        assert!(reserved && PRODUCTS.len() > 1000, "{}", PRODUCTS.len());
    }

    #[test]
    fn a_price_is_told_with_ten_digits_below_its_offer() {
        let p4d = of_service("AmazonEC2").find(|product| product.field("usagetype") == Some("BoxUsage:p4d.24xlarge"));
        let told = p4d.unwrap().told();
        let offers = told["terms"]["OnDemand"].as_object().unwrap();
        let dimensions = offers.values().next().unwrap()["priceDimensions"].as_object().unwrap();
        let dimension = dimensions.values().next().unwrap();
        assert_eq!((&dimension["pricePerUnit"]["USD"], &dimension["unit"]), (&json!("21.9576420000"), &json!("Hrs")));
    }
}
