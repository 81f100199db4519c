//! The price book: list prices as integers, each with its unit, region, source and date.
//!
//! It is the fallback for when no live price is at hand. Nothing in it is older or newer than its source says.

mod aws;
mod gcp;
mod sources;

use crate::spec::Provider;

pub use sources::{Basis, Source};

/// What a price is for one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// One thing for an hour.
    Hour,
    /// One GPU for an hour.
    GpuHour,
    /// One machine served for an hour.
    VmHour,
    /// A gigabyte kept for a month.
    GbMonth,
    /// A gigabyte passed through.
    Gb,
}

impl Unit {
    /// The unit in words, after "per".
    pub fn words(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::GpuHour => "GPU hour",
            Self::VmHour => "VM hour",
            Self::GbMonth => "GB month",
            Self::Gb => "GB",
        }
    }
}

/// A price out of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// In micro-USD.
    pub micro_usd: u64,
    /// For one of these.
    pub unit: Unit,
    /// Where it holds.
    pub region: &'static str,
    /// Where it was read, and when.
    pub source: &'static Source,
}

/// Prices of one region, in one unit, from one source.
struct Sheet {
    region: &'static str,
    unit: Unit,
    source: &'static Source,
    rows: &'static [Row],
}

/// A thing, its ordinary price and its spot price in micro-USD.
struct Row(&'static str, u64, Option<u64>);

/// The price of a thing in a region: the ordinary one, or that of spare capacity. `None` if the book has none.
pub fn find(provider: Provider, region: &str, item: &str, is_spot: bool) -> Option<Price> {
    let of_region = sheets(provider).iter().filter(|sheet| sheet.region == region);
    let mut rows = of_region.flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)));
    let (sheet, row) = rows.find(|(_, row)| row.0 == item)?;
    let micro_usd = if is_spot { row.2? } else { row.1 };
    Some(Price { micro_usd, unit: sheet.unit, region: sheet.region, source: sheet.source })
}

/// The regions the book has an ordinary price of a thing for.
pub fn regions_with(provider: Provider, item: &str) -> Vec<&'static str> {
    let with = sheets(provider).iter().filter(|sheet| sheet.rows.iter().any(|row| row.0 == item));
    with.map(|sheet| sheet.region).collect()
}

fn sheets(provider: Provider) -> &'static [Sheet] {
    match provider {
        Provider::Gke => gcp::SHEETS,
        Provider::Eks => aws::SHEETS,
        Provider::Existing => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Provider, sheets};

    #[test]
    fn nothing_is_free_spot_is_no_dearer_and_no_thing_has_two_prices() {
        for provider in [Provider::Gke, Provider::Eks] {
            let mut seen = BTreeSet::new();
            for sheet in sheets(provider) {
                assert!(!sheet.source.date.is_empty() && !sheet.source.name.is_empty());
                for row in sheet.rows {
                    assert!(row.1 > 0 && row.2.is_none_or(|spot| spot > 0 && spot <= row.1), "{}", row.0);
                    assert!(seen.insert((sheet.region, row.0)), "{} twice in {}", row.0, sheet.region);
                }
            }
            assert!(seen.len() > 70, "{seen:?}");
        }
    }
}
