//! Estimates side by side: one row for each, against the first.

use berth_core::cost::{Column, Comparison, Delta, Estimate, Outcome, PoolEstimate, Span};
use serde_json::{Value, json};

use super::document::{Document, Section, left, right};
use super::flat::{self, amounts, deltas};
use super::words::{LIVE, UNKNOWN, cents, delta, told};
use super::{LiveRead, prices};

/// As tables for people; `of` is the name of the cluster.
pub fn text(of: &str, comparison: &Comparison, live: &[LiveRead]) -> String {
    document(of, comparison, live).text()
}

/// As Markdown.
pub fn markdown(of: &str, comparison: &Comparison, live: &[LiveRead]) -> String {
    document(of, comparison, live).markdown()
}

fn document(of: &str, comparison: &Comparison, live: &[LiveRead]) -> Document {
    let unserved = comparison.columns.iter().flat_map(|column| match &column.outcome {
        Outcome::Estimated { .. } => Vec::new(),
        Outcome::Unserved { why } => why.iter().map(|why| format!("{}: {why}", column.label)).collect(),
    });
    let notes = estimated(comparison)
        .flat_map(|(column, _, _, notes)| notes.iter().map(move |note| format!("{}: {note}", column.label)));
    let unknowns = estimated(comparison).flat_map(|(column, estimate, ..)| {
        estimate.unknowns().into_iter().map(move |why| format!("{}: {why}", column.label))
    });
    let estimates = estimates(comparison);
    let lists = vec![
        ("Cheapest as expected", vec![cheapest(comparison)]),
        ("Cannot be had", unserved.collect()),
        (LIVE, live.iter().map(told).collect()),
        (UNKNOWN, unknowns.collect()),
        ("Notes", notes.chain(prices::legend(&estimates)).collect()),
    ];
    let sections = vec![totals(comparison), pools(comparison), prices::section(&estimates)];
    Document { heading: format!("Comparison for {of}, in USD"), sections, lists }
}

/// Those that can be had.
fn estimated(
    comparison: &Comparison,
) -> impl Iterator<Item = (&Column, &Estimate, berth_core::cost::Cases<Delta>, &Vec<String>)> {
    comparison.columns.iter().filter_map(|column| match &column.outcome {
        Outcome::Estimated { estimate, notes, delta } => Some((column, &**estimate, *delta, notes)),
        Outcome::Unserved { .. } => None,
    })
}

fn estimates(comparison: &Comparison) -> Vec<&Estimate> {
    estimated(comparison).map(|(_, estimate, ..)| estimate).collect()
}

fn cheapest(comparison: &Comparison) -> String {
    match comparison.cheapest() {
        Some(column) => column.label.clone(),
        None if estimated(comparison).next().is_none() => "none: nothing of this can be had".to_owned(),
        None => "not known: a price that nobody knows could make another one the cheapest".to_owned(),
    }
}

fn totals(comparison: &Comparison) -> Section {
    let rows = estimated(comparison).map(|(column, estimate, against, _)| {
        let total = estimate.total();
        let mut cells = vec![column.label.clone(), cents(total.expected, Span::Hour)];
        cells.extend(total.all().map(|amount| cents(amount, Span::Month)));
        cells.push(delta(against.expected));
        cells
    });
    let columns = vec![
        left("WHAT"),
        right("EXPECTED HOUR"),
        right("MIN MONTH"),
        right("EXPECTED MONTH"),
        right("MAX MONTH"),
        right("AGAINST THE FIRST"),
    ];
    Section { title: "Totals; against the first for an expected month".to_owned(), columns, rows: rows.collect() }
}

fn pools(comparison: &Comparison) -> Section {
    let row = |column: &Column, pool: &PoolEstimate| {
        vec![
            pool.name.clone(),
            column.label.clone(),
            pool.machine_type.clone(),
            pool.capacity.word().to_owned(),
            pool.shares_per_node.to_string(),
            cents(pool.total().expected, Span::Month),
        ]
    };
    let mut rows: Vec<Vec<String>> = estimated(comparison)
        .flat_map(|(column, estimate, ..)| estimate.pools.iter().map(move |pool| row(column, pool)))
        .collect();
    // The same pool together, in the order of the first.
    let order: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    rows.sort_by_key(|row| order.iter().position(|name| *name == row[0]));
    let columns = vec![
        left("POOL"),
        left("WHAT"),
        left("MACHINE"),
        left("BOUGHT"),
        right("SHARES/NODE"),
        right("EXPECTED MONTH"),
    ];
    Section { title: "Pools".to_owned(), columns, rows }
}

/// As JSON. Amounts are in USD; one nothing of is known is `null`, and `atLeast` says that some part of it is unknown.
pub fn json(comparison: &Comparison, live: &[LiveRead]) -> Value {
    let column = |column: &Column| match &column.outcome {
        Outcome::Unserved { why } => json!({"name": column.label, "cannotBeHad": why}),
        Outcome::Estimated { estimate, notes, delta } => {
            let pools: Vec<Value> = estimate
                .pools
                .iter()
                .map(|pool| {
                    json!({"name": pool.name, "machineType": pool.machine_type, "capacity": pool.capacity.word(),
                           "sharesPerNode": pool.shares_per_node, "amount": amounts(pool.total())})
                })
                .collect();
            json!({"name": column.label, "total": amounts(estimate.total()), "againstFirst": deltas(*delta),
                   "pools": pools, "prices": flat::prices(&[&**estimate]), "unknown": estimate.unknowns(),
                   "notes": notes})
        }
    };
    let cheapest = comparison.cheapest().map(|column| &column.label);
    let notes: Vec<String> = prices::legend(&estimates(comparison)).into_iter().collect();
    json!({"currency": "USD", "cheapestExpected": cheapest, "livePrices": flat::told(live),
           "compared": comparison.columns.iter().map(column).collect::<Vec<_>>(), "notes": notes})
}

#[cfg(test)]
mod tests {
    use berth_core::cost::{Candidate, compare};

    use super::text;

    #[test]
    fn where_nothing_can_be_had_there_are_no_empty_tables() {
        let none = |label: &str| Candidate {
            label: label.to_owned(),
            estimate: Err(vec!["it is not sold there".to_owned()]),
            notes: Vec::new(),
        };
        let said = text("demo", &compare(vec![none("l4"), none("v100")]), &[]);
        let blocks = [
            "Comparison for demo, in USD",
            "Cheapest as expected\n  none: nothing of this can be had",
            "Cannot be had\n  l4: it is not sold there\n  v100: it is not sold there",
        ];
        assert_eq!(said, blocks.join("\n\n"));
    }
}
