//! The bill: what was used, priced by the second.
//!
//! In reading order: `usage` what was used, `money` what is paid, `clock` the price of each second, `shares` who asked for what of a node,
//! `group` sums by cluster, pool, service and more, `month` what the month comes to, `course` what had come together by when.

mod clock;
mod course;
mod group;
mod money;
mod month;
mod shares;
mod usage;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use jiff::Timestamp;

use self::clock::Tariff;
use self::shares::{Asked, Desk, Place, Used, Weight};
use super::amount::Amount;
use super::book::{Market, PriceBook, Source, legend};
use super::item::Item;
use super::quote::supply;
use crate::spec::Provider;

pub use course::course;
pub use group::{Group, GroupBy, GroupName};
pub use money::Money;
pub use month::{MonthEnd, month_end};
pub use usage::{NodeShape, Request, Stretch, Teller, Usage, What, Whose};

/// What Google takes off by itself.
pub(super) const SUSTAINED_USE: &str = "Google takes something off machines of some series, such as N1 and N2, and GPUs attached to them that run on demand for most of a month [U]; it is not counted";

/// What things cost over some time, and what those that are there cost now.
#[derive(Debug, Clone)]
pub struct Bill {
    /// The time it is of.
    pub window: Window,
    /// One line for each thing that stood in that time or stands now, in the order of the usage.
    pub lines: Vec<BillLine>,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Where it begins; `None` takes everything since it was made.
    pub since: Option<Timestamp>,
    /// Where it ends: now.
    pub now: Timestamp,
}

/// What one thing cost.
#[derive(Debug, Clone)]
pub struct BillLine {
    /// What it is.
    pub what: Arc<What>,
    /// Its name; the node's, if it is part of one.
    pub name: Arc<str>,
    /// When it ended, and who told so; `None` while it is there.
    pub end: Option<(Timestamp, Teller)>,
    /// Whole seconds of the window that it was billed for.
    pub seconds: u64,
    /// What that came to.
    pub money: Money,
    /// What it costs now; nothing if it is gone.
    pub rate: Amount,
    /// Whose it is: services by name, then what nobody asked for; empty if it is not divided. Together they are `money` and `rate`.
    pub parts: Vec<Part>,
    /// Where its last price was read; else why there is none.
    pub quote: Arc<Result<Arc<Source>, String>>,
}

/// What of a thing is whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The service; `None` for what was idle.
    pub service: Option<Arc<str>>,
    /// Shares of GPUs times seconds.
    pub share_seconds: u128,
    /// Its part of what was paid.
    pub money: Money,
    /// Its part of what is paid now.
    pub rate: Amount,
}

impl Bill {
    /// Everything together.
    pub fn total(&self) -> Money {
        self.lines.iter().map(|line| line.money).sum()
    }

    /// What runs now costs so much.
    pub fn rate(&self) -> Amount {
        self.lines.iter().map(|line| line.rate).sum()
    }

    /// Why the total is not all there is: what has no price, each once.
    pub fn unknowns(&self) -> BTreeSet<&str> {
        self.lines.iter().filter_map(|line| line.quote.as_ref().as_ref().err().map(String::as_str)).collect()
    }

    /// The sources of its prices, each once, in the order of their names.
    pub fn sources(&self) -> Vec<&Source> {
        let mut seen: Vec<&Source> = Vec::new();
        let mut last: Option<&Arc<Result<Arc<Source>, String>>> = None;
        for line in &self.lines {
            if last.is_some_and(|last| Arc::ptr_eq(last, &line.quote)) {
                continue;
            }
            last = Some(&line.quote);
            seen.extend(line.quote.as_ref().as_ref().ok().map(Arc::as_ref).filter(|source| !seen.contains(source)));
        }
        seen.sort_by(|one, other| one.name.cmp(&other.name));
        seen
    }

    /// What has to be known to read it.
    pub fn notes(&self) -> Vec<&'static str> {
        let mut notes = vec![
            "every second is counted alike; clouds have least times, and some fees by the started hour",
            "a GB month is counted as 730 hours, whatever the month; not in it: traffic, logs and metrics, and what disks cost for speed",
            "a node with GPUs is divided by the shares pods asked for and the time they had them; what nobody asked for is idle",
        ];
        let has = |provider: Provider, is_meant: fn(&Item) -> bool| {
            self.lines.iter().any(|line| line.what.provider == provider && is_meant(&line.what.item))
        };
        if has(Provider::Gke, |_| true) {
            notes.push("GKE's credit for a zonal cluster is not counted");
        }
        if has(Provider::Gke, |item| matches!(item, Item::Machine { .. })) {
            notes.push(SUSTAINED_USE);
        }
        if has(Provider::Eks, |item| *item == Item::LoadBalancer) {
            notes.push("the public addresses of load balancers on AWS are not counted");
        }
        notes.extend(legend(self.sources().iter().map(|source| &*source.name)));
        notes
    }
}

/// Tariffs by the addresses of what they are of, which nobody outside chooses: a quick hash will do.
type Tariffs = HashMap<*const What, Priced, FixedState>;

/// The tariff of one kind of thing, with where it was read or why there is none.
struct Priced {
    tariff: Tariff,
    quote: Arc<Result<Arc<Source>, String>>,
}

