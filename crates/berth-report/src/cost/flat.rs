//! An estimate for programs: CSV, one row for each figure's subject, and JSON.

use std::collections::BTreeSet;

use berth_core::cost::{
    Amount, Budget, Cases, Delta, Estimate, Judgement, Line, MONTH_HOURS, PoolEstimate, Price, Quote, ScheduledPool,
    ServiceEstimate, Source, Span, Split, Standing,
};
use berth_core::spec::Provider;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::words::{CASES, number, price, usd};
use super::{LiveRead, OnSchedule, Shown, prices};

const SPANS: [(&str, Span); 3] = [("hour", Span::Hour), ("day", Span::Day), ("month", Span::Month)];

/// One subject of the CSV.
struct Row<'a> {
    kind: &'static str,
    pool: &'a str,
    name: &'a str,
    line: Option<&'a Line>,
    quantity: Option<Cases<u64>>,
    amount: Cases<Amount>,
}

/// As CSV with a head; lines, then the sums over them.
///
/// Do not add up rows of different kinds: `line` rows make up the pools, the cluster and the total, and so do the services' rows.
/// An amount nothing of is known is empty; `at_least_*` says that some part of it is unknown. Only live prices have a `source_age_seconds`.
pub fn csv(shown: &Shown<'_>) -> String {
    let head = [
        "kind",
        "pool",
        "name",
        "unit_price_usd",
        "unit",
        "basis",
        "source",
        "source_date",
        "source_age_seconds",
        "unknown",
    ];
    let mut head = head.map(str::to_owned).to_vec();
    for case in CASES {
        head.push(format!("{case}_quantity"));
        head.extend(SPANS.iter().map(|(span, _)| format!("{case}_usd_{span}")));
        head.push(format!("at_least_{case}"));
    }
    let rows = rows(shown.estimate);
    lines_of([head].into_iter().chain(rows.iter().map(|row| cells(row, shown.told))))
}

/// Rows of cells as CSV, without a final line end.
pub(super) fn lines_of(rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
    rows.map(line).collect::<Vec<_>>().join("\n")
}

fn rows(estimate: &Estimate) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = estimate
        .all_lines()
        .map(|(pool, line)| Row {
            kind: "line",
            pool: pool.unwrap_or(""),
            name: &line.what,
            line: Some(line),
            quantity: Some(line.quantity),
            amount: line.amount(),
        })
        .collect();
    let sum = |kind, name, amount| Row { kind, pool: "", name, line: None, quantity: None, amount };
    rows.extend(estimate.pools.iter().map(|pool| Row {
        pool: &pool.name,
        quantity: Some(pool.nodes),
        ..sum("pool", "nodes", pool.total())
    }));
    for pool in &estimate.pools {
        let Some(split) = &pool.split else { continue };
        let parts = split.services.iter().map(|part| ("service", part.service.as_str(), part.amount));
        rows.extend(
            parts
                .chain([("idle", "", split.idle)])
                .map(|(kind, name, amount)| Row { pool: &pool.name, ..sum(kind, name, amount) }),
        );
    }
    if !estimate.services.is_empty() {
        rows.push(sum("undivided", "", estimate.undivided()));
    }
    rows.push(sum("total", "", estimate.total()));
    rows
}

fn cells(row: &Row<'_>, told: &[LiveRead]) -> Vec<String> {
    let mut cells: Vec<String> = [row.kind, row.pool, row.name].map(str::to_owned).to_vec();
    cells.extend(match row.line.map(|line| &line.quote) {
        None => [""; 7].map(str::to_owned),
        Some(Quote::Unknown { supply }) => ["", "", "", "", "", "", supply.as_str()].map(str::to_owned),
        Some(Quote::Known(found)) => [
            price(found),
            found.unit.words().to_owned(),
            found.source.basis.word().to_owned(),
            found.source.name.to_owned(),
            found.source.date.to_owned(),
            age(&found.source, told).map(|seconds| seconds.to_string()).unwrap_or_default(),
            String::new(),
        ],
    });
    let quantities =
        row.quantity.map(|quantity| quantity.all().map(|quantity| quantity.to_string())).unwrap_or_default();
    for (amount, quantity) in row.amount.all().into_iter().zip(quantities) {
        cells.push(quantity);
        cells.extend(
            SPANS.map(|(_, span)| if amount.is_unknown() { String::new() } else { usd(amount.micro_usd(span)) }),
        );
        cells.push(amount.is_at_least().to_string());
    }
    cells
}

/// How many seconds ago a cloud told the prices of a source, by its clock; a discount changes the name of a source, but not that time.
fn age(source: &Source, told: &[LiveRead]) -> Option<i64> {
    let told = told.iter().find(|told| Some(told.at) == source.fetched)?;
    Some(told.age.as_secs())
}

