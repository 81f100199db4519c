//! The price book: a value made of facts, of live prices laid over them, and of own prices laid over those.
//!
//! In reading order: `price` one price, `facts` those in the program, `live` those of the clouds, `own` those agreed; the file
//! these are written in is read by `spec::check_prices`.

mod aws;
mod facts;
mod gcp;
mod live;
mod own;
mod price;
mod sources;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::item::Item;
use crate::spec::Provider;

pub use live::{LivePrice, LivePrices, LiveRead};
pub use own::{Discount, Kind, OwnPrice, OwnPrices};
pub use price::{Basis, Price, Source, Unit, legend, micro_usd};

/// All prices there are, to be looked up; made once, because that builds its index.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    entries: HashMap<Provider, HashMap<Item, Vec<Entry>>>,
    /// In the order they were laid.
    own: Vec<OwnPrices>,
}

/// A price that is no own one.
#[derive(Debug, Clone)]
struct Entry {
    layer: Layer,
    since: Option<Timestamp>,
    price: Price,
}

/// What lies over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Facts,
    Live,
}

/// Where a thing is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Market<'a> {
    /// Whose cloud.
    pub provider: Provider,
    /// Which region.
    pub region: &'a str,
    /// The zones it may be in; empty where any may be.
    pub zones: &'a [String],
}

impl PriceBook {
    /// Only the facts that are in the program.
    pub fn facts() -> Self {
        let mut book = Self::default();
        for (provider, item, price) in facts::all() {
            book.add(provider, item, Entry { layer: Layer::Facts, since: None, price });
        }
        book
    }

    /// With live prices over the facts, and over the live prices that were laid before.
    pub fn with_live(mut self, live: &LivePrices) -> Self {
        let source = Arc::new(live.source.clone());
        for told in live.prices.iter().filter(|told| told.micro_usd > 0) {
            let price = Price {
                micro_usd: told.micro_usd,
                unit: told.unit,
                region: told.region.clone(),
                zone: told.zone.clone(),
                source: Arc::clone(&source),
            };
            self.add(live.provider, told.item.clone(), Entry { layer: Layer::Live, since: told.since, price });
        }
        self
    }

    /// With own prices over all others, also over own ones that were laid before.
    pub fn with_own(mut self, own: OwnPrices) -> Self {
        self.own.push(own);
        self
    }

    /// The price of a thing now: in the zone where it is dearest, if it differs by zone.
    ///
    /// An own price comes first, then a live one, then a fact; a discount is taken off what is no own price.
    pub fn find(&self, market: Market<'_>, item: &Item) -> Option<Price> {
        let prices = self.over_time(market, item);
        prices.into_iter().next_back().map(|(_, price)| price)
    }

    /// The prices of a thing one after the other, each with the time from which it holds; the first also holds before its time.
    pub fn over_time(&self, market: Market<'_>, item: &Item) -> Vec<(Timestamp, Price)> {
        if let Some(price) = self.own_price(market, item) {
            return vec![(Timestamp::MIN, price)];
        }
        let off = |price: &Price| self.less(market, item, price.clone());
        moves(&self.best(market, item)).into_iter().map(|(since, price)| (since, off(price))).collect()
    }

    /// The regions there is a price of a thing for, in the order of their names.
    pub fn regions_with(&self, provider: Provider, item: &Item) -> Vec<&str> {
        let mut regions: Vec<&str> = self.of(provider, item).iter().map(|entry| entry.price.region.as_str()).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    /// Whether live prices of the interface that would tell this kind are in it: AWS tells spot prices by another one.
    pub(super) fn has_live(&self, provider: Provider, is_spot: bool) -> bool {
        let tells = |item: &Item| provider != Provider::Eks || item.is_spot() == is_spot;
        let is_live = |entries: &[Entry]| entries.iter().any(|entry| entry.layer == Layer::Live);
        self.entries.get(&provider).into_iter().flatten().any(|(item, entries)| tells(item) && is_live(entries))
    }

    fn add(&mut self, provider: Provider, item: Item, entry: Entry) {
        self.entries.entry(provider).or_default().entry(item).or_default().push(entry);
    }

    fn of(&self, provider: Provider, item: &Item) -> &[Entry] {
        self.entries.get(&provider).and_then(|items| items.get(item)).map_or(&[], Vec::as_slice)
    }

    /// The entries that hold in a market, all of the topmost layer that has any.
    fn best(&self, market: Market<'_>, item: &Item) -> Vec<&Entry> {
        let here = |entry: &&Entry| {
            let zone = entry.price.zone.as_ref();
            entry.price.region == market.region
                && (market.zones.is_empty() || zone.is_none_or(|zone| market.zones.contains(zone)))
        };
        let mut entries: Vec<&Entry> = self.of(market.provider, item).iter().filter(here).collect();
        let top = entries.iter().map(|entry| entry.layer).max();
        entries.retain(|entry| Some(entry.layer) == top);
        entries
    }

    fn own_price(&self, market: Market<'_>, item: &Item) -> Option<Price> {
        let fits = |own: &&OwnPrice| {
            own.provider == market.provider
                && own.item == *item
                && own.region.as_deref().is_none_or(|only| only == market.region)
        };
        let (file, own) = self.own.iter().rev().find_map(|own| Some((&own.file, own.prices.iter().find(fits)?)))?;
        let source = Source { name: file.clone(), date: "not given".to_owned(), basis: Basis::Own, fetched: None };
        Some(Price {
            micro_usd: own.micro_usd,
            unit: own.unit,
            region: market.region.to_owned(),
            zone: None,
            source: Arc::new(source),
        })
    }

    fn less(&self, market: Market<'_>, item: &Item, price: Price) -> Price {
        let fits = |discount: &&Discount| discount.fits(market.provider, item, market.region);
        let found = self.own.iter().rev().find_map(|own| Some((&own.file, own.discounts.iter().find(fits)?)));
        match found {
            Some((file, discount)) => discount.off(price, file),
            None => price,
        }
    }
}

/// The dearest of all zones after each time that one of them moved.
fn moves<'a>(entries: &[&'a Entry]) -> Vec<(Timestamp, &'a Price)> {
    let since = |entry: &Entry| entry.since.unwrap_or(Timestamp::MIN);
    let mut ordered = entries.to_vec();
    // Of two told for the same time the later told holds, because sorting keeps their order.
    ordered.sort_by_key(|entry| since(entry));
    let mut zones: Vec<(Option<&str>, &Price)> = Vec::new();
    let mut found: Vec<(Timestamp, &Price)> = Vec::new();
    for entry in ordered {
        let zone = entry.price.zone.as_deref();
        match zones.iter_mut().find(|(known, _)| *known == zone) {
            Some(known) => known.1 = &entry.price,
            None => zones.push((zone, &entry.price)),
        }
        let Some(dearest) = dearest(&zones) else { continue };
        match found.last_mut() {
            Some((_, last)) if *last == dearest => {}
            Some((at, last)) if *at == since(entry) => *last = dearest,
            _ => found.push((since(entry), dearest)),
        }
    }
    found
}

/// The dearest of the zones; a price of the whole region only where no zone has one.
fn dearest<'a>(zones: &[(Option<&str>, &'a Price)]) -> Option<&'a Price> {
    let in_zones = zones.iter().filter(|(zone, _)| zone.is_some()).map(|(_, price)| *price);
    let everywhere = zones.iter().filter(|(zone, _)| zone.is_none()).map(|(_, price)| *price);
    in_zones.max_by_key(|price| price.micro_usd).or(everywhere.max_by_key(|price| price.micro_usd))
}

#[cfg(test)]
mod tests;
