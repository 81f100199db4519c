//! A bill: tables for people, Markdown, CSV, JSON and metrics.

use std::collections::BTreeMap;
use std::fmt;

use berth_core::cost::{Amount, Bill, BillLine, Budget, Group, GroupBy, GroupName, Money, MonthEnd, Source, Span};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::document::{Document, Section, left, right};
use super::flat::{judgement, lines_of};
use super::metrics::{self, Family, IDLE, Sample, written};
use super::words::{UNKNOWN, number, rate, usd};
use crate::words::duration;

pub use super::html::bill as html;

/// A bill and what it is of.
pub struct Billed<'a> {
    /// The cluster; `None` for all.
    pub cluster: Option<&'a str>,
    /// What it cost and costs.
    pub bill: Bill,
    /// What the month in UTC has cost, and what it comes to.
    pub month: MonthEnd,
    /// What a month may cost.
    pub budget: Option<Budget>,
    /// What the rows are of.
    pub by: GroupBy,
    /// What is not seen, and what was counted otherwise.
    pub notes: &'a [String],
    /// What had come together by each moment; only for a page.
    pub course: Vec<(Timestamp, Money)>,
}

impl Billed<'_> {
    pub(super) fn notes(&self) -> Vec<String> {
        let general = self.bill.notes().into_iter().map(str::to_owned);
        let mut notes: Vec<String> = self.notes.to_vec();
        notes.sort();
        notes.dedup();
        notes.into_iter().chain(general).collect()
    }
}

/// To the cent: `12.34`, `at least 12.34`, `unknown`.
pub fn cents(money: Money) -> String {
    if money.is_unknown() {
        return "unknown".to_owned();
    }
    let cents = (money.micro_usd() + 5000) / 10_000;
    let least = if money.is_at_least() { "at least " } else { "" };
    format!("{least}{}.{:02}", cents / 100, cents % 100)
}

/// What stands in no pool; no pool can have such a name.
const AROUND: &str = "(around the pools)";

/// As tables that read well on a terminal.
pub fn text(billed: &Billed<'_>) -> String {
    document(billed).text()
}

/// As Markdown, for a comment.
pub fn markdown(billed: &Billed<'_>) -> String {
    document(billed).markdown()
}

fn document(billed: &Billed<'_>) -> Document {
    let window = billed.bill.window;
    let of = billed.cluster.map_or_else(|| "all clusters".to_owned(), |name| format!("cluster {name}"));
    let unknowns = billed.bill.unknowns().into_iter().map(str::to_owned).collect();
    let sources = billed.bill.sources().into_iter().map(|source| self::source(source, billed)).collect();
    let budget = billed.budget.map(|budget| budget.judge_month(&billed.month).to_string()).into_iter().collect();
    Document {
        heading: format!("Bill of {of} {}, at {}, in USD", since(billed), minute(window.now)),
        sections: vec![total(billed), groups(billed), made_of(billed)],
        lists: vec![("Budget", budget), ("Prices", sources), (UNKNOWN, unknowns), ("Notes", billed.notes())],
    }
}

/// Since when it counts.
pub(super) fn since(billed: &Billed<'_>) -> String {
    match (billed.bill.window.since, billed.cluster) {
        (Some(since), _) => format!("since {}", minute(since)),
        (None, Some(_)) => "since it was made".to_owned(),
        (None, None) => "since they were made".to_owned(),
    }
}

pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

pub(super) fn source(source: &Source, billed: &Billed<'_>) -> String {
    let age = source.age(billed.bill.window.now);
    let seconds = age.map(|age| u64::try_from(age.as_secs()).unwrap_or(0));
    let told = seconds.map_or_else(|| source.date.clone(), |seconds| format!("read {} ago", duration(seconds)));
    format!("{} ({}, {told})", source.name, source.basis.word())
}

fn total(billed: &Billed<'_>) -> Section {
    let month = &billed.month;
    let row = |name: &str, amount: String| vec![name.to_owned(), amount];
    Section {
        title: "Total".to_owned(),
        columns: vec![left(""), right("USD")],
        rows: vec![
            row("so far", cents(billed.bill.total())),
            row("an hour now", rate(billed.bill.rate())),
            row("this month so far", cents(month.so_far)),
            row("this month if it goes on so", cents(month.expected)),
        ],
    }
}

