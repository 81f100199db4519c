//! What changes between two specs, for a terminal, a program, and a comment on a change.

use berth_core::cost::{Amount, Cases, Change, Changed, Difference, Estimate, Span};
use serde_json::{Value, json};

use super::document::{Document, Section, left, right};
use super::flat::{self, amounts, deltas};
use super::words::{CASES, LIVE, UNKNOWN, cents, delta, told};
use super::{LiveRead, prices};

/// A difference and what it is of.
pub struct Diffed<'a> {
    /// What the old and the new one are called, as the user gave them.
    pub names: [&'a str; 2],
    /// What they cost; `None` stands for no cluster.
    pub estimates: [Option<&'a Estimate>; 2],
    /// What changes from the old to the new one.
    pub difference: Difference,
    /// When clouds told the live prices that lie over the book.
    pub told: &'a [LiveRead],
}

impl<'a> Diffed<'a> {
    fn estimates(&self) -> Vec<&'a Estimate> {
        self.estimates.into_iter().flatten().collect()
    }

    fn notes(&self) -> Vec<String> {
        let general = [
            "expected is halfway between the fewest and the most nodes of every pool, rounded up",
            "prices in USD without tax; a month is 730 hours",
        ];
        general.map(str::to_owned).into_iter().chain(prices::legend(&self.estimates())).collect()
    }
}

/// As tables for people.
pub fn text(diffed: &Diffed<'_>) -> String {
    document(diffed).text()
}

/// As Markdown.
pub fn markdown(diffed: &Diffed<'_>) -> String {
    document(diffed).markdown()
}

fn document(diffed: &Diffed<'_>) -> Document {
    let ([old, new], difference) = (diffed.names, &diffed.difference);
    let total = &difference.total;
    let heading = if difference.is_empty() {
        format!("Nothing changes in the cost from {old} to {new}")
    } else {
        format!("Cost from {old} to {new}: {}, in USD for an expected month", delta(total.delta.expected))
    };
    let estimates = diffed.estimates();
    let unknowns = prices::unknowns(&estimates).into_iter().map(str::to_owned).collect();
    Document {
        heading,
        sections: vec![totals(total), parts(difference), prices::section(&estimates)],
        lists: vec![(LIVE, diffed.told.iter().map(told).collect()), (UNKNOWN, unknowns), ("Notes", diffed.notes())],
    }
}

fn totals(total: &Changed) -> Section {
    let cases = CASES.into_iter().zip(both(total)).zip(total.delta.all());
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
pub fn json(diffed: &Diffed<'_>) -> Value {
    let ([old, new], difference) = (diffed.names, &diffed.difference);
    let estimates = diffed.estimates();
    json!({
        "currency": "USD",
        "old": old,
        "new": new,
        "isEmpty": difference.is_empty(),
        "livePrices": flat::told(diffed.told),
        "total": part(&difference.total),
        "pools": difference.pools.iter().map(part).collect::<Vec<_>>(),
        "lines": difference.lines.iter().map(part).collect::<Vec<_>>(),
        "prices": flat::prices(&estimates),
        "unknown": prices::unknowns(&estimates),
        "notes": diffed.notes(),
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