/// A cell as RFC 4180 has it.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// As JSON. Amounts are in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
///
/// Written straight from the estimate, and as text, so that it is written in this crate, which is optimised: hundreds of pools have tens
/// of thousands of figures. The members of all objects are in the order of their names.
pub fn json(shown: &Shown<'_>) -> String {
    let (spec, estimate) = (shown.spec, shown.estimate);
    let whole = Whole {
        budget: shown.budget.map(|budget| judged(shown.total(), budget)),
        cluster: Cluster { location: spec.place.location(), name: &spec.name, provider: spec.cloud.provider() },
        currency: "USD",
        hours_per_month: MONTH_HOURS,
        idle: amounts(estimate.idle()),
        lines: &estimate.lines,
        live_prices: told(shown.told),
        notes: &estimate.notes,
        pools: &estimate.pools,
        schedule: shown.schedule.as_ref().map(on_schedule),
        services: estimate.services.iter().map(service).collect(),
        total: amounts(estimate.total()),
        undivided: amounts(estimate.undivided()),
        unknown: estimate.unknowns(),
    };
    // Nothing that we write can fail to be JSON.
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    budget: Option<Value>,
    cluster: Cluster<'a>,
    currency: &'static str,
    hours_per_month: u64,
    idle: Three<Figure>,
    #[serde(serialize_with = "lines")]
    lines: &'a [Line],
    live_prices: Value,
    notes: &'a [String],
    #[serde(serialize_with = "pools")]
    pools: &'a [PoolEstimate],
    schedule: Option<Value>,
    services: Vec<Service<'a>>,
    total: Three<Figure>,
    undivided: Three<Figure>,
    unknown: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct Cluster<'a> {
    location: &'a str,
    name: &'a str,
    provider: Provider,
}

#[derive(Serialize)]
struct Service<'a> {
    amount: Three<Figure>,
    name: &'a str,
    shares: u64,
}

fn service(service: &ServiceEstimate) -> Service<'_> {
    Service { amount: amounts(service.amount), name: &service.name, shares: service.shares }
}

/// When clouds told the live prices, and how long ago that was by their clock.
pub(super) fn told(told: &[LiveRead]) -> Value {
    let one = |told: &LiveRead| json!({"source": told.source, "fetched": told.at, "ageSeconds": told.age.as_secs(), "cached": told.is_cached});
    told.iter().map(one).collect()
}

/// How a total stands to a budget.
pub(super) fn judged(total: Cases<Amount>, budget: Budget) -> Value {
    judgement(budget, &budget.judge(total))
}

/// How something stands to a budget.
pub(super) fn judgement(budget: Budget, judgement: &Judgement) -> Value {
    let standing = match judgement.standing {
        Standing::Within => "within",
        Standing::Unknown => "unknown",
        Standing::MayExceed => "mayExceed",
        Standing::Over => "over",
    };
    let usd = number(u128::from(budget.monthly_micro_usd));
    json!({"monthlyUsd": usd, "standing": standing, "said": judgement.to_string()})
}

fn on_schedule(on: &OnSchedule) -> Value {
    let named = |parts: &[(String, Cases<Amount>)]| -> Vec<Value> {
        parts.iter().map(|(name, amount)| json!({"name": name, "amount": amounts(*amount)})).collect()
    };
    let pool = |pool: &ScheduledPool| json!({"name": pool.name, "amount": amounts(pool.amount), "split": pool.split.as_ref().map(split)});
    json!({
        "hours": on.schedule.to_string(),
        "total": amounts(on.scheduled.total()),
        "pools": on.scheduled.pools.iter().map(pool).collect::<Vec<_>>(),
        "lines": named(&on.scheduled.lines),
        "services": named(&on.scheduled.services),
        "idle": amounts(on.scheduled.idle()),
        "undivided": amounts(on.scheduled.undivided()),
        "notes": on.scheduled.notes,
    })
}

fn pools<S: Serializer>(pools: &&[PoolEstimate], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(pools.iter().map(pool))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pool<'a> {
    amount: Three<Figure>,
    capacity: &'static str,
    gpu: Option<Figure>,
    #[serde(serialize_with = "lines")]
    lines: &'a [Line],
    machine_type: &'a str,
    name: &'a str,
    node: Figure,
    nodes: Three<u64>,
    on_demand: Three<Figure>,
    share: Option<Figure>,
    shares: Three<u64>,
    split: Option<Divided<'a>>,
    spot: Three<Figure>,
    spot_saves_percent: Option<f64>,
}

fn pool(pool: &PoolEstimate) -> Pool<'_> {
    let rates = pool.rates;
    Pool {
        amount: amounts(pool.total()),
        capacity: pool.capacity.word(),
        gpu: rates.gpu.map(amount),
        lines: &pool.lines,
        machine_type: &pool.machine_type,
        name: &pool.name,
        node: amount(rates.node),
        nodes: counts(pool.nodes),
        on_demand: amounts(pool.on_demand()),
        share: rates.share.map(amount),
        shares: counts(pool.shares()),
        split: pool.split.as_ref().map(split),
        spot: amounts(pool.spot()),
        spot_saves_percent: rates.savings_per_mille().map(|tenths| tenths as f64 / 10.0),
    }
}