fn groups(billed: &Billed<'_>) -> Section {
    let row = |group: Group| {
        vec![name(&group.name, &billed.by, billed.cluster.is_some()), cents(group.money), rate(group.rate)]
    };
    Section {
        title: format!("By {}", word(&billed.by)),
        columns: vec![left(""), right("so far"), right("an hour now")],
        rows: billed.bill.grouped(&billed.by).into_iter().map(row).collect(),
    }
}

pub(super) fn word(by: &GroupBy) -> String {
    match by {
        GroupBy::Cluster => "cluster".to_owned(),
        GroupBy::Pool => "pool".to_owned(),
        GroupBy::Service => "service".to_owned(),
        GroupBy::Label(key) => format!("label {key}"),
        GroupBy::Owner => "owner".to_owned(),
        GroupBy::Lease => "lease".to_owned(),
        GroupBy::Run => "run".to_owned(),
    }
}

/// What a group is called; where all is of one cluster, without that.
pub(super) fn name(name: &GroupName, by: &GroupBy, is_of_one: bool) -> String {
    match name {
        GroupName::Named(name) => name.clone(),
        GroupName::Pool { pool, .. } if is_of_one => pool.clone(),
        GroupName::Pool { cluster, pool } => format!("{cluster}/{pool}"),
        GroupName::Around(_) if is_of_one => AROUND.to_owned(),
        GroupName::Around(cluster) => format!("{cluster}/{AROUND}"),
        GroupName::Idle => IDLE.to_owned(),
        GroupName::Rest if *by == GroupBy::Service => "(not divided)".to_owned(),
        GroupName::Rest => "(none)".to_owned(),
    }
}

/// Alike things of a pool together.
#[derive(Default)]
struct Alike {
    there: usize,
    gone: usize,
    seconds: u64,
    money: Money,
    rate: Amount,
}

/// What it is made of.
pub(super) fn made_of(billed: &Billed<'_>) -> Section {
    let mut alike: BTreeMap<(&str, &str, String), Alike> = BTreeMap::new();
    for line in &billed.bill.lines {
        let what = line.what.as_ref();
        let key = (what.whose.cluster.as_str(), what.pool.as_deref().unwrap_or(""), described(line));
        let one = alike.entry(key).or_default();
        if is_there(line) {
            one.there += 1
        } else {
            one.gone += 1
        }
        one.seconds += line.seconds;
        (one.money, one.rate) = (one.money + line.money, one.rate + line.rate);
    }
    let row = |((cluster, pool, what), one): ((&str, &str, String), Alike)| {
        let hours = format!("{:.2}", one.seconds as f64 / 3600.0);
        let pool = if pool.is_empty() { AROUND } else { pool };
        let place = if billed.cluster.is_some() { pool.to_owned() } else { format!("{cluster}/{pool}") };
        vec![place, what, one.there.to_string(), one.gone.to_string(), hours, cents(one.money), rate(one.rate)]
    };
    let columns = [
        left("pool"),
        left("what"),
        right("there"),
        right("gone"),
        right("hours"),
        right("so far"),
        right("an hour now"),
    ];
    Section {
        title: "What it is made of".to_owned(),
        columns: columns.into(),
        rows: alike.into_iter().map(row).collect(),
    }
}

/// What stands now has a rate, known or not.
fn is_there(line: &BillLine) -> bool {
    line.rate != Amount::NOTHING
}

fn described(line: &BillLine) -> String {
    let what = line.what.as_ref();
    let words = what.item.words(what.provider);
    let spot = if what.item.is_spot() { " spot" } else { "" };
    match what.item {
        berth_core::cost::Item::Disk(_) => format!("{words}, {} GB", what.quantity),
        _ if what.quantity > 1 => format!("{} x {words}{spot}", what.quantity),
        _ => format!("{words}{spot}"),
    }
}

/// As JSON. Money is in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
pub fn json(billed: &Billed<'_>) -> Value {
    let bill = &billed.bill;
    let groups = bill.grouped(&billed.by).into_iter().map(
        |group| json!({"name": name(&group.name, &billed.by, billed.cluster.is_some()), "cost": money_json(group.money), "perHour": hour_json(group.rate)}),
    );
    let sources = bill.sources().into_iter().map(|source| {
        json!({"name": source.name, "date": source.date, "basis": source.basis.word(), "fetched": source.fetched})
    });
    json!({
        "cluster": billed.cluster,
        "currency": "USD",
        "since": bill.window.since,
        "until": bill.window.now,
        "total": money_json(bill.total()),
        "perHour": hour_json(bill.rate()),
        "month": {"soFar": money_json(billed.month.so_far), "expected": money_json(billed.month.expected), "secondsLeft": billed.month.seconds_left},
        "budget": billed.budget.map(|budget| judgement(budget, &budget.judge_month(&billed.month))),
        "groupedBy": word(&billed.by),
        "groups": groups.collect::<Vec<_>>(),
        "lines": bill.lines.iter().map(line).collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
        "unknown": bill.unknowns(),
        "notes": billed.notes(),
    })
}

