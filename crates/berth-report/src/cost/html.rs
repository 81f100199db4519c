//! An estimate or a bill as one page that needs nothing else: no network, no script, readable on a phone, in print, in light and dark.
//!
//! `figures` decides what is shown of an estimate, `bill` what of a bill, `graph` draws it, `ink` holds the colours, `money` the words of
//! amounts.

mod bill;
mod figures;
mod graph;
mod ink;
mod money;

use std::collections::BTreeSet;

use berth_core::cost::{Amount, Price, Span};
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::figures::{Figure, Grid};
use self::graph::Width;
use self::ink::Ink;
use super::words::{self, LIVE, UNKNOWN, price};
use super::{Shown, prices};

pub use bill::html as bill;

/// What it looks like; the colours of the graphs come from `ink`.
const STYLE: &str = include_str!("html/page.css");

/// Nothing may be fetched, whatever a name in the file says.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page, made on that day.
pub fn html(shown: &Shown<'_>, made_on: Date) -> String {
    let title = format!("What {} will cost", shown.spec.name);
    let figures = figures::all(shown);
    let rest = html! { (unknowns(&shown.estimate.unknowns())) (prices(shown)) (notes(shown)) };
    let footer = "An estimate by berth, not a bill. Every price stands above with its source and date.";
    page(&title, &header(shown, &title, made_on), &figures, &rest, footer)
}

/// The whole page: what it is called, its head, its figures, what else is told, and its last words.
fn page(title: &str, header: &Markup, figures: &[Figure], rest: &Markup, footer: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(ink::style())) (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the figures" }
                (header)
                (contents(figures))
                main id="main" tabindex="-1" {
                    @for figure in figures { (section(figure)) }
                    (rest)
                }
                footer { p { (footer) } }
            }
        }
    };
    page.into_string()
}

fn header(shown: &Shown<'_>, title: &str, made_on: Date) -> Markup {
    let spec = shown.spec;
    let total = shown.total();
    let about = format!("{}, {}", spec.cloud.provider().as_str().to_uppercase(), spec.place.location());
    html! {
        header {
            h1 { (title) }
            p.about { (about) ". Estimated on " time datetime=(made_on) { (made_on) } ", list prices in USD." }
            dl.totals {
                (card("Expected, a month", total.expected, Span::Month))
                (card("Fewest nodes, a month", total.min, Span::Month))
                (card("Most nodes, a month", total.max, Span::Month))
                (card("Expected, an hour", total.expected, Span::Hour))
            }
            @if total.max.is_at_least() {
                p.warn { strong { "At least: " } "some prices are unknown and not counted. " a href="#unknown" { "Which, and what would supply them" } "." }
            }
            @if let Some(budget) = shown.budget { p { (sentence(&budget.judge(total).to_string())) } }
            @if let Some(on) = &shown.schedule {
                p { "Working " strong { (on.schedule.to_string()) } ": the totals above are averages over all hours, with every pool at its fewest nodes outside these." }
            }
        }
    }
}

fn card(name: &str, amount: Amount, span: Span) -> Markup {
    html! {
        div {
            dt { (name) }
            dd {
                @if amount.is_at_least() && !amount.is_unknown() { span.least { "at least " } }
                (money::bare(amount, span))
            }
        }
    }
}

fn contents(figures: &[Figure]) -> Markup {
    html! {
        nav aria-label="Parts of this page" {
            ul {
                @for figure in figures { li { a href={ "#" (figure.id) } { (figure.title) } } }
                li { a href="#prices" { "Prices and sources" } }
            }
        }
    }
}

fn section(figure: &Figure) -> Markup {
    html! {
        section id=(figure.id) aria-labelledby={ (figure.id) "-head" } {
            h2 id={ (figure.id) "-head" } { (figure.title) }
            p { (figure.intro) }
            figure {
                @for width in [Width::Phone, Width::Desk] { (drawing(figure, width)) }
                figcaption { (legend(&figure.legend)) }
            }
            details {
                summary { "The numbers: " (figure.title) }
                (grid(&figure.grid))
            }
        }
    }
}

