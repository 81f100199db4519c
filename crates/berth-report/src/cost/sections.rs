//! An estimate for people: the same tables as text and as Markdown.

use berth_core::cost::{Amount, Cases, Estimate, Line, PoolEstimate, Span};

use super::document::{Document, Section, left, right};
use super::words::{LIVE, UNKNOWN, cents, percent, rate, told};
use super::{OnSchedule, Shown, prices};
use crate::table::Column;

/// As tables that read well on a terminal.
pub fn text(shown: &Shown<'_>) -> String {
    document(shown).text()
}

/// As Markdown, for a pull request's comment.
pub fn markdown(shown: &Shown<'_>) -> String {
    document(shown).markdown()
}

fn document(shown: &Shown<'_>) -> Document {
    Document { heading: heading(shown), sections: sections(shown), lists: lists(shown) }
}

fn heading(shown: &Shown<'_>) -> String {
    let spec = shown.spec;
    format!(
        "Estimate for cluster {} ({}, {}), in USD",
        spec.name,
        spec.cloud.provider().as_str(),
        spec.place.location()
    )
}

fn sections(shown: &Shown<'_>) -> Vec<Section> {
    let estimate = shown.estimate;
    let mut sections = vec![total(estimate)];
    sections.extend(shown.schedule.as_ref().map(|scheduled| by_schedule(estimate, scheduled)));
    sections.extend([parts(estimate), nodes(estimate)]);
    if !estimate.services.is_empty() {
        sections.push(services(estimate));
        sections.extend(shown.schedule.as_ref().map(|on| services_by_schedule(estimate, on)));
    }
    sections.push(prices::section(&[estimate]));
    sections
}

fn lists(shown: &Shown<'_>) -> Vec<(&'static str, Vec<String>)> {
    let estimate = shown.estimate;
    let working = shown.schedule.as_ref().map_or(String::new(), |on| format!(", working {}", on.schedule));
    let budget = shown.budget.map(|budget| format!("{}{working}", budget.judge(shown.total())));
    let unknowns = estimate.unknowns().into_iter().map(str::to_owned).collect();
    let of_schedule = shown.schedule.iter().flat_map(|scheduled| scheduled.scheduled.notes.clone());
    let notes = estimate.notes.iter().cloned().chain(of_schedule).collect();
    let live = shown.told.iter().map(told).collect();
    vec![("Budget", budget.into_iter().collect()), (LIVE, live), (UNKNOWN, unknowns), ("Notes", notes)]
}

/// What it comes to if it works by a schedule.
fn by_schedule(estimate: &Estimate, on: &OnSchedule) -> Section {
    let named = |(name, amount): (&str, Cases<Amount>)| row(vec![name.to_owned()], amount, Span::Month);
    let mut rows: Vec<Vec<String>> = on.scheduled.parts().map(named).collect();
    let total = on.scheduled.total();
    rows.push(row(vec!["total".to_owned()], total, Span::Month));
    let saved = estimate.total().with(total, Amount::without);
    rows.push(row(vec!["saved".to_owned()], saved, Span::Month));
    let columns = [left("PART")].into_iter().chain(cases()).collect();
    Section { title: format!("Per month, working {}", on.schedule), columns, rows }
}

fn cases() -> [Column; 3] {
    ["MIN", "EXPECTED", "MAX"].map(right)
}

fn row(words: Vec<String>, amounts: Cases<Amount>, span: Span) -> Vec<String> {
    words.into_iter().chain(amounts.all().map(|amount| cents(amount, span))).collect()
}

fn total(estimate: &Estimate) -> Section {
    let spans = [("hour", Span::Hour), ("day", Span::Day), ("month", Span::Month)];
    let rows = spans.into_iter().map(|(name, span)| row(vec![name.to_owned()], estimate.total(), span)).collect();
    Section { title: "Total".to_owned(), columns: [left("PER")].into_iter().chain(cases()).collect(), rows }
}

fn parts(estimate: &Estimate) -> Section {
    let of_pool = |pool: &PoolEstimate| {
        let words =
            vec![pool.name.clone(), pool.machine_type.clone(), pool.capacity.word().to_owned(), counts(pool.nodes)];
        row(words, pool.total(), Span::Month)
    };
    let around = |line: &Line| {
        let words = vec![line.what.clone(), "-".to_owned(), "-".to_owned(), counts(line.quantity)];
        row(words, line.amount(), Span::Month)
    };
    let total = vec!["total".to_owned(), "-".to_owned(), "-".to_owned(), "-".to_owned()];
    let mut rows: Vec<Vec<String>> = estimate.pools.iter().map(of_pool).collect();
    rows.extend(estimate.lines.iter().map(around));
    rows.push(row(total, estimate.total(), Span::Month));
    let columns = [left("PART"), left("MACHINE"), left("BOUGHT"), right("COUNT")];
    Section { title: "Per month".to_owned(), columns: columns.into_iter().chain(cases()).collect(), rows }
}

/// `2, 6, 10`, or one number where all are the same.
fn counts(counts: Cases<u64>) -> String {
    if counts.min == counts.max {
        return counts.min.to_string();
    }
    counts.all().map(|count| count.to_string()).join(", ")
}

fn nodes(estimate: &Estimate) -> Section {
    let part = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), rate);
    let of_pool = |pool: &PoolEstimate| {
        let rates = pool.rates;
        vec![
            pool.name.clone(),
            pool.capacity.word().to_owned(),
            rate(rates.on_demand),
            rate(rates.spot),
            percent(rates.savings_per_mille()),
            part(rates.gpu),
            part(rates.share),
        ]
    };
    let columns = vec![
        left("POOL"),
        left("BOUGHT"),
        right("ON-DEMAND"),
        right("SPOT"),
        right("SPOT SAVES"),
        right("PER GPU"),
        right("PER SHARE"),
    ];
    let rows = estimate.pools.iter().map(of_pool).collect();
    Section { title: "One node with its GPUs and disk, per hour".to_owned(), columns, rows }
}

fn services(estimate: &Estimate) -> Section {
    let services = estimate.services.iter().map(|service| (service.name.as_str(), service.shares, service.amount));
    let rest = [estimate.idle(), estimate.undivided(), estimate.total()];
    divided("Services at all their quotas allow, per month".to_owned(), services, rest)
}

fn services_by_schedule(estimate: &Estimate, on: &OnSchedule) -> Section {
    let services = estimate.services.iter().zip(&on.scheduled.services);
    let services = services.map(|(service, (name, amount))| (name.as_str(), service.shares, *amount));
    let rest = [on.scheduled.idle(), on.scheduled.undivided(), on.scheduled.total()];
    divided(format!("The same, working {}", on.schedule), services, rest)
}

/// Services with their shares, then what is idle, what is not divided, and all of it.
fn divided<'a>(
    title: String,
    services: impl Iterator<Item = (&'a str, u64, Cases<Amount>)>,
    rest: [Cases<Amount>; 3],
) -> Section {
    let services =
        services.map(|(name, shares, amount)| row(vec![name.to_owned(), shares.to_string()], amount, Span::Month));
    let names = ["(idle)", "(not divided: pools without GPUs, and the cluster)", "total"];
    let rest = names
        .into_iter()
        .zip(rest)
        .map(|(name, amount)| row(vec![name.to_owned(), "-".to_owned()], amount, Span::Month));
    let columns = [left("SERVICE"), right("SHARES")].into_iter().chain(cases()).collect();
    Section { title, columns, rows: services.chain(rest).collect() }
}
