//! An estimate for programs: CSV, one row for each figure's subject, and JSON.

use berth_core::cost::{
    Amount, Budget, Cases, Delta, Estimate, Line, MONTH_HOURS, PoolEstimate, Quote, ScheduledPool, Span, Split,
    Standing,
};
use serde_json::{Value, json};

use super::words::{capacity, price, usd};
use super::{OnSchedule, Shown};
use crate::price_cache::Told;

const SPANS: [(&str, Span); 3] = [("hour", Span::Hour), ("day", Span::Day), ("month", Span::Month)];
const CASES: [&str; 3] = ["min", "expected", "max"];

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
/// An amount nothing of is known is empty; `at_least_*` says that some part of it is unknown.
pub(crate) fn csv(shown: &Shown<'_>) -> String {
    let mut head: Vec<String> =
        ["kind", "pool", "name", "unit_price_usd", "unit", "basis", "source", "source_date", "unknown"]
            .map(str::to_owned)
            .to_vec();
    for case in CASES {
        head.push(format!("{case}_quantity"));
        head.extend(SPANS.iter().map(|(span, _)| format!("{case}_usd_{span}")));
        head.push(format!("at_least_{case}"));
    }
    let rows = rows(shown.estimate);
    let lines = [head].into_iter().chain(rows.iter().map(cells));
    let lines: Vec<String> =
        lines.map(|cells| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",")).collect();
    lines.join("\n")
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

fn cells(row: &Row<'_>) -> Vec<String> {
    let mut cells: Vec<String> = [row.kind, row.pool, row.name].map(str::to_owned).to_vec();
    cells.extend(match row.line.map(|line| &line.quote) {
        None => ["", "", "", "", "", ""].map(str::to_owned),
        Some(Quote::Unknown { supply }) => ["", "", "", "", "", supply.as_str()].map(str::to_owned),
        Some(Quote::Known(found)) => [
            price(found),
            found.unit.words().to_owned(),
            found.source.basis.word().to_owned(),
            found.source.name.to_owned(),
            found.source.date.to_owned(),
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

/// A cell as RFC 4180 has it.
pub(super) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// As JSON. Amounts are in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
pub(crate) fn json(shown: &Shown<'_>) -> Value {
    let (spec, estimate) = (shown.spec, shown.estimate);
    let services: Vec<Value> = estimate
        .services
        .iter()
        .map(|service| json!({"name": service.name, "shares": service.shares, "amount": amounts(service.amount)}))
        .collect();
    json!({
        "cluster": {"name": spec.name, "provider": spec.cloud.provider(), "location": spec.place.location()},
        "currency": "USD",
        "hoursPerMonth": MONTH_HOURS,
        "total": amounts(estimate.total()),
        "livePrices": told(shown.told),
        "budget": shown.budget.map(|budget| judged(shown.total(), budget)),
        "schedule": shown.schedule.as_ref().map(on_schedule),
        "pools": estimate.pools.iter().map(pool).collect::<Vec<_>>(),
        "lines": estimate.lines.iter().map(line).collect::<Vec<_>>(),
        "services": services,
        "idle": amounts(estimate.idle()),
        "undivided": amounts(estimate.undivided()),
        "unknown": estimate.unknowns(),
        "notes": estimate.notes,
    })
}

/// When clouds told the live prices, and how long ago that was by their clock.
pub(super) fn told(told: &[Told]) -> Value {
    let one = |told: &Told| json!({"source": told.source, "fetched": told.at, "ageSeconds": told.age.as_secs(), "cached": told.is_cached});
    told.iter().map(one).collect()
}

/// How a total stands to a budget.
pub(super) fn judged(total: Cases<Amount>, budget: Budget) -> Value {
    let judgement = budget.judge(total);
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
    let pool =
        |pool: &ScheduledPool| json!({"name": pool.name, "amount": amounts(pool.amount), "split": split(&pool.split)});
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

fn pool(pool: &PoolEstimate) -> Value {
    let rates = pool.rates;
    json!({
        "name": pool.name,
        "machineType": pool.machine_type,
        "capacity": capacity(pool.capacity),
        "nodes": counts(pool.nodes),
        "shares": counts(pool.shares()),
        "lines": pool.lines.iter().map(line).collect::<Vec<_>>(),
        "amount": amounts(pool.total()),
        "onDemand": amounts(pool.on_demand()),
        "spot": amounts(pool.spot()),
        "spotSavesPercent": rates.savings_per_mille().map(|tenths| tenths as f64 / 10.0),
        "node": amount(rates.node),
        "gpu": rates.gpu.map(amount),
        "share": rates.share.map(amount),
        "split": split(&pool.split),
    })
}

/// What of a pool is whose; `null` where it is not divided.
fn split(split: &Option<Split>) -> Value {
    let Some(split) = split else { return Value::Null };
    let services: Vec<Value> =
        split.services.iter().map(|part| json!({"name": part.service, "amount": amounts(part.amount)})).collect();
    json!({"services": services, "idle": amounts(split.idle)})
}

fn line(line: &Line) -> Value {
    let quote = match &line.quote {
        Quote::Unknown { supply } => json!({"unknown": supply}),
        Quote::Known(price) => json!({
            "usd": number(u128::from(price.micro_usd)), "microUsd": price.micro_usd, "per": price.unit.words(),
            "region": price.region, "zone": price.zone, "basis": price.source.basis.word(), "source": price.source.name, "date": price.source.date,
        }),
    };
    json!({"what": line.what, "quantity": counts(line.quantity), "price": quote, "amount": amounts(line.amount())})
}

fn counts(counts: Cases<u64>) -> Value {
    json!({"min": counts.min, "expected": counts.expected, "max": counts.max})
}

pub(super) fn amounts(amounts: Cases<Amount>) -> Value {
    json!({"min": amount(amounts.min), "expected": amount(amounts.expected), "max": amount(amounts.max)})
}

fn amount(amount: Amount) -> Value {
    let of = |span| (!amount.is_unknown()).then(|| number(amount.micro_usd(span)));
    json!({"hour": of(Span::Hour), "day": of(Span::Day), "month": of(Span::Month), "atLeast": amount.is_at_least()})
}

/// By how much months change, in USD; `partlyUnknown` says that the true change is another.
pub(super) fn deltas(deltas: Cases<Delta>) -> Value {
    let of = |delta: Delta| json!({"month": delta.micro_usd as f64 / 1e6, "partlyUnknown": delta.lacks});
    json!({"min": of(deltas.min), "expected": of(deltas.expected), "max": of(deltas.max)})
}

/// Micro-USD as a number of USD.
fn number(micro_usd: u128) -> f64 {
    micro_usd as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_with_signs_of_csv_are_quoted() {
        assert_eq!(["a b", "a, b", "say \"a\""].map(quoted), ["a b", "\"a, b\"", "\"say \"\"a\"\"\""]);
    }
}