fn line(line: &BillLine) -> Value {
    let what = line.what.as_ref();
    let parts = line
        .parts
        .iter()
        .map(|part| json!({"service": part.service.as_deref(), "cost": money_json(part.money), "perHour": hour_json(part.rate)}));
    json!({
        "cluster": what.whose.cluster, "provider": what.provider, "pool": what.pool, "zone": what.zone, "region": what.region,
        "item": what.item, "name": &*line.name, "quantity": what.quantity, "seconds": line.seconds,
        "ended": line.end.map(|(at, told)| json!({"at": at, "told": told.word()})),
        "cost": money_json(line.money), "perHour": hour_json(line.rate), "parts": parts.collect::<Vec<_>>(),
        "source": line.quote.as_ref().as_ref().ok().map(|source| &source.name),
        "unknown": line.quote.as_ref().as_ref().err(),
    })
}

/// Money in USD as JSON; `null` where nothing of it is known.
pub fn money_json(money: Money) -> Value {
    usd_json(money.is_unknown(), money.micro_usd(), money.is_at_least())
}

/// `0.42 USD so far, 1.2300 an hour now`.
pub fn so_far(money: Money, hourly: Amount) -> String {
    format!("{} USD so far, {} an hour now", cents(money), rate(hourly))
}

/// An hour's amount in USD as JSON; `null` where nothing of it is known.
pub fn hour_json(amount: Amount) -> Value {
    usd_json(amount.is_unknown(), amount.micro_usd(Span::Hour), amount.is_at_least())
}

fn usd_json(is_unknown: bool, micro_usd: u128, at_least: bool) -> Value {
    json!({"usd": (!is_unknown).then(|| number(micro_usd)), "atLeast": at_least})
}

/// As CSV with a head: one row for each part of a thing, those of services and what was idle; one for all of it where it is not divided.
///
/// The rows of a thing add up to it in `usd` and `usd_hour_now`; `quantity` and `seconds` are those of the whole thing in each of them.
/// An amount nothing of is known is empty. All that a bill can be summed up by has a column; a label has one if it is summed up by that.
pub fn csv(billed: &Billed<'_>) -> String {
    let head = [
        "cluster",
        "provider",
        "region",
        "zone",
        "pool",
        "what",
        "name",
        "quantity",
        "seconds",
        "usd",
        "usd_hour_now",
        "at_least",
        "source",
        "source_date",
        "unknown",
        "service",
        "ended",
        "owner",
        "lease",
        "run",
    ];
    let label = match &billed.by {
        GroupBy::Label(key) => Some(key.as_str()),
        _ => None,
    };
    let mut head = head.map(str::to_owned).to_vec();
    head.extend(label.map(|_| word(&billed.by)));
    let lines = billed.bill.lines.iter();
    let rows = lines.flat_map(|line| divided(line).into_iter().map(move |part| cells(line, part, label)));
    lines_of([head].into_iter().chain(rows))
}

/// What a line is divided into, with the name of the service; all of it without a name where it is not divided.
fn divided(line: &BillLine) -> Vec<(&str, Money, Amount)> {
    if line.parts.is_empty() {
        return vec![("", line.money, line.rate)];
    }
    line.parts.iter().map(|part| (part.service.as_deref().unwrap_or(IDLE), part.money, part.rate)).collect()
}

