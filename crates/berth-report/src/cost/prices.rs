//! The prices that estimates are made of, each once, and what has none: for an estimate alone, and for several that are compared.

use std::collections::BTreeSet;

use berth_core::cost::{self, Estimate, Price, Quote};

use super::document::{Section, left, right};
use super::words::price;

/// Each price on the lines of these estimates once, with what it is of.
pub(super) fn each<'a>(estimates: &[&'a Estimate]) -> Vec<(&'a str, &'a Price)> {
    let mut prices: Vec<(&str, &Price)> = Vec::new();
    for (_, line) in estimates.iter().copied().flat_map(Estimate::all_lines) {
        if let Quote::Known(found) = &line.quote
            && !prices.contains(&(line.what.as_str(), found))
        {
            prices.push((line.what.as_str(), found));
        }
    }
    prices
}

/// The same as a table, with sources and dates.
pub(super) fn section(estimates: &[&Estimate]) -> Section {
    let row = |(what, found): (&str, &Price)| {
        let source = &found.source;
        vec![
            what.to_owned(),
            price(found),
            found.unit.words().to_owned(),
            place(found).to_owned(),
            source.basis.word().to_owned(),
            source.date.to_owned(),
            source.name.to_owned(),
        ]
    };
    let columns =
        vec![left("PRICE OF"), right("USD"), left("PER"), left("PLACE"), left("BASIS"), left("DATE"), left("SOURCE")];
    Section { title: "Prices".to_owned(), columns, rows: each(estimates).into_iter().map(row).collect() }
}

/// Where a price holds.
pub(super) fn place(price: &Price) -> &str {
    price.zone.as_ref().unwrap_or(&price.region)
}

/// Why their totals are not all there is, each reason once.
pub(super) fn unknowns<'a>(estimates: &[&'a Estimate]) -> BTreeSet<&'a str> {
    estimates.iter().copied().flat_map(Estimate::unknowns).collect()
}

/// What the marks of their sources say, if one bears any.
pub(super) fn legend(estimates: &[&Estimate]) -> Option<String> {
    let sources = each(estimates).into_iter().map(|(_, price)| price.source.name.as_str());
    cost::legend(sources).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use berth_core::cost::{Basis, Cases, Line, Source, Unit};

    use super::{Estimate, Price, Quote, legend, section, unknowns};

    fn of(lines: &[(&str, Quote)]) -> Estimate {
        let line = |(what, quote): &(&str, Quote)| Line {
            what: (*what).to_owned(),
            quantity: Cases::always(1),
            quote: quote.clone(),
        };
        let lines = lines.iter().map(line).collect();
        Estimate { pools: Vec::new(), lines, services: Vec::new(), notes: Vec::new() }
    }

    fn known(source: &str) -> Quote {
        Quote::Known(Price {
            micro_usd: 100_000,
            unit: Unit::Hour,
            region: "us-central1".to_owned(),
            zone: None,
            source: Arc::new(Source {
                name: source.to_owned(),
                date: "2026-08-03".to_owned(),
                basis: Basis::Secondary,
                fetched: None,
            }),
        })
    }

    #[test]
    fn what_several_estimates_have_in_common_is_told_once() {
        let unknown = || Quote::Unknown { supply: "nobody knows".to_owned() };
        let old = of(&[("fee", known("a list [S]")), ("address", unknown())]);
        let new = of(&[("fee", known("a list [S]")), ("gateway", known("a list [S]")), ("address", unknown())]);
        let both = [&old, &new];
        let rows = section(&both).rows;
        assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["fee", "gateway"]);
        assert_eq!(rows[0][1..], ["0.10", "hour", "us-central1", "estimated", "2026-08-03", "a list [S]"]);
        assert_eq!(unknowns(&both).into_iter().collect::<Vec<_>>(), ["nobody knows"]);
        assert!(legend(&both).is_some_and(|legend| legend.contains("[S] is")), "{:?}", legend(&both));
        assert_eq!(legend(&[&of(&[("fee", known("a list"))])]), None);
    }
}
