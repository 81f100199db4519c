//! An estimate for people: the same tables as text and as Markdown.

use berth_core::cost::{Amount, Cases, Estimate, Line, PoolEstimate, Quote, Span};

use super::Shown;
use super::words::{capacity, cents, percent, price, rate};
use crate::ui::render::table::{self, Align, Column};

/// A table with what it shows.
struct Section {
    title: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// As tables that read well on a terminal.
pub(crate) fn text(shown: &Shown<'_>) -> String {
    let mut blocks = vec![heading(shown)];
    for section in sections(shown.estimate) {
        blocks.push(format!("{}\n{}", section.title, table::text(&section.columns, section.rows)));
    }
    for (title, lines) in lists(shown.estimate) {
        let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
        blocks.push(format!("{title}\n{}", lines.join("\n")));
    }
    blocks.join("\n\n")
}

/// As Markdown, for a pull request's comment.
pub(crate) fn markdown(shown: &Shown<'_>) -> String {
    let mut blocks = vec![format!("## {}", escaped(&heading(shown)))];
    for section in sections(shown.estimate) {
        blocks.push(format!("### {}\n\n{}", section.title, grid(&section)));
    }
    for (title, lines) in lists(shown.estimate) {
        let lines: Vec<String> = lines.iter().map(|line| format!("- {}", escaped(line))).collect();
        blocks.push(format!("### {title}\n\n{}", lines.join("\n")));
    }
    blocks.join("\n\n")
}

fn grid(section: &Section) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |column: &Column| if column.1 == Align::Right { "---:" } else { "---" }.to_owned();
    let head = row(section.columns.iter().map(|column| column.0.to_owned()).collect());
    let rule = row(section.columns.iter().map(rule).collect());
    let rows = section.rows.iter().map(|cells| row(cells.iter().map(|cell| escaped(cell)).collect()));
    [head, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// What Markdown would take for its own signs.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
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

fn sections(estimate: &Estimate) -> Vec<Section> {
    let mut sections = vec![total(estimate), parts(estimate), nodes(estimate)];
    if !estimate.services.is_empty() {
        sections.push(services(estimate));
    }
    sections.push(prices(estimate));
    sections
}

fn lists(estimate: &Estimate) -> Vec<(&'static str, Vec<String>)> {
    let unknowns = estimate.unknowns().into_iter().map(str::to_owned).collect();
    let lists = [("Unknown", unknowns), ("Notes", estimate.notes.clone())];
    lists.into_iter().filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty()).collect()
}

fn left(name: &'static str) -> Column {
    Column(name, Align::Left)
}

fn cases() -> [Column; 3] {
    ["MIN", "EXPECTED", "MAX"].map(|name| Column(name, Align::Right))
}

fn row(words: Vec<String>, amounts: Cases<Amount>, span: Span) -> Vec<String> {
    words.into_iter().chain(amounts.all().map(|amount| cents(amount, span))).collect()
}

fn total(estimate: &Estimate) -> Section {
    let spans = [("hour", Span::Hour), ("day", Span::Day), ("month", Span::Month)];
    let rows = spans.into_iter().map(|(name, span)| row(vec![name.to_owned()], estimate.total(), span)).collect();
    Section { title: "Total", columns: [left("PER")].into_iter().chain(cases()).collect(), rows }
}

fn parts(estimate: &Estimate) -> Section {
    let of_pool = |pool: &PoolEstimate| {
        let words = vec![pool.name.clone(), pool.machine_type.clone(), bought(pool), counts(pool.nodes)];
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
    let columns = [left("PART"), left("MACHINE"), left("BOUGHT"), Column("COUNT", Align::Right)];
    Section { title: "Per month", columns: columns.into_iter().chain(cases()).collect(), rows }
}

/// `2, 6, 10`, or one number where all are the same.
fn counts(counts: Cases<u64>) -> String {
    if counts.min == counts.max {
        return counts.min.to_string();
    }
    counts.all().map(|count| count.to_string()).join(", ")
}

fn bought(pool: &PoolEstimate) -> String {
    capacity(pool.capacity).to_owned()
}

fn nodes(estimate: &Estimate) -> Section {
    let part = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), rate);
    let of_pool = |pool: &PoolEstimate| {
        let rates = pool.rates;
        vec![
            pool.name.clone(),
            bought(pool),
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
        Column("ON-DEMAND", Align::Right),
        Column("SPOT", Align::Right),
        Column("SPOT SAVES", Align::Right),
        Column("PER GPU", Align::Right),
        Column("PER SHARE", Align::Right),
    ];
    let rows = estimate.pools.iter().map(of_pool).collect();
    Section { title: "One node with its GPUs and disk, per hour", columns, rows }
}

fn services(estimate: &Estimate) -> Section {
    let mut rows: Vec<Vec<String>> = estimate
        .services
        .iter()
        .map(|service| row(vec![service.name.clone(), service.shares.to_string()], service.amount, Span::Month))
        .collect();
    let words = |name: &str| vec![name.to_owned(), "-".to_owned()];
    rows.push(row(words("(idle)"), estimate.idle(), Span::Month));
    rows.push(row(words("(not divided: pools without GPUs, and the cluster)"), estimate.undivided(), Span::Month));
    rows.push(row(words("total"), estimate.total(), Span::Month));
    let columns = [left("SERVICE"), Column("SHARES", Align::Right)].into_iter().chain(cases()).collect();
    Section { title: "Services at all their quotas allow, per month", columns, rows }
}

fn prices(estimate: &Estimate) -> Section {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (_, line) in estimate.all_lines() {
        let Quote::Known(found) = &line.quote else { continue };
        let source = &found.source;
        let row = vec![
            line.what.clone(),
            price(found),
            found.unit.words().to_owned(),
            found.region.to_owned(),
            source.basis.word().to_owned(),
            source.date.to_owned(),
            source.name.to_owned(),
        ];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let columns = vec![
        left("PRICE OF"),
        Column("USD", Align::Right),
        left("PER"),
        left("REGION"),
        left("BASIS"),
        left("DATE"),
        left("SOURCE"),
    ];
    Section { title: "Prices", columns, rows }
}