/// One drawing of a figure; the other one is hidden, from screen readers too, by the width of the screen.
fn drawing(figure: &Figure, width: Width) -> Markup {
    let (class, width_name) = match width {
        Width::Phone => ("chart phone", "phone"),
        Width::Desk => ("chart desk", "desk"),
    };
    let id = |part: &str| format!("{}-{width_name}-{part}", figure.id);
    let (across, down) = figure.graph.size(width);
    html! {
        svg class=(class) role="img" aria-labelledby={ (id("title")) " " (id("desc")) }
            viewBox={ "0 0 " (across) " " (down) } xmlns="http://www.w3.org/2000/svg" {
            title id=(id("title")) { (figure.title) }
            desc id=(id("desc")) { (figure.description) }
            (PreEscaped(figure.graph.draw(width)))
        }
    }
}

fn legend(entries: &[(Ink, String)]) -> Markup {
    html! {
        ul.legend {
            @for (ink, words) in entries { li { span class={ "swatch " (ink.name()) } {} (words) } }
        }
    }
}

/// A table that can be scrolled sideways by itself, also from the keyboard, so that the page never has to be.
fn grid(grid: &Grid) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(grid.caption) {
            table {
                caption { (grid.caption) }
                thead { tr {
                    @for (index, head) in grid.heads.iter().enumerate() {
                        th scope="col" class=[grid.is_number(index).then_some("number")] { (head) }
                    }
                } }
                tbody {
                    @for row in &grid.rows { tr {
                        @for (index, cell) in row.iter().enumerate() {
                            @if index == 0 { th scope="row" { (cell) } }
                            @else { td class=[grid.is_number(index).then_some("number")] { (cell) } }
                        }
                    } }
                }
            }
        }
    }
}

fn unknowns(unknowns: &BTreeSet<&str>) -> Markup {
    html! {
        @if !unknowns.is_empty() {
            section id="unknown" aria-labelledby="unknown-head" {
                h2 id="unknown-head" { (UNKNOWN) }
                p { "These are not counted as nothing: every sum they belong to says \u{201c}at least\u{201d}." }
                ul { @for unknown in unknowns { li { (sentence(unknown)) } } }
            }
        }
    }
}

fn prices(shown: &Shown<'_>) -> Markup {
    let row = |(what, found): (&str, &Price)| {
        let source = &found.source;
        let per = format!("${} per {}", price(found), found.unit.words());
        let read = format!("{}, {}", source.basis.word(), source.date);
        vec![what.to_owned(), per, prices::place(found).to_owned(), read, source.name.to_owned()]
    };
    let rows = prices::each(&[shown.estimate]).into_iter().map(row).collect();
    let heads = ["Of", "Price", "Place", "Basis and date", "Source"].map(str::to_owned).to_vec();
    let table = Grid { caption: "Prices with their sources".to_owned(), heads, words: 5, rows };
    html! {
        section id="prices" aria-labelledby="prices-head" {
            h2 id="prices-head" { "Prices and sources" }
            p { "A price is called estimated unless the cloud or you told it." }
            @if !shown.told.is_empty() {
                p { (LIVE) ":" }
                ul { @for one in shown.told { li { (words::told(one)) } } }
            }
            (grid(&table))
        }
    }
}

fn notes(shown: &Shown<'_>) -> Markup {
    let of_schedule = shown.schedule.iter().flat_map(|on| &on.scheduled.notes);
    notes_section(shown.estimate.notes.iter().chain(of_schedule).map(|note| sentence(note)))
}

/// What has to be known to read it, in sentences.
fn notes_section(sentences: impl Iterator<Item = String>) -> Markup {
    html! {
        section id="notes" aria-labelledby="notes-head" {
            h2 id="notes-head" { "To read it rightly" }
            ul { @for sentence in sentences { li { (sentence) } } }
        }
    }
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
