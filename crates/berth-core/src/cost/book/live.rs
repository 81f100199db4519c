//! Prices read from the clouds, as they are kept in a file.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::price::{Source, Unit};
use crate::cost::item::Item;
use crate::spec::Provider;

/// What one cloud's interface told at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LivePrices {
    /// Whose prices they are.
    pub provider: Provider,
    /// Which interface told them, and when; [`Source::live`] makes one.
    pub source: Source,
    /// The prices.
    pub prices: Vec<LivePrice>,
}

/// What one interface told, as it was taken for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRead {
    /// The interface.
    pub source: String,
    /// When it told it.
    pub at: Timestamp,
    /// How long ago that was, by the clock of the cloud.
    pub age: SignedDuration,
    /// Whether it was kept from an earlier run.
    pub is_cached: bool,
}

/// One price as a cloud told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LivePrice {
    /// Of what.
    pub item: Item,
    /// Where it holds.
    pub region: String,
    /// The only zone it holds in; `None` for all of the region.
    pub zone: Option<String>,
    /// For one of these.
    pub unit: Unit,
    /// In micro-USD; nothing in a price list that berth reads is free, and 0 is left out of the book.
    pub micro_usd: u64,
    /// Since when it holds; `None` for since ever. Spot prices that moved are several prices with times.
    pub since: Option<Timestamp>,
}
