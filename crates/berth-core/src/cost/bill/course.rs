//! What had come together by when.

use std::sync::Arc;

use jiff::Timestamp;

use super::money::Money;
use super::usage::Usage;
use super::{Tariffs, Window, price};
use crate::cost::book::PriceBook;

/// What had been spent by each of `parts` + 1 moments as far from each other, from where the window begins, or the first thing, to its end.
///
/// The last is the total of the bill over the same window.
pub fn course(usage: &Usage, book: &PriceBook, window: Window, parts: u32) -> Vec<(Timestamp, Money)> {
    let now = window.now.as_second();
    let first = usage.stretches.iter().map(|stretch| stretch.from.as_second()).min().unwrap_or(now);
    let begin = window.since.map_or(first, |since| since.as_second().max(first)).min(now);
    let parts = i64::from(parts.max(1));
    let mut moments: Vec<(i64, Money)> =
        (0..=parts).map(|part| (begin + (now - begin) * part / parts, Money::NOTHING)).collect();
    let mut priced = Tariffs::default();
    for stretch in &usage.stretches {
        let tariff = &priced.entry(Arc::as_ptr(&stretch.what)).or_insert_with(|| price(&stretch.what, book)).tariff;
        let start = stretch.from.as_second();
        let from = start.max(begin);
        let end = stretch.to.map_or(now, |to| to.as_second().min(now));
        let behind = moments.partition_point(|(at, _)| *at <= from);
        for (at, money) in &mut moments[behind..] {
            *money = *money + tariff.cost(start, from, end.min(*at));
        }
    }
    let moment = |(at, money): (i64, Money)| Some((Timestamp::from_second(at).ok()?, money));
    moments.into_iter().filter_map(moment).collect()
}