/// What of a pool is whose.
#[derive(Serialize)]
struct Divided<'a> {
    idle: Three<Figure>,
    services: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    amount: Three<Figure>,
    name: &'a str,
}

fn split(split: &Split) -> Divided<'_> {
    let services = split.services.iter().map(|part| Named { amount: amounts(part.amount), name: &part.service });
    Divided { idle: amounts(split.idle), services: services.collect() }
}

fn lines<S: Serializer>(lines: &&[Line], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(line))
}

#[derive(Serialize)]
struct Bought<'a> {
    amount: Three<Figure>,
    price: Quoted<'a>,
    quantity: Three<u64>,
    what: &'a str,
}

/// A price, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Quoted<'a> {
    Unknown {
        unknown: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Known {
        basis: &'static str,
        date: &'a str,
        micro_usd: u64,
        per: &'static str,
        region: &'a str,
        source: &'a str,
        usd: f64,
        zone: Option<&'a str>,
    },
}

fn line(line: &Line) -> Bought<'_> {
    let price = match &line.quote {
        Quote::Unknown { supply } => Quoted::Unknown { unknown: supply },
        Quote::Known(price) => known(price),
    };
    Bought { amount: amounts(line.amount()), price, quantity: counts(line.quantity), what: &line.what }
}

fn known(price: &Price) -> Quoted<'_> {
    Quoted::Known {
        basis: price.source.basis.word(),
        date: &price.source.date,
        micro_usd: price.micro_usd,
        per: price.unit.words(),
        region: &price.region,
        source: &price.source.name,
        usd: number(u128::from(price.micro_usd)),
        zone: price.zone.as_deref(),
    }
}

/// A price and what it is of.
#[derive(Serialize)]
pub(super) struct Priced<'a> {
    price: Quoted<'a>,
    what: &'a str,
}

/// The prices of some estimates, as they stand on the lines of one.
pub(super) fn prices<'a>(estimates: &[&'a Estimate]) -> Vec<Priced<'a>> {
    let one = |(what, price): (&'a str, &'a Price)| Priced { price: known(price), what };
    prices::each(estimates).into_iter().map(one).collect()
}

/// Something of each case.
#[derive(Serialize)]
pub(super) struct Three<T> {
    expected: T,
    max: T,
    min: T,
}

fn counts(counts: Cases<u64>) -> Three<u64> {
    Three { expected: counts.expected, max: counts.max, min: counts.min }
}

pub(super) fn amounts(amounts: Cases<Amount>) -> Three<Figure> {
    Three { expected: amount(amounts.expected), max: amount(amounts.max), min: amount(amounts.min) }
}

/// An amount in USD.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figure {
    at_least: bool,
    day: Option<f64>,
    hour: Option<f64>,
    month: Option<f64>,
}

fn amount(amount: Amount) -> Figure {
    let of = |span| (!amount.is_unknown()).then(|| number(amount.micro_usd(span)));
    Figure { at_least: amount.is_at_least(), day: of(Span::Day), hour: of(Span::Hour), month: of(Span::Month) }
}

/// By how much months change, in USD; `null` where nothing of one of them or of the change is known; `partlyUnknown` says that the true change is another.
pub(super) fn deltas(deltas: Cases<Delta>) -> Value {
    let of = |delta: Delta| {
        let month = (!delta.is_unknown).then_some(delta.micro_usd as f64 / 1e6);
        json!({"month": month, "partlyUnknown": delta.lacks})
    };
    json!({"min": of(deltas.min), "expected": of(deltas.expected), "max": of(deltas.max)})
}

#[cfg(test)]
mod tests {
    use berth_core::cost::{Basis, LiveRead, Source};
    use jiff::{SignedDuration, Timestamp};

    use super::{age, quoted};

    #[test]
    fn only_a_live_price_has_an_age_also_with_a_discount() {
        let at: Timestamp = "2026-11-21T16:02:03Z".parse().expect("a time");
        let list = Source::live("AWS price list", at);
        let spot = Source::live("EC2 spot price history", at + SignedDuration::from_hours(2));
        let read = |source: &Source, hours| LiveRead {
            source: source.name.clone(),
            at: source.fetched.expect("it is live"),
            age: SignedDuration::from_hours(hours),
            is_cached: hours > 0,
        };
        let told = [read(&list, 2), read(&spot, 0)];
        assert_eq!([age(&list, &told), age(&spot, &told)], [Some(7200), Some(0)]);
        let less = Source { name: "AWS price list, less 10 % by own.yaml".to_owned(), ..list.clone() };
        assert_eq!(age(&less, &told), Some(7200));
        assert_eq!(age(&Source { basis: Basis::Listed, fetched: None, ..list }, &told), None);
    }

    #[test]
    fn cells_with_signs_of_csv_are_quoted() {
        assert_eq!(["a b", "a, b", "say \"a\""].map(quoted), ["a b", "\"a, b\"", "\"say \"\"a\"\"\""]);
    }
}
