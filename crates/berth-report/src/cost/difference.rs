//! What changes between two specs, for a terminal, a program, and a comment on a change.

use berth_core::cost::{Amount, Cases, Change, Changed, Difference, Span};
use serde_json::{Value, json};

use super::LiveRead;
use super::document::{Document, Section, left, right};
use super::flat::{self, amounts, deltas};
use super::words::{LIVE, cents, delta, told};

/// As tables for people; `names` are those of the old and the new one, as the user gave them.
pub fn text(names: [&str; 2], difference: &Difference, live: &[LiveRead]) -> String {
    document(names, difference, live).text()
}

/// As Markdown.
pub fn markdown(names: [&str; 2], difference: &Difference, live: &[LiveRead]) -> String {
    document(names, difference, live).markdown()
}

fn document([old, new]: [&str; 2], difference: &Difference, live: &[LiveRead]) -> Document {
    let total = &difference.total;
    let live = (LIVE, live.iter().map(told).collect());
    if difference.is_empty() {
        let heading = format!("Nothing changes in the cost from {old} to {new}");
        return Document { heading, sections: vec![totals(total)], lists: vec![live] };
    }
    let heading = format!("Cost from {old} to {new}: {}, in USD for an expected month", delta(total.delta.expected));
    let notes = vec![
        "expected is halfway between the fewest and the most nodes of every pool, rounded up".to_owned(),
        "prices in USD without tax; a month is 730 hours".to_owned(),
    ];
    Document { heading, sections: vec![totals(total), parts(difference)], lists: vec![live, ("Notes", notes)] }
}

fn totals(total: &Changed) -> Section {
    let cases = ["min", "expected", "max"].into_iter().zip(both(total)).zip(total.delta.all());
    let rows = cases.map(|((case, [old, new]), change)| vec![case.to_owned(), old, new, delta(change)]).collect();
    let columns = vec![left("TOTAL"), right("OLD"), right("NEW"), right("CHANGE")];
    Section { title: "Per month".to_owned(), columns, rows }
}

/// Old and new of each case.
fn both(part: &Changed) -> [[String; 2]; 3] {
    let cell = |amount: Option<Amount>| amount.map_or_else(|| "-".to_owned(), |amount| cents(amount, Span::Month));
    let all = |amounts: Option<Cases<Amount>>| amounts.map_or([None; 3], |amounts| amounts.all().map(Some)).map(cell);
    let ([a, b, c], [d, e, f]) = (all(part.old), all(part.new));
    [[a, d], [b, e], [c, f]]
}

fn parts(difference: &Difference) -> Section {
    let changed = difference.pools.iter().chain(&difference.lines).filter(|part| part.change != Change::Same);
    let rows = changed.map(|part| {
        let [_, [old, new], _] = both(part);
        vec![part.name.clone(), word(part.change).to_owned(), old, new, delta(part.delta.expected), part.why.join("; ")]
    });
    let columns = vec![left("PART"), left("WHAT"), right("OLD"), right("NEW"), right("CHANGE"), left("WHY")];
    Section { title: "What changes, per expected month".to_owned(), columns, rows: rows.collect() }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
        Change::Same => "same",
    }
}

/// As JSON. Amounts are in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
pub fn json([old, new]: [&str; 2], difference: &Difference, live: &[LiveRead]) -> Value {
    json!({
        "currency": "USD",
        "old": old,
        "new": new,
        "isEmpty": difference.is_empty(),
        "livePrices": flat::told(live),
        "total": part(&difference.total),
        "pools": difference.pools.iter().map(part).collect::<Vec<_>>(),
        "lines": difference.lines.iter().map(part).collect::<Vec<_>>(),
    })
}

fn part(part: &Changed) -> Value {
    json!({
        "name": part.name,
        "change": word(part.change),
        "old": part.old.map(amounts),
        "new": part.new.map(amounts),
        "delta": deltas(part.delta),
        "why": part.why,
        "lines": part.lines.iter().map(self::part).collect::<Vec<_>>(),
    })
}
