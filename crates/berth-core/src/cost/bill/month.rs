//! What the month comes to if everything stays as it is.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::group::{Group, GroupBy, GroupName};
use super::money::Money;
use super::usage::Usage;
use super::{Window, bill};
use crate::cost::amount::Amount;
use crate::cost::book::PriceBook;

/// A calendar month in UTC, as clouds bill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEnd {
    /// What was spent since its first second.
    pub so_far: Money,
    /// What runs now costs so much.
    pub rate: Amount,
    /// Seconds until it ends.
    pub seconds_left: u64,
    /// What it comes to if what runs now goes on as it is.
    pub expected: Money,
    /// The same of each cluster that costs something in it, by its name; together they are the whole.
    pub clusters: BTreeMap<String, Money>,
}

/// What was spent this month, and what it will have come to.
pub fn month_end(usage: &Usage, book: &PriceBook, now: Timestamp) -> MonthEnd {
    let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
    let second = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).map_or(now.as_second(), |zoned| zoned.timestamp().as_second())
    };
    let ends = first.checked_add(1.month()).map_or(now.as_second(), second);
    let since = Timestamp::from_second(second(first)).ok();
    let spent = bill(usage, book, Window { since, now });
    let seconds_left = ends.saturating_sub(now.as_second()).max(0).unsigned_abs();
    let expected = |group: Group| match group.name {
        GroupName::Named(name) => Some((name, group.money + group.rate.over(seconds_left))),
        _ => None,
    };
    let clusters: BTreeMap<String, Money> = spent.grouped(&GroupBy::Cluster).into_iter().filter_map(expected).collect();
    let expected = clusters.values().copied().sum();
    MonthEnd { so_far: spent.total(), rate: spent.rate(), seconds_left, expected, clusters }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::usage::{Stretch, Teller, What, Whose};
    use super::{Money, PriceBook, Timestamp, Usage, month_end};
    use crate::cost::item::{Bought, Item};
    use crate::spec::Provider;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// A thing that stands since the month before.
    fn stands(cluster: &str, item: Item) -> Stretch {
        let what = What {
            whose: Arc::new(Whose { cluster: cluster.to_owned(), ..Whose::default() }),
            provider: Provider::Gke,
            region: "us-central1".to_owned(),
            zone: None,
            pool: None,
            item,
            quantity: 1,
            shares: 0,
        };
        let (from, told) = (at("2026-10-15T00:00:00Z"), Teller::Cloud);
        Stretch { id: cluster.into(), what: Arc::new(what), name: cluster.into(), from, to: None, told }
    }

    #[test]
    fn the_months_of_all_clusters_are_the_whole_and_each_is_that_of_it_alone() {
        let (now, book) = (at("2026-11-21T12:00:00Z"), PriceBook::facts());
        let gone = Stretch { to: Some(at("2026-10-20T00:00:00Z")), ..stands("gone", Item::ControlPlane) };
        let no_price = || Item::machine("x9-standard-4", Bought::OnDemand);
        let stretches = vec![
            stands("one", Item::ControlPlane),
            stands("two", Item::ControlPlane),
            stands("two", no_price()),
            stands("unknown", no_price()),
            gone,
        ];
        let alone = |name: &str| {
            let of_it = stretches.iter().filter(|stretch| stretch.what.whose.cluster == name).cloned();
            month_end(&Usage { stretches: of_it.collect(), requests: Vec::new() }, &book, now).expected
        };
        let months = month_end(&Usage { stretches: stretches.clone(), requests: Vec::new() }, &book, now);
        assert_eq!(months.clusters.keys().collect::<Vec<_>>(), ["one", "two", "unknown"]);
        for (name, expected) in &months.clusters {
            assert_eq!(*expected, alone(name), "{name}");
        }
        // A fee of 0.10 for each of the 720 hours of November.
        assert_eq!(months.clusters["one"], Money::of(72_000_000));
        assert_eq!(months.clusters["two"], Money::of(72_000_000) + Money::UNKNOWN);
        assert!(months.clusters["unknown"].is_unknown());
        assert_eq!(months.expected, Money::of(144_000_000) + Money::UNKNOWN);
    }
}
