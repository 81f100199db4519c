//! A bill as a page: what has come together over time, by pool and by service, and what it is made of.

use berth_core::cost::{Amount, Cases, GroupBy, Money, Span};
use jiff::Timestamp;
use maud::{Markup, html};

use super::super::bill::{Billed, made_of, minute, name, since, source, word};
use super::figures::{Figure, Grid, LACK, texts};
use super::graph::{Graph, StretchRow};
use super::ink::Ink;
use super::money::{dollars, rate};
use super::{card, grid, notes_section, page, sentence, unknowns};

/// Up to so many hours a course is told in hours, else in days.
const HOURS: f64 = 72.0;

/// The page.
pub fn html(billed: &Billed<'_>) -> String {
    let title =
        billed.cluster.map_or_else(|| "What all clusters have cost".to_owned(), |name| format!("What {name} has cost"));
    let mut figures = vec![course(billed)];
    let (pool, service) = (GroupBy::Pool, GroupBy::Service);
    if billed.by != pool && billed.by != service {
        figures.push(groups(billed, &billed.by));
    }
    figures.extend([groups(billed, &pool), groups(billed, &service)]);
    let rest = html! { (unknowns(&billed.bill.unknowns())) (parts(billed)) (sources(billed)) (notes_section(billed.notes().iter().map(|note| sentence(note)))) };
    let footer = "Counted by berth from what it and the clouds have seen, at the prices named above; what the clouds bill may differ.";
    page(&title, &header(billed, &title), &figures, &rest, footer)
}

/// Money as an amount of a month, which draws and reads the same.
fn amount(money: Money) -> Amount {
    let known = Amount::by_the_month(u64::try_from(money.micro_usd()).unwrap_or(u64::MAX));
    if money.is_at_least() { known + Amount::UNKNOWN } else { known }
}

fn sum(money: Money) -> String {
    dollars(amount(money), Span::Month)
}

fn header(billed: &Billed<'_>, title: &str) -> Markup {
    let (bill, month) = (&billed.bill, &billed.month);
    html! {
        header {
            h1 { (title) }
            p.about { "Counted " (since(billed)) " until " time datetime=(bill.window.now) { (minute(bill.window.now)) } ", in USD." }
            dl.totals {
                (card("So far", amount(bill.total()), Span::Month))
                (card("An hour, now", bill.rate(), Span::Hour))
                (card("This month so far", amount(month.so_far), Span::Month))
                (card("This month, if it goes on so", amount(month.expected), Span::Month))
            }
            @if let Some(budget) = billed.budget { p { (sentence(&budget.judge_month(month).to_string())) } }
            @if bill.total().is_at_least() {
                p.warn { strong { "At least: " } "some prices are unknown and not counted. " a href="#unknown" { "Which, and what would supply them" } "." }
            }
        }
    }
}

/// What had come together by each moment.
fn course(billed: &Billed<'_>) -> Figure {
    let begin = billed.course.first().map_or(billed.bill.window.now, |(at, _)| *at);
    let hours = |at: Timestamp| at.duration_since(begin).as_secs_f64() / 3600.0;
    let (unit, parts) = if hours(billed.bill.window.now) <= HOURS { ("hour", 1.0) } else { ("day", 24.0) };
    let points = billed.course.iter().map(|(at, money)| (hours(*at) / parts, amount(*money))).collect();
    let total = sum(billed.bill.total());
    let row = |(at, money): &(Timestamp, Money)| vec![minute(*at), sum(*money)];
    Figure {
        id: "course",
        title: "Over time",
        intro: format!("What had come together by each {unit}."),
        description: format!(
            "A line that rises from nothing at {} to {total} at {}.",
            minute(begin),
            minute(billed.bill.window.now)
        ),
        legend: vec![(Ink::First, format!("spent ({total})"))],
        graph: Graph::Course { points, unit: format!("{unit} since {}", minute(begin)) },
        grid: Grid {
            caption: "What had come together, USD".to_owned(),
            heads: texts(["At", "Spent"]),
            words: 1,
            rows: billed.course.iter().map(row).collect(),
        },
    }
}

fn groups(billed: &Billed<'_>, by: &GroupBy) -> Figure {
    let groups = billed.bill.grouped(by);
    let (id, title) = match by {
        GroupBy::Pool => ("pools", "By pool"),
        GroupBy::Service => ("services", "By service"),
        GroupBy::Cluster => ("clusters", "By cluster"),
        GroupBy::Owner => ("owners", "By owner"),
        GroupBy::Lease => ("leases", "By lease"),
        GroupBy::Run => ("runs", "By run"),
        GroupBy::Label(_) => ("labels", "By label"),
    };
    let named = |group: &berth_core::cost::Group| name(&group.name, by, billed.cluster.is_some());
    let told: Vec<String> = groups.iter().map(|group| format!("{}: {}", named(group), sum(group.money))).collect();
    let mut legend = vec![(Ink::First, "spent".to_owned())];
    if groups.iter().any(|group| group.money.is_at_least() && !group.money.is_unknown()) {
        legend.push((Ink::Lack, LACK.to_owned()));
    }
    let row =
        |group: &berth_core::cost::Group| StretchRow { name: named(group), amount: Cases::always(amount(group.money)) };
    let cells = |group: &berth_core::cost::Group| vec![named(group), sum(group.money), rate(group.rate)];
    Figure {
        id,
        title,
        intro: format!("What each {} has cost, and what it costs an hour now.", word(by)),
        description: format!("One bar for each {}, as long as what it has cost so far. {}.", word(by), told.join("; ")),
        legend,
        graph: Graph::Stretches(groups.iter().map(row).collect()),
        grid: Grid {
            caption: format!("Cost by {}, USD", word(by)),
            heads: texts(["Part", "So far", "An hour now"]),
            words: 1,
            rows: groups.iter().map(cells).collect(),
        },
    }
}

fn parts(billed: &Billed<'_>) -> Markup {
    let table = made_of(billed);
    let heads = table.columns.iter().map(|column| column.0.to_owned()).collect();
    let table = Grid { caption: "Things alike, USD".to_owned(), heads, words: 2, rows: table.rows };
    html! {
        section id="made-of" aria-labelledby="made-of-head" {
            h2 id="made-of-head" { "What it is made of" }
            p { "Things alike of a pool together; those that are gone are counted too." }
            (grid(&table))
        }
    }
}

fn sources(billed: &Billed<'_>) -> Markup {
    html! {
        section id="prices" aria-labelledby="prices-head" {
            h2 id="prices-head" { "Prices and sources" }
            ul { @for one in billed.bill.sources() { li { (source(one, billed)) "." } } }
        }
    }
}
