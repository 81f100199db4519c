//! One product of the price list: its attributes and its one price on demand.

use std::collections::BTreeMap;

use berth_core::cost::micro_usd;
use serde::Deserialize;

/// A product with one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    attributes: BTreeMap<String, String>,
    /// AWS's unit, for example `Hrs`.
    pub(super) unit: String,
    /// The price of one unit.
    pub(super) micro_usd: u64,
}

/// The parts that are read of a text of the list.
#[derive(Deserialize)]
struct Told {
    product: Product,
    #[serde(default)]
    terms: Terms,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Terms {
    #[serde(default, rename = "OnDemand")]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    price_per_unit: BTreeMap<String, String>,
}

impl Offer {
    /// Reads one text; `None` where there is no price in USD, or several, because they depend on how much is used.
    pub(super) fn read(text: &str) -> Option<Self> {
        let told: Told = serde_json::from_str(text).ok()?;
        let mut dimensions = told.terms.on_demand.into_values().flat_map(|term| term.price_dimensions.into_values());
        let (dimension, None) = (dimensions.next()?, dimensions.next()) else { return None };
        let micro_usd = micro_usd(dimension.price_per_unit.get("USD")?)?;
        Some(Self { attributes: told.product.attributes, unit: dimension.unit, micro_usd })
    }

    /// The value of an attribute; empty when it has none.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether it is of that usage, in whatever region: most have the region's short name in front, as `USW2-NatGateway-Hours`.
    pub(super) fn is_usage(&self, usage: &str) -> bool {
        let own = self.attribute("usagetype");
        own.strip_suffix(usage).is_some_and(|front| front.is_empty() || is_front(front))
    }

    /// Whether the price is for an hour, in the two spellings of the list.
    pub(super) fn is_hourly(&self) -> bool {
        matches!(self.unit.as_str(), "Hrs" | "Hours")
    }
}

/// `USW2-`, `EU-`: capitals and digits, and one dash at the end.
fn is_front(front: &str) -> bool {
    let name = front.strip_suffix('-').unwrap_or_default();
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The price that all of these have; `None` for no offer and for several prices, which nobody could choose from.
pub(super) fn only<'a>(mut offers: impl Iterator<Item = &'a Offer>) -> Option<u64> {
    let first = offers.next()?.micro_usd;
    offers.all(|offer| offer.micro_usd == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Offer, only};

    fn text(usage: &str, dimensions: Value) -> String {
        let attributes = json!({"usagetype": usage, "regionCode": "us-west-2"});
        let term = json!({"A.B": {"priceDimensions": dimensions}});
        json!({"product": {"attributes": attributes}, "terms": {"OnDemand": term, "Reserved": {"x": 1}}}).to_string()
    }

    fn price(usd: &str) -> Value {
        json!({"unit": "Hrs", "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": usd}})
    }

    #[test]
    fn one_price_in_usd_is_read_and_anything_else_is_not() {
        let offer = Offer::read(&text("USW2-NatGateway-Hours", json!({"r": price("0.0450000000")}))).unwrap();
        assert_eq!((offer.micro_usd, offer.is_hourly(), offer.attribute("regionCode")), (45_000, true, "us-west-2"));
        let yuan = json!({"r": {"unit": "Hrs", "pricePerUnit": {"CNY": "1.0"}}});
        let tiers = json!({"r": price("0.1"), "s": price("0.2")});
        for dimensions in [json!({}), yuan, tiers, json!({"r": price("free")})] {
            assert_eq!(Offer::read(&text("x", dimensions)), None);
        }
        assert_eq!(Offer::read("{"), None);
        assert_eq!(Offer::read(r#"{"product":{"attributes":{}}}"#), None);
    }

    #[test]
    fn a_usage_is_known_with_and_without_its_region_and_no_other_is_taken_for_it() {
        let is = |own: &str| Offer::read(&text(own, json!({"r": price("1")}))).unwrap().is_usage("NatGateway-Hours");
        assert!(is("NatGateway-Hours") && is("USW2-NatGateway-Hours") && is("EU-NatGateway-Hours"));
        let others =
            ["RegionalNatGateway-Hours", "USW2-RegionalNatGateway-Hours", "NatGateway-Bytes", "-NatGateway-Hours"];
        assert!(others.iter().all(|own| !is(own)));
    }

    #[test]
    fn of_offers_with_several_prices_none_is_chosen() {
        let offer = |usd| Offer::read(&text("x", json!({"r": price(usd)}))).unwrap();
        assert_eq!(only([].iter()), None);
        assert_eq!(only([offer("0.1"), offer("0.1")].iter()), Some(100_000));
        assert_eq!(only([offer("0.1"), offer("0.2")].iter()), None);
    }
}