/// Bills what was used in a window.
///
/// Sub-second times count from their whole second, as the clouds tell whole seconds.
pub fn bill(usage: &Usage, book: &PriceBook, window: Window) -> Bill {
    let (asked, mut last) = (Asked::new(usage, window), Last::default());
    let mut priced = Tariffs::default();
    let mut lines = Vec::with_capacity(usage.stretches.len());
    for stretch in &usage.stretches {
        let price = priced.entry(Arc::as_ptr(&stretch.what)).or_insert_with(|| price(&stretch.what, book));
        lines.extend(line(stretch, price, (&asked, &mut last), window));
    }
    Bill { window, lines }
}

fn price(what: &What, book: &PriceBook) -> Priced {
    let zones = what.zone.as_slice();
    let market = Market { provider: what.provider, region: &what.region, zones };
    let prices = book.over_time(market, &what.item);
    let tariff = Tariff::new(&prices, what.quantity);
    let quote = match prices.last() {
        Some((_, price)) => Ok(Arc::clone(&price.source)),
        None => Err(supply(book, market, &what.item)),
    };
    Priced { tariff, quote: Arc::new(quote) }
}

/// `None` for what neither cost anything in the window nor stands now.
fn line(
    stretch: &Stretch,
    priced: &Priced,
    (asked, last): (&Asked<'_>, &mut Last),
    window: Window,
) -> Option<BillLine> {
    let (start, now) = (stretch.from.as_second(), window.now.as_second());
    let from = window.since.map_or(start, |since| since.as_second().max(start));
    let to = stretch.to.map_or(now, |to| to.as_second().min(now));
    let is_there = start <= now && stretch.to.is_none_or(|to| to.as_second() > now);
    if to <= from && !is_there {
        return None;
    }
    let money = priced.tariff.cost(start, from, to);
    let rate = if is_there { priced.tariff.rate(now) } else { Amount::NOTHING };
    let mut line = BillLine {
        what: Arc::clone(&stretch.what),
        name: Arc::clone(&stretch.name),
        end: stretch.to.map(|to| (to, stretch.told)),
        seconds: to.saturating_sub(from).max(0).unsigned_abs(),
        money,
        rate,
        parts: Vec::new(),
        quote: Arc::clone(&priced.quote),
    };
    if line.what.shares > 0 {
        let place = Place { cluster: &line.what.whose.cluster, name: &line.name, shares: line.what.shares };
        let using = is_there.then(|| asked.using(place, now, &mut last.desk));
        last.look(place, (from, to.max(from)), &priced.tariff, asked);
        line.parts = last.parts(&line, using.as_ref());
    }
    Some(line)
}

/// How the last node was used, because its machine, its GPUs and its disk are divided alike; with lists that are used again.
#[derive(Default)]
struct Last {
    node: Option<(*const str, u64, i64, i64)>,
    used: Used,
    desk: Desk,
    weights: Vec<u128>,
    money: Vec<Money>,
}

impl Last {
    fn look(&mut self, place: Place<'_>, (from, to): (i64, i64), tariff: &Tariff, asked: &Asked<'_>) {
        let node = (std::ptr::from_ref(place.name), place.shares, from, to);
        if !tariff.is_steady(from, to) {
            self.node = None;
            asked.used(place, (from, to), tariff, &mut self.desk, &mut self.used);
        } else if self.node != Some(node) {
            self.node = Some(node);
            asked.used(place, (from, to), &Tariff::unknown(), &mut self.desk, &mut self.used);
        }
    }

    /// Divides a line among the services that asked for shares of its node, and idleness.
    fn parts(&mut self, line: &BillLine, using: Option<&Used>) -> Vec<Part> {
        let Some(using) = using else {
            // What is gone costs nothing now.
            self.weights.clear();
            self.weights.extend(self.used.services.iter().map(|(_, weight)| weight.paid).chain([self.used.idle.paid]));
            line.money.divide_into(&self.weights, &mut self.money);
            let services = self.used.services.iter().map(|(service, weight)| (Some(Arc::clone(service)), weight));
            let all = services.chain([(None, &self.used.idle)]).zip(&self.money);
            let part = |((service, weight), money): ((Option<Arc<str>>, &Weight), &Money)| Part {
                service,
                share_seconds: weight.share_seconds,
                money: *money,
                rate: Amount::NOTHING,
            };
            let mut parts = Vec::with_capacity(self.weights.len());
            parts.extend(all.map(part));
            return parts;
        };
        parts(line, &self.used, using)
    }
}

/// The same of one that stands: what it cost is divided by its past, and what it costs now by who has it now.
fn parts(line: &BillLine, used: &Used, using: &Used) -> Vec<Part> {
    let both = used.services.iter().chain(&using.services);
    let mut services: Vec<&Arc<str>> = both.map(|(service, _)| service).collect();
    services.sort_unstable();
    services.dedup();
    let weight = |used: &Used, name: &Arc<str>| {
        let index = used.services.binary_search_by(|(known, _)| known.cmp(name)).ok();
        index.map_or(Weight::default(), |index| used.services[index].1)
    };
    let weights = |used: &Used| -> Vec<u128> {
        services.iter().map(|name| weight(used, name).paid).chain([used.idle.paid]).collect()
    };
    let money = line.money.divide(&weights(used));
    let rates = line.rate.divide(&weights(using));
    let names = services.iter().map(|service| Some(Arc::clone(service))).chain([None]);
    let part = |(service, (money, rate)): (Option<Arc<str>>, (Money, Amount))| {
        let share_seconds = service.as_ref().map_or(used.idle, |name| weight(used, name)).share_seconds;
        Part { service, share_seconds, money, rate }
    };
    names.zip(money.into_iter().zip(rates)).map(part).collect()
}