fn cells(line: &BillLine, (service, money, rate): (&str, Money, Amount), label: Option<&str>) -> Vec<String> {
    let what = line.what.as_ref();
    let whose = what.whose.as_ref();
    let known = |is_unknown: bool, micro_usd: u128| if is_unknown { String::new() } else { usd(micro_usd) };
    let [source, date, unknown] = match line.quote.as_ref() {
        Ok(source) => [source.name.clone(), source.date.clone(), String::new()],
        Err(why) => [String::new(), String::new(), why.clone()],
    };
    let mut cells = vec![
        whose.cluster.clone(),
        what.provider.as_str().to_owned(),
        what.region.clone(),
        what.zone.clone().unwrap_or_default(),
        what.pool.clone().unwrap_or_default(),
        described(line),
        line.name.to_string(),
        what.quantity.to_string(),
        line.seconds.to_string(),
        known(money.is_unknown(), money.micro_usd()),
        known(rate.is_unknown(), rate.micro_usd(Span::Hour)),
        money.is_at_least().to_string(),
        source,
        date,
        unknown,
        service.to_owned(),
        line.end.map(|(at, _)| at.to_string()).unwrap_or_default(),
        whose.owner.clone().unwrap_or_default(),
        whose.lease.clone().unwrap_or_default(),
        whose.run.clone().unwrap_or_default(),
    ];
    cells.extend(label.map(|key| whose.labels.get(key).cloned().unwrap_or_default()));
    cells
}

/// As metrics; a part without any known price has no sample.
///
/// # Errors
///
/// None: only a broken sink would give one, and a string is not.
pub fn prometheus(billed: &Billed<'_>) -> Result<String, fmt::Error> {
    let parts = parts(&billed.bill);
    let sample = |labels: &[&str; 3], value: u128| {
        let labels = ["cluster", "pool", "service"].into_iter().zip(labels.map(str::to_owned)).collect();
        Sample { labels, value: number(value) }
    };
    let rates = parts.iter().filter(|(_, (_, rate))| !rate.is_unknown());
    let spent = parts.iter().filter(|(_, (money, _))| !money.is_unknown());
    let mut unknown: BTreeMap<[&str; 2], u32> = BTreeMap::new();
    for line in &billed.bill.lines {
        let count = unknown.entry([&line.what.whose.cluster, line.what.pool.as_deref().unwrap_or("")]).or_default();
        *count += u32::from(line.quote.is_err());
    }
    let unknown = unknown.into_iter().map(|([cluster, pool], count)| Sample {
        labels: vec![("cluster", cluster.to_owned()), ("pool", pool.to_owned())],
        value: f64::from(count),
    });
    // What was gone before this month comes to nothing in it.
    let mut months: BTreeMap<&str, Money> = parts.keys().map(|[cluster, ..]| (*cluster, Money::NOTHING)).collect();
    months.extend(billed.month.clusters.iter().map(|(cluster, expected)| (cluster.as_str(), *expected)));
    let months = months.into_iter().filter(|(_, expected)| !expected.is_unknown());
    let months = months.map(|(cluster, expected)| Sample {
        labels: vec![("cluster", cluster.to_owned())],
        value: number(expected.micro_usd()),
    });
    written(vec![
        Family {
            name: "berth_cost_per_hour_usd",
            help: "US dollars an hour of what runs now; pool is empty for what stands around the pools, service where a node is not divided.",
            samples: rates.map(|(labels, (_, rate))| sample(labels, rate.micro_usd(Span::Hour))).collect(),
        },
        Family {
            name: "berth_cost_so_far_usd",
            help: "US dollars spent, in the parts of berth_cost_per_hour_usd.",
            samples: spent.map(|(labels, (money, _))| sample(labels, money.micro_usd())).collect(),
        },
        Family {
            name: "berth_cost_month_expected_usd",
            help: "US dollars that the month in UTC comes to if what runs now goes on.",
            samples: months.collect(),
        },
        metrics::budget(billed.cluster.zip(billed.budget)),
        Family {
            name: "berth_cost_unknown_prices",
            help: "Things without a known price; above 0 the costs of that pool are too low.",
            samples: unknown.collect(),
        },
    ])
}

/// What does not overlap: cluster, pool and service.
fn parts(bill: &Bill) -> BTreeMap<[&str; 3], (Money, Amount)> {
    let mut parts: BTreeMap<[&str; 3], (Money, Amount)> = BTreeMap::new();
    for line in &bill.lines {
        let (cluster, pool) = (line.what.whose.cluster.as_str(), line.what.pool.as_deref().unwrap_or(""));
        for (service, money, rate) in divided(line) {
            let sum = parts.entry([cluster, pool, service]).or_default();
            *sum = (sum.0 + money, sum.1 + rate);
        }
    }
    parts
}

#[cfg(test)]
mod tests;
